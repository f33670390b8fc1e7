"""Samples beside the training pictures that are nearest to them."""

from pathlib import Path

import numpy as np
from jaxtyping import UInt8

from jaxgan.pixels import to_model_range
from jaxgan.report.figures import figure_array
from jaxgan.report.images import image_grid, save_image


def save_neighbours(
    path: str | Path, samples: UInt8[np.ndarray, "n h w c"], neighbours: UInt8[np.ndarray, "n k h w c"]
) -> None:
    """Write one row a sample: the sample, a gap, and its nearest training pictures, the nearest first."""
    from matplotlib.figure import Figure

    n, k = neighbours.shape[:2]
    grids = [
        image_grid(to_model_range(pictures), columns=columns)
        for pictures, columns in ((samples, 1), (neighbours.reshape(n * k, *neighbours.shape[2:]), k))
    ]
    height, gap, head = len(grids[0]), 40, 30  # pixels
    width = sum(grid.shape[1] for grid in grids) + gap
    figure = Figure(figsize=(width / 100, (height + head) / 100), dpi=100)
    left = 0
    for grid, title in zip(grids, ("sample", f"the {k} nearest of the training set"), strict=True):
        axes = figure.add_axes((left / width, 0, grid.shape[1] / width, height / (height + head)))
        axes.imshow(grid.squeeze(), cmap="gray", vmin=0, vmax=255, aspect="auto", interpolation="nearest")
        axes.set_title(title, fontsize=10)
        axes.axis("off")
        left += grid.shape[1] + gap
    save_image(path, figure_array(figure))
