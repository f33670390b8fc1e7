"""What is found of a data set, and of the cost of a step, before a training begins."""

import importlib
from types import SimpleNamespace

import jax
import numpy as np
import pytest
from PIL import Image

from jaxgan import fit
from jaxgan.data import as_dataset
from jaxgan.runs.survey import expected_time, find_duplicates, measure_cost, quicker, seen_samples, spread_rows, time_steps
from jaxgan.settings import Config, resolve
from tests.tiny import on_disk, pictures, tiny

fitting = importlib.import_module("jaxgan.runs.fit")  # whose name in the package is that of the function


def test_rows_are_spread_over_all():
    np.testing.assert_array_equal(spread_rows(5, 10), [0, 1, 2, 3, 4])
    np.testing.assert_array_equal(spread_rows(9, 3), [0, 4, 8])


def test_pictures_on_disk_are_seen_as_those_in_memory():
    dataset = pictures(6)
    for there, read in zip(seen_samples(dataset, 3), seen_samples(on_disk(dataset), 3), strict=True):
        np.testing.assert_array_equal(there, read)


def test_equal_and_nearly_equal_pictures_are_found_and_others_are_not():
    rng = np.random.default_rng(0)
    shapes = np.repeat(np.repeat(rng.integers(0, 256, (6, 5, 5, 3)), 4, 1), 4, 2).astype(np.uint8)  # 20x20, coarse
    shapes[3] = shapes[1]  # equal
    shapes[4] = np.clip(shapes[2].astype(int) + rng.integers(-3, 4, shapes[2].shape), 0, 255)  # noise of some levels
    shapes[5] = shapes[0][:, ::-1]  # mirrored: another picture
    found = find_duplicates(shapes)
    assert (found.seen, found.exact) == (6, 1)
    assert found.near == ((2, 4),)


def test_rows_of_numbers_are_compared_whole():
    rows = np.array([[1.0, 2.0], [1.0, 2.1], [1.0, 2.0], [1.0, 2.0]], np.float32)
    assert find_duplicates(rows) == (4, 2, ())


def test_the_cost_of_a_step_holds_its_memory_and_grows_with_the_replicas():
    one, four = (tiny("mlp", replicas=replicas).program() for replicas in (1, 4))
    costs = [measure_cost(program, seconds=0.01) for program in (one, four)]
    for program, cost in zip((one, four), costs, strict=True):
        state = program.initial_state()._replace(key=None)
        assert cost.memory >= sum(leaf.nbytes for leaf in jax.tree.leaves(state))
        assert 0 < cost.step < cost.compilation
    assert costs[1].memory > 2 * costs[0].memory


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (Config(hidden_dim=64, n_critic=5, steps=4000), "--image-size 32, --hidden-dim 32, --n-critic 1, --steps 1000"),
        (Config(hidden_dim=16, n_critic=1, replicas=3, steps=100), "--image-size 32, --replicas 1"),
    ],
)
def test_what_would_be_quicker(options, expected):
    assert quicker(options, pictures(4, size=64)) == expected


def test_of_numbers_no_smaller_picture_is_proposed():
    assert quicker(Config(hidden_dim=64, n_critic=1, steps=10), as_dataset(np.zeros((4, 3), np.float32))) == ""


class TestTimeSaidBeforeARunBegins:
    """A run on pictures of one's own makes some steps that are thrown away, says what the whole takes, and begins."""

    @pytest.fixture
    def options(self, tmp_path):
        rng = np.random.default_rng(0)
        (tmp_path / "pictures").mkdir()
        for number in range(12):
            Image.fromarray(rng.integers(0, 256, (8, 8, 3), dtype=np.uint8)).save(tmp_path / "pictures" / f"{number}.png")
        return dict(
            variant="gan", dataset=f"folder:{tmp_path / 'pictures'}", hidden_dim=2, batch_size=4, steps=5, log_every=5,
            sample_every=5, checkpoint_every=5,
        )  # fmt: skip

    @pytest.mark.parametrize("stream", ["never", "always"])
    def test_before_the_first_step_and_once(self, options, stream, tmp_path, capsys, monkeypatch):
        monkeypatch.setattr(fitting, "SECONDS_TIMED", 0.01)
        monkeypatch.setattr(fitting, "time_steps", lambda *given: time_steps(*given)._replace(step=720.0))
        run = fit(Config(**options, out=tmp_path / "told", stream=stream))
        lines = capsys.readouterr().out.splitlines()
        said = "about 1 h 0 min for 5 steps of 720,000.0 ms each; Ctrl-C stops after saving a checkpoint"
        assert lines.index(said) < next(place for place, line in enumerate(lines) if line.startswith("step "))
        assert [line for line in lines if line.startswith("about")] == [said]
        silent = fit(Config(**options, out=tmp_path / "silent", stream=stream), progress=False)  # nothing is timed
        assert "about" not in capsys.readouterr().out
        for one, other in zip(*(jax.tree.leaves(each.state._replace(key=None)) for each in (run, silent)), strict=True):
            np.testing.assert_array_equal(one, other)

    def test_an_interrupt_ends_it(self, options):
        resolved = resolve(Config(**options))
        program = resolved.program()
        assert time_steps(program, program.initial_state(), 100.0, lambda: True) is None

    def test_measurements_are_not_counted_and_that_is_said(self, options):
        resolved = resolve(Config(**{**options, "metrics_every": 5}))
        assert expected_time(resolved, 2.0) == ["about 10 s for 5 steps of 2,000.0 ms each, measurements not counted"]

    def test_what_would_be_quicker_is_said_of_a_long_run_alone(self, options):
        resolved = resolve(Config(**{**options, "steps": 4000}))
        assert expected_time(resolved, 0.001) == ["about 4 s for 4,000 steps of 1.0 ms each"]
        assert expected_time(resolved, 1.0, 60.0) == [
            "about 1 h 7 min for 4,000 steps of 1,000.0 ms each",
            "quicker with some of: --steps 1000",
        ]

    def test_other_runs_make_no_steps_but_their_own(self, options, tmp_path, monkeypatch):
        """Nor do those that go on."""
        fit(Config(**options, out=tmp_path / "first"), progress=False)
        monkeypatch.setattr(fitting, "time_steps", None)
        fit(Config(out=tmp_path / "first", resume=True, steps=6))
        fit(Config(variant="gan", dataset="ring8", hidden_dim=4, batch_size=8, steps=2, out=tmp_path / "run"))


def on_a_clock(monkeypatch, window, reading=0.0):
    """A program whose first step takes 50 s and each of the others 2 s, and its steps so far; a window of the data is read in so many seconds."""
    program, now, made = tiny("mlp").program(), [0.0], [0]
    sums = program.zero_sums(program.initial_state())

    def at(step):
        now[0] += reading

    def chunk(state, sums, n, begin_next):
        assert n <= program.feed.left(made[0]) and not begin_next
        now[0] += 2 * n if made[0] else 50
        made[0] += n
        return state, sums, None

    feed = SimpleNamespace(left=lambda step: window - step % window, at=at)
    for name, stand_in in (("chunk", chunk), ("zero_sums", lambda state: sums), ("feed", feed)):
        monkeypatch.setattr(program, name, stand_in)
    monkeypatch.setattr("time.perf_counter", lambda: now[0])
    return program, made


@pytest.mark.parametrize(("window", "seconds", "made"), [(2**31, 12.0, 7), (2**31, 0.1, 2), (5, 12.0, 5), (1, 12.0, 2)])
def test_nothing_is_compiled_beside_the_steps_that_are_timed(monkeypatch, window, seconds, made):
    """One that is slow is enough, and no second window of the data is read unless the first holds one step."""
    program, steps = on_a_clock(monkeypatch, window)
    assert time_steps(program, program.initial_state(), seconds) == (50.0, 2.0)
    assert made <= steps[0] <= min(made + 3, max(window, 2))


def test_a_step_takes_no_less_than_reading_its_pictures(monkeypatch):
    program, _ = on_a_clock(monkeypatch, 10, reading=70.0)
    assert time_steps(program, program.initial_state(), 12.0) == (50.0, 7.0)
