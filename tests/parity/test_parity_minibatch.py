"""Minibatch discrimination against the PyTorch classes of lab 004, section 9.2."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxgan.interop import from_torch, to_torch
from jaxgan.networks import MinibatchDiscriminationCritic
from jaxgan.networks.fc import FcCritic
from jaxgan.networks.minibatch import MinibatchCritic, MinibatchDiscrimination

torch = pytest.importorskip("torch")

SHAPE, HIDDEN, BATCH = (5, 4, 2), 12, 7


class TorchMinibatchDiscrimination(torch.nn.Module):
    def __init__(self, input_features, output_features, kernel_dim=5):
        super().__init__()
        self.output_features, self.kernel_dim = output_features, kernel_dim
        self.T = torch.nn.Parameter(torch.randn(input_features, output_features * kernel_dim))

    def forward(self, x):
        matrices = x.mm(self.T).view(x.size(0), self.output_features, self.kernel_dim)
        distances = torch.abs(matrices.unsqueeze(1) - matrices.unsqueeze(0)).sum(dim=3)
        mask = (torch.ones(x.size(0), x.size(0)) - torch.eye(x.size(0))).unsqueeze(2)
        return torch.cat([x, (torch.exp(-distances) * mask).sum(dim=1)], dim=1)


class TorchDiscriminatorWithMinibatch(torch.nn.Module):
    def __init__(self, pixels, hidden_dim=512, minibatch_features=32):
        super().__init__()
        self.features = torch.nn.Sequential(
            torch.nn.Linear(pixels, hidden_dim),
            torch.nn.LeakyReLU(0.2, inplace=True),
            torch.nn.Linear(hidden_dim, hidden_dim),
            torch.nn.LeakyReLU(0.2, inplace=True),
        )
        self.minibatch = TorchMinibatchDiscrimination(hidden_dim, minibatch_features)
        self.output = torch.nn.Linear(hidden_dim + minibatch_features, 1)

    def forward(self, images):
        return self.output(self.minibatch(self.features(images.view(images.size(0), -1))))


def arrays(twin):
    return {name: tensor.detach().numpy() for name, tensor in twin.state_dict().items()}


def pair():
    torch.manual_seed(0)
    twin = TorchDiscriminatorWithMinibatch(int(np.prod(SHAPE)), HIDDEN).double()
    twin.minibatch.T.data *= 0.3  # near enough to one another that the features are not zero
    module = MinibatchCritic(SHAPE, hidden_dim=HIDDEN)
    images = torch.randn(BATCH, SHAPE[2], *SHAPE[:2], dtype=torch.float64, requires_grad=True)
    return twin, module, images


def to_channels_last(images):
    return jnp.asarray(images.detach().numpy().transpose(0, 2, 3, 1))


@pytest.mark.usefixtures("float64")
def test_scores_and_gradients_are_the_labs():
    twin, module, images = pair()
    score = twin(images)
    score.square().sum().backward()
    params = from_torch(module, arrays(twin))["params"]
    labels = jnp.zeros(BATCH, jnp.int32)

    @jax.jit
    def loss(params, samples):
        output = module.apply({"params": params}, samples, labels, train=True)
        return jnp.square(output.score).sum(), output

    samples = to_channels_last(images)
    (by_params, by_samples), output = jax.grad(loss, argnums=(0, 1), has_aux=True)(params, samples)
    np.testing.assert_allclose(output.score, score.detach().numpy()[:, 0], atol=1e-10)
    assert np.abs(output.features[:, HIDDEN:]).max() > 1e-3
    np.testing.assert_allclose(by_samples, to_channels_last(images.grad), atol=1e-10)
    ours = to_torch(module, {"params": by_params})
    assert {name for name, _ in twin.named_parameters()} == ours.keys()
    for name, parameter in twin.named_parameters():
        np.testing.assert_allclose(ours[name], parameter.grad.numpy(), atol=1e-10, err_msg=name)


def test_the_labs_state_dict_comes_back_as_it_went():
    twin = TorchDiscriminatorWithMinibatch(int(np.prod(SHAPE)))
    module = MinibatchCritic(SHAPE)
    went = arrays(twin)
    assert {"features.0.weight", "features.2.weight", "minibatch.T", "output.weight"} < went.keys()
    back = to_torch(module, from_torch(module, went))
    assert back.keys() == went.keys()
    for name, array in went.items():
        np.testing.assert_array_equal(back[name], array)


@pytest.mark.usefixtures("float64")
def test_the_layer_equals_the_form_with_four_axes():
    x = jnp.asarray(np.random.default_rng(0).normal(size=(6, 4)))
    layer = MinibatchDiscrimination(3, 2)
    variables = layer.init(jax.random.key(0), x)
    m = (x @ variables["params"]["T"]).reshape(6, 3, 2)
    distances = np.abs(m[:, None] - m[None]).sum(-1)
    want = np.exp(-distances).sum(1) - 1
    ours = layer.apply(variables, x)
    np.testing.assert_array_equal(ours[:, :4], x)
    np.testing.assert_allclose(ours[:, 4:], want, atol=1e-12)


def test_rows_alike_have_all_others_at_distance_zero():
    x = jnp.ones((6, 4))
    layer = MinibatchDiscrimination()
    ours = layer.apply(layer.init(jax.random.key(0), x), x)
    np.testing.assert_array_equal(ours, np.concatenate([np.ones((6, 4)), np.full((6, 32), 5)], 1))


def test_no_array_has_four_axes_even_for_the_gradient_of_a_gradient():
    layer = MinibatchDiscrimination(3, 2)
    x = jax.random.normal(jax.random.key(0), (6, 4))
    variables = layer.init(jax.random.key(0), x)

    def penalty(x):
        return jnp.square(jax.grad(lambda x: layer.apply(variables, x)[:, 4:].sum())(x)).sum()

    jaxpr = str(jax.make_jaxpr(jax.grad(penalty))(x))
    assert "[6,6,3]" in jaxpr
    assert "[6,6,3,2]" not in jaxpr


@pytest.mark.usefixtures("float64")
def test_the_transform_is_a_linear_layer_on_features_and_minibatch_features():
    inner = FcCritic(SHAPE, hidden_dim=4, dropout=0.0)
    module = MinibatchDiscriminationCritic(inner, features=3, kernel=2)
    samples = jnp.asarray(np.random.default_rng(0).normal(size=(BATCH, *SHAPE)))
    labels = jnp.zeros(BATCH, jnp.int32)
    variables = module.init(jax.random.key(0), *module.example_inputs())
    params = variables["params"]
    params["minibatch"]["T"] *= 0.3
    output = jax.jit(lambda samples: module.apply(variables, samples, labels, train=True))(samples)
    features = inner.apply({"params": params["critic"]}, samples, labels).features
    joined = MinibatchDiscrimination(3, 2).apply({"params": params["minibatch"]}, features)
    last = params["critic"]["model"]["layers_8"]
    weight = jnp.concatenate([last["kernel"][:, 0], params["output"]])
    np.testing.assert_allclose(output.score, joined @ weight + last["bias"], atol=1e-12)
    np.testing.assert_allclose(output.features, joined, atol=1e-12)
    assert np.any(joined[:, -3:] > 1e-3)
    assert module.couples_batch and MinibatchCritic(SHAPE).couples_batch and not inner.couples_batch
