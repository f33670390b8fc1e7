"""scikit-learn's handwritten digits (UCI; 1,797 of 8x8 pixels), enlarged; they come with that package."""

import gzip
import importlib.util
from pathlib import Path

import numpy as np
from jaxtyping import UInt8

from jaxgan.data.dataset import Dataset, Request
from jaxgan.data.fitting import brought_to_form
from jaxgan.memory import check_fits

# All rows in the order of scikit-learn's `train_test_split` with these numbers, stratify=labels and random_state=0: to train, then to test
ROWS = Path(__file__).with_name("digits_rows.txt")
SIZE = 28  # as MNIST's, so that the same networks fit
TEST_SIZE = 300
LARGEST = 16  # the original's white
TOGETHER = 100  # images that are enlarged in one call: more take more memory than a processor keeps near
MARGIN = 2 / 3  # of a pixel of the original, on each side: at 28 a pixel becomes 3x3 and the margin 2


def load_digits(request: Request) -> Dataset:
    """The digits, grey, 28x28 or `image_size`; 1,497 to train, 300 to test, each class alike (a fixed permutation)."""
    request.takes("split", "image_size", "resize", "background")
    split = request.split_among("train", "test")
    originals, classes = original_digits()
    rows = np.array(ROWS.read_text(encoding="ascii").split(), int)
    chosen = rows[:-TEST_SIZE] if split == "train" else rows[-TEST_SIZE:]
    size = max(request.image_size or (SIZE, SIZE))
    check_fits(len(chosen) * size * size, f"{len(chosen):,} pictures of {size}x{size} pixels")
    images = enlarged(originals[chosen], size)[..., None]  # (N, S, S) -> (N, S, S, 1)
    images, notes = brought_to_form(images, request, "digits")
    labels = classes[chosen].astype(np.int32)
    return Dataset(request.name, images.shape[1:], 10, images, labels, tuple("0123456789"), notes=notes)


def original_digits() -> tuple[np.ndarray, np.ndarray]:
    """The pictures (1797, 8, 8), 0 to 16, and their classes, from scikit-learn's own file: to import the package takes a second."""
    package = importlib.util.find_spec("sklearn")
    for folder in (package.submodule_search_locations or ()) if package else ():
        file = Path(folder) / "datasets" / "data" / "digits.csv.gz"
        if file.exists():
            with gzip.open(file) as lines:
                table = np.loadtxt(lines, delimiter=",")
            return table[:, :-1].reshape(-1, 8, 8), table[:, -1].astype(int)  # (N, 65) -> (N, 8, 8), (N,)
    from sklearn.datasets import load_digits  # of a version that keeps it elsewhere

    bunch = load_digits()
    return bunch.images, bunch.target


def enlarged(images: np.ndarray, size: int) -> UInt8[np.ndarray, "n size size"]:
    """8x8 images of 0..16 as size x size of 0..255 on black, bicubic, with a margin in which strokes end softly.

    Pillow makes rows wider first and columns longer then, so that many images, one under the other and then side by side, are enlarged in two
    calls: the same numbers as each by itself, without thousands of calls.
    """
    return np.concatenate(
        [_enlarged_together(images[first : first + TOGETHER], size) for first in range(0, len(images), TOGETHER)]
    )


def _enlarged_together(images: np.ndarray, size: int) -> UInt8[np.ndarray, "n size size"]:
    from PIL import Image

    framed = np.pad(images, ((0, 0), (1, 1), (1, 1))).astype(np.float32) * (255 / LARGEST)  # (N, 10, 10)
    n, side, _ = framed.shape
    low, high = 1 - MARGIN, side - 1 + MARGIN
    column = Image.fromarray(framed.reshape(n * side, side))
    wide = np.asarray(column.resize((size, n * side), Image.Resampling.BICUBIC, box=(low, 0, high, n * side)))
    row = Image.fromarray(wide.reshape(n, side, size).swapaxes(0, 1).reshape(side, n * size))  # (N, 10, S) -> (10, N, S)
    pixels = np.asarray(row.resize((n * size, size), Image.Resampling.BICUBIC, box=(0, low, n * size, high)))
    pixels = pixels.reshape(size, n, size).swapaxes(0, 1)  # (S, N, S) -> (N, S, S)
    return np.clip(np.rint(pixels), 0, 255).astype(np.uint8)  # bicubic overshoots beside an edge
