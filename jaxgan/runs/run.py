"""A run folder, opened: its GAN with the trained state, its settings and what it logged."""

import dataclasses
from pathlib import Path
from typing import Any

from jaxtyping import Array, Float

from jaxgan.checks import whole_number
from jaxgan.data import Dataset
from jaxgan.engine.sampling import TrainedGan
from jaxgan.engine.state import one_replica, step_of
from jaxgan.errors import UserError
from jaxgan.folder import RunFolder
from jaxgan.labels import LabelVectors
from jaxgan.report.cards import Facts, in_a_line, run_card
from jaxgan.report.frames import Records, as_frame
from jaxgan.report.shown import Picture, SamplePicture
from jaxgan.runs.pictures import critic_picture, curves_picture, sample_picture
from jaxgan.settings import Config, to_json
from jaxgan.types import Labels, Samples


@dataclasses.dataclass(frozen=True, eq=False)
class Run(TrainedGan):
    """What `fit` and `load` return.

    `state` is that of one replica, or of all, along a leading axis; samples are then the first one's: `replica(i)` has the others.
    """

    folder: Path
    config: Config  # every option that has a meaning for the run is set
    dataset: Dataset  # its shape, classes and distribution; its samples only where they were at hand
    replicas: int = 1
    replica_number: int | None = None  # which of the folder's replicas it is, where it is one of several

    def __repr__(self) -> str:
        return in_a_line(self._facts)

    def _repr_html_(self) -> str:
        return run_card(self._facts)

    @property
    def _facts(self) -> Facts:
        return Facts(self.folder, to_json(self.config), self.step, self.replicas, self.replica_number)

    @property
    def step(self) -> int:
        """The generator steps that the state was trained for."""
        return step_of(self.state)

    @property
    def label_vectors(self) -> LabelVectors | None:
        """Names, units and some rows of labels that are vectors."""
        return self.dataset.label_vectors

    @property
    def class_names(self) -> tuple[str, ...]:
        """What the classes are called; empty where they have no names."""
        return self.dataset.class_names

    def replica(self, number: int) -> "Run":
        """One replica as a run of its own.

        Raises:
            UserError: there is no such replica.
        """
        number = whole_number("replica", number, at_least=0)
        if number >= self.replicas:
            raise UserError(f"--replica {number}: allowed are 0 to {self.replicas - 1}")
        own = self.replica_number if self.replicas == 1 else number
        return dataclasses.replace(self, state=one_replica(self.state, number, self.replicas), replicas=1, replica_number=own)

    @property
    def every_replica(self) -> list["Run"]:
        """Each replica as a run of its own."""
        return [self.replica(number) for number in range(self.replicas)]

    @property
    def metrics(self) -> list[dict[str, Any]]:
        """The lines of metrics.jsonl, one a logged step and replica, oldest first; `frame()` has them as a table."""
        return Records(RunFolder(self.folder).read_metrics())

    def frame(self, library: str = "pandas") -> Any:
        """The lines of metrics.jsonl as a data frame of "pandas" or "polars", a row a logged step and replica; not finite is missing.

        Raises:
            UserError: another library, or one that is not installed.
        """
        return as_frame(self.metrics, library)

    def samples(self, n: int | None = None, *, title: str = "", **how: Any) -> SamplePicture:
        """n samples with their picture, which a notebook shows: a grid of images, points over their exact density.

        `.samples` and `.labels` are what `sample(n, **how)` returns, as numpy arrays, and `.save("X.png")` writes the picture. Where n is not
        given, 64 images (of a conditional run about as many, as many of each class) or 2,500 others. `title` is that of a figure.

            run.samples(100, label=3)

        Raises:
            UserError: as `sample`; samples that have no picture.
        """
        return sample_picture(self, n, title=title, **how)

    def curves(self) -> Picture:
        """The curves of losses, penalties, gradient norms and mean scores as a picture, which a notebook shows.

        Raises:
            UserError: nothing was logged yet.
        """
        return curves_picture(self)

    def critic_surface(self, n: int = 1000, *, seed: int = 0, label: Any = None, average: bool = True) -> Picture:
        """The critic's scores over the plane as level lines, with n real and n generated points, as a picture.

        Raises:
            UserError: the run's samples are no points of the plane, or its critic scores none alone.
        """
        first = self.replica(0) if self.replicas > 1 else self
        return critic_picture(first, n, seed=seed, label=label, average=average)

    def generate(
        self, latent: Float[Array, "n latent"], labels: Labels, *, batch_statistics: bool | None = None, average: bool = True
    ) -> Samples:
        """G(latent, labels) of the first replica."""
        if self.replicas > 1:
            return self.replica(0).generate(latent, labels, batch_statistics=batch_statistics, average=average)
        return super().generate(latent, labels, batch_statistics=batch_statistics, average=average)
