"""A run folder, opened: its GAN with the trained state, its settings and what it logged."""

import dataclasses
from pathlib import Path
from typing import Any

from jaxtyping import Array, Float

from jaxgan.checks import whole_number
from jaxgan.data import Dataset
from jaxgan.engine.sampling import TrainedGan
from jaxgan.engine.state import one_replica
from jaxgan.errors import UserError
from jaxgan.folder import RunFolder
from jaxgan.labels import LabelVectors
from jaxgan.settings import Config
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
        return dataclasses.replace(self, state=one_replica(self.state, number, self.replicas), replicas=1)

    @property
    def every_replica(self) -> list["Run"]:
        """Each replica as a run of its own."""
        return [self.replica(number) for number in range(self.replicas)]

    @property
    def metrics(self) -> list[dict[str, Any]]:
        """The lines of metrics.jsonl, one a logged step and replica, oldest first."""
        return RunFolder(self.folder).read_metrics()

    def generate(
        self, latent: Float[Array, "n latent"], labels: Labels, *, batch_statistics: bool | None = None, average: bool = True
    ) -> Samples:
        """G(latent, labels) of the first replica."""
        if self.replicas > 1:
            return self.replica(0).generate(latent, labels, batch_statistics=batch_statistics, average=average)
        return super().generate(latent, labels, batch_statistics=batch_statistics, average=average)
