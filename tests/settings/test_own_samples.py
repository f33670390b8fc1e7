"""Samples of one's own and what jaxgan's networks make of them: beyond a tanh, and too large for the memory."""

import dataclasses

import numpy as np
import pytest

from jaxgan.data import Dataset, as_dataset
from jaxgan.errors import UserError
from jaxgan.evaluation import evaluator_of
from jaxgan.evaluation.protocol import neighbours
from jaxgan.features.progress import show_nothing
from jaxgan.settings import Config, resolve

WIDE = np.array([[5.0, 0.0], [-3.0, 2.0], [0.5, 0.5]], np.float32)


def resolved(samples, **options):
    return resolve(Config(variant="gan", batch_size=2, **options), as_dataset(samples))


def test_points_beyond_a_tanh_are_drawn_by_a_linear_output_which_is_said():
    run = resolved(WIDE)
    assert run.config.output == "linear" and run.gan.networks.generator.output == "linear"
    [note] = run.dataset.notes
    assert "reaches from -3 to 5, beyond a tanh" in note and "--output linear" in note
    within = resolved(WIDE / 5)
    assert within.config.output == "tanh" and within.dataset.notes == ()
    assert resolved(WIDE, output="linear").dataset.notes == ()
    assert "--output linear draws any number" in resolved(WIDE, output="tanh").dataset.notes[0]


@pytest.mark.parametrize("shape", [(3, 2), (5, 9, 3, 2)])
def test_the_default_network_of_short_series_and_thin_volumes_draws_them_too(shape):
    samples = np.random.default_rng(0).normal(0, 2, (60, *shape))
    run = resolve(Config(variant="gan", batch_size=2), as_dataset(samples, scaling="standard"))
    assert (run.config.generator, run.config.output) == ("fc", "linear")
    [drawn] = run.program().picture(run.program().initial_state())
    assert drawn.shape[1:] == shape


def test_points_of_a_known_distribution_stay_with_their_tanh():
    """A few of a normal's points lie beyond 1, as its scale has it."""
    run = resolve(Config(dataset="gaussian", points=200_000, steps=4))
    assert np.abs(run.dataset.samples).max() > 1.001 and run.config.output == "tanh" and run.dataset.notes == ()


def test_pictures_that_no_generator_of_jaxgans_can_draw_are_refused():
    with pytest.raises(UserError, match="reaches from 0 to 90, and generator 'dcgan' draws by a tanh from -1 to 1") as refused:
        resolved(np.linspace(0, 90, 3 * 48, dtype=np.float32).reshape(3, 4, 4, 3))
    assert "\n" not in str(refused.value)


def test_large_networks_are_said():
    def of_size(side):
        dataset = Dataset("folder:x", (side, side, 3), 0, None, None)
        return resolve(
            Config(dataset="folder:x", variant="gan", recipe="paper", network="fc", batch_size=2), dataset
        ).dataset.notes

    [note] = of_size(256)
    assert "GiB to train: --image-size 64 makes them smaller" in note
    assert of_size(128) == of_size(64) == ()


def test_few_samples_have_few_neighbours():
    assert [neighbours(n) for n in (2, 3, 6, 100)] == [1, 2, 5, 5]


@pytest.mark.filterwarnings("ignore:.*covariance is singular")  # which is said of so few
@pytest.mark.parametrize("shape", [(12, 12, 1), (3,)])
@pytest.mark.parametrize("n", [2, 3, 6])
def test_small_sets_are_measured_and_one_sample_is_refused(shape, n):
    samples = np.random.default_rng(0).uniform(-1, 1, (n, *shape)).astype(np.float32)
    gan = resolved(samples).gan
    evaluator = evaluator_of(as_dataset(samples), gan, n=100, features="pixels", thorough=False)
    drawn = np.random.default_rng(1).uniform(-1, 1, (100, *shape)).astype(np.float32)
    values = evaluator.of_samples(drawn, None, show_nothing)
    assert all(np.isfinite(value) for value in values.values()) and any("precision" in name for name in values)
    assert any("c2st" in name for name in values) == (n >= 4)
    assert evaluator.protocol["neighbours"] == neighbours(n)
    with pytest.raises(UserError, match="holds one sample"):
        evaluator_of(dataclasses.replace(as_dataset(samples[:1])), gan, n=100)
