"""Further losses, penalties and objectives against closed forms and numbers worked out by hand."""

import inspect

import chex
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxgan.objectives import VARIANTS, losses, with_generator_classifier
from jaxgan.objectives.began import began
from jaxgan.objectives.ebgan import ebgan, pulling_away
from jaxgan.objectives.penalties import (
    consistency,
    gradient_norm,
    gradient_penalty,
    one_sided_gradient_penalty,
    perturb,
    perturbed_gradient_penalty,
    r1,
    r2,
    squared_gradient_norm,
    wasserstein_divergence,
)
from jaxgan.objectives.sinkhorn import sinkhorn_divergence
from jaxgan.types import CriticOutput, Draw, View

REAL = jnp.array([0.3, -1.2, 2.0])
FAKE = jnp.array([-0.5, 0.7, -1.1])
W = jnp.array([3.0, -4.0])  # norm 5
GENTLE = jnp.array([0.3, -0.4])  # norm 1/2


def softplus(x):
    return np.log1p(np.exp(np.asarray(x, np.float64)))


def linear(w):
    return lambda samples, labels, *, noise=0: CriticOutput(score=samples @ w)


def squared(samples, labels, *, noise=0):
    """0.5 (1 + y) ||x||^2, whose gradient has the norm (1 + y) ||x||."""
    return CriticOutput(score=0.5 * (1 + labels) * jnp.square(samples).sum(-1))


def draw(batch=6, shape=(2,), seed=0, **changes) -> Draw:
    keys = jax.random.split(jax.random.key(seed), 3)
    labels = jnp.zeros(batch, jnp.int32)
    return Draw(
        real=jax.random.normal(keys[0], (batch, *shape)), real_label=labels, latent=jnp.zeros((batch, 1)), fake_label=labels,
        epsilon=jax.random.uniform(keys[1], (batch,)), key=keys[2],
    )._replace(**changes)  # fmt: skip


def view_of(fake: CriticOutput, real: CriticOutput | None, some: Draw, samples, critic=None, maker=None) -> View:
    return View(draw=some, samples=samples, fake=fake, real=real, critic=critic or linear(W), maker=maker)


def check_float32(tree) -> None:
    """All are finite, and in float32."""
    chex.assert_tree_all_finite(tree)
    assert all(leaf.dtype == jnp.float32 for leaf in jax.tree.leaves(tree))


# Losses


def test_hinge_stops_at_the_margin():
    critic = (0.7 + 2.2 + 0) / 3 + (0.5 + 1.7 + 0) / 3
    np.testing.assert_allclose(losses.hinge_critic_loss(REAL, FAKE), critic, rtol=1e-6)
    by_real, by_fake = jax.grad(losses.hinge_critic_loss, (0, 1))(REAL, FAKE)
    np.testing.assert_allclose(by_real, [-1 / 3, -1 / 3, 0], rtol=1e-6)
    np.testing.assert_allclose(by_fake, [1 / 3, 1 / 3, 0], rtol=1e-6)
    game = VARIANTS["sngan"].build()
    some = draw(3)
    value, metrics = game.objective.critic_loss(view_of(CriticOutput(FAKE), CriticOutput(REAL), some, some.real), ())
    np.testing.assert_allclose(value, critic, rtol=1e-6)
    generator = game.objective.generator_loss(view_of(CriticOutput(FAKE), None, some, some.real), ())[0]
    np.testing.assert_allclose(generator, 0.3, rtol=1e-6)
    check_float32((value, metrics, generator))


def test_relativistic_losses_of_pairs():
    np.testing.assert_allclose(losses.relativistic_critic_loss(REAL, FAKE), softplus([-0.8, 1.9, -3.1]).mean(), rtol=1e-6)
    np.testing.assert_allclose(losses.relativistic_generator_loss(REAL, FAKE), softplus([0.8, -1.9, 3.1]).mean(), rtol=1e-6)
    np.testing.assert_allclose(losses.relativistic_critic_loss(REAL, REAL), np.log(2), rtol=1e-6)
    check_float32(jax.grad(losses.relativistic_generator_loss, (0, 1))(REAL - 300, FAKE + 300))
    with pytest.raises(Exception, match=r"shape|annotation|Type|pairs"):
        losses.relativistic_critic_loss(REAL, FAKE[:1])


def test_the_relativistic_generator_asks_the_critic_about_the_real_batch():
    some = draw(4)
    samples = some.real + 1
    objective = VARIANTS["rpgan"].build().objective
    fake = CriticOutput(samples @ W)
    value, metrics = objective.generator_loss(view_of(fake, None, some, samples), ())
    np.testing.assert_allclose(value, softplus(1.0), rtol=1e-5)  # w.(x + 1) - w.x = 3 - 4
    assert not metrics
    value, metrics = objective.critic_loss(view_of(fake, CriticOutput(some.real @ W), some, samples), ())
    np.testing.assert_allclose(value, softplus(-1.0), rtol=1e-5)
    assert metrics.keys() == {"score_real", "score_fake"}
    assert [sorted(p(linear(W), some, samples)[1]) for p in VARIANTS["r3gan"].build().penalties] == [
        ["r1_penalty"],
        ["r2_penalty"],
    ]


# Penalties


def test_r1_and_r2_of_a_linear_critic_are_half_the_squared_norm():
    some = draw()
    for penalty, name in ((r1, "r1_penalty"), (r2, "r2_penalty")):
        value, metrics = penalty(3.0)(linear(W), some, -some.real)
        np.testing.assert_allclose(value, 1.5 * 25, rtol=1e-6)
        assert metrics.keys() == {name}
        gradient = jax.grad(lambda w, penalty=penalty: penalty(3.0)(linear(w), some, -some.real)[0])
        np.testing.assert_allclose(gradient(W), 3 * W, rtol=1e-5)
        np.testing.assert_array_equal(gradient(jnp.zeros(2)), 0)  # no root, so no term under it
        check_float32((value, metrics, gradient(W)))


def test_r1_looks_at_real_samples_and_labels_and_r2_at_fake_ones():
    some = draw(2, real=jnp.array([[3.0, 4.0], [0.6, 0.8]]), real_label=jnp.array([0, 2]), fake_label=jnp.array([1, 0]))
    fake = jnp.array([[1.0, 0.0], [0.0, 2.0]])
    np.testing.assert_allclose(r1(1.0)(squared, some, fake)[0], (25 + 9) / 4, rtol=1e-5)
    np.testing.assert_allclose(r2(1.0)(squared, some, fake)[0], (4 + 4) / 4, rtol=1e-5)


@pytest.mark.parametrize("shape", [(2,), (2, 3, 1)])
def test_the_gradient_of_a_pack_is_that_of_all_its_samples(shape):
    pack, size = 3, int(np.prod(shape))
    w = jax.random.normal(jax.random.key(1), (pack * size,))

    def critic(samples, labels, *, noise=0):
        return CriticOutput(score=jnp.arange(1.0, 5) * (samples.reshape(-1, pack * size) @ w))

    some = draw(12, shape)
    norms = gradient_norm(critic, some.real, some.real_label)
    chex.assert_trees_all_close(norms, jnp.arange(1.0, 5) * jnp.linalg.norm(w), rtol=1e-5)
    chex.assert_trees_all_close(squared_gradient_norm(critic, some.real, some.real_label), jnp.square(norms), rtol=1e-5)
    for penalty in (gradient_penalty(10.0), r1(1.0), r2(1.0), one_sided_gradient_penalty(1.0)):
        check_float32(penalty(critic, some, -some.real))


def test_the_one_sided_penalty_spares_gentle_slopes_and_is_the_two_sided_one_on_steep_ones():
    some = draw()
    steep, metrics = one_sided_gradient_penalty(10.0)(linear(W), some, -some.real)
    np.testing.assert_allclose(steep, gradient_penalty(10.0)(linear(W), some, -some.real)[0], rtol=1e-6)
    assert metrics.keys() == {"gradient_penalty", "penalty_gradient_norm"}

    def penalty(w):
        return one_sided_gradient_penalty(10.0)(linear(w), some, -some.real)[0]

    gentle, gradient = jax.value_and_grad(penalty)(GENTLE)
    assert gentle == 0
    np.testing.assert_array_equal(gradient, 0)
    check_float32((steep, metrics, gentle, gradient))


def test_wasserstein_divergence_is_a_power_of_the_norm():
    some = draw()

    def value(w, power=6.0):
        return wasserstein_divergence(2.0, power)(linear(w), some, -some.real)[0]

    np.testing.assert_allclose(value(W), 2 * 5.0**6, rtol=1e-5)
    np.testing.assert_allclose(jax.grad(value)(W), 2 * 6 * 5.0**4 * W, rtol=1e-5)  # k p |w|^(p - 2) w
    np.testing.assert_allclose(jax.jit(value)(GENTLE, jnp.asarray(3.0)), 2 * 0.5**3, rtol=1e-5)
    check_float32((value(W), jax.grad(value)(jnp.zeros(2)), jax.jit(jax.grad(value))(jnp.zeros(2), jnp.asarray(6.0))))


def test_perturbed_points_stay_within_their_share_of_the_deviation():
    some = draw(500, (3, 2))
    shift = np.asarray(perturb(some.real, some.key, 0.5) - some.real) / np.asarray(some.real).std()
    assert -1e-5 <= shift.min() < 0.001
    assert 0.499 < shift.max() <= 0.5 + 1e-5
    assert len(np.unique(shift)) > 2000  # a draw of its own for each entry
    value, metrics = perturbed_gradient_penalty(10.0, 0.5)(linear(W), draw(), jnp.zeros((6, 2)))
    np.testing.assert_allclose(value, 10 * (5 - 1) ** 2, rtol=1e-5)
    assert metrics.keys() == {"gradient_penalty", "penalty_gradient_norm"}
    check_float32((value, metrics))


def test_the_perturbed_penalty_is_taken_at_the_perturbed_points_alone():
    some = draw(4)
    points = perturb(some.real, jax.random.fold_in(some.key, 4), 0.5)
    expected = 10 * np.mean((np.linalg.norm(np.asarray(points), axis=1) - 1) ** 2)
    for fake in (-some.real, some.real * 100):
        np.testing.assert_allclose(perturbed_gradient_penalty(10.0, 0.5)(squared, some, fake)[0], expected, rtol=1e-5)


def noisy(samples, labels, *, noise=0):
    """Scores and features that the passes 1 and 2 shift by (0, 1) and (0, 2)."""
    return CriticOutput(score=samples[:, 0] * noise, features=samples * 2.0 * noise)


def test_consistency_of_two_passes():
    some = draw(2, real=jnp.array([[0.5, 1.0], [1.0, 0.0]]))
    # d(score) = .25, 1; mean over features (1 + 4) / 2, (4 + 0) / 2
    distances = np.array([0.25 + 0.1 * 2.5, 1 + 0.1 * 2])
    value, metrics = consistency(2.0, 0.0)(noisy, some, some.real)
    np.testing.assert_allclose(value, 2 * distances.mean(), rtol=1e-6)
    np.testing.assert_allclose(metrics["consistency"], distances.mean(), rtol=1e-6)
    assert metrics.keys() == {"consistency", "consistency_penalty"}
    np.testing.assert_allclose(consistency(2.0, 0.7)(noisy, some, some.real)[0], 2 * (1.2 - 0.7) / 2, rtol=1e-6)
    check_float32((value, metrics))


def test_a_critic_without_chance_is_consistent():
    some = draw()

    def penalty(w):
        return consistency(2.0, 0.2)(lambda x, y, *, noise=0: CriticOutput(x @ w, features=x), some, some.real)[0]

    value, gradient = jax.value_and_grad(penalty)(W)
    assert value == 0
    np.testing.assert_array_equal(gradient, 0)
    check_float32((value, gradient))


# BEGAN and EBGAN


def autoencoding(samples, error: float, features=None) -> CriticOutput:
    """Each entry is reconstructed with this error."""
    return CriticOutput(score=jnp.zeros(len(samples)), reconstruction=samples + error, features=features)


def began_view(real_error: float, fake_error: float) -> View:
    some = draw(4, (3, 3, 1))
    samples = some.real * 0.5
    return view_of(autoencoding(samples, -fake_error), autoencoding(some.real, real_error), some, samples)


def test_began_weighs_the_fake_error_by_k_and_tells_its_convergence():
    objective = began(diversity_ratio=0.5).objective
    value, metrics = objective.critic_loss(began_view(0.4, 0.3), jnp.asarray(0.25))
    np.testing.assert_allclose(value, 0.4 - 0.25 * 0.3, rtol=1e-5)
    expected = {"score_real": -0.4, "score_fake": -0.3, "convergence": 0.4 + 0.1, "k": 0.25}
    assert metrics.keys() == expected.keys()
    for name, number in expected.items():
        np.testing.assert_allclose(metrics[name], number, rtol=1e-5)
    generator, _ = objective.generator_loss(began_view(0.4, 0.3), jnp.asarray(0.25))
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
        return objective.generator_loss(view_of(fake, None, some, some.real), jnp.zeros(()))[0]

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
    value, _ = ebgan(margin=1.0).objective.critic_loss(view_of(fake, autoencoding(some.real, 0.0), some, some.real), ())
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
    value, metrics = ebgan(pulling_away_weight=0.1).objective.generator_loss(view_of(fake, None, draw(4), samples), ())
    np.testing.assert_allclose(value, 0.25 + 0.1, rtol=1e-5)
    np.testing.assert_allclose(metrics["pulling_away"], 1, rtol=1e-5)
    check_float32((value, metrics))


# Sinkhorn


def test_the_sinkhorn_divergence_of_a_set_to_itself_is_0_and_to_a_shifted_set_the_squared_shift():
    pytest.importorskip("ott")
    points = jax.random.normal(jax.random.key(0), (24, 2))
    shift = jnp.array([1.0, -2.0])
    divergence = jax.jit(jax.value_and_grad(sinkhorn_divergence))
    for epsilon in (1.0, 0.1):
        value, gradient = divergence(points, points, epsilon)
        np.testing.assert_allclose(value, 0, atol=1e-4)
        np.testing.assert_allclose(gradient, 0, atol=1e-3)
        value, gradient = divergence(points + shift, points, epsilon)
        np.testing.assert_allclose(value, 5, rtol=0.02)
        np.testing.assert_allclose(gradient.mean(0) * 24, 2 * shift, rtol=0.1)  # each of 24 points moves by 2 shift / 24
        check_float32((value, gradient))


def test_the_sinkhorn_generator_sees_images_and_replicas():
    pytest.importorskip("ott")
    some = draw(8, (3, 3, 1))

    def loss(shift, epsilon):
        samples = some.real + shift
        objective = VARIANTS["sinkhorn"].build(sinkhorn_epsilon=epsilon).objective
        return objective.generator_loss(view_of(CriticOutput(jnp.zeros(8)), None, some, samples), ())[0]

    values, gradients = jax.jit(jax.vmap(jax.value_and_grad(loss)))(jnp.array([0.5, 1.0]), jnp.array([1.0, 0.5]))
    np.testing.assert_allclose(values, [9 * 0.25, 9], rtol=0.02)
    np.testing.assert_allclose(gradients, [9.0, 18.0], rtol=0.1)  # 9 entries, each of gradient 2 shift
    check_float32((values, gradients))


def test_the_sinkhorn_game_asks_nothing_of_its_critic():
    some = draw(3)
    view = view_of(CriticOutput(FAKE), CriticOutput(REAL), some, some.real)
    value, metrics = VARIANTS["sinkhorn"].build().objective.critic_loss(view, ())
    assert value == 0 and not metrics
    check_float32(value)


# Several generators


def classified(logits, maker) -> View:
    some = draw(len(logits))
    return view_of(
        CriticOutput(some.real @ W, class_logits=logits), CriticOutput(some.real @ W), some, some.real, maker=jnp.asarray(maker)
    )


def test_the_generator_classifier_adds_its_cross_entropy_to_both_players():
    plain = VARIANTS["gan"].build().objective
    objective = with_generator_classifier(plain, 0.5)
    view = classified(jnp.zeros((6, 3)), [0, 0, 1, 1, 2, 2])
    value, metrics = objective.critic_loss(view, ())
    np.testing.assert_allclose(value - plain.critic_loss(view, ())[0], np.log(3), rtol=1e-5)
    assert metrics.keys() == {*plain.critic_loss(view, ())[1], "generator_classification"}
    generator, more = objective.generator_loss(view, ())
    np.testing.assert_allclose(generator - plain.generator_loss(view, ())[0], 0.5 * np.log(3), rtol=1e-5)
    assert more == plain.generator_loss(view, ())[1]
    assert objective.init is plain.init and objective.update is plain.update
    check_float32((value, metrics, generator))


def test_the_generator_classifier_on_given_logits():
    logits = jnp.array([[2.0, 0.0], [1.0, 3.0], [0.0, 4.0]])
    objective = with_generator_classifier(VARIANTS["wgan"].build().objective, 1.0)

    def loss(logits):
        return objective.critic_loss(classified(logits, [0, 1, 0]), ())

    (value, metrics), gradient = jax.value_and_grad(loss, has_aux=True)(logits)
    np.testing.assert_allclose(value, softplus([-2.0, -2.0, 4.0]).mean(), rtol=1e-5)  # WGAN's own loss is 0 on equal scores
    np.testing.assert_allclose(metrics["generator_classification"], 2 / 3, rtol=1e-6)
    check_float32((value, metrics, gradient))


# All


def test_the_table_says_what_critic_each_variant_needs():
    assert {name for name, v in VARIANTS.items() if v.critic == "autoencoder"} == {"began", "ebgan"}
    assert {name for name, v in VARIANTS.items() if v.critic == "none"} == {"sinkhorn"}
    assert {name for name, v in VARIANTS.items() if v.dropout} == {"ct_gan"}
    assert all((v.recipes[0].settings["n_critic"] == 0) == (v.critic == "none") for v in VARIANTS.values())


@pytest.mark.parametrize("name", [name for name in VARIANTS if name != "sinkhorn"])
def test_losses_and_metrics_keep_the_type_they_are_given(name):
    """In float64 too, and with numbers that are traced."""
    variant = VARIANTS[name]
    numbers = {k: parameter.default for k, parameter in inspect.signature(variant.build).parameters.items()}

    def critic(samples, labels, *, noise=0):
        features = jnp.tanh(samples) * (1 + noise)
        return CriticOutput(features @ W.astype(samples.dtype), features=features, reconstruction=features)

    def run(numbers, real, fake):
        some = draw(6, real=real, epsilon=jnp.linspace(0, 1, 6, dtype=real.dtype))
        game = variant.build(**numbers)
        state = game.objective.init()

        def loss(fake):
            view = view_of(critic(fake, some.fake_label), critic(real, some.real_label), some, fake, critic)
            value, metrics = game.objective.critic_loss(view, state)
            parts = [penalty(critic, some, fake) for penalty in game.penalties]
            generator, more = game.objective.generator_loss(view._replace(real=None), state)
            total = value + generator + sum(part for part, _ in parts)
            assert {"score_real", "score_fake"} <= metrics.keys()
            return total, [value, generator, metrics, more, parts]

        gradient, told = jax.grad(loss, has_aux=True)(fake)
        after = game.objective.update(state, told[2])
        assert jax.tree.map(jnp.shape, after) == jax.tree.map(jnp.shape, state)
        chex.assert_trees_all_equal_dtypes(after, state)
        return gradient, told

    for dtype in (jnp.float32, jnp.float64):
        with jax.enable_x64(dtype == jnp.float64):
            real, fake = np.random.RandomState(0).normal(size=(2, 6, 2)).astype(dtype)
            traced = {k: jnp.asarray(v, dtype) for k, v in numbers.items()}
            found = jax.jit(run)(traced, jnp.asarray(real), jnp.asarray(fake))
            chex.assert_tree_all_finite(found)
            assert {leaf.dtype for leaf in jax.tree.leaves(found)} == {jnp.dtype(dtype)}
