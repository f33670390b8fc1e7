"""Where a run's arrays lie: replicas over one axis of a mesh of devices, the samples of each batch over the other.

The arrays keep their global meaning: batch statistics and penalties are those of the whole batch, whatever the mesh, and the
compiler puts in the sums over devices. One device is a mesh of 1 x 1.
"""

from dataclasses import dataclass
from typing import Any

import jax
import numpy as np
from jax.sharding import AxisType, Mesh, NamedSharding, PartitionSpec
from jaxtyping import PyTree

from jaxgan.errors import UserError, unknown
from jaxgan.types import Draw

AXES = ("replica", "data")


@dataclass(frozen=True)
class Placement:
    """The mesh of a run, and the shardings that arrays take on it."""

    mesh: Mesh

    @property
    def everywhere(self) -> NamedSharding:
        """A copy on every device."""
        return NamedSharding(self.mesh, PartitionSpec())

    @property
    def by_replica(self) -> NamedSharding:
        """The leading axis, one entry a replica, cut over the mesh's axis `replica`."""
        return NamedSharding(self.mesh, PartitionSpec("replica"))

    def windows(self, replicas: bool) -> NamedSharding:
        """Batches in a row, (replicas, ) n, B, ...: the replicas cut over one axis, the samples of each batch over the other."""
        return NamedSharding(self.mesh, PartitionSpec(*(("replica",) if replicas else ()), None, "data"))

    def batch(self, draw: Draw) -> Draw:
        """The draw with its samples cut over the mesh's axis `data`; an identity in value."""
        over_devices = NamedSharding(self.mesh, PartitionSpec("data"))
        rows = {name: value for name, value in draw._asdict().items() if name not in ("key", "critic_step")}
        return draw._replace(**jax.lax.with_sharding_constraint(rows, over_devices))

    def copied(self, tree: PyTree) -> PyTree:
        """Host arrays on every device."""
        return jax.tree.map(lambda leaf: jax.device_put(np.asarray(leaf), self.everywhere), tree)


def parse_mesh(text: str | None) -> dict[str, int]:
    """The sizes in "data=4,replica=2"; an axis that is not named has size 1."""
    sizes = dict.fromkeys(AXES, 1)
    for part in text.split(",") if text else ():
        name, _, number = part.strip().partition("=")
        if name not in AXES:
            raise unknown("--mesh axis", name, AXES)
        if not number.isdecimal() or int(number) < 1:
            raise UserError(f"--mesh {text}: {name} must be a number of devices, at least 1; for example data=4,replica=2")
        sizes[name] = int(number)
    return sizes


def place(mesh: str | None, replicas: int, batch_size: int) -> Placement:
    """The placement that --mesh asks for. Without it: one device, or, of several processes, the batch over all devices."""
    sizes = parse_mesh(mesh)
    devices: Any = jax.devices()
    if mesh is None and jax.process_count() > 1:
        sizes["data"] = len(devices)
    wanted = sizes["data"] * sizes["replica"]
    shown = ",".join(f"{name}={size}" for name, size in sizes.items() if size > 1)
    if wanted > len(devices):
        raise UserError(f"--mesh {shown} asks for {wanted} devices; jax sees {len(devices)} ({devices[0].platform})")
    if jax.process_count() > 1 and wanted != len(devices):
        raise UserError(f"--mesh {shown} leaves devices out: {jax.process_count()} processes have {len(devices)} between them")
    if replicas % sizes["replica"]:
        raise UserError(f"--mesh {shown}: {replicas} replicas do not divide by {sizes['replica']}")
    if batch_size % sizes["data"]:
        raise UserError(f"--mesh {shown}: a batch of {batch_size} does not divide by {sizes['data']}")
    shape = tuple(sizes[name] for name in AXES)
    return Placement(jax.make_mesh(shape, AXES, axis_types=(AxisType.Auto,) * 2, devices=devices[:wanted]))
