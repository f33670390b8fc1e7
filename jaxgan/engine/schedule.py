"""How long a run is, what it draws its chance from, and how often it stops to look."""

from typing import NamedTuple


class Schedule(NamedTuple):
    """The plan of a run: whole numbers that hold for all its replicas."""

    steps: int  # generator steps
    batch_size: int
    seeds: tuple[int, ...] = (0,)  # one a replica: replicas train side by side in one program
    mesh: str | None = None  # data=4,replica=2; one device where None
    log_every: int = 100
    sample_every: int = 1000
    checkpoint_every: int = 1000
    metrics_every: int = 0  # 0: never
    readers: int | None = None  # further processes that read what stays on disk; as `jaxgan.engine.reading` says where None

    @property
    def replicas(self) -> int:
        return len(self.seeds)

    def next_stop(self, step: int) -> int:
        """The first step after `step` at which something is logged, drawn, saved or measured; the last step at most."""
        every = (self.log_every, self.sample_every, self.checkpoint_every, self.metrics_every)
        return min(self.steps, *((step // steps + 1) * steps for steps in every if steps))
