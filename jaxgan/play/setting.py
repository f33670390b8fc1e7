"""One setting in training: the engine's compiled loop, and what a picture shows of its state."""

import dataclasses
import math
from collections.abc import Mapping
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from jaxgan.data import Dataset
from jaxgan.engine.draws import draw_latents
from jaxgan.engine.gan import Gan
from jaxgan.engine.surface import MARGIN, critic_scores, scores_alone
from jaxgan.metrics import mode_coverage, wasserstein1
from jaxgan.networks.layers import no_labels
from jaxgan.play.data import modes_of, real_points
from jaxgan.play.options import GOES_ON, Field, changed, config_of, fields_of
from jaxgan.settings import OPTIONS
from jaxgan.settings.resolution import Resolved, resolve
from jaxgan.types import GanState

POINTS = 256  # that are shown, and between which W1 is computed, of real and of generated ones
SIDE, SIDE_OF_MANY = 41, 29  # places on either axis of the critic's surface; of several seeds
LATENT_SEED = 2**31 + 1  # of the latents whose points are shown: the same all along, so that points are seen to move


@dataclasses.dataclass(frozen=True)
class Shown:
    """What a picture shows of all replicas of a setting, with a leading axis of them; what the GAN has not is None."""

    points: Float[np.ndarray, "replicas n 2"]
    arrows: Float[np.ndarray, "replicas n 2"] | None  # the gradient of the critic's score at each point
    surface: Float[np.ndarray, "replicas side side"] | None  # the critic's scores, a row a y
    score_gap: Float[np.ndarray, " replicas"] | None  # mean score of the real points shown less that of the generated ones
    steepest: Float[np.ndarray, " replicas"] | None  # the largest gradient at a real or a generated point


@dataclasses.dataclass(frozen=True)
class Distances:
    """Between the points shown: a number a replica. Modes are None where the distribution has none to count."""

    iteration: int  # at which they were shown
    w1: list[float | None]  # exact, in the units of the plane; None of points that are not finite
    modes: list[int | None] | None
    high_quality: list[float | None] | None


class Setting:
    """What is trained with one choice of options, all its seeds side by side.

    Args:
        given: options that were chosen on the page.
        dataset: where the real points come from.
        seed: of the first replica.
        replicas: seeds that train side by side.

    Raises:
        UserError: options that make no sense together, in one line.
    """

    def __init__(self, given: Mapping[str, Any], dataset: Dataset, seed: int, replicas: int):
        self.given = dict(given)
        self.dataset, self.seed, self.replicas = dataset, seed, replicas
        self.resolved = resolve(config_of(self.given, seed, replicas), dataset)
        self.program = self.resolved.program()
        self.program.check()
        gan = self.gan
        group = math.lcm(gan.pac, gan.generators)
        self.n = POINTS // group * group
        self.real = real_points(dataset, self.n)
        self.axis = np.linspace(-MARGIN, MARGIN, SIDE if replicas == 1 else SIDE_OF_MANY)
        look = _look(gan, self.axis, self.real, draw_latents(jax.random.key(LATENT_SEED), self.n, gan.latent_dim))
        self._look = jax.jit(look if replicas == 1 else jax.vmap(look))
        self.is_compiled = False
        self.state: GanState | None = None
        self.begin()

    @property
    def gan(self) -> Gan:
        return self.program.gan

    @property
    def fields(self) -> list[Field]:
        """The options that have a meaning here."""
        return fields_of(self.given, self.resolved)

    @property
    def title(self) -> str:
        """The variant, and what was chosen beside it."""
        of_network = [f"{name.replace('_', ' ')} {_short(value)}" for name, value in self.given.items() if name != "variant"]
        return ", ".join([self.resolved.config.variant, *of_network])

    def begin(self) -> None:
        """Step 0, by the seed."""
        self.state = None
        self.iteration = 0
        self.diverged: list[int | None] = [None] * self.replicas  # by which iteration
        self.metrics: dict[str, list[float | None]] = {}
        self.measured: Distances | None = None  # when last looked at

    def compile(self) -> None:
        """Compiles all that training and pictures call, by training for no iteration."""
        self._advance(0)
        self.look()
        self.is_compiled = True

    def advance(self, n: int) -> None:
        """n iterations; the metrics are then their means."""
        sums = self._advance(n)
        means = {name: np.atleast_1d(np.asarray(value)) / n for name, value in sums.items() if np.ndim(value) <= 1}
        self.metrics = {name: [_finite(x) for x in value] for name, value in means.items()}

    def _advance(self, n: int) -> Mapping[str, Any]:
        state = self.program.initial_state() if self.state is None else self.state
        self.state, sums, finite = self.program.chunk(state, self.program.zero_sums(state), n)
        self.iteration += n
        for replica, still in enumerate(finite):
            if not still and self.diverged[replica] is None:
                self.diverged[replica] = self.iteration
        sums = jax.device_get(sums)
        return sums

    def look(self) -> Shown:
        """The state as it is, drawn."""
        seen = jax.device_get(self._look(self.state))
        seen = {name: np.asarray(value, np.float32) for name, value in seen.items()}
        if self.replicas == 1:
            seen = {name: value[None] for name, value in seen.items()}
        for replica, shown in enumerate(seen["points"]):
            if not np.isfinite(shown).all() and self.diverged[replica] is None:
                self.diverged[replica] = self.iteration
        return Shown(
            points=seen["points"],
            arrows=seen.get("arrows"),
            surface=seen.get("surface"),
            score_gap=seen.get("score_gap"),
            steepest=seen.get("steepest"),
        )

    def measure(self, points: Float[np.ndarray, "replicas n 2"]) -> None:
        """Keeps in `measured` what `distances` gives."""
        self.measured = self.distances(points)

    def distances(self, points: Float[np.ndarray, "replicas n 2"]) -> Distances:
        """Exact W1 between the points shown and as many real ones, and the modes that they cover."""
        whole = [np.isfinite(shown).all() for shown in points]
        w1 = [wasserstein1(self.real, shown) if fine else None for shown, fine in zip(points, whole, strict=True)]
        modes, law = modes_of(self.dataset), self.dataset.distribution
        if modes is None or law is None:
            return Distances(self.iteration, w1, None, None)
        covered = [
            mode_coverage(np.asarray(law.to_units(shown)), modes.centres, modes.std) if fine else None
            for shown, fine in zip(points, whole, strict=True)
        ]
        counts = [None if found is None else int(found.modes) for found in covered]
        return Distances(
            self.iteration, w1, counts, [None if found is None else float(found.high_quality) for found in covered]
        )

    def change(self, name: str, value: Any) -> "Setting":
        """The setting with another value of an option: this one where a running program takes it, else a new one at step 0.

        With another `n_critic` training goes on from the state as it is, in a new program.

        Raises:
            UserError: a value that cannot be; this setting stays as it was.
        """
        given = changed(self.given, name, value)
        if self.is_live(name):
            resolved = resolve(config_of(given, self.seed, self.replicas), self.dataset)
            if self._same_program(resolved):
                self.given, self.resolved = given, resolved
                self.program.numbers = {k: np.broadcast_to(np.float64(v), self.program.lead) if self.program.lead else v
                                        for k, v in resolved.numbers.items()}  # fmt: skip
                return self
        other = Setting(given, self.dataset, self.seed, self.replicas)
        if name in GOES_ON and self.state is not None:
            other.state, other.iteration, other.diverged, other.metrics = (
                self.state,
                self.iteration,
                self.diverged,
                self.metrics,
            )
        return other

    @staticmethod
    def is_live(name: str) -> bool:
        """Whether an option is a number that the running program takes."""
        return OPTIONS[name].traced and OPTIONS[name].shares_program

    def _same_program(self, other: Resolved) -> bool:
        """Whether the numbers are all that differs: no optimizer or recipe of the new options takes others."""
        return other.numbers.keys() == self.resolved.numbers.keys()


def _look(gan: Gan, axis: Any, real: Any, latent: Float[Array, "n latent"]) -> Any:
    """A function of one replica's state: the points of fixed latents, and the critic at these, at real points and over the plane."""

    def look(state: GanState) -> dict[str, Array]:
        labels = no_labels(len(latent), 0)
        points = gan.generate(state, latent, labels)
        if not gan.n_critic:
            return {"points": points}
        weights = {"params": state.critic.params, **state.critic.variables}

        def scores(samples: Array) -> tuple[Array, Array]:
            output: Any = gan.networks.critic.apply(weights, samples, labels, train=False)
            return output.score.sum(), output.score

        slope = jax.grad(scores, has_aux=True)
        (arrows, of_fake), (at_real, of_real) = slope(points), slope(jnp.asarray(real, points.dtype))
        steepest = jnp.linalg.norm(jnp.concatenate([arrows, at_real]), axis=1).max()
        seen = {"points": points, "arrows": arrows, "score_gap": of_real.mean() - of_fake.mean(), "steepest": steepest}
        return {**seen, "surface": critic_scores(gan, state, axis)} if scores_alone(gan) else seen

    return look


def _finite(value: Any) -> float | None:
    return float(value) if math.isfinite(value) else None


def _short(value: Any) -> str:
    return f"{value:.4g}" if isinstance(value, float) else "on" if value is True else "off" if value is False else str(value)
