"""Options of the run: where it goes, what is written and how often, and on which machines."""

# ruff: noqa: RUF009 (a call here makes a dataclass field)

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from jaxgan.settings.options.declaration import FROM_RECIPE, interval, option, run_option


@dataclass(frozen=True, kw_only=True)
class RunOptions:
    """Where the run goes, what is written and how often, and on which machines."""

    # where it goes

    out: Path | None = run_option(
        None,
        "The run folder; runs/DATASET-VARIANT-N where not given.",
        most_used=9,
        may_change=True,
        in_grid=False,
        elsewhere="output outdir output_dir out_dir outf save_dir log_dir logdir results_dir",
    )
    resume: bool = run_option(
        False,
        "Go on with the run at --out from its last checkpoint.",
        most_used=10,
        saved=False,
        elsewhere="continue",
    )
    init_from: Path | None = run_option(
        None,
        "Begin with the weights of another run (RUN, RUN/checkpoints/STEP or RUN/best) where names and shapes agree: fine-tuning. Each replica"
        " takes its own where there are as many, else all take the first one's.",
        metavar="RUN",
        in_grid=False,
        elsewhere="ckpt checkpoint pretrained weights load",
    )
    init_average: bool = run_option(
        True,
        "With --init-from: take the generator's averaged weights, where that run keeps them.",
        in_grid=False,
    )
    data_changed: bool = run_option(
        False,
        "With --resume: go on although the data are not those that the run was trained on.",
        saved=False,
    )
    trust: bool = run_option(
        False,
        "Import what the config.json of --resume or --config names of its own (package.module:name): that runs its code.",
        saved=False,
    )
    config: Path | None = run_option(
        None,
        "Train again what this config.json says; other options override it.",
        saved=False,
        elsewhere="cfg",
    )
    list_variants: bool = run_option(
        False,
        "Print the table of variants, with paper, equation and defaults, and end.",
        spelled="list",
        saved=False,
        elsewhere="list_models",
    )
    seed: int = run_option(
        0,
        "Starting point of all random numbers: the same seed gives the same run.",
        at_least=0,
        at_most=2**31 - 1,
        may_differ=True,
        in_grid=False,
        elsewhere="manual_seed manualSeed random_seed",
    )
    replicas: int = run_option(
        1,
        "Runs trained side by side in one program; replica i has seed + i.",
        at_least=1,
        limit=2**16,
        in_grid=False,
        elsewhere="seeds n_seeds num_seeds",
    )
    by_replica: dict[str, list[int | float]] | None = run_option(
        None,
        "Numbers that differ from replica to replica, and the seeds: to each name one value a replica. A sweep fills this in.",
        hidden=True,
        settled_by=("replicas",),
        in_grid=False,
    )
    python: dict[str, Any] | None = run_option(
        None,
        "What JSON cannot hold of a run started from Python: import path and repr of its networks, game, optimizers and data.",
        hidden=True,
        in_grid=False,
    )

    directory: Path | None = run_option(
        None,
        "The directory in which the run was begun: relative paths of data that are not found elsewhere are looked for there.",
        hidden=True,
        may_change=True,
        in_grid=False,
    )

    # what is written and measured, and how often

    log_every: int | str | None = interval(
        "Interval between lines of metrics.jsonl.",
        settled_by=("steps", "epochs"),
        elsewhere="log_interval print_every",
    )
    sample_every: int | str | None = interval(
        "Interval between pictures of samples.",
        settled_by=(*FROM_RECIPE, "steps", "epochs"),
        elsewhere="sample_interval",
    )
    checkpoint_every: int | str | None = interval(
        "Interval between checkpoints.",
        settled_by=("steps", "epochs"),
        elsewhere="save_every snap ckpt_every",
    )
    batch_statistics: bool | None = run_option(
        None,
        "Draw pictures and measure with each batch's own statistics in batch norm, in place of the running ones: as the labs do, which"
        " never leave training mode.",
        otherwise=False,
        settled_by=FROM_RECIPE,
        may_change=True,
    )
    keep_checkpoints: int | None = run_option(
        None,
        "How many of the last checkpoints to keep (3 where not given).",
        at_least=1,
        may_change=True,
    )
    metrics_every: int | str | None = interval(
        "Interval between measurements of samples, as `python -m jaxgan.evaluate` makes them; none where not given.",
        elsewhere="eval_every",
    )
    metrics_samples: int = run_option(
        1000,
        "Size of the sample that each measurement draws.",
        unit="samples",
        at_least=100,
        may_change=True,
    )
    features: str | None = run_option(
        None,
        "What pictures are compared in (with --metrics-every): lab, inception, efficientnet, pixels, or your own function as"
        " package.module:function; where not given lab, or pixels of pictures without classes.",
        metavar="FEATURES",
        names_code=True,
        needs="metrics_every",
        may_change=True,
        in_grid=False,
    )
    best: str | None = run_option(
        None,
        "The metric by which the best checkpoint is kept (with --metrics-every): fid_lab_1k, modes_pacgan_1k, ...",
        may_change=True,
    )

    live: bool = run_option(
        False,
        "Show the run in a live page while it trains, and open it in a browser where there is one; `python -m jaxgan.board` shows all runs.",
        saved=False,
    )

    # machines

    precision: Literal["float32", "bfloat16"] = option(
        "float32",
        "Precision of the factors of matrix products and convolutions; bfloat16 is for accelerators. All else, weights too, stays in"
        " float32.",
        elsewhere="dtype fp16 bf16 amp half",
    )
    mesh: str | None = run_option(
        None,
        "Split the run over devices: data=4,replica=2 cuts each batch in 4 and the replicas in 2. One device where not given.",
        metavar="AXIS=PARTS,AXIS=PARTS",
        may_change=True,
        in_grid=False,
        elsewhere="devices",
    )
    readers: int | None = run_option(
        None,
        "Further processes that read pictures which stay on disk (see --stream). Where not given none on a processor, which trains with its"
        " cores; beside an accelerator one for each core but one, up to 8.",
        at_least=0,
        may_change=True,
        in_grid=False,
        elsewhere="workers num_workers n_workers n_cpu",
    )
    distributed: bool = run_option(
        False,
        "Train together with other processes, which the environment names (Slurm, GKE, TPU pods) or the next three options.",
        saved=False,
    )
    coordinator: str | None = run_option(
        None,
        "Where process 0 listens.",
        metavar="HOST:PORT",
        saved=False,
        needs="distributed",
    )
    process_count: int | None = run_option(
        None,
        "How many processes there are.",
        at_least=1,
        saved=False,
        needs="distributed",
    )
    process_id: int | None = run_option(
        None,
        "Which process this is, from 0.",
        at_least=0,
        saved=False,
        needs="distributed",
    )
    distributed_timeout: float | None = run_option(
        None,
        "How long another process may be silent until it counts as ended, and this one ends too (60 where not given).",
        unit="seconds",
        at_least=1,
        saved=False,
        needs="distributed",
    )
