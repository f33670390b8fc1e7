"""Downloads from a server on this machine that is slow, lies, or breaks off: each ends in the whole file, or in one line."""

import contextlib
import functools
import hashlib
import http.server
import threading
import time
from collections.abc import Iterator

import numpy as np
import pytest

from jaxgan.data import download
from jaxgan.errors import UserError
from jaxgan.features import inception

CONTENT = np.random.default_rng(0).integers(0, 256, 300_000, dtype=np.uint8).tobytes()
SHA256 = hashlib.sha256(CONTENT).hexdigest()


class Server:
    """Answers each request by the next of its behaviours, the last one again and again, and remembers what was asked for."""

    def __init__(self, *behaviours):
        self.behaviours, self.ranges = list(behaviours), []
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.0"

            def do_GET(self):
                if self.headers.get("Accept-Encoding") != "identity":  # `answers`, which only wants to hear something
                    self.send_response(204)
                    self.end_headers()
                    return
                outer.ranges.append(self.headers.get("Range"))
                behave = outer.behaviours.pop(0) if len(outer.behaviours) > 1 else outer.behaviours[0]
                with contextlib.suppress(OSError):  # the client has gone
                    behave(self)

            def log_message(self, *_):
                pass

        self.http = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.http.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.http.server_port}/weights.bin"


@contextlib.contextmanager
def serving(*behaviours) -> Iterator[Server]:
    server = Server(*behaviours)
    thread = threading.Thread(target=server.http.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield server
    finally:
        server.http.shutdown()
        thread.join()
        server.http.server_close()


def send(handler, content, *, length=None, status=200, headers=()):
    handler.send_response(status)
    for name, value in (*headers, *([] if length is None else [("Content-Length", length)])):
        handler.send_header(name, str(value))
    handler.end_headers()
    handler.wfile.write(content)


def whole(handler):
    send(handler, CONTENT, length=len(CONTENT))


def rest(handler, most=10**9):
    """What was asked for, as servers that can go on do; no more than `most` bytes of it."""
    begin = int((handler.headers.get("Range") or "bytes=0-").removeprefix("bytes=").removesuffix("-"))
    if begin >= len(CONTENT):
        send(handler, b"", length=0, status=416, headers=[("Content-Range", f"bytes */{len(CONTENT)}")])
        return
    span = [("Content-Range", f"bytes {begin}-{len(CONTENT) - 1}/{len(CONTENT)}")]
    part = CONTENT[begin : begin + most]
    send(handler, part, length=len(CONTENT) - begin, status=206 if begin else 200, headers=span if begin else ())


def rest_breaking_after(n):
    return functools.partial(rest, most=n)


def breaking_after(n):
    def behave(handler):
        send(handler, CONTENT[:n], length=len(CONTENT))

    return behave


def another_file(handler):
    send(handler, CONTENT[::-1], length=len(CONTENT))


def the_rest_of_another_file(handler):
    send(handler, bytes(200_000), length=200_000, status=206, headers=[("Content-Range", "bytes 100000-299999/300000")])


def endless(handler):
    send(handler, b"")
    while True:
        handler.wfile.write(bytes(1 << 16))


def too_large_by_its_word(handler):
    send(handler, CONTENT, length=10**12)


def one_byte_at_a_time(handler):
    send(handler, b"", length=len(CONTENT))
    for byte in CONTENT:
        handler.wfile.write(bytes([byte]))
        handler.wfile.flush()
        time.sleep(0.02)


def silent(handler):
    time.sleep(5)


def longer_by_its_word(handler):
    send(handler, CONTENT, length=len(CONTENT) + 1000)


def shorter_by_its_word(handler):
    send(handler, CONTENT, length=1000)


def packed_again(handler):
    send(handler, CONTENT, length=len(CONTENT), headers=[("Content-Encoding", "gzip")])


def nothing_there(handler):
    send(handler, b"no such file", length=12, status=404)


def elsewhere(handler):
    send(handler, b"", length=0, status=302, headers=[("Location", "/weights.bin")])


def fetched(server, folder):
    return download.fetch(server.url, SHA256, folder, plain_http=True)


@pytest.mark.parametrize(
    ("behaviours", "ranges"),
    [
        ([whole], [None]),
        ([packed_again], [None]),
        ([breaking_after(100_000), rest], [None, "bytes=100000-"]),
        ([breaking_after(100_000), whole], [None, "bytes=100000-"]),
        ([breaking_after(0), breaking_after(7), rest], [None, None, "bytes=7-"]),
        ([longer_by_its_word], [None]),
        ([breaking_after(100_000), the_rest_of_another_file, rest], [None, "bytes=100000-", None]),
        ([breaking_after(100_000), lambda handler: None, rest], [None, "bytes=100000-", "bytes=100000-"]),
    ],
)
def test_the_whole_file_comes_of_servers_that_break_off_or_lie(tmp_path, no_proxy, behaviours, ranges):
    with serving(*behaviours) as server:
        path = fetched(server, tmp_path)
    assert path.read_bytes() == CONTENT and path.name == "weights.bin"
    assert server.ranges == ranges
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize(
    ("behaviours", "words", "asked"),
    [
        ([another_file], "SHA-256 is another", 1),
        ([shorter_by_its_word], "SHA-256 is another", 1),
        ([endless], "does not end after 400,000 bytes", 1),
        ([too_large_by_its_word], "has 1,000,000,000,000 bytes, expected at most 400,000", 1),
        ([nothing_there], "404", 1),
        ([elsewhere], "redirects", 1),
    ],
)
def test_what_is_not_the_file_is_refused_in_one_line_and_not_kept(tmp_path, no_proxy, monkeypatch, behaviours, words, asked):
    monkeypatch.setattr(download, "MOST_BYTES", 400_000)
    with serving(*behaviours) as server, pytest.raises(UserError) as refused:
        fetched(server, tmp_path)
    assert words in str(refused.value) and server.url in str(refused.value) and len(str(refused.value).splitlines()) == 1
    assert not list(tmp_path.iterdir())
    assert len(server.ranges) >= asked


@pytest.mark.parametrize("behave", [one_byte_at_a_time, silent])
def test_a_slow_server_is_given_up(tmp_path, no_proxy, monkeypatch, behave):
    monkeypatch.setattr(download, "LONGEST", 0.6)
    start = time.monotonic()
    with serving(behave) as server, pytest.raises(UserError, match=r"within 1 s; .* kept"):
        fetched(server, tmp_path)
    assert time.monotonic() - start < 3
    assert not list(tmp_path.iterdir())


def test_what_came_is_kept_for_the_next_call(tmp_path, no_proxy):
    with serving(rest_breaking_after(50_000)) as server:
        with pytest.raises(UserError, match=r"could not be fetched \(broke off after 150,000 bytes") as refused:
            fetched(server, tmp_path)
        assert len(str(refused.value).splitlines()) == 1
    assert server.ranges == [None, "bytes=50000-", "bytes=100000-"]
    assert (tmp_path / "weights.bin.part").read_bytes() == CONTENT[:150_000]
    with serving(rest) as server:
        assert fetched(server, tmp_path).read_bytes() == CONTENT
    assert server.ranges == ["bytes=150000-"]


@pytest.mark.parametrize("part", [bytes(50), CONTENT + b"more", bytes(len(CONTENT))])
def test_a_part_of_another_file_is_thrown_away_and_the_download_begun_anew(tmp_path, no_proxy, part):
    (tmp_path / "weights.bin.part").write_bytes(part)
    with serving(rest) as server:
        assert fetched(server, tmp_path).read_bytes() == CONTENT
    assert server.ranges[0] == f"bytes={len(part)}-" and server.ranges[-1] is None
    assert [path.name for path in tmp_path.iterdir()] == ["weights.bin"]


def test_two_at_once_do_not_spoil_each_other(tmp_path, no_proxy):
    results = []
    with serving(whole) as server:
        threads = [threading.Thread(target=lambda: results.append(fetched(server, tmp_path).read_bytes())) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert results == [CONTENT] * 4
    assert [path.name for path in tmp_path.iterdir()] == ["weights.bin"]


def test_addresses_without_https_are_refused_before_anything_is_asked(tmp_path, offline):
    with pytest.raises(UserError, match="expected an address by https"):
        download.fetch("http://example.org/weights.bin", SHA256, tmp_path)
    assert not offline and not list(tmp_path.iterdir())


def test_a_server_cannot_refer_to_an_address_without_https(tmp_path, no_proxy, monkeypatch):
    """The rule is in the session, which has no adapter for http: it fails before it connects."""
    monkeypatch.setattr(download, "answers", lambda url: True)
    refused = pytest.raises(OSError, match="No connection adapters")
    with serving(whole) as server, (tmp_path / "part").open("ab") as part, refused:
        download._receive(part, server.url, plain_http=False)
    assert not server.ranges


def test_all_addresses_of_ours_are_https():
    from jaxgan.data.mnist import ARCHIVES

    assert all(url.startswith("https://") for url in (inception.URL, *(archives.url for archives in ARCHIVES.values())))


@pytest.mark.parametrize("broken", ["folder", "link", "other"])
def test_weights_that_are_there_and_broken_are_not_downloaded(tmp_path, offline, broken):
    path = tmp_path / inception.URL.rsplit("/", 1)[-1]
    match broken:
        case "folder":
            path.mkdir()
        case "link":
            path.symlink_to(tmp_path / "nowhere")
        case _:
            path.write_bytes(b"other weights")
    with pytest.raises(UserError, match=path.name) as refused:
        inception.load_inception(None, tmp_path)
    assert len(str(refused.value).splitlines()) == 1 and not offline
