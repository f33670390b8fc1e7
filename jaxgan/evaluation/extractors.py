"""The features that pictures are compared in."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from jaxgan import data
from jaxgan.engine.classifier import Progress, StackedClassifier, TrainedClassifier, scaled
from jaxgan.engine.inception import RESIZED, trained_inception
from jaxgan.errors import UserError

FEATURES = ("lab", "inception", "pixels")
Features = str | Callable[[Any], Any]


class Extractor(NamedTuple):
    """A name for figures, what gives class probabilities (or None) and features, and what the protocol says of it."""

    name: str
    judge: Callable[[Any, Progress], tuple[np.ndarray | None, np.ndarray]]  # (pictures, progress)
    about: dict[str, Any]


def extractor(
    features: Features,
    dataset: str,
    classifier: TrainedClassifier | StackedClassifier | None,
    inception_weights: Path | None,
) -> Extractor:
    if not isinstance(features, str):
        return of_function(features)
    match features:
        case "lab":
            if classifier is None:
                raise UserError(f"data set '{dataset}' has no labels to train a classifier on: --features pixels, or inception")
            return Extractor("lab", classifier.judge, {"resize": "none"})
        case "inception":
            inception = trained_inception(inception_weights, data.default_data_dir() / "inception")
            return Extractor("inception", inception.judge, {"resize": RESIZED, "inception_weights": inception.weights_hash})
        case _:
            return of_function(pixels)


def pixels(pictures: Any) -> np.ndarray:
    """All numbers of a picture in a row."""
    return np.asarray(pictures, np.float32).reshape(len(pictures), -1)


def of_function(function: Callable[[Any], Any]) -> Extractor:
    """The user's own: pictures (n, h, w, c) in [-1, 1] -> (n, d), asked for 500 at a time."""
    name = getattr(function, "__name__", type(function).__name__).strip("<>")

    def judge(pictures: Any, progress: Progress) -> tuple[None, np.ndarray]:
        parts = [np.asarray(function(scaled(pictures[i : i + 500]))) for i in progress(range(0, len(pictures), 500))]
        return None, np.concatenate(parts)

    return Extractor(name, judge, {"resize": "none"})
