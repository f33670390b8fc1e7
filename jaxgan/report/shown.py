"""What shows itself at the end of a notebook's cell: pictures."""

from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Shaped, UInt8

from jaxgan.errors import UserError
from jaxgan.report.images import png_of, save_image


class Picture:
    """A picture that a notebook shows where it stands at the end of a cell; `numpy.asarray` gives its pixels.

    `pixels` are bytes (H, W, C), grey or colour.
    """

    def __init__(self, pixels: UInt8[np.ndarray, "height width c"]) -> None:
        self.pixels = pixels

    def save(self, path: str | Path) -> Path:
        """Writes the picture in the format that the name's ending says, and returns the path.

        Raises:
            UserError: the file cannot be written.
        """
        save_image(path, self.pixels)
        return Path(path)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        return np.array(self.pixels, dtype=dtype, copy=copy)

    def __repr__(self) -> str:
        height, width = self.pixels.shape[:2]
        return f"{type(self).__name__}({width} x {height} pixels; .save('NAME.png') writes it)"

    def _repr_png_(self) -> bytes:
        return png_of(self.pixels)


class SamplePicture(Picture):
    """Generated samples, with their picture.

    `samples` (n, ...) are as the networks see them, from -1 to 1 for pictures; `labels` are those of a conditional run, else None.
    """

    def __init__(self, pixels: np.ndarray, samples: Shaped[np.ndarray, "n *sample"], labels: Any = None) -> None:
        super().__init__(pixels)
        self.samples, self.labels = samples, labels

    def __len__(self) -> int:
        return len(self.samples)

    def __repr__(self) -> str:
        shape = " x ".join(map(str, self.samples.shape[1:]))
        return f"SamplePicture({len(self):,} samples of {shape}: .samples, .labels; .save('NAME.png') writes the picture)"


def drawn(pixels: np.ndarray | None, shape: tuple[int, ...]) -> np.ndarray:
    """The pixels; raises UserError where samples of this shape have no picture."""
    if pixels is None:
        raise UserError(f"samples of shape {shape} have no picture: sample(n) gives them as arrays")
    return pixels
