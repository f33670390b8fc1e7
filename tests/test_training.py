"""Short trainings with a property that untrained or wrongly signed code fails (both were seen to fail)."""

import jax.numpy as jnp
import numpy as np
from jaxgan.config import Config
from jaxgan.engine.setup import prepare

from jaxgan.engine.loop import Program
from jaxgan.metrics.coverage import mode_coverage


def trained(config: Config) -> tuple[Program, np.ndarray, np.ndarray]:
    """The program, and samples before and after training."""
    program = Program(prepare(config))
    state = program.initial_state()
    (before,) = program.picture(state)
    state, _, finite = program.chunk(state, program.zero_sums(state), config.steps)
    assert finite.all()
    return program, before, program.picture(state)[0]


def test_wgan_gp_finds_all_eight_modes_of_the_ring():
    config = Config(
        dataset="ring8", steps=1000, batch_size=128, hidden_dim=64, learning_rate=1e-3, beta1=0.5, gradient_penalty_weight=0.3, ema=0.99,
    )  # fmt: skip
    program, before, after = trained(config)
    law = program.setup.dataset.distribution

    def judged(points: np.ndarray) -> tuple[int, float, float]:
        units = law.to_units(jnp.asarray(points))
        coverage = mode_coverage(units, law.centres, law.std)
        nearest = jnp.linalg.norm(units[:, None] - law.centres, axis=-1).argmin(1)
        return int(coverage.modes), float(coverage.high_quality), np.bincount(nearest, minlength=8).min() / len(points)

    modes, quality, smallest = judged(after)
    assert modes == 8
    assert quality > 0.25  # 0.45 seen
    assert smallest > 0.06  # 0.125 is even
    assert judged(before)[1] < 0.05


def test_wgan_gp_draws_digits_of_all_kinds():
    """After a few hundred steps samples lie nearer to real digits than a digit lies to the mean, and nearest digits are of all classes."""
    config = Config(
        dataset="digits", steps=600, hidden_dim=64, batch_size=64, n_critic=2, learning_rate=1e-3, beta1=0.5, dropout=0.0, ema=0.98,
    )  # fmt: skip
    program, before, after = trained(config)
    dataset = program.setup.dataset
    real = dataset.samples.reshape(len(dataset.samples), -1) / 127.5 - 1

    def judged(images: np.ndarray) -> tuple[float, int]:
        """The mean distance to the nearest real digit, in units of the digits' spread, and how many classes those are of."""
        squares = ((images.reshape(len(images), 1, -1) - real) ** 2).mean(-1)
        return float(squares.min(1).mean() / real.var(0).mean()), len(np.unique(dataset.labels[squares.argmin(1)]))

    distance, classes = judged(after)
    print(distance, classes, judged(before))
    assert classes >= 8
    assert distance < 0.75
    assert judged(before)[0] > 2
