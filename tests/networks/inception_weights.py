"""Made-up weights of the FID's Inception, and what pytorch-fid's network gives with them: kept, for it needs a torchvision.

`python -m tests.networks.inception_weights`, where pytorch-fid and torchvision are installed, writes what is kept anew.
"""

from pathlib import Path
from typing import Any

import jax
import numpy as np
from flax.traverse_util import flatten_dict

from jaxgan.interop import to_torch
from jaxgan.networks.inception import Inception

KEPT = Path(__file__).parent / "inception_by_pytorch_fid.npz"
TAPS = (
    "maxpool1", "maxpool2", "Mixed_5b", "Mixed_5c", "Mixed_5d", "Mixed_6a", "Mixed_6b", "Mixed_6c", "Mixed_6d", "Mixed_6e", "Mixed_7a",
    "Mixed_7b", "Mixed_7c",
)  # fmt: skip


def pictures() -> np.ndarray:
    """Two small ones in [-1, 1]: one in colour, one in grey."""
    chance = np.random.default_rng(1)
    return np.stack([chance.uniform(-1, 1, (20, 20, 3)), chance.uniform(-1, 1, (20, 20, 1)).repeat(3, -1)]).astype(np.float32)


def made_up() -> dict[str, np.ndarray]:
    """Weights by PyTorch's names, in the order of the names, that keep the size of what passes through."""
    model = Inception()
    variables: Any = jax.eval_shape(model.init, jax.random.key(0), *model.example_inputs())
    shapes = {n: x.shape for n, x in to_torch(model, jax.tree.map(lambda x: jax.numpy.zeros(x.shape), variables)).items()}
    assert len(shapes) == len(flatten_dict(variables))
    chance = np.random.default_rng(0)
    made = {}
    for name, shape in sorted(shapes.items()):
        numbers = chance.normal(size=shape)
        if len(shape) > 1:
            numbers *= np.sqrt(2 / np.prod(shape[1:]))
        elif name.endswith(("running_var", "bn.weight")):
            numbers = chance.uniform(0.5, 1.5, shape)
        else:
            numbers *= 0.1
        made[name] = numbers.astype(np.float32)
    return made


def by_pytorch_fid(weights: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Each block's mean over positions, the features, and the logits without the bias, as pytorch-fid 0.3.0 gives them."""
    import torch
    import torchvision
    from pytorch_fid import inception as theirs

    network = torchvision.models.Inception3(num_classes=1008, aux_logits=False, init_weights=False)
    network.Mixed_5b = theirs.FIDInceptionA(192, pool_features=32)
    network.Mixed_5c = theirs.FIDInceptionA(256, pool_features=64)
    network.Mixed_5d = theirs.FIDInceptionA(288, pool_features=64)
    for name, width in (("6b", 128), ("6c", 160), ("6d", 160), ("6e", 192)):
        setattr(network, f"Mixed_{name}", theirs.FIDInceptionC(768, channels_7x7=width))
    network.Mixed_7b, network.Mixed_7c = theirs.FIDInceptionE_1(1280), theirs.FIDInceptionE_2(2048)
    network.load_state_dict({name: torch.tensor(value) for name, value in weights.items()}, strict=False)
    network.eval()
    seen = {}

    def note(name):
        return lambda module, inputs, output: seen.update({name: output})

    for name in (*TAPS, "avgpool"):
        getattr(network, name).register_forward_hook(note(name))
    batch = torch.nn.functional.interpolate(
        torch.tensor(pictures().transpose(0, 3, 1, 2)), size=(299, 299), mode="bilinear", align_corners=False
    )
    with torch.no_grad():
        logits = network(batch) - torch.tensor(weights["fc.bias"])
    found = {name: value.mean((2, 3)).numpy() for name, value in seen.items()}
    return {**found, "logits": logits.numpy()}


if __name__ == "__main__":
    np.savez_compressed(KEPT, **by_pytorch_fid(made_up()))
