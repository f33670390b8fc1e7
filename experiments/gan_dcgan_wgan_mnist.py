"""Lab 000, questions 1 to 3: GAN, DCGAN and WGAN on MNIST, their losses and samples over the run, and WGAN's clip and rate.

    python -m experiments.gan_dcgan_wgan_mnist --data-dir DATA    # the lab's 30 epochs, 3 seeds: days on two cores; not run here
    python -m experiments.gan_dcgan_wgan_mnist --quick            # scikit-learn's digits, narrow, 40 steps, 2 seeds: minutes

GAN is `fc`, DCGAN `dcgan`, both by Adam(2e-4, .5) as DCGAN's paper has it; WGAN is the lab's own (`--recipe lab000`: five critic steps on
the same batch, RMSprop 5e-5, clip .01), which the sweeps change in one number at a time. A fourth row, GAN's loss on WGAN's
network, tells what the loss does from what the network does. All train for as many generator steps at batch 128 and latent 100. Twenty
times a run the Frechet distance of its samples is measured, so that losses can be compared with it.

Came out of 400 steps, 2 seeds (results/gan_dcgan_wgan_mnist.md; about 80 minutes on one core: --steps 400 --seeds 2 --width 16): the
network's effect is seen and the rate's, of the loss none. DCGAN's network draws digits where GAN's fully connected one draws a cloud; WGAN has hardly
begun with the paper's rate of 5e-5 and has the least mean with 2e-4 (Frechet distances 1,665, 4,079, 2,719, 870). The full schedule was not run.
"""

import sys
from pathlib import Path
from typing import Any

import numpy as np

from experiments import lab, plots, verdicts
from jaxgan import Config, command
from jaxgan.evaluation import count

NAME = "gan_dcgan_wgan_mnist"
ADAM: dict[str, Any] = {"variant": "gan", "recipe": "paper", "batch_size": 128, "latent_dim": 100}
LAB: dict[str, Any] = {"variant": "wgan", "recipe": "lab000"}
CONTROL = "GAN on WGAN's network"
ROWS: dict[str, dict[str, Any]] = {
    "GAN": {**ADAM, "network": "fc"},
    "DCGAN": {**ADAM, "network": "dcgan"},
    "WGAN": {**LAB, "network": "lab_conv"},
    CONTROL: {**ADAM, "network": "lab_conv"},
}
SHOWN = ("GAN", "DCGAN", "WGAN")  # what the lab asks for
CLIPS, RATES = (0.01, 0.1, 0.001), (5e-5, 2e-4, 1e-5)  # first the lab's clip, and the paper's rate (the lab names none)
FIRST = (f"clip {CLIPS[0]:g}", f"rate {RATES[0]:g}")  # what the row WGAN is
NARROW = {"fc": 16, "dcgan": 8, "lab_conv": 64}
SHARES = {f"{100 * share:.0f} %": share for share in (0, 0.25, 0.5, 0.75, 1)}
METRICS = {  # of the last samples: digits shown
    "fid_lab": 1,
    "precision_lab": 2,
    "recall_lab": 2,
    "class_entropy_bits_lab": 2,
}
STEPS, QUICK = 14_070, 40  # 30 epochs of 469 batches


def sizes(options: lab.Options) -> tuple[int, int]:
    """Samples measured at the end of a run, and at each measurement within it."""
    return (200, 200) if options.quick else (10_000, 1000)


def sweep_settings(quick: bool) -> dict[str, dict[str, Any]]:
    """The settings of both sweeps; the first of each is the row WGAN."""
    clips, rates = (values[: 2 if quick else None] for values in (CLIPS, RATES))
    return {f"clip {clip:g}": {"clip": clip} for clip in clips} | {f"rate {rate:g}": {"learning_rate": rate} for rate in rates}


def config_of(fields: dict[str, Any], options: lab.Options) -> Config:
    steps, network = options.length(STEPS, QUICK), fields["network"]
    what: dict[str, Any] = {"dataset": "digits", "hidden_dim": NARROW[network]} if options.quick else {"dataset": "mnist"}
    if options.quick:
        what["batch_size"] = 32
    if options.width and network == "dcgan":  # the other networks have linear layers, or widths of their own
        what["hidden_dim"] = options.width
    return Config(
        **{**fields, **what}, steps=steps, replicas=options.seeds, data_dir=options.data_dir, log_every=max(1, steps // (20 if options.quick else 100)),
        sample_every=max(1, steps // 20), checkpoint_every=max(1, steps // 4), keep_checkpoints=1,
        metrics_every=max(1, steps // (4 if options.quick else 20)), metrics_samples=sizes(options)[1],
    )  # fmt: skip


def folder_of(options: lab.Options, row: str) -> Path:
    """One folder a setting: the row WGAN stands in both sweeps, and is trained once."""
    if row in FIRST:
        row = "WGAN"
    return options.out / row.replace(" ", "_").replace("'", "")


def ranks(values: np.ndarray) -> np.ndarray:
    """The rank of each value, from 0."""
    return np.argsort(np.argsort(values)).astype(float)


def correlation_with_loss(losses: np.ndarray, distances: np.ndarray) -> np.ndarray:
    """Each seed's rank correlation, over the run, of what the critic tells with the Frechet distance, both (S, R).

    It tells a constant minus its loss: of cross-entropies 2 log 2 - loss (at its best twice the Jensen-Shannon divergence, arXiv
    1406.2661, theorem 1), of WGAN -loss (its estimate of the Wasserstein distance); ranks do not see the constant.
    """
    correlations = []
    for loss, distance in zip(-losses.T, distances.T, strict=True):
        finite = np.isfinite(loss) & np.isfinite(distance)
        flat = finite.sum() < 3 or np.ptp(loss[finite]) == 0 or np.ptp(distance[finite]) == 0
        correlations.append(np.nan if flat else np.corrcoef(ranks(loss[finite]), ranks(distance[finite]))[0, 1])
    return np.array(correlations)


def over_the_run(folder: Path, distance: str) -> dict[str, np.ndarray]:
    """What the first questions are answered by, a number a seed; `distance` is the name of the Frechet distance."""
    if not lab.is_finished(folder):
        return {}
    measured, distances = lab.curves(folder, distance)
    logged, losses = lab.curves(folder, "critic_loss")
    if not len(measured) or not len(logged):
        return {}
    near = np.array([losses[np.abs(logged - step).argmin()] for step in measured])
    half = max(2, len(measured) // 2)
    return {
        "wobble of FID": verdicts.wobble(distances[-half:]),
        "what the critic tells, with FID": correlation_with_loss(near, distances),
        "near-zero gradients, generator": lab.curves(folder, "generator_gradient_near_zero")[1].mean(0),
        "first FID": distances[0],
        "last FID": distances[-1],
        **{
            f"{when} {words}": values
            for loss, words in (("critic_loss", "critic's loss"), ("generator_loss", "generator's loss"))
            for when, values in (("first", lab.curves(folder, loss)[1][0]), ("last", lab.last_part(folder, loss)))
        },
    }


def question_1(
    runs: dict[str, dict[str, np.ndarray]], metrics: dict[str, dict[str, np.ndarray]], n: str, tuned: str | None = None
) -> str:
    """How does WGAN differ, and why would it be the more stable? What can be seen of it, row against row; of its best setting, too."""
    differs = (
        "By definition: WGAN's critic gives scores in place of probabilities; its loss is the difference of their means, an estimate of the"
        " Wasserstein distance, in place of cross-entropies; its weights are clipped, which bounds its slope; it takes five steps to one of the"
        " generator, where GAN and DCGAN take one. The reason given for its stability (arXiv 1701.07875, section 2): where the data's and the"
        " generator's supports hardly meet, the Jensen-Shannon divergence is constant and a good critic's gradients vanish, while the Wasserstein"
        " distance still says how far apart they are. What follows from it, by the values:"
    )

    def claim(words: str, name: str, less: str, more: str) -> list[str]:
        a, b = (runs.get(row, {}).get(name, np.array([])) for row in (less, more))
        if name == wobble:
            verdict = verdicts.steadier(runs.get(less, {}), runs.get(more, {}), "FID")
        else:
            verdict = verdicts.verdict(a, b)
        return [words, verdict, f"{name}: {less} {lab.mean_and_deviation(a, 3)}, {more} {lab.mean_and_deviation(b, 3)}"]

    def final(words: str, metric: str, less: str, more: str) -> list[str]:
        a, b = (metrics.get(row, {}).get(metric, np.array([])) for row in (less, more))
        return [
            words,
            verdicts.verdict(a, b),
            f"{metric}: {less} {lab.mean_and_deviation(a, 3)}, {more} {lab.mean_and_deviation(b, 3)}",
        ]

    wobble, told, dead = "wobble of FID", "what the critic tells, with FID", "near-zero gradients, generator"
    rows = [
        claim("WGAN's samples change less in the second half of the run than GAN's", wobble, "WGAN", "GAN"),
        claim("... than DCGAN's", wobble, "WGAN", "DCGAN"),
        claim("... than those of GAN's loss on the same network", wobble, "WGAN", CONTROL),
        claim("WGAN's critic loss tells how good samples are, GAN's less", told, "GAN", "WGAN"),
        claim("... on the same network", told, CONTROL, "WGAN"),
        claim("WGAN's generator gets gradients where GAN's vanish", dead, "WGAN", "GAN"),
        claim("... on the same network", dead, "WGAN", CONTROL),
        final("WGAN escapes mode collapse: GAN's recall is less", f"recall_lab_{n}", "GAN", "WGAN"),
        final("... the entropy of GAN's classes is less", f"class_entropy_bits_lab_{n}", "GAN", "WGAN"),
    ]
    if tuned:
        rows += [
            claim(f"With {tuned} its samples change less than those of GAN's loss on the same network", wobble, tuned, CONTROL),
            claim("... its critic's loss tells more than GAN's", told, CONTROL, tuned),
            claim("... its generator gets gradients where GAN's vanish", dead, tuned, CONTROL),
        ]
    beside = (
        "Wobble is the deviation of the Frechet distance's logarithm from a line through the second half. What the critic tells (a constant"
        " minus its loss) is compared with that distance by rank correlation over the run: 1 where it falls exactly when samples get better."
    )
    return f"{differs}\n\n{lab.table(['what the lab says of WGAN', 'verdict', 'values'], rows)}\n\n{beside}"


def question_2(runs: dict[str, dict[str, np.ndarray]]) -> str:
    """How losses and samples go, from the first log to the last tenth of the run."""
    lines = []
    for row in SHOWN:
        own = runs.get(row, {})
        if not own:
            lines.append(f"- {row} was not measured: it diverged.")
            continue
        changes = [
            f"the {what} {verdicts.trend(own[f'first {what}'], own[f'last {what}'])} from {lab.mean_and_deviation(own[f'first {what}'], digits)}"
            f" to {lab.mean_and_deviation(own[f'last {what}'], digits)}"
            for what, digits in (("critic's loss", 3), ("generator's loss", 3), ("FID", 1))
        ]
        lines.append(f"- {row}: {', '.join(changes)}.")
    better = [
        row for row in SHOWN if runs.get(row) and verdicts.trend(runs[row]["first FID"], runs[row]["last FID"]) == "falls"
    ]
    lines.append(
        f"- Samples get better beyond chance over the run in {len(better)} of {len(SHOWN)}: {', '.join(better) or 'none'}."
    )
    return "\n".join(lines)


def settings_table(runs: dict[str, dict[str, np.ndarray]], sweep: list[str]) -> str:
    """What question 1 asks of WGAN, of each of its settings and of the control."""
    digits = {
        "wobble of FID": 3,
        "what the critic tells, with FID": 2,
        "near-zero gradients, generator": 3,
        "last critic's loss": 1,
    }
    return lab.table(["", *digits, "seeds"], [[row, *lab.values_row(runs.get(row, {}), digits)] for row in [*sweep, CONTROL]])


def question_3(metrics: dict[str, dict[str, np.ndarray]], metric: str, sweep: list[str]) -> str:
    """Who draws best, what for, and whether another clip or rate would help WGAN."""
    distance = {row: own.get(metric, np.array([])) for row, own in metrics.items()}

    def against(less: str, more: str) -> str:
        if less not in distance or more not in distance:
            return "not run"
        return f"{verdicts.verdict(distance[less], distance[more])} ({lab.mean_and_deviation(distance[less], 1)} against {lab.mean_and_deviation(distance[more], 1)})"

    lines = [
        f"- By {metric}, best first (< beyond chance, ~ not): {verdicts.ordered({row: distance[row] for row in SHOWN if row in distance})}.",
        f"- The network makes the difference, the loss being the same: DCGAN before GAN: {against('DCGAN', 'GAN')};"
        f" {CONTROL} before GAN: {against(CONTROL, 'GAN')}.",
        f"- The loss and its settings make it, the network being the same: WGAN before {CONTROL}: {against('WGAN', CONTROL)}.",
    ]
    best = best_of(metrics, metric, sweep)
    if best:
        tried = {
            row: distance[row] for row in sweep if row != FIRST[1] and row in distance and distance[row].size
        }  # both of FIRST are one run
        lines.append(f"- Of WGAN's settings, best first: {verdicts.ordered(tried)}.")
        if best in FIRST:
            lines.append(f"- The best of them, {best}, is what WGAN began with: tuning these two does not help.")
        else:
            lines.append(f"- The best of them, {best}, is better than {' and '.join(FIRST)}: {against(best, 'WGAN')}.")
            lines.append(f"- With it, WGAN before DCGAN: {against(best, 'DCGAN')}; before {CONTROL}: {against(best, CONTROL)}.")
    return "\n".join(lines)


def best_of(metrics: dict[str, dict[str, np.ndarray]], metric: str, sweep: list[str]) -> str | None:
    """The setting of WGAN with the least mean of the metric."""
    means = {row: float(metrics[row][metric].mean()) for row in sweep if metrics.get(row, {}).get(metric, np.array([])).size}
    return min(means, key=lambda row: means[row]) if means else None


def metrics_table(metrics: dict[str, dict[str, np.ndarray]], n: int) -> str:
    names = {f"{name}_{count(n)}": digits for name, digits in METRICS.items()}
    rows = [[row, *lab.values_row(own, names)] for row, own in metrics.items()]
    return lab.table(["", *names, "seeds"], rows)


def draw_curves(options: lab.Options, folders: dict[str, Path], sweep: dict[str, Path], distance: str) -> None:
    """Draws the losses of each row, and the distances of rows and settings, over the run."""
    figure, panels = plots.new_figure(2, len(SHOWN), width=3.6, height=2.5)
    for axes, row in zip(panels[0], SHOWN, strict=True):
        for name, words, colour in zip(
            ("critic_loss", "generator_loss"), ("critic's", "generator's"), plots.COLOURS, strict=False
        ):
            plots.draw_band(axes, *lab.curves(folders[row], name), words, colour)
        plots.finish_axes(axes, title=f"{row}: losses", x="generator steps")
    below: list[tuple[str, dict[str, Path]]] = [
        ("Frechet distance", folders),
        ("WGAN, clip", {row: path for row, path in sweep.items() if row.startswith("clip")}),
        ("WGAN, rate", {row: path for row, path in sweep.items() if row.startswith("rate")}),
    ]
    for axes, (title, shown) in zip(panels[1], below, strict=True):
        for (row, path), colour in zip(shown.items(), plots.COLOURS, strict=False):
            plots.draw_band(axes, *lab.curves(path, distance), row, colour)
        axes.set_yscale("log")
        plots.finish_axes(axes, title=title if shown is folders else f"{title}: Frechet distance", x="generator steps")
    plots.save_figure(figure, options.out / NAME, f"mean and standard deviation of {options.seeds} seeds")


def main(argv: list[str] | None = None) -> None:
    options = lab.read_options(__doc__, NAME, seeds=3, argv=argv, width="dcgan, the other networks being the lab's own")
    n, within = sizes(options)
    sweep = sweep_settings(options.quick)
    settings = ROWS | {row: {**ROWS["WGAN"], **fields} for row, fields in sweep.items()}
    folders = lab.train_all(
        options, {row: (folder_of(options, row), config_of(fields, options)) for row, fields in settings.items()}
    )
    metrics = {row: lab.measure_once(folder, n) for row, folder in folders.items()}
    distance = f"fid_lab_{count(within)}"
    best = best_of(metrics, f"fid_lab_{count(n)}", list(sweep))
    tuned = best if best not in FIRST else None
    runs = {row: over_the_run(folders[row], distance) for row in [*ROWS, *sweep]}
    parts = {
        "Metrics of the last samples": metrics_table(metrics, n),
        "Question 1: what makes WGAN stable": question_1(runs, metrics, count(n), tuned),
        "Question 2: losses and samples over the run": question_2(runs),
        "WGAN's settings over the run": settings_table(runs, list(sweep)),
        "Question 3: who draws best, and why": question_3(metrics, f"fid_lab_{count(n)}", list(sweep)),
    }
    budget = options.budget("digits, narrow networks" if options.quick else "MNIST", STEPS, QUICK, "dcgan")
    lab.write_results(options, NAME, "Lab 000: GAN, DCGAN and WGAN", budget, parts)
    draw_curves(options, {row: folders[row] for row in ROWS}, {row: folders[row] for row in sweep}, distance)
    rows = {row: folders[row] for row in ROWS} | ({f"WGAN, {tuned}": folders[tuned]} if tuned else {})
    shown = plots.samples_figure(rows, SHARES)
    plots.save_figure(
        shown,
        options.out / f"{NAME}-samples",
        f"share of the run; the first of {options.seeds} seeds, the same latents throughout",
    )


if __name__ == "__main__":
    sys.exit(command.run(main))
