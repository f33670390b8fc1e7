"""Lab 004, 7 and 8: does a conditional WGAN-GP keep classes that an unconditional one loses? On MNIST.

    python -m experiments.conditional_mode_collapse --data-dir DATA                   # 3 seeds, about two hours on one core
    python -m experiments.conditional_mode_collapse --recipes tuned --data-dir DATA   # 26 minutes of it
    python -m experiments.conditional_mode_collapse --quick                           # scikit-learn's digits, 2 seeds: minutes

Two pairs of runs, each called by its recipe. `tuned` is `--recipe digits`: Adam(5e-4, .5, .9), two critic steps, batch 64, averaged weights, 8,000
generator steps. `lab004` has the lab's own settings: Adam(2e-4, 0, .9), five critic steps, batch 128, random labels for fakes, 50 epochs (4,700
generator steps). The networks of all are `fc`, 128 wide, without dropout, as the lab names none here. A classifier trained on the same data (the
lab's was never trained) says which digit each of 1,000 samples shows: class distribution and its entropy at the end and over the run, whether the
conditional one draws the class that its label names, a t-SNE of 1,000 real samples and as many of both kinds, and a grid by class.

Came out of `tuned` (results/conditional_mode_collapse.md): neither loses a class; the conditional one's are a little more even (3.298 against 3.270
bits) and its Frechet distance is half (135 against 265); 88 % of its samples show the digit that their label names. Of
`lab004` 400 of 4,700 steps were run: it has hardly begun.
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
RECIPES = {"tuned": "digits", "lab004": "lab004"}  # by the name that they have in tables and folders
KINDS: dict[str, dict[str, Any]] = {"unconditional": {}, "conditional": {"conditional": True}}
STEPS, QUICK = {"tuned": 8000, "lab004": 4700}, {"tuned": 400, "lab004": 40}
SAMPLES = 1000
MEASURED = "1k"
COLOURS = {"real": "#222222", "unconditional": "#e69f00", "conditional": "#0072b2"}


def config_of(recipe: str, kind: str, options: lab.Options) -> Config:
    steps = options.length(STEPS[recipe], QUICK[recipe])
    return Config(
        variant="wgan_gp", dataset="digits" if options.quick else "mnist", recipe=RECIPES[recipe], steps=steps, replicas=options.seeds,
        **lab.FORMER_DIGITS, dropout=0.0, metrics_every=max(1, steps // (4 if options.quick else 20)),
        metrics_samples=SAMPLES, data_dir=options.data_dir, **KINDS[kind],
    )  # fmt: skip


def rows_of(recipes: list[str]) -> dict[str, tuple[str, str]]:
    """The name of each row: its recipe and kind."""
    return {f"{recipe}, {kind}": (recipe, kind) for recipe in recipes for kind in KINDS}


def shares(values: dict[str, float]) -> np.ndarray:
    """The share of each class (10,) among a seed's samples, from its metrics."""
    return np.array([values[f"class_share_{label}_lab_{MEASURED}"] for label in range(10)])


def tables(metrics: dict[str, list[dict[str, float]]], real: np.ndarray) -> dict[str, str]:
    """The parts of the results: `metrics` of each row's seeds, `real` the data's share of each class."""

    def row(words: str, metric: str, digits: int = 3) -> list[str]:
        name = f"{metric}_{MEASURED}"
        return [
            words,
            *(lab.mean_and_deviation([seed[name] for seed in own if name in seed], digits) for own in metrics.values()),
        ]

    measured = [
        row("entropy of the classes, bits", "class_entropy_bits_lab"), row("share of the rarest class", "rarest_class_share_lab"),
        row("shows the class of its label", "conditional_accuracy_lab"), row("Frechet distance", "fid_lab", 1),
        row("precision", "precision_lab"), row("recall", "recall_lab"), row("Inception Score", "inception_score_lab", 2),
    ]  # fmt: skip
    classes = [
        [
            label,
            f"{100 * real[label]:.1f}",
            *(lab.mean_and_deviation([shares(seed)[label] for seed in own], 1, 100) for own in metrics.values()),
        ]
        for label in range(10)
    ]
    recipes = list(dict.fromkeys(name.partition(", ")[0] for name in metrics))
    entropy = float(-np.sum(real[real > 0] * np.log2(real[real > 0])))
    summary = (
        f"The data's classes have {entropy:.3f} bits of entropy, of {np.log2(10):.3f} that are possible. A conditional run's labels are as frequent"
        " as the data's, so its entropy says how far it heeds them; whether it does, its accuracy says."
    )
    return {
        "Metrics": lab.table(["", *metrics], measured),
        "Share of each class, %": lab.table(["class", "data", *metrics], classes),
        "Are the conditional one's classes more even?": lab.table(
            ["recipe", "verdict", "bits"], [even(recipe, metrics) for recipe in recipes]
        ),
        "In words": summary,
    }


def even(recipe: str, metrics: dict[str, list[dict[str, float]]]) -> list[str]:
    """Whether a recipe's conditional run has more even classes than its unconditional one, and the entropies of both."""
    bits = {
        kind: np.array([seed[f"class_entropy_bits_lab_{MEASURED}"] for seed in metrics[f"{recipe}, {kind}"]]) for kind in KINDS
    }
    words = ", ".join(f"{kind} {lab.mean_and_deviation(values, 3)}" for kind, values in bits.items())
    return [recipe, verdicts.verdict(bits["unconditional"], bits["conditional"]), words]


def draw_pictures(
    options: lab.Options, folders: dict[str, Path], metrics: dict[str, list[dict[str, float]]], real: np.ndarray
) -> None:
    """Classes at the end and over the run, and samples; a row of panels a recipe."""
    recipes = list(dict.fromkeys(name.partition(", ")[0] for name in folders))
    figure, panels = plots.new_figure(len(recipes), 3, width=4.2, height=3.2)
    width = 0.27
    for recipe, across in zip(recipes, panels, strict=True):
        bars = {"real": [real], **{kind: [shares(seed) for seed in metrics[f"{recipe}, {kind}"]] for kind in KINDS}}
        for i, (name, values) in enumerate(bars.items()):
            mean, deviation = np.mean(values, 0), np.std(values, 0, ddof=1) if len(values) > 1 else None
            across[0].bar(np.arange(10) + (i - 1) * width, mean, width, yerr=deviation, color=COLOURS[name], label=name)
        plots.finish_axes(across[0], title=f"{recipe}: share of each class at the end", x="class")
        for axes, (metric, title) in zip(
            across[1:],
            (
                ("class_entropy_bits_lab", "entropy of the classes over the run, bits"),
                ("rarest_class_share_lab", "share of the rarest class"),
            ),
            strict=True,
        ):
            for kind in KINDS:
                plots.draw_band(axes, *lab.curves(folders[f"{recipe}, {kind}"], f"{metric}_{MEASURED}"), kind, COLOURS[kind])
            plots.finish_axes(axes, title=f"{recipe}: {title}", x="generator steps")
    plots.save_figure(figure, options.out / NAME, f"mean and standard deviation of {options.seeds} seeds")
    draw_classes_over_the_run(options, folders)
    for recipe in recipes:
        draw_embedding(options, recipe, {kind: folders[f"{recipe}, {kind}"] for kind in KINDS})


def draw_classes_over_the_run(options: lab.Options, folders: dict[str, Path]) -> None:
    """Draws every class's share over the steps, stacked: the lab's class distribution over the epochs."""
    figure, panels = plots.new_figure(len(folders) // len(KINDS), len(KINDS), width=4.2, height=3.0)
    for axes, (row, folder) in zip(panels.ravel(), folders.items(), strict=True):
        curves = [lab.curves(folder, f"class_share_{label}_lab_{MEASURED}") for label in range(10)]
        axes.stackplot(
            curves[0][0], [values.mean(1) for _, values in curves], colors=_colours(), labels=[str(i) for i in range(10)]
        )
        axes.set(xlim=(curves[0][0][0], curves[0][0][-1]), ylim=(0, 1))
        plots.finish_axes(axes, title=f"{row}: share of each class", x="generator steps", legend=False)
    figure.legend(*panels[0, 0].get_legend_handles_labels(), loc="outside right center", fontsize=7, frameon=False)
    plots.save_figure(figure, options.out / f"{NAME}-over_the_run", f"mean of {options.seeds} seeds")


def draw_embedding(options: lab.Options, recipe: str, folders: dict[str, Path]) -> None:
    """Draws a t-SNE of real samples and a recipe's both kinds, all in one, and a grid of the conditional run by class."""
    from sklearn.manifold import TSNE

    config = config_of(recipe, "unconditional", options)
    real = data.load(config.dataset, data_dir=options.data_dir)
    assert real.samples is not None
    random = np.random.default_rng(0)
    clouds = {"real": to_model_range(real.samples[random.permutation(len(real.samples))[:SAMPLES]]).reshape(SAMPLES, -1)}
    for kind, folder in folders.items():
        run = load(folder)
        clouds[kind] = np.asarray(run.sample(SAMPLES)[0]).reshape(SAMPLES, -1)
        if kind == "conditional":
            by_class = np.asarray(run.sample(100)[0])
    placed = TSNE(random_state=42).fit_transform(np.concatenate(list(clouds.values())))
    colours = np.repeat([COLOURS[name] for name in clouds], SAMPLES)
    mixed = random.permutation(len(placed))  # that no kind lies on top
    figure, panels = plots.new_figure(1, 2, width=5.6, height=5.2)
    panels[0, 0].scatter(*placed[mixed].T, s=7, c=colours[mixed], alpha=0.8, linewidths=0, zorder=3)
    for name in clouds:
        panels[0, 0].scatter([], [], s=30, color=COLOURS[name], label=name)
    plots.finish_axes(panels[0, 0], title=f"{recipe}: t-SNE of pixels")
    panels[0, 1].imshow(image_grid(by_class, columns=10).squeeze(), cmap="gray", vmin=0, vmax=255)
    panels[0, 1].set_axis_off()
    panels[0, 1].set_title("conditional: a row a class", fontsize=9)
    plots.save_figure(figure, options.out / f"{NAME}-samples-{recipe}", f"the first seed; {SAMPLES:,} samples of each kind")


def _colours() -> list[Any]:
    from matplotlib import colormaps

    return [colormaps["tab10"](i) for i in range(10)]


def main(argv: list[str] | None = None) -> None:
    own: dict[str, dict[str, Any]] = {
        "--recipes": {"nargs": "+", "default": list(RECIPES), "choices": list(RECIPES), "help": "which of the two to train"},
    }
    options, more = lab.read_options_and_more(__doc__, NAME, seeds=3, argv=argv, more=own)
    recipes = [recipe for recipe in RECIPES if recipe in more["recipes"]]
    work = {
        row: (options.out / f"{recipe}-{kind}", config_of(recipe, kind, options))
        for row, (recipe, kind) in rows_of(recipes).items()
    }
    folders = lab.train_all(options, work)
    metrics = {row: lab.by_seed(lab.measure_once(folder, SAMPLES, options.data_dir)) for row, folder in folders.items()}
    if not all(metrics.values()):
        raise UserError(
            f"{options.out}: no seed of {' or '.join(row for row in metrics if not metrics[row])} was trained to the end"
        )
    labels = data.load("digits" if options.quick else "mnist", data_dir=options.data_dir).labels
    assert labels is not None
    real = np.bincount(labels, minlength=10) / len(labels)
    budgets = (options.budget(recipe, STEPS[recipe], QUICK[recipe]) for recipe in recipes)
    budget = "; ".join(["digits" if options.quick else "MNIST", *budgets, f"{SAMPLES:,} samples a seed"])
    title = "Lab 004, 7 and 8: unconditional against conditional WGAN-GP"
    lab.write_results(options, NAME, title, budget, tables(metrics, real))
    draw_pictures(options, folders, metrics, real)


if __name__ == "__main__":
    sys.exit(command.run(main))
