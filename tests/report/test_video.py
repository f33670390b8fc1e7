"""MP4 by ffmpeg: a stand-in that keeps what it is given, and the program itself where it is installed."""

import shutil
import subprocess
import sys

import numpy as np
import pytest

from jaxgan.errors import UserError
from jaxgan.report.video import save_mp4

STAND_IN = """#!{python}
import pathlib, sys
frames = sys.stdin.buffer.read()
if {fails}:
    sys.exit("Unknown encoder 'libx264'")
pathlib.Path(sys.argv[-1]).write_bytes(" ".join(sys.argv[1:-1]).encode() + b"|" + frames)
"""


def stand_in(folder, monkeypatch, fails=False):
    program = folder / "ffmpeg"
    program.write_text(STAND_IN.format(python=sys.executable, fails=fails))
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(folder))


def test_ffmpeg_is_given_every_frame_with_even_sides(tmp_path, monkeypatch):
    stand_in(tmp_path, monkeypatch)
    images = np.zeros((3, 65, 67, 3), np.float32)
    images[1] = 1
    save_mp4(tmp_path / "x.mp4", images)
    words, frames = (tmp_path / "x.mp4").read_bytes().split(b"|", 1)
    assert b"-pix_fmt rgb24 -s 68x66 " in words and b"yuv420p" in words
    shown = np.frombuffer(frames, np.uint8).reshape(3, 66, 68, 3)
    assert (shown[0] == 128).all() and (shown[1] == 255).all()


def test_its_failure_and_its_absence_are_said_in_one_line_and_nothing_is_left(tmp_path, monkeypatch):
    stand_in(tmp_path, monkeypatch, fails=True)
    with pytest.raises(UserError, match=r"ffmpeg fails: Unknown encoder 'libx264'"):
        save_mp4(tmp_path / "x.mp4", np.zeros((2, 64, 64, 1), np.float32))
    (tmp_path / "ffmpeg").unlink()
    with pytest.raises(UserError, match="ffmpeg, which is not installed here; name a file that ends in"):
        save_mp4(tmp_path / "x.mp4", np.zeros((2, 64, 64, 1), np.float32))
    assert not (tmp_path / "x.mp4").exists()


@pytest.mark.skipif(shutil.which("ffmpeg") is None, reason="no ffmpeg")
def test_the_frames_can_be_read_again(tmp_path):
    levels = np.linspace(-0.8, 0.8, 5, dtype=np.float32)
    save_mp4(tmp_path / "x.mp4", np.tile(levels[:, None, None, None], (1, 65, 64, 1)))
    read = ["ffmpeg", "-loglevel", "error", "-i", str(tmp_path / "x.mp4"), "-f", "rawvideo", "-pix_fmt", "gray", "-"]
    frames = np.frombuffer(subprocess.run(read, capture_output=True, check=True).stdout, np.uint8).reshape(5, 66, 64)
    np.testing.assert_allclose(frames.mean((1, 2)), (levels + 1) * 127.5, atol=3)
