"""The critic on frozen features against PyTorch: what it sees, its five scores, and R1 at what it sees; and the generator that goes with it."""

import itertools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxgan.features import EfficientNetClassifier
from jaxgan.interop import from_torch, to_torch
from jaxgan.networks import ProjectedCritic, ProjectedMaps, RefinedDcganGenerator
from jaxgan.networks.projected import WEIGHT

torch = pytest.importorskip("torch")
torch_efficientnet = pytest.importorskip("tests.parity.torch_efficientnet")
nn = torch.nn
N_CLASSES = 3
SHAPES = [(32, 32, 3), (28, 45, 1)]
OUTPUTS_AFTER = (2, 4, 10, 15)  # the last blocks of the stages whose maps are taken: 24, 40, 112 and 320 channels
WINDOWS = (
    [(64, 4, 2, 1), (64, 4, 2, 1), (64, 3, 1, 1)],
    [(64, 4, 2, 1), (64, 3, 1, 1)],
    [(64, 3, 1, 1), (64, 3, 1, 1)],
    [(64, 3, 1, 1)],
    [(32, 5, 2, 2), (64, 5, 2, 2), (128, 5, 2, 2)],
)  # of each head: outputs, window, stride, padding; the last is that on the pixels


class TorchCritic(nn.Module):
    """Sauer et al. 2021, section 3: frozen maps, mixed across channels and from coarse to fine; a discriminator on each, and one on pixels."""

    def __init__(self, classifier, maps, shape):
        super().__init__()
        self.classifier, self.maps = [classifier], maps
        inputs = [64, 64, 64, 64, shape[-1]]
        pixels = 128 * (-(-shape[0] // 8)) * (-(-shape[1] // 8))
        for number, (windows, before, wide) in enumerate(zip(WINDOWS, inputs, (64, 64, 64, 64, pixels), strict=True)):
            widths = [before, *(window[0] for window in windows)]
            layers = [
                layer
                for (a, b), window in zip(itertools.pairwise(widths), windows, strict=True)
                for layer in (nn.Conv2d(a, b, *window[1:]), nn.LeakyReLU(0.2))
            ]
            setattr(self, f"heads_{number}", nn.Sequential(*layers))
            setattr(self, f"scores_{number}", nn.Linear(wide, 1))
            setattr(self, f"label_vectors_{number}", nn.Embedding(N_CLASSES, wide))

    def seen(self, pictures):
        x = pictures.expand(-1, 3, -1, -1)
        (network,) = self.classifier
        x = nn.functional.relu6(network._bn0(network._conv_stem((127.5 * (x + 1) - 127) / 128)))
        outputs = []
        for number, block in enumerate(network._blocks):
            x = block(x)
            if number in OUTPUTS_AFTER:
                outputs.append(x)
        mixed, coarser = [], None
        for output, mix, smooth in reversed(list(zip(outputs, self.maps.mixes, self.maps.smooths, strict=True))):
            mix, smooth = (torch.tensor(np.asarray(kernel)) for kernel in (mix, smooth))
            y = torch.einsum("nchw,cd->ndhw", output, mix)
            if coarser is not None:
                y = y + nn.functional.interpolate(coarser, scale_factor=2)[:, :, : y.shape[2], : y.shape[3]]
            coarser = nn.functional.conv2d(nn.functional.pad(y, (1, 1, 1, 1), mode="replicate"), smooth.permute(3, 2, 0, 1))
            mixed.insert(0, coarser)
        return [*mixed, pictures]

    def forward(self, seen, labels):
        scores = []
        for number, x in enumerate(seen):
            x = getattr(self, f"heads_{number}")(x)
            x = x.flatten(1) if number == 4 else x.mean((2, 3))
            vectors = getattr(self, f"label_vectors_{number}")(labels)
            scores.append(getattr(self, f"scores_{number}")(x)[:, 0] + (vectors * x).sum(1) / x.shape[1] ** 0.5)
        return torch.stack(scores, 1)


@pytest.mark.parametrize("shape", SHAPES)
def test_what_it_sees_its_scores_and_r1_are_pytorchs(shape, tmp_path):
    network = torch_efficientnet.random_network()
    torch.save(network.state_dict(), tmp_path / "lite0.pth")
    maps = ProjectedMaps.of(EfficientNetClassifier.read(tmp_path / "lite0.pth").variables)
    ours = ProjectedCritic(shape, n_classes=N_CLASSES, maps=maps)
    theirs = TorchCritic(network, maps, shape)
    variables = from_torch(ours, {name: value.detach().numpy() for name, value in theirs.state_dict().items()})
    random = np.random.default_rng(0)
    pictures, labels = random.uniform(-1, 1, (4, *shape)).astype(np.float32), random.integers(0, N_CLASSES, 4)

    seen = theirs.seen(torch.tensor(pictures).permute(0, 3, 1, 2))
    seen = [x.detach().requires_grad_() for x in seen]
    scores = theirs(seen, torch.tensor(labels))
    gradients = torch.autograd.grad(scores.sum(), seen)
    squares = sum(x.square().flatten(1).sum(1) / (WEIGHT**2 if i < 4 else 1) for i, x in enumerate(gradients))

    @jax.jit
    def by_jax(pictures, labels):
        flat = ours.seen(pictures)
        made = ours.apply(variables, flat, labels).score
        gradient = jax.grad(lambda x: ours.apply(variables, x, labels).score.sum())(flat)
        return flat, made, ours.apply(variables, pictures, labels).score, jnp.square(gradient).sum(1)

    flat, made, of_pictures, squares_here = by_jax(pictures, labels)
    wanted = [(WEIGHT if i < 4 else 1) * x.detach().permute(0, 2, 3, 1).flatten(1).numpy() for i, x in enumerate(seen)]
    np.testing.assert_allclose(flat, np.concatenate(wanted, 1), rtol=1e-3, atol=2e-4 * np.abs(wanted[0]).max())
    np.testing.assert_allclose(made, scores.detach().numpy(), rtol=1e-3, atol=1e-3)
    np.testing.assert_allclose(of_pictures, made, rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(squares_here, squares.detach().numpy(), rtol=1e-3)


class Enlarged(nn.Conv2d):
    def forward(self, x):
        return super().forward(nn.functional.interpolate(x, scale_factor=2))


def test_the_refined_generator_is_pytorchs():
    layers = [nn.BatchNorm2d(16), nn.ReLU()]
    for before, after in ((16, 8), (8, 4), (4, 2)):
        layers += [Enlarged(before, after, 3, padding=1), nn.BatchNorm2d(after), nn.ReLU()]
    theirs = nn.ModuleDict({
        "project": nn.Linear(5, 16 * 4 * 4),
        "model": nn.Sequential(*layers, nn.Conv2d(2, 3, 3, padding=1), nn.Tanh()),
    })  # fmt: skip
    ours = RefinedDcganGenerator((32, 32, 3), 5, hidden_dim=4)
    latent = np.random.default_rng(0).normal(size=(6, 5)).astype(np.float32)
    arrays = {name: value.numpy().copy() for name, value in theirs.state_dict().items()}
    variables = from_torch(ours, arrays)
    made, moved = jax.jit(lambda x: ours.apply(variables, x, jnp.zeros(6, int), train=True, mutable=["batch_stats"]))(latent)
    with torch.no_grad():
        wanted = theirs["model"](theirs["project"](torch.tensor(latent)).view(-1, 16, 4, 4))
    np.testing.assert_allclose(made, wanted.permute(0, 2, 3, 1).numpy(), atol=2e-5)
    after = to_torch(ours, {**variables, **moved})
    for name, value in theirs.state_dict().items():
        np.testing.assert_allclose(after[name], value.numpy(), atol=1e-5)
