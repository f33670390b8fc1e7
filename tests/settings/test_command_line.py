"""Flags: the groups of --help, the forms in which values are typed, one line for what is wrong."""

import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from jaxgan.errors import UserError
from jaxgan.settings.command_line import parse, read_command, read_config, read_value
from jaxgan.settings.options import OPTIONS, Config

HEADINGS = ["most-used", "data", "network", "training", "remedy", "run"]
MOST_USED = ["--variant", "--dataset", "--recipe", "--network", "--conditional", "--steps", "--batch-size", "--learning-rate",
             "--out", "--resume"]  # fmt: skip


@dataclass(frozen=True)
class Own:
    """Options of a command of its own."""

    grid: tuple[str, ...] = ()
    """What to vary."""
    seeds: int = 3
    """How many seeds."""


def read(*argv: str, default: Config | None = None) -> Config:
    return read_config(argv, prog="jaxgan train", description="Train.", default=default)


def help_boxes(capsys, **more) -> dict[str, list[str]]:
    """The flags of --help by heading, both in order."""
    with pytest.raises(SystemExit) as end:
        read_config(["--help"], prog="jaxgan sweep", description="Train.", **more)
    assert not end.value.code
    boxes: dict[str, list[str]] = {}
    for line in capsys.readouterr().out.splitlines():
        if heading := re.fullmatch(r"[╭─ ]*(\S*?) ?options[─╮ ]*", line):
            boxes[heading[1]] = []
        elif shown := re.match(r"[│ ] (?:-h, )?(--[a-z][a-z0-9-]*)", line):
            list(boxes.values())[-1].append(shown[1])
    return boxes


def test_help_shows_each_option_once_under_its_heading_the_ten_most_used_first(capsys):
    boxes = help_boxes(capsys)
    assert boxes.pop("") == ["--help"]
    assert list(boxes) == HEADINGS
    assert boxes["most-used"] == MOST_USED
    shown = [flag for flags in boxes.values() for flag in flags]
    assert sorted(shown) == sorted(option.flag for option in OPTIONS.values() if not option.hidden)
    for option in OPTIONS.values():
        assert option.hidden or option.most_used or option.flag in boxes[option.group]


def test_a_commands_own_options_come_first(capsys):
    boxes = help_boxes(capsys, more=Own)
    assert list(boxes) == ["", "sweep", *HEADINGS]
    assert boxes["sweep"] == ["--grid", "--seeds"]


def test_help_does_not_wait_for_jax():
    code = (
        "import sys; from jaxgan.settings.command_line import read_command\n"
        "try: read_command(['--help'], prog='jaxgan train', description='Train.')\n"
        "except SystemExit: assert 'jax' not in sys.modules and 'flax' not in sys.modules; raise"
    )
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert "critic (discriminator)" in done.stdout.lower()


@pytest.mark.parametrize(
    ("argv", "expected"),
    [
        ([], {}),
        (["--steps", "5", "--learning-rate", "1e-3"], dict(steps=5, learning_rate=1e-3)),
        (["--learning_rate", "1", "--steps=7"], dict(learning_rate=1.0, steps=7)),
        (["--steps", "1e4", "--log-every=2.5e2", "--beta1", "5e-1"], dict(steps=10_000, log_every=250, beta1=0.5)),
        (["--clip", "1", "--clip", "2"], dict(clip=2.0)),
        (["--conditional", "--no-resume", "--list"], dict(conditional=True, list_variants=True)),
        (["--spectral-norm", "True"], dict(spectral_norm=True)),
        (["--spectral-norm", "False"], dict(spectral_norm=False)),
        (["--spectral-norm", "true"], dict(spectral_norm=True)),
        (["--spectral-norm"], dict(spectral_norm=True)),
        (["--spectral_norm", "--steps", "5"], dict(spectral_norm=True, steps=5)),
        (["--no-spectral-norm", "--steps", "5"], dict(spectral_norm=False, steps=5)),
        (["--no_spectral_norm"], dict(spectral_norm=False)),
        (["--batch-statistics", "--no-spectral-norm", "--conditional"], dict(batch_statistics=True, spectral_norm=False, conditional=True)),
        (["--spectral-norm=FALSE", "--conditional", "true", "--steps", "5"], dict(spectral_norm=False, conditional=True, steps=5)),
        (["--conditional=false", "--list=True"], dict(list_variants=True)),
        (["--dataset", "true", "--conditional"], dict(dataset="true", conditional=True)),
        (["--spectral-norm", "None", "--steps", "None", "--recipe", "None"], {}),
        (["--optimizer", "sgd", "--critic-norm", "layer", "--stream", "never"], dict(optimizer="sgd", critic_norm="layer", stream="never")),
        (["--out", "/x", "--data-dir", "y"], dict(out=Path("/x"), data_dir=Path("y"))),
        (["--generator", "my.nets:Mine", "--dataset", "mine:data"], dict(generator="my.nets:Mine", dataset="mine:data")),
        (["--distributed", "--process-id", "0"], dict(distributed=True, process_id=0)),
    ],
)  # fmt: skip
def test_flags_are_read(argv, expected):
    assert read(*argv) == Config(**expected)


def test_flags_are_read_over_other_values_hidden_ones_among_them():
    start = Config(
        steps=9,
        conditional=True,
        ema=0.5,
        replicas=2,
        by_replica={"seed": [1, 2]},
        python={"game": {"import": "x:y"}},
        out=Path("a"),
    )
    assert read(default=start) == start
    changed = read("--steps", "None", "--no-conditional", "--out", "b", default=start)
    assert changed == Config(
        ema=0.5, replicas=2, by_replica={"seed": [1, 2]}, python={"game": {"import": "x:y"}}, out=Path("b")
    )


def test_a_commands_own_options_are_read_beside_the_others():
    argv = ["--grid", "a=1", "b=2", "--steps", "3"]
    own, config = read_config(argv, prog="python -m jaxgan.sweep", description="", more=Own)
    assert own == Own(("a=1", "b=2"))
    assert config == Config(steps=3)


@pytest.mark.parametrize(
    ("argv", "words"),
    [
        (["--stepz", "3"], "--stepz is no option: did you mean --steps? --help lists all"),
        (["--seed", "1", "--learningrate=3"], "--learningrate is no option: did you mean --learning-rate?"),
        (["--xyzzy", "3", "-q"], "--xyzzy is no option: --help lists all"),
        (["-q"], "-q is no option: --help lists all"),
        (["--discriminator", "conv"], "--discriminator is no option: did you mean --critic?"),
        (["--netD=conv"], "--netD is no option: did you mean --critic?"),
        (["--lr", "1e-4"], "--lr is no option: did you mean --learning-rate?"),
        (["--batch", "64"], "--batch is no option: did you mean --batch-size?"),
        (["--n-epochs", "3"], "--n-epochs is no option: did you mean --epochs?"),
        (["--num_epochs", "3"], "--num_epochs is no option: did you mean --epochs?"),
        (["--nz", "100"], "--nz is no option: did you mean --latent-dim?"),
        (["--gpu", "0"], "--gpu is no option: jax takes the accelerator that it finds: JAX_PLATFORMS=cpu takes the processor"),
        (["--num-workers", "2"], "--num-workers is no option: did you mean --readers"),
        (["--output", "x"], "--output 'x' is not known: allowed are linear, tanh; or did you mean --out?"),
        (["--steps", "1e-1"], "--steps 1e-1: must be a whole number"),
        (["--steps", "1.5e0"], "--steps 1.5e0: must be a whole number"),
        (["--steps", "many"], "--steps many: must be a whole number"),
        (["--steps"], "Missing value for argument '--steps'. Expected 1 values."),
        (["stray"], "Unrecognized options: stray"),
        (["--conditional", "yes"], "Unrecognized options: yes"),
        (["--learning-rate", "it's"], "--learning-rate it's: must be a number"),
        (["--seed", "1_000x"], "--seed 1_000x: must be a whole number"),
        (["--out", ""], "--out '': is empty; give it a value, or leave it out"),
        (["--out=", "x"], "--out '': is empty"),
        (["--out", "a\0b"], "--out 'a\\x00b': holds a NUL character"),
        (["--noxspectral-norm"], "--noxspectral-norm is no option: did you mean --spectral-norm?"),
        (["--spectral-norm", "maybe"], "--spectral-norm 'maybe' is not known: allowed are False, True"),
        (
            ["--optimizer", "adamw"],
            "--optimizer 'adamw' is not known: did you mean 'adam'? allowed are adagrad, adam, momentum,",
        ),
        (["--by-replica", "3"], "--by-replica is no option"),
        (["--python", "3"], "--python is no option"),
    ],
)
def test_a_wrong_flag_or_value_is_refused_in_one_line(argv, words):
    with pytest.raises(UserError) as refused:
        read(*argv)
    assert str(refused.value).startswith(words)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("learning_rate", "1e-4", 1e-4),
        ("n_critic", "5", 5),
        ("conditional", "true", True),
        ("spectral_norm", "False", False),
        ("optimizer", "sgd", "sgd"),
        ("variant", "wgan", "wgan"),
        ("pac", "2", 2),
        ("margin", "None", None),
    ],
)
def test_one_value_is_read_as_its_flag_reads_it(name, text, value):
    assert read_value(name, text) == value


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("n_critic", "x", "--n-critic"),
        ("optimizer", "adamw", "did you mean 'adam'"),
        ("conditional", "yes", "--conditional yes: expected true or false"),
    ],
)
def test_one_value_that_is_none_is_refused(name, text, words):
    with pytest.raises(UserError) as refused:
        read_value(name, text)
    assert words in str(refused.value)


def test_flags_of_a_small_command_are_read():
    assert parse(Own, ["--seeds", "1"], prog="x", description="") == Own(seeds=1)
    with pytest.raises(UserError, match="--seed"):
        parse(Own, ["--seedz", "1"], prog="x", description="")


def test_without_a_file_the_command_reads_flags_alone():
    assert read_command(["--resume", "--out", "no/such"], prog="x", description="") == Config(resume=True, out=Path("no/such"))


def test_no_word_of_other_tools_is_an_option_of_its_own_or_of_two():
    """But --output, which is both: of it the message names the other one too."""
    words = [word.replace("_", "-") for option in OPTIONS.values() for word in option.elsewhere.split()]
    assert len(words) == len(set(words)) > 100
    assert {f"--{word}" for word in words} & {option.flag for option in OPTIONS.values()} == {"--output"}
