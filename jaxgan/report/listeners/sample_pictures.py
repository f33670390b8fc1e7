"""The samples of a run, and its critic's scores over the plane, drawn as it goes."""

from pathlib import Path

import numpy as np

from jaxgan.engine.listeners import Listener
from jaxgan.engine.surface import CriticSurface
from jaxgan.files import without_link
from jaxgan.report.figures import Distribution, Units, save_critic_surface
from jaxgan.report.images import save_image
from jaxgan.report.samples import SampleView


class SampleListener(Listener):
    """One that keeps pictures of the samples in a folder."""

    def __init__(
        self,
        folder: str | Path,
        *,
        distribution: Distribution | None = None,
        n_classes: int = 0,
        view: SampleView | None = None,
    ) -> None:
        """`distribution` is that of two-dimensional data; `n_classes` is 0 unless the run is conditional; or a `view` that knows both."""
        self._folder = Path(folder)
        self._view = view or SampleView(distribution, n_classes)


class SamplePictures(SampleListener):
    """Keeps samples/step_00000500.png; step_00000500-replica_00.png and so on where there are several.

    Samples that are neither images nor vectors, series or volumes are not drawn.
    """

    def on_sample(self, step: int, samples: list[np.ndarray], labels: list[np.ndarray]) -> None:
        """Write one picture a replica."""
        for replica, picture in enumerate(self._view.of_step(step, samples, labels)):
            suffix = f"-replica_{replica:02d}" if len(samples) > 1 else ""
            if picture is not None:
                save_image(without_link(self._folder / f"step_{step:08d}{suffix}.png"), picture)


class CriticPictures(Listener):
    """Keeps critic/step_00000500.png: the scores of the first replica's critic over the plane, with real and generated points."""

    def __init__(self, folder: str | Path, distribution: Units | None = None) -> None:
        """`distribution`, or scaling, is that of the points, whose units are drawn; without it they are drawn as the networks see them."""
        self._folder, self._distribution = Path(folder), distribution

    def on_surface(self, step: int, surface: CriticSurface, samples: np.ndarray) -> None:
        """Write the picture."""
        path = without_link(self._folder / f"step_{step:08d}.png")
        save_critic_surface(path, surface, samples, self._distribution, title=f"the critic at step {step:,}")
