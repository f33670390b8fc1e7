"""What the labs' experiments share: their options, runs that are trained and measured once, and tables."""

import argparse
import dataclasses
import datetime
import json
import os
import shlex
import statistics
import sys
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import jax
import numpy as np

from experiments.benchmarks.against_pytorch import machine
from jaxgan import Config, runs
from jaxgan.cache import keep_compiled_programs
from jaxgan.engine.checkpoints import Checkpoints
from jaxgan.engine.loop import Program
from jaxgan.errors import DivergedError, NotFiniteError, UserError, first_line
from jaxgan.files import json_text, write_atomically
from jaxgan.folder import RunFolder, Tell, read_object, series
from jaxgan.runs.cluster import spread
from jaxgan.settings import resolve, to_json

TIMED = 0.5  # seconds of one timed part
SEEN = 90.0  # seconds until what a worker has written to a shared folder is seen here: NFS asks for news every minute
# The recipe `digits` as it was when results were made by it: wider, and with noise from pixel to pixel
FORMER_DIGITS: dict[str, Any] = {"network": "fc", "hidden_dim": 128, "working_size": 28}
INTERRUPTED = "interrupted: the same command goes on where it stopped"
CLUSTER_HELP = "train the runs at the workers of Dask whose scheduler is at HOST:PORT; local:2 starts two here"


@dataclass(frozen=True)
class Options:
    """The options of every experiment."""

    quick: bool  # minutes on two cores, fewer seeds and steps: to see that all works
    seeds: int
    out: Path
    data_dir: Path | None
    flags: tuple[str, ...] = ()  # as they were typed, but for paths and cluster
    steps: int | None = None  # in place of the full or the quick schedule
    width: int | None = None  # of the networks that can be narrowed, in place of the lab's
    cluster: str | None = None  # where the runs are trained: Dask's scheduler, or local:N

    def length(self, full: int, quick: int) -> int:
        """Generator steps of a run."""
        return self.steps or (quick if self.quick else full)

    def budget(self, data: str, full: int, quick: int, narrowed: str = "networks") -> str:
        """What a run was given, in words; a schedule that was not the full one says so, and so do networks that --width narrowed."""
        steps = self.length(full, quick)
        of = "" if steps == full else f" (the full schedule, {full:,}, was not run)"
        return f"{data}, {steps:,} generator steps{of}" + (f", {narrowed} {self.width} wide" if self.width else "")


def read_options(
    description: str | None,
    name: str,
    *,
    seeds: int,
    quick_seeds: int = 2,
    argv: Sequence[str] | None = None,
    width: str = "",
) -> Options:
    """What the command line says; `width`: the networks that --width makes narrower, in words."""
    more = {"--width": {"type": int, "help": f"width of {width}, in place of the lab's"}} if width else {}
    return read_options_and_more(description, name, seeds=seeds, quick_seeds=quick_seeds, argv=argv, more=more)[0]


def read_options_and_more(
    description: str | None,
    name: str,
    *,
    seeds: int,
    quick_seeds: int = 2,
    argv: Sequence[str] | None = None,
    more: Mapping[str, dict[str, Any]],
) -> tuple[Options, dict[str, Any]]:
    """The common options, and what an experiment's own flags give: {"--flag": what `add_argument` takes}."""
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="a small budget: minutes on two cores")
    parser.add_argument("--seeds", type=int, help=f"random seeds a setting ({seeds}; with --quick {quick_seeds})")
    parser.add_argument("--steps", type=int, help="generator steps a run, in place of the schedule's")
    parser.add_argument("--out", type=Path, help=f"where runs, tables and pictures go (runs/{name}, runs/{name}-quick)")
    parser.add_argument(
        "--data-dir", type=Path, help="where MNIST and Fashion-MNIST lie; the user's cache folder where not given"
    )
    parser.add_argument("--cluster", metavar="ADDRESS", help=CLUSTER_HELP)
    for flag, arguments in more.items():
        parser.add_argument(flag, **arguments)
    typed = list(sys.argv[1:] if argv is None else argv)
    values = vars(parser.parse_args(typed))
    keep_compiled_programs()
    quick = values.pop("quick")
    out = values.pop("out") or Path("runs") / (f"{name}-quick" if quick else name)
    places = {i + j for i, flag in enumerate(typed) for j in (0, 1) if flag in ("--out", "--data-dir", "--cluster")}
    flags = tuple(word for i, word in enumerate(typed) if i not in places)
    options = Options(
        quick, values.pop("seeds") or (quick_seeds if quick else seeds), out, values.pop("data_dir"), flags,
        values.pop("steps"), values.pop("width", None), values.pop("cluster"),
    )  # fmt: skip
    return options, values


# Runs


Run = tuple[Path, Config]  # a run's folder, and its options


def train_all(options: Options, work: Mapping[str, Run]) -> dict[str, Path]:
    """The folders of runs that do not wait for each other's results: trained in turn, or with --cluster beside each other."""
    train_ahead(options.cluster, work.values())
    return {row: train_once(*run) for row, run in work.items()}


def train_ahead(cluster: str | None, work: Iterable[Run]) -> None:
    """With a cluster, trains the runs that are not over at its workers, each as `train_once` does; without one, does nothing.

    So an experiment that trains and measures its runs in turn may have them trained before, and finds them finished.
    """
    if cluster is None:
        return
    left = {str(folder): (folder.absolute(), config) for folder, config in work if not is_over(folder)}
    if not left:
        return
    for folder, _ in left.values():
        folder.parent.mkdir(parents=True, exist_ok=True)
    shared = Path(os.path.commonpath([folder.parent for folder, _ in left.values()]))
    spread(cluster, {name: partial(train_once, *run) for name, run in left.items()}, shared, INTERRUPTED)
    end = time.monotonic() + SEEN
    while not all(is_over(folder) for folder, _ in left.values()) and time.monotonic() < end:
        time.sleep(1)


def _print(line: str) -> None:
    print(line, flush=True)


def train_once(folder: Path, config: Config, *, tell: Tell = _print, **how: Any) -> Path:
    """The run at `folder`: trained if it is not there, resumed if it was interrupted, left alone if it is over.

    Replicas that diverge do not stop the others; where all of them do, `diverged.txt` is written.

    Args:
        folder: of the run.
        config: its options.
        tell: told what is trained, and what diverged.
        how: `fit`'s `listeners` and `progress`.

    Raises:
        UserError: the folder holds a run of another budget.
        KeyboardInterrupt: on Ctrl-C, after a checkpoint is safe.
    """
    config = dataclasses.replace(config, out=folder)
    files = RunFolder(folder)
    if files.exists:
        require_same_budget(folder, read_object(files.config), config)
    if is_over(folder):
        return folder

    def note(error: DivergedError) -> None:
        tell(str(error))
        if not is_finished(folder):
            write_atomically(_diverged(folder), str(error).encode())

    tell(f"{folder}: {'goes on' if files.exists else 'is trained'}")
    runs.finish(config, INTERRUPTED, on_diverged=note, **how)
    return folder


def require_same_budget(path: Path, saved: Mapping[str, Any], config: Config) -> None:
    """Refuses saved results of another configuration, whose values would stand under this one's name.

    Args:
        path: where they are, for the message.
        saved: their configuration, as JSON values.
        config: the one that is to be run.

    Raises:
        UserError: an option differs.
    """
    wanted = json.loads(json_text(to_json(resolve(config).config)))
    other = [name for name in wanted if name in saved and name not in ("out", "data_dir") and saved[name] != wanted[name]]
    if other:
        differences = ", ".join(f"{name} {saved[name]} and not {wanted[name]}" for name in other)
        raise UserError(f"{path} was made with {differences}: another budget needs another --out")


def is_over(folder: Path) -> bool:
    """Whether there is nothing left to train: a run has its last checkpoint, or ended because every seed diverged."""
    return _diverged(folder).is_file() or is_finished(folder)


def is_finished(folder: Path) -> bool:
    """Whether a run has the checkpoint of its last step, which no run gets once its every seed has diverged."""
    return runs.is_finished(RunFolder(folder))


def _diverged(folder: Path) -> Path:
    """The file that says that every seed diverged, and when."""
    return folder / "diverged.txt"


def read_or_compute(path: Path, compute: Callable[[], Any]) -> Any:
    """The value in a JSON file; computed and written where the file is not there."""
    if not path.is_file():
        write_atomically(path, json_text(compute()))
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as error:
        raise UserError(f"{path} is damaged ({first_line(error)}): delete it, and it is computed anew") from None


def checkpoint_steps(folder: Path) -> list[int]:
    """The steps that have a checkpoint, in order."""
    checkpoints = Checkpoints(RunFolder(folder).checkpoints)
    try:
        return checkpoints.steps()
    finally:
        checkpoints.close()


def curves(folder: Path, name: str) -> tuple[np.ndarray, np.ndarray]:
    """The steps (S,) and values (S, R) of a logged metric; NaN where a replica has none."""
    steps, values = series(RunFolder(folder).read_metrics(), name)
    logged = np.isfinite(values).any(axis=1)
    return steps[logged], values[logged]


def last_part(folder: Path, name: str, share: float = 0.1) -> np.ndarray:
    """A metric's mean over the last `share` of what was logged, a number a seed."""
    values = curves(folder, name)[1]
    return values[-max(1, round(share * len(values))) :].mean(0) if values.size else np.array([])


def measure_once(folder: Path, n: int, data_dir: Path | None = None) -> dict[str, np.ndarray]:
    """The metrics of n samples of a finished run, measured or read from its evaluation.json: {name: values over its seeds}.

    Seeds that diverged have no values.
    """

    def measure() -> dict[str, Any]:
        if not is_finished(folder):
            return {"replicas": []}
        try:
            return runs.evaluate(folder, n=n, data_dir=data_dir)
        except NotFiniteError:  # of no seed
            return {"replicas": []}

    seeds = [seed for seed in read_or_compute(RunFolder(folder).evaluation, measure)["replicas"] if seed]
    return {name: np.array([seed[name] for seed in seeds]) for name in (seeds[0] if seeds else ())}


def memory_of(config: Config) -> dict[str, float]:
    """Bytes a seed: what the compiled iteration needs beside its arguments, and the state (weights, batch statistics, optimizers)."""
    program = resolve(config).program()
    state = program.initial_state()
    memory = program.lower(state).compile().memory_analysis()
    assert memory is not None
    in_state = sum(leaf.nbytes for leaf in jax.tree.leaves(state) if hasattr(leaf, "nbytes"))
    return {"temporary": memory.temp_size_in_bytes / program.replicas, "state": in_state / program.replicas}


def values_row(values: Mapping[str, np.ndarray], digits: Mapping[str, int]) -> list[str]:
    """Cells of a table: mean and deviation of each metric, by the digits that it is shown with; then the number of seeds."""
    cells = [mean_and_deviation(values.get(name, ()), shown) for name, shown in digits.items()]
    return [*cells, str(max((len(values.get(name, ())) for name in digits), default=0))]


def by_seed(values: Mapping[str, np.ndarray]) -> list[dict[str, float]]:
    """The same values, a record a seed."""
    seeds = range(len(next(iter(values.values()), ())))
    return [{name: float(own[seed]) for name, own in values.items()} for seed in seeds]


def measure_costs(configs: Mapping[str, Config], plain: str, rounds: int) -> dict[str, dict[str, Any]]:
    """A generator step of each row (with its critic steps) by the plain row's, the two in turn `rounds` times; and its memory."""

    def begin(config: Config) -> tuple[Program, list[Any], int]:
        program = resolve(dataclasses.replace(config, replicas=1)).program()
        state = [program.initial_state()]
        seconds(program, state, 1)
        return program, state, max(2, round(TIMED / seconds(program, state, 5)))

    def seconds(program: Program, state: list[Any], n: int) -> float:
        n = min(n, program.feed.left(int(state[0].step)))
        began = time.perf_counter()
        state[0] = program.chunk(state[0], program.zero_sums(state[0]), n)[0]
        return (time.perf_counter() - began) / n

    base, costs = begin(configs[plain]), {}
    least = memory_of(configs[plain])["temporary"]
    for row, config in configs.items():
        own = begin(config)
        ratios = [seconds(*own) / seconds(*base) for _ in range(rounds)]
        costs[row] = {"ratios": ratios, "memory": memory_of(config)["temporary"] / least}
        print(f"cost of {row}: {statistics.median(ratios):.2f}", flush=True)
    return costs


def cost_words(ratios: Sequence[float]) -> str:
    """Median and range."""
    return f"{statistics.median(ratios):.1f} [{min(ratios):.1f}-{max(ratios):.1f}]"


# Tables


def mean_and_deviation(values: Iterable[float], digits: int = 2, factor: float = 1.0) -> str:
    """Mean ± standard deviation over seeds; - where there are none."""
    numbers = [factor * value for value in values if np.isfinite(value)]
    if not numbers:
        return "-"
    deviation = f"±{statistics.stdev(numbers):.{digits}f}" if len(numbers) > 1 else ""
    return f"{statistics.fmean(numbers):.{digits}f}{deviation}"


def table(columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    """A table in Markdown."""
    lines = ["| " + " | ".join(columns) + " |", "|" + "---|" * len(columns)]
    return "\n".join(lines + ["| " + " | ".join(map(str, row)) + " |" for row in rows])


def write_results(options: Options, name: str, title: str, budget: str, parts: Mapping[str, str]) -> Path:
    """OUT/NAME.md: title, what it was made with, and its parts, a heading each."""
    command = shlex.join(["python", "-m", f"experiments.{name}", *options.flags])
    on = machine()
    where = f"{on['cores']} cores ({on['processor']}), {on['device']}, Python {on['python']}, jax {on['jax']}"
    made = f"{datetime.date.today()}, `{command}`; {budget}; {options.seeds} seeds a setting; {where}"
    body = "\n\n".join(f"## {heading}\n\n{text}" for heading, text in parts.items())
    path = options.out / f"{name}.md"
    write_atomically(path, f"# {title}\n\n{made}\n\n{body}\n".encode())
    print(path)
    return path
