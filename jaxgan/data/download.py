"""Fetching a file with a known checksum: by https alone, bounded in size and time, and gone on with where it broke off."""

import contextlib
import hashlib
import os
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Any

from jaxgan.errors import UserError, first_line

fcntl: Any = None
with contextlib.suppress(ImportError):  # which Windows lacks
    import fcntl

PATIENCE = 6.0  # seconds until a server must have answered at all, and between two parts of its answer
LONGEST = 3600.0  # seconds that a download may take in all
MOST_BYTES = 2**28  # of one file: the largest that is fetched, Inception's weights, has 95 MB
TRIES = 3  # connections, each of which goes on where the one before it broke off
PART = 1 << 16  # bytes read at a time


def is_there(path: Path) -> bool:
    """Whether anything lies at the path, broken or not: a file that cannot be read, a folder, a link to nothing are not absent.

    Raises:
        UserError: the folder it would lie in cannot be looked into.
    """
    try:
        path.lstat()
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError as error:
        raise UserError(f"{path}: not readable ({error.strerror})") from error
    return True


def answers(url: str) -> bool:
    """Whether the server says anything within 6 s, whatever it is."""
    import requests

    def ask() -> None:
        requests.get(url, stream=True, timeout=PATIENCE, allow_redirects=False).close()

    try:
        within(PATIENCE, ask)
    except Exception:  # every failure means the same here: no answer
        return False
    return True


def within(seconds: float, function: Callable[[], None]) -> None:
    """Calls the function, and raises what it raises; or a TimeoutError where it takes longer, and is left to itself.

    A look-up of a name, or a server that sends a byte a second, can take longer than any timeout of a connection.
    """
    raised: list[BaseException] = []
    done = threading.Event()

    def call() -> None:
        try:
            function()
        except BaseException as error:
            raised.append(error)
        done.set()

    threading.Thread(target=call, daemon=True).start()
    if not done.wait(seconds):
        raise TimeoutError(f"not done within {seconds:.0f} s")
    if raised:
        raise raised[0]


def fetch(url: str, sha256: str, folder: Path, *, plain_http: bool = False) -> Path:
    """Downloads `url` into `folder` and verifies it; the file appears there whole or not at all.

    What a connection that breaks has brought is kept beside it, as NAME.part, and the next one goes on from there, in this call or a
    later one; a part that turns out to be of another file is thrown away, and the download begun anew.

    Args:
        url: of the file, by https, and so is every address that the server refers to.
        sha256: of its content.
        folder: which is made where it is not there.
        plain_http: allows http too: for tests with a server on this machine.

    Raises:
        UserError: another address than https, no answer within 6 s, a download that fails three times, takes more than an hour or
            brings more than 256 MiB, another checksum, or a folder that cannot be written.
    """
    if not url.startswith("https://") and not plain_http:
        raise UserError(f"{url}: expected an address by https")
    if not answers(url):
        raise UserError(f"no answer from {url}")
    target = folder / url.rsplit("/", 1)[-1]
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with _part_of(target) as part:
            _fill(part, url, sha256, plain_http)
            if fcntl is None:
                part.close()  # Windows moves no open file
            os.replace(part.name, target)
    except OSError as error:  # requests' errors are OSErrors
        raise UserError(f"{url} could not be fetched ({first_line(error)})") from error
    return target


@contextlib.contextmanager
def _part_of(target: Path) -> Iterator[IO[bytes]]:
    """The file NAME.part, open at its end; one of this process alone, which is not kept, where another process fills that one.

    It is kept where the download broke off, unless nothing had come.
    """
    part = target.with_name(f"{target.name}.part").open("ab")
    shared = _locked(part)
    if not shared:
        part.close()
        part = target.with_name(f".{target.name}.{os.getpid()}.{threading.get_ident()}.part").open("wb")
    try:
        yield part
    finally:
        empty = part.closed or not part.tell()
        if fcntl is None:
            part.close()  # Windows removes no open file
        if not shared or empty:
            Path(part.name).unlink(missing_ok=True)
        part.close()


def _locked(part: IO[bytes]) -> bool:
    """Whether the file is this process's alone, and is still under its name: another may just have finished it.

    Never where the system has no such locks (Windows): there each process fills a file of its own.
    """
    if fcntl is None:
        return False
    try:
        fcntl.flock(part, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return os.path.samestat(os.fstat(part.fileno()), os.stat(part.name))
    except OSError:
        return False


def _fill(part: IO[bytes], url: str, sha256: str, plain_http: bool) -> None:
    """Brings the part to the whole file.

    Raises:
        OSError: in three connections it could not be.
        UserError: it takes too long, is too large, or is another file.
    """
    deadline = time.monotonic() + LONGEST
    for attempt in range(1, TRIES + 1):
        resumed, broken = part.tell() > 0, None
        try:
            within(deadline - time.monotonic(), lambda: _receive(part, url, plain_http))
        except TimeoutError:
            kept = f"{part.tell():,} bytes are kept, and the next try goes on from there"
            raise UserError(f"{url} could not be fetched within {LONGEST:.0f} s; {kept}") from None
        except OSError as error:
            broken = error
        part.flush()
        if hashlib.sha256(Path(part.name).read_bytes()).hexdigest() == sha256:
            return
        if broken is None:
            _empty(part)
            if not resumed:
                break
        elif attempt == TRIES or _is_refusal(broken):
            raise broken
    raise UserError(f"{url} could not be fetched: its SHA-256 is another than {sha256}")


def _is_refusal(error: OSError) -> bool:
    """Whether the server said that there is no such file, or none for us: asking again changes nothing."""
    status = getattr(getattr(error, "response", None), "status_code", 0)
    return 400 <= status < 500


def _receive(part: IO[bytes], url: str, plain_http: bool) -> None:
    """One connection: adds what the server sends, which it is asked to begin where the part ends."""
    import requests
    from urllib3.exceptions import HTTPError

    begin = part.tell()
    headers = {"Accept-Encoding": "identity", **({"Range": f"bytes={begin}-"} if begin else {})}
    with requests.Session() as session:
        if not plain_http:
            session.adapters.pop("http://")  # so that no server can refer to an address without https
        with session.get(url, stream=True, timeout=PATIENCE, headers=headers) as answer:
            if begin and answer.status_code == 416:  # the part is as long as the file, or longer
                if answer.headers.get("Content-Range") != f"bytes */{begin}":
                    _empty(part)
                return
            answer.raise_for_status()
            if begin and not (
                answer.status_code == 206 and answer.headers.get("Content-Range", "").startswith(f"bytes {begin}-")
            ):
                _empty(part)  # the whole file comes
            try:
                _copy(answer, part, url)
            except HTTPError as error:
                raise OSError(f"broke off after {part.tell():,} bytes: {first_line(error)}") from error


def _copy(answer: Any, part: IO[bytes], url: str) -> None:
    """Adds the body of an answer, as many bytes as it promises and no more than are allowed."""
    promised = answer.headers.get("Content-Length", "")
    end = part.tell() + int(promised) if promised.isdecimal() else None
    if end is not None and end > MOST_BYTES:
        raise UserError(f"{url} could not be fetched: it has {end:,} bytes, expected at most {MOST_BYTES:,}")
    for content in answer.raw.stream(PART, decode_content=False):
        part.write(content)
        if part.tell() > MOST_BYTES:
            _empty(part)
            raise UserError(f"{url} could not be fetched: it does not end after {MOST_BYTES:,} bytes")
    if end is not None and part.tell() != end:
        raise OSError(f"broke off after {part.tell():,} of {end:,} bytes")


def _empty(part: IO[bytes]) -> None:
    part.seek(0)
    part.truncate()
