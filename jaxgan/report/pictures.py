"""Pictures of a run folder as a page may hold them: the run's own, whole, of a size that a browser can show, and by their content."""

import base64
import io
import warnings
from pathlib import Path
from typing import Any, NamedTuple

from jaxgan.folder import Damaged, RunFolder, Tell, read_content
from jaxgan.report.html import address_of

LARGEST = 2**25  # bytes of a file
PIXELS = 50_000_000  # of a picture, or of a frame
ENDS = {"PNG": b"\0\0\0\0IEND\xaeB`\x82", "GIF": b";"}  # the last bytes of a whole file


class Embedded(NamedTuple):
    """A picture as addresses that hold it."""

    address: str
    still: str  # of an animation its first frame; of a picture the picture


def embedded(folder: Path, path: Path, tell: Tell) -> Embedded | None:
    """A PNG or GIF file of the run folder; None where there is none, or where it is none for a page, which is told in a line."""
    try:
        if not RunFolder(folder).holds(path):
            raise Damaged("is a link to a file outside the run folder")
        content = read_content(path, LARGEST)
        return None if content is None else _embedded(content)
    except Damaged as damage:
        tell(f"{path} {damage}: the picture is left out")
        return None


def whole_picture(folder: Path, path: Path, width: int, tell: Tell) -> Any:
    """A PNG file of the run folder as Pillow's image, in grey or colours, at most so many pixels wide; None where `embedded` gives none."""
    from PIL import Image

    found = embedded(folder, path, tell)
    if found is None:
        return None
    opened = Image.open(io.BytesIO(base64.b64decode(found.still.partition(",")[2])))
    image = opened.convert("L" if opened.mode in ("1", "L") else "RGB")
    return image.resize((width, round(image.height * width / image.width))) if image.width > width else image


def _embedded(content: bytes) -> Embedded:
    """Raises Damaged of what a browser would not show, or not bear."""
    from PIL import Image

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            with Image.open(io.BytesIO(content), formats=("PNG", "GIF")) as image:
                if not content.endswith(ENDS[image.format or ""]):
                    raise Damaged("is cut short")
                if image.width * image.height > PIXELS:
                    raise Damaged(f"has {image.width:,} x {image.height:,} pixels; at most {PIXELS:,} are shown")
                if image.format == "PNG":
                    image.verify()  # every chunk is there and has its check sum; nothing is unpacked
                    address = address_of(content, "png")
                    return Embedded(address, address)
                still = io.BytesIO()
                image.convert("RGB").save(still, format="PNG")
    except Damaged:
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise Damaged(f"has more than the {PIXELS:,} pixels that are shown") from None
    except Exception:  # whatever Pillow meets in it
        raise Damaged("is no whole PNG or GIF") from None
    return Embedded(address_of(content, "gif"), address_of(still.getvalue(), "png"))
