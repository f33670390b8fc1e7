"""Metrics of points in the plane and of generators, against POT, scipy and closed forms."""

import jax
import jax.numpy as jnp
import numpy as np
import ot
import pytest
from scipy.stats import multivariate_normal, wasserstein_distance

from jaxgan.errors import UserError
from jaxgan.metrics.coverage import lab_mode_coverage, mode_coverage
from jaxgan.metrics.divergence import divergences
from jaxgan.metrics.manifold import precision_recall_density_coverage
from jaxgan.metrics.path_length import path_length, slerp
from jaxgan.metrics.transport import sliced_wasserstein, wasserstein1


def normal(n: int, d: int = 2, shift: float = 0.0, scale: float = 1.0, seed: int = 0) -> np.ndarray:
    return shift + scale * np.random.default_rng(seed).normal(size=(n, d))


# Transport


def test_wasserstein_of_a_shift_is_its_length():
    x = normal(60)
    np.testing.assert_allclose(wasserstein1(x, x + np.array([3, 4])), 5, rtol=1e-9)
    assert wasserstein1(x, x) < 1e-12


def test_wasserstein_in_one_dimension_is_scipys():
    x, y = normal(40, d=1), normal(70, d=1, shift=1.0, seed=1)
    np.testing.assert_allclose(wasserstein1(x, y), wasserstein_distance(x[:, 0], y[:, 0]), rtol=1e-9)
    np.testing.assert_allclose(sliced_wasserstein(x, y, projections=3), wasserstein_distance(x[:, 0], y[:, 0]), rtol=1e-5)


def test_more_than_the_cap_is_refused():
    with pytest.raises(UserError, match="at most 50 of each"):
        wasserstein1(normal(60), normal(10), cap=50)


@pytest.mark.parametrize(("n", "m", "order"), [(300, 300, 1), (300, 300, 2), (300, 200, 2)])
def test_sliced_wasserstein_is_that_of_pot_along_the_same_directions(n, m, order):
    x, y = normal(n, d=5), normal(m, d=5, shift=0.5, scale=2.0, seed=1)
    directions = np.random.default_rng(0).normal(size=(5, 100)).astype(np.float32)
    directions /= np.linalg.norm(directions, axis=0)
    theirs = ot.sliced_wasserstein_distance(x, y, projections=directions.astype(float), p=order)
    np.testing.assert_allclose(sliced_wasserstein(x, y, order=order, projections=100), theirs, rtol=1e-4)


# Divergences


def density(x):
    return multivariate_normal(np.zeros(2), np.eye(2)).logpdf(x)


def test_divergences_against_the_exact_density():
    """One normal distribution against another: KL((m, s^2 I) || (0, I)) = s^2 - 1 - 2 log s + |m|^2 / 2 in the plane."""
    box = {"low": (-6, -6), "high": (6, 6), "cells": 30}
    same = divergences(normal(200_000), density, **box)
    assert max(same[:3]) < 0.01 and same.outside < 1e-4
    shifted = divergences(normal(200_000, shift=0.5), density, **box)
    np.testing.assert_allclose(shifted.kl, 0.25, rtol=0.1)  # (.5^2 + .5^2) / 2
    narrow = divergences(normal(200_000, scale=0.7), density, **box)
    np.testing.assert_allclose(narrow.kl, 0.49 - 1 - 2 * np.log(0.7), rtol=0.15)


def test_far_points_count_and_the_ends_are_bounded():
    far = divergences(np.full((100, 2), 50.0), density, low=(-6, -6), high=(6, 6))
    assert far.outside == 1
    np.testing.assert_allclose(far.jensen_shannon, np.log(2), rtol=0.02)
    assert np.isfinite(far).all()


# Coverage


def test_the_labs_rule_is_satisfied_by_noise():
    rng = np.random.default_rng(0)
    centres = np.array([[x, y] for x in (-0.8, 0, 0.8) for y in (-0.8, 0, 0.8)])
    real = centres[np.arange(900) % 9] + 0.02 * rng.normal(size=(900, 2))
    assert lab_mode_coverage(real, real, 9) == 1
    assert lab_mode_coverage(real, real[::9], 9) == pytest.approx(1 / 9)
    noise = rng.uniform(-1, 1, (3000, 2))
    assert lab_mode_coverage(real, noise, 9) == 1  # and therefore it ranks nothing
    assert mode_coverage(noise, centres, 0.02).high_quality < 0.1


# Path length


def test_path_length_of_a_linear_generator():
    """f(G(z)) = a z, one dimension apart from lengths: the speed along the great circle, a^2 |z|^2 angle^2 where lengths agree."""
    a, b = jnp.array([[1.0, 0.0], [0.0, 2.0]]), jnp.array([[0.0, 1.0], [2.0, 0.0]])
    np.testing.assert_allclose(slerp(a, b, jnp.array([0.5, 0.5])), [[0.5**0.5, 0.5**0.5], [2**0.5, 2**0.5]], rtol=1e-5)
    np.testing.assert_allclose(slerp(a, a, jnp.array([0.3, 0.3])), a, rtol=1e-6)
    one, three = (
        path_length(lambda z, s=s: s * z, lambda x: x, jax.random.key(0), 8, samples=400, batch=100, epsilon=1e-2)
        for s in (1.0, 3.0)
    )
    np.testing.assert_allclose(three.mean, 9 * one.mean, rtol=1e-3)
    a, b = np.asarray(jax.random.normal(jax.random.key(5), (2, 20_000, 8)))
    lengths = [np.linalg.norm(v, axis=1) for v in (a, b)]
    angle = np.arccos((a * b).sum(1) / lengths[0] / lengths[1])
    t = np.random.default_rng(0).uniform(size=len(a))
    squared = ((1 - t) * lengths[0] + t * lengths[1]) ** 2 * angle**2 + (lengths[1] - lengths[0]) ** 2
    low, high = np.percentile(squared, [1, 99])
    np.testing.assert_allclose(one.mean, squared[(squared >= low) & (squared <= high)].mean(), rtol=0.1)
    assert path_length(lambda z: 0 * z, lambda x: x, jax.random.key(0), 4, samples=50, batch=25).mean == 0


def test_neighbours_within_narrow_modes_are_not_lost_to_rounding():
    """Points on ring8, whose modes are a hundredth wide and a unit from 0, against scipy's tree in float64."""
    from scipy.spatial import cKDTree

    chance = np.random.default_rng(0)
    angles = 2 * np.pi * chance.integers(0, 8, (2, 4000)) / 8
    real, fake = np.stack([np.cos(angles), np.sin(angles)], -1) + np.array([0.01, 0.002])[:, None, None] * chance.normal(
        size=(2, 4000, 2)
    )
    reach = [cKDTree(x).query(x, 6)[0][:, 5] for x in (real, fake)]
    within = np.array([len(found) for found in cKDTree(fake).query_ball_point(real, reach[0])])
    covered = (within > 0).mean()
    recall = np.mean([len(found) > 0 for found in _reached(real, fake, reach[1])])
    found = precision_recall_density_coverage(real, fake)
    np.testing.assert_allclose(found.density, within.sum() / len(fake) / 5, rtol=2e-3)
    np.testing.assert_allclose((found.coverage, found.recall), (covered, recall), atol=1e-3)


def _reached(real, fake, reach):
    """For each real point the generated ones whose reach holds it."""
    held = [[] for _ in real]
    from scipy.spatial import cKDTree

    for j, rows in enumerate(cKDTree(real).query_ball_point(fake, reach)):
        for row in rows:
            held[row].append(j)
    return held
