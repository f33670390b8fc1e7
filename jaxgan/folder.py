"""The run folder: where each of its files lies, how each is read, and the message where there is none (layer 1).

Nothing else in jaxgan spells a file name of a run folder.

A file that is not there and one that is damaged are different things. Readers give what there is; of what is damaged they
tell, in one line that names the file: on the standard error, where the caller does not say to whom.
"""

import dataclasses
import json
import os
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from jaxgan.errors import UserError, first_line, say

Tell = Callable[[str], None]  # takes a complaint: a line that names a file and says what is wrong with it

PICTURE_NAME = re.compile(r"step_(\d{1,15})(?:-replica_(\d{1,6}))?\.png", re.ASCII)


class Picture(NamedTuple):
    """One file of samples/."""

    replica: int
    step: int
    path: Path


@dataclasses.dataclass(frozen=True)
class RunFolder:
    """The paths of a run folder, and readers of its files. Making the record touches no disk."""

    path: Path

    @property
    def config(self) -> Path:
        """Every setting that has a meaning for the run, as JSON."""
        return self.path / "config.json"

    @property
    def environment(self) -> Path:
        """Versions, devices, command and data, as JSON."""
        return self.path / "environment.json"

    @property
    def metrics(self) -> Path:
        """One JSON object a logged step and replica."""
        return self.path / "metrics.jsonl"

    @property
    def evaluation(self) -> Path:
        """What `evaluate` measured, as JSON."""
        return self.path / "evaluation.json"

    @property
    def checkpoints(self) -> Path:
        """A folder for each checkpoint, by step."""
        return self.path / "checkpoints"

    @property
    def best(self) -> Path:
        """The checkpoint whose measured metric was best."""
        return self.path / "best"

    @property
    def best_record(self) -> Path:
        """Which metric that was, its value and its step, as JSON."""
        return self.path / "best.json"

    @property
    def lock(self) -> Path:
        """Held by the process that trains the run."""
        return self.path / ".lock"

    @property
    def samples(self) -> Path:
        """Pictures of samples, step_00000500.png or step_00000500-replica_00.png."""
        return self.path / "samples"

    @property
    def real(self) -> Path:
        """Real pictures, laid out as those of samples/ are; of other samples there is none."""
        return self.path / "real.png"

    @property
    def critic(self) -> Path:
        """Pictures of the critic's scores over the plane, step_00000500.png."""
        return self.path / "critic"

    @property
    def tensorboard(self) -> Path:
        return self.path / "tensorboard"

    @property
    def curves(self) -> Path:
        return self.path / "curves.png"

    @property
    def animation(self) -> Path:
        """What the run drew over its steps, where something drew it."""
        return self.path / "animation.gif"

    @property
    def report(self) -> Path:
        return self.path / "report.html"

    @property
    def result(self) -> Path:
        """Of a sweep's program: what came out of each replica, as JSON."""
        return self.path / "result.json"

    def export(self, format: str) -> Path:
        """The folder of what was exported in a format."""
        return self.path / "exports" / format

    @property
    def generator_page(self) -> Path:
        """The page in which the generator draws, where it was exported."""
        return self.export("html") / "generator.html"

    @property
    def exists(self) -> bool:
        """Whether a run lies here."""
        return self.config.is_file()

    def require(self) -> "RunFolder":
        """The folder itself.

        Raises:
            UserError: no run lies here.
        """
        if not self.exists:
            raise UserError(
                f"{self.path} is no run folder: it has no config.json (train one with: python -m jaxgan.train --out {self.path})"
            )
        return self

    def holds(self, path: Path) -> bool:
        """Whether a file, links followed, lies in the folder: what lies elsewhere is no part of the run."""
        try:
            return path.resolve().is_relative_to(self.path.resolve())
        except (OSError, RuntimeError):  # links that go round in a ring
            return False

    def check_outputs(self) -> None:
        """Refuses to go on with a run where something else lies in the place of what it writes.

        A link that leads out of the folder is one such thing, for the folder may come from elsewhere; in the place of a picture or a page
        it is replaced when that is written (`files.without_link`).

        Raises:
            UserError: one line that names it.
        """
        for path in (self.config, self.environment, self.metrics, self.best_record, self.samples, self.critic):
            if path.is_symlink() and not self.holds(path):
                raise UserError(f"{path} is a link that leads out of the run folder, and is not written through: remove it")
        for path in (self.config, self.environment, self.metrics, self.best_record, self.curves, self.report):
            if os.path.lexists(path) and not path.is_file() and not path.is_symlink():
                raise UserError(f"{path} is {'a folder' if path.is_dir() else 'no file'}, in the place of a file: remove it")
        for path in (self.checkpoints, self.best, self.samples, self.critic, self.tensorboard):
            if os.path.lexists(path) and not path.is_dir():
                raise UserError(f"{path} is no folder: remove it")

    def read_config(self, tell: Tell = say) -> dict[str, Any]:
        """What config.json holds, as `read_object`; the options that it names are checked where a run is made of them."""
        return read_object(self.config, CONFIG, tell)

    def read_environment(self, tell: Tell = say) -> dict[str, Any]:
        """What environment.json holds, as `read_object`."""
        return read_object(self.environment, ENVIRONMENT, tell)

    def read_evaluation(self, tell: Tell = say) -> dict[str, Any]:
        """What evaluation.json holds, as `read_object`."""
        return read_object(self.evaluation, EVALUATION, tell)

    def read_metrics(self, tell: Tell = say) -> list[dict[str, Any]]:
        """The records of metrics.jsonl, as `read_metrics`."""
        return read_metrics(self.metrics, tell)

    def pictures(self) -> list[Picture]:
        """The pictures of samples/, by replica, then by step."""
        return _pictures_in(self.samples)

    def critic_pictures(self) -> list[Picture]:
        """The pictures of critic/, by step."""
        return _pictures_in(self.critic)

    def animations(self) -> list[Path]:
        """The animation, and others whose names begin alike."""
        return sorted(self.path.glob("animation*.gif"))

    def neighbours(self, replica: int | None = None) -> Path:
        """Where a replica's samples stand beside the training pictures nearest to them; of a lone run, None."""
        return self.path / f"neighbours{'' if replica is None else f'-replica_{replica:02d}'}.png"

    def all_neighbours(self) -> list[Path]:
        """The pictures of `neighbours` that there are."""
        return sorted(self.path.glob("neighbours*.png"))


def _pictures_in(folder: Path) -> list[Picture]:
    named = ((PICTURE_NAME.fullmatch(path.name), path) for path in folder.glob("step_*.png"))
    return sorted(Picture(int(match[2] or 0), int(match[1]), path) for match, path in named if match)


# Forms: what a JSON file is to hold

Form = type | tuple[type, ...] | range | list[Any] | dict[Any, Any]
"""A type, or types; a range of whole numbers; [form], a list of such; {name: form}, an object, of which `str` stands for every other
name. Names that an object lacks are missing, those that its form lacks are taken as they are, and null is in the place of anything."""

NUMBER = (int, float)
COUNT = range(2**53 + 1)  # what a browser, too, counts without rounding
CONFIG: dict[Any, Any] = {
    "variant": str, "dataset": str, "recipe": str, "generator": str, "critic": str, "steps": COUNT, "replicas": range(1, 100_001),
    "seed": range(-(2**63), 2**63), "by_replica": {"seed": [range(-(2**63), 2**63)], str: [NUMBER]}, "python": dict,
}  # fmt: skip
ENVIRONMENT: dict[Any, Any] = {
    "command": [str], "devices": [str], "versions": {str: str},
    "data": {"name": str, "sample_shape": [COUNT], "n_classes": COUNT, "class_names": [str], "size": COUNT, "stack_of": str},
}  # fmt: skip
EVALUATION: dict[Any, Any] = {
    "run": str, "step": COUNT, "weights": str, "protocol": dict, "replicas": [{str: NUMBER}], "mean": {str: NUMBER},
    "std": {str: NUMBER}, "verdict": [str],
}  # fmt: skip

RECORD: Form = {"step": COUNT, "replica": COUNT}  # a line of metrics.jsonl

MISFIT = object()
WORDS = {bool: "true or false", str: "a text", dict: "an object", list: "a list", int: "a whole number", float: "a number"}


def _fitted(value: Any, form: Form, name: str, misfits: list[str]) -> Any:
    """The value without what does not fit the form, or MISFIT; each misfit is added to `misfits` in words."""
    match form:
        case list() if isinstance(value, list):
            items = [_fitted(item, form[0], f"{name}[{i}]", misfits) for i, item in enumerate(value)]
            return MISFIT if any(item is MISFIT for item in items) else items
        case dict() if isinstance(value, dict):
            fitted = {}
            for key, item in value.items():
                of_key = form.get(key, form.get(str))
                if of_key is not None and item is not None:
                    item = _fitted(item, of_key, f"{name}.{key}" if name else key, misfits)
                if item is not MISFIT:
                    fitted[key] = item
            return fitted
        case range() if type(value) is int and value in form:
            return value
        case type() | tuple() if isinstance(value, form) and not isinstance(value, bool):
            return value
    misfits.append(f"{name[:80] or 'it'} is {_kind(value)} where {_wanted(form)} is expected")
    return MISFIT


def _kind(value: Any) -> str:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return f"the number {value}"
    return "null" if value is None else WORDS[type(value)]


def _wanted(form: Form) -> str:
    if isinstance(form, range):
        return f"a whole number from {form[0]} to {form[-1]}"
    return "a number" if isinstance(form, tuple) else WORDS[form if isinstance(form, type) else type(form)]


# Readers


class Damaged(Exception):
    """A file is there and cannot be used; the text says why, after the file's name."""


LARGEST = 2**26  # bytes of a JSON file
DEEPEST = 32  # levels of lists and objects


def read_content(path: Path, largest: int | None = None) -> bytes | None:
    """The bytes of a file; None where there is none, or it went away as it was looked for.

    Raises:
        Damaged: it is no file, has more bytes than `largest`, or cannot be read.
    """
    try:
        if not path.is_file():  # or a pipe would be waited for
            if os.path.lexists(path):
                raise Damaged("is a folder" if path.is_dir() else "is no file")
            return None
        if largest is not None and (size := path.stat().st_size) > largest:
            raise Damaged(f"has {size:,} bytes; at most {largest:,} are read")
        return path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise Damaged(f"cannot be read: {error.strerror or first_line(error)}") from None


def read_json(path: Path, form: Form, tell: Tell = say) -> Any:
    """What a JSON file holds; None where there is none, or nothing in it can be used.

    What is damaged is told in a line and left out: the whole file, or what in it does not fit the form.
    """
    misfits: list[str] = []
    try:
        content = read_content(path, LARGEST)
        value = None if content is None else _fitted(_parsed(content), form, "", misfits)
    except Damaged as damage:
        tell(f"{path} {damage}")
        return None
    if misfits:
        more = f", and {len(misfits) - 1:,} more of another form" if len(misfits) > 1 else ""
        tell(f"{path}: {misfits[0]}{more}: left out")
    return None if value is MISFIT else value


def read_object(path: Path, form: dict[Any, Any] | None = None, tell: Tell = say) -> dict[str, Any]:
    """The object in a JSON file, as `read_json`; {} where there is none."""
    value: dict[str, Any] | None = read_json(path, form or {}, tell)
    return {} if value is None else value


def _parsed(content: bytes) -> Any:
    """JSON, of which whole numbers beyond 64 bits become floats; raises Damaged where it is none."""
    try:
        value = json.loads(content.decode(), parse_int=_number)
        too_deep = _is_deeper(value, DEEPEST)
    except RecursionError:
        too_deep = True
    except UnicodeDecodeError as error:
        raise Damaged(f"is no text in UTF-8 (byte {error.start:,})") from None
    except ValueError as error:
        raise Damaged(f"is no JSON: {first_line(error)}" if content.strip() else "is empty") from None
    if too_deep:
        raise Damaged(f"is nested deeper than {DEEPEST} levels")
    return value


def _number(digits: str) -> int | float:
    return int(digits) if len(digits) < 20 and -(2**63) <= int(digits) < 2**63 else float(digits)


def _is_deeper(value: Any, levels: int) -> bool:
    if not isinstance(value, dict | list):
        return False
    return levels == 0 or any(_is_deeper(item, levels - 1) for item in (value.values() if isinstance(value, dict) else value))


def read_metrics(path: str | Path, tell: Tell = say) -> list[dict[str, Any]]:
    """The records of a metrics.jsonl, oldest first, one a step and replica; none where there is no such file.

    Lines of the same step and replica are joined. A last line that a killed run left half written is passed over; of others that
    cannot be read it is told how many they are, and which.
    """
    records: dict[Any, dict[str, Any]] = {}
    damaged, odd = [], []
    for line in metrics_lines(path, tell):
        if line.record is None:
            damaged.append(line.number)
            continue
        known = {name: value for name, value in line.record.items() if not isinstance(value, dict | list | bool)}
        if len(known) < len(line.record) or any(isinstance(value, str) for value in known.values()):
            odd.append(line.number)
        records.setdefault((known["step"], known.get("replica")), {}).update(known)
    for numbers, wrong in ((damaged, "cannot be read, and left out"), (odd, "with values that are no numbers")):
        if numbers:
            which = ", ".join(map(str, numbers[:5])) + (", ..." if len(numbers) > 5 else "")
            tell(f"{path}: {len(numbers):,} line{'s' if len(numbers) > 1 else ''} {wrong} (line {which})")
    return list(records.values())


class Line(NamedTuple):
    """A line of metrics.jsonl."""

    number: int  # from 1
    content: bytes  # which ends with a newline
    record: dict[str, Any] | None  # None: it cannot be read


def metrics_lines(path: str | Path, tell: Tell = say) -> Iterator[Line]:
    """The lines of a metrics.jsonl but empty ones, and a last one that is half written."""
    try:
        content = read_content(Path(path)) or b""
    except Damaged as damage:
        tell(f"{path} {damage}")
        return
    for number, line in enumerate(content.splitlines(keepends=True), 1):
        record = record_of(line)
        if line.strip() and (record is not None or line.endswith(b"\n")):
            yield Line(number, line.rstrip(b"\r\n") + b"\n", record)


def record_of(line: bytes) -> dict[str, Any] | None:
    """The object in a line of metrics.jsonl; None where there is none, or its step or replica is none that can be counted."""
    misfits: list[str] = []
    try:
        record = _fitted(_parsed(line), RECORD, "", misfits)
    except Damaged:
        return None
    return None if misfits or record.get("step") is None else record


def series(records: Sequence[Mapping[str, Any]], name: str) -> tuple[np.ndarray, np.ndarray]:
    """A metric over the steps at which it was logged.

    Args:
        records: lines of metrics.jsonl.
        name: of the metric.

    Returns:
        the steps (S,), in order, and the values (S, R), a column a replica; NaN where there is none, or one that was not finite.
    """
    by_step: dict[float, dict[int, float]] = {}
    for record in records:
        if name in record and isinstance(record["step"], int | float) and isinstance(record[name], int | float | None):
            value = record[name]
            by_step.setdefault(record["step"], {})[record.get("replica") or 0] = np.nan if value is None else float(value)
    replicas = sorted({replica for values in by_step.values() for replica in values})
    steps = sorted(by_step)
    table = [[by_step[step].get(replica, np.nan) for replica in replicas] for step in steps]
    return np.array(steps), np.array(table, float).reshape(len(steps), len(replicas))
