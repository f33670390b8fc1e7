"""The modules that wrap a critic or a generator, each against its definition by hand."""

from typing import Any

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax.traverse_util import flatten_dict

from jaxgan.networks import (
    AugmentedCritic,
    ClassifyingCritic,
    MinibatchDiscriminationCritic,
    MixtureGenerator,
    PackedCritic,
    ProjectionCritic,
    SpectralCritic,
    generator_index,
    packed_shape,
)
from jaxgan.networks.autoencoder import FcAutoencoder
from jaxgan.networks.conv import ConvCritic
from jaxgan.networks.dcgan import DcganGenerator
from jaxgan.networks.fc import FcCritic
from jaxgan.networks.layers import BatchNorm, Dropout, Linear, Sequential, leaky_relu
from jaxgan.networks.mlp import MlpCritic, MlpGenerator
from jaxgan.networks.packing import packed
from jaxgan.networks.player import Critic, scored
from jaxgan.networks.spectral import normalised
from jaxgan.types import CriticOutput

BATCH, N_CLASSES = 6, 3
LABELS = jnp.arange(BATCH, dtype=jnp.int32) % N_CLASSES


class LinearCritic(nn.Module):
    """score = x W + b."""

    sample_shape: tuple[int, ...]

    @nn.compact
    def __call__(self, samples: Any, labels: Any, *, train: bool = False) -> CriticOutput:
        return CriticOutput(score=Linear(1, name="linear")(samples)[:, 0], features=samples)


class NormedCritic(Critic):
    """pixels-2h-1 with batch norm and dropout."""

    hidden_dim: int = 2
    norm: str = "batch"

    flat = True

    def setup(self) -> None:
        super().setup()
        self.model = Sequential([Linear(2 * self.hidden_dim), BatchNorm(), leaky_relu, Dropout(0.1), Linear(1)])

    def score(self, samples: Any, train: bool) -> CriticOutput:
        return scored(self.model, samples, train)


def points(batch=BATCH, seed=1):
    return jax.random.normal(jax.random.key(seed), (batch, 2), float)


def images(batch=BATCH, size=8, channels=3):
    return jax.random.uniform(jax.random.key(1), (batch, size, size, channels), float, 0.1, 1)


def initial(module, seed=0):
    return jax.jit(module.init)(jax.random.key(seed), *module.example_inputs())


def count(tree):
    return sum(leaf.size for leaf in jax.tree.leaves(tree))


def assert_trees_equal(a, b):
    assert jax.tree.structure(a) == jax.tree.structure(b)
    jax.tree.map(np.testing.assert_array_equal, a, b)


# What all wrappers do


WRAPPERS = {
    "projection": lambda critic: ProjectionCritic(critic, N_CLASSES),
    "minibatch": lambda critic: MinibatchDiscriminationCritic(critic, features=4, kernel=2),
    "spectral": SpectralCritic,
    "augmented": lambda critic: AugmentedCritic(critic, ("colour", "translation", "cutout")),
    "packed": lambda critic: PackedCritic(critic, 1),
    "classifying": lambda critic: ClassifyingCritic(critic, 4),
    "spectral within all": lambda critic: ClassifyingCritic(
        ProjectionCritic(AugmentedCritic(SpectralCritic(critic), ("cutout",)), N_CLASSES), 4
    ),
    "spectral without all": lambda critic: SpectralCritic(ClassifyingCritic(ProjectionCritic(critic, N_CLASSES), 4)),
}


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", WRAPPERS)
def test_a_wrapper_answers_for_its_critic_and_trains_its_batch_statistics(name, dtype):
    with jax.enable_x64(dtype == "float64"):
        module = WRAPPERS[name](NormedCritic((8, 8, 3)))
        assert (module.hidden_dim, module.sample_shape, module.precision) == (2, (8, 8, 3), "float32")
        assert module.couples_batch and not module.reconstructs
        assert WRAPPERS[name](FcAutoencoder((4, 4, 1))).reconstructs
        assert WRAPPERS[name](MlpCritic((2,))).couples_batch == (name == "minibatch")
        variables = initial(module)
        params = variables.pop("params")
        samples = images()

        @jax.jit
        def gradients(params, variables, samples):
            def loss(params, samples):
                rngs = {"augment": jax.random.key(2), "dropout": jax.random.key(3)}
                given = {"params": params, **variables}
                output, moved = module.apply(given, samples, LABELS, train=True, rngs=rngs, mutable=list(variables))
                total = output.score.sum() + (0 if output.class_logits is None else output.class_logits.sum())
                return total, (output, moved)

            return jax.grad(loss, argnums=(0, 1), has_aux=True)(params, samples)

        (by_params, by_samples), (output, moved) = gradients(params, variables, samples)
        assert output.score.shape == (BATCH,)
        assert {leaf.dtype for leaf in jax.tree.leaves((output, by_params, by_samples))} == {jnp.dtype(dtype)}
        assert np.any(by_samples) and all(np.all(np.isfinite(leaf)) for leaf in jax.tree.leaves(by_params))
        assert jax.tree.structure(moved) == jax.tree.structure(variables)
        counts = [leaf for path, leaf in flatten_dict(moved["batch_stats"]).items() if path[-1] == "count"]
        assert counts and all(int(leaf) == 1 for leaf in counts)
        assert_trees_equal(moved.get("spectral", {}), variables.get("spectral", {}))
        refreshed = module.refreshed(params, variables)
        assert jax.tree.structure(refreshed) == jax.tree.structure(variables)
        assert_trees_equal(refreshed["batch_stats"], variables["batch_stats"])
        if "spectral" in name:
            apart = jax.tree.map(lambda a, b: float(np.abs(a - b).max()), refreshed["spectral"], variables["spectral"])
            assert max(jax.tree.leaves(apart)) > 1e-6
        else:
            assert "spectral" not in refreshed
        module.apply({"params": params, **variables}, samples, LABELS)  # evaluation needs no random streams


# Spectral normalisation


def matrix(kernel):
    return np.asarray(kernel).reshape(-1, kernel.shape[-1]).T


def with_a_gap(kernel):
    """The kernel with its largest singular value raised by a half: the iterations converge as the ratio of the two largest."""
    if kernel.ndim < 2:
        return kernel
    left, values, right = np.linalg.svd(matrix(kernel), full_matrices=False)
    values[0] *= 1.5
    return jnp.asarray((left * values @ right).T.reshape(kernel.shape))


def spectral_critic(kind):
    if kind == "mlp":
        return SpectralCritic(MlpCritic((2,), hidden_dim=5)), points()
    return SpectralCritic(ConvCritic((28, 28, 1), hidden_dim=2, norm="none")), images(size=28, channels=1)


def kernels_and_vectors(params, variables):
    vectors = flatten_dict(variables["spectral"]["vectors"])
    for path, kernel in flatten_dict(params["critic"]).items():
        if path[-1] == "kernel":
            yield path, matrix(kernel), np.asarray(vectors[(*path, "u")]), np.asarray(vectors[(*path, "v")])


@pytest.mark.parametrize("kind", ["mlp", "conv"])
def test_after_many_refreshes_sigma_is_the_largest_singular_value(kind):
    module, _ = spectral_critic(kind)
    variables = initial(module)
    params = jax.tree.map(with_a_gap, variables.pop("params"))
    refresh = jax.jit(module.refreshed)
    for _ in range(100):
        variables = refresh(params, variables)
    new = flatten_dict(normalised(params["critic"], variables["spectral"]["vectors"]))
    found = 0
    for path, weight, u, v in kernels_and_vectors(params, variables):
        largest = np.linalg.svd(weight, compute_uv=False)[0]
        np.testing.assert_allclose(u @ weight @ v, largest, rtol=1e-4)
        np.testing.assert_allclose(np.linalg.norm(matrix(new[path]), 2), 1, rtol=1e-4)
        found += 1
    assert found == 4
    for path, leaf in flatten_dict(params["critic"]).items():
        if path[-1] != "kernel":
            np.testing.assert_array_equal(new[path], leaf)


def test_one_refresh_is_one_power_iteration_and_the_first_vectors_are_some_iterations_on():
    module, _ = spectral_critic("conv")
    variables = initial(module)
    params = variables.pop("params")
    refreshed = module.refreshed(params, variables)
    pairs = zip(kernels_and_vectors(params, variables), kernels_and_vectors(params, refreshed), strict=True)
    for (_, weight, u, _), (_, _, new_u, new_v) in pairs:
        v = weight.T @ u / np.linalg.norm(weight.T @ u)
        np.testing.assert_allclose(new_v, v, atol=1e-6)
        np.testing.assert_allclose(new_u, weight @ v / np.linalg.norm(weight @ v), atol=1e-6)
        assert u @ new_u > 0.9
    other = initial(module, seed=1)
    assert np.any(np.abs(jax.tree.leaves(other["spectral"])[0] - jax.tree.leaves(variables["spectral"])[0]) > 1e-6)


def test_passes_take_the_normalised_kernels_and_move_no_vectors():
    module, samples = spectral_critic("conv")
    variables = initial(module)
    output, moved = jax.jit(lambda v: module.apply(v, samples, LABELS, train=True, mutable=["spectral"]))(variables)
    assert_trees_equal(moved["spectral"], variables["spectral"])
    new = normalised(variables["params"]["critic"], variables["spectral"]["vectors"])
    np.testing.assert_allclose(output.score, module.critic.apply({"params": new}, samples, LABELS).score, atol=1e-6)


def test_the_parameters_are_those_of_the_critic_alone():
    module, _ = spectral_critic("mlp")
    alone = initial(module.critic)
    assert jax.tree.structure(initial(module)["params"]["critic"]) == jax.tree.structure(alone["params"])


def test_the_gradient_through_a_normalised_kernel_is_that_of_finite_differences():
    with jax.enable_x64(True):
        module, samples = spectral_critic("mlp")
        variables = initial(module)
        params = variables.pop("params")
        loss = jax.jit(lambda params: jnp.sin(module.apply({"params": params, **variables}, samples, LABELS).score).sum())
        gradients = flatten_dict(jax.grad(loss)(params))
        step = 1e-6
        for path in (("critic", "model", f"layers_{layer}", "kernel") for layer in (0, 2, 6)):

            def moved(by, path=path):
                return loss(
                    jax.tree_util.tree_map_with_path(lambda p, x: x + by if [k.key for k in p] == list(path) else x, params)
                )

            direction = np.random.default_rng(0).normal(size=gradients[path].shape)
            slope = (moved(step * direction) - moved(-step * direction)) / (2 * step)
            np.testing.assert_allclose(np.sum(gradients[path] * direction), slope, rtol=1e-5, atol=1e-9)
            # Along the kernel itself a normalised kernel stays where it is.
            np.testing.assert_allclose(np.sum(gradients[path] * flatten_dict(params)[path]), 0, atol=1e-9)
        vectors = jax.grad(
            lambda spectral: module.apply({"params": params, "spectral": spectral}, samples, LABELS).score.sum()
        )(variables["spectral"])
        assert not any(np.any(leaf) for leaf in jax.tree.leaves(vectors))


# Packs


def test_packs_are_consecutive_rows_side_by_side():
    x = images(4, size=2)
    found = packed(x, 2)
    assert found.shape == (2, 2, 2, 6)
    np.testing.assert_array_equal(found[1], np.concatenate([x[2], x[3]], axis=-1))
    np.testing.assert_array_equal(packed(points(), 3)[1], np.ravel(points()[3:6]))
    assert packed_shape((8, 8, 3), 4) == (8, 8, 12)
    assert packed_shape((2,), 3, 10) == (36,)
    with pytest.raises(ValueError, match="6 samples do not make packs of 4"):
        packed(points(), 4)


def test_a_pack_of_rows_alike_under_a_linear_critic():
    module = PackedCritic(LinearCritic((6,)), 3)
    variables = initial(module)
    x = points(2)
    score = module.apply(variables, jnp.repeat(x, 3, axis=0), jnp.zeros(6, jnp.int32)).score
    linear = variables["params"]["critic"]["linear"]
    np.testing.assert_allclose(score, x @ linear["kernel"].reshape(3, 2).sum(0) + linear["bias"], atol=1e-6)


@pytest.mark.parametrize("kind", ["points", "images"])
@pytest.mark.parametrize("conditioning", ["none", "joined", "projected"])
def test_scores_are_those_of_the_critic_on_packs_made_by_hand(kind, conditioning):
    pac, n_classes, projected = 2, 0 if conditioning == "none" else N_CLASSES, conditioning == "projected"
    x = points() if kind == "points" else images(size=4)
    joined = 0 if projected else n_classes
    width = packed_shape(x.shape[1:], pac, joined)
    inner = MlpCritic(width, hidden_dim=5) if kind == "points" else FcCritic(width, hidden_dim=2, dropout=0.0)
    module = PackedCritic(inner, pac, n_classes, projected)
    assert module.sample_shape == x.shape[1:]
    assert [len(leaf) for leaf in module.example_inputs()] == [pac, pac]
    variables = initial(module)
    params = variables["params"]
    found = jax.jit(lambda x, labels: module.apply(variables, x, labels, train=True).score)(x, LABELS)
    rows = np.asarray(x)
    if joined:
        table = np.asarray(params["label_embedding"]["embedding"])[LABELS]
        table = table.reshape(BATCH, *(1,) * (x.ndim - 2), N_CLASSES)
        rows = np.concatenate([rows, np.broadcast_to(table, (*x.shape[:-1], N_CLASSES))], axis=-1)
    packs = jnp.stack([np.concatenate(rows[i : i + pac], axis=-1) for i in range(0, BATCH, pac)])
    output = inner.apply({"params": params["critic"]}, packs, jnp.zeros(len(packs), jnp.int32))
    want = np.array(output.score)
    if projected:
        vectors = np.asarray(params["embedding"])[LABELS]
        for index in range(BATCH):
            want[index // pac] += vectors[index] @ np.asarray(output.features[index // pac])
    np.testing.assert_allclose(found, want, atol=1e-5)
    extra = {"none": 0, "joined": N_CLASSES**2, "projected": N_CLASSES * output.features.shape[-1]}[conditioning]
    assert count(params) == count(params["critic"]) + extra
    if n_classes:
        other = module.apply(variables, x, LABELS.at[3].set(2)).score
        assert [bool(moved) for moved in np.abs(other - found) > 1e-6] == [False, True, False]


# Several generators


@pytest.mark.parametrize("train", [False, True])
@pytest.mark.parametrize("n_classes", [0, N_CLASSES])
def test_each_sample_comes_from_its_own_generator(n_classes, train):
    inner = DcganGenerator((28, 28, 1), latent_dim=3, hidden_dim=2, n_classes=n_classes)
    module = MixtureGenerator(inner, 3)
    assert (module.latent_dim, module.hidden_dim, module.sample_shape, module.precision) == (3, 2, (28, 28, 1), "float32")
    variables = initial(module)
    assert count(variables["params"]) == 3 * count(initial(inner)["params"])
    latent = jax.random.normal(jax.random.key(1), (BATCH, 3))
    passes = jax.jit(lambda m, v, z, y: m.apply(v, z, y, train=train, mutable=["batch_stats"]), static_argnums=0)
    found, moved = passes(module, variables, latent, LABELS)
    for index in range(3):
        own = {name: jax.tree.map(lambda leaf, i=index: leaf[i], tree["generator"]) for name, tree in variables.items()}
        want, own_moved = passes(inner, own, latent[index::3], LABELS[index::3])
        np.testing.assert_allclose(found[index::3], want, atol=1e-5)
        statistics = jax.tree.map(lambda leaf, i=index: leaf[i], moved["batch_stats"]["generator"])
        jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, atol=1e-5), statistics, own_moved["batch_stats"])
    kernel = variables["params"]["generator"]["project"]["kernel"]
    assert np.abs(kernel[0] - kernel[1]).max() > 1e-3
    np.testing.assert_array_equal(generator_index(5, 3), [0, 1, 2, 0, 1])
    assert generator_index(5, 3).dtype == np.int32


def test_in_evaluation_any_number_of_latents_will_do():
    module = MixtureGenerator(MlpGenerator((2,), latent_dim=3, hidden_dim=4), 4)
    variables = initial(module)
    latent, labels = jax.random.normal(jax.random.key(1), (8, 3)), jnp.zeros(8, jnp.int32)
    whole = module.apply(variables, latent, labels)
    for size in (1, 4, 5, 7):
        np.testing.assert_allclose(module.apply(variables, latent[:size], labels[:size]), whole[:size], atol=1e-6)
    with pytest.raises(ValueError, match="7 latents do not divide among 4"):
        module.apply(variables, latent[:7], labels[:7], train=True)


def test_the_logits_of_the_classifying_critic_are_linear_in_the_features():
    inner = MlpCritic((2,), hidden_dim=5)
    module = ClassifyingCritic(inner, 4)
    variables = initial(module)
    params = variables["params"]
    found, plain = module.apply(variables, points(), LABELS), inner.apply({"params": params["critic"]}, points(), LABELS)
    np.testing.assert_array_equal(found.score, plain.score)
    want = plain.features @ params["classes"]["kernel"] + params["classes"]["bias"]
    np.testing.assert_allclose(found.class_logits, want, atol=1e-6)
    assert found.class_logits.shape == (BATCH, 4)
