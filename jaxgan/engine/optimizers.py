"""PyTorch's optimizers as optax transformations; their numbers may be traced."""

from collections.abc import Callable

import jax
import jax.numpy as jnp
import optax

from jaxgan.engine.numbers import Numbers
from jaxgan.types import Scalar


def adagrad(learning_rate: Scalar | float) -> optax.GradientTransformation:
    """p -= rate g / (sqrt(sum of g^2) + eps), the sum starting at 0 and eps = 1e-10 outside the root, as in PyTorch."""

    def init(params: optax.Params) -> optax.Params:
        return jax.tree.map(jnp.zeros_like, params)

    def update(gradients: optax.Updates, sums: optax.Params, params: optax.Params | None = None) -> tuple:
        sums = jax.tree.map(lambda s, g: s + g * g, sums, gradients)
        return jax.tree.map(lambda g, s: -learning_rate * g / (jnp.sqrt(s) + 1e-10), gradients, sums), sums

    return optax.GradientTransformation(init, update)


OPTIMIZERS: dict[str, Callable[[Scalar | float, Numbers], optax.GradientTransformation]] = {
    "adagrad": lambda rate, numbers: adagrad(rate),
    "adam": lambda rate, numbers: optax.adam(rate, b1=numbers.beta1, b2=numbers.beta2, eps=1e-8),
    "momentum": lambda rate, numbers: optax.sgd(rate, momentum=numbers.momentum),
    "nesterov": lambda rate, numbers: optax.sgd(rate, momentum=numbers.momentum, nesterov=True),
    "rmsprop": lambda rate, numbers: optax.rmsprop(rate, decay=numbers.rmsprop_decay, eps=1e-8, eps_in_sqrt=False),
    "sgd": lambda rate, numbers: optax.sgd(rate),
}
