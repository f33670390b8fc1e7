"""The page that draws, of a run: what `report/generator_page.py` is given."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from jaxgan.data import name_without_path
from jaxgan.engine.directions import directions
from jaxgan.engine.sampling import label_rows
from jaxgan.engine.surface import CriticSurface, critic_scores, has_surface, surface_axis
from jaxgan.exports import Graph
from jaxgan.report.generator_page import Drawing, Kind
from jaxgan.runs.run import Run

KEPT = 8  # samples of each generator that the page draws again, to be held against
DIRECTIONS = 8
REAL = 1000  # points


def drawing_of(run: Run, graph: Graph, *, average: bool = True) -> Drawing:
    """What the page of a run draws.

    Args:
        run: the run.
        graph: its generator.
        average: whether the graph's weights are the averaged ones.
    """
    gan, dataset = run.gan, run.dataset
    n = KEPT * gan.generators
    latents = np.random.default_rng(0).standard_normal((n, gan.latent_dim)).astype(np.float32)
    labels: Any = None
    if gan.n_classes:
        labels = np.arange(n) % gan.n_classes
    elif (rows := label_rows(gan, dataset)) is not None:
        labels = rows[np.arange(n) % len(rows)]
    given = gan.sample_labels(n, labels)
    samples = np.asarray(run.generate(jnp.asarray(latents), given, average=average, batch_statistics=False), np.float32)
    kept = {"latents": latents, "samples": samples}
    if labels is not None:
        kept["labels"] = labels.astype(np.float32)
    drawn = kind_of(run)
    return Drawing(
        title=", ".join(filter(None, (name_without_path(dataset.name), run.config.variant))),
        summary=f"A generator that was trained for {int(run.state.step):,} steps, drawing here and now.",
        graph=graph,
        kind=drawn,
        directions=directions(run, min(DIRECTIONS, gan.latent_dim), average=average).vectors,
        kept=kept,
        class_names=run.class_names,
        labels=run.label_vectors,
        scaling=dataset.scaling,
        names=dataset.scaling.feature_names() if drawn == "vectors" and dataset.scaling is not None else (),
        surface=surface_of(run, samples),
    )


def kind_of(run: Run) -> Kind:
    """What a sample is, by the axes that it has."""
    if run.sample_shape == (2,):
        return "points"
    kinds: dict[int, Kind] = {1: "vectors", 2: "series", 3: "pictures", 4: "volumes"}
    return kinds[len(run.sample_shape)]


def surface_of(run: Run, samples: np.ndarray) -> CriticSurface | None:
    """The critic's scores over the plane, and real points where their distribution is known; None where no critic scores points."""
    if not has_surface(run.gan, run.sample_shape):
        return None
    distribution = run.dataset.distribution
    real = None if distribution is None else np.asarray(distribution.sample(jax.random.key(0), REAL)[0])
    axis = surface_axis(np.concatenate([samples, np.zeros((0, 2)) if real is None else real]))
    scores = jax.jit(critic_scores, static_argnums=0)(run.gan, run.state, axis, label_rows(run.gan, run.dataset))
    return CriticSurface(axis, np.asarray(scores), real)
