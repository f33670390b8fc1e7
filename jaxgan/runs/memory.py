"""Whether a run can fit into memory at all, estimated by shapes alone, before anything is laid out or written."""

import math
from collections.abc import Iterator
from typing import Any

import jax
import numpy as np

from jaxgan.engine.loop import first_numbers
from jaxgan.engine.placement import parse_mesh
from jaxgan.engine.steps import layer_rngs
from jaxgan.errors import UserError
from jaxgan.memory import host_memory, in_words
from jaxgan.networks.layers import no_labels
from jaxgan.settings.resolution import Resolved
from jaxgan.types import GanState

WEIGHTS, GRADIENTS, BATCH, DATA = "weights and optimizer state", "gradients", "layers' outputs for one batch", "data set"
REMEDIES = {
    WEIGHTS: "narrower networks (--hidden-dim, --latent-dim), a smaller --image-size or fewer --replicas",
    GRADIENTS: "narrower networks (--hidden-dim, --latent-dim), a smaller --image-size or fewer --replicas",
    BATCH: "a smaller --batch-size, --accumulate, narrower networks (--hidden-dim) or fewer --replicas",
    DATA: "a smaller --image-size, or --stream auto where it can be streamed",
}
ALWAYS_STORED = {"dot_general", "conv_general_dilated"}  # operations whose results no compiler does without
WITHIN = {"pjit", "jit", "closed_call", "custom_jvp_call", "custom_vjp_call", "custom_vjp_call_jaxpr"}


def check_memory(resolved: Resolved) -> None:
    """Refuses a run that could never fit.

    The estimate counts only what must be there at once, so what passes may still fail later, and what is refused would.

    Raises:
        UserError: one line: what is needed and what there is, the largest part, and what would help.
    """
    there, where = memory_there()
    parts = needed(resolved)
    total = sum(parts.values())
    if total <= there:
        return
    largest = max(parts, key=lambda part: parts[part])
    raise UserError(
        f"the run needs at least {in_words(total)} of memory, and {where} has {in_words(there)}: {in_words(total - there)} too much."
        f" The largest part, the {largest}, takes {in_words(parts[largest])}: try {REMEDIES[largest]}"
    )


def needed(resolved: Resolved) -> dict[str, int]:
    """Bytes, by part, that one device must hold at once while it trains; on a processor, whose devices share its memory, all of them."""
    schedule, mesh = resolved.schedule, parse_mesh(resolved.schedule.mesh)
    replicas = -(-schedule.replicas // mesh["replica"])
    rows = -(-schedule.batch_size // (mesh["data"] * resolved.gan.accumulate))
    on_host = jax.local_devices()[0].platform == "cpu"
    devices = min(math.prod(mesh.values()), jax.local_device_count()) if on_host else 1
    numbers = first_numbers(resolved.numbers)
    state: GanState = jax.eval_shape(resolved.first_state, numbers, jax.ShapeDtypeStruct((), np.uint32))
    samples = resolved.dataset.samples
    return {
        WEIGHTS: devices * replicas * _bytes((state.generator, state.critic, state.ema)),
        GRADIENTS: devices * replicas * max(_bytes(player.params) for player in (state.generator, state.critic)),
        BATCH: devices * replicas * _outputs(resolved, state, rows),
        DATA: 0 if samples is None else devices * samples.size * (1 if samples.dtype == "uint8" else 4),
    }


def memory_there() -> tuple[int, str]:
    """The bytes that a run may take, and whose they are: of an accelerator its own, else the machine's."""
    device = jax.local_devices()[0]
    limit = (device.memory_stats() or {}).get("bytes_limit")
    return (int(limit), device.device_kind) if limit else (host_memory(), "this machine")


def _bytes(tree: Any) -> int:
    return sum(leaf.size * leaf.dtype.itemsize for leaf in jax.tree.leaves(tree))


def _outputs(resolved: Resolved, state: GanState, rows: int) -> int:
    """Bytes of the layers' outputs that a generator step keeps for its gradients, for a batch of so many samples."""
    gan = resolved.gan
    labels = jax.eval_shape(lambda: no_labels(rows, gan.label_dim))
    latent = jax.ShapeDtypeStruct((rows, gan.latent_dim), np.float32)
    sample = jax.ShapeDtypeStruct((rows, *resolved.dataset.sample_shape), np.float32)
    total = 0
    for module, player, inputs in (
        (gan.networks.generator, state.generator, latent),
        *([(gan.networks.critic, state.critic, sample)] if gan.n_critic else []),
    ):

        def forward(player: Any, inputs: Any, labels: Any, module: Any = module) -> Any:
            rngs = layer_rngs(jax.random.key(0))
            return module.apply({"params": player.params, **player.variables}, inputs, labels, train=False, rngs=rngs)

        total += sum(_stored(jax.make_jaxpr(forward)(player, inputs, labels).jaxpr))
    return total


def _stored(program: Any) -> Iterator[int]:
    """Bytes of each result that is stored whatever the compiler does."""
    for equation in program.eqns:
        if equation.primitive.name in ALWAYS_STORED:
            yield sum(math.prod(out.aval.shape) * out.aval.dtype.itemsize for out in equation.outvars)
        elif equation.primitive.name == "cond":  # a convolution's forms by platform: one result, which the plain form shows
            yield max(sum(_stored(branch.jaxpr)) for branch in equation.params["branches"])
        elif equation.primitive.name in WITHIN:
            for inner in equation.params.values():
                yield from _stored(getattr(inner, "jaxpr", inner)) if hasattr(getattr(inner, "jaxpr", inner), "eqns") else ()
