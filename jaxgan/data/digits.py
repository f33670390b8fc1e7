"""scikit-learn's handwritten digits (UCI; 1,797 of 8x8 pixels), enlarged; they come with that package."""

import numpy as np
from jaxtyping import UInt8

from jaxgan.data.dataset import Dataset, Request
from jaxgan.memory import check_fits

SIZE = 28  # as MNIST's, so that the same networks fit
TEST_SIZE = 300
LARGEST = 16  # the original's white
MARGIN = 2 / 3  # of a pixel of the original, on each side: at 28 a pixel becomes 3x3 and the margin 2


def load_digits(request: Request) -> Dataset:
    """The digits, grey, 28x28 or `image_size`; 1,497 to train, 300 to test, each class alike (a fixed permutation)."""
    from sklearn.datasets import load_digits as original
    from sklearn.model_selection import train_test_split

    request.takes("split", "image_size")
    split = request.split_among("train", "test")
    bunch = original()
    train, test = train_test_split(np.arange(len(bunch.target)), test_size=TEST_SIZE, stratify=bunch.target, random_state=0)
    chosen = train if split == "train" else test
    size = request.image_size or SIZE
    check_fits(len(chosen) * size * size, f"{len(chosen):,} pictures of {size}x{size} pixels")
    images = np.stack([enlarged(image, size) for image in bunch.images[chosen]])[..., None]  # (N, S, S) -> (N, S, S, 1)
    labels = bunch.target[chosen].astype(np.int32)
    return Dataset(request.name, (size, size, 1), 10, images, labels, tuple("0123456789"))


def enlarged(image: np.ndarray, size: int) -> UInt8[np.ndarray, "size size"]:
    """An 8x8 image of 0..16 as size x size of 0..255 on black, bicubic, with a margin in which strokes end softly."""
    from PIL import Image

    framed = Image.fromarray(np.pad(image, 1).astype(np.float32) * (255 / LARGEST))
    box = (1 - MARGIN, 1 - MARGIN, framed.width - 1 + MARGIN, framed.height - 1 + MARGIN)
    pixels = np.asarray(framed.resize((size, size), Image.Resampling.BICUBIC, box=box))
    return np.clip(np.rint(pixels), 0, 255).astype(np.uint8)  # bicubic overshoots beside an edge
