"""Checkpoints of the whole `GanState`, by orbax; the only file that knows orbax."""

from pathlib import Path
from typing import Any

import jax

from jaxgan.errors import UserError
from jaxgan.types import GanState


class Checkpoints:
    """The checkpoints of one run, `FOLDER/STEP`; each is written whole or not at all."""

    def __init__(self, folder: Path, keep: int | None = None):
        import orbax.checkpoint as ocp  # a second of imports, which --help and a refused flag need not wait for

        self._args = ocp.args
        self.folder = folder.absolute()
        options = ocp.CheckpointManagerOptions(max_to_keep=keep, create=True, enable_async_checkpointing=False)
        self._manager = ocp.CheckpointManager(self.folder, options=options)

    def steps(self) -> list[int]:
        """The steps that have a checkpoint, in order."""
        return sorted(self._manager.all_steps())

    def save(self, step: int, state: GanState) -> Path:
        if step not in self._manager.all_steps():
            self._manager.save(step, args=self._args.StandardSave(_storable(state)), force=True)
            self._manager.wait_until_finished()
        return self.folder / str(step)

    def restore(self, like: GanState, step: int | None = None) -> GanState:
        """The state of a step, the last where none is named; `like` gives its structure, shapes and types.

        `like` is a state, on whose devices the result lies, or the shapes of one (`jax.eval_shape`), for the first device.
        """
        steps = self.steps()
        if not steps:
            raise UserError(f"no checkpoint in {self.folder}: the run ended before its first")
        if step is not None and step not in steps:
            raise UserError(f"no checkpoint of step {step} in {self.folder}: there are {', '.join(map(str, steps))}")
        stored_like = jax.eval_shape(_storable, like) if isinstance(like.step, jax.ShapeDtypeStruct) else _storable(like)
        here = jax.sharding.SingleDeviceSharding(jax.local_devices()[0])
        abstract = jax.tree.map(
            lambda leaf: jax.ShapeDtypeStruct(leaf.shape, leaf.dtype, sharding=leaf.sharding or here), stored_like
        )
        try:
            stored = self._manager.restore(steps[-1] if step is None else step, args=self._args.StandardRestore(abstract))
        except ValueError as error:
            reason = str(error).splitlines()[0]
            raise UserError(f"the checkpoint in {self.folder} does not fit this configuration: {reason}") from error
        return _restored(stored, like)

    def close(self) -> None:
        self._manager.close()


def _storable(state: GanState) -> dict[str, Any]:
    """The state's arrays by their path in it: keys as their data, so that nothing but plain arrays is stored."""
    leaves = jax.tree_util.tree_leaves_with_path(state._replace(key=jax.random.key_data(state.key)))
    return {jax.tree_util.keystr(path, simple=True, separator="/"): leaf for path, leaf in leaves}


def _restored(stored: dict[str, Any], like: GanState) -> GanState:
    paths, structure = jax.tree_util.tree_flatten_with_path(like)
    leaves = [stored[jax.tree_util.keystr(path, simple=True, separator="/")] for path, _ in paths]
    state = jax.tree_util.tree_unflatten(structure, leaves)
    return state._replace(key=jax.random.wrap_key_data(state.key))
