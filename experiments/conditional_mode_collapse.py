"""Lab 004, 7 and 8: does a conditional WGAN-GP keep classes that an unconditional one loses? On MNIST.

    python -m experiments.conditional_mode_collapse --data-dir DATA    # 8,000 steps, 3 seeds: 26 minutes on one core
    python -m experiments.conditional_mode_collapse --quick            # scikit-learn's digits, 400 steps, 2 seeds: two minutes

Both are trained alike (`fc` networks, the settings tuned on digits); a classifier trained on the same data (the lab's was never
trained) says which digit each of 1,000 samples shows: class distribution and its entropy at the end and over the run, whether the
conditional one draws the class that its label names, a t-SNE of real samples and both kinds, and a grid by class.

Came out (results/conditional_mode_collapse.md): neither loses a class; the conditional one's are a little more even (3.298 against 3.270
bits) and its Frechet distance is half (135 against 265); 88 % of its samples show the digit that their label names.
"""

import sys
from pathlib import Path
from typing import Any

import numpy as np

from experiments import lab, plots, verdicts
from jaxgan import Config, command, data, load
from jaxgan.errors import UserError
from jaxgan.pixels import to_model_range
from jaxgan.report.images import image_grid

NAME = "conditional_mode_collapse"
ROWS: dict[str, dict[str, Any]] = {"unconditional": {}, "conditional": {"conditional": True}}
SAMPLES = 1000
MEASURED = "1k"
STEPS, QUICK = 8000, 400


def config_of(row: str, options: lab.Options) -> Config:
    steps = options.length(STEPS, QUICK)
    return Config(
        variant="wgan_gp", dataset="digits" if options.quick else "mnist", recipe="digits", steps=steps, replicas=options.seeds,
        metrics_every=max(1, steps // (4 if options.quick else 20)), metrics_samples=SAMPLES, data_dir=options.data_dir, **ROWS[row],
    )  # fmt: skip


def shares(values: dict[str, float]) -> np.ndarray:
    """The share of each class (10,) among a seed's samples, from its metrics."""
    return np.array([values[f"class_share_{label}_lab_{MEASURED}"] for label in range(10)])


def tables(metrics: dict[str, list[dict[str, float]]], real: np.ndarray) -> dict[str, str]:
    """The parts of the results: `metrics` of each row's seeds, `real` the data's share of each class."""

    def row(words: str, metric: str, digits: int = 3) -> list[str]:
        return [
            words,
            *(
                lab.mean_and_deviation(
                    [seed[f"{metric}_{MEASURED}"] for seed in metrics[r] if f"{metric}_{MEASURED}" in seed], digits
                )
                for r in ROWS
            ),
        ]

    def entropy(p: np.ndarray) -> float:
        return float(-np.sum(p[p > 0] * np.log2(p[p > 0])))

    measured = [
        row("entropy of the classes, bits", "class_entropy_bits_lab"), row("share of the rarest class", "rarest_class_share_lab"),
        row("shows the class of its label", "conditional_accuracy_lab"), row("Frechet distance", "fid_lab", 1),
        row("precision", "precision_lab"), row("recall", "recall_lab"), row("Inception Score", "inception_score_lab", 2),
    ]  # fmt: skip
    classes = [
        [
            label,
            f"{100 * real[label]:.1f}",
            *(lab.mean_and_deviation([shares(seed)[label] for seed in metrics[r]], 1, 100) for r in ROWS),
        ]
        for label in range(10)
    ]
    bits = {r: np.array([seed[f"class_entropy_bits_lab_{MEASURED}"] for seed in metrics[r]]) for r in ROWS}
    verdict = {
        "confirmed": "The conditional one's classes are more even",
        "refuted: the other way round": "The unconditional one's classes are more even",
    }.get(verdicts.verdict(bits["unconditional"], bits["conditional"]), "Between the two no difference is seen")
    summary = (
        f"The data's classes have {entropy(real):.3f} bits of entropy, of {np.log2(10):.3f} that are possible; samples of the unconditional run"
        f" {lab.mean_and_deviation(bits['unconditional'], 3)}, of the conditional one {lab.mean_and_deviation(bits['conditional'], 3)}. {verdict}"
        " (Welch's t-test at 5 %). The conditional run's labels are as frequent as the data's, so its"
        " entropy says how far it heeds them; whether it does, its accuracy says."
    )
    return {
        "Metrics": lab.table(["", *ROWS], measured),
        "Share of each class, %": lab.table(["class", "data", *ROWS], classes),
        "In words": summary,
    }


def draw_pictures(
    options: lab.Options, folders: dict[str, Path], metrics: dict[str, list[dict[str, float]]], real: np.ndarray
) -> None:
    """Classes at the end and over the run, and samples."""
    caption = f"mean and standard deviation of {options.seeds} seeds"
    figure, panels = plots.new_figure(1, 3, width=4.2, height=3.2)
    width = 0.27
    for i, (name, values) in enumerate([("data", [real]), *((r, [shares(seed) for seed in metrics[r]]) for r in ROWS)]):
        mean, deviation = np.mean(values, 0), np.std(values, 0, ddof=1) if len(values) > 1 else None
        panels[0, 0].bar(np.arange(10) + (i - 1) * width, mean, width, yerr=deviation, color=plots.COLOURS[i], label=name)
    plots.finish_axes(panels[0, 0], title="share of each class at the end", x="class")
    for axes, (metric, title) in zip(
        panels[0, 1:],
        (
            ("class_entropy_bits_lab", "entropy of the classes over the run, bits"),
            ("rarest_class_share_lab", "share of the rarest class"),
        ),
        strict=True,
    ):
        for row, colour in zip(ROWS, plots.COLOURS[1:], strict=False):
            plots.draw_band(axes, *lab.curves(folders[row], f"{metric}_{MEASURED}"), row, colour)
        plots.finish_axes(axes, title=title, x="generator steps")
    plots.save_figure(figure, options.out / NAME, caption)
    draw_classes_over_the_run(options, folders)
    draw_embedding(options, folders)


def draw_classes_over_the_run(options: lab.Options, folders: dict[str, Path]) -> None:
    """Draws every class's share over the steps, stacked: the lab's class distribution over the epochs."""
    figure, panels = plots.new_figure(1, len(ROWS), width=4.2, height=3.0)
    for axes, row in zip(panels[0], ROWS, strict=True):
        curves = [lab.curves(folders[row], f"class_share_{label}_lab_{MEASURED}") for label in range(10)]
        axes.stackplot(
            curves[0][0], [values.mean(1) for _, values in curves], colors=_colours(), labels=[str(i) for i in range(10)]
        )
        axes.set(xlim=(curves[0][0][0], curves[0][0][-1]), ylim=(0, 1))
        plots.finish_axes(axes, title=f"{row}: share of each class", x="generator steps", legend=False)
    figure.legend(*panels[0, 0].get_legend_handles_labels(), loc="outside right center", fontsize=7, frameon=False)
    plots.save_figure(figure, options.out / f"{NAME}-over_the_run", f"mean of {options.seeds} seeds")


def draw_embedding(options: lab.Options, folders: dict[str, Path]) -> None:
    """Draws a t-SNE of real samples and both kinds, all in one, and a grid of the conditional run by class."""
    from sklearn.manifold import TSNE

    config = config_of("unconditional", options)
    real = data.load(config.dataset, data_dir=options.data_dir)
    assert real.samples is not None
    n = 150 if options.quick else 1000  # as the lab's figure has it
    rows = np.random.default_rng(0).permutation(len(real.samples))[:n]
    clouds = {"real": to_model_range(real.samples[rows]).reshape(n, -1)}
    for row in ROWS:
        run = load(folders[row])
        clouds[row] = np.asarray(run.sample(n)[0]).reshape(n, -1)
        if row == "conditional":
            by_class = np.asarray(run.sample(100)[0])
    placed = TSNE(random_state=42).fit_transform(np.concatenate(list(clouds.values())))
    figure, panels = plots.new_figure(1, 2, width=4.6, height=4.4)
    for i, name in enumerate(clouds):
        panels[0, 0].scatter(*placed[i * n : (i + 1) * n].T, s=5, color=plots.COLOURS[i], alpha=0.6, label=name, linewidths=0)
    plots.finish_axes(panels[0, 0], title="t-SNE of pixels")
    panels[0, 1].imshow(image_grid(by_class, columns=10).squeeze(), cmap="gray", vmin=0, vmax=255)
    panels[0, 1].set_axis_off()
    panels[0, 1].set_title("conditional: a row a class", fontsize=9)
    plots.save_figure(figure, options.out / f"{NAME}-samples", f"the first of {options.seeds} seeds; {n} samples of each kind")


def _colours() -> list[Any]:
    from matplotlib import colormaps

    return [colormaps["tab10"](i) for i in range(10)]


def main(argv: list[str] | None = None) -> None:
    options = lab.read_options(__doc__, NAME, seeds=3, argv=argv)
    folders = {row: lab.train_once(options.out / row, config_of(row, options)) for row in ROWS}
    metrics = {row: lab.by_seed(lab.measure_once(folder, SAMPLES, options.data_dir)) for row, folder in folders.items()}
    if not all(metrics.values()):
        raise UserError(
            f"{options.out}: no seed of {' or '.join(row for row in ROWS if not metrics[row])} was trained to the end"
        )
    labels = data.load(config_of("conditional", options).dataset, data_dir=options.data_dir).labels
    assert labels is not None
    real = np.bincount(labels, minlength=10) / len(labels)
    budget = options.budget("digits" if options.quick else "MNIST", STEPS, QUICK) + f", {SAMPLES:,} samples a seed"
    title = "Lab 004, 7 and 8: unconditional against conditional WGAN-GP"
    lab.write_results(options, NAME, title, budget, tables(metrics, real))
    draw_pictures(options, folders, metrics, real)


if __name__ == "__main__":
    sys.exit(command.run(main))
