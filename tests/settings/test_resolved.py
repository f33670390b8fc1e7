"""Options resolve to what they always did: 2,400 configurations and refusals, stored when they were first seen (`make_resolved.py`)."""

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.settings.make_resolved import STORED, read_cases

# What is wanted to differ from what is stored: (option or "refused", pattern, replacement) -> why. Of a value's JSON text, or of a refusal's
# text, every part that the pattern matches becomes the replacement (`re.sub`); an option that was left out is null.
WANTED: dict[tuple[str, str, str], str] = {
    ("refused", "mixture8, mnist", "mixture8, mixture9, mnist"): "a mixture of all nine of lab 004's centres",
    ("batch_statistics", "^null$", "false"): "there is such an option, and only the labs' recipes set it",
    ("refused", r"(allowed are digits, )(lab002, lab004, paper)", r"\1lab001, \2"): "wgan_gp has a recipe of lab 001",
    ("refused", r"('(?:toy|papers|digits)' is not known: .*allowed are )lab002, (lab003, lab004, paper)", r"\1\2"): (
        "lab 002's recipe of the GAN is about pictures, for its network is fc"
    ),
    (
        "refused",
        r"((?:generator|critic) '\S+' is not known: .*)(?<!Class)(?=\"$)",
        r"\1, or your own as package.module:Class",
    ): ("networks of the user's own can be named"),
    ("refused", r"(data set '\S+' is not known: .*)(?=\"$)", r"\1, or your own as package.module:function"): (
        "data sets of the user's own can be named"
    ),
    ("refused", r"has no attribute '(\w+)'; expected package.module:factory, importable from here", r"has no '\1'"): (
        "one import of what the user names, with one message"
    ),
    (
        "refused",
        r"No module named '(\w+)'; expected package.module:factory, importable from here",
        r"there is no module '\1', here in HERE or installed",
    ): ("likewise"),
    ("skip_unreadable", "^null$", "false"): "there is such an option, a switch",
    ("ada", "^null$", "false"): "there is such an option",
    ("freeze_critic", "^null$", "0"): "there is such an option",
    ("accumulate", "^null$", "1"): "there is such an option",
    ("init_average", "^null$", "true"): "there is such an option",
    (
        "refused",
        r"'(colours?|.*)' is not known: (.*)allowed are colour, cutout, translation",
        r"'\1' is not known: \2allowed are"
        " colour, cutout, flip, geometry, hue, luma, noise, rotation, shift, translation",
    ): "there are more kinds of augmentation",
    (
        "refused",
        r"(is not known: .*allowed are (?:autoencoder, )?conv, )((?:\w+, )*?mlp, (?:mlp_autoencoder, )?)(resnet)",
        r"\1conv1d, conv3d, \2r3gan, \3",
    ): "networks of series and volumes, and R3GAN's",
    ("refused", r"(data set '\S+' is not known: .*npz:PATH)(?=, or your own)", r"\1, csv:PATH"): "tables can be read",
    ("refused", r"judge(s|d) (a sample|samples|as one)", r"score\1 \2"): "plainer words",
}

# Whole cases that were stored anew, by the pattern that chose them (`make_resolved --cases FILE --anew PATTERN`) -> why.
STORED_ANEW: dict[str, str] = {
    '"dataset": "folder:grey40"': "dcgan takes pictures of any size, and is the default network of those of 40 pixels in place of fc",
    '"critic": "conv", "dataset": "folder:|"dataset": "folder:.*"network": "(fc_)?conv"': "conv and fc_conv take pictures of any size",
    '"epochs": |"sample_every": "': "an epoch is ceil(samples / batch size) critic batches, and intervals are resolved to steps",
    '"recipe": "lab': "the labs' recipes name their networks, their fixed points and their latents (test_lab_recipes.py holds them to it)",
}


def after_wanted(name: str, value: Any, used: set[tuple[str, str, str]]) -> Any:
    """The stored value with the wanted differences made; notes in `used` those that changed it."""
    text = json.dumps(value, ensure_ascii=False)
    for wanted in WANTED:
        if wanted[0] == name:
            changed = re.sub(wanted[1], wanted[2], text)
            if changed != text:
                used.add(wanted)
            text = changed
    return json.loads(text)


def flat(outcome: dict[str, Any]) -> dict[str, Any]:
    """The options of a resolved configuration that are not None, or {"refused": why}."""
    values = outcome.get("config", {"refused": outcome.get("refused")})
    return {name: value for name, value in values.items() if value is not None}


def test_options_resolve_as_they_did(tmp_path):
    """In a process of its own: without the checks of annotations that the tests put in, which take most of a minute on so many."""
    now = tmp_path / "now.json.gz"
    command = [sys.executable, "-m", "tests.settings.make_resolved", "--cases", str(STORED), "--out", str(now)]
    made = subprocess.run(command, cwd=Path(__file__).parents[2], capture_output=True, text=True)
    assert made.returncode == 0, made.stderr
    stored, cases = read_cases(STORED), read_cases(now)
    assert len(stored) > 2000
    differences, used = [], set()
    for case, again in zip(stored, cases, strict=True):
        before, after = flat(case), flat(again)
        for name in sorted(before.keys() | after.keys()):
            expected = after_wanted(name, before.get(name), used)
            if expected != after.get(name):
                differences.append(f"{case['options']}\n    {name}: {expected!r}\n    now: {after.get(name)!r}")
    assert not differences, f"{len(differences)} differences, the first of them:\n" + "\n".join(differences[:20])
    assert used == WANTED.keys(), f"no stored value differs so: {sorted(WANTED.keys() - used)}"
