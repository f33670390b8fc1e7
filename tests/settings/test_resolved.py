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
WANTED: dict[tuple[str, str, str], str] = {}

# Whole cases that were stored anew, by the pattern that chose them (`make_resolved --cases FILE --anew PATTERN`) -> why.
STORED_ANEW: dict[str, str] = {
    ".": "on 2026-11-30, after all differences had been looked through: `fc` takes --output, tanh where nothing is said, and a refusal"
    " says of what shape samples are that a network is not for",
    "folder:": "on 2026-11-30, after all differences had been looked through: own pictures have --upsampling nearest, steps by their number and"
    " the batch, and of r3gan what was measured: rates, and on a processor batches of 16 with a warm-up",
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
