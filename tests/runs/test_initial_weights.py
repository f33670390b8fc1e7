"""Fine-tuning: a run begins with another one's weights, bit for bit; what fits is taken layer by layer, and the rest is named."""

import importlib
import json
import shutil

import chex
import jax
import numpy as np
import optax
import pytest

import jaxgan
from jaxgan import networks, objectives, runs
from jaxgan.engine.checkpoints import storable
from jaxgan.engine.listeners import Listener
from jaxgan.errors import UserError
from jaxgan.runs.initial_weights import Source, initial_weights, read_source
from jaxgan.settings import Config
from tests.tiny import pictures, plain, tiny

fit = importlib.import_module("jaxgan.runs.fit")  # whose name in the package is that of the function


class Pictured(Listener):
    """Keeps what is drawn at each step."""

    def __init__(self):
        self.samples = {}

    def on_sample(self, step, samples, labels):
        self.samples[step] = samples


def points(out, **fields) -> Config:
    return Config(**{
        "dataset": "ring8", "variant": "gan", "batch_size": 8, "hidden_dim": 8, "latent_dim": 2, "steps": 2, "n_critic": 1, "out": out,
        "log_every": 100, "sample_every": 2, "checkpoint_every": 1, "seed": 3, **fields,
    })  # fmt: skip


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """Two replicas after two steps, with an average far from the weights; and what was drawn of them."""
    drawn = Pictured()
    folder = tmp_path_factory.mktemp("trained") / "run"
    run = runs.fit(points(folder, replicas=2, ema=0.9, learning_rate=0.05), progress=False, listeners=[drawn])
    return run, drawn.samples[2]


def test_it_begins_with_the_other_runs_samples_and_goes_on_without_it(trained, tmp_path, capsys):
    run, last = trained
    source = shutil.copytree(run.folder, tmp_path / "source")
    drawn = Pictured()
    tuned = runs.fit(
        points(tmp_path / "tuned", replicas=2, ema=0.5, variant="hinge", init_from=source, freeze_critic=1), listeners=[drawn]
    )
    for ours, theirs in zip(drawn.samples[0], last, strict=True):
        np.testing.assert_array_equal(ours, theirs)
    said = capsys.readouterr().out
    assert "source, step 2 (averaged): generator 8 of 8 arrays, critic 8 of 8 arrays, each replica with its own" in said
    assert "frozen: the first 1 of the critic's 4 layers (model.layers_0)" in said
    for now, then in zip(*(jax.tree.leaves(r.state.critic.params["model"]["layers_0"]) for r in (tuned, run)), strict=True):
        np.testing.assert_array_equal(now, then)
    assert not np.array_equal(*(r.state.critic.params["model"]["layers_6"]["kernel"] for r in (tuned, run)))
    assert json.loads((tmp_path / "tuned" / "config.json").read_text())["init_from"] == str(source)
    shutil.rmtree(source)
    on = runs.fit(Config(out=tmp_path / "tuned", resume=True, steps=3), progress=False)
    assert int(on.state.step[0]) == 3 and jaxgan.load(tmp_path / "tuned").sample(4)[0].shape == (4, 2)


def test_a_gan_of_ones_own_begins_with_a_run_at_hand(trained, tmp_path):
    """With the last weights in place of the averaged ones, of replica 0, by names and shapes that are the same."""
    run, _ = trained
    gan = jaxgan.Gan(
        networks.MlpGenerator((2,), 2, hidden_dim=8), networks.MlpCritic((2,), hidden_dim=8), objectives.wgan_gp(),
        optax.sgd(1e-9), optax.sgd(1e-9), latent_dim=2,
    )  # fmt: skip
    data = np.asarray(np.random.default_rng(0).normal(size=(40, 2)), np.float32)
    how = dict(steps=1, batch_size=8, sample_every=1, log_every=100, progress=False, init_average=False)
    begun = jaxgan.fit(gan, data, out=tmp_path / "own", init_from=run, **how)
    chex.assert_trees_all_close(begun.state.generator.params, run.replica(0).state.generator.params, atol=1e-6)
    assert begun.config.init_from == run.folder


def test_a_checkpoint_is_named_by_its_path(trained):
    run, _ = trained
    last, first = read_source(run.folder), read_source(run.folder / "checkpoints" / "1")
    assert (last.name, first.name) == (f"{run.folder}, step 2", f"{run.folder}, step 1")
    assert last.has_average and last.replicas == 2
    assert not np.array_equal(
        last.arrays["critic/params/model/layers_0/kernel"], first.arrays["critic/params/model/layers_0/kernel"]
    )
    at_hand = read_source(run)
    assert at_hand.arrays.keys() == last.arrays.keys()
    for name in last.arrays:
        np.testing.assert_array_equal(at_hand.arrays[name], last.arrays[name])


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("nowhere", "nowhere is no run folder"),
        ("checkpoints/7", "no checkpoint of step 7 in .*: there are"),
        ("best", "--init-from .*best: there is no"),
    ],
)
def test_what_is_no_run_is_refused(path, words, trained):
    with pytest.raises(UserError, match=words):
        read_source(trained[0].folder / path)


def test_a_refused_beginning_leaves_no_folder(tmp_path, trained):
    config = points(tmp_path / "tuned", hidden_dim=9, init_from=trained[0].folder)
    with pytest.raises(
        UserError, match=r"no layer agrees in name and shape: generator model/layers_0/kernel \(2x8, here 2x9\)"
    ) as refused:
        runs.fit(config, progress=False)
    assert "\n" not in str(refused.value) and not (tmp_path / "tuned").exists()


# What is taken, by shapes alone


def made_up(**fields) -> Source:
    """The state of a run of these options, of random numbers."""
    chance = np.random.default_rng(0)
    shapes = jax.eval_shape(storable, program_of(**fields).state_like)
    return Source(
        "other, step 1", {name: np.asarray(chance.normal(size=leaf.shape), np.float32) for name, leaf in shapes.items()}
    )


def program_of(network="fc", **fields):
    dataset = fields.pop("dataset", None) or pictures(size=8)
    return tiny(network, variant=fields.pop("variant", "gan"), dataset=dataset, **fields).program()


def test_what_remedies_put_around_a_critic_changes_no_name():
    source, program = made_up(spectral_norm=True), program_of(ada=True, minibatch_discrimination=True)
    taken = initial_weights(source, program)
    assert "generator 8 of 8 arrays, critic 8 of 10 arrays" in taken.lines[0]
    inner = "critic/params/critic/critic/model/layers_0/kernel"
    np.testing.assert_array_equal(taken.arrays[inner], source.arrays["critic/params/critic/model/layers_0/kernel"])
    assert "minibatch" in taken.lines[1] and len(taken.lines) == 2
    run = tiny("fc", variant="gan", dataset=pictures(size=8), minibatch_discrimination=True, freeze_critic=4)
    (line,) = fit._frozen(run.program(), run, taken._replace(arrays={}))
    assert line.endswith("as it was drawn: model.layers_0, model.layers_3, model.layers_6, model.layers_8")


def test_batch_statistics_and_spectral_vectors_come_along():
    fields = dict(network="dcgan", dataset=pictures(), spectral_norm=True, ema=0.5)
    source, program = made_up(**fields), program_of(**fields)
    taken = initial_weights(source, program)
    assert len(taken.lines) == 1 and "(averaged)" in taken.lines[0]
    (mean, *_) = (name for name in taken.arrays if name.startswith("generator/variables/batch_stats") and name.endswith("mean"))
    np.testing.assert_array_equal(taken.arrays[mean], source.arrays[mean.replace("generator", "ema", 1)])
    assert any(name.startswith("critic/variables/spectral") for name in taken.arrays)
    last = initial_weights(source, program, average=False)
    np.testing.assert_array_equal(last.arrays[mean], source.arrays[mean])


def test_another_number_of_classes_leaves_out_the_table_and_what_it_meets():
    source = made_up(conditional=True, dataset=pictures(size=8, n_classes=3))
    taken = initial_weights(source, program_of(conditional=True, dataset=pictures(size=8, n_classes=5)))
    assert "generator 6 of 9 arrays, critic 6 of 9 arrays" in taken.lines[0]
    assert "generator label_embedding/embedding (3x3, here 5x5)" in taken.lines[1]
    assert not any("embedding" in name or "critic/params/model/layers_0" in name for name in taken.arrays)


def test_another_picture_size_leaves_out_the_first_and_the_last_layer_whole():
    taken = initial_weights(made_up(), program_of(dataset=pictures(size=10)))
    assert "generator 6 of 8 arrays, critic 6 of 8 arrays" in taken.lines[0]
    assert not any(name.startswith("critic/params/model/layers_0/") for name in taken.arrays), "a bias without its kernel"


@pytest.mark.parametrize(
    ("theirs", "ours", "words", "rows"),
    [
        (1, 1, "", None),
        (1, 2, "replica 0 for all 2", [0, 0]),
        (2, 2, "each replica with its own", [0, 1]),
        (3, 2, "replica 0 for all 2", [0, 0]),
        (3, 1, "replica 0", 0),
    ],
)
def test_replicas_take_their_own_or_the_first_ones(theirs, ours, words, rows):
    source = made_up(replicas=theirs)
    taken = initial_weights(source, program_of(replicas=ours))
    assert taken.lines[0].endswith(words)
    name = "critic/params/model/layers_0/kernel"
    expected = source.arrays[name]
    if theirs > 1:
        expected = expected[rows]
    elif ours > 1:
        expected = np.stack([expected] * ours)
    np.testing.assert_array_equal(taken.arrays[name], expected)


def test_a_run_that_diverged_is_refused():
    source = made_up()
    source.arrays["critic/params/model/layers_0/bias"][0] = np.nan
    with pytest.raises(UserError, match="not finite, that run diverged"):
        initial_weights(source, program_of())


def test_optimizers_and_the_average_begin_anew_with_the_weights():
    """Also one whose first state hangs on the weights."""
    lookahead = optax.contrib.schedule_free(optax.sgd(0.1), 0.1)
    gan = jaxgan.Gan(
        networks.MlpGenerator((2,), 2, hidden_dim=4), networks.MlpCritic((2,), hidden_dim=4), objectives.gan(), lookahead, lookahead,
        latent_dim=2, ema=0.9,
    )  # fmt: skip
    from jaxgan.data import as_dataset
    from jaxgan.engine.loop import Program
    from jaxgan.engine.schedule import Schedule

    program = Program(gan, as_dataset(np.zeros((8, 2), np.float32)), Schedule(steps=1, batch_size=4))
    state = program.initial_state()
    name = "generator/params/model/layers_0/kernel"
    new = np.full((2, 4), 7.0, np.float32)
    begun = program.with_weights(state, {name: new})
    np.testing.assert_array_equal(begun.generator.params["model"]["layers_0"]["kernel"], new)
    np.testing.assert_array_equal(begun.ema.params["model"]["layers_0"]["kernel"], new)
    np.testing.assert_array_equal(begun.generator.opt_state.z["model"]["layers_0"]["kernel"], new)
    chex.assert_trees_all_equal(plain(begun.critic), plain(program.initial_state().critic))
    program.chunk(begun, program.zero_sums(begun), 1)  # whose buffers are given away: the average has its own
