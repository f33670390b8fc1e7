"""Do the labs' own loops in PyTorch and jaxgan's runs of the same recipes come out alike? `python -m experiments.torch_labs.compare`

    python -m experiments.torch_labs.compare            # 10 seeds a side; hours on one core
    python -m experiments.torch_labs.compare --quick    # 2 epochs, 2 seeds: a minute

Lab 003's GAN, WGAN and WGAN-GP on its Gaussian, and lab 004's GAN, WGAN-GP and conditional WGAN-GP on eight modes, each with ten seeds in PyTorch
(loops.py; `pip install torch==2.13.0`) and ten in jaxgan, on the same 10,000 fixed points and measured by the same functions on as many samples.
The distributions of each metric over the seeds are compared by Mann and Whitney's test: p is how often chance makes them differ as much.

A PyTorch seed that is finished is kept in OUT/NAME.npz and not trained again; jaxgan's runs go on where they stopped.
"""

import sys
import time
from typing import Any

import jax.numpy as jnp
import numpy as np
from scipy.stats import mannwhitneyu

from experiments import lab
from jaxgan import Config, command, data
from jaxgan.data import Dataset
from jaxgan.files import replacing
from jaxgan.metrics import lab_mode_coverage, mode_coverage, wasserstein1
from jaxgan.runs import load_all

NAME = "torch_labs"
POINTS, SAMPLES, EXACT = 10_000, 10_000, 2_000
ROWS: dict[str, tuple[str, str, dict[str, Any]]] = {  # row: (data set, variant in loops.py, options in jaxgan)
    "lab 003, GAN": ("gaussian", "gan", {"variant": "gan", "recipe": "lab003"}),
    "lab 003, WGAN": ("gaussian", "wgan", {"variant": "wgan", "recipe": "lab003"}),
    "lab 003, WGAN-GP": ("gaussian", "wgan_gp", {"variant": "wgan_gp", "recipe": "lab003"}),
    "lab 004, GAN": ("mixture8", "gan", {"variant": "gan", "recipe": "lab004"}),
    "lab 004, WGAN-GP": ("mixture8", "wgan_gp", {"variant": "wgan_gp", "recipe": "lab004"}),
    "lab 004, conditional WGAN-GP": (
        "mixture8",
        "conditional",
        {"variant": "wgan_gp", "recipe": "lab004", "conditional": True},
    ),
}
FULL_EPOCHS = {"gaussian": 200, "mixture8": 500}
METRICS = ("covered by the lab's rule", "modes by PacGAN's rule", "within 3 standard deviations", "exact Wasserstein-1")


def points_of(dataset: str) -> Dataset:
    """The fixed sample that both sides learn from."""
    return data.load(dataset, points=POINTS)


def epochs_of(dataset: str, options: lab.Options) -> int:
    return 2 if options.quick else FULL_EPOCHS[dataset]


def samples_of_torch(row: str, seed: int, options: lab.Options) -> np.ndarray:
    """Points (SAMPLES, 2) of one PyTorch seed, trained or read."""
    dataset, variant, _ = ROWS[row]
    path = options.out / f"{file_name(row)}-torch-{seed}.npz"
    if not path.is_file():
        import torch

        from experiments.torch_labs import loops

        torch.set_num_threads(1)
        fixed, began = points_of(dataset), time.perf_counter()
        assert fixed.samples is not None
        epochs = epochs_of(dataset, options)
        if dataset == "gaussian":
            sample = loops.lab003(variant, fixed.samples, seed, epochs=epochs)
        else:
            assert fixed.labels is not None
            sample = loops.lab004(variant, fixed.samples, fixed.labels, fixed.n_classes, seed, epochs=epochs)
        with replacing(path) as file:
            np.savez(file, points=sample(SAMPLES))
        print(f"{row}: PyTorch seed {seed} in {time.perf_counter() - began:.0f} s", flush=True)
    with np.load(path) as file:
        return file["points"]


def samples_of_jaxgan(row: str, options: lab.Options) -> list[np.ndarray]:
    """Points (SAMPLES, 2) of every seed of jaxgan's run."""
    dataset, _, fields = ROWS[row]
    config = Config(**fields, dataset=dataset, points=POINTS, epochs=float(epochs_of(dataset, options)), replicas=options.seeds)
    folder = lab.train_once(options.out / file_name(row), config)
    labels = jnp.arange(SAMPLES) % points_of(dataset).n_classes
    return [
        np.asarray(run.sample(SAMPLES, labels=labels if run.gan.n_classes else None)[0])
        for run in load_all(folder).every_replica
    ]


def file_name(row: str) -> str:
    return row.replace(",", "").replace(" ", "_")


def measured(dataset: str, points: np.ndarray) -> dict[str, float]:
    """METRICS of points in the networks' plane; distances in the data's units."""
    fixed = points_of(dataset)
    distribution = fixed.distribution
    assert distribution is not None and fixed.samples is not None
    real, units = (np.asarray(distribution.to_units(x)) for x in (fixed.samples, points))
    counted = mode_coverage(units, distribution.centres, distribution.std)
    modes = len(distribution.centres)
    chosen = np.random.default_rng(0).permutation(POINTS)[:EXACT]
    values = (
        lab_mode_coverage(fixed.samples, points, modes),
        float(counted.modes),
        float(counted.high_quality),
        wasserstein1(real[chosen], units[chosen]),
    )
    return dict(zip(METRICS, values, strict=True))


def compare(row: str, options: lab.Options) -> list[list[str]]:
    """A line a metric: both sides' mean and deviation, and p."""
    dataset = ROWS[row][0]
    torch_side = [measured(dataset, samples_of_torch(row, seed, options)) for seed in range(options.seeds)]
    ours = [measured(dataset, points) for points in samples_of_jaxgan(row, options)]
    lines = []
    for metric in METRICS if dataset != "gaussian" else METRICS[2:]:
        a, b = (np.array([values[metric] for values in side]) for side in (torch_side, ours))
        p = "-" if np.ptp(np.concatenate([a, b])) == 0 else f"{mannwhitneyu(a, b).pvalue:.2f}"
        lines.append([row, metric, lab.mean_and_deviation(a), lab.mean_and_deviation(b), p])
    return lines


def main(argv: list[str] | None = None) -> None:
    flags = {"--rows": {"nargs": "*", "choices": list(ROWS), "metavar": "ROW", "help": "; ".join(ROWS)}}
    options, more = lab.read_options_and_more(__doc__, NAME, seeds=10, argv=argv, more=flags)
    options.out.mkdir(parents=True, exist_ok=True)
    lines = [line for row in more["rows"] or ROWS for line in compare(row, options)]
    table = lab.table(["row", "metric", "PyTorch", "jaxgan", "p"], lines)
    lab.write_results(
        options, NAME, "The labs' loops in PyTorch beside jaxgan's runs", "the labs' epochs", {"Over the seeds": table}
    )


if __name__ == "__main__":
    sys.exit(command.run(main))
