"""Listeners: what a run shows is true, and what it keeps survives a kill and a resume."""

import errno
import io
import json
import re
import struct
import subprocess
import sys

import jax
import numpy as np
import pytest
from PIL import Image
from rich.console import Console

from jaxgan.diagnosis import facts_of
from jaxgan.errors import WriteError
from jaxgan.folder import read_metrics
from jaxgan.metrics.table import METRICS, panel_of
from jaxgan.report.images import image_grid
from jaxgan.report.listeners import (
    Curves,
    Findings,
    MetricsFile,
    Page,
    ProgressBar,
    SamplePictures,
    TensorBoard,
    duration,
)
from jaxgan.report.samples import can_be_drawn


def pixels(path):
    """The picture in a file: (H, W) where it is grey, (H, W, 3) where it is not."""
    with Image.open(path) as image:
        return np.asarray(image)


LOSSES = [{"critic_loss": -1.5, "generator_loss": 0.25}]


class Clock:
    """A clock that the test winds."""

    def __init__(self):
        self.now = 0.0

    def __call__(self):
        return self.now


def progress(step=0, total=3000, *, terminal=False, steps_per_epoch=None, width=80):
    written, clock = io.StringIO(), Clock()
    console = Console(file=written, force_terminal=terminal, width=width, _environ={"TERM": "xterm"})
    bar = ProgressBar(console, clock=clock, steps_per_epoch=steps_per_epoch)
    bar.on_start(step, total)
    return bar, clock, written


class TestProgress:
    def test_expected_time_leaves_compilation_out(self):
        """20 s of compilation, then 50 steps a second: 20 s + 2,950 / 50, not 3,000 at the first chunk's speed."""
        bar, clock, written = progress()
        clock.now = 20.0
        bar.on_chunk(50, LOSSES)
        assert "about" not in written.getvalue()
        clock.now = 21.0
        for chunk in range(2, 5):
            bar.on_chunk(50 * chunk, LOSSES)
            clock.now += 1.0
        said = [line for line in written.getvalue().splitlines() if "about" in line]
        assert said == ["about 1 min 19 s for 3,000 steps; Ctrl-C stops after saving a checkpoint"]

    @pytest.mark.parametrize("terminal", [False, True])
    def test_of_a_fixed_set_the_epoch_is_shown(self, terminal):
        bar, clock, written = progress(total=4700, terminal=terminal, steps_per_epoch=94.0)
        for step, clock.now in ((1, 1.0), (329, 20.0)):
            bar.on_chunk(step, LOSSES)
        bar.on_end(329)
        assert "epoch 3.5/50" in written.getvalue()

    def test_steps_beside_which_something_is_compiled_do_not_count(self):
        """Two steps a second while it is compiled, ten a second after it."""
        clock, out, busy = Clock(), io.StringIO(), [True]
        bar = ProgressBar(Console(file=out, width=200), clock=clock, compiling=lambda: busy[0], quicker="--steps 10")
        bar.on_start(0, 100_000)
        for step in range(1, 6):
            clock.now += 0.5
            bar.on_chunk(step, [{}])
        assert "about" not in out.getvalue()
        busy[0] = False
        for step in range(6, 20):
            clock.now += 0.1
            bar.on_chunk(step, [{}])
        assert "about 2 h 46 min for 100,000 steps" in out.getvalue()
        assert "quicker with some of: --steps 10" in out.getvalue()

    def test_the_compiling_of_the_first_log_picture_and_measurement_does_not_count(self):
        """100 steps a second, a log of .5 s each 100 steps, 10 of 4 s and 5 measurements of 2 s: 20 + 10 * .5 + 10 * .4 + 5 * 2 s.

        The first of each compiles for many seconds more.
        """
        clock, out = Clock(), io.StringIO()
        every = {"log": 200, "sample": 200, "measure": 400}
        bar = ProgressBar(Console(file=out, width=200), clock=clock, every=every)
        bar.on_start(0, 2000)
        first, lefts = set(), {}

        def event(tell, name, seconds):
            clock.now += seconds + (0 if name in first else 30.0)
            first.add(name)
            tell(step, [{}]) if name != "sample" else tell(step, [], [])

        step = 0
        event(bar.on_sample, "sample", 0.4)
        event(bar.on_measure, "measure", 2.0)
        for step in range(50, 2001, 50):
            clock.now += 0.5 + (20.0 if step == 50 else 0)
            bar.on_chunk(step, LOSSES)
            lefts[step] = bar._seconds_left()
            for name, tell in (("log", bar.on_log), ("sample", bar.on_sample), ("measure", bar.on_measure)):
                if step % every[name] == 0:
                    event(tell, name, {"log": 0.5, "sample": 0.4, "measure": 2.0}[name])
        assert lefts[50] is None  # compiled
        assert lefts[500] == pytest.approx(15 + 8 * 0.5 + 8 * 0.4 + 4 * 2.0, rel=0.02)
        assert lefts[450] == pytest.approx(15.5 + 8 * 0.5 + 8 * 0.4 + 4 * 2.0, rel=0.02)
        assert lefts[2000] == pytest.approx(0, abs=0.01)

    @pytest.mark.parametrize("loss", [-0.00012, -9.8765, -123.456, -1.26e17])
    def test_the_bar_fits_eighty_columns(self, loss):
        """Every figure is there whole, and no line is longer."""
        bar, clock, written = progress(total=250_000, terminal=True, steps_per_epoch=250.0)
        for step in (10_000, 100_000, 240_000):
            clock.now += 4000.0
            bar.on_chunk(step, [{"critic_loss": loss, "generator_loss": loss}])
        bar.on_end(240_000)
        lines = [re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", line) for line in re.split(r"[\r\n]", written.getvalue())]
        last = [line for line in lines if "left" in line][-1]
        assert max(map(len, lines)) <= 80
        figure = {0.00012: "0.000", 9.8765: "9.877", 123.456: "123", 1.26e17: "1.3e+17"}[abs(loss)]
        assert f"epoch 960/1,000 critic -{figure}  generator -{figure} " in last and last.endswith("left")

    def test_a_single_quick_step_is_not_trusted(self):
        """The engine's second chunk may be one step of a few milliseconds, which says little of the speed."""
        bar, clock, written = progress()
        for step, clock.now in ((1, 5.0), (2, 5.001), (101, 6.0)):
            bar.on_chunk(step, LOSSES)
            assert ("about" in written.getvalue()) == (step == 101)
        assert "about 35 s for 3,000 steps" in written.getvalue()

    def test_short_runs_are_not_announced(self):
        bar, clock, written = progress(total=100)
        for step in (10, 20, 30):
            clock.now += 1.0
            bar.on_chunk(step, LOSSES)
        assert written.getvalue() == ""

    def test_resumed_run_counts_what_is_left(self):
        bar, clock, written = progress(step=1000)
        for step in (1010, 1020):
            clock.now += 1.0
            bar.on_chunk(step, LOSSES)
        assert "about 3 min 20 s for 2,000 more steps" in written.getvalue()

    def test_plain_lines_come_every_ten_seconds_and_at_the_end(self):
        bar, clock, written = progress(total=600)
        for second in range(1, 61):
            clock.now = float(second)
            bar.on_chunk(10 * second, LOSSES)
        bar.on_end(600)
        bar.on_end(600)  # a second end says nothing
        lines = [line for line in written.getvalue().splitlines() if line.startswith("step")]
        assert [line.split()[1] for line in lines] == ["100", "200", "300", "400", "500", "600", "600"]
        assert lines[1] == "step 200 of 600 (33%)  critic -1.500  generator 0.250  10.0 steps/s  0:20 gone  0:40 left"
        assert "left" not in lines[-1]
        assert "\x1b" not in written.getvalue()

    def test_losses_are_the_mean_over_replicas(self):
        bar, clock, written = progress()
        clock.now = 11.0
        bar.on_chunk(10, [{"critic_loss": 1.0, "generator_loss": 3.0}, {"critic_loss": 2.0, "generator_loss": 5.0}])
        assert "critic 1.500  generator 4.000" in written.getvalue()

    def test_interrupted_run_says_where_it_stopped(self):
        bar, _, written = progress()
        bar.on_end(120)
        assert written.getvalue().splitlines()[-1] == "stopped at step 120 of 3,000"

    def test_bar_on_a_terminal_is_taken_down(self):
        bar, clock, written = progress(terminal=True, width=120)
        for step in (30, 60, 90):
            clock.now += 1.0
            bar.on_chunk(step, LOSSES)
        bar.on_end(3000)
        shown = written.getvalue()
        assert "critic -1.500  generator 0.250" in shown
        assert "30.0 steps/s" in shown
        assert "3,000/3,000" in shown
        assert shown.rindex("\x1b[?25h") > shown.rindex("\x1b[?25l")  # the cursor is hidden, and back

    def test_end_without_a_start_is_quiet(self):
        ProgressBar(Console(file=io.StringIO())).on_end(0)

    @pytest.mark.parametrize(
        ("seconds", "words"), [(45.2, "45 s"), (190.0, "3 min 10 s"), (59.7, "1 min 0 s"), (7500.0, "2 h 5 min")]
    )
    def test_duration(self, seconds, words):
        assert duration(seconds) == words


class TestMetricsFile:
    def log(self, path, start, steps, replicas=1):
        listener = MetricsFile(path)
        listener.on_start(start, 1000)
        for step in steps:
            listener.on_log(step, [{"critic_loss": step + 0.5 * replica} for replica in range(replicas)])

    def test_one_object_a_step(self, tmp_path):
        self.log(tmp_path / "run" / "metrics.jsonl", 0, [10, 20])
        lines = (tmp_path / "run" / "metrics.jsonl").read_text().splitlines()
        assert [json.loads(line) for line in lines] == [
            {"step": 10, "critic_loss": 10},
            {"step": 20, "critic_loss": 20},
        ]

    def test_replicas_are_numbered_only_where_there_are_several(self, tmp_path):
        self.log(tmp_path / "m.jsonl", 0, [10], replicas=2)
        assert read_metrics(tmp_path / "m.jsonl") == [
            {"step": 10, "replica": 0, "critic_loss": 10.0},
            {"step": 10, "replica": 1, "critic_loss": 10.5},
        ]

    def test_not_finite_is_null(self, tmp_path):
        listener = MetricsFile(tmp_path / "m.jsonl")
        listener.on_log(1, [{"a": float("nan"), "b": float("inf"), "c": np.float32(2.0)}])
        text = (tmp_path / "m.jsonl").read_text()
        assert json.loads(text, parse_constant=pytest.fail) == {"step": 1, "a": None, "b": None, "c": 2.0}

    def test_killed_and_resumed_run_reads_as_one_that_was_not(self, tmp_path):
        killed, whole = tmp_path / "killed.jsonl", tmp_path / "whole.jsonl"
        self.log(whole, 0, range(10, 101, 10), replicas=2)
        self.log(killed, 0, range(10, 71, 10), replicas=2)
        with killed.open("a") as file:
            file.write('{"step": 80, "critic_lo')  # the kill came in the middle of a line
        self.log(killed, 50, range(60, 101, 10), replicas=2)
        assert killed.read_bytes() == whole.read_bytes()

    def test_a_run_begun_again_keeps_nothing(self, tmp_path):
        """Killed before the first checkpoint, a resume starts at step 0."""
        self.log(tmp_path / "m.jsonl", 0, [0, 10])
        self.log(tmp_path / "m.jsonl", 0, [0, 10])
        assert [record["step"] for record in read_metrics(tmp_path / "m.jsonl")] == [0, 10]


def test_the_page_is_written_while_it_trains_and_seldom_where_that_takes_long(tmp_path, monkeypatch):
    """At once, then after ten seconds, then after fifty times the two seconds that one takes."""
    clock, written = Clock(), []

    def write(folder, tell):
        written.append((folder, clock.now))
        clock.now += takes

    monkeypatch.setattr("jaxgan.report.listeners.page.write_page", write)
    page = Page(tmp_path, clock=clock)
    page.on_start(0, 1000)
    takes = 0.1
    for second in range(400):
        clock.now = max(clock.now, float(second))
        if second > 25:
            takes = 2.0
        page.on_sample(second, [], [])
    assert [(folder, int(now)) for folder, now in written] == [(tmp_path, now) for now in (0, 10, 20, 30, 130, 230, 330)]


def test_curves_are_drawn_at_the_end_from_the_metrics_file(tmp_path):
    curves = Curves(tmp_path / "metrics.jsonl", tmp_path / "curves.png")
    curves.on_end(0)
    assert not (tmp_path / "curves.png").exists()  # nothing was logged
    MetricsFile(tmp_path / "metrics.jsonl").on_log(10, LOSSES)
    curves.on_end(10)
    assert pixels(tmp_path / "curves.png").shape[1] > 400


class Pair:
    """Two tight modes at (0, 0) and (3, 3) in units; the networks see a tenth of that."""

    centres = np.array([[0.0, 0.0], [3.0, 3.0]])
    scale = 10.0

    def __init__(self):
        self.asked = 0

    def to_units(self, points):
        return np.asarray(points) * self.scale

    def log_density(self, points):
        self.asked += 1
        squared = ((points[:, None] - self.centres) ** 2).sum(-1)  # (points, centres)
        return jax.nn.logsumexp(-squared / 2, axis=1)


class TestSamplePictures:
    def test_names(self, tmp_path):
        listener = SamplePictures(tmp_path)
        images, labels = np.zeros((4, 8, 8, 1)), np.zeros(4, int)
        listener.on_sample(500, [images], [labels])
        listener.on_sample(1000, [images] * 2, [labels] * 2)
        assert sorted(path.name for path in tmp_path.iterdir()) == [
            "step_00000500.png",
            "step_00001000-replica_00.png",
            "step_00001000-replica_01.png",
        ]

    @pytest.mark.parametrize(
        ("labels", "columns"),
        [(np.repeat(np.arange(10), 3), 3), (np.arange(30) % 10, 10), (np.zeros(30, int), None)],
        ids=["one row a class", "one column a generator", "as square as it goes"],
    )
    def test_labels_say_how_images_are_laid_out(self, labels, columns, tmp_path):
        images = np.linspace(-1, 1, 30)[:, None, None, None] * np.ones((1, 8, 8, 1))
        SamplePictures(tmp_path, n_classes=10).on_sample(1, [images], [labels])
        assert np.array_equal(pixels(tmp_path / "step_00000001.png"), image_grid(images, columns=columns)[..., 0])

    def test_points_are_drawn_in_units(self, tmp_path):
        """Samples on the mode at (3, 3): all inside the picture; the density is asked once for all pictures."""
        distribution = Pair()
        listener = SamplePictures(tmp_path, distribution=distribution)
        labels = np.zeros(50, int)
        listener.on_sample(1, [np.full((50, 2), 0.3, np.float32)], [labels])
        asked = distribution.asked
        listener.on_sample(2, [np.full((50, 2), -0.9, np.float32)] * 2, [labels] * 2)
        assert distribution.asked == asked == 1  # traced once
        picture = pixels(tmp_path / "step_00000001.png").astype(int)
        rows, columns = np.nonzero((picture[..., 0] - picture[..., 2] > 100)[:560])  # vermilion, above the legend
        middle = np.array([columns.mean() / picture.shape[1], rows.mean() / 560])
        assert np.all(np.abs(middle - [0.65, 0.36]) < 0.05)  # right of the middle and above it

    @pytest.mark.parametrize("shape", [(2, 3, 4, 5, 1), (0, 3), ()])
    def test_samples_of_other_shapes_are_not_drawn(self, tmp_path, shape):
        SamplePictures(tmp_path / "samples").on_sample(1, [np.zeros((5, *shape))] * 2, [np.zeros(5, int)] * 2)
        assert not can_be_drawn(shape) and not (tmp_path / "samples").exists()

    @pytest.mark.parametrize(("channels", "shown"), [(2, 1), (4, 3), (7, 3)])
    def test_pictures_of_other_channels_are_drawn(self, tmp_path, channels, shown):
        images = np.random.default_rng(0).uniform(-1, 1, (5, 4, 6, channels)).astype(np.float32)
        SamplePictures(tmp_path).on_sample(1, [images], [np.zeros(5, int)])
        picture = pixels(tmp_path / "step_00000001.png")
        assert np.array_equal(picture.reshape(*picture.shape[:2], shown), image_grid(images)) and can_be_drawn((4, 6, channels))

    def test_points_without_a_distribution(self, tmp_path):
        SamplePictures(tmp_path).on_sample(3, [np.zeros((5, 2))], [np.zeros(5, int)])
        assert (tmp_path / "step_00000003.png").exists()


def events(folder):
    """The events in a folder, oldest file first; a record is a length, its check, the content, its check."""
    from tensorboardX.proto.event_pb2 import Event

    read = []
    for path in sorted(folder.glob("*tfevents*"), key=lambda path: path.name.rsplit(".", 1)[-1]):
        content, place = path.read_bytes(), 0
        while place < len(content):
            (length,) = struct.unpack_from("<Q", content, place)
            read.append(Event.FromString(content[place + 12 : place + 12 + length]))
            place += 12 + length + 4
    return read


def values(folder):
    return {(value.tag, event.step): value for event in events(folder) for value in event.summary.value}


class TestTensorBoard:
    def test_scalars_read_back_in_their_groups(self, tmp_path):
        board = TensorBoard(tmp_path)
        board.on_start(0, 100)
        metrics = {
            "losses/critic_loss": 0.5,
            "losses/generator_loss": 1.5,
            "gradients/gradient_penalty": 2.5,
            "gradients/gradient_norm": 3.5,
            "gradients/critic_gradient_near_zero": 4.5,
            "scores/score_real": 5.5,
            "weights/critic_weight_min": -6.5,
            "speed/steps_per_second": 7.5,
            "other/began_balance": 8.5,
        }
        board.on_log(10, [{tag.split("/")[1]: value for tag, value in metrics.items()} | {"lost": float("nan")}])
        board.on_end(10)
        read = {tag: value.simple_value for (tag, step), value in values(tmp_path).items() if step == 10}
        assert read == metrics

    def test_replicas_and_pictures(self, tmp_path):
        board = TensorBoard(tmp_path)
        board.on_start(0, 100)
        infinite = float("inf")
        board.on_log(10, [{"critic_loss": 1.0, "score_real": 5.0}, {"critic_loss": 3.0, "score_real": infinite}])
        images = np.random.default_rng(0).uniform(-1, 1, (4, 8, 8, 3)).astype(np.float32)
        board.on_sample(20, [images, np.zeros((6, 2), np.float32)], [np.zeros(4, int), np.zeros(6, int)])
        board.on_end(20)
        read = values(tmp_path)
        scalars = {
            place: {tag: value.simple_value for (tag, _), value in values(tmp_path / place).items() if "samples" not in tag}
            for place in (".", "mean minus std", "mean plus std")
        }
        assert scalars == {
            ".": {"losses/critic_loss": 2.0, "scores/score_real": 5.0},
            "mean minus std": {"losses/critic_loss": pytest.approx(2 - 2**0.5)},
            "mean plus std": {"losses/critic_loss": pytest.approx(2 + 2**0.5)},
        }
        picture = Image.open(io.BytesIO(read["replica_0/samples", 20].image.encoded_image_string))
        assert np.array_equal(np.asarray(picture), image_grid(images))
        assert read["replica_1/samples", 20].image.width == 600

    def test_samples_that_cannot_be_drawn_are_left_out_and_measured_values_have_a_panel(self, tmp_path):
        board = TensorBoard(tmp_path)
        board.on_start(0, 100)
        board.on_sample(20, [np.zeros((6, 1, 2, 3, 4, 5), np.float32)], [np.zeros(6, int)])
        board.on_measure(20, [{"fid_lab_1k": 2.0}])
        board.on_end(20)
        assert list(values(tmp_path)) == [("figures/fid_lab_1k", 20)]

    @pytest.mark.parametrize("name", METRICS)
    def test_panels_are_those_that_earlier_runs_have(self, name):
        """Resumed runs go on in the panels they began in: the rule that gave them, word for word."""
        if METRICS[name].logged:
            earlier = [
                ("losses", name.endswith("_loss")), ("scores", name.startswith("score")), ("weights", "weight" in name),
                ("gradients", "gradient" in name), ("speed", name.endswith("per_second")), ("other", True),
            ]  # fmt: skip
            assert panel_of(name) == next(panel for panel, fits in earlier if fits)

    def test_on_a_full_disk_the_run_ends_and_waits_for_nothing(self, tmp_path, monkeypatch):
        def full(*_):
            raise OSError(errno.ENOSPC, "No space left on device")

        board = TensorBoard(tmp_path)
        board.on_start(0, 100)
        with monkeypatch.context() as patched:
            patched.setattr("tensorboardX.record_writer.RecordWriter.write", full)
            for _ in range(20):  # more than tensorboardX would queue
                with pytest.raises(WriteError, match=r"cannot be written: No space left on device$"):
                    board.on_log(10, [{"critic_loss": 0.5}])
        board.on_log(20, [{"critic_loss": 0.5}])  # there is room again
        board.on_end(20)
        assert list(values(tmp_path)) == [("losses/critic_loss", 20)]

    def test_resume_at_once_keeps_the_first_file_and_voids_what_came_after_the_checkpoint(self, tmp_path):
        for start, steps in ((0, (10, 20, 30)), (20, (30, 40))):
            board = TensorBoard(tmp_path)
            board.on_start(start, 100)
            for step in steps:
                board.on_log(step, [{"critic_loss": float(step)}, {"critic_loss": 1.0}])
            board.on_end(steps[-1])
        assert [event.step for event in events(tmp_path / "mean plus std") if event.HasField("session_log")] == [21]
        read = events(tmp_path)
        assert [event.step for event in read if event.summary.value] == [10, 20, 30, 30, 40]
        restarts = [event.step for event in read if event.HasField("session_log")]
        assert restarts == [21]  # TensorBoard hides steps >= 21 that came before it

    def test_events_before_a_start_or_after_the_end_are_ignored(self, tmp_path):
        board = TensorBoard(tmp_path / "none")
        board.on_log(1, LOSSES)
        board.on_end(1)
        assert not (tmp_path / "none").exists()


def test_tensorboard_does_not_load_pytorch(tmp_path):
    """tensorboardX looks for it, and takes seconds where it is installed."""
    (tmp_path / "torch.py").write_text("raise SystemExit('loaded')")
    code = "from jaxgan.report.listeners import TensorBoard as T; t = T('events'); t.on_start(0, 1); t.on_end(0); import torch"
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.stderr == "loaded\n"  # by the last line alone
    assert list((tmp_path / "events").iterdir())


def look_on(tmp_path, *, steps=1000, replicas=1):
    """The listener, and a way to log a line of losses of each replica."""
    path = tmp_path / "metrics.jsonl"
    listeners = MetricsFile(path), Findings(path, facts_of({"variant": "gan", "steps": steps, "replicas": replicas}, {}))
    for listener in listeners:
        listener.on_start(0, steps)

    def log(step, *losses):
        values = [{"critic_loss": loss} for loss in losses]
        for listener in listeners:
            listener.on_chunk(step, values)
            listener.on_log(step, values)

    return listeners[1], log


class TestFindings:
    def test_a_line_when_a_finding_comes_one_when_it_goes_and_none_between(self, tmp_path, capsys):
        findings, log = look_on(tmp_path)
        for step in range(10, 1001, 10):
            log(step, 0.001 if step <= 700 else 1.3)
        came, went = capsys.readouterr().err.splitlines()
        assert came.startswith("step 210: The critic wins by far") and "critic_loss 0.001" in came
        assert went.startswith("step ") and "no longer: the critic wins by far" in went
        assert 710 < int(went[5 : went.index(":")]) < 900
        findings.on_end(1000)
        assert capsys.readouterr().out == ""

    def test_what_is_so_at_the_end_is_said_with_what_to_try(self, tmp_path, capsys):
        findings, log = look_on(tmp_path, replicas=3)
        for step in range(10, 1001, 10):
            log(step, 1.3, 0.001, 0.002)
        capsys.readouterr()
        findings.on_end(1000)
        seen, advice = capsys.readouterr().out.splitlines()
        assert seen.startswith("In 2 of 3 replicas (1, 2) the critic wins by far")
        assert advice.startswith("  try a lower --critic-learning-rate")

    def test_a_run_that_goes_on_says_nothing_twice(self, tmp_path, capsys):
        _, log = look_on(tmp_path, steps=2000)
        for step in range(10, 1001, 10):
            log(step, 0.001)
        assert "wins" in capsys.readouterr().err
        second = Findings(tmp_path / "metrics.jsonl", facts_of({"variant": "gan", "steps": 2000}, {}))
        second.on_start(1000, 2000)
        for step in range(1010, 1500, 10):
            second.on_chunk(step, [])
            second.on_log(step, [{"critic_loss": 0.001}])
        assert capsys.readouterr().err == ""

    def test_of_a_long_run_no_more_is_kept_than_of_a_short_one(self, tmp_path):
        findings = Findings(tmp_path / "metrics.jsonl", facts_of({"variant": "gan"}, {}))
        findings.on_start(0, 10**6)
        for step in range(1, 5001):
            findings.on_log(step, [{"critic_loss": float(step)}])
        kept = [records[0]["step"] for records in findings._logged]
        assert len(kept) <= 400 and kept[0] == 1 and kept[-1] == 5000
