"""Checkpoints of a run, each with a record of what is in it; the only file that knows orbax.

A checkpoint holds the arrays of the `GanState` and a record: shape, type and digest of each array, the running sums of the
metrics since the last logged step, and what the run says of itself. What is read is compared with the record, so that a
damaged checkpoint is known as one. Earlier versions of jaxgan stored no record: their arrays are taken as they are, in runs that were
begun by them.
"""

import contextlib
import gc
import logging
import os
import shutil
import sys
import threading
import time
import warnings
from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from jaxgan.digests import describe_array, seal, unseal
from jaxgan.engine.processes import is_first, whole
from jaxgan.errors import NO_SPACE, UserError, WriteError, first_line
from jaxgan.types import GanState, Metrics

Arrays = dict[str, np.ndarray]  # by their path in the state


class Progress(NamedTuple):
    """All that a run must know to go on as if it had not been stopped."""

    state: GanState
    sums: Metrics | None = None  # the running sums of the metrics since the last logged step; None where they are not known
    logged: int = 0  # that step


class Restored(NamedTuple):
    """A checkpoint that was read."""

    step: int
    progress: Progress
    about: Mapping[str, Any]  # what the run said of itself when it saved; {} of earlier versions
    damaged: dict[int, str]  # the newer checkpoints that were passed over, and what is wrong with each


class DamagedError(Exception):
    """A checkpoint that cannot be read, or is not what was written; the message says in a few words what is wrong."""


class Checkpoints:
    """The checkpoints of one run, `FOLDER/STEP`; each is written whole or not at all."""

    def __init__(
        self, folder: Path, keep: int | None = None, about: Mapping[str, Any] | None = None, *, recorded: bool = False
    ):
        """Opens or begins the checkpoints in a folder.

        Args:
            folder: where they lie.
            keep: how many of the newest are kept, all where None.
            about: JSON values that are stored with each.
            recorded: whether one without a record is damaged, and not of an earlier version.
        """
        logging.getLogger("asyncio").addFilter(_is_not_of_orbax)
        self.folder, self.about, self.recorded = folder.absolute(), dict(about or {}), recorded
        self._keep, self._opened = keep, None
        self._writer: ThreadPoolExecutor | None = None  # the thread of `save_beside`

    @property
    def _manager(self) -> Any:
        """Orbax's manager, which wants the folder to be there."""
        if self._opened is None:
            if is_first():
                self.folder.mkdir(parents=True, exist_ok=True)
            ocp = _orbax()
            options = ocp.CheckpointManagerOptions(max_to_keep=self._keep, create=False, enable_async_checkpointing=False)
            self._opened = ocp.CheckpointManager(self.folder, options=options, item_handlers=ocp.StandardCheckpointHandler())
        return self._opened

    def steps(self) -> list[int]:
        """The steps that have a checkpoint, whole or damaged, in order, as they lie on the disk now."""
        with contextlib.suppress(FileNotFoundError):
            return sorted(int(path.name) for path in self.folder.iterdir() if path.name.isdecimal() and path.is_dir())
        return []

    def save(self, step: int, progress: Progress) -> Path:
        """Writes a checkpoint; one of this step that is there already is left as it is."""
        if not (self.folder / str(step)).is_dir():
            arrays = storable(progress.state)
            record = seal(
                {
                    "arrays": {path: describe_array(whole(array)) for path, array in arrays.items()},
                    "sums": {name: np.ravel(whole(value)).tolist() for name, value in (progress.sums or {}).items()},
                    "logged": progress.logged,
                    "about": self.about,
                }
            )
            with self._unfinished_removed(step):
                self._manager.save(
                    step, args=_orbax().args.StandardSave(arrays), custom_metadata={"record": record}, force=True
                )
                self._manager.wait_until_finished()
        return self.folder / str(step)

    def save_beside(self, step: int, progress: Progress) -> "Future[Path]":
        """Begins to write a checkpoint in a thread, where those that were begun before are written first; what `save` returns or raises.

        The arrays are copied, so that training may go on with theirs. Of several processes, which write one checkpoint together, each
        writes before it goes on.
        """
        if jax.process_count() > 1:
            done: Future[Path] = Future()
            done.set_result(self.save(step, progress))
            return done
        if self._writer is None:
            self._writer = ThreadPoolExecutor(1, thread_name_prefix="checkpoints")
        state, sums = _copied((progress.state, progress.sums))
        return self._writer.submit(self.save, step, progress._replace(state=state, sums=sums))

    @contextlib.contextmanager
    def _unfinished_removed(self, step: int) -> Iterator[None]:
        """Leaves nothing of a checkpoint that cannot be written; the earlier ones are there still.

        Raises:
            WriteError: in one line, what orbax and TensorStore say of it.
        """
        path = self.folder / str(step)
        try:
            with _without_logs():
                yield
        except Exception as error:
            self.remove_unfinished()
            reason = NO_SPACE if NO_SPACE in str(error) else first_line(error)  # TensorStore says more, and that late
            raise WriteError(f"checkpoint {path} cannot be written: {reason}; --resume goes on from the one before") from error

    def remove_unfinished(self) -> None:
        """Removes what killed processes left half written. The run's lock must be held."""
        if is_first():
            for path in self.folder.glob("*.orbax-checkpoint-tmp*"):
                shutil.rmtree(path, ignore_errors=True)

    def restore(self, like: GanState, step: int | None = None, sums_like: Metrics | None = None) -> Restored:
        """The newest checkpoint that is whole, or that of a step.

        Args:
            like: a state, on whose devices the result lies and whose types it must have; or the shapes of one (`jax.eval_shape`),
                for the first device, where float32 may become float64.
            step: the checkpoint's step; without it damaged ones are passed over.
            sums_like: the running sums of the metrics, empty; without them none are restored.

        Raises:
            UserError: there is no such checkpoint; none is whole; or it does not fit `like`.
        """
        newest, record, arrays, damaged = self._newest_whole(step, like)
        path = self.folder / str(newest)
        progress = Progress(_placed(arrays, like, path), _sums(record, sums_like), record.get("logged", newest))
        return Restored(newest, progress, record.get("about", {}), damaged)

    def arrays(self, step: int | None = None) -> tuple[int, Arrays, dict[int, str]]:
        """The step, the arrays and the damaged ones of the newest checkpoint that is whole, or that of a step, whatever state they are of.

        Raises:
            UserError: as `restore`.
        """
        newest, _, arrays, damaged = self._newest_whole(step, None)
        return newest, arrays, damaged

    def _newest_whole(self, step: int | None, like: GanState | None) -> tuple[int, dict[str, Any], Arrays, dict[int, str]]:
        """The newest checkpoint that can be read, or that of a step: step, record, arrays, and the damaged ones that were passed over."""
        damaged: dict[int, str] = {}
        while left := self._left(damaged, step):
            newest = left[-1]
            path = self.folder / str(newest)
            with _collected_at_the_end():
                try:
                    record, arrays = self._read(newest, like)
                except DamagedError as error:
                    words = str(error)
                else:
                    words = ""
            if words:
                if path.is_dir():  # else a run that trains has deleted it
                    damaged[newest] = f"checkpoint {path} is damaged ({words})"
                continue
            return newest, record, arrays, damaged
        steps = [s for s in self.steps() if s not in damaged]
        if step is not None and damaged:
            others = f"; there are {', '.join(map(str, steps))}" if steps else ""
            raise UserError(f"{damaged[step]}{others}")
        if damaged:
            raise UserError(f"{damaged[max(damaged)]}, and no earlier one is whole")
        if step is not None and steps:
            raise UserError(f"no checkpoint of step {step} in {self.folder}: there are {', '.join(map(str, steps))}")
        raise UserError(f"no checkpoint in {self.folder}: the run ended before its first")

    def _left(self, damaged: Mapping[int, str], step: int | None) -> list[int]:
        """The steps that may still be read; waits for a moment where there are none, while a run that trains replaces its only one."""
        for _ in range(5):
            steps = self.steps()
            if left := [s for s in steps if s not in damaged and step in (None, s)]:
                return left
            if steps or damaged:
                break
            time.sleep(0.05)
        return []

    def remove(self, step: int) -> None:
        """Removes a damaged checkpoint, so that its step can be saved again."""
        if is_first():
            shutil.rmtree(self.folder / str(step), ignore_errors=True)
        self._manager.reload()

    def close(self) -> None:
        """Waits for what is still being written, and ends orbax's manager."""
        if self._writer is not None:
            self._writer.shutdown()
            self._writer = None
        if self._opened is not None:
            self._opened.close()
            self._opened = None

    def _read(self, step: int, like: GanState | None) -> tuple[dict[str, Any], Arrays]:
        """The record and the arrays of a checkpoint, compared with each other, and with `like` where it is given.

        Raises:
            DamagedError: they cannot be read, or differ.
            UserError: they are whole, and do not fit `like`.
        """
        expected = None if like is None else jax.eval_shape(storable, like)
        with _quiet():
            try:
                record = _opened_record(self._manager.metadata(step).custom_metadata)
                if self.recorded and not record:
                    raise DamagedError("its record is missing")
                stored = record.get("arrays") or self._described(step)
            except DamagedError:
                raise
            except Exception as error:  # orbax and TensorStore raise what they like over a damaged file
                raise DamagedError(f"its metadata cannot be read: {first_line(error)[:80]}") from error
            if expected is not None:
                _check_fits(stored, expected, self.folder / str(step))
            try:
                empty = {path: np.empty(about["shape"], about["type"]) for path, about in stored.items()}
                arrays: Arrays = self._manager.restore(step, args=_orbax().args.StandardRestore(empty))
            except Exception as error:
                raise DamagedError(f"it cannot be read: {first_line(error)[:80]}") from error
        for path, about in record.get("arrays", {}).items():
            if describe_array(arrays[path]) != about:
                raise DamagedError(f"{path} is not what was written")
        return record, arrays

    def _described(self, step: int) -> dict[str, Any]:
        """Shape and type of each array, as orbax itself knows them, of a checkpoint without a record."""
        tree = self._manager.item_metadata(step)
        return {path: {"shape": list(leaf.shape), "type": np.dtype(leaf.dtype).name} for path, leaf in tree.items()}


def _orbax() -> Any:
    """Orbax's interface: hundreds of imports, which the first step need not wait for."""
    import orbax.checkpoint

    return orbax.checkpoint


@jax.jit
def _copied(tree: Any) -> Any:
    return jax.tree.map(jnp.copy, tree)


@contextlib.contextmanager
def _collected_at_the_end() -> Iterator[None]:
    """Garbage made inside is collected at the end, and not before: orbax's event loops complain as they go, here where nothing is shown."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        with _quiet():
            gc.collect(0)  # the youngest: what is older need not be looked through
        if enabled:
            gc.enable()


def storable(state: GanState) -> dict[str, Any]:
    """The state's arrays by their path in it: keys as their data, so that nothing but plain arrays is stored."""
    leaves = jax.tree_util.tree_leaves_with_path(state._replace(key=jax.random.key_data(state.key)))
    return {jax.tree_util.keystr(path, simple=True, separator="/"): leaf for path, leaf in leaves}


def _opened_record(metadata: Any) -> dict[str, Any]:
    """The record in a checkpoint's metadata; {} where it was stored without one.

    Raises:
        DamagedError: it is not what was written.
    """
    if not metadata:
        return {}
    try:
        return unseal(str(metadata.get("record", "")))
    except ValueError as error:
        raise DamagedError(str(error)) from None


def _check_fits(stored: Mapping[str, Any], expected: Mapping[str, Any], path: Path) -> None:
    """Refuses a checkpoint of another state than is expected."""
    for name in sorted(stored.keys() | expected.keys()):
        here = tuple(expected[name].shape) if name in expected else "not there"
        there = tuple(stored[name]["shape"]) if name in stored else "not there"
        if here != there:
            raise UserError(f"the checkpoint {path} does not fit this configuration: {name} is {there}, expected {here}")


def _placed(arrays: Arrays, like: GanState, path: Path) -> GanState:
    """The state of these arrays, on the devices and in the types of `like`."""
    stored_like = jax.eval_shape(storable, like) if isinstance(like.step, jax.ShapeDtypeStruct) else storable(like)
    here = jax.sharding.SingleDeviceSharding(jax.local_devices()[0])

    def place(name: str) -> jax.Array:
        array, target = arrays[name], stored_like[name]
        if array.dtype != target.dtype:
            widened = isinstance(target, jax.ShapeDtypeStruct) and np.can_cast(array.dtype, target.dtype)
            if not widened:
                raise UserError(
                    f"{path}: {name} is {array.dtype.name}, and here it would be {np.dtype(target.dtype).name}: "
                    f"{'unset' if target.dtype.itemsize > array.dtype.itemsize else 'set'} JAX_ENABLE_X64, as it was when the run began"
                )
            array = array.astype(target.dtype)
        return jax.device_put(array, target.sharding or here, may_alias=False)  # a buffer that may be donated

    paths, structure = jax.tree_util.tree_flatten_with_path(like)
    leaves = [place(jax.tree_util.keystr(at, simple=True, separator="/")) for at, _ in paths]
    state: GanState = jax.tree_util.tree_unflatten(structure, leaves)
    return state._replace(key=jax.random.wrap_key_data(state.key))


def _sums(record: Mapping[str, Any], like: Metrics | None) -> Metrics | None:
    """The running sums in the types of `like`; None where they were not stored, or are those of other metrics."""
    stored = record.get("sums")
    if not stored or like is None or stored.keys() != like.keys():
        return None
    return {
        name: jax.device_put(np.asarray(stored[name], zero.dtype).reshape(zero.shape), zero.sharding, may_alias=False)
        for name, zero in like.items()
    }


def _is_not_of_orbax(record: logging.LogRecord) -> bool:
    """Leaves out what asyncio logs of orbax's and TensorStore's tasks, whenever they are collected: the error of the first that failed
    says it all."""
    words = record.getMessage() + str(record.exc_info[1] if record.exc_info else "")
    return os.path.join("orbax", "checkpoint") not in words and "tensorstore" not in words


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """As `_without_logs`, and no warning either of what a file that cannot be read leaves open. For the main thread: warnings are all threads'."""
    with _without_logs(), warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        yield


class _Unheard:
    """How many threads read or write, so that the last of them lets the loggers be as the first one found them."""

    lock = threading.Lock()
    count = 0
    levels: dict[str, int] = {}  # noqa: RUF012


@contextlib.contextmanager
def _without_logs() -> Iterator[None]:
    """Nothing is heard of orbax's event loops over a file that cannot be read or written: the error that they raise says it.

    Where one read fails, orbax closes the loop on the others, and each of these prints a traceback when it comes to its end,
    whenever that is: from here on such a one is passed over by Python's hook.
    """
    if sys.unraisablehook is not _pass_over_closed_loops:
        _HOOKS.append(sys.unraisablehook)
        sys.unraisablehook = _pass_over_closed_loops
    with _Unheard.lock:
        if not _Unheard.count:
            _Unheard.levels = {name: logging.getLogger(name).level for name in ("asyncio", "absl")}
            for name in _Unheard.levels:
                logging.getLogger(name).setLevel(logging.CRITICAL + 1)
        _Unheard.count += 1
    try:
        yield
    finally:
        with _Unheard.lock:
            _Unheard.count -= 1
            if not _Unheard.count:
                for name, level in _Unheard.levels.items():
                    logging.getLogger(name).setLevel(level)


_HOOKS: list[Any] = []  # Python's hook for an error that nobody can catch, as it was before


def _pass_over_closed_loops(unraisable: Any) -> None:
    if not (unraisable.exc_type is RuntimeError and str(unraisable.exc_value) == "Event loop is closed"):
        _HOOKS[-1](unraisable)
