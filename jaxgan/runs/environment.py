"""What a run was made with."""

import contextlib
import datetime
import os
import platform
import sys
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import jax

from jaxgan.data import Dataset, account, describe
from jaxgan.report.images import shown_channels
from jaxgan.runs.threads import thread_count
from jaxgan.settings import Config
from jaxgan.types import GanState
from jaxgan.version import VERSION

SURROUNDINGS = ("python", "devices", "threads", "x64", "matmul_precision", "xla_flags")  # that numbers hang on, as on packages
PACKAGES = ("jax", "jaxlib", "flax", "optax", "orbax-checkpoint", "numpy")


def environment(dataset: Dataset) -> dict[str, Any]:
    """Versions, devices, the command, the data: what environment.json holds."""
    versions = {"jaxgan": VERSION}
    for package in PACKAGES:
        with contextlib.suppress(PackageNotFoundError):
            versions[package] = version(package)
    return {
        "date": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        "command": [Path(sys.argv[0]).name, *sys.argv[1:]],
        "python": platform.python_version(),
        "platform": platform.platform(),
        "cpu_count": os.cpu_count(),
        "devices": [f"{device.platform}: {device.device_kind}" for device in jax.devices()],
        "threads": thread_count(),
        "versions": versions,
        "x64": bool(jax.config.values["jax_enable_x64"]),
        "matmul_precision": jax.config.values["jax_default_matmul_precision"],
        "xla_flags": os.environ.get("XLA_FLAGS", ""),
        "data": describe(dataset),
    }


def changed_surroundings(before: Mapping[str, Any], now: Mapping[str, Any]) -> list[str]:
    """In what two environments differ that numbers hang on, each in a few words; what one of them does not tell is passed over."""
    then, here = (
        {**{name: values[name] for name in SURROUNDINGS if name in values}, **(values.get("versions") or {})}
        for values in (before, now)
    )
    return [f"{name} {then[name]}, now {here[name]}" for name in here if name in then and then[name] != here[name]]


def summary(config: Config, dataset: Dataset, state: GanState) -> str:
    """Lines that say what is trained, on what and where, and what was read of the data."""
    shape = "x".join(map(str, dataset.sample_shape))
    kind = f"{'samples' if dataset.kind == 'other' else dataset.kind} of {shape}"
    kind = "points" if dataset.is_points and dataset.scaling is None else kind
    amount = "drawn afresh" if dataset.size is None else f"{dataset.size:,}" + (", streamed" if dataset.records else "")
    counts = [sum(leaf.size for leaf in jax.tree.leaves(p.params)) // config.replicas for p in (state.generator, state.critic)]
    device, threads = jax.devices()[0], thread_count()
    where = (
        f"{device.platform} ({os.cpu_count()} cores, {threads} thread{'s' * (threads > 1)})"
        if device.platform == "cpu"
        else f"{device.platform} ({device.device_kind})"
    )
    replicas = f", {config.replicas} replicas" if config.replicas > 1 else ""
    what = f"{config.variant}, recipe {config.recipe}" if config.python is None else "a GAN of your own"
    first = (
        f"{what}, on {config.dataset} ({kind}, {amount}){replicas}: {config.steps:,} steps of batch"
        f" {config.batch_size}, n_critic {config.n_critic}, on {where}\n"
        f"generator {config.generator} ({counts[0]:,} parameters), critic {config.critic} ({counts[1]:,}); run folder {config.out}"
    )
    drawn = shown_channels(dataset.sample_shape[-1]) if dataset.is_images else ""
    return "\n".join([first, *account(dataset), *([drawn] if drawn else [])])
