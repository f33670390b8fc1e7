"""Objects of the user's own, by `package.module:name`: found where the user is, and one line where they are not."""

import sys

import pytest

from jaxgan.errors import UserError
from jaxgan.imports import import_named, is_import_path


@pytest.fixture
def here(tmp_path, monkeypatch):
    """A current directory that Python does not search, as a console script has it; modules imported from it are forgotten."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [entry for entry in sys.path if entry not in ("", str(tmp_path))])
    before = set(sys.modules)
    yield tmp_path
    for name in set(sys.modules) - before:
        if name.startswith("mine_"):
            del sys.modules[name]


def refused(text, what="variant", **options):
    with pytest.raises(UserError) as caught:
        import_named(text, what, **options)
    line = str(caught.value)
    assert "\n" not in line and text in line and line.startswith(what)
    return line


def test_a_module_of_the_current_directory_is_found_and_the_path_left_as_it_was(here):
    (here / "mine_plain.py").write_text("class Drift:\n    speed = 3\n")
    path = list(sys.path)
    assert import_named("mine_plain:Drift.speed", "variant") == 3
    assert sys.path == path


def test_a_package_and_what_is_installed_are_found(here):
    (here / "mine_package").mkdir()
    (here / "mine_package" / "inner.py").write_text("value = 'inner'\n")
    assert import_named("mine_package.inner:value", "data set") == "inner"
    assert import_named("math:pi", "number") > 3


def test_what_cannot_be_imported_is_said(here):
    (here / "mine_names.py").write_text("import math\ndrift = 1\n")
    (here / "mine_broken.py").write_text("1 / 0\n")
    (here / "mine_needs.py").write_text("import mine_absent\n")
    (here / "mine_wrong.py").write_text("def f(:\n")
    assert "there is no module 'mine_nowhere'" in refused("mine_nowhere:drift")
    assert "instead" in refused("mine_nowhere:drift", hint="; instead of it")
    assert "no module 'mine_names.sub'" in refused("mine_names.sub:drift")
    assert "did you mean 'drift'" in refused("mine_names:drif")
    assert "has no 'zzz'" in refused("mine_names:zzz")
    assert "importing 'mine_broken' fails: ZeroDivisionError: division by zero" in refused("mine_broken:x")
    assert "importing 'mine_needs' fails: ModuleNotFoundError: No module named 'mine_absent'" in refused("mine_needs:x")
    assert "SyntaxError" in refused("mine_wrong:f")
    assert str(here) not in sys.path


@pytest.mark.parametrize("text", ["", "drift", "a:", ":b", ".a:b", "a.b", "a b:c", "a/b:c", "1a:b", "a:b:c", "a..b:c"])
def test_other_texts_are_no_import_paths(text):
    assert not is_import_path(text)
    with pytest.raises(UserError, match=r"expected package\.module:name"):
        import_named(text, "variant")
