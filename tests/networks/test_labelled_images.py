"""Critics whose convolutions take labels as constant channels equal those that see the labels' planes joined to the picture."""

from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxgan.networks import CRITICS

QUICK_COMPILATION = {"xla_backend_optimization_level": 0, "xla_llvm_disable_expensive_passes": True}
CASES = {
    "conv": ((28, 28, 1), {"hidden_dim": 2, "norm": "layer"}),
    "conv_autoencoder": ((28, 28, 1), {"hidden_dim": 2, "code_dim": 3}),
    "conv1d": ((17, 2), {"hidden_dim": 2, "norm": "layer"}),
    "conv3d": ((5, 8, 4, 1), {"hidden_dim": 2, "norm": "none"}),
    "dcgan": ((28, 28, 2), {"hidden_dim": 2, "norm": "none"}),
    "lab_conv": ((28, 28, 1), {"hidden_dim": 64}),
    "r3gan": ((8, 9, 2), {"hidden_dim": 8}),
    "resnet": ((32, 32, 3), {"hidden_dim": 2, "norm": "none"}),
}


def test_every_critic_that_begins_with_a_convolution_is_among_them():
    assert {name for name, critic in CRITICS.items() if critic.convolutional} == set(CASES)


@pytest.mark.parametrize(
    "name", [name if name in ("dcgan", "conv1d") else pytest.param(name, marks=pytest.mark.slow) for name in CASES]
)
def test_score_gradient_and_penalty_equal_those_of_joined_planes(name, monkeypatch):
    shape, options = CASES[name]
    critic = CRITICS[name](shape, n_classes=3, **options)
    labels = jnp.array([2, 0])

    def everything(convolutional):
        monkeypatch.setattr(CRITICS[name], "convolutional", convolutional)

        @partial(jax.jit, compiler_options=QUICK_COMPILATION)
        def run(images):
            variables = critic.init(jax.random.key(0), images, labels)

            def loss(variables):
                def score(images):
                    scores = critic.apply(variables, images, labels, train=True).score
                    return jnp.sum(jnp.tanh(scores)), scores

                gradient, scores = jax.grad(score, has_aux=True)(images)
                return jnp.sum((jnp.sqrt(jnp.sum(gradient**2, axis=tuple(range(1, gradient.ndim)))) - 1) ** 2) + jnp.sum(
                    scores
                ), (scores, gradient)

            return variables, jax.grad(loss, has_aux=True)(variables)

        return run(jnp.asarray(np.random.default_rng(0).normal(size=(2, *shape))))

    with jax.enable_x64(True):
        apart, joined = jax.device_get((everything(True), everything(False)))
    assert any(leaf.any() for leaf in jax.tree.leaves(apart[1][0]["params"]["label_embedding"]))
    jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, atol=1e-6 * np.abs(b).max() + 1e-15), apart, joined)
