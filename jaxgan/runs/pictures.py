"""Pictures of an open run: its samples, its curves, its critic over the plane."""

from typing import TYPE_CHECKING, Any

import jax
import numpy as np

from jaxgan.data import Dataset
from jaxgan.engine.gan import Gan
from jaxgan.engine.sampling import label_rows
from jaxgan.engine.surface import CriticSurface, critic_scores, has_surface, surface_axis
from jaxgan.errors import UserError
from jaxgan.report.figures import critic_surface_figure, curves_figure, figure_array
from jaxgan.report.samples import SampleView, real_beside
from jaxgan.report.shown import Picture, SamplePicture, drawn

if TYPE_CHECKING:
    from jaxgan.runs.run import Run

IMAGES, POINTS = 64, 2500  # samples of a picture, where it is not said how many


def view_of(gan: Gan, dataset: Dataset) -> SampleView:
    """What draws the samples of a run, as into its folder."""
    titles = row_titles(gan, dataset)
    groups = gan.n_classes or len(titles) or (gan.generators if gan.generators > 1 else 0)
    return SampleView(dataset.distribution, groups, titles, scaling=dataset.scaling, real=real_beside(dataset))


def row_titles(gan: Gan, dataset: Dataset) -> list[str]:
    """What the rows of a grid of samples are called: the classes, by their numbers where they have no names, or label vectors."""
    if gan.label_dim:
        vectors = dataset.label_vectors
        return [""] if vectors is None else [vectors.words(row) for row in vectors.shown]
    return list(dataset.class_names) if gan.n_classes == len(dataset.class_names) else [str(i) for i in range(gan.n_classes)]


def sample_picture(run: "Run", n: int | None = None, *, title: str = "", **how: Any) -> SamplePicture:
    """n samples with their picture: a grid of images, points over their exact density, or what else samples are drawn as.

    Args:
        run: the run.
        n: how many: 64 images (of a conditional run about as many, the same number of each class), 2,500 points or vectors.
        title: of a figure of points, vectors, series or volumes; the step where it is not given.
        how: as the arguments of `Run.sample`.

    Raises:
        UserError: as `Run.sample`; samples that have no picture.
    """
    if n is None:
        n = POINTS if run.dataset.is_vectors else IMAGES
        if run.is_images and run.gan.n_classes and not {"label", "labels"} & how.keys():
            n = run.gan.n_classes * max(1, round(IMAGES / run.gan.n_classes))
    made, labels = run.sample(n, **how)
    samples = np.asarray(made, np.float32)
    classes = np.zeros(len(samples), np.int32) if labels is None or np.ndim(labels) != 1 else np.asarray(labels)
    pixels = view_of(run.gan, run.dataset).picture(samples, classes, title or f"step {run.step:,}")
    return SamplePicture(drawn(pixels, run.sample_shape), samples, None if labels is None else np.asarray(labels))


def curves_picture(run: "Run") -> Picture:
    """The losses, penalties, gradient norms and mean scores over the steps; raises UserError where nothing was logged yet."""
    try:
        return Picture(figure_array(curves_figure(run.metrics)))
    except ValueError as error:
        raise UserError(f"{run.folder}: {error}") from None


def critic_picture(run: "Run", n: int = 1000, *, seed: int = 0, label: Any = None, average: bool = True) -> Picture:
    """The critic's scores over the plane as level lines, with n real and n generated points.

    Raises:
        UserError: the run's samples are no points of the plane, or its critic scores none alone.
    """
    if not has_surface(run.gan, run.sample_shape):
        raise UserError(f"critic surface: {run.folder} has no critic that scores single points of the plane")
    distribution = run.dataset.distribution
    fake = np.asarray(run.sample(n, seed=seed, label=label, average=average)[0], np.float32)
    real = None if distribution is None else np.asarray(distribution.sample(jax.random.key(seed), n)[0])
    axis, rows = surface_axis(fake), label_rows(run.gan, run.dataset)
    scores = np.asarray(jax.jit(critic_scores, static_argnums=0)(run.gan, run.state, axis, rows))
    surface = CriticSurface(axis, scores, real)
    return Picture(figure_array(critic_surface_figure(surface, fake, distribution or run.dataset.scaling)))
