"""Data that outgrow memory: a streamed run is the resident one, is resumed exactly, and holds no more than its windows."""

import chex
import jax
import numpy as np
import pytest
from PIL import Image

import jaxgan
from jaxgan import runs
from jaxgan.data import load
from jaxgan.engine import feed, reading
from jaxgan.errors import UserError
from jaxgan.settings import Config
from tests.tiny import on_disk, pictures, plain, tiny


def trained(dataset, chunks, state=None, **fields):
    """The state after chunks of these lengths, and what is seen on the way."""
    program = tiny("fc", dataset=dataset, variant="wgan", dropout=0.0, conditional=True, **fields).program()
    state = state or program.initial_state()
    seen = []
    for n in chunks:
        state, sums, _ = program.chunk(state, program.zero_sums(state), n)
        seen.append((dict(sums), program.diagnose(state)))
    return plain(state), seen


FORMS = {
    "fresh batches": {},
    "one batch for all critic steps": {"critic_data": "same"},
    "the generator first": {"order": "generator_first"},
    "replicas": {"replicas": 2},
    "classes evened out": {"class_balance": 0.5},
}


QUICK = {"fresh batches", "replicas"}


@pytest.mark.parametrize(
    "fields", [pytest.param(f, id=name, marks=() if name in QUICK else pytest.mark.slow) for name, f in FORMS.items()]
)
def test_a_streamed_run_sees_the_batches_of_the_resident_one(fields, monkeypatch):
    """40 pictures in batches of 6, windows of 3 steps: passes end within batches, and batches are looked at over window edges."""
    monkeypatch.setattr(feed, "WINDOW_STEPS", 3)
    streamed = on_disk(pictures())
    streamed.records.labels = pictures().labels  # type: ignore[union-attr]
    ours = trained(streamed, [2, 1, 3, 1], **fields)
    theirs = trained(pictures(), [2, 1, 3, 1], **fields)
    if fields.get("class_balance"):
        with pytest.raises(AssertionError):
            chex.assert_trees_all_close(theirs, trained(pictures(), [2, 1, 3, 1]), rtol=1e-5, atol=1e-6)
    chex.assert_trees_all_close(ours, theirs, rtol=1e-5, atol=1e-6)
    start = plain(
        tiny("fc", dataset=pictures(), variant="wgan", dropout=0.0, conditional=True, **fields).program().initial_state()
    )
    moved = [
        np.abs(a - b).max() for a, b in zip(*map(jax.tree.leaves, (start.critic.params, ours[0].critic.params)), strict=True)
    ]
    assert min(moved) > 1e-4


def test_it_goes_on_from_any_step_bit_for_bit(monkeypatch):
    monkeypatch.setattr(feed, "WINDOW_STEPS", 3)
    data = on_disk(pictures())
    whole, _ = trained(data, [3, 3, 1])
    program = tiny("fc", dataset=data, variant="wgan", dropout=0.0, conditional=True).program()
    state = program.initial_state()
    state = program.chunk(state, program.zero_sums(state), 3)[0]
    state = program.chunk(state, program.zero_sums(state), 1)[0]  # in the midst of a window
    state = jax.tree.map(np.asarray, plain(state))
    state = state._replace(key=jax.random.wrap_key_data(state.key))
    again, _ = trained(data, [2, 1], state=jax.device_put(state))
    chex.assert_trees_all_equal(again, whole)


def test_it_reads_its_windows_and_no_more(monkeypatch):
    monkeypatch.setattr(feed, "WINDOW_STEPS", 2)
    data = on_disk(pictures(n=5000))
    trained(data, [2, 2])
    batches = (
        1 + 2 * (2 * 2) + 2 * 2 + 2 * reading.ThreadReader.threads + 5
    )  # two windows, a diagnosis in the third, what threads read ahead
    assert 6 * 8 <= data.records.read <= 6 * (batches + 2 * 2)


def folder_of(path, n=12, colour=()):
    noise = np.random.default_rng(0).integers(0, 255, (n, 28, 28), np.uint8)
    for i in range(n):
        (path / f"class{i % 2}").mkdir(parents=True, exist_ok=True)
        image = Image.fromarray(noise[i])
        image = Image.new("RGB", (28, 28), (9, 99, 200)) if i in colour else image
        image.save(path / f"class{i % 2}" / f"{i:02}.png")
    return path


def config(path, **fields):
    fields = dict(dataset=f"folder:{path}", network="fc", recipe="paper", hidden_dim=8, batch_size=4, n_critic=2, latent_dim=3,
                  log_every=1, checkpoint_every=3, conditional=True) | fields  # fmt: skip
    return Config(**fields)


def test_a_folder_is_streamed_through_a_whole_run_and_its_resumption(tmp_path):
    source = folder_of(tmp_path / "pictures")
    whole = runs.fit(config(source, stream="always", steps=6, out=tmp_path / "whole"), progress=False)
    runs.fit(config(source, stream="always", steps=3, out=tmp_path / "parts"), progress=False)
    parts = runs.fit(Config(out=tmp_path / "parts", resume=True, steps=6), progress=False)
    chex.assert_trees_all_equal(plain(parts.state), plain(whole.state))
    resident = runs.fit(config(source, stream="never", steps=6, out=tmp_path / "resident"), progress=False)
    chex.assert_trees_all_close(plain(resident.state), plain(whole.state), rtol=1e-4, atol=1e-6)
    assert jaxgan.load(tmp_path / "whole").sample(4)[0].shape == (4, 28, 28, 1)


def test_records_are_the_pictures_of_the_resident_set(tmp_path):
    source = folder_of(tmp_path / "pictures")
    resident, streamed = (load(f"folder:{source}", memory=memory) for memory in (None, 12 * 28 * 28))
    assert resident.records is None and streamed.samples is None
    assert (streamed.size, streamed.sample_shape, streamed.n_classes, streamed.class_names) == (
        resident.size, resident.sample_shape, resident.n_classes, resident.class_names,
    )  # fmt: skip
    for row in range(12):
        image, label = streamed.records[row]
        np.testing.assert_array_equal(image, resident.samples[row])
        assert label == resident.labels[row]
    assert load(f"folder:{source}", memory=3 * 12 * 28 * 28).records is None, "it fits exactly"


def test_a_colour_picture_among_grey_ones_makes_the_set_one_of_colour_and_a_broken_one_stops_the_run(tmp_path):
    source = folder_of(tmp_path / "mixed", colour=(7,))
    assert load(f"folder:{source}", memory=0).sample_shape == load(f"folder:{source}").sample_shape == (28, 28, 3)
    broken = folder_of(tmp_path / "broken")
    (broken / "class1" / "07.png").write_bytes(b"no picture")
    with pytest.raises(UserError, match=r"07\.png: not readable"):
        runs.fit(config(broken, stream="always", steps=6, out=tmp_path / "b"), progress=False)


def test_what_is_always_held_is_not_said_to_stream():
    with pytest.raises(UserError, match="--stream always: ring8 is held in memory"):
        runs.fit(Config(dataset="ring8", stream="always"), progress=False)
