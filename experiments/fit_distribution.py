"""Lab 003: GAN, WGAN and WGAN-GP fit distributions of the plane; optimizers, latents, order, clips and penalty weights compared.

    python -m experiments.fit_distribution            # 4,000 steps (200 epochs of the 10,000 points of lab 004), 5 seeds: about 2 hours on two cores
    python -m experiments.fit_distribution --quick    # 40 steps, 2 seeds, two settings a study: minutes
    python -m experiments.fit_distribution --studies networks clips

Each study changes one thing in the lab's settings (`--recipe lab003`: batch 500, width 256, latent 5, RMSprop 2e-4, clip .1, penalty weight
.001) on the lab's Gaussian, points drawn afresh. Every twentieth of a run 1,000 samples are held against the exact density (KL, Jensen-Shannon)
and against fresh points (exact Wasserstein-1). Convergence is the last quarter's mean W1, speed the steps to a quarter of the first
W1, stability the deviation of W1 within the last quarter. The animations show the critic's surface, as a probability for GAN and raw for WGAN.
"""

import io
from pathlib import Path
from typing import Any

import numpy as np

from experiments import lab
from jaxgan.config import Config
from jaxgan.evaluation.critics import score_of
from jaxgan.trained import load

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
}
ORDERS = ("critic_first", "generator_first")
STUDIES: dict[str, dict[str, dict[str, Any]]] = {
    "networks": {f"{v} on {d}": {"variant": v, "dataset": d} for d in DATASETS for v in VARIANTS},
    "optimizers": {f"{v}, {o}": {"variant": v, **fields} for v in VARIANTS for o, fields in OPTIMIZERS.items()},
    "latents": {f"{v}, latent {n}": {"variant": v, "latent_dim": n} for v in ("gan", "wgan_gp") for n in (5, 2, 1)},
    "order": {f"{v}, {o.replace('_', ' ')}": {"variant": v, "order": o} for v in VARIANTS for o in ORDERS},
    "clips": {f"wgan, clip {c:g}": {"variant": "wgan", "clip": c} for c in (0.1, 0.01, 0.001)},
    "weights": {
        f"wgan_gp, weight {w:g}": {"variant": "wgan_gp", "gradient_penalty_weight": w} for w in (0.001, 0.1, 1.0, 10.0)
    },
}
STEPS, QUICK = 4000, 40
W1 = "wasserstein1_exact_1k"
SAMPLES = 1000


def config_of(fields: dict[str, Any], asked: lab.Options, steps: int) -> Config:
    often = max(1, steps // (4 if asked.quick else 20))
    return Config(
        **{"dataset": "gaussian", "recipe": "lab003", **fields}, steps=steps, replicas=asked.seeds, metrics_every=often,
        metrics_samples=SAMPLES, checkpoint_every=often, keep_checkpoints=20, log_every=max(1, steps // 40),
    )  # fmt: skip


def folder_of(asked: lab.Options, fields: dict[str, Any]) -> Path:
    """One folder a setting: the same setting in two studies is trained once."""
    base = {
        "variant": fields["variant"],
        "dataset": "gaussian",
        "optimizer": "rmsprop",
        "latent_dim": 5,
        "order": "critic_first",
    }
    base |= {"wgan": {"clip": 0.1}, "wgan_gp": {"gradient_penalty_weight": 0.001}}.get(fields["variant"], {})
    named = {**base, **fields}
    return asked.out / "-".join(f"{value:g}" if isinstance(value, float) else str(value) for value in named.values())


def judged(folder: Path) -> dict[str, np.ndarray]:
    """Per seed: convergence, speed, stability, and the last figures."""
    steps, w1 = lab.curves(folder, W1)
    last = max(2, len(steps) // 4)
    quarter = [np.flatnonzero(seed <= seed[0] / 4) for seed in w1.T]
    found = {
        "W1": w1[-last:].mean(0),
        "steps to a quarter": np.array([steps[q[0]] if len(q) else np.inf for q in quarter]),
        "wobble of W1": w1[-last:].std(0),
    }
    for name, figure in (("KL", "kl_grid50_1k"), ("JS", "jensen_shannon_grid50_1k")):
        found[name] = lab.curves(folder, figure)[1][-last:].mean(0)
    for name, figure in (("critic", "critic_gradient_near_zero"), ("generator", "generator_gradient_near_zero")):
        found[f"near-zero gradients, {name}"] = lab.curves(folder, figure)[1].mean(0)
    return found


def claims(found: dict[str, dict[str, np.ndarray]]) -> str:
    """The lab's claims, held against the figures of the settings that were run."""

    def claim(words: str, figure: str, less: str, more: str) -> list[str]:
        if less not in found or more not in found:
            return [words, "not run", ""]
        a, b = found[less][figure], found[more][figure]
        return [words, lab.verdict(a, b), f"{figure}: {less} {lab.spread(a, 3)}, {more} {lab.spread(b, 3)}"]

    on = "on gaussian"
    rows = [
        claim("WGAN-GP converges further than WGAN", "W1", f"wgan_gp {on}", f"wgan {on}"),
        claim("WGAN converges further than GAN", "W1", f"wgan {on}", f"gan {on}"),
        claim("WGAN is as fast as GAN, WGAN-GP slower", "steps to a quarter", f"wgan {on}", f"wgan_gp {on}"),
        claim("WGAN-GP is more stable than GAN", "wobble of W1", f"wgan_gp {on}", f"gan {on}"),
        claim("WGAN is more stable than GAN", "wobble of W1", f"wgan {on}", f"gan {on}"),
        claim("A clip of .001 is too small", "W1", "wgan, clip 0.1", "wgan, clip 0.001"),
        claim("A clip of .01 is as fit as .1", "W1", "wgan, clip 0.01", "wgan, clip 0.1"),
        claim("The ideal penalty weight is .001, not 10", "W1", "wgan_gp, weight 0.001", "wgan_gp, weight 10"),
        claim("... nor .1", "W1", "wgan_gp, weight 0.001", "wgan_gp, weight 0.1"),
        claim("RMSprop suits GAN better than Adam(.5, .999)", "W1", "gan, RMSprop", "gan, Adam(.5, .999)"),
        claim("Adam needs small betas: (.001, .8) beats (.5, .999)", "W1", "gan, Adam(.001, .8)", "gan, Adam(.5, .999)"),
        claim("SGD does not converge (the lab's rate)", "W1", "wgan_gp, RMSprop", "wgan_gp, SGD"),
        claim("... nor with momentum", "W1", "wgan_gp, RMSprop", "wgan_gp, momentum"),
        claim("... at a rate of .01 neither", "W1", "wgan_gp, RMSprop", "wgan_gp, SGD, rate .01"),
        claim("Generator first converges faster", "steps to a quarter", "gan, generator first", "gan, critic first"),
        claim("A latent of 1 limits what GAN draws", "W1", "gan, latent 5", "gan, latent 1"),
        claim("A latent of 2 does not", "W1", "gan, latent 2", "gan, latent 5"),
    ]
    return lab.table(["the lab's claim", "verdict", "figures"], rows)


def study_table(rows: dict[str, dict[str, np.ndarray]]) -> str:
    ranked = sorted(rows, key=lambda row: float(np.mean(rows[row]["W1"])))
    columns = {
        "W1": 3, "KL": 2, "JS": 3, "steps to a quarter": 0, "wobble of W1": 3, "near-zero gradients, critic": 2,
        "near-zero gradients, generator": 2,
    }  # fmt: skip

    def cell(row: str, name: str, digits: int) -> str:
        values = rows[row][name]
        missing = int((~np.isfinite(values)).sum())
        return lab.spread(values, digits) + (f" ({missing} of {len(values)} never)" if missing else "")

    return lab.table(
        ["setting, best first", *columns], ([row, *(cell(row, name, d) for name, d in columns.items())] for row in ranked)
    )


def study_figure(asked: lab.Options, study: str, rows: dict[str, Path]) -> None:
    made, panels = lab.figure(1, 3, width=4.2, height=3.4)
    for axes, (figure, title) in zip(
        panels[0],
        ((W1, "exact Wasserstein-1"), ("jensen_shannon_grid50_1k", "Jensen-Shannon"), ("kl_grid50_1k", "KL")),
        strict=True,
    ):
        for row, colour in zip(rows, lab.COLOURS * 4, strict=False):
            lab.band(axes, *lab.curves(rows[row], figure), row, colour)
        axes.set_yscale("log")
        lab.finish(axes, title=title, x="generator steps", legend=figure == W1)
    lab.save(made, asked.out / f"{NAME}-{study}", f"mean and standard deviation of {asked.seeds} seeds")


def animation(asked: lab.Options, variant: str, dataset: str) -> None:
    """The first seed's critic over the plane with real and generated points, a frame a checkpoint."""
    import jax
    from PIL import Image

    from jaxgan.report.pictures import figure_array, points_figure, surface_on_grid

    folder = folder_of(asked, {"variant": variant, "dataset": dataset})
    frames = []
    for step in lab.checkpoint_steps(folder):
        run = load(folder, step=step)
        law, score = run.setup.dataset.distribution, score_of(run)
        assert law is not None and score is not None
        real = np.asarray(law.to_units(law.sample(jax.random.key(0), 500)[0]))
        fake = np.asarray(law.to_units(run.sample(500)[0]))
        centre, reach = real.mean(0), 2.2 * np.abs(real - real.mean(0)).max()
        limits = (centre[0] - reach, centre[0] + reach, centre[1] - reach, centre[1] + reach)

        def surface(points: np.ndarray, law: Any = law, score: Any = score) -> np.ndarray:
            said = np.asarray(score(law.to_model(points), np.zeros(len(points), np.int32)))
            return 1 / (1 + np.exp(-said)) if variant == "gan" else said

        what = "probability of real" if variant == "gan" else "raw score"
        picture = points_figure(
            fake,
            real=real,
            critic=surface_on_grid(surface, limits, 80),
            limits=limits,
            title=f"{variant}, step {step:,}: {what}",
        )
        picture.set_dpi(70)
        frames.append(Image.fromarray(figure_array(picture)).quantize(64))
    content = io.BytesIO()
    frames[0].save(content, format="GIF", save_all=True, append_images=frames[1:], duration=400, loop=0)
    path = asked.out / f"{NAME}-{variant}-{dataset}.gif"
    path.write_bytes(content.getvalue())
    (folder / "animation.gif").write_bytes(content.getvalue())  # which the run's page shows
    print(path)


def main(argv: list[str] | None = None) -> None:
    own: dict[str, dict[str, Any]] = {
        "--studies": {"nargs": "*", "default": list(STUDIES), "choices": list(STUDIES)},
    }
    asked, more = lab.options_and_more(__doc__, NAME, seeds=5, argv=argv, more=own)
    steps = asked.length(STEPS, QUICK)
    found: dict[str, dict[str, np.ndarray]] = {}
    parts = {}
    for study in more["studies"]:
        chosen = dict(list(STUDIES[study].items())[: 2 if asked.quick else None])
        folders = {
            row: lab.trained(folder_of(asked, fields), config_of(fields, asked, steps)) for row, fields in chosen.items()
        }
        rows = {row: judged(folder) for row, folder in folders.items()}
        found |= rows
        parts[f"By {study}"] = study_table(rows)
        study_figure(asked, study, folders)
    parts = {"The lab's claims": claims(found), **parts}
    lab.write_results(
        asked, NAME, "Lab 003: fitting distributions of the plane", asked.budget("points of the plane", STEPS, QUICK), parts
    )
    if "networks" in more["studies"]:
        for variant in VARIANTS[:2] if asked.quick else VARIANTS:
            animation(asked, variant, "gaussian" if asked.quick else "mixture4")


if __name__ == "__main__":
    main()
