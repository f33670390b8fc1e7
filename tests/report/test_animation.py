"""The animation of a training: of the pictures that it left, anew where there are more."""

import os

import numpy as np
from PIL import Image, ImageSequence

from jaxgan.report import __main__ as report
from jaxgan.report.animation import FRAMES, LAST, MILLISECONDS, WIDTH, write_animation
from jaxgan.report.images import save_image
from tests.report.pages import make_run, picture


def test_it_shows_the_pictures_of_the_first_replica_in_order(tmp_path):
    make_run(tmp_path, steps=(0, 100, 90, 2000), replicas=2)
    for i, step in enumerate((0, 90, 100, 2000)):
        picture(tmp_path / "samples" / f"step_{step:08d}-replica_00.png", 60 * i)
    path = write_animation(tmp_path)
    with Image.open(path) as image:
        frames = [(np.asarray(frame.convert("L"))[0, 0], frame.info["duration"]) for frame in ImageSequence.Iterator(image)]
    assert frames == [(0, MILLISECONDS), (60, MILLISECONDS), (120, MILLISECONDS), (180, LAST)]


def test_it_is_as_wide_and_as_long_as_a_page_bears(tmp_path):
    make_run(tmp_path, steps=())
    for step in range(3 * FRAMES):
        save_image(tmp_path / "samples" / f"step_{step:08d}.png", np.full((4, 2 * WIDTH, 3), 2 * step, np.uint8))
    with Image.open(write_animation(tmp_path)) as image:
        assert image.size == (WIDTH, 2) and image.n_frames == FRAMES


def test_it_is_written_anew_where_there_are_newer_pictures(tmp_path):
    make_run(tmp_path)
    path = write_animation(tmp_path)
    assert path == tmp_path / "animation.gif" and write_animation(tmp_path) is None
    picture(newer := tmp_path / "samples" / "step_00000400.png", 9)
    os.utime(newer, ns=(path.stat().st_mtime_ns + 10**9,) * 2)
    assert write_animation(tmp_path) == path


def test_a_damaged_picture_is_left_out_and_one_alone_is_no_animation(tmp_path):
    make_run(tmp_path, steps=(0, 100))
    (tmp_path / "samples" / "step_00000000.png").write_bytes(b"")
    told = []
    assert write_animation(tmp_path, told.append) is None
    assert len(told) == 1 and "step_00000000.png" in told[0]


def test_the_command_writes_it_and_shows_it_but_touches_no_folder_for_a_page_elsewhere(tmp_path, capsys):
    run = make_run(tmp_path / "run")
    assert report.main([str(run), "--out", str(tmp_path / "page.html")]) == 0
    assert not (run / "animation.gif").exists()
    assert report.main([str(run)]) == 0
    assert 'alt="Animation animation.gif"' in (run / "report.html").read_text(encoding="utf-8")
