"""Fetching a file with a known checksum, without hanging where there is no network."""

import contextlib
import threading
from pathlib import Path

from jaxgan.errors import UserError, first_line

PATIENCE = 6.0  # seconds until a server must have answered at all


def answers(url: str) -> bool:
    """Whether the server says anything within 6 s, whatever it is.

    A look-up of a name can hang for longer than any timeout of a connection, so it is left behind in a thread of its
    own.
    """
    import requests

    heard = threading.Event()
    done = threading.Event()

    def ask() -> None:
        # Every failure means the same here: no answer.
        with contextlib.suppress(Exception), requests.get(url, stream=True, timeout=PATIENCE):
            heard.set()
        done.set()

    threading.Thread(target=ask, daemon=True).start()
    done.wait(PATIENCE)
    return heard.is_set()


def fetch(url: str, sha256: str, folder: Path) -> Path:
    """Downloads `url` into `folder` and verifies it; the file appears there whole or not at all.

    Raises:
        UserError: no answer within 6 s, a failed download, another checksum, or a folder that cannot be written.
    """
    import pooch

    if not answers(url):
        raise UserError(f"no answer from {url}")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        path = pooch.retrieve(
            url,
            known_hash=f"sha256:{sha256}",
            fname=url.rsplit("/", 1)[-1],
            path=folder,
            downloader=save,
        )
    except (OSError, ValueError) as error:  # requests' errors are OSErrors; another checksum is a ValueError
        raise UserError(f"{url} could not be fetched ({first_line(error)})") from error
    return Path(path)


def save(url: str, file: str, _: object) -> None:
    """Writes what the server sends into a file; pooch's own downloader leaves its connection open after an error."""
    import requests

    with requests.get(url, stream=True, timeout=PATIENCE) as answer:
        answer.raise_for_status()
        with Path(file).open("wb") as target:
            target.writelines(answer.iter_content(1 << 16))
