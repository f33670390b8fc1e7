"""Augmentations against what they are defined to do, and the critic that applies them."""

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxgan.errors import UserError
from jaxgan.networks import AugmentedCritic
from jaxgan.networks.augmentation import (
    KINDS,
    colour,
    cutout,
    flip,
    geometry,
    hue,
    luma,
    noise,
    rotation,
    shift,
    translation,
    with_probability,
)
from jaxgan.networks.fc import FcCritic
from jaxgan.types import CriticOutput

BATCH, N_CLASSES = 6, 3
LABELS = jnp.arange(BATCH, dtype=jnp.int32) % N_CLASSES


def images(batch=BATCH, size=8, channels=3):
    return jax.random.uniform(jax.random.key(1), (batch, size, size, channels), float, 0.1, 1)


def test_translation_shifts_by_an_eighth_at_most_and_lets_zeros_in():
    x = images(64, size=16, channels=1)
    found = np.asarray(jax.jit(translation)(jax.random.key(0), x))
    padded = np.pad(x, ((0, 0), (2, 2), (2, 2), (0, 0)))
    shifts = []
    for mine, whole in zip(found, padded, strict=True):
        fits = [(i, j) for i in range(5) for j in range(5) if np.array_equal(mine, whole[i : i + 16, j : j + 16])]
        assert len(fits) == 1
        shifts += fits
    assert {i for i, _ in shifts} == {j for _, j in shifts} == set(range(5))
    assert len(set(shifts)) > 12


def test_cutout_zeroes_a_box_of_half_the_size_which_may_hang_over_the_edge():
    x = images(64, size=16)
    found = np.asarray(jax.jit(cutout)(jax.random.key(0), x))
    areas = []
    for mine, whole in zip(found, np.asarray(x), strict=True):
        gone = np.all(mine == 0, axis=-1)
        np.testing.assert_array_equal(mine[~gone], whole[~gone])
        rows, columns = np.flatnonzero(gone.any(1)), np.flatnonzero(gone.any(0))
        assert gone.sum() == len(rows) * len(columns) == np.ptp(rows + 0) * len(columns) + len(columns)
        for along in (rows, columns):
            assert len(along) == 8 or along[0] == 0 or along[-1] == 15
            assert 4 <= len(along) <= 8
        areas.append(gone.mean())
    assert max(areas) == 1 / 4
    assert min(areas) < 1 / 8


def test_colour_moves_mean_saturation_and_contrast_of_each_sample_by_one_number_each():
    x = images(200, size=4)
    found = jax.jit(colour)(jax.random.key(0), x)
    shift = np.asarray(found.mean((1, 2, 3)) - x.mean((1, 2, 3)))
    assert np.abs(shift).max() <= 0.5 + 1e-6 and shift.min() < -0.4 and shift.max() > 0.4
    grey, chroma = x.mean(3, keepdims=True), x - x.mean(3, keepdims=True)
    new_grey, new_chroma = found.mean(3, keepdims=True), found - found.mean(3, keepdims=True)
    centred, new_centred = (g - g.mean((1, 2, 3), keepdims=True) for g in (grey, new_grey))
    contrast = np.asarray((new_centred * centred).sum((1, 2, 3)) / (centred**2).sum((1, 2, 3)))
    np.testing.assert_allclose(new_centred, contrast[:, None, None, None] * centred, atol=1e-5)
    assert contrast.min() >= 0.499 and contrast.max() <= 1.501 and np.ptp(contrast) > 0.9
    saturation = np.asarray((new_chroma * chroma).sum((1, 2, 3)) / (chroma**2).sum((1, 2, 3))) / contrast
    want = (saturation * contrast)[:, None, None, None] * chroma
    np.testing.assert_allclose(new_chroma, want, atol=1e-5)
    assert saturation.min() >= -1e-3 and saturation.max() <= 2.001 and np.ptp(saturation) > 1.8


def test_colour_of_one_channel_is_brightness_and_contrast():
    x = images(4, size=4, channels=1)
    key = jax.random.key(0)
    brightness, _, contrast = (jax.random.uniform(k, (4, 1, 1, 1)) for k in jax.random.split(key, 3))
    mean = x.mean((1, 2, 3), keepdims=True)
    want = (x - mean) * (contrast + 0.5) + mean + brightness - 0.5
    np.testing.assert_allclose(colour(key, x), want, atol=1e-6)


def oblong(batch=64, channels=2):
    """Pictures of 12 x 8, no two pixels of which are alike."""
    return jnp.arange(batch * 12 * 8 * channels, dtype=float).reshape(batch, 12, 8, channels)


def matches(found, candidates):
    """Which of the candidates each picture is."""
    return [
        next(i for i, one in enumerate(every) if np.array_equal(mine, one))
        for mine, *every in zip(found, *candidates, strict=True)
    ]


def test_flip_exchanges_left_and_right_in_half_of_the_pictures_and_twice_gives_them_back():
    x = oblong()
    found = np.asarray(jax.jit(flip)(jax.random.key(0), x))
    which = matches(found, (np.asarray(x), np.asarray(x)[:, :, ::-1]))
    assert 20 < sum(which) < 44
    np.testing.assert_array_equal(flip(jax.random.key(0), jnp.asarray(found)), x)


def test_rotation_is_by_each_quarter_turn_and_four_give_the_picture_back():
    x = oblong()[:, :8]
    found = np.asarray(jax.jit(rotation)(jax.random.key(0), x))
    turned = [np.rot90(np.asarray(x), k, axes=(1, 2)) for k in range(4)]
    assert {0, 1, 2, 3} == set(matches(found, turned))
    again = x
    for _ in range(4):
        again = rotation(jax.random.key(0), again)
    np.testing.assert_array_equal(again, x)
    with pytest.raises(UserError, match="'rotation' turns square pictures, and these are of 12x8"):
        rotation(jax.random.key(0), oblong())


def test_shift_moves_by_an_eighth_at_most_and_reflects_at_the_edge():
    """As NumPy pads: the edge itself is not repeated, and nothing wraps."""
    x = jnp.arange(256 * 16 * 8, dtype=float).reshape(256, 16, 8, 1)
    found = np.asarray(jax.jit(shift)(jax.random.key(0), x))
    padded = np.pad(np.asarray(x), ((0, 0), (2, 2), (1, 1), (0, 0)), mode="reflect")
    moves = [(i, j) for i in range(5) for j in range(3)]
    which = [moves[k] for k in matches(found, [padded[:, i : i + 16, j : j + 8] for i, j in moves])]
    down, across = (np.bincount([move[axis] for move in which]) / 256 for axis in (0, 1))
    np.testing.assert_allclose(down, [1 / 8, 1 / 4, 1 / 4, 1 / 4, 1 / 8], atol=0.09)  # U(-2, 2), rounded
    np.testing.assert_allclose(across, [1 / 4, 1 / 2, 1 / 4], atol=0.09)
    mirrored = which.index((0, 1))  # by two rows down
    np.testing.assert_array_equal(found[mirrored][:2], np.asarray(x)[mirrored][[2, 1]])


def test_luma_exchanges_light_and_dark_in_half_of_the_pictures_and_twice_gives_them_back():
    x, key = images(64, size=4), jax.random.key(0)
    found = jax.jit(luma)(key, x)
    dark = x - 2 * x.mean(3, keepdims=True)
    which = np.asarray(jnp.abs(found - dark).max((1, 2, 3)) < 1e-6)
    assert 20 < which.sum() < 44
    np.testing.assert_array_equal(found[~which], x[~which])
    np.testing.assert_allclose(luma(key, found), x, atol=1e-6)
    grey = images(4, size=2, channels=1)
    assert set(np.ravel(luma(key, grey) / grey).round(5)) == {-1, 1}


def test_hue_turns_colours_about_grey_by_any_angle():
    x = images(200, size=3) - 0.5
    found = np.asarray(jax.jit(hue)(jax.random.key(0), x))
    np.testing.assert_allclose(found.mean(3), x.mean(3), atol=1e-6)
    np.testing.assert_allclose(np.linalg.norm(found, axis=3), np.linalg.norm(x, axis=3), atol=1e-5)
    red = jnp.broadcast_to(jnp.array([1.0, 0, 0]), (200, 1, 1, 3))  # by 120 degrees red is green or blue
    turned = np.asarray(hue(jax.random.key(0), red))[:, 0, 0]
    angles = np.arctan2((turned[:, 1] - turned[:, 2]) * 3**0.5 / 2, turned[:, 0] - turned[:, 1:].mean(1))
    assert angles.min() < -2.9 and angles.max() > 2.9 and np.abs(np.mean(angles)) < 0.4
    for angle, colours in zip(angles, turned, strict=True):
        np.testing.assert_allclose(
            colours, [(1 + 2 * np.cos(angle - third)) / 3 for third in (0, 2 * np.pi / 3, -2 * np.pi / 3)], atol=1e-5
        )
    grey = images(4, channels=1)
    np.testing.assert_array_equal(hue(jax.random.key(0), grey), grey)


def test_noise_has_one_size_a_picture():
    x = images(400, size=16)
    added = np.asarray(jax.jit(noise)(jax.random.key(0), x) - x)
    sizes = added.std((1, 2, 3))
    assert np.abs(added.mean()) < 0.005
    assert abs(sizes.mean() - 0.1 * (2 / np.pi) ** 0.5) < 0.01 and abs((sizes**2).mean() - 0.01) < 0.003


def test_geometry_by_hand(monkeypatch):
    """No change, a quarter turn in two halves, and a shift by whole pixels move pixels to where they belong."""
    x, none = oblong(3)[:, :8], jnp.zeros((2, 3))
    drawn = {"scales": none, "angles": none, "shifts": jnp.zeros((3, 2))}
    monkeypatch.setattr(jax.random, "normal", lambda key, shape, dtype: drawn["scales" if shape == (2, 3) else "shifts"])
    monkeypatch.setattr(jax.random, "uniform", lambda key, shape, dtype, least, most: drawn["angles"])
    np.testing.assert_allclose(geometry(jax.random.key(0), x), x, rtol=1e-6)
    drawn["angles"] = jnp.full((2, 3), jnp.pi / 4)
    np.testing.assert_allclose(geometry(jax.random.key(0), x), jnp.rot90(x, -1, axes=(1, 2)), rtol=1e-4, atol=1e-2)
    drawn["angles"], drawn["shifts"] = none, jnp.array([[1.0, 0.0]] * 3)  # times an eighth of 8 rows
    rows = [*range(1, 8), 6]  # one row up; the last is reflected
    np.testing.assert_allclose(geometry(jax.random.key(0), x), x[:, rows], rtol=1e-5)


def test_geometry_scales_turns_and_moves_a_spot():
    """A spot in the middle of a dark picture: how far it goes and how large it becomes, over many draws."""
    n, size = 300, 33
    rows, columns = np.mgrid[:size, :size] - size // 2
    spot = np.exp(-(rows**2 + 2 * columns**2) / 20)[None, :, :, None]  # longer along the rows
    found = np.asarray(jax.jit(geometry)(jax.random.key(0), jnp.asarray(np.repeat(spot, n, 0), jnp.float32)))[..., 0]
    at = np.array([np.unravel_index(one.argmax(), one.shape) for one in found]) - size // 2
    inside = (np.abs(at) < size // 2 - 3).all(1)
    assert inside.mean() > 0.9
    assert 3 < at[inside].std() < 7  # .125 of 33 rows, over the scale
    areas = found[inside].sum((1, 2)) / spot.sum()
    assert 0.15 < np.log2(areas).std() / 2 < 0.25  # of the scale, 2^N(0, .2^2)
    assert np.median(areas) == pytest.approx(1, abs=0.1)


@pytest.mark.parametrize("channels", [2, 4])
def test_colour_leaves_alpha_alone(channels):
    x = images(8, size=4, channels=channels)
    found = colour(jax.random.key(0), x)
    np.testing.assert_array_equal(found[..., -1], x[..., -1])
    np.testing.assert_array_equal(found[..., :-1], colour(jax.random.key(0), x[..., :-1]))
    assert np.all(found[..., :-1] != x[..., :-1])
    for kind in (luma, hue):
        np.testing.assert_array_equal(kind(jax.random.key(0), x)[..., -1], x[..., -1])
        np.testing.assert_array_equal(kind(jax.random.key(0), x)[..., :-1], kind(jax.random.key(0), x[..., :-1]))


@pytest.mark.parametrize("kind", sorted(set(KINDS) - {"rotation"}))
@pytest.mark.parametrize("channels", [1, 5])
def test_pictures_of_any_shape_and_channels_keep_theirs(kind, channels):
    x = jnp.ones((3, 5, 11, channels))
    assert jax.eval_shape(KINDS[kind], jax.random.key(0), x).shape == x.shape


def test_each_kind_is_applied_to_each_sample_with_the_probability_that_is_given():
    """To all of them at 1, to none at 0, to as many as that between, each kind by itself; always where none is given."""
    seen = []

    class Watching(FcCritic):
        def score(self, samples, train):
            seen.append(np.asarray(samples))
            return super().score(samples, train)

    module = AugmentedCritic(Watching((8, 8, 3), hidden_dim=2, dropout=0.0), ("cutout", "colour"))
    x, labels = images(400), jnp.zeros(400, jnp.int32)
    variables = module.init(jax.random.key(0), x[:1], labels[:1])

    def share(probability):
        given = None if probability is None else jnp.asarray(probability)
        passed = {**variables, **with_probability(given)}
        module.apply(passed, x, labels, train=True, rngs={"augment": jax.random.key(5)})
        rows = seen[-1].reshape(400, 3, 64)  # (B, C, H W), as a flat critic sees them
        plain = np.asarray(x).transpose(0, 3, 1, 2).reshape(400, 3, 64)
        return np.any(rows != plain, axis=(1, 2)).mean()

    assert share(0.0) == 0 and share(1.0) == share(None) == 1
    assert 0.43 < share(0.3) < 0.59  # 1 - .7^2 = .51


@pytest.mark.parametrize("kind", KINDS)
def test_gradients_flow_through_every_augmentation(kind):
    with jax.enable_x64(True):
        x, key = images(3, size=8), jax.random.key(0)
        direction = jax.random.normal(jax.random.key(2), x.shape, float)
        value = jax.jit(lambda x: jnp.sin(KINDS[kind](key, x)).sum())
        slope = (value(x + 1e-6 * direction) - value(x - 1e-6 * direction)) / 2e-6
        np.testing.assert_allclose((jax.grad(value)(x) * direction).sum(), slope, rtol=1e-6)


@pytest.mark.parametrize("n_classes", [0, N_CLASSES])
def test_the_augmented_critic_sees_augmented_samples_in_training_and_only_there(n_classes):
    seen = []

    class Watching(FcCritic):
        def score(self, samples, train):
            seen.append(samples)
            return super().score(samples, train)

    inner = Watching((8, 8, 3), hidden_dim=2, dropout=0.0, n_classes=n_classes)
    module = AugmentedCritic(inner, ("translation", "cutout"))
    variables = jax.jit(module.init)(jax.random.key(0), *module.example_inputs())
    x = images()

    def ask(seed, **how):
        output = module.apply(variables, x, LABELS, rngs={"augment": jax.random.key(seed)}, **how)
        return np.asarray(output.score)

    plain = np.asarray(inner.apply({"params": variables["params"]["critic"]}, x, LABELS).score)
    np.testing.assert_array_equal(ask(0), plain)
    np.testing.assert_array_equal(ask(0, train=True), ask(0, train=True))
    assert np.all(np.abs(ask(0, train=True) - plain) > 1e-6)
    assert np.any(ask(0, train=True) != ask(1, train=True))
    pixels = seen[-1][:, : 8 * 8 * 3]
    assert set(np.ravel(pixels).tolist()) <= {0.0, *np.ravel(x).tolist()}
    assert np.mean(pixels == 0) > 1 / 16
    np.testing.assert_array_equal(
        AugmentedCritic(inner, ()).apply(variables, x, LABELS, train=True).score,
        inner.apply({"params": variables["params"]["critic"]}, x, LABELS, train=True).score,
    )


def test_whether_a_picture_is_augmented_and_how_are_drawn_apart():
    """Flipped with probability 1/2 where chosen with probability 1/2: a quarter, and not a half, as of one draw for both."""
    n = 4000

    class FirstPixel(nn.Module):
        def __call__(self, samples, labels, *, train=False):
            return CriticOutput(score=samples[:, 0, 0, 0])

    pictures = jnp.broadcast_to(jnp.array([0.0, 1.0]).reshape(1, 1, 2, 1), (n, 1, 2, 1))  # flipped: 1 in front
    critic = AugmentedCritic(FirstPixel(), ("flip",))
    flipped = critic.apply(
        with_probability(jnp.asarray(0.5)), pictures, jnp.zeros(n, int), train=True, rngs={"augment": jax.random.key(0)}
    )
    assert abs(float(flipped.score.mean()) - 0.25) < 4 * (0.25 * 0.75 / n) ** 0.5
