"""Time to a quality that is fixed before, against PyTorch: `python -m experiments.benchmarks.speed_of_learning --data-dir DATA`.

Two trainings, each with the same networks, first weights and settings on both sides (WGAN-GP of the papers, batch 128; experiments/benchmarks/against_pytorch.py):
`ring` (ring8, mlp 128 wide) until 10,000 samples hold all 8 modes, each with a hundredth of them at least, within 3 standard deviations; `mnist` (lab 002's conv/conv) until
10,000 samples have an FID of FID or less against the test set, in the features of the lab's classifier.

Both sides train a part of so many iterations in turn, then are measured with the clock stopped, until each has reached it. PyTorch is eager
(`pip install torch`). A ratio is PyTorch's seconds by ours: the median over seeds [min-max]; with compiling our first part counts too, which
compiles. With --out X.json all that was seen is written.
"""

import argparse
import json
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import jax
import jax.numpy as jnp
import numpy as np

from experiments.benchmarks.against_pytorch import WORKLOADS, Ours, Theirs, machine
from jaxgan import Config, data
from jaxgan.data import Dataset
from jaxgan.features import lab_classifier
from jaxgan.files import json_text, write_atomically
from jaxgan.metrics import frechet_distance, gaussian
from jaxgan.settings import Resolved, resolve

SAMPLES = 10_000
AT_ONCE = 500  # samples that PyTorch draws in one pass
FID = 600.0
FEWEST = SAMPLES // 100  # of the samples, in a mode that counts


class Side(Protocol):
    """One of the two that learn."""

    def run(self, n: int) -> None: ...  # n iterations


@dataclass
class Learner:
    """A side, and how far it is."""

    side: Side
    sample: Callable[[], np.ndarray]  # SAMPLES of them, as the networks see them
    seconds: list[float] = field(default_factory=list)  # of each part of its training
    qualities: list[float] = field(default_factory=list)  # after each part
    reached: bool = False

    def record(self, every: int) -> dict[str, Any]:
        """As JSON values."""
        told = {"iterations": every * len(self.seconds), "seconds": sum(self.seconds), "first_part": self.seconds[0]}
        return {**told, "reached": self.reached, "qualities": self.qualities}


@dataclass(frozen=True)
class Task:
    """What is to be learnt, and when it is."""

    settings: dict[str, Any]
    measure: Callable[[np.ndarray], float]  # of samples
    is_learnt: Callable[[float], bool]
    every: int  # iterations of a part
    most: int  # parts, after which a side has not reached it
    dataset: Dataset | None = None  # where it is not drawn afresh


def learn(learners: dict[str, Learner], task: Task) -> None:
    """Trains each side part by part, in turn, until all have reached the quality or have made the most parts."""
    for _ in range(task.most):
        for learner in learners.values():
            if learner.reached:
                continue
            began = time.perf_counter()
            learner.side.run(task.every)
            learner.seconds.append(time.perf_counter() - began)
            learner.qualities.append(task.measure(learner.sample()))
            learner.reached = task.is_learnt(learner.qualities[-1])


def full_modes(points: np.ndarray, distribution: Any) -> float:
    """Modes with at least FEWEST samples within 3 standard deviations of their centre."""
    units, centres = np.asarray(distribution.to_units(points)), np.asarray(distribution.centres)
    distances = np.linalg.norm(units[:, None] - centres, axis=-1)  # (n, modes)
    return float(((distances <= 3 * distribution.std).sum(0) >= FEWEST).sum())


def ring() -> Task:
    dataset = data.load("ring8")
    settings = WORKLOADS["w1"] | {"learning_rate": 1e-3, "gradient_penalty_weight": 0.1}
    return Task(settings, lambda points: full_modes(points, dataset.distribution), lambda modes: modes == 8, every=100, most=60)


def mnist(data_dir: Path | None) -> Task:
    train, test = (data.load("mnist", data_dir=data_dir, split=split) for split in ("train", "test"))
    classifier = lab_classifier("mnist", data_dir=data_dir)
    assert test.samples is not None
    real = gaussian(classifier.classify(test.samples[:SAMPLES])[1])
    adam = {"optimizer": "adam", "learning_rate": 1e-3, "beta1": 0.5, "beta2": 0.999}
    settings = {
        "dataset": "mnist",
        "variant": "gan",
        "network": "dcgan",
        "hidden_dim": 16,
        "n_critic": 1,
        "batch_size": 64,
        **adam,
    }

    def fid(samples: np.ndarray) -> float:
        return frechet_distance(real, gaussian(classifier.classify(samples)[1]))

    return Task(settings, fid, lambda value: value <= FID, every=100, most=30, dataset=train)


def sampler_of_ours(resolved: Resolved, ours: Ours) -> Callable[[], np.ndarray]:
    """Samples of jaxgan's generator as it is in evaluation."""
    latent = jax.random.normal(jax.random.key(1), (SAMPLES, resolved.gan.latent_dim))
    labels = jnp.zeros(SAMPLES, jnp.int32)

    @jax.jit
    def samples(params: Any, variables: Any, latent: Any) -> Any:
        return resolved.gan.networks.generator.apply({"params": params, **variables}, latent, labels)

    return lambda: np.asarray(samples(ours.state.generator.params, ours.state.generator.variables, latent))


def sampler_of_theirs(resolved: Resolved, theirs: Theirs) -> Callable[[], np.ndarray]:
    """The same of PyTorch's; pictures with their channels last."""
    torch = theirs.torch
    latent = torch.randn(SAMPLES, resolved.gan.latent_dim, generator=torch.Generator().manual_seed(1)).to(theirs.device)

    def samples() -> np.ndarray:
        theirs.generator.eval()
        with torch.no_grad():
            drawn = torch.cat([theirs.generator(part) for part in latent.split(AT_ONCE)]).cpu().numpy()
        theirs.generator.train()
        return drawn.transpose(0, 2, 3, 1) if drawn.ndim == 4 else drawn

    return samples


def measure(task: Task, seed: int) -> dict[str, Any]:
    """One seed on both sides, PyTorch from jaxgan's first weights."""
    settings = {"batch_size": 128, "seed": seed, **task.settings}
    resolved = resolve(Config(recipe="paper", steps=10**6, **settings), task.dataset)
    assert not resolved.config.ema, "PyTorch's side keeps no average"
    ours = Ours(resolved)
    theirs = Theirs(resolved, ours)
    theirs.torch.manual_seed(seed)
    learners = {
        "jaxgan": Learner(ours, sampler_of_ours(resolved, ours)),
        "pytorch": Learner(theirs, sampler_of_theirs(resolved, theirs)),
    }
    learn(learners, task)
    found = {name: learner.record(task.every) for name, learner in learners.items()}
    found["jaxgan"]["compile_seconds"] = ours.compile_seconds
    return found


def ratios(seeds: list[dict[str, Any]], *, compiling: bool = False) -> list[float]:
    """PyTorch's seconds by ours, of the seeds of which both sides reached it."""
    both = [seed for seed in seeds if all(side["reached"] for side in seed.values())]
    return [
        seed["pytorch"]["seconds"] / (seed["jaxgan"]["seconds"] + (seed["jaxgan"]["compile_seconds"] if compiling else 0))
        for seed in both
    ]


def words(values: list[float]) -> str:
    """Median and range."""
    return f"{statistics.median(values):.2f} [{min(values):.2f}-{max(values):.2f}]" if values else "none"


def line(name: str, seeds: list[dict[str, Any]]) -> str:
    """What is said of a task."""
    parts = []
    for side in ("jaxgan", "pytorch"):
        own = [seed[side] for seed in seeds]
        seconds = ", ".join(
            f"{one['seconds']:.1f} s of {one['iterations']:,}" + ("" if one["reached"] else " (not reached)") for one in own
        )
        parts.append(f"{side} {seconds}")
    return (
        f"{name}: PyTorch's time by ours {words(ratios(seeds))}, with compiling {words(ratios(seeds, compiling=True))};"
        f" seconds of iterations by seed: {'; '.join(parts)}"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("tasks", nargs="*", default=["ring", "mnist"], help="which; both without one")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--data-dir", type=Path, help="where MNIST lies; the user's cache folder where not given")
    parser.add_argument("--out", help="a JSON file to write")
    options = parser.parse_args()
    about = machine()
    print(json.dumps(about), flush=True)
    results = {}
    for name in options.tasks:
        task = ring() if name == "ring" else mnist(options.data_dir)
        results[name] = [measure(task, seed) for seed in range(options.seeds)]
        print(line(name, results[name]), flush=True)
    if options.out:
        write_atomically(options.out, json_text({"machine": about, "results": results}))


if __name__ == "__main__":
    main()
