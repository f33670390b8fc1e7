"""IDX archives, and the order in which MNIST is looked for."""

import functools
import gzip
import hashlib
import http.server
import socket
import threading
import time

import numpy as np
import pytest

from jaxgan.data import Dataset, download, load, mnist, tfds
from jaxgan.data.idx import read_idx

IMAGES = np.arange(5 * 28 * 28, dtype=np.uint32).astype(np.uint8).reshape(5, 28, 28)
LABELS = np.array([3, 1, 4, 1, 5], np.uint8)
TRAIN = ("train-images-idx3-ubyte", "train-labels-idx1-ubyte")


def idx_bytes(array):
    """The format, written by hand: magic number, sizes of four bytes with the high byte first, the bytes."""
    sizes = b"".join(int(size).to_bytes(4, "big") for size in array.shape)
    return bytes([0, 0, 8, array.ndim]) + sizes + array.tobytes()


def write(folder, images=IMAGES, labels=LABELS, names=TRAIN, suffix=".gz"):
    folder.mkdir(parents=True, exist_ok=True)
    for name, array in zip(names, (images, labels), strict=True):
        content = array if isinstance(array, bytes) else idx_bytes(array)
        (folder / f"{name}{suffix}").write_bytes(gzip.compress(content) if suffix else content)


@pytest.mark.parametrize("suffix", [".gz", ""])
def test_hand_made_archives_are_read(tmp_path, suffix, offline):
    write(tmp_path / "mnist", suffix=suffix)
    dataset = load("mnist", data_dir=tmp_path)
    np.testing.assert_array_equal(dataset.samples, IMAGES[..., None])
    np.testing.assert_array_equal(dataset.labels, LABELS)
    assert dataset.labels.dtype == np.int32
    assert dataset.n_classes == 10
    assert len(dataset.class_names) == 10
    assert dataset.sample_shape == (28, 28, 1)
    assert not offline  # nobody was asked
    assert load("mnist", data_dir=tmp_path, image_size=14).samples.shape == (5, 14, 14, 1)


def test_dotted_file_names_and_the_test_split(tmp_path, offline):
    write(tmp_path / "mnist", names=("t10k-images.idx3-ubyte", "t10k-labels.idx1-ubyte"), suffix="")
    assert load("mnist", data_dir=tmp_path, split="test").size == 5


def broken(images=None, labels=None):
    return {key: value for key, value in (("images", images), ("labels", labels)) if value is not None}


@pytest.mark.parametrize(
    ("content", "file", "words"),
    [
        (broken(images=idx_bytes(IMAGES)[:-7]), TRAIN[0], "3913 bytes of data, expected 3920"),
        (broken(images=idx_bytes(IMAGES) + b"x"), TRAIN[0], "3921 bytes of data, expected 3920"),
        (broken(images=b"\0\0"), TRAIN[0], "expected 00000803"),
        (broken(images=b""), TRAIN[0], "(none)"),
        (broken(images=idx_bytes(LABELS)), TRAIN[0], "starts with bytes 00000801, expected 00000803"),
        (broken(images=b"<html>not found</html>" * 9), TRAIN[0], "expected 00000803"),
        (broken(images=idx_bytes(IMAGES[:0])), TRAIN[0], "no images"),
        (broken(labels=LABELS[:4]), TRAIN[1], "expected (5,)"),
        (broken(labels=np.array([0, 1, 2, 3, 10], np.uint8)), TRAIN[1], "labels hold 10, expected"),
        (broken(labels=idx_bytes(IMAGES)), TRAIN[1], "expected 00000801"),
    ],
)
@pytest.mark.parametrize("suffix", [".gz", ""])
def test_broken_archives_are_named(tmp_path, refused, content, file, words, suffix):
    write(tmp_path / "mnist", suffix=suffix, **content)
    line = refused(load, "mnist", data_dir=tmp_path)
    assert f"{file}{suffix}" in line
    assert words in line


def test_a_truncated_or_false_gzip_is_named(tmp_path, refused):
    whole = gzip.compress(idx_bytes(IMAGES))
    flipped = whole[:40] + bytes([whole[40] ^ 255]) + whole[41:]
    for content in (whole[: len(whole) // 2], whole[:-3], b"no gzip at all", flipped):
        path = tmp_path / "broken.gz"
        path.write_bytes(content)
        line = refused(read_idx, path, 3)
        assert "broken.gz" in line
        assert "not readable" in line


def test_archives_come_before_a_prepared_folder_and_that_before_the_network(tmp_path, offline, refused, monkeypatch):
    asked = []

    def prepared(request):
        asked.append(request.source)
        return Dataset("tfds", (28, 28, 1), 0, IMAGES[:2, ..., None], None)

    monkeypatch.setattr(mnist.tfds, "load_tfds", prepared)
    assert "cannot be downloaded" in refused(load, "mnist", data_dir=tmp_path)
    assert offline
    assert not asked
    offline.clear()
    (tmp_path / "mnist" / "3.0.1").mkdir(parents=True)
    assert not tfds.is_prepared("mnist", tmp_path)
    (tmp_path / "mnist" / "3.0.1" / "dataset_info.json").write_text("{}")
    assert load("mnist", data_dir=tmp_path).size == 2
    assert asked == ["mnist"]
    assert not offline
    write(tmp_path / "mnist")
    assert load("mnist", data_dir=tmp_path).size == 5
    assert asked == ["mnist"]
    assert not offline


@pytest.mark.parametrize("name", ["mnist", "fashion_mnist"])
def test_without_network_one_line_says_what_to_put_where(tmp_path, offline, refused, name):
    start = time.monotonic()
    line = refused(load, name, data_dir=tmp_path)
    assert time.monotonic() - start < 10
    assert f"{TRAIN[0]}.gz and {TRAIN[1]}.gz" in line
    assert str(tmp_path / name) in line
    assert "--data-dir" in line
    assert not list(tmp_path.rglob("*ubyte*"))  # nothing half-made is left


def test_a_look_up_that_hangs_does_not_hang_the_program(tmp_path, no_proxy, monkeypatch, refused):
    release = threading.Event()

    def hang(*_, **__):
        release.wait(30)
        raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")

    monkeypatch.setattr(socket, "getaddrinfo", hang)
    assert download.PATIENCE < 8  # the whole way has 10 s
    monkeypatch.setattr(download, "PATIENCE", 0.5)
    start = time.monotonic()
    line = refused(load, "mnist", data_dir=tmp_path)
    assert time.monotonic() - start < 3
    assert "no answer" in line
    release.set()


@pytest.fixture
def server(tmp_path, no_proxy, monkeypatch):
    """This machine as the mirror: the folder it serves, and what was fetched from it."""
    folder = tmp_path / "mirror"
    write(folder)
    handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=str(folder))
    monkeypatch.setattr(http.server.SimpleHTTPRequestHandler, "log_message", lambda *_: None)
    httpd = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=httpd.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    sums = {name: hashlib.sha256((folder / f"{name}.gz").read_bytes()).hexdigest() for name in TRAIN}
    monkeypatch.setattr(mnist, "fetch", functools.partial(download.fetch, plain_http=True))
    archives = mnist.ARCHIVES["mnist"]._replace(url=f"http://127.0.0.1:{httpd.server_port}/", sha256=sums)
    monkeypatch.setitem(mnist.ARCHIVES, "mnist", archives)
    yield folder
    httpd.shutdown()
    thread.join()
    httpd.server_close()


def test_a_download_is_kept_and_used_again(tmp_path, server):
    home = tmp_path / "home"
    dataset = load("mnist", data_dir=home)
    np.testing.assert_array_equal(dataset.samples, IMAGES[..., None])
    assert sorted(path.name for path in (home / "mnist").iterdir()) == [f"{name}.gz" for name in TRAIN]
    for path in server.iterdir():
        path.unlink()
    assert load("mnist", data_dir=home).size == 5


def test_a_download_with_another_checksum_is_refused_and_not_kept(tmp_path, server, refused):
    (server / f"{TRAIN[0]}.gz").write_bytes(gzip.compress(idx_bytes(IMAGES[::-1])))
    line = refused(load, "mnist", data_dir=tmp_path / "home")
    assert TRAIN[0] in line
    assert "put" in line
    assert not list((tmp_path / "home" / "mnist").iterdir())


def test_a_file_missing_on_the_mirror_and_a_directory_that_cannot_be_written(tmp_path, server, refused):
    (server / f"{TRAIN[1]}.gz").unlink()
    assert "404" in refused(load, "mnist", data_dir=tmp_path / "home")
    blocked = tmp_path / "blocked"
    blocked.write_text("a file, no folder")
    assert str(blocked) in refused(load, "mnist", data_dir=blocked)


def test_published_sums_are_the_files_that_the_mirrors_hold(real_data):
    for name, archives in mnist.ARCHIVES.items():
        for file, expected in archives.sha256.items():
            assert hashlib.sha256((real_data / name / f"{file}.gz").read_bytes()).hexdigest() == expected


def test_real_mnist_has_its_known_counts(real_data, offline):
    train = load("mnist", data_dir=real_data)
    assert train.samples.shape == (60_000, 28, 28, 1)
    assert np.bincount(train.labels).tolist() == [5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949]
    assert train.samples.mean() / 255 == pytest.approx(0.1307, abs=1e-4)
    assert load("mnist", data_dir=real_data, split="test").samples.shape == (10_000, 28, 28, 1)


def test_real_fashion_mnist_has_its_known_counts(real_data, offline):
    test = load("fashion_mnist", data_dir=real_data, split="test")
    assert np.bincount(test.labels).tolist() == [1000] * 10
    assert test.class_names[test.labels[0]] == "Ankle boot"
    train = load("fashion_mnist", data_dir=real_data)
    assert np.bincount(train.labels).tolist() == [6000] * 10
