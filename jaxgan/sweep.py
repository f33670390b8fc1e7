"""`python -m jaxgan.sweep`: a grid of settings, each over several seeds; what fits one compiled program trains together."""

import csv
import dataclasses
import itertools
import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

from tyro.conf import OmitArgPrefixes, arg

from jaxgan import command
from jaxgan.config import FIELDS, NOT_SAVED, Config, flag, to_json
from jaxgan.errors import DivergedError, UserError, unknown

FREE = {"out", "by_replica", "replicas"}  # fields that do not decide whether two settings fit one program


@dataclass(frozen=True)
class Options:
    """A grid, and how every point of it is trained."""

    grid: Annotated[tuple[str, ...], arg(metavar="FIELD=VALUE,VALUE")] = ()
    """What to vary: --grid learning_rate=1e-4,2e-4 n_critic=1,5 trains every combination."""
    seeds: int = 3
    """Random seeds of every combination."""
    train: OmitArgPrefixes[Config] = field(default_factory=Config)
    """What is the same for all, as in python -m jaxgan.train; --out is the folder of the sweep."""


def main(argv: Sequence[str] | None = None) -> int:
    return command.run(lambda: sweep(sys.argv[1:] if argv is None else argv))


def sweep(argv: Sequence[str]) -> None:
    options = command.parse(
        Options, argv, prog="python -m jaxgan.sweep", description="Train a grid of settings over several seeds."
    )
    points = grid_points(options.grid)
    if options.seeds < 1:
        raise UserError(f"--seeds {options.seeds}: must be at least 1")
    for name in ("replicas", "by_replica", "config"):
        if getattr(options.train, name) != getattr(Config(), name):
            raise UserError(
                f"{flag(name)} has no meaning in a sweep: the grid says what varies, --seeds how many replicas a point has"
            )
    if options.train.distributed:
        raise UserError("--distributed: a sweep is one process; start several sweeps, or train the points with jaxgan.train")
    from jaxgan.engine.compilation import keep_compiled_programs
    from jaxgan.files import json_text, write_atomically
    from jaxgan.runs import new_folder

    keep_compiled_programs()
    base = dataclasses.replace(options.train, resume=False)
    groups = grouped(base, points, options.seeds)
    asked = {"grid": points, "seeds": options.seeds, "train": {**to_json(base), "out": None}}
    if options.train.resume:
        out = options.train.out
        if out is None or not (out / "sweep.json").is_file():
            raise UserError(f"--resume: {out} is no sweep; name the folder of one with --out")
        if json.loads((out / "sweep.json").read_text()) != asked:
            raise UserError(f"--resume: {out} is a sweep of another grid or with other flags; {out / 'sweep.json'} says which")
    else:
        out = new_folder(base, prefix="sweep-")
        write_atomically(out / "sweep.json", json_text(asked))
    print(f"{len(points)} settings x {options.seeds} seeds in {len(groups)} compiled programs; folder {out}", flush=True)
    results = []
    for number, group in enumerate(groups):
        print(f"program {number + 1} of {len(groups)}: {', '.join(_shown(points[i]) for i in group.points)}", flush=True)
        results.append(trained(dataclasses.replace(group.config, out=out / f"program_{number}"), out))
    table = summarised(points, groups, results, options.seeds)
    write_table(table, out)
    print((out / "table.md").read_text())
    print(f"table: {out / 'table.md'}, {out / 'table.csv'}")


def grid_points(grid: Sequence[str]) -> list[dict[str, Any]]:
    """Every combination of the values in "field=value,value", in order; raises UserError for a field or value that is none."""
    axes: dict[str, list[Any]] = {}
    for text in grid:
        name, equals, values = text.partition("=")
        name = name.strip().removeprefix("--").replace("-", "_")
        if name not in FIELDS or name in (*NOT_SAVED, *FREE, "seed", "mesh", "data_dir"):
            raise unknown("--grid", name, [n for n in FIELDS if n not in (*NOT_SAVED, *FREE, "seed", "mesh", "data_dir")])
        if not equals or not all(values.split(",")):
            raise UserError(f"--grid {text}: expected FIELD=VALUE,VALUE")
        if name in axes:
            raise UserError(f"--grid: {name} is there twice")
        axes[name] = [_read(name, value) for value in values.split(",")]
    if not axes:
        raise UserError("--grid: what shall vary? for example --grid learning_rate=1e-4,2e-4 n_critic=1,5")
    return [dict(zip(axes, values, strict=True)) for values in itertools.product(*axes.values())]


def _read(name: str, value: str) -> Any:
    """The value as the flag of that name reads it."""
    if FIELDS[name].type is bool:
        if value not in ("true", "false"):
            raise UserError(f"--grid {name}={value}: expected true or false")
        return value == "true"
    parsed = command.parse(Config, [flag(name), value], prog="--grid", description="")
    return getattr(parsed, name)


@dataclass(frozen=True)
class Group:
    """Grid points that one compiled program trains together, point by point, each with its seeds."""

    points: list[int]
    config: Config  # with `by_replica`


def grouped(base: Config, points: Sequence[Mapping[str, Any]], seeds: int) -> list[Group]:
    """The points by what a program is compiled for: all that is settled but numbers that it takes as arguments."""
    from jaxgan.engine.numbers import Numbers
    from jaxgan.engine.setup import GAME_NUMBERS, prepare

    traced = {*Numbers._fields, *GAME_NUMBERS} - {
        "game",
        "ema",
        "generator_classifier_weight",
    }  # of the last two 0 leaves a part out
    settled = [prepare(dataclasses.replace(base, **point)).config for point in points]
    members: dict[str, list[int]] = {}
    for index, config in enumerate(settled):
        fixed = {name: value for name, value in to_json(config).items() if name not in traced | FREE}
        members.setdefault(json.dumps(fixed, sort_keys=True), []).append(index)
    groups = []
    for indices in members.values():
        configs = [settled[i] for i in indices]
        varied: dict[str, list[int | float]] = {"seed": [base.seed + s for _ in configs for s in range(seeds)]}
        for name in sorted(traced):
            values = [getattr(config, name) for config in configs]
            if len(set(values)) > 1:
                varied[name] = [value for value in values for _ in range(seeds)]
        replicas = len(configs) * seeds
        # One replica has no axis for its number to lie on: the configuration's own fields say it all
        config = dataclasses.replace(configs[0], replicas=replicas, by_replica=varied if replicas > 1 else None)
        groups.append(Group(indices, config))
    return groups


def trained(config: Config, out: Path) -> list[dict[str, float]]:
    """What came out of each replica of a program: trained, or gone on with, or read where it was finished before."""
    from jaxgan import runs
    from jaxgan.files import json_text, write_atomically

    folder = config.out
    assert folder is not None
    result = folder / "result.json"
    if result.is_file():
        print(f"  finished before: {folder}", flush=True)
        found: list[dict[str, float]] = json.loads(result.read_text())
        return found
    try:
        if not _finished(folder, config):
            begun = (folder / "config.json").is_file()
            runs.fit(dataclasses.replace(config, resume=True) if begun else config)
    except KeyboardInterrupt:
        raise KeyboardInterrupt(f"interrupted; the same command with --out {out} --resume goes on") from None
    except DivergedError as error:
        print(f"  {error}", flush=True)
    outcomes = judged(folder) if _finished(folder, config) else [{"diverged": 1.0}] * config.replicas
    write_atomically(result, json_text(outcomes))
    return outcomes


def _finished(folder: Path, config: Config) -> bool:
    return (folder / "checkpoints" / str(config.steps)).is_dir()


def judged(folder: Path) -> list[dict[str, float]]:
    """Of each replica the metrics last logged and, where its samples can be held against known modes, their coverage."""
    from jaxgan.folder import read_metrics
    from jaxgan.metrics.coverage import mode_coverage
    from jaxgan.trained import load_all

    program, state = load_all(folder)
    last = read_metrics(folder / "metrics.jsonl")[-program.replicas :]
    said = ("step", "replica", "steps_per_second")
    kept: list[dict[str, float]] = []
    for line in last:  # null: not finite
        diverged = any(value is None for value in line.values())
        kept.append({"diverged": 1.0} if diverged else {**{k: v for k, v in line.items() if k not in said}, "diverged": 0.0})
    law = program.setup.dataset.distribution
    if law is not None and len(law.centres):
        for outcome, samples in zip(kept, program.picture(state), strict=True):
            if outcome["diverged"]:
                continue
            found = mode_coverage(law.to_units(samples), law.centres, law.std)
            outcome |= {
                "modes_3sigma": float(found.modes),
                "high_quality_3sigma": float(found.high_quality),
                "reverse_kl": float(found.reverse_kl),
            }
    return kept


def summarised(
    points: Sequence[Mapping[str, Any]], groups: Sequence[Group], results: Sequence[Sequence[Mapping[str, float]]], seeds: int
) -> list[dict[str, Any]]:
    """One row a point: its settings, and mean and standard deviation (of a sample) over the seeds, without those that diverged."""
    import numpy as np

    rows: dict[int, dict[str, Any]] = {}
    for group, outcomes in zip(groups, results, strict=True):
        for place, index in enumerate(group.points):
            own = outcomes[place * seeds : (place + 1) * seeds]
            trained = [outcome for outcome in own if not outcome["diverged"]]
            row: dict[str, Any] = {**points[index], "seeds": seeds, "diverged": seeds - len(trained)}
            for name in (trained or [{}])[0]:
                if name != "diverged":
                    values = np.asarray([outcome[name] for outcome in trained])
                    row[f"{name} mean"] = float(values.mean())
                    row[f"{name} std"] = float(values.std(ddof=1)) if len(trained) > 1 else 0.0
            rows[index] = row
    return [rows[index] for index in sorted(rows)]


def write_table(table: Sequence[Mapping[str, Any]], out: Path) -> None:
    """table.csv with every number, and table.md with mean ± standard deviation."""
    columns = list(dict.fromkeys(name for row in table for name in row))
    with (out / "table.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, columns)
        writer.writeheader()
        writer.writerows(table)
    shown = [name.removesuffix(" mean") for name in columns if not name.endswith(" std")]
    lines = ["| " + " | ".join(shown) + " |", "|" + "---|" * len(shown)]
    for row in table:
        cells = [
            f"{row[f'{name} mean']:.4g} ± {row[f'{name} std']:.2g}" if f"{name} mean" in row else str(row.get(name, ""))
            for name in shown
        ]
        lines.append("| " + " | ".join(cells) + " |")
    spread = "Mean ± standard deviation over the seeds that did not diverge; coverage over 2,500 points, within 3 standard deviations of a mode."
    (out / "table.md").write_text("\n".join(lines) + f"\n\n{spread}\n")


def _shown(point: Mapping[str, Any]) -> str:
    return " ".join(f"{name}={value}" for name, value in point.items())


if __name__ == "__main__":
    sys.exit(main())
