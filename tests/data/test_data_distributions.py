"""The two-dimensional distributions: densities, samples, centres, scales."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxgan.data import DATASETS, load, mixtures

CENTRES = {
    "ring8": [(np.cos(a), np.sin(a)) for a in np.arange(8) * np.pi / 4],
    "grid25": [(x, y) for x in (-4, -2, 0, 2, 4) for y in (-4, -2, 0, 2, 4)],
    "mixture4": [(0, 0), (5, 5), (5, -5), (-5, 5)],
    "mixture8": [(0, 0), (5, 5), (5, -5), (-5, 5), (-5, -5), (0, 5), (5, 0), (-5, 0)],
    "mixture9": [(0, 0), (5, 5), (5, -5), (-5, 5), (-5, -5), (0, 5), (5, 0), (-5, 0), (0, -5)],
    "mixture16": [(x, y) for x in (-7.5, -2.5, 2.5, 7.5) for y in (-7.5, -2.5, 2.5, 7.5)],
    "mixture32": [(-17.5 + 5 * i, -7.5 + 5 * j) for i in range(8) for j in range(4)],
    "gaussian": [(0, 0)],
}
STD = {"ring8": 0.01, "grid25": 0.05, "gaussian": 1.0}  # .5 for the mixtures
SCALE = {
    "ring8": (0.8, 0.8),
    "grid25": (0.2, 0.2),
    "mixture4": (0.9 / 7, 0.9 / 7),
    "mixture8": (0.9 / 7, 0.9 / 7),
    "mixture9": (0.9 / 7, 0.9 / 7),
    "mixture16": (0.9 / 9.5, 0.9 / 9.5),
    "mixture32": (0.9 / 19.5, 0.9 / 9.5),
    "gaussian": (0.25, 0.25),
}
ALL = [*CENTRES, "swiss_roll"]


N = 20_000


def law(name):
    return load(name).distribution


@functools.cache
def drawn(name):
    """N points in model coordinates and in units, and their labels."""
    distribution = law(name)
    points, labels = jax.jit(lambda key: distribution.sample(key, N))(jax.random.key(7))
    return np.asarray(points), np.asarray(points / distribution.scale), np.asarray(labels)


@pytest.mark.parametrize("name", CENTRES)
def test_centres_std_and_scale_are_those_stated(name):
    distribution = law(name)
    np.testing.assert_allclose(distribution.centres, CENTRES[name], atol=1e-12)
    assert distribution.std == STD.get(name, 0.5)
    np.testing.assert_allclose(distribution.scale, SCALE[name])
    assert distribution.name == name


@pytest.mark.parametrize("name", ALL)
def test_a_fresh_data_set_has_no_samples_but_a_law(name):
    dataset = load(name)
    assert dataset.samples is None
    assert dataset.labels is None
    assert dataset.size is None
    assert dataset.is_points
    assert dataset.sample_shape == (2,)
    assert dataset.n_classes == (0 if name in ("swiss_roll", "gaussian") else len(CENTRES[name]))


@pytest.mark.parametrize("name", ["gaussian", "mixture4", "mixture32", "swiss_roll"])
def test_density_integrates_to_one(name):
    distribution = law(name)
    reach = 1.15 / distribution.scale if name != "gaussian" else np.array([6.0, 6.0])
    # At most half a std between the points of the grid: the rectangle rule is then exact to 1e-8 for a normal.
    axes = [np.linspace(-r, r, int(4 * r / distribution.std) + 2) for r in reach]
    log_density = jax.jit(distribution.log_density)
    column = jnp.stack([jnp.zeros(len(axes[1])), jnp.asarray(axes[1])], axis=1)
    sums = [jnp.exp(log_density(column.at[:, 0].set(x))).sum() for x in axes[0]]
    cell = np.prod([axis[1] - axis[0] for axis in axes])
    assert float(sum(sums)) * cell == pytest.approx(1, abs=2e-5)


@pytest.mark.parametrize("name", ["ring8", "grid25"])
def test_narrow_modes_integrate_to_their_weight(name):
    distribution = law(name)
    offset = np.linspace(-6, 6, 25) * distribution.std
    around = np.stack(np.meshgrid(offset, offset), -1).reshape(-1, 2)
    for centre in distribution.centres[[0, 3, -1]]:
        mass = np.exp(distribution.log_density(centre + around)).sum() * (offset[1] - offset[0]) ** 2
        assert mass == pytest.approx(1 / len(distribution.centres), rel=1e-3)


@pytest.mark.parametrize("name", ["mixture8", "swiss_roll", "gaussian"])
def test_samples_fall_where_the_density_says(name):
    distribution = law(name)
    n, cells, fine = N, 12, 24
    _, points, _ = drawn(name)
    reach = 1 / distribution.scale
    edges = [np.linspace(-r, r, cells + 1) for r in reach]
    seen, *_ = np.histogram2d(points[:, 0], points[:, 1], edges)
    middles = [-r + (np.arange(cells * fine) + 0.5) * 2 * r / (cells * fine) for r in reach]
    grid = np.stack(np.meshgrid(*middles, indexing="ij"), -1).reshape(-1, 2)
    log_density = jax.jit(distribution.log_density)
    density = np.concatenate([log_density(part) for part in np.split(grid, 12)])
    mass = np.exp(density).reshape(cells, fine, cells, fine).sum((1, 3)) * np.prod(2 * reach / (cells * fine))
    expected = n * mass
    busy = expected > 5
    z = (seen[busy] - expected[busy]) / np.sqrt(expected[busy])
    assert np.mean(z**2) < 1.6
    assert np.abs(z).max() < 5
    assert seen[~busy].sum() < expected[~busy].sum() + 5 * np.sqrt(expected[~busy].sum()) + 5


@pytest.mark.parametrize("name", [n for n in ALL if n != "swiss_roll"])
def test_entropy_of_well_separated_modes(name):
    distribution = law(name)
    entropy = -float(jax.jit(distribution.log_density)(drawn(name)[1]).mean())
    exact = np.log(len(distribution.centres)) + np.log(2 * np.pi * np.e * distribution.std**2)
    assert entropy == pytest.approx(exact, abs=0.03)


@pytest.mark.parametrize("name", ALL)
def test_labels_name_the_mode_of_each_point_and_modes_are_equally_likely(name):
    distribution = law(name)
    points, units, labels = drawn(name)
    assert points.shape == (N, 2)
    assert labels.shape == (N,)
    assert labels.dtype == np.int32
    if not len(distribution.centres):
        assert not labels.any()
        return
    offset = units - distribution.centres[labels]
    assert offset.std(axis=0) == pytest.approx([distribution.std] * 2, rel=0.03)
    assert np.abs(offset).max() < 6 * distribution.std
    modes = len(distribution.centres)
    counts = np.bincount(labels, minlength=modes)
    assert np.abs(counts - N / modes).max() < 5 * np.sqrt(N / modes)


@pytest.mark.parametrize("name", [n for n in ALL if n != "gaussian"])
def test_a_tanh_generator_reaches_all_modes(name):
    points, _, _ = drawn(name)
    inside = np.abs(points).max(axis=1) < 0.97
    assert inside.mean() > 0.9999
    assert np.abs(points).max() > 0.75  # and the square is made use of


def test_swiss_roll_follows_scikit_learns_law():
    from sklearn.datasets import make_swiss_roll

    theirs = make_swiss_roll(n_samples=N, noise=0.25, random_state=0)[0][:, [0, 2]] / 7.5
    _, ours, _ = drawn("swiss_roll")
    # The largest gap between the marginals' two distribution functions (Kolmogorov-Smirnov).
    for axis in (0, 1):
        place = np.sort(theirs[:, axis])
        gap = np.abs(np.searchsorted(np.sort(ours[:, axis]), place) - np.arange(N)) / N
        assert gap.max() < 1.95 * np.sqrt(2 / N)  # passed by equal laws 999 times in 1,000


def test_swiss_roll_density_equals_a_finer_integral():
    rng = np.random.default_rng(0)
    grid = rng.uniform(-2.2, 2.2, (200, 2))
    t, step = np.linspace(1.5 * np.pi, 4.5 * np.pi, 20_001, retstep=True)
    t = (t[1:] + t[:-1]) / 2  # the midpoint rule
    curve = np.stack([t * np.cos(t), t * np.sin(t)], axis=1) / 7.5
    std = 0.25 / 7.5
    exponent = -((grid[:, None] - curve) ** 2).sum(-1) / (2 * std**2)
    largest = exponent.max(axis=1)
    exact = largest + np.log(np.exp(exponent - largest[:, None]).sum(axis=1) * step)
    exact -= np.log(3 * np.pi) + np.log(2 * np.pi * std**2)
    with jax.enable_x64(True):
        np.testing.assert_allclose(law("swiss_roll").log_density(grid), exact, rtol=1e-4, atol=1e-4)
    near = exact > -20
    np.testing.assert_allclose(law("swiss_roll").log_density(grid.astype(np.float32))[near], exact[near], atol=2e-3)


def test_density_at_a_centre_has_its_closed_form():
    ring = mixtures.ring8
    peak = ring.log_density(ring.centres[:1])
    assert float(peak[0]) == pytest.approx(-np.log(8) - np.log(2 * np.pi * 1e-4), abs=1e-5)


def test_sampling_and_density_compile_and_map():
    ring = mixtures.ring8
    keys = jax.random.split(jax.random.key(0), 3)
    points, labels = jax.jit(jax.vmap(lambda key: ring.sample(key, 5)))(keys)
    assert points.shape == (3, 5, 2)
    assert labels.shape == (3, 5)
    alone, _ = ring.sample(keys[1], 5)  # eagerly
    np.testing.assert_allclose(points[1], alone, rtol=1e-5)
    assert np.isfinite(jax.jit(jax.vmap(lambda p: ring.log_density(ring.to_units(p))))(points)).all()
    assert isinstance(hash(ring), int)
    static = jax.jit(lambda law, key: law.sample(key, 2)[0], static_argnums=0)
    assert static(ring, keys[0]).shape == (2, 2)


@pytest.mark.parametrize("name", ["ring8", "swiss_roll"])
def test_draws_are_double_under_x64_and_single_without(name):
    assert drawn(name)[0].dtype == np.float32
    with jax.enable_x64(True):
        points, labels = jax.eval_shape(lambda key: law(name).sample(key, 3), jax.random.key(0))
        assert points.dtype == jnp.float64
        assert labels.dtype == jnp.int32
        assert jax.eval_shape(law(name).log_density, points).dtype == jnp.float64


@pytest.mark.parametrize("name", ALL)
def test_units_and_model_coordinates_are_inverse(name):
    points = np.random.default_rng(0).normal(size=(7, 2)).astype(np.float32)
    distribution = law(name)
    np.testing.assert_allclose(distribution.to_units(distribution.to_model(points)), points, rtol=1e-6)
    np.testing.assert_allclose(distribution.to_model(points), points * distribution.scale, rtol=1e-6)


@pytest.mark.parametrize("modes", [4, 8])
def test_a_fixed_mixture_is_the_labs_own_sample(modes):
    """Lab 004, 11.1, in the lab's own words."""
    from sklearn.datasets import make_blobs

    centers = np.array([[0, 0], [5, 5], [5, -5], [-5, 5], [-5, -5], [0, 5], [5, 0], [-5, 0], [0, -5]])[:modes]
    X, y = make_blobs(n_samples=1_000, centers=centers, cluster_std=0.5, random_state=42)
    largest = np.abs(X).max(axis=0)
    X = X / np.abs(X).max(axis=0, keepdims=True) * 0.9
    dataset = load(f"mixture{modes}", points=1_000)
    np.testing.assert_array_equal(dataset.samples, X.astype(np.float32))
    np.testing.assert_array_equal(dataset.labels, y)
    assert dataset.samples.dtype == np.float32
    assert dataset.labels.dtype == np.int32
    assert dataset.size == 1_000
    np.testing.assert_allclose(np.abs(dataset.samples).max(axis=0), 0.9, rtol=1e-6)  # each axis by its own largest
    assert largest[0] != largest[1]
    np.testing.assert_allclose(dataset.distribution.scale, 0.9 / largest)
    np.testing.assert_allclose(dataset.distribution.centres, centers)
    units = np.asarray(dataset.distribution.to_units(dataset.samples))
    assert (units - centers[y]).std() == pytest.approx(0.5, rel=0.1)


@pytest.mark.parametrize("name", ["ring8", "swiss_roll"])
def test_other_fixed_samples_are_the_same_every_time_and_follow_the_law(name):
    first, again = load(name, points=500), load(name, points=500)
    np.testing.assert_array_equal(first.samples, again.samples)
    with jax.enable_x64(True):
        double = load(name, points=500)
    np.testing.assert_array_equal(first.samples, double.samples)
    assert first.samples.shape == (500, 2)
    assert first.samples.dtype == np.float32
    assert len(np.unique(first.samples, axis=0)) == 500
    distribution = first.distribution
    log_density = jax.jit(distribution.log_density)
    fixed = log_density(first.samples / distribution.scale)
    assert float(fixed.mean()) == pytest.approx(float(log_density(drawn(name)[1][:500]).mean()), abs=0.25)
    if name == "ring8":
        nearest = np.argmin(((first.samples[:, None] / 0.8 - distribution.centres) ** 2).sum(-1), axis=1)
        np.testing.assert_array_equal(nearest, first.labels)
    else:
        assert first.labels is None
        assert first.n_classes == 0


@pytest.mark.parametrize(
    ("options", "word"), [({"split": "test"}, "split"), ({"image_size": 28}, "image_size"), ({"points": 0}, "points=0")]
)
def test_what_makes_no_sense_for_points_is_refused(refused, options, word):
    assert word in refused(load, "ring8", **options)


def test_an_unknown_name_is_answered_with_the_nearest(refused):
    line = refused(load, "mixture7")
    assert "'mixture7' is not known: did you mean 'mixture" in line
    assert "folder:PATH" in line
    assert "digits" in refused(load, "digit")
    assert set(DATASETS) <= set(refused(load, "x").replace(",", "").split())
    assert "imagenet:cats" in refused(load, "imagenet:cats")
    assert "behind the colon" in refused(load, "npz:")
