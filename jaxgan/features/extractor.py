"""The features that pictures are compared in."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import jax.numpy as jnp
import numpy as np

from jaxgan.cache import cache_folder
from jaxgan.checks import function
from jaxgan.errors import UserError, first_line, unknown
from jaxgan.features.classifier import LabClassifier, StackedClassifier
from jaxgan.features.efficientnet import RESIZED as RESIZED_FOR_EFFICIENTNET
from jaxgan.features.efficientnet import load_efficientnet
from jaxgan.features.inception import RESIZED, load_inception
from jaxgan.features.progress import Progress
from jaxgan.imports import import_named, is_import_path
from jaxgan.pixels import to_model_range

FEATURES = ("lab", "inception", "efficientnet", "pixels")
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
    """The extractor of a row of FEATURES, or of a function of pictures (n, h, w, c) in [-1, 1] that gives (n, d), also by its name.

    Args:
        features: as above.
        dataset: the name of the data, for the message.
        classifier: that of the data, which "lab" takes the features from; None where they have no labels.
        inception_weights: a PyTorch weight file; the published one where None.

    Raises:
        UserError: "lab" without a classifier; weights of Inception or EfficientNet that are not there; what `named_features` refuses.
    """
    features = named_features(features)
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
        case "efficientnet":
            network = load_efficientnet()
            about = {"resize": RESIZED_FOR_EFFICIENTNET, "efficientnet_weights": network.weights_hash}
            return Extractor("efficientnet", lambda pictures, progress: (None, network.classify(pictures, progress)[1]), about)
        case _:
            return extract_by(pixels)


def named_features(features: Features) -> Features:
    """A row of FEATURES and a function as they are; of package.module:function the function.

    Raises:
        UserError: another name, or what is no function; importing it fails.
    """
    if not isinstance(features, str):
        return function("features", features, "(pictures)")
    if not is_import_path(features):
        if features not in FEATURES:
            raise unknown("features", features, FEATURES, ", or your own as package.module:function")
        return features
    found = import_named(features, "features")
    if not callable(found):
        raise UserError(f"features '{features}': a {type(found).__name__}, expected a function of pictures")
    return found


def pixels(pictures: Any) -> np.ndarray:
    """All numbers of a picture in a row."""
    return np.asarray(pictures, np.float32).reshape(len(pictures), -1)


def extract_by(function: Callable[[Any], Any]) -> Extractor:
    """The extractor of a function of the user's own: pictures (n, h, w, c) in [-1, 1] -> (n, d), called on 500 at a time."""
    name = getattr(function, "__name__", type(function).__name__).strip("<>")

    def extract(pictures: Any, progress: Progress) -> tuple[None, np.ndarray]:
        parts = [_called(function, name, pictures[i : i + AT_ONCE]) for i in progress(range(0, len(pictures), AT_ONCE))]
        return None, np.concatenate(parts)

    return Extractor(name, extract, {"resize": "none"})


def _called(function: Callable[[Any], Any], name: str, pictures: Any) -> np.ndarray:
    """What the user's function gives for some pictures.

    Raises:
        UserError: it fails, or gives something other than a row of numbers a picture.
    """
    try:
        found = np.asarray(function(to_model_range(jnp.asarray(pictures))))
    except UserError:
        raise
    except Exception as error:  # the user's function may raise anything
        raise UserError(f"features '{name}': the function fails: {type(error).__name__}: {first_line(error)}") from error
    if found.ndim != 2 or len(found) != len(pictures) or found.dtype.kind not in "fiub":
        raise UserError(
            f"features '{name}': {found.dtype} of shape {found.shape} for {len(pictures)} pictures, expected numbers ({len(pictures)}, d)"
        )
    return found
