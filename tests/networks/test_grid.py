"""Networks on a grid coarser than the pixels, against Pillow's and jax's interpolation and against what orthonormal coordinates are."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from PIL import Image

from jaxgan.errors import UserError
from jaxgan.networks import FcCritic, FcGenerator
from jaxgan.networks.layers import flatten, unflatten
from jaxgan.networks.resampling import Enlargement, Grid, Projection, cubic_interpolation
from jaxgan.settings import Config, resolve

SHAPES = [
    ((28, 28, 1), 10, (10, 10)),
    ((9, 6, 3), 6, (6, 4)),
    ((12, 2), 5, (5,)),
    ((6, 8, 4, 1), 4, (3, 4, 2)),
    ((3, 20, 1), 5, (1, 5)),
    ((8, 6, 2), 5, (5, 4)),
]


@pytest.mark.parametrize(("size", "points"), [(28, 10), (28, 28), (9, 2), (7, 1), (64, 33)])
def test_the_interpolation_is_that_of_pillow_and_of_jax(size, points):
    x = np.random.default_rng(0).standard_normal((5, points)).astype(np.float32)
    ours = x @ cubic_interpolation(size, points).T
    by_pillow = np.asarray(Image.fromarray(x).resize((size, 5), Image.Resampling.BICUBIC))
    np.testing.assert_allclose(ours, by_pillow, atol=2e-6)
    np.testing.assert_allclose(ours, jax.image.resize(x, (5, size), "cubic"), atol=2e-5)
    np.testing.assert_allclose(cubic_interpolation(size, points).sum(1), 1)


@pytest.mark.parametrize(("shape", "points", "size"), SHAPES)
def test_a_grid_keeps_proportions_and_is_never_finer_than_the_pixels(shape, points, size):
    assert Grid(shape, points).size == size
    assert Grid(shape, 1000).size == shape[:-1] and Grid(shape, 1000).holds_all


@pytest.mark.parametrize(("shape", "points", "size"), SHAPES)
def test_an_enlargement_interpolates_along_each_axis(shape, points, size):
    y = np.random.default_rng(1).standard_normal((3, *size, shape[-1])).astype(np.float32)
    expected = jax.image.resize(y, (3, *shape), "cubic")
    made = unflatten(Enlargement(shape, points)(flatten(jnp.asarray(y))), shape)
    np.testing.assert_allclose(made, expected, atol=3e-5)


@pytest.mark.parametrize(("shape", "points", "size"), SHAPES)
def test_a_projection_sees_all_that_was_enlarged_and_of_the_rest_what_is_nearest(shape, points, size):
    enlarge, project = Enlargement(shape, points), Projection(shape, points)
    y, x = (jax.random.normal(jax.random.key(i), (4, n)) for i, n in enumerate((enlarge.features, int(np.prod(shape)))))
    basis = np.asarray(project(jnp.eye(x.shape[1])))  # (pixels, coordinates): Q
    np.testing.assert_allclose(basis.T @ basis, np.eye(basis.shape[1]), atol=1e-5)
    held = np.asarray(enlarge(y))
    np.testing.assert_allclose(project(jnp.asarray(held)) @ basis.T, held, atol=1e-4)
    columns = np.asarray(enlarge(jnp.eye(enlarge.features))).T.astype(float)
    nearest = columns @ np.linalg.lstsq(columns, np.asarray(x, float).T, rcond=None)[0]  # (pixels, B)
    np.testing.assert_allclose(project(x) @ basis.T, nearest.T, atol=1e-4)


@pytest.mark.parametrize("n_classes", [0, 3])
def test_a_critic_on_a_grid_is_blind_to_what_the_grid_cannot_hold_and_keeps_the_norm_of_its_gradient(n_classes):
    shape, labels = (8, 6, 2), jnp.array([0, 2])
    critic = FcCritic(shape, n_classes, hidden_dim=3, working_size=4)
    x = jax.random.normal(jax.random.key(0), (2, *shape))
    variables = critic.init(jax.random.key(1), x, labels)
    project = Projection(shape, 4)
    assert variables["params"]["model"]["layers_0"]["kernel"].shape == (project.features + n_classes, 12)
    basis = np.asarray(project(jnp.eye(96)))
    other = flatten(jax.random.normal(jax.random.key(2), (2, *shape)))
    unseen = unflatten(other - other @ basis @ basis.T, shape)
    score = lambda x: critic.apply(variables, x, labels).score  # noqa: E731
    np.testing.assert_allclose(score(x + unseen), score(x), atol=1e-5)
    assert np.abs(score(x + unflatten(other, shape)) - score(x)).max() > 1e-3
    gradient = flatten(jax.grad(lambda x: score(x).sum())(x))
    of_coordinates = jax.grad(lambda c: score(unflatten(c @ basis.T, shape)).sum())(project(flatten(x)))
    np.testing.assert_allclose(np.linalg.norm(gradient, axis=1), np.linalg.norm(of_coordinates, axis=1), rtol=1e-5)


def test_a_generator_on_a_grid_enlarges_what_it_draws_there_and_clips_what_overshoots():
    shape, z, labels = (9, 6, 2), jax.random.normal(jax.random.key(1), (4, 5)), jnp.zeros(4, jnp.int32)
    generator = FcGenerator(shape, 5, hidden_dim=3, working_size=3)
    variables = generator.init(jax.random.key(0), z, labels)
    plain = FcGenerator((3, 2, 2), 5, hidden_dim=3)  # the same weights on the grid's own pixels
    variables = jax.tree.map(lambda w: 5 * w, variables)  # near -1 and 1, where interpolation overshoots
    enlarged = np.asarray(jax.image.resize(plain.apply(variables, z, labels, train=True), (4, *shape), "cubic"))
    assert np.abs(enlarged).max() > 1.01
    expected = np.clip(enlarged, -1, 1)
    np.testing.assert_allclose(generator.apply(variables, z, labels, train=True), expected, atol=1e-5)


def test_a_linear_output_is_bounded_neither_by_a_tanh_nor_behind_a_grid():
    shape, z, labels = (9, 6, 2), jax.random.normal(jax.random.key(1), (4, 5)), jnp.zeros(4, jnp.int32)
    plain = FcGenerator(shape, 5, hidden_dim=3)
    linear = FcGenerator(shape, 5, hidden_dim=3, output="linear")
    variables = jax.tree.map(lambda w: 3 * w, plain.init(jax.random.key(0), z, labels))
    drawn = linear.apply(variables, z, labels, train=True)
    np.testing.assert_allclose(jnp.tanh(drawn), plain.apply(variables, z, labels, train=True), atol=1e-6)
    on_a_grid = FcGenerator(shape, 5, hidden_dim=3, working_size=3, output="linear")
    variables = jax.tree.map(lambda w: 5 * w, on_a_grid.init(jax.random.key(0), z, labels))
    there = FcGenerator((3, 2, 2), 5, hidden_dim=3, output="linear").apply(variables, z, labels, train=True)
    drawn = np.asarray(on_a_grid.apply(variables, z, labels, train=True))
    assert np.abs(drawn).max() > 1
    np.testing.assert_allclose(drawn, jax.image.resize(there, (4, *shape), "cubic"), atol=1e-4)


@pytest.mark.parametrize("working_size", [None, 9, 50])
def test_a_grid_as_fine_as_the_pixels_is_the_labs_network(working_size):
    shape, labels = (9, 6, 2), jnp.zeros(4, jnp.int32)
    for kind, x in ((FcGenerator, jnp.ones((4, 5))), (FcCritic, jnp.ones((4, *shape)))):
        more = {"latent_dim": 5} if kind is FcGenerator else {}
        plain, other = kind(shape, hidden_dim=3, **more), kind(shape, hidden_dim=3, working_size=working_size, **more)
        programs = [jax.jit(n.apply).lower(n.init(jax.random.key(0), x, labels), x, labels).as_text() for n in (plain, other)]
        assert programs[0] == programs[1]


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"working_size": 0}, "--working-size 0"),
        (
            {"working_size": 10, "network": "dcgan"},
            "--working-size 10 has no meaning for generator 'dcgan' and critic 'dcgan': both must",
        ),
        ({"working_size": 10, "network": "fc", "generator": "lab_conv"}, "both must work on the same grid"),
        ({"working_size": 10, "network": "fc", "critic": "lab_conv"}, "both must work on the same grid"),
    ],
)
def test_what_makes_no_sense_is_refused(fields, message):
    with pytest.raises(UserError, match=message):
        resolve(Config(**{"dataset": "digits", "variant": "gan", **fields}))


def test_other_networks_leave_the_recipes_grid_out():
    recipe = resolve(Config(dataset="digits", variant="wgan_gp", recipe="digits")).config
    assert recipe.working_size
    other = resolve(Config(dataset="digits", variant="wgan_gp", recipe="digits", network="dcgan", hidden_dim=8)).config
    assert other.working_size is None
