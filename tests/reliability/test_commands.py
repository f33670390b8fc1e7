"""Every command on wrong flags, values, files and folders: one line and exit code 2, and nothing written."""

import importlib
import json
import os
import re
import subprocess
import sys
import time
import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest

import jaxgan.__main__ as console
from jaxgan.errors import UserError

COMMANDS = ("train", "sample", "sweep", "evaluate", "report", "compare", "classifier")
LONG = "x" * 300
FLAGS = {name: f"--{name.replace('_', '-')}" for name in (
    "steps", "batch_size", "latent_dim", "hidden_dim", "n_critic", "replicas", "seed", "log_every", "sample_every", "checkpoint_every",
    "keep_checkpoints", "metrics_every", "metrics_samples", "image_size", "points", "pac", "unroll", "generators", "penalty_every",
    "process_id", "process_count",
)}  # fmt: skip
NUMBERS = (
    "learning_rate",
    "critic_learning_rate",
    "beta1",
    "beta2",
    "clip",
    "gradient_penalty_weight",
    "ema",
    "dropout",
    "epochs",
)
NAMES = ("variant", "dataset", "network", "recipe", "optimizer", "generator", "critic", "critic_norm", "precision", "stream", "mesh",
         "conditioning", "critic_data", "order")  # fmt: skip
# Files and folders of the place that `place` makes: {a} is a folder, {f} a file, {r} a run folder without checkpoints, {n} nothing.
OUTPUTS = (
    "{f}/x.png",
    "{f}/a/b/x.png",
    "/proc/x.png",
    "/proc/a/x.png",
    "{a}/" + LONG + ".png",
    "{a}/" + LONG + "/x.png",
    "{a}/folder.png",
)
NO_RUNS = ("{n}", "{a}", "{f}", "{f}/x", "/proc/none", LONG, "{a}/" + LONG, "a\nb", "{n}/é")


def lines() -> Iterator[str]:
    """Command lines, a word a word; an underline stands for an empty word."""
    for command in COMMANDS:
        yield from (
            f"{command} --nope",
            f"{command} --nope=3",
            f"{command} -q",
            f"{command} _",
            f"{command} --out=" if command != "classifier" else "classifier --dataset=",
        )
        yield (
            f"{command} {'{r} ' if command not in ('train', 'sweep', 'classifier') else ''}--out"
            if command != "classifier"
            else "classifier --updates"
        )
    for name, flag in FLAGS.items():
        yield from (f"train {flag} many", f"train {flag} 1.5", f"train {flag}")
        if not name.startswith("process"):
            yield f"train {flag} -7"
    for name in NUMBERS:
        flag = f"--{name.replace('_', '-')}"
        yield from (f"train {flag} x", f"train {flag} -1", f"train {flag}=nan", f"train {flag} inf")
    for name in NAMES:
        yield from (
            f"train --{name.replace('_', '-')} nonsense",
            f"train --{name.replace('_', '-')} _",
            f"train --{name.replace('_', '-')}",
        )
    yield from (
        f"train --dataset {prefix}"
        for prefix in (
            "folder:",
            "npz:",
            "tfds:",
            "folder:{n}",
            "folder:{f}",
            "npz:{n}",
            "npz:{a}",
            "npz:{f}",
            f"folder:{LONG}",
            f"npz:{LONG}",
            "folder:a\0b",
            "no.such:data",
        )
    )
    yield from (
        f"train --config {path}"
        for path in ("{n}", "{a}", "{f}", "/dev/null", LONG, "_", "a\0b", "{a}/list.json", "{a}/unknown.json", "/proc/x")
    )
    yield from (f"train --out {path}" for path in ("{f}", "{f}/run", "/proc/run", "/proc/a/b", LONG, "{a}", "{r}", "_", "a\0b"))
    yield from (f"train --resume --out {path}" for path in NO_RUNS)
    yield from ("train --resume", "train --resume --config {a}/list.json", "train --steps 3 --epochs 2", "train stray", "train --conditional yes", "train --spectral-norm perhaps",
                "train --best fid", "train --coordinator a:1", "train --distributed-timeout 3", "train --distributed --distributed-timeout 0", "train --data-dir {f} --dataset mnist", "train --data-dir /proc/x --dataset fashion_mnist",
                "train --generator no.such:Net", "train --variant no.such:game", "train --no-steps", "train --st 3")  # fmt: skip
    yield from (f"sweep {words}" for words in ("", "--grid", "--grid x=1", "--grid n_critic", "--grid n_critic=", "--grid n_critic=a", "--grid n_critic=1,,2", "--grid n_critic=1 n_critic=2", "--grid out=a,b", "--grid conditional=yes",
                "--grid n_critic=1 --seeds 0", "--grid n_critic=1 --seeds x", "--grid n_critic=1 --replicas 3", "--grid n_critic=1 --distributed", "--grid n_critic=1 --out {f}", "--grid n_critic=1 --out {a}",
                "--grid n_critic=1 --out /proc/s", "--grid n_critic=1 --resume", "--grid n_critic=1 --resume --out {a}", "--grid optimizer=adamw", "--grid learning_rate=-1", "--grid steps=0"))  # fmt: skip
    for command in ("sample", "evaluate", "report"):
        yield from (f"{command} {path}" for path in NO_RUNS)
        yield from (f"{command} {{r}} --out {path}" for path in OUTPUTS)
        yield from (f"{command}", f"{command} {{r}} {{r}}")
    yield from (f"sample {{r}} {words}" for words in ("--out x.jpg", "--out x", "--out x.PNGG", "--out x.gif", "--out x.GIF", "--n 0", "--n -1", "--n many", "--n 1.5", "--n 1 --interpolate", "--seed x", "--label x", "--step x",
                "--replica x", "--best maybe", "--average maybe", ""))  # fmt: skip
    yield from (
        f"evaluate {{r}} {words}"
        for words in ("--n many", "--step 1.5", "--best maybe", "--features", "--inception-weights", "")
    )
    yield from (
        "compare",
        "compare {r} {n}",
        "compare {a}",
        "compare {f}",
        *(f"compare {{r}} --out {path}" for path in OUTPUTS),
        "compare {r} --out _",
    )
    yield from (
        f"classifier {words}"
        for words in (
            "--updates 0",
            "--updates -3",
            "--updates many",
            "--dataset minst",
            "--dataset ring8",
            "--dataset {f}",
            "--dataset folder:{n}",
            "--image-size 0",
            "--image-size x",
            "--data-dir {f} --dataset mnist",
        )
    )
    yield from (
        "jaxgan trian",
        "jaxgan --nope",
        "jaxgan TRAIN",
        "jaxgan _",
        "jaxgan train --nope",
        "jaxgan report {n}",
        "jaxgan classifier --updates 0",
    )


LINES = list(dict.fromkeys(lines()))


@pytest.fixture(scope="module")
def place(tmp_path_factory) -> Path:
    """A folder to be in, with a folder, a file and a run folder in which no checkpoint lies."""
    place = tmp_path_factory.mktemp("place")
    (place / "folder" / "folder.png").mkdir(parents=True)
    (place / "file").write_text("no picture")
    (place / "run").mkdir()
    (place / "run" / "config.json").write_text(json.dumps({"dataset": "ring8", "variant": "wgan", "steps": 3}))
    (place / "folder" / "list.json").write_text("[]")
    (place / "folder" / "unknown.json").write_text('{"stepz": 3}')
    return place


def run(words: list[str]) -> int:
    name, *argv = words
    if name == "jaxgan":
        return console.main(argv)
    return importlib.import_module("jaxgan.report.__main__" if name == "report" else f"jaxgan.{name}").main(argv)


def everything(folder: Path) -> set[Path]:
    return set(folder.rglob("*"))


@pytest.mark.parametrize("lines", [LINES[::9], pytest.param(LINES, marks=pytest.mark.slow)], ids=["some", "all"])
def test_every_wrong_command_line_ends_in_one_line_and_exit_code_2_and_writes_nothing(
    lines, place, capsys, monkeypatch, no_annotation_checks
):
    """In one process; a command that would begin its work after all is stopped, and counts as wrong."""
    monkeypatch.chdir(place)
    monkeypatch.setenv("XDG_CACHE_HOME", str(place / "cache"))
    monkeypatch.setattr("jaxgan.data.download.answers", lambda url: False)
    fit = importlib.import_module("jaxgan.runs.fit")
    monkeypatch.setattr(fit, "new_folder", _checked(fit.new_folder))
    before, wrong, slowest = everything(place), [], (0.0, "")
    where = {"{a}": "folder", "{f}": "file", "{r}": "run", "{n}": "nothing"}
    for line in lines:
        words = ["" if word == "_" else word for word in line.split(" ") if word]
        for name, path in where.items():
            words = [word.replace(name, path) for word in words]
        began = time.perf_counter()
        try:
            code: object = run(words)
        except (Exception, SystemExit) as error:
            code = f"{type(error).__name__} {error}"
        slowest = max(slowest, (time.perf_counter() - began, line))
        said = capsys.readouterr().err
        if (
            code != 2
            or not said.startswith("error: ")
            or said.count("\n") != 1
            or "Traceback" in said
            or everything(place) != before
        ):
            wrong.append(f"{line[:100]!r}: {code}, {said[-300:]!r}, {everything(place) - before or ''}")
            before = everything(place)
    print(
        f"{len(lines) - len(wrong)} of {len(lines)} wrong command lines end in one line; the slowest took {slowest[0]:.1f} s: {slowest[1][:60]}"
    )
    assert len(LINES) >= 380
    assert slowest[0] < 2
    assert not wrong, "\n".join(wrong)


def _checked(new_folder):
    def stop(config, prefix=""):
        if config.out is not None and config.out.exists():
            return new_folder(config, prefix)  # which refuses
        raise RuntimeError("the work would begin")

    return stop


def start(*argv: str, **environment: str) -> subprocess.CompletedProcess:
    return subprocess.run(
        [sys.executable, "-m", *argv], env={**os.environ, **environment}, capture_output=True, text=True, timeout=60
    )


@pytest.mark.slow
@pytest.mark.parametrize(
    "line",
    [
        "jaxgan.train --steps many",
        "jaxgan.sample nothing",
        "jaxgan trian",
        "jaxgan.compare nothing",
        "jaxgan.sweep",
        "jaxgan.classifier --updates 0",
    ],
)
def test_where_no_jax_is_needed_the_answer_takes_less_than_two_seconds(line):
    began = time.perf_counter()
    done = start(*line.split())
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert time.perf_counter() - began < 2


@pytest.mark.slow
@pytest.mark.parametrize("platform", ["cuda", "gpu", "tpu", "nonsense", "cpu,nonsense"])
def test_a_platform_that_is_not_there_is_said_in_one_line(platform, tmp_path):
    done = start("jaxgan.train", "--dataset", "ring8", "--steps", "1", "--out", str(tmp_path / "run"), JAX_PLATFORMS=platform)
    if done.returncode == 0:
        pytest.skip(f"this machine has {platform}")
    assert done.returncode == 2, done.stderr
    assert done.stderr.startswith("error: JAX_PLATFORMS=")
    assert done.stderr.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


def test_a_setting_that_jax_does_not_take_is_said_in_one_line(tmp_path):
    done = start("jaxgan.train", "--dataset", "ring8", "--out", str(tmp_path / "run"), JAX_ENABLE_X64="maybe")
    assert done.returncode == 2
    assert re.fullmatch(r"error: jax cannot be imported: .*maybe.*JAX_ENABLE_X64.*\n", done.stderr)


def test_a_warning_is_one_line_and_a_closed_output_no_error(monkeypatch, capsys):
    from jaxgan import command

    def warned() -> None:
        warnings.simplefilter("always")
        warnings.warn("few samples\nfor so many", stacklevel=1)

    monkeypatch.setattr(sys, "stdout", None)
    assert command.run(warned) == 0
    assert capsys.readouterr().err == "warning: few samples\n"


def test_a_platform_is_blamed_only_where_jax_has_no_device(monkeypatch, capsys):
    import jax

    from jaxgan import command

    def fails() -> None:
        raise AssertionError

    with pytest.raises(AssertionError):
        command.run(fails)
    monkeypatch.setattr(jax, "local_devices", fails)
    assert command.run(fails) == 2
    assert "there is no such device here" in capsys.readouterr().err


def test_what_a_name_holds_is_printed_in_one_line(capsys):
    from jaxgan import command

    def refuse() -> None:
        raise UserError("a\nb\tc \x1b[31m\ud800 é")

    assert command.run(refuse) == 2
    assert capsys.readouterr().err == "error: a b\\tc \\x1b[31m\\ud800 é\n"


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (MemoryError("Unable to allocate 7 TiB"), "not enough memory: Unable to allocate 7 TiB"),
        (RuntimeError("RESOURCE_EXHAUSTED: Out of memory allocating 4000 bytes.\nBufferAssignment"), "not enough memory: Out of memory allocating 4000 bytes."),
        (ValueError("RESOURCE_EXHAUSTED: Error writing x: No space left on device [OS error 28]"), "No space left on device: a checkpoint cannot be written"),
        (OSError(28, "No space left on device"), "No space left on device"),
        (FileNotFoundError(2, "No such file or directory", "a/b"), "a/b: No such file or directory"),
    ],
)  # fmt: skip
def test_what_the_machine_does_not_allow_is_one_line(error, words, capsys, monkeypatch):
    from jaxgan import command

    monkeypatch.setattr(command, "_forget_output", lambda: None)

    def fail() -> None:
        raise error

    assert command.run(fail) == 2
    assert capsys.readouterr().err == f"error: {words}\n"
