"""State dicts in files that `torch.save` wrote, read without PyTorch and without running what a pickle may hold.

Both of its formats: the zip of PyTorch 1.6 and later, and the row of pickles before it, which older weights are published in.
"""

import io
import math
import pickle
import pickletools
import zipfile
from collections import OrderedDict
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from jaxgan.errors import UserError, first_line
from jaxgan.unpacking import check_members, check_size

MAGIC = 0x1950A86A20F9469CFC6C  # begins the older format
STORAGES = {
    "FloatStorage": np.float32, "DoubleStorage": np.float64, "HalfStorage": np.float16, "LongStorage": np.int64,
    "IntStorage": np.int32, "ShortStorage": np.int16, "CharStorage": np.int8, "ByteStorage": np.uint8, "BoolStorage": np.bool_,
}  # fmt: skip

MEMO = {"PUT", "BINPUT", "LONG_BINPUT"}  # opcodes that remember a value under a number of their own

Numbers = Callable[[str, Any], np.ndarray]  # (key of a storage, type) -> its numbers


class _Stored(NamedTuple):
    """A tensor that is known by where its numbers lie."""

    key: str
    dtype: Any
    offset: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]

    def read(self, numbers: Numbers) -> np.ndarray:
        flat = numbers(self.key, self.dtype)
        if math.prod(self.shape) > len(flat):
            raise ValueError("a tensor holds more numbers than its storage")
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
        raise pickle.UnpicklingError(f"it holds {ascii(module)[1:-1]}.{ascii(name)[1:-1]}, which is no part of a state dict")


def read_torch_file(path: Path) -> dict[str, np.ndarray]:
    """The state dict in a .pt or .pth file, {name: array}; tensors may share storage and have any strides.

    Raises:
        UserError: no such file, something other than a state dict of plain tensors, or one that asks for more memory than its file
            can fill.
    """
    try:
        said, numbers = _zipped(path) if zipfile.is_zipfile(path) else _pickled(path)
        wanted = sum(math.prod(value.shape) * np.dtype(value.dtype).itemsize for value in said.values())
        check_size(wanted, path.stat().st_size, str(path))  # tensors that share storage are copied
        return {name: value.read(numbers) for name, value in said.items()}
    except UserError:
        raise
    except OSError as error:
        raise UserError(f"{path}: {error.strerror or first_line(error)}") from None
    except Exception as error:  # pickle, zipfile and NumPy raise whatever they like for a broken file
        raise UserError(f"{path} cannot be read as a PyTorch state dict: {first_line(error)}") from None


def _loaded(file: io.BytesIO) -> Any:
    """The next pickle of a file, looked through before it is loaded: one of a few bytes can ask for all of the memory."""
    begin = file.tell()
    for number, (opcode, argument, _) in enumerate(pickletools.genops(file)):
        if opcode.name in MEMO and int(argument or 0) > number:
            raise ValueError(f"value {number} of the pickle is to be remembered as number {argument}")
    file.seek(begin)
    return _Reader(file).load()


def _state_dict(said: Any) -> Mapping[str, _Stored]:
    if not isinstance(said, Mapping) or not all(isinstance(value, _Stored) for value in said.values()):
        raise ValueError("it is no state dict")
    for name, value in said.items():
        if not isinstance(name, str) or value.dtype not in STORAGES.values():
            raise ValueError("it is no state dict")
    return said


def _zipped(path: Path) -> tuple[Mapping[str, _Stored], Numbers]:
    with zipfile.ZipFile(path) as archive:
        members = {info.filename.partition("/")[2]: info for info in archive.infolist()}
        check_members(members.values(), path)
        said = _state_dict(_loaded(io.BytesIO(archive.read(members["data.pkl"]))))
        held = {value.key: archive.read(members[f"data/{value.key}"]) for value in said.values()}
    return said, lambda key, dtype: np.frombuffer(held[key], dtype)


def _pickled(path: Path) -> tuple[Mapping[str, _Stored], Numbers]:
    check_size(path.stat().st_size, path.stat().st_size, str(path))
    file = io.BytesIO(path.read_bytes())
    if _loaded(file) != MAGIC:
        raise ValueError("it does not begin as such a file does")
    for _ in range(2):  # the version of the format, and sizes of types
        _loaded(file)
    said = _state_dict(_loaded(file))
    types = {value.key: value.dtype for value in said.values()}
    held = {}
    for key in _loaded(file):
        (n,) = np.frombuffer(file.read(8), "<i8")
        content = file.read(max(0, int(n)) * np.dtype(types[key]).itemsize)
        held[key] = np.frombuffer(content, types[key])
    return said, lambda key, _: held[key]
