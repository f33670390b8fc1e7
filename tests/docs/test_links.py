"""Links, flags and names on the pages that people read are those that there are."""

import functools
import os
import re
from pathlib import Path

import pytest

from docs import generate
from docs.links import LINK, MIRRORED, REPOSITORY, is_relative, links_in, page_of, rewritten
from jaxgan.__main__ import COMMANDS
from jaxgan.settings.options import OPTIONS
from tests.docs.pages import NAMES, PAGES, anchors, lines_of_code, prose

SPELLED = (
    "JAX", "Flax", "PyTorch", "NumPy", "TensorFlow", "TensorBoard", "Fréchet", "MNIST", "Fashion-MNIST", "DCGAN", "LSGAN", "WGAN", "WGAN-GP", "R3GAN",
    "PacGAN", "ONNX", "StableHLO", "CUDA", "Python", "GitHub", "Slurm", "Kubernetes", "Sphinx",
)  # fmt: skip
FOREIGN = {
    "--version", "--pre", "--help", "--nthreads", "--memory-limit", "--no-nanny", "--port", "--host", "--no-dashboard", "--no-deps",
    "--only-binary", "--platform", "--install", "--input1", "--input1-model-z-size", "--benchmark", "--tyro-print-completion", "--gpus-per-task", "--ntasks-per-node",
}  # of pip, pytest, Dask, WSL, Slurm and torch-fidelity  # fmt: skip


def links_of(path: Path) -> list[str]:
    """The targets of a page's links that lead to files of the repository or to headings."""
    targets = []
    for match in links_in(path.read_text(encoding="utf-8")):
        targets += [match[3], *(inner[3] for inner in LINK.finditer(match[2]))] if match.re is LINK else [match[2]]
    return [target for target in targets if is_relative(target) or target.startswith("#")]


@pytest.mark.parametrize("name", NAMES)
def test_each_link_leads_to_a_file_and_heading_that_are_there(name):
    path = REPOSITORY / name
    for target in links_of(path):
        file, _, heading = target.partition("#")
        found = Path(os.path.normpath(path.parent / file)) if file else path
        assert found.exists(), f"{name}: {target}: no such file"
        assert found.is_relative_to(REPOSITORY), f"{name}: {target}: outside the repository"
        if heading and found.suffix == ".md":
            assert heading in anchors(found), f"{name}: {target}: no such heading; there are {sorted(anchors(found))}"


def test_links_are_looked_for_where_they_stand():
    """The checks above would pass on a page whose links are not seen."""
    assert "experiments/results/digits_default.png" in links_of(REPOSITORY / "README.md")
    assert "results/fit_distribution.md#the-labs-claims" in links_of(REPOSITORY / "experiments/README.md")
    assert sum(len(links_of(path)) for path in PAGES) > 200


@functools.cache
def flags_of(command: str) -> frozenset[str]:
    """The flags that a command's --help shows, and --no-FLAG of those that are on or off."""
    return frozenset(re.findall(r"(?<![\w-])--[a-z][a-z0-9-]*", generate.help_of(command)))


@functools.cache
def names_in_experiments() -> frozenset[str]:
    text = "\n".join(path.read_text(encoding="utf-8") for path in (REPOSITORY / "experiments").rglob("*.py"))
    return frozenset(re.findall(r"\b[a-z]\w*\b", text))


FLAG = re.compile(r"(?<![\w=/-])--[a-z][a-z0-9_-]*")
COMMAND = re.compile(r"(?:python3? -m jaxgan\.|\bjaxgan )(\w+)")


@pytest.mark.parametrize("name", NAMES)
def test_each_flag_is_one_of_its_command(name):
    everywhere = FOREIGN.union(*map(flags_of, COMMANDS))
    for line in lines_of_code(REPOSITORY / name):
        for part in re.split(r"&&|\||;|(?<!-)#", line):
            command = COMMAND.search(part)
            of_experiments = "experiments" in part
            if not (command or of_experiments or part.strip().startswith("--")):
                continue
            for flag in FLAG.findall(part):
                known = flags_of(command[1]) | FOREIGN if command and command[1] in COMMANDS else everywhere
                if of_experiments or not command:
                    known = known if flag.removeprefix("--").replace("-", "_") not in names_in_experiments() else known | {flag}
                assert flag in known, f"{name}: '{line}': {command[1] if command else 'no command'} has no {flag}"


@pytest.mark.parametrize("name", NAMES)
def test_each_command_is_there(name):
    for line in lines_of_code(REPOSITORY / name):
        for module in re.findall(r"python3? -m jaxgan\.(\w+)", line) + re.findall(r"^(?:\$ )?jaxgan (\w+)", line):
            assert module in COMMANDS or module in ("COMMAND", "NAME"), f"{name}: '{line}': no command {module}"


@pytest.mark.parametrize("name", [name for name in NAMES if name.startswith(("docs/", "README"))])
def test_names_are_spelled_as_their_owners_spell_them(name):
    text = prose(REPOSITORY / name)
    for spelled in SPELLED:
        for found in re.finditer(rf"(?<![\w-]){spelled.replace('é', '[eé]')}(?![\w-])", text, re.IGNORECASE):
            assert found[0] == spelled, f"{name}: '{text[max(0, found.start() - 30) : found.end() + 30]}': write {spelled}"


def test_links_out_of_the_site_become_pages_pictures_or_words():
    text = "[a](../../experiments/results/remedies.md#all-rows), ![b](../../experiments/results/remedies.png), [c](../../tests/parity), [d](data.md), `[e](x)`"
    assert rewritten(text, "docs/guides/page.md", "guides/page") == (
        "[a](../results/remedies.md#all-rows), ![b](../../experiments/results/remedies.png), c, `tests/parity`, [d](data.md), `[e](x)`"
    )
    assert (
        rewritten("[x](results/remedies.md) [y](#here)", "experiments/README.md", "results/index")
        == "[x](remedies.md) [y](#here)"
    )
    assert page_of("docs/guides/data.md") == "guides/data" and page_of("jaxgan/data/own.py") is None
    assert all((REPOSITORY / source).exists() for source in MIRRORED)


def test_every_option_has_a_flag_that_the_help_shows():
    assert {option.flag for option in OPTIONS.values() if not option.hidden} <= flags_of("train") | {"--list"}
