"""Sinkhorn GAN: no critic; the generator is brought near the data by entropic transport (Genevay et al. 2017, arXiv 1706.00292)."""

import warnings
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from jaxgan.checks import POSITIVE, numbers_in
from jaxgan.errors import UserError
from jaxgan.objectives.variant import Recipe, Variant
from jaxgan.types import CriticView, Game, GeneratorView, Metrics, Number, Objective, Scalar

ITERATIONS = 100  # at most, of each of the three transport problems


def _ott() -> tuple[Callable[..., Any], type, type]:
    """What is needed of OTT-JAX, which no other variant needs; what it computes as it is imported is no part of a trace."""
    try:
        with jax.ensure_compile_time_eval(), warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # its jaxopt is no longer maintained
            from ott.geometry.costs import SqEuclidean
            from ott.geometry.pointcloud import PointCloud
            from ott.tools.sinkhorn_divergence import sinkhorn_divergence as solve
    except ImportError:
        raise UserError("the variant sinkhorn needs OTT-JAX: pip install 'jaxgan[ott]'") from None
    return solve, PointCloud, SqEuclidean


def sinkhorn_divergence(x: Float[Array, "batch dim"], y: Float[Array, "others dim"], epsilon: Number) -> Scalar:
    """W(x, y) - (W(x, x) + W(y, y)) / 2, W the transport under cost ||x - y||^2 and an entropy of weight epsilon (arXiv 1706.00292, eq. 3).

    It is differentiated by the points with the potentials held fixed, as at their optimum (Danskin), so not through the iterations.
    """
    solve, point_cloud, squared_euclidean = _ott()
    a, b = (jnp.full(len(points), 1 / len(points), points.dtype) for points in (x, y))
    value, _ = solve(
        point_cloud, x, y, a=a, b=b, cost_fn=squared_euclidean(), epsilon=jnp.asarray(epsilon, x.dtype),
        solve_kwargs={"max_iterations": ITERATIONS, "use_danskin": True},
    )  # fmt: skip
    return value


@numbers_in(sinkhorn_epsilon=POSITIVE)
def sinkhorn(*, sinkhorn_epsilon: Number = 1.0) -> Game:
    """The generator minimises the Sinkhorn divergence between a fake and a real batch, in sample space (arXiv 1706.00292, eq. 3)."""

    def critic_loss(view: CriticView, state: Any) -> tuple[Scalar, Metrics]:
        return 0.0 * (view.real.score.sum() + view.fake.score.sum()), {}

    def generator_loss(view: GeneratorView, state: Any) -> tuple[Scalar, Metrics]:
        fake, real = (points.reshape(len(points), -1) for points in (view.samples, view.draw.real))
        return sinkhorn_divergence(fake, real, sinkhorn_epsilon), {}

    return Game(Objective(critic_loss, generator_loss))


SINKHORN = Variant(
    sinkhorn,
    "Genevay et al. 2017, arXiv 1706.00292, eq. 3 and section 3",
    (
        Recipe(
            "paper",
            "arXiv 1706.00292, section 5, for the batch of 200 that it takes for MNIST; it trains a cost too, so the rest is chosen here: "
            "Adam as DCGAN, arXiv 1511.06434, and epsilon for images in [-1, 1]",
            dict(
                optimizer="adam", learning_rate=2e-4, beta1=0.5, beta2=0.999, sinkhorn_epsilon=1.0, n_critic=0, batch_size=200,
            ),
        ),
    ),
    critic="none",
    equations=(
        r"L_G = W_\varepsilon(x, G(z)) - \frac{1}{2} (W_\varepsilon(x, x) + W_\varepsilon(G(z), G(z)))",
    ),
)  # fmt: skip
