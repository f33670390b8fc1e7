"""Are the digits that a run draws readable, and are all ten there? `python -m experiments.digits_quality RUN [RUN ...]`

Trains the classifier of lab 004, section 8, on the real digits (a minute on two cores), states its accuracy on the 300 held-out
ones, then classifies 5,000 generated images a run: the share with p > 0.9, and the share of each class; and says how rough their strokes are.
What came out stands in experiments/results/digits_quality.md.
"""

import json
import sys
from functools import partial
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import optax

import jaxgan
from jaxgan import command, data
from jaxgan.networks.classifier import Classifier
from jaxgan.pixels import to_model_range


def train_classifier(epochs: int = 15, batch_size: int = 64, seed: int = 0):
    """A compiled function images -> class probabilities, and its accuracy on the held-out digits."""
    train, test = data.load("digits"), data.load("digits", split="test")
    images, labels = to_model_range(jnp.asarray(train.samples)), jnp.asarray(train.labels)
    model, optimizer = Classifier(), optax.adam(1e-3)
    params = jax.jit(model.init)(jax.random.key(seed), images[:1])

    @partial(jax.jit, donate_argnums=(0, 1))
    def step(params, state, rows):
        def loss(params):
            logits = model.apply(params, images[rows]).logits
            return optax.softmax_cross_entropy_with_integer_labels(logits, labels[rows]).mean()

        updates, state = optimizer.update(jax.grad(loss)(params), state)
        return optax.apply_updates(params, updates), state

    state, rng = optimizer.init(params), np.random.default_rng(seed)
    for _ in range(epochs):
        order = rng.permutation(len(images))
        for start in range(0, len(images) - batch_size + 1, batch_size):
            params, state = step(params, state, order[start : start + batch_size])
    probabilities = jax.jit(lambda x: jax.nn.softmax(model.apply(params, x).logits))
    accuracy = float((probabilities(to_model_range(jnp.asarray(test.samples))).argmax(1) == jnp.asarray(test.labels)).mean())
    return probabilities, accuracy


def roughness(images: np.ndarray) -> float:
    """The mean square of the discrete Laplacian of pictures (N, H, W, 1) in [-1, 1]: .06 of the real digits, more of noisy strokes."""
    x = np.asarray(images, float)[..., 0]
    laplacian = 4 * x[:, 1:-1, 1:-1] - x[:, 2:, 1:-1] - x[:, :-2, 1:-1] - x[:, 1:-1, 2:] - x[:, 1:-1, :-2]
    return float((laplacian**2).mean())


def measure(probabilities, run: Path, n: int = 5000, seed: int = 0) -> dict:
    """The share of sure images and each class's share, in percent; the roughness of the strokes."""
    images, _ = jaxgan.load(run).sample(n, seed=seed)
    p = np.asarray(probabilities(images))
    shares = 100 * np.bincount(p.argmax(1), minlength=10) / n
    return {
        "run": run.name,
        "sure_percent": round(float(100 * (p.max(1) > 0.9).mean()), 1),
        "smallest_class_percent": round(float(shares.min()), 1),
        "roughness": round(roughness(images), 3),
        "class_percent": [round(float(share), 1) for share in shares],
    }


def main() -> None:
    runs = [Path(argument) for argument in sys.argv[1:]]
    if not runs:
        sys.exit("usage: python -m experiments.digits_quality RUN [RUN ...]")
    probabilities, accuracy = train_classifier()
    print(f"classifier: {100 * accuracy:.1f}% of the 300 held-out digits")
    for run in runs:
        print(json.dumps(measure(probabilities, run)))


if __name__ == "__main__":
    sys.exit(command.run(main))
