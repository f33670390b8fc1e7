"""BEGAN and EBGAN against numbers worked out by hand."""

import jax
import jax.numpy as jnp
import numpy as np

from jaxgan.objectives.began import began
from jaxgan.objectives.ebgan import ebgan, pulling_away
from jaxgan.types import CriticOutput, CriticView
from tests.objectives.by_hand import check_float32, critic_view, draw, generator_view, of_generator


def autoencoding(samples, error: float, features=None) -> CriticOutput:
    """Each entry is reconstructed with this error."""
    return CriticOutput(score=jnp.zeros(len(samples)), reconstruction=samples + error, features=features)


def began_view(real_error: float, fake_error: float) -> CriticView:
    some = draw(4, (3, 3, 1))
    samples = some.real * 0.5
    return critic_view(autoencoding(samples, -fake_error), autoencoding(some.real, real_error), some, samples)


def test_began_weighs_the_fake_error_by_k_and_tells_its_convergence():
    objective = began(diversity_ratio=0.5).objective
    value, metrics = objective.critic_loss(began_view(0.4, 0.3), jnp.asarray(0.25))
    np.testing.assert_allclose(value, 0.4 - 0.25 * 0.3, rtol=1e-5)
    expected = {"score_real": -0.4, "score_fake": -0.3, "convergence": 0.4 + 0.1, "k": 0.25}
    assert metrics.keys() == expected.keys()
    for name, number in expected.items():
        np.testing.assert_allclose(metrics[name], number, rtol=1e-5)
    generator, _ = objective.generator_loss(of_generator(began_view(0.4, 0.3)), jnp.asarray(0.25))
    np.testing.assert_allclose(generator, 0.3, rtol=1e-5)
    check_float32((value, metrics, generator, objective.init()))


def test_began_moves_k_towards_balance_and_no_further_than_0_and_1():
    objective = began(diversity_ratio=0.5, balance_rate=0.1).objective

    def after(k, real, fake):
        state = objective.update(k, {"score_real": -jnp.asarray(real), "score_fake": -jnp.asarray(fake)})
        check_float32(state)
        assert not state.weak_type
        return state

    k = objective.init()
    assert k.shape == () and k == 0
    for real, fake, expected in ((2.0, 0.4, 0.06), (2.0, 0.0, 0.16), (1.0, 1.5, 0.06), (1.0, 1.5, 0.0)):
        k = after(k, real, fake)
        np.testing.assert_allclose(k, expected, atol=1e-6)
    assert after(jnp.asarray(0.95), 4.0, 0.5) == 1.0


def test_began_differentiates_to_its_networks():
    some = draw(4)

    def loss(scale):
        objective = began().objective
        fake = CriticOutput(jnp.zeros(4), reconstruction=scale * some.real)
        return objective.generator_loss(generator_view(fake, some, some.real), jnp.zeros(()))[0]

    gradient = jax.grad(loss)(jnp.asarray(0.5))
    np.testing.assert_allclose(gradient, -jnp.abs(some.real).mean(), rtol=1e-5)
    check_float32(gradient)


def test_ebgan_raises_the_fake_energy_to_its_margin_and_no_further():
    objective = ebgan(margin=0.5).objective
    for fake_error, hinge in ((0.5, 0.25), (1.0, 0.0)):
        view = began_view(0.2, fake_error)
        value, metrics = objective.critic_loss(view, ())
        np.testing.assert_allclose(value, 0.04 + hinge, rtol=1e-4)
        np.testing.assert_allclose(metrics["score_real"], -0.04, rtol=1e-4)
        np.testing.assert_allclose(metrics["score_fake"], -(fake_error**2), rtol=1e-4)
        check_float32((value, metrics))


def test_ebgan_holds_each_samples_own_energy_against_the_margin():
    some = draw(2, real=jnp.zeros((2, 2)))
    fake = CriticOutput(jnp.zeros(2), reconstruction=jnp.array([[1.0, 0.0], [2.0, 2.0]]))  # energies 1/2 and 4
    value, _ = ebgan(margin=1.0).objective.critic_loss(critic_view(fake, autoencoding(some.real, 0.0), some, some.real), ())
    np.testing.assert_allclose(value, (0.5 + 0) / 2, rtol=1e-6)


def test_pulling_away_is_1_for_equal_and_0_for_orthogonal_features():
    np.testing.assert_allclose(pulling_away(jnp.array([[3.0, 4.0]] * 3)), 1, rtol=1e-5)
    np.testing.assert_allclose(pulling_away(jnp.array([[3.0, 4.0], [-6.0, -8.0]])), 1, rtol=1e-5)
    np.testing.assert_allclose(pulling_away(jnp.diag(jnp.array([1.0, -2.0, 3.0]))), 0, atol=1e-6)
    rows = np.random.RandomState(0).normal(size=(5, 3)).astype(np.float32)
    cosines = [
        np.dot(a, b) ** 2 / np.dot(a, a) / np.dot(b, b) for i, a in enumerate(rows) for j, b in enumerate(rows) if i != j
    ]
    np.testing.assert_allclose(pulling_away(jnp.asarray(rows)), np.mean(cosines), rtol=1e-5)
    for features in (jnp.zeros((3, 2)), jnp.ones((1, 2))):
        value, gradient = jax.value_and_grad(pulling_away)(features)
        assert value == 0
        check_float32((value, gradient))


def test_the_generator_of_ebgan_pays_for_alike_features():
    samples = jnp.ones((4, 2))
    fake = autoencoding(samples, 0.5, features=jnp.ones((4, 3)))
    value, metrics = ebgan(pulling_away_weight=0.1).objective.generator_loss(generator_view(fake, draw(4), samples), ())
    np.testing.assert_allclose(value, 0.25 + 0.1, rtol=1e-5)
    np.testing.assert_allclose(metrics["pulling_away"], 1, rtol=1e-5)
    check_float32((value, metrics))


def test_samples_like_the_data_hold_began_in_balance_at_a_ratio_of_1_alone():
    def after(ratio):
        objective = began(diversity_ratio=ratio, balance_rate=0.1).objective
        _, metrics = objective.critic_loss(began_view(0.4, 0.4), jnp.asarray(0.25))
        return float(objective.update(jnp.asarray(0.25), metrics))

    np.testing.assert_allclose([after(0.5), after(1.0), after(1.1)], [0.23, 0.25, 0.254], rtol=1e-5)
