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
    images = np.stack([enlarged(image, size) for image in originals[chosen]])[..., None]  # (N, S, S) -> (N, S, S, 1)
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


def enlarged(image: np.ndarray, size: int) -> UInt8[np.ndarray, "size size"]:
    """An 8x8 image of 0..16 as size x size of 0..255 on black, bicubic, with a margin in which strokes end softly."""
    from PIL import Image

    framed = Image.fromarray(np.pad(image, 1).astype(np.float32) * (255 / LARGEST))
    box = (1 - MARGIN, 1 - MARGIN, framed.width - 1 + MARGIN, framed.height - 1 + MARGIN)
    pixels = np.asarray(framed.resize((size, size), Image.Resampling.BICUBIC, box=box))
    return np.clip(np.rint(pixels), 0, 255).astype(np.uint8)  # bicubic overshoots beside an edge
