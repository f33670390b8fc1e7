"""The FID's Inception network with its public weights, ready for pictures."""

import dataclasses
import hashlib
from functools import partial
from pathlib import Path
from typing import Any

import jax
import numpy as np
from jaxtyping import Array, Float

from jaxgan.data.download import fetch, is_there
from jaxgan.errors import UserError
from jaxgan.features.parts import by_parts
from jaxgan.features.progress import Progress
from jaxgan.interop import from_torch
from jaxgan.interop.torch_file import read_torch_file
from jaxgan.networks.inception import Inception, prepared
from jaxgan.pixels import to_model_range

# Of the network that http://download.tensorflow.org/models/image/imagenet/inception-2015-12-05.tgz holds, as PyTorch weights.
URL = "https://github.com/mseitzer/pytorch-fid/releases/download/fid_weights/pt_inception-2015-12-05-6726825d.pth"
SHA256 = "6726825d0af5f729cebd5821db510b11b1cfad8faad88a03f1befd49fb9129b2"
AT_ONCE = {"on_cpu": 2, "elsewhere": 50}  # pictures at a time
RESIZED = "to 299x299: bilinear, half-pixel centres, no smoothing"


@dataclasses.dataclass(frozen=True, eq=False)
class InceptionClassifier:
    """Weights of the network, ready for pictures."""

    variables: dict[str, Any]
    weights_hash: str  # the first 16 digits of the SHA-256 of the file

    @classmethod
    def read(cls, path: Path) -> "InceptionClassifier":
        """From a PyTorch weight file of this network; it need not be the published one, whose hash is `SHA256`."""
        weights = read_torch_file(path)
        network = {name: value for name, value in weights.items() if not name.endswith("num_batches_tracked")}
        return cls(from_torch(Inception(), network), file_sha256(path)[:16])

    def classify(
        self, samples: Any, progress: Progress = iter
    ) -> tuple[Float[np.ndarray, "n 1008"], Float[np.ndarray, "n 2048"]]:
        """Class probabilities and features of any number of pictures (n, h, w, 1 or 3), uint8 or in [-1, 1], a part at a time."""
        if samples.shape[-1] not in (1, 3):
            raise UserError(f"pictures of {samples.shape[-1]} channels: Inception takes 1 or 3")
        return by_parts(partial(_classified, self.variables), samples, progress, **AT_ONCE)


@jax.jit
def _classified(variables: dict[str, Any], pictures: Array) -> tuple[Array, Array]:
    with jax.default_matmul_precision("highest"):  # metrics are not to depend on how an accelerator rounds
        output: Any = Inception().apply(variables, prepared(to_model_range(pictures)))
    return jax.nn.softmax(output.logits), output.features


def file_sha256(path: Path) -> str:
    """The SHA-256 of a file's bytes, as hexadecimal digits."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise UserError(f"{path}: not readable ({error.strerror})") from error


def load_inception(weights: Path | None, folder: Path) -> InceptionClassifier:
    """From the weight file that is named, else from the published one, which is downloaded into `folder` where it is not there.

    Raises:
        UserError: no file and no network (with what to put where), another hash than the published one, or weights that do not fit.
    """
    if weights is not None:
        return InceptionClassifier.read(weights)
    path = folder / URL.rsplit("/", 1)[-1]
    if is_there(path):
        if file_sha256(path) != SHA256:
            raise UserError(f"{path} is not the published file; delete it, or name yours (--inception-weights)")
    else:
        try:
            path = fetch(URL, SHA256, folder)
        except UserError as error:
            raise UserError(
                f"Inception's weights are not there and cannot be downloaded: {error}; put {path.name} into {folder},"
                " or name a file (--inception-weights)"
            ) from error
    return InceptionClassifier.read(path)
