"""A trained run, exported and loaded elsewhere, makes the same samples; the card says what it is."""

import dataclasses
import json
import runpy

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

import jaxgan
from jaxgan import objectives
from jaxgan.data import as_dataset
from jaxgan.data.scaling import fitted
from jaxgan.engine.state import GanState
from jaxgan.errors import UserError
from jaxgan.labels import label_vectors
from jaxgan.runs import Run
from jaxgan.runs.card import card
from jaxgan.runs.export import WRITERS, described, subject_of
from jaxgan.settings.own import config_of, resolve_own
from tests.networks import own_networks as own
from tests.tiny import arrays, batch, initial, tiny

NETWORKS = {
    "mlp": {},
    "dcgan": {"conditional": True, "ema": 0.5, "variant": "lsgan"},
    "fc": {},
    "conv": {"variant": "lsgan"},
    "lab_conv": {"conditional": True},
    "r3gan": {"variant": "r3gan"},
    "resnet": {},
    "conv1d": {"generators": 2},
    "conv3d": {"conditional": True},
}


def trained(network, folder, steps=3, **fields) -> Run:
    """A run after a few steps, as `fit` returns it, without its files."""
    resolved = tiny(network, **fields)
    state, data = initial(resolved), arrays(resolved)
    many = resolved.gan.batches_per_iteration

    @jax.jit
    def iteration(state: GanState) -> GanState:
        drawn = [batch(resolved, data, state.key, resolved.gan.first_batch(state.step) + i) for i in range(many)]
        return resolved.gan.iteration(state, tuple(jnp.stack(x) for x in zip(*drawn, strict=True)))[0]

    for _ in range(steps):
        state = iteration(state)
    return Run(
        gan=resolved.gan, state=state, sample_shape=resolved.dataset.sample_shape, folder=folder, config=resolved.config,
        dataset=dataclasses.replace(resolved.dataset, samples=None, labels=None),
    )  # fmt: skip


def in_onnx(folder, latent, labels):
    onnxruntime = pytest.importorskip("onnxruntime")
    session = onnxruntime.InferenceSession(folder / "generator.onnx", providers=["CPUExecutionProvider"])
    names = [one.name for one in session.get_inputs()]
    given = {"latent": latent, "labels": labels.astype(np.int64)}
    return np.moveaxis(session.run(None, {name: given[name] for name in names})[0], 1, -1)


def in_torch(folder, latent, labels):
    torch = pytest.importorskip("torch")
    given = [torch.from_numpy(latent), torch.from_numpy(labels.astype(np.int64))]
    about = json.loads((folder / "generator.json").read_text())
    with torch.no_grad():
        samples = runpy.run_path(str(folder / "generator.py"))["load"]()(*given[: 2 if about["n_classes"] else 1])
    return np.moveaxis(samples.numpy(), 1, -1)


def in_stablehlo(folder, latent, labels):
    program = jax.export.deserialize(bytearray((folder / "generator.stablehlo").read_bytes()))
    return program.call(*[latent, labels.astype(np.int32)][: len(program.in_avals)])


def in_jaxgan(folder, latent, labels):
    return jaxgan.load(folder).generate(jnp.asarray(latent), jnp.asarray(labels))


ELSEWHERE = {"onnx": in_onnx, "torch": in_torch, "stablehlo": in_stablehlo, "safetensors": in_jaxgan}


@pytest.mark.parametrize("network", NETWORKS)
def test_trained_exported_and_loaded_elsewhere_the_pictures_are_the_same(network, tmp_path):
    assert {*ELSEWHERE, "html"} == set(WRITERS)  # a page is opened in tests/report/test_generator_page.py
    run = trained(network, tmp_path, **NETWORKS[network])
    latent = np.random.default_rng(0).standard_normal((5, run.gan.latent_dim)).astype(np.float32)
    labels = np.arange(5, dtype=np.int32) % max(1, run.gan.n_classes)
    expected = np.asarray(run.generate(jnp.asarray(latent), jnp.asarray(labels)))
    assert int(run.state.step) == 3 and expected.std() > 1e-4
    for name, of in ELSEWHERE.items():
        written = jaxgan.export(run, name)
        assert all(path.is_file() and path.parent == tmp_path / "exports" / name for path in written)
        np.testing.assert_allclose(of(tmp_path / "exports" / name, latent, labels), expected, atol=1e-5, err_msg=name)


@pytest.fixture(scope="module")
def points(tmp_path_factory):
    """A run on points of the plane, and what was exported of it to be loaded by jaxgan."""
    folder = tmp_path_factory.mktemp("points")
    run = trained("mlp", folder, steps=0, ema=0.5)
    jaxgan.export(run, "safetensors", license="cc0-1.0")
    return run, folder / "exports" / "safetensors"


def test_what_jaxgan_loads_again_draws_the_very_same_samples(points):
    run, folder = points
    again = jaxgan.load(folder)
    np.testing.assert_array_equal(again.sample(20, seed=3)[0], run.sample(20, seed=3)[0])
    assert again.config.generator == "mlp" and int(again.state.step) == 0
    with pytest.raises(UserError, match="evaluate the run that it was exported from"):
        jaxgan.evaluate(again)
    judged = [jaxgan.evaluate(each, "ring8", n=100, metrics={"mean": lambda real, made: made.mean()}) for each in (folder, run)]
    assert judged[0]["mean"] == judged[1]["mean"] and judged[0]["judged"] == str(folder)
    for wanted in ({"step": 4}, {"replica": 1}, {"best": True}):
        with pytest.raises(UserError, match="holds one generator, that was exported"):
            jaxgan.load(folder, **wanted)


def test_links_in_a_run_folder_are_not_written_through(points, tmp_path):
    run, elsewhere = dataclasses.replace(points[0], folder=tmp_path / "run"), tmp_path / "elsewhere"
    elsewhere.mkdir()
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "exports").symlink_to(elsewhere)
    with pytest.raises(UserError, match="a link that leads out of the run folder"):
        jaxgan.export(run, "safetensors")
    (tmp_path / "run" / "exports").unlink()
    (tmp_path / "run" / "exports" / "safetensors").mkdir(parents=True)
    (tmp_path / "run" / "exports" / "safetensors" / "README.md").symlink_to(elsewhere / "README.md")
    jaxgan.export(run, "safetensors")
    assert not any(elsewhere.iterdir())


def test_averaged_weights_are_taken_unless_others_are_wanted(points, tmp_path):
    run, _ = points
    moved = run.state.ema._replace(params=jax.tree.map(lambda leaf: leaf + 0.1, run.state.ema.params))
    run = dataclasses.replace(run, state=run.state._replace(ema=moved))
    for average in (True, False):
        jaxgan.export(run, "safetensors", out=tmp_path / str(average), average=average)
        loaded = jaxgan.load(tmp_path / str(average))
        np.testing.assert_array_equal(loaded.sample(5)[0], run.sample(5, average=average)[0])


def test_the_card_has_licence_data_configuration_and_how_it_is_loaded(points):
    _, folder = points
    card = (folder / "README.md").read_text()
    assert card.startswith('---\nlicense: "cc0-1.0"\n')
    assert "jaxgan.load(" in card and "ring8" in card and '"generator": "mlp"' in card and "None were measured" in card
    about = json.loads((folder / "generator.json").read_text())
    assert about["sample_shape"] == [2] and about["weights"] == "averaged" and about["axes"] == "channels last"
    assert not {"out", "data_dir"} & about["config"].keys()


def test_the_card_has_units_of_samples_and_labels(points, tmp_path):
    run, _ = points
    scaling = fitted(np.array([[160.0, 60.0], [180.0, 80.0]]), "minmax", ("height", "weight"))
    known = label_vectors(np.array([[20.0], [40.0]]), "continuous", ("age",))
    run = dataclasses.replace(run, dataset=dataclasses.replace(run.dataset, scaling=scaling, label_vectors=known))
    about = {**described(subject_of(run), "onnx"), "label_dim": 1}
    text = card(run, about)
    assert "height = 10 x + 170; weight = 10 x + 70" in text
    assert "rows of 1, (value - mean) / std, in this order: age: mean 30, std 10" in text
    assert '"labels": np.zeros((16, 1), np.float32)' in text and "\nlicense: unknown" in text


def test_damaged_weights_and_what_is_no_export_of_jaxgan_are_refused_in_a_line(points, tmp_path):
    _, folder = points
    about = json.loads((folder / "generator.json").read_text())
    for change, words in (
        ({"written_as": "torch"}, "holds the format 'torch'"),
        ({"format": 9}, "a newer jaxgan reads it"),
        ({"config": None}, "config is missing"),
    ):
        (tmp_path / "generator.json").write_text(json.dumps({**about, **change}))
        with pytest.raises(UserError, match=words):
            jaxgan.load(tmp_path)
    (tmp_path / "generator.json").write_text(json.dumps(about))
    with pytest.raises(UserError, match=r"generator\.safetensors"):
        jaxgan.load(tmp_path)
    content = (folder / "generator.safetensors").read_bytes()
    (tmp_path / "generator.safetensors").write_bytes(content[: len(content) // 2])
    with pytest.raises(UserError, match="cannot be read as safetensors"):
        jaxgan.load(tmp_path)
    (tmp_path / "generator.json").write_text(json.dumps({**about, "config": {**about["config"], "hidden_dim": 9}}))
    (tmp_path / "generator.safetensors").write_bytes(content)
    with pytest.raises(UserError, match="has shape"):
        jaxgan.load(tmp_path)


def test_weights_that_are_not_finite_are_refused(points):
    run, _ = points
    bad = run.state.ema._replace(params=jax.tree.map(lambda leaf: leaf * np.nan, run.state.ema.params))
    with pytest.raises(UserError, match="the weights are not finite"):
        jaxgan.export(dataclasses.replace(run, state=run.state._replace(ema=bad)), "torch")
    with pytest.raises(UserError, match=r"tensorflow.*onnx, safetensors"):
        jaxgan.export(run, "tensorflow")


def test_a_generator_of_the_users_own_goes_as_safetensors_and_stablehlo(tmp_path):
    def apply(params, x):  # of any batch size, where own.pair asks for a number
        return jnp.tanh(x @ params[0].weight + params[0].bias) @ params[1].weight + params[1].bias

    adam = optax.adam(1e-3)
    gan = jaxgan.Gan((own.pair(12)[0], apply), own.pair(), objectives.wgan_gp(), adam, adam, latent_dim=4, n_critic=1)
    dataset = as_dataset(np.zeros((40, 12), np.float32), None)
    resolved = resolve_own(gan, dataset, config_of(gan, dataset, {"steps": 1}))
    state = gan.init(jax.random.key(0), jnp.zeros((2, 12)))
    run = Run(gan=gan, state=state, sample_shape=(12,), folder=tmp_path, config=resolved.config, dataset=dataset)
    latent, labels = jnp.ones((3, 4)), jnp.zeros(3, jnp.int32)
    expected = run.generate(latent, labels)
    for name in ("onnx", "torch"):
        with pytest.raises(UserError, match="formats that take it are safetensors and stablehlo"):
            jaxgan.export(run, name)
    jaxgan.export(run, "safetensors")
    again = jaxgan.load(tmp_path / "exports" / "safetensors", gan=gan)
    np.testing.assert_array_equal(again.generate(latent, labels), expected)
    with pytest.raises(UserError, match="was started from Python with a Gan: give it again"):
        jaxgan.load(tmp_path / "exports" / "safetensors")
    jaxgan.export(run, "stablehlo")
    np.testing.assert_allclose(in_stablehlo(tmp_path / "exports" / "stablehlo", latent, labels), expected, atol=1e-5)


@pytest.mark.parametrize("format", ["safetensors", "html"])
def test_what_is_exported_names_no_folder_of_this_machine(format, tmp_path):
    run = trained("dcgan", tmp_path)
    name = "folder:/home/someone/cats"
    run = dataclasses.replace(
        run, config=dataclasses.replace(run.config, dataset=name), dataset=dataclasses.replace(run.dataset, name=name)
    )
    written = [path for path in jaxgan.export(run, format) if path.suffix in (".json", ".md", ".html")]
    texts = [path.read_text(encoding="utf-8") for path in written]
    assert all("someone" not in text and "folder:cats" in text for text in texts) and len(texts) >= 2
