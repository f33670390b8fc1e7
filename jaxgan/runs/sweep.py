"""A grid of settings, each over several seeds; what fits one compiled program trains together."""

import contextlib
import csv
import dataclasses
import io
import itertools
import json
import math
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from jaxgan.engine.sampling import label_rows, picture
from jaxgan.errors import UserError, say, unknown
from jaxgan.files import WriteError, json_text, write_atomically
from jaxgan.folder import NUMBER, Form, RunFolder, Tell, read_json
from jaxgan.metrics import mode_coverage
from jaxgan.metrics.table import LOSSES, better, chart_of, in_order
from jaxgan.runs.cluster import spread
from jaxgan.runs.fit import finish, is_finished, new_folder
from jaxgan.runs.live import live_board
from jaxgan.runs.load import load_all
from jaxgan.runs.memory import check_memory
from jaxgan.settings import OPTIONS, Config, flag, read_value, to_json
from jaxgan.settings.resolution import resolve

OUTCOMES: Form = [{str: NUMBER}]  # what a program's result.json holds: of each replica its metrics, and whether it diverged
RECORD = "sweep.json"  # of the sweep's folder: grid, seeds and flags
SHOWN = 6  # figures of a setting in table.md, at most
ALONE = {"out", "by_replica", "replicas"}  # what does not decide whether two settings fit one program


def sweep(base: Config, grid: Sequence[str], seeds: int, cluster: str | None = None) -> Path:
    """Trains every combination of `grid` ("field=value,value") over `seeds` random seeds; the folder, with table.md and table.csv.

    With `base.resume` it goes on with the sweep at `base.out`; what is finished is not trained again. With `cluster`, the address of a
    scheduler of Dask or local:N, the programs are spread over its workers, each a task; without, they are trained here in turn.

    Raises:
        UserError: a grid, or a setting of it, that cannot be; a folder that holds another sweep; a cluster that cannot do it.
        KeyboardInterrupt: on Ctrl-C, after a checkpoint is safe.
    """
    points = grid_points(grid)
    _check_base(base, seeds)
    resume, live, base = base.resume, base.live, dataclasses.replace(base, resume=False, live=False)
    groups = grouped(base, points, seeds)
    for group in groups if cluster is None else ():  # there a worker's own memory counts
        check_memory(resolve(group.config))  # before there is a folder
    out = _folder(base, resume, {"grid": points, "seeds": seeds, "train": {**to_json(base), "out": None}})
    print(f"{len(points)} settings x {seeds} seeds in {len(groups)} compiled programs; folder {out}", flush=True)
    try:
        with live_board(out) if live else contextlib.nullcontext():
            results = _trained(groups, points, out, cluster)
    except UserError:
        if not resume and not any(
            out.glob("program_*")
        ):  # refused before anything was trained: the corrected sweep may begin here
            shutil.rmtree(out, ignore_errors=True)
        raise
    write_table(summarise(points, groups, results, seeds), out)
    return out


def _trained(
    groups: Sequence["Group"], points: Sequence[Mapping[str, Any]], out: Path, cluster: str | None
) -> list[list[dict[str, float]]]:
    """What came out of each program: trained here, one after the other, or by the workers of a cluster."""
    results, tasks, interrupted = [], {}, f"interrupted; the same command with --out {out} --resume goes on"
    for number, group in enumerate(groups):
        print(f"program {number + 1} of {len(groups)}: {', '.join(_shown(points[i]) for i in group.points)}", flush=True)
        config = dataclasses.replace(group.config, out=out / f"program_{number}")
        if cluster is None:
            results.append(outcomes_of(config, interrupted))
        else:  # a worker may have another current directory
            absolute = {
                name: path.absolute()
                for name in ("out", "data_dir", "label_file")
                if (path := getattr(config, name)) is not None
            }
            tasks[f"program {number + 1}"] = partial(outcomes_of, dataclasses.replace(config, **absolute), interrupted)
    return results if cluster is None else list(spread(cluster, tasks, out.absolute(), interrupted).values())


def _check_base(base: Config, seeds: int) -> None:
    if seeds < 1:
        raise UserError(f"--seeds {seeds}: must be at least 1")
    for name in ("replicas", "by_replica", "config"):
        if getattr(base, name) != OPTIONS[name].default:
            raise UserError(
                f"{flag(name)} has no meaning in a sweep: the grid says what varies, --seeds how many replicas a point has"
            )
    if base.distributed:
        raise UserError("--distributed: a sweep is one process; start several sweeps, or train the points with jaxgan.train")


def _folder(base: Config, resume: bool, wanted: Mapping[str, Any]) -> Path:
    """The sweep's folder: a new one, or that of the sweep that is resumed, which must be the same."""
    if not resume:
        out = new_folder(base, prefix="sweep-")
        write_atomically(out / RECORD, json_text(wanted))
        return out
    if base.out is None or not (base.out / RECORD).exists():
        raise UserError(f"--resume: {base.out} is no sweep; name the folder of one with --out")
    complaints: list[str] = []
    record = read_json(base.out / RECORD, dict, complaints.append)
    if complaints:
        raise UserError(
            f"--resume: {complaints[0]}: what was swept is not known; name another folder with --out, without --resume"
        )
    train = record.get("train") if isinstance(record, dict) else None
    if isinstance(train, dict):  # a sweep that was begun before an option was there has it at its default
        record = {**record, "train": {**to_json(Config()), "out": None, **train}}
    if record != wanted:
        raise UserError(f"--resume: {base.out} is a sweep of another grid or with other flags; {base.out / RECORD} says which")
    return base.out


def grid_points(grid: Sequence[str]) -> list[dict[str, Any]]:
    """Every combination of the values in "field=value,value", in order; raises UserError for a field or value that is none."""
    axes: dict[str, list[Any]] = {}
    can_vary = [name for name, option in OPTIONS.items() if option.in_grid]
    for text in grid:
        name, equals, values = text.partition("=")
        name = name.strip().removeprefix("--").replace("-", "_")
        if name in ("seed", "replicas"):
            raise UserError(f"--grid {text}: every point has the same seeds: --seeds 10 gives each ten, from --seed on")
        if name not in can_vary:
            raise unknown("--grid", name, can_vary)
        if not equals or not all(values.split(",")):
            raise UserError(f"--grid {text}: expected FIELD=VALUE,VALUE")
        if name in axes:
            raise UserError(f"--grid: {name} is there twice")
        axes[name] = [read_value(name, value) for value in values.split(",")]
    if not axes:
        raise UserError("--grid: what shall vary? for example --grid learning_rate=1e-4,2e-4 n_critic=1,5")
    return [dict(zip(axes, values, strict=True)) for values in itertools.product(*axes.values())]


@dataclass(frozen=True)
class Group:
    """Grid points that one compiled program trains together, point by point, each with its seeds."""

    points: list[int]
    config: Config  # with `by_replica`


def grouped(base: Config, points: Sequence[Mapping[str, Any]], seeds: int) -> list[Group]:
    """The points by what a program is compiled for: all that is settled but numbers that it takes as arguments."""
    traced = {name for name, option in OPTIONS.items() if option.shares_program}
    settled = [resolve(dataclasses.replace(base, **point)).config for point in points]
    members: dict[str, list[int]] = {}
    for index, config in enumerate(settled):
        fixed = {name: value for name, value in to_json(config).items() if name not in traced | ALONE}
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


def _print_indented(line: str) -> None:
    print(f"  {line}", flush=True)


def outcomes_of(config: Config, interrupted: str, *, tell: Tell = _print_indented, **how: Any) -> list[dict[str, float]]:
    """What came out of each replica of a program: read where it was finished before, unless that is damaged.

    Args:
        config: of the program's run.
        interrupted: the text of the KeyboardInterrupt.
        tell: told that the program was finished before, or that replicas diverged.
        how: `fit`'s `listeners` and `progress`.
    """
    assert config.out is not None
    files = RunFolder(config.out)
    outcomes = finished_outcomes(files, config.replicas)
    if outcomes is not None:
        tell(f"finished before: {config.out}")
        return outcomes
    finish(config, interrupted, lambda error: tell(str(error)), **how)
    outcomes = last_metrics(files) if is_finished(files, config.steps) else [{"diverged": 1.0}] * config.replicas
    write_atomically(files.result, json_text(outcomes))
    return outcomes


def finished_outcomes(files: RunFolder, replicas: int, tell: Tell = say) -> list[dict[str, float]] | None:
    """What a program's result.json holds; None where there is none, or a damaged one, which is told."""
    complaints: list[str] = []
    outcomes = read_json(files.result, OUTCOMES, complaints.append)
    if outcomes is not None and not complaints:
        if len(outcomes) == replicas and all(outcome.get("diverged") is not None for outcome in outcomes):
            return [{name: math.nan if value is None else value for name, value in outcome.items()} for outcome in outcomes]
        complaints.append(f"an outcome of each of {replicas} replicas is expected")
    if complaints:
        reason = complaints[0].removeprefix(str(files.result)).lstrip(": ")
        tell(f"{files.result} is damaged, and is made anew: {reason}")
    return None


def last_metrics(files: RunFolder) -> list[dict[str, float]]:
    """Of each replica the metrics last logged and, where its samples can be compared with known modes, their coverage."""
    run = load_all(files.path, trust=True)
    last: dict[int, dict[str, Any]] = {}
    for record in files.read_metrics():  # a damaged line leaves the one before it
        last[record.get("replica") or 0] = record
    beside = ("step", "replica", "steps_per_second")
    outcomes: list[dict[str, float]] = []
    for replica in range(run.replicas):
        values = {
            name: value for name, value in last.get(replica, {}).items() if name not in beside and not isinstance(value, str)
        }
        diverged = any(value is None for value in values.values())  # null: not finite
        outcomes.append({"diverged": 1.0} if diverged else {**values, "diverged": 0.0})
    distribution = run.dataset.distribution
    if distribution is not None and len(distribution.centres):
        for outcome, trained in zip(outcomes, run.every_replica, strict=True):
            if outcome["diverged"]:
                continue
            samples = np.asarray(
                picture(trained.gan, trained.sample_shape, trained.state, rows=label_rows(trained.gan, trained.dataset))
            )
            coverage = mode_coverage(distribution.to_units(samples), distribution.centres, distribution.std)
            outcome |= {
                "modes_3sigma": float(coverage.modes),
                "high_quality_3sigma": float(coverage.high_quality),
                "reverse_kl": float(coverage.reverse_kl),
            }
    return outcomes


def summarise(
    points: Sequence[Mapping[str, Any]], groups: Sequence[Group], results: Sequence[Sequence[Mapping[str, float]]], seeds: int
) -> list[dict[str, Any]]:
    """One row a point: its settings, and mean and standard deviation (of a sample) over the seeds, without those that diverged."""
    rows: dict[int, dict[str, Any]] = {}
    for group, outcomes in zip(groups, results, strict=True):
        for place, index in enumerate(group.points):
            own = outcomes[place * seeds : (place + 1) * seeds]
            trained = [outcome for outcome in own if not outcome["diverged"]]
            row: dict[str, Any] = {**points[index], "seeds": seeds, "diverged": seeds - len(trained)}
            for name in (trained or [{}])[0]:
                if name != "diverged" and all(name in outcome for outcome in trained):
                    values = np.asarray([outcome[name] for outcome in trained])
                    row[f"{name} mean"] = float(values.mean())
                    row[f"{name} std"] = float(values.std(ddof=1)) if len(trained) > 1 else 0.0
            rows[index] = row
    return [rows[index] for index in sorted(rows)]


def figures_shown(names: Sequence[str]) -> list[str]:
    """Which metrics table.md shows: those of which a direction is better, in the order of the table of metrics, at most `SHOWN`; else losses."""
    ranked = [name for name in in_order(names) if better(name)]
    return ranked[:SHOWN] or [name for name in in_order(names) if chart_of(name) == LOSSES] or [*names][:SHOWN]


def write_table(table: Sequence[Mapping[str, Any]], out: Path) -> None:
    """table.csv with every number; table.md with what was swept and the figures that rank settings, mean ± standard deviation.

    table.md is printed where it cannot be written.
    """
    columns = list(dict.fromkeys(name for row in table for name in row))
    numbers = io.StringIO(newline="")
    writer = csv.DictWriter(numbers, columns)
    writer.writeheader()
    writer.writerows(table)
    metrics = [name.removesuffix(" mean") for name in columns if name.endswith(" mean")]
    settings = [name for name in columns if not name.endswith((" mean", " std"))]
    figures = figures_shown(metrics)
    arrows = {"higher": " \N{UPWARDS ARROW}", "lower": " \N{DOWNWARDS ARROW}", None: ""}
    heads = [*settings, *(f"{name}{arrows[better(name)]}" for name in figures)]
    lines = ["| " + " | ".join(heads) + " |", "|" + "---|" * len(heads)]
    for row in table:
        cells = [str(row.get(name, "")) for name in settings]
        cells += [f"{row[f'{name} mean']:.4g} ± {row[f'{name} std']:.2g}" if f"{name} mean" in row else "" for name in figures]
        lines.append("| " + " | ".join(cells) + " |")
    note = "Mean ± standard deviation over the seeds that did not diverge. An arrow says which direction is better."
    if any(name.endswith("_3sigma") for name in figures):
        note += " Coverage is over 2,500 points, within 3 standard deviations of a mode."
    if left := len(metrics) - len(figures):
        note += f" {left} more figure{'s are' if left > 1 else ' is'} in table.csv."
    note += f" Curves and samples side by side: python -m jaxgan.compare {out}"
    text = "\n".join(lines) + f"\n\n{note}\n"
    try:
        write_atomically(out / "table.csv", numbers.getvalue().encode())
        write_atomically(out / "table.md", text.encode())
    except WriteError:
        print(text)  # what was computed is not lost
        raise


def _shown(point: Mapping[str, Any]) -> str:
    return " ".join(f"{name}={value}" for name, value in point.items())
