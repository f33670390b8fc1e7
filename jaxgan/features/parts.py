"""Pictures classified a part at a time."""

from collections.abc import Callable
from typing import Any

import jax
import numpy as np

from jaxgan.features.progress import Progress


def by_parts(
    classify: Callable[[Any], tuple[Any, Any]], pictures: Any, progress: Progress, *, on_cpu: int, elsewhere: int
) -> tuple[np.ndarray, np.ndarray]:
    """Both arrays that `classify` gives, a row a picture.

    Args:
        classify: pictures (n, h, w, c) -> class probabilities, features.
        pictures: any number of them.
        progress: shows the parts one by one.
        on_cpu: pictures at a time on a processor, whose caches are to hold what a network makes of them on the way.
        elsewhere: on an accelerator, which wants many.
    """
    at_once = on_cpu if jax.default_backend() == "cpu" else elsewhere
    parts = [classify(pictures[start : start + at_once]) for start in progress(range(0, len(pictures), at_once))]
    probabilities, features = (np.concatenate(column) for column in zip(*parts, strict=True))
    return probabilities, features
