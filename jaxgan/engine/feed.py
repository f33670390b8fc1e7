"""What the compiled loop reads its real batches from: the data set on the device, or windows of one that outgrows memory.

Which rows make the index-th batch is a function of key and index alone (`jaxgan.engine.batches`), streamed or not: a streamed
run sees the batches that it would see with all its pictures on the device, and a resumed one goes on where its step says.
"""

from collections.abc import Iterator
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from jaxgan.engine.batches import Classes, DataArrays, batch_rows, class_rows, classes_of
from jaxgan.engine.draws import Stream, stream_key
from jaxgan.engine.placement import Placement
from jaxgan.engine.reading import Pictures, ProcessReader, ThreadReader, reader_of
from jaxgan.types import Records, Source

WINDOW_BYTES = 2**27  # of pictures in one window
WINDOW_STEPS = 64  # generator steps that one window serves, at most


class Resident:
    """A data set that lies on the device as a whole, or one that is drawn afresh."""

    def __init__(self, source: Source, placement: Placement):
        self.data = placement.copied(arrays_of(source))
        self.like = jax.tree.map(partial(_like, placed=placement.everywhere), self.data)  # what `at` gives
        self.axes = None  # the replicas' axis in it

    def at(self, step: int) -> DataArrays:
        """What the iterations from `step` on read."""
        return self.data

    def left(self, step: int) -> int:
        """For how many iterations from `step` on."""
        return 2**31

    def end(self) -> None:
        """Nothing reads ahead."""


class Streamed:
    """Windows of some iterations' batches, read ahead by grain in threads, which read or have further processes read
    (`jaxgan.engine.reading`). Of several processes that train each reads what its own devices see.

    The window w serves steps [w S, (w + 1) S): k new batches a step, and before them the one that the step before ended with.
    With replicas every array has a leading axis, for each replica has its own order of the data.
    """

    def __init__(
        self,
        records: Records,
        sample_shape: tuple[int, ...],
        batches_per_step: int,
        batch_size: int,
        seeds: np.ndarray,
        placement: Placement,
        label_dim: int = 0,
        readers: int | None = None,
        classes: Classes | None = None,
    ):
        replicas = np.size(seeds)
        self.reader, self._at_once = reader_of(records, readers), ThreadReader(records)
        self.per_step = batches_per_step
        a_step = self.per_step * replicas * batch_size * int(np.prod(sample_shape))
        self.steps = max(1, min(WINDOW_STEPS, WINDOW_BYTES // a_step))
        self.batches = self.steps * self.per_step + 1
        self.lead = () if replicas == 1 else (replicas,)
        self.axes = DataArrays(0, 0, None) if self.lead else None
        whole = (*self.lead, self.batches, batch_size)
        self.label_shape: tuple[int, ...] = (label_dim,) if label_dim else ()
        self.label_type: Any = jax.dtypes.canonicalize_dtype(float if label_dim else np.int32)
        self.placed = placement.windows(bool(self.lead))
        self.like = DataArrays(
            jax.ShapeDtypeStruct((*whole, *sample_shape), jnp.uint8, sharding=self.placed),
            jax.ShapeDtypeStruct((*whole, *self.label_shape), self.label_type, sharding=self.placed),
            jax.ShapeDtypeStruct((), jnp.int32),
        )
        self.mine = np.zeros((*self.lead, batch_size), bool)  # the samples that this process's devices see
        index: Any
        for index in self.placed.addressable_devices_indices_map((*self.lead, self.batches, batch_size)).values():
            self.mine[(*index[: len(self.lead)], index[-1])] = True

        def rows(seeds: Any, index: Any) -> Any:
            def of(seed: Any) -> Any:
                key = jax.random.key(seed)
                if classes is not None:
                    return class_rows(stream_key(key, Stream.DATA, index), batch_size, classes)
                return batch_rows(stream_key(key, Stream.DATA), index, batch_size, len(records))

            return jax.vmap(of)(seeds) if self.lead else of(seeds)

        self._rows, self._seeds = jax.jit(rows), seeds
        self._here = -1  # the window that `_arrays` is
        self._arrays: DataArrays | None = None
        self._batches: Iterator[Pictures] | None = None
        self._last: Pictures | None = None  # the window's last batch, with which the next one begins

    def at(self, step: int) -> DataArrays:
        window = step // self.steps
        if window != self._here or self._arrays is None:
            self._arrays = None  # its memory may go before the next is made
            self._arrays = self._read(window)
            self._here = window
        return self._arrays

    def left(self, step: int) -> int:
        return self.steps - step % self.steps

    def end(self) -> None:
        """Ends what reads ahead; the next window that is asked for begins it anew."""
        self._batches = None
        self.reader.stop()

    def _read(self, window: int) -> DataArrays:
        first = window * self.steps * self.per_step - 1
        if self._batches is None or window != self._here + 1 or self._last is None:
            self._batches = self._batches_from(max(first, 0))
            self._last = next(self._batches)
            if first < 0:  # before the very first batch there is none: nothing looks at this place
                self._batches = self._batches_from(0)
        batches = [self._last, *(next(self._batches) for _ in range(self.batches - 1))]
        self._last = batches[-1]
        axis = len(self.lead)
        samples, labels = (np.stack(parts, axis) for parts in zip(*batches, strict=True))
        return DataArrays(self._on_devices(samples), self._on_devices(labels), np.int32(first))

    def _batches_from(self, first: int) -> Iterator[Pictures]:
        import grain

        self._batch(first, self._at_once)  # compiles, and raises in this thread what is wrong
        self.reader.start()
        batches = grain.MapDataset.range(first, 2**31 - 1).map(partial(self._batch, reader=self.reader))
        options = grain.ReadOptions(num_threads=self.reader.threads, prefetch_buffer_size=self.batches)
        return iter(batches.to_iter_dataset(options))

    def _batch(self, index: int, reader: ThreadReader | ProcessReader) -> Pictures:
        """Samples and labels of the index-th batch of every replica; zeros where they are other processes' to read."""
        with jax.default_device(_host()):
            rows = np.asarray(self._rows(self._seeds, np.int32(index)))
        samples = np.zeros((*rows.shape, *self.like.samples.shape[len(self.lead) + 2 :]), np.uint8)
        labels = np.zeros((*rows.shape, *self.label_shape), self.label_type)
        samples[self.mine], labels[self.mine] = reader.read(rows[self.mine])
        return samples, labels

    def _on_devices(self, array: np.ndarray) -> jax.Array:
        return jax.make_array_from_callback(array.shape, self.placed, lambda index: array[index])


def _like(array: jax.Array, placed: Any) -> jax.ShapeDtypeStruct:
    return jax.ShapeDtypeStruct(array.shape, array.dtype, sharding=placed)


def _host() -> Any:
    """The processor, so that finding rows does not wait for what an accelerator is at; the default where jax may not use it."""
    try:
        return jax.local_devices(backend="cpu")[0]
    except RuntimeError:
        return None


def arrays_of(source: Source) -> DataArrays:
    """The data set's arrays, to lie on the device; none where samples are drawn afresh."""
    samples, labels = source.samples, source.labels
    if samples is None:
        return DataArrays(None, None)
    return DataArrays(
        samples=jnp.asarray(samples) if samples.dtype == "uint8" else jnp.asarray(samples, float),
        labels=jnp.zeros(len(samples), jnp.int32)
        if labels is None
        else jnp.asarray(labels, jnp.int32 if labels.ndim == 1 else float),
        classes=_classes(source),
    )


def _classes(source: Source) -> Classes | None:
    """What rows are drawn from where classes are evened out."""
    return classes_of(source.class_numbers, source.class_balance) if source.class_balance else None


def feed_of(
    source: Source, batches_per_step: int, batch_size: int, seeds: np.ndarray, placement: Placement, readers: int | None = None
) -> Resident | Streamed:
    """Streamed where the data set stays on disk, by so many further processes (`jaxgan.engine.reading`).

    `batches_per_step`: new batches that a generator step reads.
    """
    if source.records is not None:
        vectors = source.label_vectors
        dim = 0 if vectors is None else vectors.dim
        how = dim, readers, _classes(source)
        return Streamed(source.records, source.sample_shape, batches_per_step, batch_size, seeds, placement, *how)
    return Resident(source, placement)
