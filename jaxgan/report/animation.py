"""An animation of a training, of the pictures of samples that it left."""

import io
from pathlib import Path

from jaxgan.errors import say
from jaxgan.files import without_link, write_atomically
from jaxgan.folder import RunFolder, Tell
from jaxgan.report.folder import evenly
from jaxgan.report.pictures import whole_picture

FRAMES = 24  # at most, evenly chosen
WIDTH = 360  # pixels, at most
MILLISECONDS = 200  # that a frame stands
LAST = 2000  # milliseconds that the last one stands


def write_animation(folder: Path, tell: Tell = say) -> Path | None:
    """Writes RUN/animation.gif of the first replica's pictures of samples, and returns its path.

    None, and nothing is written, where there are fewer than two pictures, or the animation is there and no older than the last of them.
    A picture that cannot be read is left out, and told.
    """
    files = RunFolder(folder)
    pictures = [picture for picture in files.pictures() if picture.replica == 0]
    if len(pictures) < 2:
        return None
    path = files.animation
    if path.is_file() and path.stat().st_mtime >= pictures[-1].path.stat().st_mtime:
        return None
    frames = [
        frame for picture in evenly(pictures, FRAMES) if (frame := whole_picture(folder, picture.path, WIDTH, tell)) is not None
    ]
    if len(frames) < 2:
        return None
    content = io.BytesIO()
    durations = [MILLISECONDS] * (len(frames) - 1) + [LAST]
    frames = [frame if frame.size == frames[-1].size else frame.resize(frames[-1].size) for frame in frames]
    frames[0].save(content, format="GIF", save_all=True, append_images=frames[1:], duration=durations, loop=0)
    write_atomically(without_link(path), content.getvalue())
    return path
