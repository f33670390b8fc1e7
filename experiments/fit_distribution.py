"""Lab 003: GAN, WGAN and WGAN-GP fit distributions of the plane; optimizers, latents, order, clips and penalty weights compared.

    python -m experiments.fit_distribution            # 4,000 steps (200 epochs of the 10,000 points of lab 004), 5 seeds: about 3 hours on two cores
    python -m experiments.fit_distribution --quick    # 40 steps, 2 seeds, two or three settings a study: minutes
    python -m experiments.fit_distribution --studies networks clips

Each study changes one thing in the lab's settings (`--recipe lab003`: batch 500, width 256, latent 5, RMSprop 2e-4, clip .1, penalty weight
.001) on the lab's Gaussian, 10,000 fixed points; clips are tried on four and eight modes too, as on one no mode can be lost, and latents under Adam (its
small betas), as in the lab's picture. Every twentieth of a run 1,000 samples are compared with the exact density (KL, Jensen-Shannon)
and with fresh points (exact Wasserstein-1). Convergence is the last quarter's mean W1, speed the steps to a quarter of the first
W1 (the run's length where that never came), stability the deviation of log W1 from a line through the last quarter; a step's time is measured in
turn. A gradient entry is near zero below 1e-6, which is another thing for every loss and clip; sparsity is the share of entries below a thousandth of
their own network's mean size. Rows are ranked from the best: < where the next is worse beyond chance, ~ where that is not seen. The animations
show the critic's surface, as a probability for GAN and raw for WGAN; fit_distribution-losses.png has the losses of the three networks side by side.

Came out with 800 steps and 3 seeds, an hour on one core (results/fit_distribution.md): the lab's order of the three networks is not confirmed, what it
says of optimizers, clips, weights, latents and sparse gradients is. The full schedule was not run.
"""

import io
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from experiments import lab, plots, verdicts
from jaxgan import Config, command, load
from jaxgan.evaluation.critics import score_of
from jaxgan.files import write_atomically
from jaxgan.folder import RunFolder

if TYPE_CHECKING:
    from PIL.Image import Image

NAME = "fit_distribution"
VARIANTS = ("gan", "wgan", "wgan_gp")
DATASETS = ("gaussian", "mixture4", "swiss_roll")
OPTIMIZERS: dict[str, dict[str, Any]] = {
    "RMSprop": {"optimizer": "rmsprop"},
    "Adam(.5, .999)": {"optimizer": "adam", "beta1": 0.5, "beta2": 0.999},
    "Adam(.001, .8)": {"optimizer": "adam", "beta1": 0.001, "beta2": 0.8},
    "SGD": {"optimizer": "sgd"},
    "SGD, rate .01": {"optimizer": "sgd", "learning_rate": 1e-2},
    "momentum": {"optimizer": "momentum"},
    "momentum, rate .01": {"optimizer": "momentum", "learning_rate": 1e-2},
    "NAG": {"optimizer": "nesterov"},
    "NAG, rate .01": {"optimizer": "nesterov", "learning_rate": 1e-2},
    "Adagrad": {"optimizer": "adagrad"},
    "Adagrad, rate .01": {"optimizer": "adagrad", "learning_rate": 1e-2},
}
ADAM = "Adam(.001, .8)"  # the betas that the lab recommends
ORDERS = ("critic_first", "generator_first")
STUDIES: dict[str, dict[str, dict[str, Any]]] = {
    "networks": {f"{v} on {d}": {"variant": v, "dataset": d} for d in DATASETS for v in VARIANTS},
    "optimizers": {f"{v}, {o}": {"variant": v, **fields} for v in VARIANTS for o, fields in OPTIMIZERS.items()},
    "latents": {
        f"{v}, latent {n}": {"variant": v.partition(", ")[0], "latent_dim": n, **fields}
        for v, fields in ((f"gan, {ADAM}", OPTIMIZERS[ADAM]), ("gan", {}), ("wgan_gp", {}))
        for n in (5, 2, 1)
    },
    "order": {f"{v}, {o.replace('_', ' ')}": {"variant": v, "order": o} for v in VARIANTS for o in ORDERS},
    "clips": {
        f"wgan, clip {c:g}" + on: {"variant": "wgan", "clip": c, "dataset": dataset}
        for on, dataset in (("", "gaussian"), (" on mixture4", "mixture4"), (" on mixture8", "mixture8"))
        for c in (0.1, 0.01, 0.001)
    },
    "weights": {
        f"wgan_gp, weight {w:g}": {"variant": "wgan_gp", "gradient_penalty_weight": w} for w in (0.001, 0.1, 1.0, 10.0)
    },
}
QUICK_ROWS = (
    *(f"{v} on gaussian" for v in VARIANTS), "gan, NAG", "gan, Adagrad", f"gan, {ADAM}, latent 5", f"gan, {ADAM}, latent 1",
    "gan, critic first", "gan, generator first", "wgan, clip 0.1 on mixture8", "wgan, clip 0.001 on mixture8",
    "wgan_gp, weight 0.001", "wgan_gp, weight 0.1",
)  # fmt: skip
STEPS, QUICK = 4000, 40
W1 = "wasserstein1_exact_1k"
GRADIENTS = {  # column: metric, digits
    f"{words}, {player}": (f"{player}_gradient_{metric}", 2)
    for words, metric in (("near-zero gradients", "near_zero"), ("sparsity", "sparsity"))
    for player in ("critic", "generator")
}
MODES = {"modes": ("modes_pacgan_1k", 1), "high quality": ("high_quality_pacgan_1k", 2)}
SAMPLES = 1000
NEVER = "never a quarter"  # 1 of a seed whose W1 never fell to a quarter of its first
ALIKE = 1.25  # a step's time within this factor is as long
SPARSE = 0.1  # share of small entries from which a gradient is called sparse
ROUNDS = 7  # of the timing
INSIDE = 6  # lines that a legend inside a panel names; that of more stands beside it
FILM = 280  # pixels: a network's width in the animation of all


def config_of(fields: dict[str, Any], options: lab.Options, steps: int) -> Config:
    often = max(1, steps // (4 if options.quick else 20))
    return Config(
        **{"dataset": "gaussian", "recipe": "lab003", **fields}, steps=steps, replicas=options.seeds, metrics_every=often,
        metrics_samples=SAMPLES, checkpoint_every=often, keep_checkpoints=20, log_every=max(1, steps // 40),
    )  # fmt: skip


def folder_of(options: lab.Options, fields: dict[str, Any]) -> Path:
    """One folder a setting: the same setting in two studies is trained once."""
    base = {
        "variant": fields["variant"],
        "dataset": "gaussian",
        "optimizer": "rmsprop",
        "latent_dim": 5,
        "order": "critic_first",
    }
    base |= {"wgan": {"clip": 0.1}, "wgan_gp": {"gradient_penalty_weight": 0.001}}.get(fields["variant"], {})
    settings = {**base, **fields}
    return options.out / "-".join(f"{value:g}" if isinstance(value, float) else str(value) for value in settings.values())


def measure(folder: Path) -> dict[str, np.ndarray]:
    """Per seed: convergence, speed, stability, and the last metrics; nothing of a run in which every seed diverged."""
    steps, w1 = lab.curves(folder, W1)
    if not lab.is_finished(folder) or not len(w1):
        return {}
    last = max(3, len(steps) // 4)
    near = [np.flatnonzero(seed <= seed[0] / 4) for seed in w1.T]
    values = {
        "W1": w1[-last:].mean(0),
        "first W1": w1[0],
        "last W1": w1[-last:].mean(0),
        NEVER: np.array([float(not len(rows)) for rows in near]),
        "steps to a quarter": np.array([float(steps[rows[0]] if len(rows) else steps[-1]) for rows in near]),
        "wobble of W1": verdicts.wobble(w1[-last:]),
    }
    for name, metric in (("KL", "kl_grid50_1k"), ("JS", "jensen_shannon_grid50_1k")):
        values[name] = lab.curves(folder, metric)[1][-last:].mean(0)
    for name, (metric, _) in GRADIENTS.items():
        values[name] = lab.curves(folder, metric)[1].mean(0)
    for name, (metric, _) in MODES.items():  # of mixtures alone
        curve = lab.curves(folder, metric)[1]
        if len(curve):
            values[name] = curve[-last:].mean(0)
    return values


def in_words(values: dict[str, np.ndarray], name: str, digits: int = 3) -> str:
    """Mean and deviation of a value; of a speed, how many seeds never got there and count as the run's length."""
    never = int(values[NEVER].sum()) if name == "steps to a quarter" else 0
    return lab.mean_and_deviation(values[name], digits) + (f" ({never} of {len(values[name])} never)" if never else "")


def claims(values: dict[str, dict[str, np.ndarray]], cost: dict[str, dict[str, Any]]) -> str:
    """The lab's claims, and whether the values of the settings that were run confirm them."""

    def claim(words: str, name: str, less: str, more: str, *, alike: bool = False) -> list[str]:
        if not values.get(less) or not values.get(more):
            return [words, "not run", ""]
        a, b = values[less], values[more]
        if name == "wobble of W1" and not alike:
            verdict = verdicts.steadier(a, b, "W1")
        else:
            verdict = (verdicts.as_good if alike else verdicts.verdict)(a[name], b[name])
        return [words, verdict, f"{name}: {less} {in_words(a, name)}, {more} {in_words(b, name)}"]

    def costs(words: str, row: str, alike: bool) -> list[str]:
        if row not in cost:
            return [words, "not run", ""]
        ratios = cost[row]["ratios"]
        middle = float(np.median(ratios))
        confirmed = 1 / ALIKE <= middle <= ALIKE if alike else min(ratios) > 1
        return [words, "confirmed" if confirmed else "refuted", f"time of a step by gan's: {lab.cost_words(ratios)}"]

    def sparse(words: str, row: str) -> list[str]:
        if not values.get(row):
            return [words, "not run", ""]
        share = values[row]["sparsity, critic"]
        if not share.size:
            return [words, "not measured", row]
        return [
            words,
            "confirmed" if share.mean() >= SPARSE else "refuted",
            f"{row}: {lab.mean_and_deviation(share, 3)} of the entries below a thousandth of their mean (sparse: at least {SPARSE:g})",
        ]

    on, wobble = "on gaussian", "wobble of W1"
    rows = [
        claim("WGAN-GP converges further than WGAN", "W1", f"wgan_gp {on}", f"wgan {on}"),
        claim("WGAN converges further than GAN", "W1", f"wgan {on}", f"gan {on}"),
        costs(f"A step of WGAN takes as long as GAN's (within {ALIKE:g} times)", "wgan", True),
        costs("... WGAN-GP's longer", "wgan_gp", False),
        claim("WGAN is more stable than GAN", wobble, f"wgan {on}", f"gan {on}"),
        claim("WGAN-GP is more stable than GAN", wobble, f"wgan_gp {on}", f"gan {on}"),
        claim("WGAN-GP is as stable as WGAN", wobble, f"wgan_gp {on}", f"wgan {on}", alike=True),
        claim("A clip of .001 is too small", "W1", "wgan, clip 0.1", "wgan, clip 0.001"),
        claim("A clip of .01 is as fit as .1", "W1", "wgan, clip 0.01", "wgan, clip 0.1", alike=True),
        *(
            claim(f"A clip of .001 loses modes ({on})", "modes", f"wgan, clip 0.001 on {on}", f"wgan, clip 0.1 on {on}")
            for on in ("mixture4", "mixture8")
        ),
        claim("The ideal penalty weight is .001: better than 10", "W1", "wgan_gp, weight 0.001", "wgan_gp, weight 10"),
        claim("... than 1", "W1", "wgan_gp, weight 0.001", "wgan_gp, weight 1"),
        claim("... than .1", "W1", "wgan_gp, weight 0.001", "wgan_gp, weight 0.1"),
        claim("RMSprop suits GAN: better than Adam(.5, .999)", "W1", "gan, RMSprop", "gan, Adam(.5, .999)"),
        claim("Adam needs small betas: (.001, .8) beats (.5, .999)", "W1", "gan, Adam(.001, .8)", "gan, Adam(.5, .999)"),
        claim("SGD does not converge (WGAN-GP, the lab's rate): RMSprop beats it", "W1", "wgan_gp, RMSprop", "wgan_gp, SGD"),
        claim("... nor with momentum", "W1", "wgan_gp, RMSprop", "wgan_gp, momentum"),
        claim("... nor NAG", "W1", "wgan_gp, RMSprop", "wgan_gp, NAG"),
        claim("... at a rate of .01 neither", "W1", "wgan_gp, RMSprop", "wgan_gp, SGD, rate .01"),
        claim("RMSprop suits GAN: better than Adagrad", "W1", "gan, RMSprop", "gan, Adagrad"),
        claim("... at a rate of .01", "W1", "gan, RMSprop", "gan, Adagrad, rate .01"),
        claim("Generator first converges faster (so its heading; its reason, a better critic early, speaks for the other order)",
              "steps to a quarter", "gan, generator first", "gan, critic first"),
        claim("A latent of 1 limits what GAN draws under Adam", "W1", f"gan, {ADAM}, latent 5", f"gan, {ADAM}, latent 1"),
        claim("... under RMSprop", "W1", "gan, latent 5", "gan, latent 1"),
        sparse("WGAN's critic still has sparse gradients", f"wgan {on}"),
        sparse("... and WGAN-GP's", f"wgan_gp {on}"),
    ]  # fmt: skip
    return lab.table(["the lab's claim", "verdict", "values"], rows)


def group_of(row: str) -> str:
    """What a row may be ranked with: the same data set, and so the same unit of W1, else the same variant."""
    variant, _, dataset = row.partition(" on ")
    return f"on {dataset}" if dataset else variant.split(", ")[0]


def has_halved(values: dict[str, np.ndarray]) -> bool:
    """Whether a setting learned enough for its steadiness to say something: its W1 is half of the first, or less."""
    return bool(np.nanmean(values["last W1"]) <= np.nanmean(values["first W1"]) / 2)


def study_text(rows: dict[str, dict[str, np.ndarray]]) -> str:
    """A table a data set, best first, and under it the order in convergence, speed and stability."""
    columns = {"W1": 3, "KL": 2, "JS": 3, "steps to a quarter": 0, "wobble of W1": 3}
    columns |= {
        name: digits for name, (_, digits) in {**GRADIENTS, **MODES}.items() if any(name in own for own in rows.values())
    }
    sets: dict[str, dict[str, dict[str, np.ndarray]]] = {}
    for row, own in rows.items():
        group = group_of(row)
        sets.setdefault(group if group.startswith("on ") else "", {})[row] = own
    parts = []
    for together in sets.values():
        trained = {row: values for row, values in together.items() if values}
        ranked = sorted(trained, key=lambda row, trained=trained: float(np.nanmean(trained[row]["W1"])))
        cells = [
            [row, *(in_words(trained[row], name, digits) if name in trained[row] else "-" for name, digits in columns.items())]
            for row in ranked
        ]
        cells += [[row, "diverged", *[""] * (len(columns) - 1)] for row in together if row not in trained]
        arrived = {row: values for row, values in trained.items() if not values[NEVER].all()}
        learned = {row: values for row, values in trained.items() if has_halved(values)}
        orders = [
            f"- {words}: {verdicts.ordered({row: values[name] for row, values in among.items()})}"
            for words, name, among in (
                ("convergence", "W1", trained),
                ("speed, of those that got to a quarter in some seed", "steps to a quarter", arrived),
                ("stability, of those that halved their first W1", "wobble of W1", learned),
            )
        ]
        parts.append("\n".join([lab.table(["setting, best first", *columns], cells), "", *orders]))
    return "\n\n".join(parts)


def draw_study(options: lab.Options, study: str, rows: dict[str, Path]) -> None:
    """Draws the distances of a study over the steps: a row of panels for what can be compared, so that colours suffice."""
    groups: dict[str, dict[str, Path]] = {}
    for row, folder in rows.items():
        groups.setdefault(group_of(row), {})[row] = folder
    if len(rows) <= len(plots.COLOURS):
        groups = {"": rows}
    shown = {W1: "exact Wasserstein-1", "jensen_shannon_grid50_1k": "Jensen-Shannon", "kl_grid50_1k": "KL"}
    if study == "clips":
        shown[MODES["modes"][0]] = "modes that hold a sample"
    figure, panels = plots.new_figure(len(groups), len(shown), width=4.2, height=2.9)
    for across, (group, own) in zip(panels, groups.items(), strict=True):
        for axes, (metric, title) in zip(across, shown.items(), strict=True):
            for row, (style, colour) in zip(own, plots.STYLES, strict=False):
                plots.draw_band(axes, *lab.curves(own[row], metric), row, colour, style)
            axes.set_yscale("linear" if metric == MODES["modes"][0] else "log")
            inside = metric == W1 and len(own) <= INSIDE
            plots.finish_axes(axes, title=f"{group}: {title}" if group else title, x="generator steps", legend=inside)
        if len(own) > INSIDE:
            axes.legend(loc="upper left", bbox_to_anchor=(1.02, 1), frameon=False, fontsize=7)
    plots.save_figure(figure, options.out / f"{NAME}-{study}", f"mean and standard deviation of {options.seeds} seeds")


def draw_losses(options: lab.Options, rows: dict[str, Path]) -> None:
    """Draws both losses over the steps: a row of panels a data set, the three networks side by side."""
    groups: dict[str, dict[str, Path]] = {}
    for row, folder in rows.items():
        groups.setdefault(group_of(row), {})[row] = folder
    figure, panels = plots.new_figure(len(groups), len(VARIANTS), width=3.6, height=2.5)
    for across, own in zip(panels, groups.values(), strict=True):
        for axes, (row, folder) in zip(across, own.items(), strict=True):
            for player, colour in zip(("critic", "generator"), plots.COLOURS, strict=False):
                plots.draw_band(axes, *lab.curves(folder, f"{player}_loss"), f"{player}'s loss", colour)
            plots.finish_axes(axes, title=row, x="generator steps")
    plots.save_figure(figure, options.out / f"{NAME}-losses", f"mean and standard deviation of {options.seeds} seeds")


def frames_of(folder: Path) -> "list[Image]":
    """The first seed's critic over the plane with real and generated points, a frame a checkpoint."""
    import jax
    import jax.numpy as jnp
    from PIL.Image import fromarray

    from jaxgan.report.figures import figure_array, points_figure, surface_on_grid

    frames = []
    for step in lab.checkpoint_steps(folder):
        run = load(folder, step=step)
        variant, distribution, score = run.config.variant, run.dataset.distribution, score_of(run)
        assert distribution is not None and score is not None
        real = np.asarray(distribution.to_units(distribution.sample(jax.random.key(0), 500)[0]))
        fake = np.asarray(distribution.to_units(run.sample(500)[0]))
        centre, reach = real.mean(0), 2.2 * np.abs(real - real.mean(0)).max()
        left, right, bottom, top = (float(edge) for mean in centre for edge in (mean - reach, mean + reach))
        limits = (left, right, bottom, top)

        def surface(
            points: np.ndarray, distribution: Any = distribution, score: Any = score, variant: str = variant
        ) -> np.ndarray:
            scores = np.asarray(score(distribution.to_model(points), jnp.zeros(len(points), jnp.int32)))
            return 1 / (1 + np.exp(-scores)) if variant == "gan" else scores

        what = "probability of real" if variant == "gan" else "raw score"
        picture = points_figure(
            fake,
            real=real,
            critic=surface_on_grid(surface, limits, 80),
            limits=limits,
            title=f"{variant}, step {step:,}: {what}",
        )
        picture.set_dpi(70)
        frames.append(fromarray(figure_array(picture)))
    return frames


def animate(path: Path, frames: "list[Image]") -> None:
    """Writes the frames as a GIF."""
    first, *others = [frame.quantize(64) for frame in frames]
    content = io.BytesIO()
    first.save(content, format="GIF", save_all=True, append_images=others, duration=400, loop=0)
    write_atomically(path, content.getvalue())
    print(path)


def animate_critics(options: lab.Options, variants: tuple[str, ...], dataset: str) -> None:
    """Writes each network's critic as its run's animation, which the run's page shows, and all side by side."""
    from PIL import Image

    folders = [folder_of(options, {"variant": variant, "dataset": dataset}) for variant in variants]
    films = []
    for folder in filter(lab.is_finished, folders):
        films.append(frames_of(folder))
        animate(RunFolder(folder).animation, films[-1])
    if not films:
        return
    smaller = (FILM, FILM * films[0][0].height // films[0][0].width)
    joined = []
    for frames in zip(*films, strict=True):
        whole = Image.new("RGB", (FILM * len(films), smaller[1]))
        for i, frame in enumerate(frames):
            whole.paste(frame.resize(smaller), (FILM * i, 0))
        joined.append(whole)
    animate(options.out / f"{NAME}-critics.gif", joined[::-2][::-1])  # half of them, the last among them: half the size


def main(argv: list[str] | None = None) -> None:
    own: dict[str, dict[str, Any]] = {
        "--studies": {"nargs": "*", "default": list(STUDIES), "choices": list(STUDIES)},
    }
    options, more = lab.read_options_and_more(__doc__, NAME, seeds=5, argv=argv, more=own)
    steps = options.length(STEPS, QUICK)
    values: dict[str, dict[str, np.ndarray]] = {}
    parts = {}
    work = {
        study: {
            row: (folder_of(options, fields), config_of(fields, options, steps))
            for row, fields in STUDIES[study].items()
            if not options.quick or row in QUICK_ROWS
        }
        for study in more["studies"]
    }
    lab.train_ahead(options.cluster, (run for runs in work.values() for run in runs.values()))
    for study, runs in work.items():
        folders = lab.train_all(options, runs)
        rows = {row: measure(folder) for row, folder in folders.items()}
        values |= rows
        parts[f"By {study}"] = study_text(rows)
        draw_study(options, study, folders)
        if study == "networks":
            draw_losses(options, folders)
    configs = {variant: config_of({"variant": variant}, options, steps) for variant in VARIANTS}
    cost = lab.read_or_compute(
        options.out / "costs.json", lambda: lab.measure_costs(configs, "gan", 2 if options.quick else ROUNDS)
    )
    parts = {"The lab's claims": claims(values, cost), **parts}
    lab.write_results(
        options, NAME, "Lab 003: fitting distributions of the plane", options.budget("points of the plane", STEPS, QUICK), parts
    )
    if "networks" in more["studies"]:
        animate_critics(options, VARIANTS, "gaussian" if options.quick else "mixture4")


if __name__ == "__main__":
    sys.exit(command.run(main))
