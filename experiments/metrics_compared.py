"""Lab 004, 10: which metric sees what? The metrics of samples on pictures whose faults are known.

    python -m experiments.metrics_compared --data-dir DATA    # MNIST, 2,000 pictures a kind, 5 draws: about 25 minutes
    python -m experiments.metrics_compared --quick            # scikit-learn's digits, 250 pictures a kind, 2 draws: minutes

The kinds: held-out real pictures as they are, and with one fault each (noise, blur, a class missing, ten pictures repeated, copied from
the training set, uniform noise); and samples of a WGAN-GP early in its run, half way, and at its end. A metric sees a fault where its
value leaves that of real pictures by more than 5 standard deviations over the draws (and 2 %). All in `lab` features; the perceptual
path length, which needs a generator, is left to `jaxgan.evaluate`.

Came out (results/metrics_compared.md): thirteen of fifteen miss at least one kind. Uniform noise has a precision of 1.000; ten pictures repeated
pass precision and sureness; a missing class passes precision and the two-sample test; copies of the training set pass all but transport and the
distance to it.
"""

import sys
from collections.abc import Callable
from typing import Any

import numpy as np

from experiments import lab, plots
from jaxgan import Config, command, data, load
from jaxgan.evaluation import count, evaluator_of
from jaxgan.features import show_nothing
from jaxgan.pixels import to_model_range

NAME = "metrics_compared"
KINDS = (
    "real", "noise added", "blurred", "a class missing", "ten pictures repeated", "copied from training", "uniform noise", "WGAN-GP, early",
    "WGAN-GP, half way", "WGAN-GP, end",
)  # fmt: skip
STEPS, QUICK = 8000, 400
NOT_SHOWN = ("class_share", "c2st_lab_low", "_low", "_high", "_std", "_of_held_out")


def config_of(options: lab.Options, dataset: str) -> Config:
    steps = options.length(STEPS, QUICK)
    return Config(
        dataset=dataset, recipe="digits", **lab.FORMER_DIGITS, replicas=options.seeds, steps=steps, data_dir=options.data_dir,
        checkpoint_every=max(1, steps // 20), keep_checkpoints=100,
    )  # fmt: skip


def kinds_of(real: np.ndarray, labels: np.ndarray, train: np.ndarray, n: int) -> dict[str, Callable[[int], np.ndarray]]:
    """Pictures (n, h, w, c) in [-1, 1] of each kind that is made of real ones, by the number of the draw."""
    from scipy.ndimage import gaussian_filter

    def some(draw: int, among: np.ndarray) -> np.ndarray:
        return np.random.default_rng(100 + draw).permutation(among)[:n]

    def pictures(rows: np.ndarray, of: np.ndarray = real) -> np.ndarray:
        return to_model_range(of[rows])

    everything = np.arange(len(real))
    return {
        "real": lambda draw: pictures(some(draw, everything)),
        "noise added": lambda draw: np.clip(
            pictures(some(draw, everything)) + np.random.default_rng(100 + draw).normal(0, 0.3, (n, *real.shape[1:])), -1, 1
        ),
        "blurred": lambda draw: gaussian_filter(pictures(some(draw, everything)), (0, 1.2, 1.2, 0)),
        "a class missing": lambda draw: pictures(
            np.random.default_rng(100 + draw).choice(everything[labels != draw % 10], n, replace=False)
        ),
        "ten pictures repeated": lambda draw: pictures(np.resize(some(draw, everything)[:10], n)),
        "copied from training": lambda draw: pictures(some(draw, np.arange(len(train))), train),
        "uniform noise": lambda draw: np.random.default_rng(100 + draw).uniform(-1, 1, (n, *real.shape[1:])),
    }


def measure_kinds(options: lab.Options, dataset: str, n: int) -> dict[str, list[dict[str, float]]]:
    """Kind -> the metrics of each draw, or of each seed of the run."""
    folder = lab.train_all(options, {"run": (options.out / "run", config_of(options, dataset))})["run"]
    held_out, train = (data.load(dataset, data_dir=options.data_dir, split=split) for split in ("test", "train"))
    assert held_out.samples is not None and train.samples is not None and held_out.labels is not None
    from_real = kinds_of(held_out.samples, held_out.labels, train.samples, n)
    evaluator = evaluator_of(train, load(folder).gan, held_out=held_out, n=n, data_dir=options.data_dir)
    steps = lab.checkpoint_steps(folder)
    when = {
        kind: min(steps, key=lambda step, share=share: abs(step - share * steps[-1]))
        for kind, share in (("WGAN-GP, early", 0.05), ("WGAN-GP, half way", 0.5), ("WGAN-GP, end", 1.0))
    }
    metrics = {}
    for kind in KINDS:

        def measure(kind: str = kind) -> list[dict[str, float]]:
            draws = range(options.seeds)
            if kind in when:
                samples = [load(folder, step=when[kind], replica=r if options.seeds > 1 else 0).sample(n)[0] for r in draws]
            else:
                samples = [from_real[kind](draw) for draw in draws]
            print(f"{kind} is measured", flush=True)
            return [evaluator.of_samples(np.asarray(pictures, np.float32), None, show_nothing) for pictures in samples]

        metrics[kind] = lab.read_or_compute(options.out / f"{''.join(c if c.isalnum() else '_' for c in kind)}.json", measure)
    return metrics


def sees(real: list[float], kind: list[float]) -> bool:
    """Whether a metric tells a kind from real pictures: by more than 5 standard deviations over the draws, and 2 % of its value.

    A single draw of each tells nothing: then it is False.
    """
    if len(real) < 2:
        return False
    apart = abs(float(np.mean(kind)) - float(np.mean(real)))
    return bool(apart > 5 * max(float(np.std(real, ddof=1)), 1e-12) and apart > 0.02 * abs(np.mean(real)))


def tables(metrics: dict[str, list[dict[str, float]]]) -> dict[str, str]:
    """The parts of the results, from the metrics of each kind's draws."""
    names = [name for name in metrics["real"][0] if not any(part in name for part in NOT_SHOWN)]

    def row(name: str) -> list[Any]:
        values = {kind: [draw[name] for draw in metrics[kind]] for kind in KINDS}
        large = max(abs(np.mean(v)) for v in values.values()) >= 100
        digits = 0 if large else 3
        return [
            f"`{name}`",
            *(
                lab.mean_and_deviation(values[kind], digits)
                + ("" if kind == "real" else " ●" if sees(values["real"], values[kind]) else " ○")
                for kind in KINDS
            ),
        ]

    blind = {
        kind: [n for n in names if not sees([d[n] for d in metrics["real"]], [d[n] for d in metrics[kind]])]
        for kind in KINDS[1:]
    }
    return {
        "What each metric says (● told from real, ○ not)": lab.table(["metric", *KINDS], map(row, names)),
        "How many metrics see each kind, and which do not": lab.table(
            ["kind", f"of {len(names)}", "not seen by"],
            ([kind, len(names) - len(blind[kind]), ", ".join(f"`{n}`" for n in blind[kind]) or "-"] for kind in KINDS[1:]),
        ),
    }


def draw_picture(options: lab.Options, metrics: dict[str, list[dict[str, float]]], n: int) -> None:
    """Draws the best known metrics as bars, a panel each."""
    shown = [
        "fid_lab",
        "kid_lab",
        "inception_score_lab",
        "precision_lab",
        "recall_lab",
        "coverage_lab",
        "c2st_lab",
        "class_entropy_bits_lab",
    ]
    figure, panels = plots.new_figure(2, 4, width=3.0, height=3.0)
    for axes, metric in zip(panels.ravel(), shown, strict=True):
        values = [[draw[f"{metric}_{count(n)}"] for draw in metrics[kind]] for kind in KINDS]
        axes.barh(
            range(len(KINDS)),
            [np.mean(v) for v in values],
            xerr=[np.std(v, ddof=1) if len(v) > 1 else 0 for v in values],
            color=plots.COLOURS[0],
            height=0.7,
        )
        axes.set_yticks(range(len(KINDS)), KINDS)
        axes.invert_yaxis()
        axes.axvline(np.mean(values[0]), color=plots.COLOURS[1], lw=0.8)
        plots.finish_axes(axes, title=metric, legend=False)
        if axes not in panels[:, 0]:
            axes.set_yticklabels([])
    plots.save_figure(
        figure,
        options.out / NAME,
        f"mean and standard deviation of {options.seeds} draws or seeds; the line is that of real pictures",
    )


def main(argv: list[str] | None = None) -> None:
    options = lab.read_options(__doc__, NAME, seeds=5, argv=argv)
    dataset, n = ("digits", 250) if options.quick else ("mnist", 2000)
    metrics = measure_kinds(options, dataset, n)
    lab.write_results(
        options,
        NAME,
        "Lab 004, 10: which metric sees what",
        options.budget(dataset, STEPS, QUICK) + f", {n:,} pictures a kind",
        tables(metrics),
    )
    draw_picture(options, metrics, n)


if __name__ == "__main__":
    sys.exit(command.run(main))
