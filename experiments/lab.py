"""What the labs' experiments share: their options, runs that are trained once, what they are judged by, and tables."""

import argparse
import dataclasses
import datetime
import json
import shlex
import statistics
import sys
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jax
import numpy as np
from jaxgan.config import Config, read_config, to_json
from jaxgan.engine.setup import prepare
from jaxgan.trained import TrainedRun, load_all

from experiments.benchmarks.against_pytorch import machine
from jaxgan.cache import keep_compiled_programs
from jaxgan.engine.checkpoints import Checkpoints
from jaxgan.engine.loop import Program
from jaxgan.errors import DivergedError, NotFiniteError, UserError
from jaxgan.evaluation import evaluate, runs_of
from jaxgan.files import json_text, write_atomically
from jaxgan.folder import read_metrics
from jaxgan.runs import fit

TIMED = 0.5  # seconds of one timed part


@dataclass(frozen=True)
class Options:
    """What every experiment is asked."""

    quick: bool  # minutes on two cores, fewer seeds and steps: to see that all works
    seeds: int
    out: Path
    data_dir: Path | None
    flags: tuple[str, ...] = ()  # as they were typed, but for paths
    steps: int | None = None  # in place of the full or the quick schedule
    width: int | None = None  # of the networks that can be narrowed, in place of the lab's

    def length(self, full: int, quick: int) -> int:
        """Generator steps of a run."""
        return self.steps or (quick if self.quick else full)

    def budget(self, data: str, full: int, quick: int, narrowed: str = "networks") -> str:
        """What a run was given, in words; a schedule that was not the full one says so, and so do networks that --width narrowed."""
        steps = self.length(full, quick)
        of = "" if steps == full else f" (the full schedule, {full:,}, was not run)"
        return f"{data}, {steps:,} generator steps{of}" + (f", {narrowed} {self.width} wide" if self.width else "")


def options(
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
    return options_and_more(description, name, seeds=seeds, quick_seeds=quick_seeds, argv=argv, more=more)[0]


def options_and_more(
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
    parser.add_argument("--out", type=Path, help=f"where runs, tables and figures go (runs/{name}, runs/{name}-quick)")
    parser.add_argument(
        "--data-dir", type=Path, help="where MNIST and Fashion-MNIST lie; the user's cache folder where not given"
    )
    for flag, arguments in more.items():
        parser.add_argument(flag, **arguments)
    typed = list(sys.argv[1:] if argv is None else argv)
    read = vars(parser.parse_args(typed))
    keep_compiled_programs()
    quick = read.pop("quick")
    out = read.pop("out") or Path("runs") / (f"{name}-quick" if quick else name)
    paths = {i + j for i, flag in enumerate(typed) for j in (0, 1) if flag in ("--out", "--data-dir")}
    flags = tuple(word for i, word in enumerate(typed) if i not in paths)
    asked = Options(
        quick, read.pop("seeds") or (quick_seeds if quick else seeds), out, read.pop("data_dir"), flags, read.pop("steps"),
        read.pop("width", None),
    )  # fmt: skip
    return asked, read


# Runs


def trained(folder: Path, config: Config) -> Path:
    """The run at `folder`: trained if it is not there, gone on with if it was interrupted, left alone if it is finished.

    Of replicas that diverge the others are kept, as in every run. A folder that holds a run of another budget is refused.
    """
    config = dataclasses.replace(config, out=folder)
    begun = (folder / "config.json").is_file()
    if begun:
        same_budget(folder, json.loads((folder / "config.json").read_text()), config)
    if finished(folder):
        return folder
    print(f"{folder}: {'goes on' if begun else 'is trained'}", flush=True)
    try:
        fit(Config(out=folder, resume=True) if begun else config)
    except KeyboardInterrupt:
        raise KeyboardInterrupt("interrupted: the same command goes on where it stopped") from None
    except DivergedError as error:
        print(error, flush=True)
        write_atomically(folder / "diverged.txt", str(error).encode())
    return folder


def same_budget(where: Path, held: Mapping[str, Any], config: Config) -> None:
    """Refuses what was kept of another configuration: its figures would stand under this one's name."""
    asked = json.loads(json_text(to_json(prepare(config).config)))
    other = [name for name in asked if name in held and name not in ("out", "data_dir") and held[name] != asked[name]]
    if other:
        said = ", ".join(f"{name} {held[name]} and not {asked[name]}" for name in other)
        raise UserError(f"{where} was made with {said}: another budget needs another --out")


def finished(folder: Path) -> bool:
    """Whether a run has its last checkpoint, or ended because every seed diverged."""
    return (folder / "diverged.txt").is_file() or ended(folder)


def ended(folder: Path) -> bool:
    """Whether a run came to its last step: it has that step's checkpoint, which no run gets once its every seed has diverged."""
    try:
        steps = json.loads((folder / "config.json").read_text())["steps"]
    except (OSError, ValueError, KeyError):
        return False
    return (folder / "checkpoints" / str(steps)).is_dir()


def kept(path: Path, compute: Callable[[], Any]) -> Any:
    """What a JSON file holds; computed and written where it is not there."""
    if not path.is_file():
        write_atomically(path, json_text(compute()))
    return json.loads(path.read_text())


def checkpoint_steps(folder: Path) -> list[int]:
    checkpoints = Checkpoints(folder / "checkpoints")
    try:
        return checkpoints.steps()
    finally:
        checkpoints.close()


def curves(folder: Path, name: str) -> tuple[np.ndarray, np.ndarray]:
    """The steps (S,) and values (S, R) of a metric of metrics.jsonl; NaN where a replica has none."""
    steps: dict[int, dict[int, float]] = {}
    for record in read_metrics(folder / "metrics.jsonl"):
        if record.get(name) is not None:
            steps.setdefault(record["step"], {})[record.get("replica", 0)] = record[name]
    seeds = range(read_config(folder / "config.json").replicas or 1)
    return np.array(sorted(steps)), np.array([[steps[s].get(r, np.nan) for r in seeds] for s in sorted(steps)])


def last_part(folder: Path, name: str, share: float = 0.1) -> np.ndarray:
    """A metric's mean over the last `share` of what was logged, a number a seed."""
    values = curves(folder, name)[1]
    return values[-max(1, round(share * len(values))) :].mean(0) if values.size else np.array([])


def judged(folder: Path, n: int, data_dir: Path | None = None) -> dict[str, np.ndarray]:
    """What `evaluate` says of a run's last samples, an array over its seeds each figure; nothing of seeds that diverged."""

    def compute() -> dict[str, Any]:
        if not ended(folder):
            return {"replicas": []}
        try:
            return evaluate(folder, n=n, data_dir=data_dir)
        except NotFiniteError:  # of no seed
            return {"replicas": []}

    seeds = [seed for seed in kept(folder / "evaluation.json", compute)["replicas"] if seed]
    return {name: np.array([seed[name] for seed in seeds]) for name in (seeds[0] if seeds else ())}


def memory_of(config: Config) -> dict[str, float]:
    """Bytes a seed: what the compiled iteration holds for itself, and the state (weights, batch statistics, optimizers)."""
    program = Program(prepare(config))
    state = program.initial_state()
    compiled = program._chunk.lower(state, program.zero_sums(state), program.numbers, program.data, np.int32(1)).compile()
    memory = compiled.memory_analysis()
    assert memory is not None
    held = sum(leaf.nbytes for leaf in jax.tree.leaves(state) if hasattr(leaf, "nbytes"))
    return {"temporary": memory.temp_size_in_bytes / program.replicas, "state": held / program.replicas}


def replicas(folder: Path) -> list[TrainedRun]:
    """A run's seeds, each as a run of its own."""
    return runs_of(*load_all(folder), folder)


def figures_row(figures: Mapping[str, np.ndarray], names: Mapping[str, int]) -> list[str]:
    """Cells of a table: each figure with its spread, by the digits it is shown with; then the seeds that gave them."""
    cells = [spread(figures.get(name, ()), digits) for name, digits in names.items()]
    return [*cells, str(max((len(figures.get(name, ())) for name in names), default=0))]


def by_seed(figures: Mapping[str, np.ndarray]) -> list[dict[str, float]]:
    """The same, a record a seed."""
    seeds = range(len(next(iter(figures.values()), ())))
    return [{name: float(values[seed]) for name, values in figures.items()} for seed in seeds]


def costs(configs: Mapping[str, Config], plain: str, rounds: int) -> dict[str, dict[str, Any]]:
    """A generator step of each row (with its critic steps) by the plain row's, the two in turn `rounds` times; and its memory."""

    def begun(config: Config) -> tuple[Program, list[Any], int]:
        program = Program(prepare(dataclasses.replace(config, replicas=1)))
        held = [program.initial_state()]
        seconds(program, held, 1)
        return program, held, max(2, round(TIMED / seconds(program, held, 5)))

    def seconds(program: Program, held: list[Any], n: int) -> float:
        n = min(n, program.feed.left(int(held[0].step)))
        began = time.perf_counter()
        held[0] = program.chunk(held[0], program.zero_sums(held[0]), n)[0]
        return (time.perf_counter() - began) / n

    base, found = begun(configs[plain]), {}
    least = memory_of(configs[plain])["temporary"]
    for row, config in configs.items():
        own = begun(config)
        ratios = [seconds(*own) / seconds(*base) for _ in range(rounds)]
        found[row] = {"ratios": ratios, "memory": memory_of(config)["temporary"] / least}
        print(f"cost of {row}: {statistics.median(ratios):.2f}", flush=True)
    return found


def cost_words(ratios: Sequence[float]) -> str:
    return f"{statistics.median(ratios):.1f} [{min(ratios):.1f}-{max(ratios):.1f}]"


# Tables


def spread(values: Iterable[float], digits: int = 2, factor: float = 1.0) -> str:
    """Mean ± standard deviation over seeds; - where there are none."""
    numbers = [factor * value for value in values if np.isfinite(value)]
    if not numbers:
        return "-"
    deviation = f"±{statistics.stdev(numbers):.{digits}f}" if len(numbers) > 1 else ""
    return f"{statistics.fmean(numbers):.{digits}f}{deviation}"


def table(columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    lines = ["| " + " | ".join(columns) + " |", "|" + "---|" * len(columns)]
    return "\n".join(lines + ["| " + " | ".join(map(str, row)) + " |" for row in rows])


def write_results(asked: Options, name: str, title: str, budget: str, parts: Mapping[str, str]) -> Path:
    """OUT/NAME.md: title, what it was made with, and its parts, a heading each."""
    command = shlex.join(["python", "-m", f"experiments.{name}", *asked.flags])
    on = machine()
    where = f"{on['cores']} cores ({on['processor']}), {on['device']}, Python {on['python']}, jax {on['jax']}"
    made = f"{datetime.date.today()}, `{command}`; {budget}; {asked.seeds} seeds a setting; {where}"
    body = "\n\n".join(f"## {heading}\n\n{text}" for heading, text in parts.items())
    path = asked.out / f"{name}.md"
    write_atomically(path, f"# {title}\n\n{made}\n\n{body}\n".encode())
    print(path)
    return path
