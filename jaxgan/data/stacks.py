"""Stacked sets: three random pictures of a set in three channels, and so 1,000 modes of ten classes each.

Srivastava et al. 2017 (VEEGAN), arXiv 1705.07761, section 4.2; the counts are those of PacGAN, arXiv 1712.04086, section 4.2.
"""

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from jaxgan.data.dataset import Dataset, Request

CHANNELS = 3
TRIPLES = {"train": 128_000, "test": 26_000}
SEEDS = {"train": 0, "test": 1}


def stacked(name: str, load: Callable[[Request], Dataset]) -> Callable[[Request], Dataset]:
    """The loader of `stacked_NAME`: triples drawn once and for all from the pictures of the split; class 100 a + 10 b + c shows a, b, c."""

    def load_stacked(request: Request) -> Dataset:
        request.takes("split", "image_size", "resize", "background")
        single = load(request._replace(name=name, source=name, memory=None))
        assert single.samples is not None and single.labels is not None
        chance = np.random.default_rng(SEEDS[request.split])
        rows = chance.integers(0, len(single.samples), (TRIPLES[request.split], CHANNELS), dtype=np.int32)
        samples = np.stack([single.samples[rows[:, i], :, :, 0] for i in range(CHANNELS)], axis=-1)
        digits = single.labels[rows] @ (single.n_classes ** np.arange(CHANNELS)[::-1])
        return replace(
            single, name=request.name, sample_shape=samples.shape[1:], n_classes=single.n_classes**CHANNELS, samples=samples,
            labels=digits.astype(np.int32), class_names=(), stack_of=name,
        )  # fmt: skip

    return load_stacked
