"""Samples beside the training pictures that are nearest to them."""

from pathlib import Path

import numpy as np
from jaxtyping import UInt8

from jaxgan.report.pictures import figure_array, image_grid, save_image


def save_neighbours(
    path: str | Path, samples: UInt8[np.ndarray, "n h w c"], neighbours: UInt8[np.ndarray, "n k h w c"]
) -> None:
    """Write one row a sample: the sample, a gap, and its nearest training pictures, the nearest first."""
    from matplotlib.figure import Figure

    n, k = neighbours.shape[:2]
    figure = Figure(figsize=(0.6 * (k + 1) + 0.4, 0.6 * n + 0.5), dpi=120, layout="constrained")
    left, right = figure.subplots(1, 2, width_ratios=(1, k))
    for axes, pictures, columns, title in (
        (left, samples, 1, "sample"),
        (right, neighbours.reshape(n * k, *neighbours.shape[2:]), k, f"nearest {k} of the training set"),
    ):
        grid = image_grid(pictures.astype(np.float32) / 127.5 - 1, columns=columns, scale=None)
        axes.imshow(grid.squeeze(), cmap="gray", vmin=0, vmax=255)
        axes.set_title(title, fontsize=9)
        axes.axis("off")
    save_image(path, figure_array(figure))
