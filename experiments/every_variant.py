"""Does every variant draw? All of them on MNIST and Fashion-MNIST, with one pair of networks, side by side.

    python -m experiments.every_variant --data-dir DATA    # 3 seeds, days on one core; --only VARIANT ... trains some of them
    python -m experiments.every_variant --quick            # scikit-learn's digits, 30 steps, 2 seeds: minutes

What all share: the `dcgan` networks 16 wide (where a variant needs an autoencoder, `conv_autoencoder` in the critic's place), batch 64, averaged
weights (over about the last sixth of the run), the same number of generator steps; the optimizer, its betas and the critic steps are the variant's own paper's, but for
OWN; both players have one learning rate (BEGAN's critic half of it, `results/began.md`), the best of RATES by FID after a quarter of the
steps, on one seed that is not among the three. Compared are 10,000 samples with the test set's 10,000 pictures, in the features of the lab's classifier.

A finished run is not trained again and a stopped one goes on: the same command continues after an interruption.
"""

import dataclasses
import sys
from typing import Any

import numpy as np

from experiments import lab, plots
from jaxgan import Config, command
from jaxgan.evaluation.protocol import count
from jaxgan.folder import RunFolder
from jaxgan.objectives import VARIANTS

NAME = "every_variant"
STEPS, QUICK = 6000, 30
RATES = (1e-4, 3e-4, 1e-3)
TRIAL = 4  # a rate is tried for this part of the steps
TRIAL_SEED = 100
SAMPLES, TRIAL_SAMPLES = (10_000, 500), (2_000, 500)  # measured, in full and quick
AVERAGED = 6  # the average of weights reaches back over about this part of the run
OWN: dict[str, dict[str, Any]] = {  # where a variant's paper sets what does not fit these networks or this length
    "began": {"balance_rate": 0.01, "diversity_ratio": 1.1, "beta1": 0.5},
    "ct_gan": {"dropout": 0.2},
}
CRITIC_RATE = {"began": 0.5}  # the critic's learning rate by the generator's, where they are not the same
COLUMNS = {  # metric, without the number of samples: (heading, digits, factor)
    "fid_lab": ("FID", 1, 1),
    "kid_lab": ("KID", 0, 1),
    "precision_lab": ("precision", 2, 1),
    "recall_lab": ("recall", 2, 1),
    "rarest_class_share_lab": ("rarest class, %", 1, 100),
}


DATASETS = {"mnist": "MNIST", "fashion_mnist": "Fashion-MNIST", "digits": "scikit-learn's digits"}  # and their titles


def config_of(variant: str, dataset: str, rate: float, options: lab.Options) -> Config:
    """The run of a variant, with this learning rate of the generator."""
    network: dict[str, Any] = {"generator": "dcgan", "critic": "dcgan"}
    if VARIANTS[variant].critic == "autoencoder":
        network["critic"] = "conv_autoencoder"
    steps = options.length(STEPS, QUICK)
    return Config(
        variant=variant, dataset=dataset, data_dir=options.data_dir, recipe="paper", **network, hidden_dim=options.width or 16,
        batch_size=64, learning_rate=rate, critic_learning_rate=CRITIC_RATE.get(variant, 1.0) * rate,
        ema=1 - AVERAGED / max(steps, 2 * AVERAGED), steps=steps,
        replicas=options.seeds, sample_every=max(1, steps // 4), checkpoint_every=max(1, steps // 20), keep_checkpoints=1,
        **OWN.get(variant, {}),
    )  # fmt: skip


def size(samples: tuple[int, int], options: lab.Options) -> str:
    """The number of samples as metrics' names have it."""
    return count(samples[options.quick])


def trials_of(variant: str, dataset: str, options: lab.Options) -> dict[float, lab.Run]:
    """The short runs by which a rate is chosen."""
    short: dict[str, Any] = {
        "seed": TRIAL_SEED,
        "replicas": 1,
        "steps": max(1, options.length(STEPS, QUICK) // TRIAL),
        "ema": 0.99,
    }
    return {
        rate: (
            options.out / "rates" / f"{dataset}-{variant}-{rate:g}",
            dataclasses.replace(config_of(variant, dataset, rate, options), **short),
        )
        for rate in RATES
    }


def choose_rate(variant: str, dataset: str, options: lab.Options) -> tuple[float, dict[float, float]]:
    """The rate with the least FID after a quarter of the steps, and the FID of each; inf where the run diverged."""
    fids = {}
    for rate, trial in trials_of(variant, dataset, options).items():
        folder = lab.train_once(*trial)
        fid = lab.measure_once(folder, TRIAL_SAMPLES[options.quick], options.data_dir).get(
            f"fid_lab_{size(TRIAL_SAMPLES, options)}"
        )
        fids[rate] = np.inf if fid is None else float(fid[0])
    return min(fids, key=fids.__getitem__), fids


def run_of(variant: str, dataset: str, rate: float, options: lab.Options) -> lab.Run:
    return options.out / f"{dataset}-{variant}", config_of(variant, dataset, rate, options)


def train_and_measure(variant: str, dataset: str, options: lab.Options) -> dict[str, Any]:
    """The folder of a variant's run, its rate and those tried, its metrics by seed, its time and memory."""
    rate, tried = choose_rate(variant, dataset, options)
    folder, config = run_of(variant, dataset, rate, options)
    lab.train_once(folder, config)
    values = lab.measure_once(folder, SAMPLES[options.quick], options.data_dir)
    speed = lab.curves(folder, "steps_per_second")[1]
    record = lab.read_or_compute(folder / "memory.json", lambda: lab.memory_of(config))
    return {
        "folder": folder,
        "rate": rate,
        "tried": tried,
        "values": values,
        "minutes": options.length(STEPS, QUICK) / float(np.median(speed)) / 60 / options.seeds if speed.size else np.nan,
        "mebibytes": (record["temporary"] + record["state"]) / 2**20,
    }


def table(results: dict[str, dict[str, Any]], options: lab.Options) -> str:
    """A row a variant: mean and deviation over the seeds."""
    rows = []
    for variant, result in results.items():
        cells = [
            lab.mean_and_deviation(result["values"].get(f"{name}_{size(SAMPLES, options)}", ()), digits, factor)
            for name, (_, digits, factor) in COLUMNS.items()
        ]
        rates = ", ".join(f"{rate:g}: {fid:.0f}" for rate, fid in result["tried"].items())
        cost = f"{result['minutes']:.1f}", f"{result['mebibytes']:.0f}"
        rows.append([variant, *cells, f"{result['rate']:g} ({rates})", *cost])
    headings = [heading for heading, _, _ in COLUMNS.values()]
    return lab.table(["variant", *headings, "rate (FID of those tried)", "minutes a seed", "MiB a seed"], rows)


def classifier_of(results: dict[str, dict[str, Any]]) -> str:
    """The classifier whose features were compared: its digest, and its share of right answers on the test set."""
    for result in results.values():
        protocol = RunFolder(result["folder"]).read_evaluation().get("protocol", {})
        if "classifier_weights" in protocol:
            return f"Classifier {protocol['classifier_weights']}, {100 * protocol['classifier_accuracy']:.2f} % right on the test set."
    return ""


def main(argv: list[str] | None = None) -> None:
    flags: dict[str, dict[str, Any]] = {
        "--only": {"nargs": "*", "choices": list(VARIANTS), "metavar": "VARIANT", "help": ", ".join(VARIANTS)}
    }
    flags["--datasets"] = {"nargs": "+", "choices": list(DATASETS), "help": "which data sets (mnist and fashion_mnist)"}
    options, more = lab.read_options_and_more(__doc__, NAME, seeds=3, argv=argv, more=flags)
    variants = more["only"] or VARIANTS
    datasets = more["datasets"] or (["digits"] if options.quick else ["mnist", "fashion_mnist"])
    both = [(variant, dataset) for dataset in datasets for variant in variants]
    lab.train_ahead(options.cluster, (trial for own in both for trial in trials_of(*own, options).values()))
    lab.train_ahead(options.cluster, (run_of(*own, choose_rate(*own, options)[0], options) for own in both))
    results: dict[str, dict[str, dict[str, Any]]] = {
        dataset: {variant: train_and_measure(variant, dataset, options) for variant in variants} for dataset in datasets
    }
    parts = {dataset: table(own, options) + "\n\n" + classifier_of(own) for dataset, own in results.items()}
    budget = options.budget("dcgan, 16 wide, batch 64", STEPS, QUICK)
    lab.write_results(options, NAME, f"Every variant on {' and '.join(map(DATASETS.__getitem__, datasets))}", budget, parts)
    for dataset, own in results.items():
        figure = plots.samples_figure({variant: result["folder"] for variant, result in own.items()}, {"at the end": 1.0})
        plots.save_figure(figure, options.out / f"{NAME}-{dataset}", f"{dataset}: the first of {options.seeds} seeds")


if __name__ == "__main__":
    sys.exit(command.run(main))
