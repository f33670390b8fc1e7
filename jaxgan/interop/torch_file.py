"""State dicts in files that `torch.save` wrote, read without PyTorch and without running what a pickle may hold.

Both of its formats: the zip of PyTorch 1.6 and later, and the row of pickles before it, which older weights are published in.
"""

import io
import pickle
import zipfile
import zlib
from collections import OrderedDict
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from jaxgan.errors import UserError

MAGIC = 0x1950A86A20F9469CFC6C  # begins the older format
STORAGES = {
    "FloatStorage": np.float32, "DoubleStorage": np.float64, "HalfStorage": np.float16, "LongStorage": np.int64,
    "IntStorage": np.int32, "ShortStorage": np.int16, "CharStorage": np.int8, "ByteStorage": np.uint8, "BoolStorage": np.bool_,
}  # fmt: skip


BROKEN = (
    pickle.UnpicklingError, zipfile.BadZipFile, zlib.error, ValueError, KeyError, TypeError, EOFError, IndexError, AttributeError,
    RuntimeError, OverflowError,
)  # fmt: skip  # what a file that is cut or changed may raise on its way


class _Stored(NamedTuple):
    """A tensor that is known by where its numbers lie."""

    key: str
    dtype: Any
    offset: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]

    def read(self, numbers: Callable[[str, Any], np.ndarray]) -> np.ndarray:
        flat = numbers(self.key, self.dtype)
        last = self.offset + sum((n - 1) * s for n, s in zip(self.shape, self.strides, strict=True))
        if min((*self.strides, *self.shape, self.offset), default=0) < 0 or (0 not in self.shape and last >= len(flat)):
            raise ValueError("a tensor reaches beyond its storage")
        steps = tuple(s * flat.itemsize for s in self.strides)
        return np.lib.stride_tricks.as_strided(flat[self.offset :], self.shape, steps).copy()


class _Reader(pickle.Unpickler):
    """Knows tensors and ordered dicts, and refuses all else that a pickle could call."""

    def persistent_load(self, pid: Any) -> tuple[str, Any]:
        _, dtype, key, *_ = pid
        return key, dtype

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) == ("collections", "OrderedDict"):
            return OrderedDict
        if (module, name) == ("torch._utils", "_rebuild_tensor_v2"):
            return lambda storage, offset, shape, strides, *_: _Stored(
                storage[0], storage[1], offset, tuple(shape), tuple(strides)
            )
        if module == "torch" and name in STORAGES:
            return STORAGES[name]
        raise pickle.UnpicklingError(f"it holds {module}.{name}, which is no part of a state dict")


def read_torch_file(path: Path) -> dict[str, np.ndarray]:
    """The state dict in a .pt or .pth file, {name: array}; tensors may share storage and have any strides.

    Raises:
        UserError: no such file, or something other than a state dict of plain tensors.
    """
    try:
        said, numbers = _zipped(path) if zipfile.is_zipfile(path) else _pickled(path)
        return {name: value.read(numbers) for name, value in said.items()}
    except OSError as error:
        raise UserError(f"{path}: {error.strerror or error}") from None
    except BROKEN as error:
        raise UserError(f"{path} cannot be read as a PyTorch state dict: {str(error) or type(error).__name__}") from None


def _state_dict(said: Any) -> Mapping[str, _Stored]:
    if not isinstance(said, Mapping) or not all(isinstance(value, _Stored) for value in said.values()):
        raise ValueError("it is no state dict")
    return said


def _zipped(path: Path) -> tuple[Mapping[str, _Stored], Callable[[str, Any], np.ndarray]]:
    with zipfile.ZipFile(path) as archive:
        held = {name.partition("/")[2]: archive.read(name) for name in archive.namelist()}
    said = _state_dict(_Reader(io.BytesIO(held["data.pkl"])).load())
    return said, lambda key, dtype: np.frombuffer(held[f"data/{key}"], dtype)


def _pickled(path: Path) -> tuple[Mapping[str, _Stored], Callable[[str, Any], np.ndarray]]:
    with path.open("rb") as file:
        if _Reader(file).load() != MAGIC:
            raise ValueError("it does not begin as such a file does")
        for _ in range(2):  # the version of the format, and sizes of types
            _Reader(file).load()
        said = _state_dict(_Reader(file).load())
        types = {value.key: value.dtype for value in said.values()}
        held = {}
        for key in _Reader(file).load():
            (n,) = np.frombuffer(file.read(8), "<i8")
            held[key] = np.frombuffer(file.read(int(n) * np.dtype(types[key]).itemsize), types[key])
    return said, lambda key, _: held[key]
