"""Which pictures of a run folder a page holds: the run's own, whole, of a size that a browser bears, known by their content."""

import base64
import warnings

import numpy as np
import pytest

from jaxgan.folder import RunFolder
from jaxgan.report import pictures
from jaxgan.report.comparison import write_comparison
from jaxgan.report.images import save_gif
from jaxgan.report.page import write_page
from jaxgan.report.pictures import embedded
from tests.reliability.test_pages import png
from tests.report.pages import CONFIG, Page, make_run, page_of, picture


@pytest.fixture
def told():
    return []


def test_a_picture_is_known_by_its_content(tmp_path, told):
    picture(tmp_path / "a.gif.png")
    (tmp_path / "a.gif").write_bytes((tmp_path / "a.gif.png").read_bytes())
    save_gif(tmp_path / "b.gif", np.zeros((2, 4, 4, 1), np.float32))
    (tmp_path / "b.png").write_bytes((tmp_path / "b.gif").read_bytes())
    assert embedded(tmp_path, tmp_path / "a.gif", told.append).address.startswith("data:image/png;base64,")
    moving = embedded(tmp_path, tmp_path / "b.png", told.append)
    assert moving.address.startswith("data:image/gif;base64,") and moving.still.startswith("data:image/png;base64,")
    assert embedded(tmp_path, tmp_path / "gone.png", told.append) is None  # as one that another process replaces
    assert told == []


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "is no whole PNG or GIF"), (b"root:x:0:0", "is no whole PNG or GIF"), (b"<svg onload='alert(1)'/>", "is no whole PNG or GIF"),
        (b"\xff\xd8\xff\xe0" + bytes(100), "is no whole PNG or GIF"), (png(4, 4)[:-1], "is cut short"), (png(4, 4)[:40], "is no whole PNG or GIF"),
        (png(4, 4).replace(b"a\0b", b"a\0c"), "is no whole PNG or GIF"), (png(4, 4)[:-16] + b"\0\0\0\0" + png(4, 4)[-12:], "is no whole PNG or GIF"), (png(8_000, 8_000), "8,000 x 8,000 pixels"),
        (png(12_000, 12_000), "than the 50,000,000 pixels"), (png(60_000, 60_000), "than the 50,000,000 pixels"), (b"GIF89a", "is no whole PNG or GIF"),
    ],
)  # fmt: skip
def test_what_is_no_picture_or_too_large_a_one_is_left_out_in_one_line(content, words, tmp_path, told):
    (tmp_path / "a.png").write_bytes(content)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert embedded(tmp_path, tmp_path / "a.png", told.append) is None
    (line,) = told
    assert line.startswith(f"{tmp_path / 'a.png'} ") and line.endswith(": the picture is left out") and words in line


def test_a_picture_of_many_bytes_is_not_read(tmp_path, told, monkeypatch):
    with (tmp_path / "a.png").open("wb") as file:
        file.truncate(pictures.LARGEST + 1)  # which takes no place on the disk
    monkeypatch.setattr("pathlib.Path.read_bytes", pytest.fail)
    assert embedded(tmp_path, tmp_path / "a.png", told.append) is None
    assert "33,554,433 bytes" in told[0]


def test_links_lead_no_file_from_outside_into_a_page(tmp_path):
    """/etc/passwd was one."""
    run, outside = make_run(tmp_path / "run"), tmp_path / "outside.png"
    picture(outside, 99)
    for path in (*RunFolder(run).pictures()[2:],):
        path.path.unlink()
        path.path.symlink_to(outside)
    for name in ("curves.png", "neighbours.png", "animation.gif"):
        (run / name).unlink(missing_ok=True)
        (run / name).symlink_to(outside)
    secret = tmp_path / "secret.json"
    secret.write_text('{"token": "hunter2"}')
    for name in ("environment.json", "evaluation.json"):
        (run / name).unlink(missing_ok=True)
        (run / name).symlink_to(secret)
    for path in (write_page(run), write_comparison([run], tmp_path / "compare.html")):
        source = path.read_text(encoding="utf-8")
        page = Page(source)
        assert base64.b64encode(outside.read_bytes()).decode() not in source and "hunter2" not in source
        assert [frame["data-step"] for frame in page.frames()] == ["0", "100"]
        assert "step_00000200.png is a link to a file outside the run folder: the picture is left out, and 1 more" in page.text
        assert "environment.json is a link to a file outside the run folder: left out" in page.text


def test_a_folder_of_pictures_that_is_a_link_outside_has_none(tmp_path):
    run = make_run(tmp_path / "run")
    (run / "samples").rename(tmp_path / "elsewhere")
    (run / "samples").symlink_to(tmp_path / "elsewhere")
    page = page_of(run)
    assert not page.frames() and "none of those in samples/ can be shown" in page.text
    assert "and 3 more" in page.text


def test_the_page_does_not_follow_a_link_in_its_own_place(tmp_path):
    run, other = make_run(tmp_path / "run"), tmp_path / "precious"
    other.write_text("mine")
    (run / "report.html").symlink_to(other)
    write_page(run)
    assert other.read_text() == "mine" and not (run / "report.html").is_symlink()


def test_a_slider_stands_at_the_last_picture_that_can_be_shown(tmp_path):
    run = make_run(tmp_path, config={**CONFIG, "steps": 300}, replicas=2)
    for replica in (0, 1):
        (run / "samples" / f"step_00000300-replica_{replica:02d}.png").write_bytes(b"")
    (run / "samples" / "step_00000000-replica_01.png").write_bytes(b"")
    page = page_of(run)
    assert [frame["data-step"] for frame in page.frames() if "hidden" not in frame] == ["200"]
    assert page.all("input", type="range")[0]["max"] == "2"
    assert "pictures in samples/" not in page.text  # none was passed over to have fewer
