"""Animations as MP4, by the program ffmpeg where it is installed."""

import shutil
import subprocess
import tempfile
from pathlib import Path

import numpy as np
from jaxtyping import Float

from jaxgan.errors import UserError, one_line
from jaxgan.files import write_atomically
from jaxgan.report.images import frames_of

RATE = "25/2"  # frames a second: as long as a frame of a GIF stands


def require_ffmpeg(path: Path) -> str:
    """The program that writes MP4; raises UserError where it is not installed."""
    program = shutil.which("ffmpeg")
    if program is None:
        raise UserError(f"--out {path}: MP4 is written by ffmpeg, which is not installed here; name a file that ends in .gif")
    return program


def save_mp4(path: Path, images: Float[np.ndarray, "n h w c"]) -> None:
    """Writes images (N, H, W, C) in [-1, 1] as H.264 in an MP4, which every browser plays; small ones are enlarged.

    Raises:
        UserError: there is no ffmpeg, or it fails: its own words.
    """
    program, frames = require_ffmpeg(path), frames_of(images)
    height, width, channels = frames.shape[1:]
    frames = np.pad(frames, ((0, 0), (0, height % 2), (0, width % 2), (0, 0)), mode="edge")  # H.264 halves the colours' sides
    size = f"{frames.shape[2]}x{frames.shape[1]}"
    given = ["-f", "rawvideo", "-pix_fmt", "gray" if channels == 1 else "rgb24", "-s", size, "-r", RATE, "-i", "-"]
    made = ["-c:v", "libx264", "-crf", "16", "-pix_fmt", "yuv420p", "-movflags", "+faststart"]
    with tempfile.TemporaryDirectory() as folder:
        video = Path(folder) / "video.mp4"  # ffmpeg goes back in what it writes
        command = [program, "-loglevel", "error", "-nostdin", "-y", *given, *made, str(video)]
        done = subprocess.run(command, input=frames.tobytes(), capture_output=True, check=False)
        if done.returncode or not video.is_file():
            reason = one_line(done.stderr.decode(errors="replace")) or f"exit code {done.returncode}"
            raise UserError(f"--out {path}: ffmpeg fails: {reason}")
        write_atomically(path, video.read_bytes())
