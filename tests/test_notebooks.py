"""The notebooks in docs/notebooks: each parses, uses public names, compiles, and runs in its quick form."""

import ast
import os
from pathlib import Path

import pytest

import jaxgan

ROOT = Path(__file__).parents[1]
NOTEBOOKS = sorted(path for path in (ROOT / "docs" / "notebooks").glob("*.md") if path.stem != "index")
PUBLIC = {"data", "diagnosis", "exports", "interop", "metrics", "networks", "objectives"}  # what `import jaxgan` shows


def notebook(path: Path):
    jupytext = pytest.importorskip("jupytext")
    return jupytext.read(path)


def cells(path: Path) -> list[str]:
    return [cell.source for cell in notebook(path).cells if cell.cell_type == "code"]


def test_all_are_there_and_listed():
    names = [path.stem for path in NOTEBOOKS]
    assert len(names) == 7
    index = (ROOT / "docs" / "notebooks" / "index.md").read_text(encoding="utf-8")
    assert all(f"({name}.md)" in index and f"\n{name}\n" in index for name in names)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_it_parses_compiles_and_uses_public_names_alone(path):
    assert notebook(path).metadata["kernelspec"]["name"] == "python3"
    code = cells(path)
    assert len(code) >= 4 and "JAXGAN_QUICK" in code[0]
    for source in code:
        for node in ast.walk(compile(source, path.name, "exec", ast.PyCF_ONLY_AST)):
            if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "jaxgan":
                parts = (node.module or "").split(".")
                assert len(parts) <= 2 and set(parts[1:]) <= PUBLIC, f"{path.name}: {node.module} is not public"
                home = jaxgan if len(parts) == 1 else getattr(jaxgan, parts[1])
                assert all(alias.name in home.__all__ for alias in node.names), f"{path.name}: {ast.unparse(node)}"
            elif isinstance(node, ast.Import):
                assert all(not alias.name.startswith("jaxgan.") for alias in node.names), f"{path.name}: {ast.unparse(node)}"
            elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "jaxgan":
                assert node.attr in jaxgan.__all__, f"{path.name}: jaxgan.{node.attr}"


@pytest.mark.slow
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_it_runs_in_its_quick_form(path, tmp_path, monkeypatch):
    nbclient = pytest.importorskip("nbclient")
    pytest.importorskip("ipykernel")
    monkeypatch.setenv("JAXGAN_QUICK", "1")
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    book = notebook(path)
    nbclient.NotebookClient(book, timeout=500, resources={"metadata": {"path": str(tmp_path)}}).execute()
    outputs = [output for cell in book.cells if cell.cell_type == "code" for output in cell.outputs]
    warnings = [output.text for output in outputs if output.get("name") == "stderr"]
    assert not [text for text in warnings if "Warning" in text or "warning" in text], warnings
    assert "runs" not in os.listdir(tmp_path), "the quick form leaves its runs in a folder of its own"
