"""`jaxgan` itself: what it lists, its version, and what shells complete."""

import re
import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest

from jaxgan import __main__ as front_door
from jaxgan import __version__, completion
from jaxgan.settings.options import OPTIONS

ROOT = Path(__file__).parents[2]


def test_alone_it_lists_every_command_with_a_line(capsys):
    assert front_door.main([]) == 0
    said = capsys.readouterr().out
    for name, what in front_door.COMMANDS.items():
        assert re.search(rf"^  {name} +{re.escape(what)}$", said, re.M)


@pytest.mark.parametrize("flag", ["--version", "-V"])
def test_it_says_its_version(flag, capsys):
    assert front_door.main([flag]) == 0
    assert capsys.readouterr().out.startswith(f"jaxgan {__version__} (Python 3.")


def test_the_version_is_said_in_one_place():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    assert "version" not in project["project"] and project["project"]["dynamic"] == ["version"]
    assert project["tool"]["setuptools"]["dynamic"]["version"] == {"attr": "jaxgan.version.VERSION"}


@pytest.fixture(scope="module")
def script(tmp_path_factory):
    """The flags of two commands, and the scripts made of them."""
    commands = {name: front_door.COMMANDS[name] for name in ("train", "report")}
    flags = {name: completion.flags_of(front_door.module_of(name)) for name in commands}
    return flags, {shell: completion.script(shell, commands, flags) for shell in ("bash", "zsh", "fish")}


def test_every_flag_of_help_is_completed(script):
    flags, _ = script
    names = [flag.name for flag in flags["train"]]
    assert len(names) == len(set(names))
    assert {option.flag for option in OPTIONS.values() if not option.hidden} < set(names)
    assert dict(flags["train"])["--optimizer"] == ("adagrad", "adam", "momentum", "nesterov", "rmsprop", "sgd")
    assert "r3gan" in dict(flags["train"])["--variant"] and not dict(flags["train"])["--steps"]
    assert [flag.name for flag in flags["report"]] == ["--help", "--out"]


@pytest.mark.parametrize(
    ("typed", "completed"),
    [
        ("re", "report"),
        ("train --vari", "--variant"),
        ("train --variant wgan_g", "wgan_gp"),
        ("report --o", "--out"),
        ("report ", ""),  # files, by the shell
    ],
)
@pytest.mark.parametrize("shell", ["bash", "zsh"])
def test_the_shell_completes(shell, typed, completed, script, tmp_path):
    if shutil.which(shell) is None:
        pytest.skip(f"no {shell} on this machine")
    path = tmp_path / "script"
    path.write_text(script[1][shell])
    words = ["jaxgan", *typed.split(" ")]
    if shell == "zsh":  # what bashcompinit makes of it hangs on a terminal; that it reads it is seen here
        done = subprocess.run(
            ["zsh", "-fc", f"source {path}; (( $+_comps[jaxgan] )) && echo there"], capture_output=True, text=True, check=True
        )
        assert (done.stdout, done.stderr) == ("there\n", "")
        return
    ask = f'source {path}; COMP_WORDS=({" ".join(words[:-1])} "{words[-1]}"); COMP_CWORD={len(words) - 1}; _jaxgan; echo "${{COMPREPLY[*]}}"'
    done = subprocess.run(["bash", "-c", ask], capture_output=True, text=True, check=True)
    assert (done.stdout, done.stderr) == (f"{completed}\n", "")


def test_fish_has_a_line_a_flag(script):
    flags, scripts = script
    lines = scripts["fish"].splitlines()
    assert "complete -c jaxgan -n '__fish_seen_subcommand_from report' -l out" in lines
    assert len(lines) == 3 + sum(map(len, flags.values()))
