"""Pages of damaged run folders: none crashes or warns, what is surely damaged is named, and nothing of a folder runs in a page.

Each folder is a small whole one with one to three damages, drawn from a fixed seed. `test_damaged_folders` prints how many there were,
and what came of them.
"""

import collections
import dataclasses
import importlib
import json
import os
import re
import shutil
import struct
import threading
import warnings
import zlib
from pathlib import Path

import numpy as np
import pytest

import jaxgan.report.__main__ as report
from jaxgan.errors import UserError
from jaxgan.evaluate import print_table
from jaxgan.files import write_atomically
from jaxgan.report.comparison import write_comparison
from jaxgan.report.images import save_gif
from jaxgan.report.page import write_page
from tests.report.pages import CONFIG, Page, make_run, picture

compare = importlib.import_module("jaxgan.compare")  # the command: jaxgan.compare is the function

SEED = 20261125
HOSTILE = "</script></title><!--<img src=x onerror=alert(1)>'\" \u2028\x1b[31m"
NAMES = ("config.json", "environment.json", "evaluation.json", "metrics.jsonl")
PICTURES = (
    "samples/step_00000100-replica_00.png",
    "samples/step_00000300-replica_01.png",
    "curves.png",
    "neighbours.png",
    "animation.gif",
)
ODD = (
    None, True, 0, -1, 3, 0.5, 1e308, -1e308, float("nan"), float("inf"), 10**400, -(2**64), 2**53 + 1, "", "3", HOSTILE, "x" * 10_000, "\udcff", [], {},
    [None], [1, "a", [2]], {"": ""}, {HOSTILE: {HOSTILE: HOSTILE}}, [HOSTILE], ["9"] * 3, {"seed": HOSTILE}, {"seed": [HOSTILE, 1]},
)  # fmt: skip
LINES = (
    b"", b"\n", b"[]\n", b"3\n", b"null\n", b'"text"\n', b"{}\n", b'{"step": "3"}\n', b'{"step": NaN, "critic_loss": 1}\n', b'{"step": -1}\n',
    b'{"step": 1e400, "critic_loss": 1}\n', b'{"step": [1]}\n', b'{"step": 200, "replica": "a", "critic_loss": 1}\n', b"\xff\xfe\n",
    b'{"step": 200, "replica": -1, "critic_loss": 1}\n', b'{"step": 250, "replica": 0, "crit\n', b"\0" * 300 + b"\n", b"[" * 100_000 + b"\n",
)  # fmt: skip
READABLE = (  # lines that are odd and say something
    {"critic_loss": "text"}, {"critic_loss": [1]}, {"critic_loss": {"a": 1}}, {"critic_loss": True}, {"critic_loss": 1e308}, {"critic_loss": 10**400},
    {HOSTILE: 1.0}, {"": 1.0}, {"critic_loss": float("nan")}, {"critic_loss": None}, {"fid_lab_1k": float("-inf")}, {"x" * 5000: 1}, {}, {"$_loss": 1},
)  # fmt: skip


@dataclasses.dataclass
class Damage:
    """What was done to a folder: in words, to which file, and whether any reader must notice."""

    what: str
    name: str
    sure: bool


def whole_run(folder: Path) -> Path:
    """A run of two replicas with all that a page can show."""
    records = [
        {"step": step, "replica": i, "critic_loss": i - step, "generator_loss": 0.5, "gradient_norm": None, "fid_lab_1k": 9.0 + i}
        for step in (100, 200, 300) for i in range(2)
    ]  # fmt: skip
    make_run(folder, config={**CONFIG, "by_replica": {"seed": [5, 6], "clip": [0.1, 0.2]}}, replicas=2, records=records)
    (folder / "evaluation.json").write_text(
        json.dumps(
            {"run": "x", "step": 300, "weights": "last", "protocol": {"generated": 10}, "replicas": [{"fid_lab_1k": 3.0}] * 2}
        )
    )
    save_gif(folder / "animation.gif", np.linspace(-1, 1, 3 * 4 * 4).reshape(3, 4, 4, 1).astype(np.float32))
    picture(folder / "neighbours.png")
    return folder


def damages_of(folder: Path, chance: np.random.Generator) -> list[Damage]:
    """Does one to three damages to a run folder, each to another file."""
    kinds = {
        of_bytes: NAMES + PICTURES,
        in_place: NAMES + PICTURES,
        of_values: NAMES[:3],
        of_lines: ("metrics.jsonl",),
        of_pictures: PICTURES,
    }
    drawn = {}
    for _ in range(chance.integers(1, 4)):
        kind = list(kinds)[chance.integers(len(kinds))]
        drawn[str(chance.choice(kinds[kind]))] = kind
    return [kind(folder / name, name, chance) for name, kind in drawn.items()]


def of_bytes(path: Path, name: str, chance: np.random.Generator) -> Damage:
    """The file is cut, emptied, flipped or made of noise."""
    content = path.read_bytes()
    what = str(chance.choice(["cut", "emptied", "flipped", "noise"]))
    sure = name != "metrics.jsonl"
    if what == "cut":
        content = content[: chance.integers(len(content.rstrip()) or 1)]
    elif what == "emptied":
        content = b""
    elif what == "flipped":
        flipped = bytearray(content)
        for place in chance.integers(len(content), size=chance.integers(1, 8)):
            flipped[place] ^= 1 << int(chance.integers(8))
        sure = name.endswith(".png") and bytes(flipped) != content
        content = bytes(flipped)
    else:
        content = chance.bytes(200) + b"\xff\n"
        sure = True
    written(path, content)
    return Damage(what, name, sure)


def in_place(path: Path, name: str, chance: np.random.Generator) -> Damage:
    """The file is gone, or something else stands in its place."""
    remove(path)
    what = str(chance.choice(["missing", "folder", "pipe", "link outside", "link to nothing", "link to itself"]))
    if what == "folder":
        (path / "within").mkdir(parents=True)
    elif what == "pipe":
        os.mkfifo(path)
    elif what == "link outside":
        path.symlink_to("/etc/passwd")
    elif what.startswith("link"):
        path.symlink_to(path.parent / "nothing" if what == "link to nothing" else path)
    return Damage(what, name, what != "missing")


def of_values(path: Path, name: str, chance: np.random.Generator) -> Damage:
    """Somewhere in the JSON a value is odd, a key is missing, or a nest is deep."""
    root = [json.loads(path.read_text())]
    holder, key = root, 0
    depth = int(chance.integers(5))
    for _ in range(depth):
        inner = holder[key]
        if not isinstance(inner, dict | list) or not inner:
            break
        holder, key = inner, (list(inner) if isinstance(inner, dict) else range(len(inner)))[chance.integers(len(inner))]
    what = str(chance.choice(["odd", "odd", "odd", "lost key", "added key", "deep"]))
    if what == "lost key" and holder is not root:
        del holder[key]
    elif what == "added key" and isinstance(holder[key], dict):
        holder[key][HOSTILE] = odd(chance)
    elif what == "deep":
        holder[key] = "DEEP"
    else:
        holder[key] = odd(chance)
    text = json.dumps(root[0])
    levels = int(chance.choice([40, 900, 100_000]))
    written(path, text.replace('"DEEP"', "[" * levels + "]" * levels).encode())
    return Damage(what, name, what == "deep" or not isinstance(root[0], dict))


def of_lines(path: Path, name: str, chance: np.random.Generator) -> Damage:
    """A line of metrics.jsonl is odd, or is no line of it."""
    lines = path.read_bytes().splitlines(keepends=True)
    if chance.integers(2):
        line = LINES[chance.integers(len(LINES))]
        sure = bool(line.strip())
    else:
        step = int(chance.choice([100, 250, 300, 2**53]))
        line = (
            json.dumps({"step": step, "replica": int(chance.integers(3)), **READABLE[chance.integers(len(READABLE))]}).encode()
            + b"\n"
        )
        sure = False
    lines.insert(int(chance.integers(len(lines) + 1)), line)
    written(path, b"".join(lines))
    return Damage("line", name, sure)


def of_pictures(path: Path, name: str, chance: np.random.Generator) -> Damage:
    """A picture of another kind, or one that would fill the memory."""
    what = str(chance.choice(["text", "markup", "bomb", "colours of a bomb", "gif frame of a bomb"]))
    content = {
        "text": b"root:x:0:0:root:/root:/bin/sh\n",
        "markup": b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>',
        "bomb": png(60_000, 60_000),
        "colours of a bomb": png(4, 4, b"iCCP", b"name\0\0" + zlib.compress(bytes(2**26))),
        "gif frame of a bomb": b"GIF89a" + struct.pack("<HH", 65_535, 65_535) + b"\0\0\0;",
    }[what]
    written(path, content)
    return Damage(what, name, what != "colours of a bomb")


def png(width: int, height: int, kind: bytes = b"tEXt", more: bytes = b"a\0b") -> bytes:
    """A PNG that promises its size, and holds as many zeros as compress to little."""
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    chunks = ((b"IHDR", header), (kind, more), (b"IDAT", zlib.compress(bytes(1000))), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data)) for name, data in chunks
    )


def odd(chance: np.random.Generator):
    return ODD[chance.integers(len(ODD))]


def remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def written(path: Path, content: bytes) -> None:
    remove(path)
    path.write_bytes(content)


# What is asked of the pages

ELEMENTS = {
    "html",
    "head",
    "meta",
    "title",
    "link",
    "style",
    "body",
    "header",
    "h1",
    "p",
    "ul",
    "li",
    "main",
    "section",
    "h2",
    "h3",
    "div",
    "label",
    "input",
    "button",
    "figure",
    "details",
    "figcaption",
    "summary",
    "output",
    "script",
    "article",
    "select",
    "option",
    "noscript",
    "img",
    "picture",
    "source",
    "table",
    "thead",
    "tbody",
    "tr",
    "th",
    "td",
    "code",
    "wbr",
    "small",
    "span",
    "strong",
}
ATTRIBUTES = {
    "lang",
    "data-column",
    "charset",
    "http-equiv",
    "content",
    "name",
    "rel",
    "href",
    "class",
    "id",
    "hidden",
    "min",
    "max",
    "value",
    "autocomplete",
    "type",
    "data-unit",
    "data-replica",
    "data-step",
    "data-place",
    "alt",
    "src",
    "srcset",
    "media",
    "for",
    "data-chart",
    "tabindex",
    "role",
    "aria-label",
    "scope",
}


def check(source: str) -> Page:
    """The page, of which every element closes, none is strange, and every script is the project's own."""
    page = Page(source)
    assert {tag for tag, _ in page.elements} <= ELEMENTS
    assert {name for _, attributes in page.elements for name in attributes} <= ATTRIBUTES
    assert source.count("</script") == source.count("<script") == len(page.all("script")) + source.count('<script id="plotly">')
    assert "<!--" not in source.replace("<!---->", "") and "root:x:0" not in source
    for address in [found[name] for _, found in page.elements for name in ("src", "href", "srcset") if name in found]:
        assert re.match(r"data:(image/(png|gif);base64,[A-Za-z0-9+/=]*|,)\Z", address)
    if "figures" in page.scripts:
        for chart in page.figures()["charts"]:
            for trace in (trace for view in chart["views"] for trace in view["traces"]):
                names = [trace.get("name", ""), trace["meta"].get("name", "")]
                assert not any(re.search(r"<(?!br>)", text) for text in names)  # Plotly reads a little HTML
    return page


@pytest.fixture(scope="module")
def whole(tmp_path_factory) -> Path:
    """A folder with a whole run, and a sound one to compare with."""
    root = tmp_path_factory.mktemp("whole")
    whole_run(root / "run")
    make_run(root / "other", config={**CONFIG, "variant": "wgan"})
    return root


@pytest.fixture(autouse=True)
def no_plotly(monkeypatch) -> None:
    """Four megabytes less a page."""
    monkeypatch.setattr("plotly.offline.get_plotlyjs", lambda: "/* Plotly */")


def try_folder(whole: Path, folder: Path, number: int, seen: collections.Counter) -> None:
    """Damages a copy of the whole run, and writes its page and a comparison with a sound run."""
    chance = np.random.default_rng([SEED, number])
    run = Path(shutil.copytree(whole / "run", folder / "run", symlinks=True))
    damages = damages_of(run, chance)
    told: list[str] = []
    page = check(write_page(run, tell=told.append).read_text(encoding="utf-8"))
    listed = page.text.split("Samples")[0]
    for damage in damages:
        if damage.sure:
            # Of several pictures of samples one stands for all, with their number
            assert damage.name in listed or (damage.name.startswith("samples/") and "samples/step_" in listed), (damages, told)
            seen["named"] += 1
    assert all("\n" not in line and len(line) < 1000 for line in told)
    seen["pages"] += 1
    refused = None
    try:
        check(write_comparison([run, whole / "other"], folder / "compare.html", told.append).read_text(encoding="utf-8"))
    except UserError as error:
        refused = str(error)
    seen["comparisons" if refused is None else "refused"] += 1
    if refused is not None:
        assert any(damage.name == "config.json" for damage in damages) and "config.json" in refused and "\n" not in refused, (
            damages
        )


@pytest.mark.parametrize("count", [60, pytest.param(400, marks=pytest.mark.slow)])
def test_damaged_folders(count, whole, tmp_path, capfd):
    seen: collections.Counter = collections.Counter()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for number in range(count):
            (tmp_path / str(number)).mkdir()
            try:
                try_folder(whole, tmp_path / str(number), number, seen)
            except Exception as error:
                raise AssertionError(f"folder {number}: {type(error).__name__}") from error
    assert capfd.readouterr() == ("", "")
    with capfd.disabled():
        print(
            f"\n{count} damaged run folders: {seen['pages']} pages, {seen['named']} damaged files named; {seen['comparisons']} comparisons"
            f" and {seen['refused']} refused in one line"
        )
    assert seen["pages"] == count == seen["comparisons"] + seen["refused"]
    assert seen["named"] > count / 2


def test_files_that_go_away_between_look_and_read(whole, tmp_path, monkeypatch, capfd):
    """As those of a run that trains beside it: what was there and is gone counts as not there."""
    run = Path(shutil.copytree(whole / "run", tmp_path / "run"))
    is_file = Path.is_file

    def is_file_and_goes(path: Path) -> bool:
        there = is_file(path)
        if there and run in path.parents:
            path.unlink()
        return there

    monkeypatch.setattr(Path, "is_file", is_file_and_goes)
    page = check(write_page(run).read_text(encoding="utf-8"))
    for line in ("No sample pictures", "No curves", "No metrics", "No configuration", "No environment"):
        assert line in page.text
    assert not list(run.rglob("*.png")) and capfd.readouterr() == ("", "")


def test_pages_beside_a_run_that_trains(whole, tmp_path, capfd):
    """Lines are half written, pictures come and go, JSON files are replaced, and 20 pages are written meanwhile."""
    run = Path(shutil.copytree(whole / "run", tmp_path / "run"))
    over = threading.Event()

    def train() -> None:
        step = 300
        while not over.is_set():
            step += 10
            line = json.dumps({"step": step, "replica": step % 20 // 10, "critic_loss": 1.0}).encode() + b"\n"
            with (run / "metrics.jsonl").open("ab", buffering=0) as file:
                file.write(line[:20])
                file.write(line[20:])
            write_atomically(run / "evaluation.json", (whole / "run" / "evaluation.json").read_bytes())
            picture(run / "samples" / f"step_{step:08d}-replica_00.png", step)
            (run / "samples" / f"step_{step - 30:08d}-replica_00.png").unlink(missing_ok=True)

    thread = threading.Thread(target=train)
    thread.start()
    try:
        for _ in range(20):
            check(write_page(run).read_text(encoding="utf-8"))
            check(write_comparison([run, whole / "other"], tmp_path / "compare.html").read_text(encoding="utf-8"))
    finally:
        over.set()
        thread.join()
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("command", [report, compare])
def test_commands_name_what_is_damaged_and_end_well(command, whole, tmp_path, capsys):
    run = Path(shutil.copytree(whole / "run", tmp_path / "run"))
    (run / "evaluation.json").write_text('{"replicas": ')
    with (run / "metrics.jsonl").open("a") as file:
        file.write("[]\n" + '{"step": 400, "half')
    (run / "samples" / "step_00000300-replica_00.png").write_bytes(b"")
    out = tmp_path / "page.html"
    assert command.main([str(run), "--out", str(out)]) == 0
    said = capsys.readouterr()
    assert said.out.strip() == str(out)
    lines = said.err.splitlines()
    assert [re.sub(rf"^warning: {re.escape(str(run))}/([a-z_0-9/.-]+)[ :].*", r"\1", line) for line in lines] == [
        "evaluation.json",
        "metrics.jsonl",
        "samples/step_00000300-replica_00.png",
    ]
    page = check(out.read_text(encoding="utf-8"))
    assert all(line.removeprefix("warning: ") in page.text for line in lines)


def test_the_table_of_an_evaluation_is_text_in_a_terminal(capsys):
    """A metric's name is the user's, or a stranger's."""
    print_table({"replicas": [{}], "mean": {"[red]a[/red]\x1b[2J": 1.0}, "std": {}})
    assert "[red]a[/red]\\x1b[2J" in capsys.readouterr().out
