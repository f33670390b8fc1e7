"""The runs under a folder, and what each is doing, looked at again whenever the page asks."""

import math
import os
import threading
import time
from collections import OrderedDict, deque
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import quote

from jaxgan.board.following import Metrics, last_records
from jaxgan.board.holders import Place, holders, interrupt, place_of
from jaxgan.diagnosis import Diagnosis, diagnose, facts_of, headline
from jaxgan.errors import UserError, printable
from jaxgan.folder import Picture, RunFolder
from jaxgan.report.folder import Run

DEEPEST = 5  # folders below the one that is watched
MOST_FOLDERS = 20_000  # that are looked into for runs
FRESH = 30.0  # seconds: a run that wrote so lately, and that no process here holds, may be trained on another machine
WINDOW = 30  # looks over which the speed is measured
MEASURED = 3.0  # seconds of steps before a speed is trusted
OPEN = 24  # runs whose metrics are kept in memory
SLOWEST = 1e-6  # steps a second
PAUSE = 0.5  # seconds between two looks, at least
BUDGET = 0.15  # seconds that one look may spend on the diagnoses of runs
AGAIN = 10.0  # a run that goes on is diagnosed anew after so many times the time that it took, and after so many seconds


Clock = Callable[[], float]


class NoSuch(LookupError):
    """There is no such run, or no such file of it."""


class Stamp(NamedTuple):
    """What tells whether a file or folder was changed."""

    time: int  # nanoseconds
    size: int
    file: int


NONE = Stamp(0, -1, 0)


def stamp_of(path: Path) -> Stamp:
    """The stamp of a file or folder; `NONE` where there is none."""
    try:
        status = path.stat()
    except OSError:
        return NONE
    return Stamp(status.st_mtime_ns, status.st_size, status.st_ino)


class Watched:
    """One run: its row of the list, and what is known of it beyond."""

    def __init__(self, id: str, files: RunFolder, name: str, clock: Clock) -> None:
        """`id` names the run in addresses, `name` on the page."""
        self.id, self.files, self.name, self._clock = id, files, name, clock
        self.row: dict[str, Any] = {}
        self.version = 0  # of the board when the row was last another
        self.holder: int | None = None  # the process of this machine that trains the run
        self.asked: int | None = None  # the process that was asked to stop
        self.pictures: list[Picture] = []
        self.config: dict[str, Any] = {}
        self.environment: dict[str, Any] = {}
        self.complaints: list[str] = []  # of its configuration and environment
        self._stamps: dict[Path, Stamp] = {}
        self._tail: list[dict[str, Any]] = []
        self._seen: deque[tuple[int, float]] = deque(maxlen=WINDOW)  # step, and when the file was written
        self._was_held = False  # by a process here, at its last steps
        self._metrics: Metrics | None = None
        self._outline: list[list[int | None]] = []  # of its losses, as of its diagnosis
        self._diagnosis: tuple[int, float, float, Diagnosis] | None = None  # version, when, how long it took

    @property
    def steps(self) -> int:
        """Of the whole run; 0 where that is not known."""
        return self.config.get("steps") or 0

    @property
    def replicas(self) -> int:
        return self.config.get("replicas") or 1

    @property
    def as_run(self) -> Run:
        """The run as the pages know it, without its metrics and evaluation."""
        return Run(self.files.path, self.config, self.environment, {}, [], self.pictures)

    @property
    def step(self) -> int:
        """The last step that was logged."""
        return max((record["step"] for record in self._tail), default=0)

    @property
    def is_running(self) -> bool:
        return self.row.get("state") in ("running", "stopping", "elsewhere")

    def look(self, held: dict[Place, int]) -> bool:
        """Looks at the files again; whether the row has changed."""
        if self._changed(self.files.config) | self._changed(self.files.environment):
            self._read_settings()
        if self._changed(self.files.metrics):
            self._tail = last_records(self.files.metrics) if self.files.holds(self.files.metrics) else []
            self._note_step()
        if self._changed(self.files.samples):
            self.pictures = self.files.pictures() if self.files.holds(self.files.samples) else []
        place = place_of(self.files.lock) if held else None
        self.holder = held.get(place) if place else None
        self._was_held |= self.holder is not None
        if self.asked is not None and self.holder != self.asked:
            self.asked = None
        row = self._row()
        changed = row != self.row
        self.row = row
        return changed

    def _changed(self, path: Path) -> bool:
        """Whether a file or folder is another than at the last look."""
        stamp = stamp_of(path)
        changed = self._stamps.get(path) != stamp
        self._stamps[path] = stamp
        return changed

    def _read_settings(self) -> None:
        self.complaints = []
        for path, read, name in (
            (self.files.config, self.files.read_config, "config"),
            (self.files.environment, self.files.read_environment, "environment"),
        ):
            if self.files.holds(path):
                setattr(self, name, read(self.complaints.append))
        self._diagnosis = None

    def _note_step(self) -> None:
        step, written = self.step, self._written
        if self._seen and step < self._seen[-1][0]:  # resumed
            self._seen.clear()
        if not self._seen or step > self._seen[-1][0]:
            self._seen.append((step, written))

    @property
    def _written(self) -> float:
        """When the metrics were last written, in seconds since 1970; 0 where there are none."""
        return self._stamps.get(self.files.metrics, NONE).time / 1e9

    def _state(self) -> str:
        if self.holder is not None:
            return "stopping" if self.asked == self.holder else "running"
        last = self._logged()
        losses = [value for record in last for name, value in record.items() if name in ("critic_loss", "generator_loss")]
        if losses and all(value is None for value in losses) and (self.step < self.steps or self.replicas == 1):
            return "diverged"
        if self.steps and self.step >= self.steps and (self.files.checkpoints / str(self.steps)).is_dir():
            return "done"
        # A run that ends, however it ends in order, writes its page last
        ended = self._was_held or stamp_of(self.files.report).time >= self._stamps.get(self.files.metrics, NONE).time > 0
        begun = max(self._written, self._stamps.get(self.files.config, NONE).time / 1e9)
        return "elsewhere" if not ended and time.time() - begun < FRESH else "stopped"

    def _logged(self) -> list[dict[str, Any]]:
        """The last line of losses, of every replica as far as they were read."""
        lines = [record for record in self._tail if "critic_loss" in record or "generator_loss" in record]
        return [record for record in lines if record["step"] == lines[-1]["step"]]

    def _speed(self) -> float | None:
        """Generator steps a second of a run that goes on: as they came in lately, or else as the run itself measured them."""
        (first, then), (last, now) = (self._seen[0], self._seen[-1]) if self._seen else ((0, 0.0), (0, 0.0))
        if now - then >= MEASURED and last > first:
            return (last - first) / (now - then)
        speeds = [record.get("steps_per_second") for record in self._tail]
        known = [speed for speed in speeds if isinstance(speed, int | float) and math.isfinite(speed) and speed > SLOWEST]
        return known[-1] if known else None

    def _row(self) -> dict[str, Any]:
        """What the list shows."""
        config, state = self.config, self._state()
        running = state in ("running", "stopping", "elsewhere")
        speed = self._speed() if running else None
        left = (self.steps - self.step) / speed if speed and self.steps > self.step else None
        own = [picture for picture in self.pictures if picture.replica == self.pictures[0].replica]
        found = None if self._diagnosis is None else [headline(finding) for finding in self._diagnosis[3].findings]
        return {
            "id": self.id,
            "name": self.name,
            "state": state,
            "step": self.step,
            "steps": self.steps,
            "speed": None if speed is None else float(f"{speed:.3g}"),
            "left": None if left is None else round(left),
            "written": round(max(self._written, self._stamps.get(self.files.config, NONE).time / 1e9)),
            "variant": config.get("variant"),
            "dataset": config.get("dataset"),
            "network": config.get("generator"),
            "replicas": self.replicas,
            "seed": config.get("seed"),
            "picture": [own[-1].replica, own[-1].step] if own else None,
            "on_white": self.as_run.drawn_on_white,
            "found": found,
            "outline": self._outline,
            "stoppable": self.holder is not None and self.asked is None,
        }

    # What is read only of runs that someone looks at

    def metrics(self) -> Metrics:
        """The run's metrics, read to their end."""
        if self._metrics is None or self._metrics.replicas != self.replicas:
            self._metrics = Metrics(self.files, self.replicas)
        self._metrics.read()
        return self._metrics

    def forget_metrics(self) -> None:
        """Lets the metrics go; they are read again when they are asked for."""
        self._metrics = None

    @property
    def needs_diagnosis(self) -> bool:
        """Whether the run was never diagnosed, or has gone on since, and a while ago."""
        if self._diagnosis is None:
            return self._stamps.get(self.files.metrics, NONE) != NONE
        version, when, took, _ = self._diagnosis
        due = not self.is_running or self._clock() - when > max(AGAIN, AGAIN * took)
        return due and version != self._stamps.get(self.files.metrics, NONE).size

    def diagnosis(self) -> Diagnosis:
        """What the doctor says of the run, as of a moment ago where it goes on."""
        if self._diagnosis is not None and not self.needs_diagnosis:
            return self._diagnosis[3]
        size, began = self._stamps.get(self.files.metrics, NONE).size, self._clock()
        evaluated = self.files.read_evaluation(lambda _: None) if self.files.holds(self.files.evaluation) else {}
        facts = facts_of(self.config, self.environment)
        metrics = self.metrics()
        found = diagnose(metrics.records(), facts, evaluated.get("replicas") or [])
        self._outline = metrics.outline()
        self._diagnosis = size, self._clock(), self._clock() - began, found
        return found

    def stop(self) -> None:
        """Interrupts the process that trains the run, once: a second interrupt would end it without a checkpoint.

        Raises:
            UserError: no process here trains the run, or it was asked already.
        """
        if self.asked is not None:
            raise UserError("the run was asked to stop already; it ends after the steps in progress and a checkpoint")
        self.asked = interrupt(self.files.lock)


class Watch:
    """All runs under a folder; one look at a time, whichever thread asks."""

    def __init__(self, root: Path, clock: Clock = time.monotonic) -> None:
        """`root` is a folder of runs, at any depth, or one run; `clock` counts seconds."""
        self.clock = clock
        self.root = root.resolve()
        self.guard = threading.RLock()
        self.version = 1
        self.runs: dict[str, Watched] = {}
        self.started = f"{time.time_ns():x}"  # tells one board from the next at the same address
        self._gone: deque[tuple[int, str]] = deque(maxlen=1000)
        self._open: OrderedDict[str, None] = (
            OrderedDict()
        )  # runs whose metrics are in memory, the one asked for last at the end
        self._next_scan = self._next_look = 0.0

    def look(self) -> None:
        """Finds new runs, and looks at all of them; at most twice a second."""
        with self.guard:
            if self.clock() < self._next_look:
                return
            if self.clock() >= self._next_scan:
                self._scan()
            held = holders()
            self._look_at(self.runs.values(), held)
            self._look_at(self._diagnosed(), held)
            self._next_look = self.clock() + PAUSE

    def learn(self) -> None:
        """Looks until every run is diagnosed once, with pauses in which questions are answered."""
        while True:
            self.look()
            with self.guard:
                if not any(run.row["found"] is None and run.needs_diagnosis for run in self.runs.values()):
                    return
            time.sleep(PAUSE)

    def _look_at(self, runs: Iterable[Watched], held: dict[Place, int]) -> None:
        for run in runs:
            if run.look(held):
                self.version += 1
                run.version = self.version

    def _diagnosed(self) -> list[Watched]:
        """Runs that are diagnosed now, those that go on and those written last first: as many as the time of one look allows, at least one of those that need it."""
        began, diagnosed = self.clock(), []
        for run in sorted(self.runs.values(), key=lambda run: (run.is_running, run.row["written"]), reverse=True):
            if self.clock() - began > BUDGET:
                break
            if run.needs_diagnosis:
                run.diagnosis()
                diagnosed.append(run)
                if run.id not in self._open:
                    run.forget_metrics()
        return diagnosed

    def _scan(self) -> None:
        """Looks for runs that were begun or removed; the longer that takes, the more seldom."""
        began = self.clock()
        found = {_id_of(self.root, folder): folder for folder in run_folders(self.root)}
        for id in self.runs.keys() - found.keys():
            del self.runs[id]
            self.version += 1
            self._gone.append((self.version, id))
        for id, folder in found.items():
            if id not in self.runs:
                name = str(folder.relative_to(self.root)) if folder != self.root else folder.name
                self.runs[id] = Watched(
                    id, RunFolder(folder), printable(name.encode(errors="replace").decode()), lambda: self.clock()
                )
        self._next_scan = self.clock() + max(2.0, 20 * (self.clock() - began))

    def changed_since(self, version: int) -> tuple[list[Watched], list[str]]:
        """The runs whose rows are others since then, and the ids of those that are gone."""
        with self.guard:
            changed = [run for run in self.runs.values() if run.version > version]
            return changed, [id for at, id in self._gone if at > version and id not in self.runs]

    def run(self, id: str) -> Watched:
        """The run of this id, as it is now.

        Raises:
            NoSuch: there is none.
        """
        with self.guard:
            self.look()
            run = self.runs.get(id)
            if run is None or not run.files.path.resolve().is_relative_to(self.root):  # or its folder became a link meanwhile
                raise NoSuch(id)
            self._open.pop(id, None)
            self._open[id] = None
            while len(self._open) > OPEN:
                oldest, _ = self._open.popitem(last=False)
                if oldest in self.runs:
                    self.runs[oldest].forget_metrics()
            return run


def _id_of(root: Path, folder: Path) -> str:
    """The path below the root in plain ASCII, whatever bytes its names hold."""
    return quote(os.fsencode(folder.relative_to(root).as_posix()))


def run_folders(root: Path) -> Iterator[Path]:
    """The run folders at and below a folder, in no order; no link is followed, and no run lies in another."""
    looked_into = 0
    waiting = deque([(root, 0)])
    while waiting and looked_into < MOST_FOLDERS:
        folder, depth = waiting.popleft()
        looked_into += 1
        files = RunFolder(folder)
        if files.exists and (not files.config.is_symlink() or files.holds(files.config)):
            yield folder
            continue
        if depth >= DEEPEST:
            continue
        try:
            with os.scandir(folder) as entries:
                below = [
                    entry.path for entry in entries if not entry.name.startswith(".") and entry.is_dir(follow_symlinks=False)
                ]
        except OSError:
            continue
        waiting.extend((Path(path), depth + 1) for path in below)
