"""Latents of seeds, truncated, on paths and on walks."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxgan.engine.draws import draw_latents
from jaxgan.engine.latents import closed_walk, path_through, seed_latents, stations_of, truncated
from jaxgan.errors import UserError


def test_the_latent_of_a_seed_is_that_of_its_key_whatever_the_others_are():
    seeds = [7, 0, 2**32 - 1, 77]
    latents = np.asarray(seed_latents(seeds, 5))
    for seed, latent in zip(seeds, latents, strict=True):
        np.testing.assert_array_equal(latent, draw_latents(jax.random.key(seed), 1, 5)[0])
        np.testing.assert_array_equal(latent, seed_latents([seed], 5)[0])


def test_truncation_brings_latents_nearer_to_their_mean_which_is_zero():
    latents = seed_latents(range(3), 4)
    np.testing.assert_allclose(truncated(latents, 0.7), 0.7 * latents)
    assert not np.asarray(truncated(latents, 0.0)).any()
    for wrong in (-0.1, 2.5, float("nan")):
        with pytest.raises(UserError, match="truncation"):
            truncated(latents, wrong)


def test_a_path_goes_on_great_circles_from_station_to_station():
    stations = jnp.array([[3.0, 0], [0, 1], [-2, 0]])
    path = np.asarray(path_through(stations, 3))  # two legs of three, which share one
    half = np.sqrt(0.5)  # a quarter turn, half way; lengths in proportion
    np.testing.assert_allclose(path, [[3, 0], [2 * half, 2 * half], [0, 1], [-1.5 * half, 1.5 * half], [-2, 0]], atol=1e-5)


def test_smooth_easing_is_slow_at_each_station():
    stations = jnp.array([[1.0, 0], [0, 1], [-1, 0]])
    x, y = np.asarray(path_through(stations, 5, "smooth")).T
    t = np.array([0, 1, 2, 3, 4, 5, 6, 7, 8]) / 4
    share = np.floor(t) + [3 * (s % 1) ** 2 - 2 * (s % 1) ** 3 for s in t]
    np.testing.assert_allclose(np.unwrap(np.arctan2(y, x)), np.pi / 2 * share, atol=1e-5)


def test_a_closed_walk_is_smooth_ends_where_it_began_and_its_latents_are_as_in_training():
    n = 60
    walks = np.stack([closed_walk(seed, n, 40) for seed in range(8)])  # (walks, n, 40)
    steps = np.linalg.norm(np.diff(walks, axis=1, append=walks[:, :1]), axis=2)
    assert steps.max() < 0.6 * np.linalg.norm(walks, axis=2).mean()
    assert 0.5 < (steps[:, -1] / steps[:, :-1].mean(1)).mean() < 2  # from the last to the first as anywhere
    np.testing.assert_allclose(walks.mean(), 0, atol=0.1)
    np.testing.assert_allclose(walks[:, 0].std(), 1, atol=0.1)
    np.testing.assert_allclose(walks[:, 7].std(), 1, atol=0.1)


def test_stations_are_those_of_seeds_or_one_for_all_labels():
    np.testing.assert_array_equal(stations_of(3, [4, 5], None, 2), seed_latents([4, 5], 2))
    np.testing.assert_array_equal(stations_of(3, None, ["a", "b"], 2), seed_latents([3, 3], 2))
    np.testing.assert_array_equal(stations_of(3, None, None, 2), draw_latents(jax.random.key(3), 2, 2))
    for seeds, labels in (([4], None), ([4, 5, 6], ["a", "b"]), (None, ["a"])):
        with pytest.raises(UserError, match="a path goes through at least two"):
            stations_of(3, seeds, labels, 2)
