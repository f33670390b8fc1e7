"""Networks of the user's own in every form, alone and inside every remedy."""

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import nnx
from flax.traverse_util import flatten_dict

from jaxgan.errors import UserError
from jaxgan.networks import (
    AugmentedCritic,
    ClassifyingCritic,
    MinibatchDiscriminationCritic,
    MixtureGenerator,
    MlpCritic,
    MlpGenerator,
    PackedCritic,
    ProjectionCritic,
    SpectralCritic,
    as_critic,
    as_generator,
)
from jaxgan.networks.layers import LabelEmbedding
from jaxgan.types import CriticOutput
from tests.networks import own_networks as own

BATCH, SHAPE, N_CLASSES = 6, (4, 4, 1), 3
LABELS = jnp.arange(BATCH, dtype=jnp.int32) % N_CLASSES
KEYS = {"params": jax.random.key(0), "dropout": jax.random.key(1)}
STREAMS = {"dropout": jax.random.key(2), "augment": jax.random.key(3)}


def images(seed=4, batch=BATCH):
    return jax.random.normal(jax.random.key(seed), (batch, *SHAPE))


def paths(tree):
    return {"/".join(path) for path in flatten_dict(tree)}


def equal(a, b):
    return jax.tree.structure(a) == jax.tree.structure(b) and all(map(np.array_equal, jax.tree.leaves(a), jax.tree.leaves(b)))


# What a network becomes


def passes(module, x, labels):
    """As the engine uses a module: (variables, gradients, output, moved) of a pass in training, and the outputs of four more."""

    def run(x, labels):  # not compiled: most cases share their tiny operations
        variables = dict(module.init(KEYS, jnp.zeros_like(x), jnp.zeros_like(labels)))
        params = variables.pop("params")
        if hasattr(module, "refreshed"):
            variables = module.refreshed(params, variables)

        def loss(params, x):
            output, moved = module.apply(
                {"params": params, **variables}, x, labels, train=True, rngs=STREAMS, mutable=list(variables)
            )
            total = sum(jnp.sum(leaf**2) for leaf in jax.tree.leaves(output))
            return total, (output, moved)

        gradients, (output, moved) = jax.grad(loss, argnums=(0, 1), has_aux=True)(params, x)
        now = {"params": params, **moved}
        others = {
            "fixed": module.apply({"params": params, **variables}, x, labels, train=True, rngs=STREAMS),
            "again": module.apply(now, x, labels, train=True, rngs=STREAMS, mutable=list(variables))[0],
            "evaluated": module.apply(now, x, labels),
            "evaluated, mutable": module.apply(now, x, labels, mutable=list(variables)),
        }
        return {"params": params, **variables}, gradients, output, moved, others

    return run(x, labels)


def check_passes(module, x, has_statistics, scores):
    variables, gradients, output, moved, others = passes(module, x, LABELS[: len(x)])
    assert all(np.all(np.isfinite(leaf)) for leaf in jax.tree.leaves((gradients, output, others)))
    assert np.any(gradients[1]) and any(np.any(leaf) for leaf in jax.tree.leaves(gradients[0]))
    assert jax.tree.structure(moved) == jax.tree.structure({k: v for k, v in variables.items() if k != "params"})
    assert ("batch_stats" in variables) == has_statistics
    if has_statistics:
        assert not equal(moved["batch_stats"], variables["batch_stats"])
    evaluated, kept = others["evaluated, mutable"]
    assert equal(evaluated, others["evaluated"])
    assert equal(kept, moved)  # statistics stay where they are in evaluation
    for each in (output, others["fixed"], others["again"], others["evaluated"]):
        assert each[0].shape == scores if isinstance(each, tuple) else each.shape == scores
    return variables


CRITICS = {  # name: (network for inputs of a width, has batch norm, has features)
    "linen": (lambda width: own.Plain(), False, False),
    "linen with labels": (lambda width: own.Labelled(), False, False),
    "linen with train": (lambda width: own.Trained(), True, False),
    "full linen": (lambda width: own.Full(), True, True),
    "pair": (lambda width: own.pair(), False, False),
    "full pair": (lambda width: own.full_pair(), False, True),
    "nnx": (lambda width: own.nnx_of(own.NnxPlain, width), True, False),
    "full nnx": (lambda width: own.nnx_of(own.NnxFull, width), True, True),
    "to_linen": (lambda width: nnx.bridge.to_linen(own.NnxFull, width), True, True),
}


@pytest.mark.parametrize("n_classes", [0, N_CLASSES])
@pytest.mark.parametrize("name", CRITICS)
def test_a_critic_of_every_form_trains_and_its_statistics_move_in_training_alone(name, n_classes):
    make, has_statistics, _ = CRITICS[name]
    module = as_critic(make(16 * (1 + n_classes)), n_classes)
    variables = check_passes(module, images(), has_statistics, (BATCH,))
    assert ("label_embedding" in variables["params"]) == (n_classes > 0 and name != "linen with labels")


REMEDIES = {  # name: (samples a score, channels that the critic inside sees, n_classes, the remedy)
    "packed": (2, 2, 0, lambda c: PackedCritic(c, 2)),
    "packed with labels": (2, 2 * (1 + N_CLASSES), N_CLASSES, lambda c: PackedCritic(c, 2, N_CLASSES)),
    "packed, projected": (2, 2, N_CLASSES, lambda c: PackedCritic(c, 2, N_CLASSES, True)),
    "spectral": (1, 1, 0, SpectralCritic),
    "minibatch": (1, 1, 0, lambda c: MinibatchDiscriminationCritic(c, 3, 2)),
    "projected": (1, 1, N_CLASSES, lambda c: ProjectionCritic(c, N_CLASSES)),
    "classifying": (1, 1, 0, lambda c: ClassifyingCritic(c, 2)),
    "augmented": (1, 1, 0, lambda c: AugmentedCritic(c, ("colour", "translation", "cutout"))),
    "all": (
        1, 1, N_CLASSES,
        lambda c: AugmentedCritic(SpectralCritic(ProjectionCritic(ClassifyingCritic(MinibatchDiscriminationCritic(c, 3, 2), 2), 3)), ("cutout",)),
    ),
}  # fmt: skip


@pytest.mark.parametrize("remedy", REMEDIES)
@pytest.mark.parametrize(
    "name", [pytest.param("full linen", marks=pytest.mark.slow), "full pair", "full nnx"]
)  # linen: test_gan.py, too
def test_every_remedy_works_on_a_critic_of_every_form(name, remedy):
    make, has_statistics, _ = CRITICS[name]
    pac, channels, n_classes, wrap = REMEDIES[remedy]
    module = as_critic(wrap(make(16 * channels)), n_classes)
    variables = check_passes(module, images(), has_statistics, (BATCH // pac,))
    assert remedy not in ("spectral", "all") or len(jax.tree.leaves(variables["spectral"])) >= 2 * 2


GENERATORS = {
    "linen": (lambda width: own.Plain(out=2), False),
    "linen with train": (lambda width: own.Trained(out=2), True),
    "pair": (lambda width: own.pair(out=2), False),
    "nnx": (lambda width: own.nnx_of(own.NnxPlain, width, 2), True),
}


@pytest.mark.parametrize(
    ("n_classes", "number"),
    [(0, 2), (N_CLASSES, 1), *(pytest.param(*case, marks=pytest.mark.slow) for case in ((0, 1), (N_CLASSES, 2)))],
)
@pytest.mark.parametrize("name", GENERATORS)
def test_a_generator_of_every_form_trains_alone_and_as_one_of_several(name, n_classes, number):
    make, has_statistics = GENERATORS[name]
    network = make(5 + n_classes)
    module = as_generator(network if number == 1 else MixtureGenerator(network, number), n_classes)
    variables = check_passes(module, jax.random.normal(jax.random.key(5), (BATCH, 5)), has_statistics, (BATCH, 2))
    if number > 1:
        alone = as_generator(network, n_classes)
        single = jax.eval_shape(alone.init, KEYS, jnp.zeros((1, 5)), jnp.zeros(1, jnp.int32))
        for tree, one in ((variables[name]["generator"], single[name]) for name in variables):
            assert jax.tree.map(lambda x: x.shape, tree) == jax.tree.map(lambda x: (number, *x.shape), one)
        first = jax.tree.leaves(variables["params"])
        assert any(np.abs(leaf[0] - leaf[1]).max() > 1e-3 for leaf in first)


# Where the numbers lie


@pytest.mark.parametrize("network", [own.Plain(), own.Full()])
def test_a_linen_module_keeps_its_own_variables_and_draws(network):
    module, x = as_critic(network), images()
    mine, variables = network.init(KEYS, x), module.init(KEYS, x, LABELS)
    assert equal(mine, variables)
    more = {"train": True} if isinstance(network, own.Full) else {}
    expected, moved = network.apply(mine, x, **more, rngs=STREAMS, mutable=["batch_stats"])
    found, now = module.apply(variables, x, LABELS, train=True, rngs=STREAMS, mutable=["batch_stats"])
    score = expected.score if isinstance(expected, CriticOutput) else expected[:, 0]
    np.testing.assert_array_equal(found.score, score)
    assert equal(moved, now)
    joined = as_critic(network, N_CLASSES)
    both = joined.init(KEYS, x, LABELS)
    assert paths(both["params"]) == paths(mine["params"]) | {"label_embedding/embedding"}
    embedding = both["params"].pop("label_embedding")
    wider = LabelEmbedding(N_CLASSES).apply({"params": embedding}, x, LABELS)
    inner = network.apply(both, wider)
    score = inner.score if isinstance(inner, CriticOutput) else inner[:, 0]
    given = {**both, "params": {**both["params"], "label_embedding": embedding}}
    np.testing.assert_array_equal(joined.apply(given, x, LABELS).score, score)


def test_a_critic_inside_remedies_keeps_its_own_variables():
    x = images()
    alone = own.Full().init(KEYS, x)
    wrapped = as_critic(SpectralCritic(PackedCritic(own.Full(), 1))).init(KEYS, x, LABELS)
    for name in ("params", "batch_stats"):
        assert jax.tree.structure(wrapped[name]["critic"]["critic"]) == jax.tree.structure(alone[name])


def test_what_init_of_a_pair_gives_is_the_parameter_network():
    init, apply = own.pair()
    module, x = as_critic((init, apply)), images()
    variables = module.init(KEYS, x, LABELS)
    assert list(variables) == ["params"] and list(variables["params"]) == ["network"]
    params = variables["params"]["network"]
    assert jax.tree.structure(params) == jax.tree.structure(init(jax.random.key(0), x))
    np.testing.assert_array_equal(module.apply(variables, x, LABELS).score, apply(params, x)[:, 0])
    other = module.init({"params": jax.random.key(9)}, x, LABELS)
    assert not equal(other, variables)

    def of_key_alone(key):
        return jax.random.normal(key, (16, 1))

    small = as_critic((of_key_alone, lambda params, x: own.flat(x) @ params))
    assert small.init(KEYS, x, LABELS)["params"]["network"].shape == (16, 1)

    def labelled(key, x, labels):
        return {"scale": jnp.ones((3, 1)) * len(labels)}

    module = as_critic((labelled, lambda params, x, labels: own.flat(x)[:, :1] * params["scale"][labels]))
    np.testing.assert_allclose(
        module.apply(module.init(KEYS, x, LABELS), x, LABELS).score, own.flat(x)[:, 0] * BATCH, rtol=1e-6
    )


def test_a_pair_has_its_key_in_training_and_none_in_evaluation():
    keys = []
    module = as_critic((lambda key: jnp.ones(1), lambda params, x, *, key: keys.append(key) or own.flat(x)[:, 0] * params))
    x = images()
    variables = module.init(KEYS, x, LABELS)
    module.apply(variables, x, LABELS)
    module.apply(variables, x, LABELS, train=True, rngs=STREAMS)
    assert keys[0] is None and keys[1] is None and keys[2].shape == ()


def test_the_variables_of_an_nnx_module_are_named_by_its_attributes():
    x = images()
    variables = as_critic(own.nnx_of(own.NnxPlain, 16)).init(KEYS, x, LABELS)
    assert paths(variables["params"]) == {
        "first/kernel",
        "first/bias",
        "norm/scale",
        "norm/bias",
        "rest/0/kernel",
        "rest/0/bias",
    }
    assert paths(variables["batch_stats"]) == {"norm/mean", "norm/var"}
    assert set(variables) == {"params", "batch_stats"}
    joined = as_critic(own.nnx_of(own.NnxPlain, 16 * (1 + N_CLASSES)), N_CLASSES).init(KEYS, x, LABELS)
    assert paths(joined["params"]) == paths(variables["params"]) | {"label_embedding/embedding"}


def test_an_nnx_module_computes_what_it_computes_by_itself():
    x, module = images(), as_critic(own.nnx_of(own.NnxPlain, 16, rate=0.0))
    variables = module.init(KEYS, x, LABELS)
    mine = own.NnxPlain(16, rate=0.0, rngs=nnx.Rngs(9))
    nnx.update(mine, {**variables["params"], "rest": {0: variables["params"]["rest"]["0"]}})
    mine.eval()
    np.testing.assert_allclose(module.apply(variables, x, LABELS).score, mine(x)[:, 0], atol=1e-6)
    mine.train()
    found, moved = module.apply(variables, x, LABELS, train=True, rngs=STREAMS, mutable=["batch_stats"])
    np.testing.assert_allclose(found.score, mine(x)[:, 0], atol=1e-6)
    np.testing.assert_allclose(moved["batch_stats"]["norm"]["mean"], mine.norm.mean.get_value(), atol=1e-6)


@pytest.mark.parametrize("name", ["linen with train", "full pair", "nnx"])
def test_dropout_follows_its_stream_in_training_and_rests_in_evaluation(name):
    x, module = images(), as_critic(CRITICS[name][0](16))
    variables = module.init(KEYS, x, LABELS)

    def score(key, train):
        rngs = {"dropout": jax.random.key(key)} if train else {}
        return module.apply(variables, x, LABELS, train=train, rngs=rngs).score

    np.testing.assert_array_equal(score(0, True), score(0, True))
    assert np.abs(score(0, True) - score(1, True)).max() > 1e-3
    np.testing.assert_array_equal(score(0, False), score(1, False))


@pytest.mark.parametrize("name", ["full linen", "full pair", "full nnx"])
def test_seeds_side_by_side_are_those_seeds_alone(name):
    x, module = images(), as_critic(SpectralCritic(CRITICS[name][0](16)))

    def run(seed):
        key = jax.random.key(seed)
        variables = module.init({"params": key, "dropout": key}, x, LABELS)
        mutable = [collection for collection in variables if collection != "params"]
        return module.apply(variables, x, LABELS, train=True, rngs={"dropout": key}, mutable=mutable)

    several = jax.jit(jax.vmap(run))(jnp.arange(2))
    for seed in range(2):
        jax.tree.map(lambda a, b, s=seed: np.testing.assert_allclose(a[s], b, atol=1e-5), several, jax.jit(run)(seed))
    assert np.abs(several[0].score[0] - several[0].score[1]).max() > 1e-3


# Labels


def test_labels_reach_a_network_that_takes_them():
    x = images()
    module = as_critic(own.Labelled(), N_CLASSES)
    variables = module.init(KEYS, x, LABELS)
    found = module.apply(variables, x, LABELS).score
    np.testing.assert_array_equal(found, own.Labelled().apply(variables, x, LABELS))
    moved = module.apply(variables, x, LABELS.at[2].set((LABELS[2] + 1) % 3)).score != found
    assert [bool(each) for each in moved] == [index == 2 for index in range(BATCH)]

    class Optional(nn.Module):
        @nn.compact
        def __call__(self, x, labels=None):
            return own.flat(x).sum(1) * (0 if labels is None else 1)

    assert not np.any(as_critic(Optional()).apply({}, x, LABELS).score)
    assert np.any(as_critic(Optional(), N_CLASSES).apply({}, x, LABELS).score)


def test_a_critic_that_takes_labels_is_refused_inside_packs_that_bring_them():
    x = images()
    for projected in (False, True):
        module = as_critic(PackedCritic(own.Labelled(), 2, N_CLASSES, projected))
        with pytest.raises(UserError, match="give a critic of samples alone"):
            module.init(KEYS, x, LABELS)
    alone = as_critic(PackedCritic(own.Labelled(), 2))
    assert alone.apply(alone.init(KEYS, x, LABELS), x, LABELS).score.shape == (BATCH // 2,)


# What a critic may return


@pytest.mark.parametrize("wrap", [MinibatchDiscriminationCritic, lambda c: ProjectionCritic(c, 3), lambda c: ClassifyingCritic(c, 2),
                                  lambda c: PackedCritic(c, 1, 3, True)])  # fmt: skip
def test_a_remedy_that_needs_features_says_what_to_return(wrap):
    with pytest.raises(UserError, match=r"return jaxgan.types.CriticOutput\(score=..., features=...\)") as caught:
        as_critic(wrap(own.Plain())).init(KEYS, images(), LABELS)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("returned", "words"),
    [
        (lambda x: own.flat(x), r"scores of shape \(6, 16\) for 6 samples; allowed are \(6,\), \(6, 1\) or a"),
        (lambda x: own.flat(x).sum(), r"scores of shape \(\)"),
        (lambda x: {"score": own.flat(x).sum(1)}, "returns a dict"),
        (lambda x: (own.flat(x).sum(1), own.flat(x)), "returns a tuple"),
        (lambda x: CriticOutput(own.flat(x)[:, 0], features=x), r"features of shape \(6, 4, 4, 1\)"),
        (
            lambda x: CriticOutput(own.flat(x)[:, 0], reconstruction=own.flat(x)),
            r"reconstruction of shape \(6, 16\); allowed is \(6, 4",
        ),
        (lambda x: CriticOutput(own.flat(x)[:3, 0]), r"scores of shape \(3,\)"),
    ],
)
def test_a_critic_of_another_shape_is_refused(returned, words):
    module = as_critic((lambda key: {}, lambda params, x: returned(x)))
    with pytest.raises(UserError, match=words) as caught:
        jax.eval_shape(module.init, KEYS, images(), LABELS)
    assert "\n" not in str(caught.value)


# What is taken, and what is refused


def test_built_in_networks_are_returned_as_they_are():
    critic, generator = MlpCritic((2,)), MlpGenerator((2,))
    for module in (critic, SpectralCritic(critic), PackedCritic(SpectralCritic(critic), 2)):
        assert as_critic(module, N_CLASSES) is module
    for module in (generator, MixtureGenerator(generator, 2)):
        assert as_generator(module, N_CLASSES) is module
    mine = as_critic(own.Plain())
    assert as_critic(mine) is mine and as_critic(SpectralCritic(mine)).critic is mine
    assert mine.couples_batch is None and mine.reconstructs is None and mine.precision == "float32"
    assert SpectralCritic(mine).couples_batch is None and MinibatchDiscriminationCritic(mine).couples_batch


class Odd(nn.Module):
    def __call__(self, x, temperature):
        return x


class Deterministic(nn.Module):
    def __call__(self, x, deterministic=True):
        return x


class Nothing(nn.Module):
    pass


class NnxOdd(nnx.Module):
    def __call__(self, x, temperature):
        return x


@pytest.mark.parametrize(
    ("network", "words"),
    [
        (3, "the critic is a int; allowed are a Flax linen module, an NNX module class"),
        (None, "is a NoneType"),
        (own.flat, "is the function 'flat'"),
        ((own.flat, 3), "is a tuple"),
        (own.Plain, r"Plain is a class; give a module of it, Plain\(...\)"),
        (Odd(), r"Odd takes 'temperature'; allowed are \(x\) or \(x, labels\), train=..."),
        (Deterministic(), "Deterministic takes 'deterministic', which jaxgan does not set; call it 'train'"),
        (Nothing(), "Nothing has no __call__"),
        (own.NnxPlain(16, rngs=nnx.Rngs(0)), r"give the class NnxPlain, or lambda rngs: NnxPlain\(..., rngs=rngs\)"),
        (own.NnxPlain, r"takes 'width' to be made; allowed is rngs: give lambda rngs: NnxPlain\(..., rngs=rngs\)"),
        (lambda rngs: NnxOdd(), "takes 'temperature'"),
        (lambda rngs: 3, "makes no NNX module that can be called"),
        ((lambda key, x, size: 3, own.flat), r"takes 'size'; allowed are \(key, x\), \(key, x, labels\) or \(key\)"),
        ((lambda key: 3, lambda params: 3), r"takes 1 arguments by position; allowed are \(params, x\)"),
        ((lambda key: 3, lambda params, x, rng: 3), "takes 'rng'"),
        ((own.Plain().init, own.Plain().apply), "a pair of methods of Plain; give the module itself"),
        (MlpGenerator((2,)), "the critic MlpGenerator is a generator"),
    ],
)
def test_what_is_no_network_is_refused_in_one_line(network, words):
    with pytest.raises(UserError, match=words) as caught:
        as_critic(network)
    assert "\n" not in str(caught.value)


def test_a_critic_is_no_generator_and_what_cannot_be_trained_is_no_parameter():
    with pytest.raises(UserError, match="the generator MlpCritic is a critic"):
        as_generator(MlpCritic((2,)))
    for params, words in (({"size": jnp.arange(3)}, r"params\['size'\] of type int32"), ([1.5], r"params\[0\] of type float")):
        module = as_critic((lambda key, *, params=params: params, lambda params, x: own.flat(x)[:, 0]))
        with pytest.raises(UserError, match=words):
            module.init(KEYS, images(), LABELS)


# Spectral normalisation of networks whose weights have other names


@pytest.mark.parametrize("wrap", [lambda c: c, lambda c: ClassifyingCritic(c, 2), lambda c: ProjectionCritic(c, 3)])
def test_without_kernels_every_matrix_but_embeddings_is_normalised(wrap):
    x = images()
    module = as_critic(SpectralCritic(wrap(own.full_pair())), 3)
    variables = module.init(KEYS, x, LABELS)
    vectors = paths(variables["spectral"]["vectors"])
    assert {path for path in vectors if "network/" in path and path.endswith("/u")} == {
        f"{'critic/' if isinstance(module.critic, ClassifyingCritic | ProjectionCritic) else ''}network/{index}/weight/u"
        for index in (0, 1)
    }
    assert not any("embedding" in path for path in vectors)
    params = variables.pop("params")
    for _ in range(100):
        variables = jax.jit(module.refreshed)(params, variables)
    inner = params["critic"]
    while "network" not in inner:
        inner = inner["critic"]
    largest = np.linalg.svd(inner["network"][0].weight, compute_uv=False)[0]
    tree = variables["spectral"]["vectors"]
    while "network" not in tree:
        tree = tree["critic"]
    pair = tree["network"]["0"]["weight"]
    np.testing.assert_allclose(pair["u"] @ inner["network"][0].weight.T @ pair["v"], largest, rtol=1e-3)


def test_augmentation_says_what_it_is_for():
    with pytest.raises(UserError, match="is for images"):
        as_critic(AugmentedCritic(own.Plain(), ("colour",))).init(KEYS, jnp.zeros((2, 3)), LABELS[:2])
    with pytest.raises(UserError, match="did you mean 'colour'"):
        as_critic(AugmentedCritic(own.Plain(), ("color",))).init(KEYS, images(), LABELS)
