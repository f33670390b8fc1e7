"""The features that pictures are compared in."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import jax.numpy as jnp
import numpy as np

from jaxgan.cache import cache_folder
from jaxgan.errors import UserError
from jaxgan.features.classifier import LabClassifier, StackedClassifier
from jaxgan.features.inception import RESIZED, load_inception
from jaxgan.features.progress import Progress
from jaxgan.pixels import to_model_range

FEATURES = ("lab", "inception", "pixels")
Features = str | Callable[[Any], Any]
AT_ONCE = 500  # pictures


class Extractor(NamedTuple):
    """What makes features of pictures."""

    name: str  # as it stands in the names of metrics
    extract: Callable[
        [Any, Progress], tuple[np.ndarray | None, np.ndarray]
    ]  # (pictures, progress) -> class probabilities, features
    about: dict[str, Any]  # what the protocol records of it


def make_extractor(
    features: Features,
    dataset: str,
    classifier: LabClassifier | StackedClassifier | None,
    inception_weights: Path | None,
) -> Extractor:
    """The extractor of a row of FEATURES, or of a function of pictures (n, h, w, c) in [-1, 1] that gives (n, d).

    Args:
        features: as above.
        dataset: the name of the data, for the message.
        classifier: that of the data, which "lab" takes the features from; None where they have no labels.
        inception_weights: a PyTorch weight file; the published one where None.

    Raises:
        UserError: "lab" without a classifier; Inception's weights that are not there.
    """
    if not isinstance(features, str):
        return extract_by(features)
    match features:
        case "lab":
            if classifier is None:
                raise UserError(f"data set '{dataset}' has no labels to train a classifier on: --features pixels, or inception")
            return Extractor("lab", classifier.classify, {"resize": "none"})
        case "inception":
            inception = load_inception(inception_weights, cache_folder() / "inception")
            return Extractor("inception", inception.classify, {"resize": RESIZED, "inception_weights": inception.weights_hash})
        case _:
            return extract_by(pixels)


def pixels(pictures: Any) -> np.ndarray:
    """All numbers of a picture in a row."""
    return np.asarray(pictures, np.float32).reshape(len(pictures), -1)


def extract_by(function: Callable[[Any], Any]) -> Extractor:
    """The extractor of a function of the user's own: pictures (n, h, w, c) in [-1, 1] -> (n, d), called on 500 at a time."""
    name = getattr(function, "__name__", type(function).__name__).strip("<>")

    def extract(pictures: Any, progress: Progress) -> tuple[None, np.ndarray]:
        parts = [
            np.asarray(function(to_model_range(jnp.asarray(pictures[i : i + AT_ONCE]))))
            for i in progress(range(0, len(pictures), AT_ONCE))
        ]
        return None, np.concatenate(parts)

    return Extractor(name, extract, {"resize": "none"})
