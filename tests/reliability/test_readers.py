"""Every reader on files that were changed at random, with a fixed seed: each file is read, or refused in one line.

No warning of the libraries beneath, nothing on standard error, memory within bounds, under a second a file. `make test` tries a few
hundred files of each kind; the full counts are marked slow. Each test prints its figures.
"""

import gzip
import io
import pickle
import resource
import struct
import sys
import time
import tracemalloc
import warnings
import zipfile
import zlib
from collections import OrderedDict
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from jaxgan.data import load
from jaxgan.data.idx import read_idx
from jaxgan.data.pictures import read_picture
from jaxgan.errors import UserError
from jaxgan.interop.torch_file import read_torch_file

MOST_MEMORY = 2**28  # bytes that reading one file may take: what is refused takes none, and 2**26 are not questioned
MOST_SECONDS = 1.0
PIXELS = np.random.default_rng(0).integers(0, 256, (24, 20, 3), dtype=np.uint8)


# Whole files, of each kind


def pictures() -> list[tuple[str, bytes]]:
    """PNG and JPEG of several modes, with Exif, text and palettes."""
    exif = Image.Exif()
    exif[0x0112] = 6
    exif[0x010E] = "a description"
    grey, colour = Image.fromarray(PIXELS[..., 0]), Image.fromarray(PIXELS)
    forms = [
        ("png", colour, {"exif": exif}), ("png", grey, {}), ("png", colour.convert("P"), {"transparency": 3}),
        ("png", colour.convert("RGBA"), {}), ("png", grey.convert("1"), {}), ("png", colour, {"icc_profile": bytes(200)}),
        ("jpeg", colour, {"exif": exif}), ("jpeg", grey, {"progressive": True}), ("jpeg", colour.convert("CMYK"), {}),
    ]  # fmt: skip
    return [(form, saved(picture, form, **options)) for form, picture, options in forms]


def other_pictures() -> list[tuple[str, bytes]]:
    """The other formats that are read from folders."""
    colour = Image.fromarray(PIXELS)
    return [
        (form, saved(picture, form, **options))
        for form, picture, options in (
            ("webp", colour, {}), ("webp", colour, {"lossless": True}), ("bmp", colour, {}), ("gif", colour.convert("P"), {}),
            ("gif", colour.convert("P"), {"save_all": True, "append_images": [colour.convert("P").rotate(90)]}),
            ("tiff", colour, {}), ("tiff", colour, {"compression": "tiff_lzw"}), ("tiff", colour, {"compression": "jpeg"}),
            ("ppm", colour, {}), ("tga", colour, {"compression": "tga_rle"}),
        )
    ]  # fmt: skip


def saved(picture: Image.Image, form: str, **options) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, form, **options)
    return buffer.getvalue()


def archives() -> list[tuple[str, bytes]]:
    """NumPy archives, packed and not, of pictures and of points."""
    chance = np.random.default_rng(0)
    images, labels = chance.integers(0, 256, (6, 5, 7, 3), dtype=np.uint8), np.arange(6) % 3
    contents = [{"images": images, "labels": labels}, {"images": images / 127.5 - 1}, {"points": chance.normal(size=(9, 2))}]
    return [("npz", packed(save, **arrays)) for arrays in contents for save in (np.savez, np.savez_compressed)]


def packed(save, **arrays) -> bytes:
    buffer = io.BytesIO()
    save(buffer, **arrays)
    return buffer.getvalue()


def idx_files() -> list[tuple[str, bytes]]:
    content = (
        bytes([0, 0, 8, 3])
        + struct.pack(">3I", 5, 28, 28)
        + np.random.default_rng(0).integers(0, 256, 5 * 28 * 28, dtype=np.uint8).tobytes()
    )
    return [("idx", content), ("gz", gzip.compress(content, mtime=0))]


class Storage:
    """A tensor's numbers, as `torch.save` refers to them."""

    def __init__(self, key: str, kind: str, numbers: np.ndarray):
        self.key, self.kind, self.numbers = key, kind, numbers


class Global:
    """A name that a pickle imports; PyTorch itself need not be here."""

    def __init__(self, module: str, name: str):
        self.module, self.name = module, name

    def __reduce__(self):
        raise NotImplementedError


class Tensor:
    """What PyTorch's pickles hold of a tensor: a function's name, and its arguments."""

    def __init__(self, storage: Storage, shape: tuple[int, ...], strides: tuple[int, ...]):
        self.arguments = (storage, 0, shape, strides, False, OrderedDict())


class Writer(pickle._Pickler):
    """Writes those as PyTorch does."""

    def persistent_id(self, thing):
        if isinstance(thing, Storage):
            return ("storage", Global("torch", thing.kind), thing.key, "cpu", thing.numbers.size)
        return None

    def save(self, thing, save_persistent_id=True):
        if isinstance(thing, Global):
            self.write(b"c" + f"{thing.module}\n{thing.name}\n".encode())
        elif isinstance(thing, Tensor):
            self.save(Global("torch._utils", "_rebuild_tensor_v2"))
            self.save(thing.arguments)
            self.write(b"R")
        else:
            super().save(thing, save_persistent_id)


def pickled(thing) -> bytes:
    buffer = io.BytesIO()
    Writer(buffer, protocol=2).dump(thing)
    return buffer.getvalue()


def weights() -> list[tuple[str, bytes]]:
    """One state dict in both of PyTorch's formats."""
    storages = [Storage("0", "FloatStorage", np.arange(24, dtype=np.float32)), Storage("1", "LongStorage", np.arange(2))]
    said = OrderedDict(
        {
            "fc.weight": Tensor(storages[0], (4, 6), (6, 1)),
            "fc.turned": Tensor(storages[0], (6, 4), (1, 6)),
            "n": Tensor(storages[1], (2,), (1,)),
        }
    )
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("archive/data.pkl", pickled(said))
        for storage in storages:
            archive.writestr(f"archive/data/{storage.key}", storage.numbers.tobytes())
    head = [0x1950A86A20F9469CFC6C, 1001, {"little_endian": True}, said, ["0", "1"]]
    row = b"".join(map(pickled, head)) + b"".join(struct.pack("<q", s.numbers.size) + s.numbers.tobytes() for s in storages)
    return [("zip", buffer.getvalue()), ("row", row)]


# What is done to them


def changed(content: bytes, chance: np.random.Generator) -> bytes:
    """The file with some bytes changed, cut, doubled, moved or set to what lengths are made of; sums of PNG are put right half the time."""
    data = bytearray(content)
    for _ in range(int(chance.integers(1, 5))):
        place, length = int(chance.integers(0, max(1, len(data)))), int(chance.integers(1, 9))
        match int(chance.integers(0, 7)):
            case 0:
                data[place : place + 1] = bytes([int(chance.integers(0, 256))])
            case 1:
                data[place : place + length] = chance.integers(0, 256, length, dtype=np.uint8).tobytes()
            case 2:
                data[place : place + length] = b"\xff" * length
            case 3:
                data[place : place + length] = b"\x7f" + bytes(length - 1)
            case 4:
                del data[place : place + length]
            case 5:
                data[place:place] = data[place : place + 8 * length]
            case _:
                if chance.random() < 0.3:
                    del data[place:]
    return with_right_sums(bytes(data)) if data[:4] == b"\x89PNG" and chance.random() < 0.5 else bytes(data)


def with_right_sums(content: bytes) -> bytes:
    """A PNG whose chunks have the checksums of what they hold, so that changes reach the decoder."""
    parts, place = [content[:8]], 8
    while place + 12 <= len(content):
        (length,) = struct.unpack(">I", content[place : place + 4])
        body = content[place + 4 : place + 8 + length]
        parts += [content[place : place + 4], body, struct.pack(">I", zlib.crc32(body))]
        place += 12 + length
    return b"".join(parts)


class Figures:
    """What came of the files of one kind."""

    def __init__(self, kind: str):
        self.kind, self.read, self.refused, self.slowest, self.largest, self.grown = kind, 0, 0, 0.0, 0, 0

    def add(self, what: bytes, was_read: bool, seconds: float, memory: int) -> None:
        self.read, self.refused = self.read + was_read, self.refused + (not was_read)
        self.slowest, self.largest = max(self.slowest, seconds), max(self.largest, memory)
        assert seconds < MOST_SECONDS and memory < MOST_MEMORY, f"{seconds:.2f} s, {memory:,} bytes for {what[:200]!r}"

    def __str__(self) -> str:
        return (
            f"{self.kind}: {self.read + self.refused:,} changed files, {self.read:,} read, {self.refused:,} refused in one line;"
            f" the slowest took {1000 * self.slowest:.0f} ms, the largest {self.largest / 2**20:.1f} MiB in Python,"
            f" and the process grew by {self.grown / 2**20:.0f} MiB"
        )


def peak_memory() -> int:
    """The most bytes that this process has had in memory, those of C code (Pillow's) included."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)


def tried(read, path: Path, content: bytes, figures: Figures) -> None:
    """Reads one file; anything but a result or a UserError of one line is raised, warnings included (they are errors in tests)."""
    path.write_bytes(content)
    line = None
    tracemalloc.reset_peak()
    before, start = tracemalloc.get_traced_memory()[0], time.perf_counter()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        try:
            read(path)
        except UserError as error:
            line = str(error)
        except Exception as error:
            raise AssertionError(f"{type(error).__name__} of {content!r}") from error
    assert line is None or len(line.splitlines()) == 1, content
    figures.add(content, line is None, time.perf_counter() - start, tracemalloc.get_traced_memory()[1] - before)


def read_npz_set(path: Path) -> None:
    load(f"npz:{path}")


def read_idx_images(path: Path) -> None:
    read_idx(path, 3)


def read_whole_picture(path: Path) -> None:
    read_picture(path, str(path))


KINDS = {  # whole files; their reader; how many are tried quickly, and in full
    "PNG and JPEG": (pictures, read_whole_picture, 300, 4000),
    "other pictures": (other_pictures, read_whole_picture, 150, 2000),
    "npz": (archives, read_npz_set, 300, 4000),
    "IDX": (idx_files, read_idx_images, 200, 1500),
    "PyTorch": (weights, read_torch_file, 300, 1000),
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("full", [False, pytest.param(True, marks=pytest.mark.slow)], ids=["few", "full"])
@pytest.mark.usefixtures("no_annotation_checks")  # which take most of a second to word what they object to
def test_changed_files_are_read_or_refused_in_one_line(tmp_path, capfd, kind, full):
    make, read, few, many = KINDS[kind]
    whole, chance, figures = make(), np.random.default_rng(1), Figures(kind)
    for ending, content in whole:
        read(written(tmp_path / f"whole.{ending}", content))  # nothing is wrong with them before
    before = peak_memory()
    tracemalloc.start()
    try:
        for number in range(many if full else few):
            ending, content = whole[number % len(whole)]
            tried(read, tmp_path / f"changed.{ending}", changed(content, chance), figures)
    finally:
        tracemalloc.stop()
    figures.grown = peak_memory() - before
    out, err = capfd.readouterr()
    assert out == ""
    assert err == "" or kind == "other pictures"  # libtiff writes to standard error by itself
    with capfd.disabled():
        print(f"\n{figures}")
    assert figures.refused > 0.2 * few and figures.grown < MOST_MEMORY


def written(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


# Files that promise more than they hold


def png_of(width: int, height: int, data: bytes = b"") -> bytes:
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", data or zlib.compress(bytes(100))), (b"IEND", b""))
    return with_right_sums(
        b"\x89PNG\r\n\x1a\n" + b"".join(struct.pack(">I", len(c)) + name + c + bytes(4) for name, c in chunks)
    )


def npy_header(shape: tuple[int, ...], kind: str = "|u1") -> bytes:
    words = f"{{'descr': '{kind}', 'fortran_order': False, 'shape': {shape}, }}".encode()
    words += b" " * (117 - len(words)) + b"\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(words)) + words


def npz_of(member: bytes, packed: bool = True) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED if packed else zipfile.ZIP_STORED) as archive:
        archive.writestr("images.npy", member)
    return buffer.getvalue()


def torch_zip(content: bytes, packed: bool = False) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED if packed else zipfile.ZIP_STORED) as archive:
        archive.writestr("a/data.pkl", content)
        archive.writestr("a/data/0", bytes(400))
    return buffer.getvalue()


def tensors(*shapes_and_strides: tuple[tuple[int, ...], tuple[int, ...]]) -> bytes:
    storage = Storage("0", "FloatStorage", np.zeros(100, np.float32))
    return pickled(OrderedDict({str(i): Tensor(storage, *both) for i, both in enumerate(shapes_and_strides)}))


IDX_OF_10_GB = bytes([0, 0, 8, 3]) + struct.pack(">3I", 10**4, 10**3, 10**3)
BOMB = bytes(2**27)
BOMBS = {
    "a PNG of 60,000 x 60,000": (lambda: png_of(60_000, 60_000), "x.png", read_whole_picture),
    "a PNG of 13,000 x 13,000": (lambda: png_of(13_000, 13_000), "x.png", read_whole_picture),
    "a PNG of 9,000 x 9,000 that holds it": (
        lambda: png_of(9_000, 9_000, zlib.compress(bytes(9_000 * 27_001))), "x.png", read_whole_picture
    ),
    "an npz whose header says 10 GB": (lambda: npz_of(npy_header((10**4, 10**3, 10**3))), "x.npz", read_npz_set),
    "an npz of bytes of 10 GB each": (lambda: npz_of(npy_header((1,), "|V10000000000")), "x.npz", read_npz_set),
    "an npz whose header holds less than follows": (lambda: npz_of(npy_header((1, 2, 2)) + bytes(100)), "x.npz", read_npz_set),
    "an npz that unpacks to 128 MiB": (lambda: npz_of(npy_header((2**7, 2**10, 2**10)) + BOMB), "x.npz", read_npz_set),
    "an IDX that says 10 GB": (lambda: IDX_OF_10_GB + bytes(100), "x", read_idx_images),
    "a gzipped IDX that says 10 GB": (lambda: gzip.compress(IDX_OF_10_GB + bytes(100)), "x.gz", read_idx_images),
    "a gzipped IDX of 128 MiB": (
        lambda: gzip.compress(bytes([0, 0, 8, 3]) + struct.pack(">3I", 2**7, 2**10, 2**10) + BOMB), "x.gz", read_idx_images
    ),
    "a gzipped IDX that goes on for 128 MiB": (
        lambda: gzip.compress(bytes([0, 0, 8, 3]) + struct.pack(">3I", 1, 2, 2) + BOMB), "x.gz", read_idx_images
    ),
    "a pickle with a bytearray of 1 TB": (lambda: b"\x80\x05\x96" + struct.pack("<Q", 2**40) + b".", "x.pth", read_torch_file),
    "a pickle that remembers number 2**31": (lambda: b"\x80\x02}r\xff\xff\xff\x7f.", "x.pth", read_torch_file),
    "the same within a zip": (lambda: torch_zip(b"\x80\x02}r\xff\xff\xff\x7f."), "x.pth", read_torch_file),
    "a pickle with bytes of 32 TB": (lambda: b"\x80\x04\x8e" + struct.pack("<Q", 2**45) + b".", "x.pth", read_torch_file),
    "a pickle in a frame of 32 TB": (lambda: b"\x80\x04\x95" + struct.pack("<Q", 2**45) + b".", "x.pth", read_torch_file),
    "a tensor that repeats one number": (lambda: torch_zip(tensors(((10**9,), (0,)))), "x.pth", read_torch_file),
    "a tensor beyond its storage": (lambda: torch_zip(tensors(((10, 10), (1000, 1)))), "x.pth", read_torch_file),
    "a zip whose pickle unpacks to 128 MiB": (lambda: torch_zip(BOMB, packed=True), "x.pth", read_torch_file),
}  # fmt: skip


@pytest.mark.parametrize("name", BOMBS)
def test_what_promises_more_than_it_holds_is_refused_before_it_is_unpacked(tmp_path, name):
    make, file, read = BOMBS[name]
    path = written(tmp_path / file, make())
    tracemalloc.start()
    try:
        start = time.perf_counter()
        with pytest.raises(UserError) as refused:
            read(path)
        seconds, memory = time.perf_counter() - start, tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert len(str(refused.value).splitlines()) == 1 and str(path) in str(refused.value)
    assert seconds < MOST_SECONDS and memory < 2**24


def test_large_files_that_are_what_they_say_are_read(tmp_path):
    """Nothing is refused for its size alone: 20 million pixels, 80 MB of packed pictures."""
    noise = np.random.default_rng(0).integers(0, 256, (512, 512, 3), dtype=np.uint8)
    Image.fromarray(np.tile(noise, (9, 9, 1))).save(tmp_path / "large.jpg", quality=90)
    assert read_picture(tmp_path / "large.jpg", "x").size == (4608, 4608)
    assert read_picture(written(tmp_path / "x.png", png_of(4000, 4000, zlib.compress(bytes(4000 * 12_001)))), "x").size == (
        4000,
        4000,
    )
