"""Pages made from the code's own tables when the site is built: options, metrics, variants, networks, data sets, commands, results.

Each table becomes a text in docs/_generated, which a page of docs/reference includes; each page of experiments/results becomes a page of
docs/results. Neither is kept in the repository. `python -m docs.generate` writes them without building the site.
"""

import contextlib
import functools
import importlib
import inspect
import io
import os
import re
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from docs.links import DOCS, MIRRORED, REPOSITORY, rewritten

GENERATED = DOCS / "_generated"
WIDTH = 88  # characters of --help on a page


def plain(text: str) -> str:
    """A text of the code as Markdown that shows it as it is; flags, and what stands between single backticks, are code."""

    def part_of(part: str) -> str:
        if part.startswith("`"):
            return part
        return f"`{part}`" if part.startswith("--") else re.sub(r"([\\*_\[\]<>|#~${}^])", r"\\\1", part)

    text = text.replace("Frechet", "Fréchet")  # which the code writes in ASCII
    return "".join(map(part_of, re.split(r"(`[^`]+`|(?<![\w-])--[a-z][a-z0-9-]*)", " ".join(text.split()))))


def sentence(text: str) -> str:
    """With a capital letter and a full stop, in Markdown."""
    text = text.strip()
    return plain(text[:1].upper() + text[1:] + ("" if text.endswith((".", ":")) else "."))


def first_paragraph(thing: Any) -> str:
    return (inspect.getdoc(thing) or "").split("\n\n")[0]


def words_of(thing: Any) -> str:
    """A docstring without its sections: arguments, errors, examples."""
    return re.split(r"^(?:Args|Returns|Raises|Example):$", inspect.getdoc(thing) or "", flags=re.MULTILINE)[0].strip()


def code(value: Any) -> str:
    return f"`{value}`"


def definition(term: str, *lines: str) -> str:
    """A term and what is said of it, in one paragraph each."""
    first, *rest = [line for line in lines if line]
    return "\n".join([term, f": {first}", *(f"\n  {line}" for line in rest)]) + "\n"


# Options


def type_of(option: Any) -> str:
    if option.choices:
        return ", ".join(code(choice) for choice in option.choices)
    names = {int: "whole number", float: "number", str: "text", bool: "on or off", Path: "path", dict: "dictionary"}
    return " or ".join(dict.fromkeys(names[kind] for kind in option.kinds if kind in names))


def default_of(option: Any) -> str:
    if isinstance(option.default, bool):
        return f"default {'on' if option.default else 'off'}"
    if option.default is not None:
        return f"default {code(option.default)}"
    by = [name for name in option.settled_by if name not in ("variant", "recipe")]
    given = [*(["the recipe"] if "recipe" in option.settled_by else []), *(code(flag_of(name)) for name in by)]
    if given:
        return (
            "where not given: by "
            + " or ".join(given)
            + (f", else {code(option.otherwise)}" if option.otherwise is not None else "")
        )
    return "" if option.otherwise is None else f"default {code(option.otherwise)}"


def flag_of(name: str) -> str:
    from jaxgan.settings.options import OPTIONS

    return OPTIONS[name].flag


def options_page() -> str:
    from jaxgan.settings.options import GROUPS, OPTIONS

    parts = []
    for group, kind in GROUPS.items():
        parts.append(f"## {group.capitalize()}\n\n{plain(inspect.getdoc(kind) or '')}\n")
        for option in (option for option in OPTIONS.values() if option.group == group):
            facts = [type_of(option), default_of(option), plain(str(option.range or "")), plain(option.unit)]
            rights = [
                "may change when a run goes on (`--resume`)" if option.may_change else "",
                "may differ from replica to replica" if option.may_differ else "",
                "a sweep trains several values in one program" if option.shares_program else "",
                f"only with {code(flag_of(option.needs))}" if option.needs else "",
                "not kept in `config.json`" if not option.saved else "",
            ]
            name = option.flag if not option.hidden else f"Config({option.name}=...)"
            anchor = "option-" + option.name.replace("_", "-")
            said = "; ".join(fact for fact in (*facts, *rights) if fact)
            term = f"[{code(name)}]{{#{anchor}}}" + (" (from Python only)" if option.hidden else "")
            parts.append(definition(term, plain(option.help), f"[{said}]{{.facts}}"))
    return "\n".join(parts)


# Metrics


def metrics_page() -> str:
    from jaxgan.metrics import METRICS
    from jaxgan.metrics.table import ENDINGS

    def row(metric: Any) -> str:
        computed = (
            f"{{py:func}}`jaxgan.metrics.{metric.function.__name__}`: {plain(first_paragraph(metric.function))}"
            if metric.function
            else ""
        )
        facts = [
            {"higher": "higher is better", "lower": "lower is better", None: "neither more nor less of it is better by itself"}[
                metric.better
            ],
            plain(metric.protocol),
            plain(metric.source),
        ]
        said = "; ".join(fact for fact in facts if fact)
        return definition(
            f"[{code(metric.name)}]{{#metric-{metric.name}}}", sentence(metric.meaning), computed, f"[{said}]{{.facts}}"
        )

    measured = [metric for metric in METRICS.values() if not metric.logged]
    logged = [metric for metric in METRICS.values() if metric.logged]
    endings = "\n".join(f"| `{ending}` | {plain(meaning)} |" for ending, meaning in ENDINGS.items())
    return "\n".join(
        [
            "## Measured values\n",
            *map(row, measured),
            f"\n### Endings\n\nBeside a value may stand others, whose names end so:\n\n| ending | what it is |\n|---|---|\n{endings}\n",
            "\n## Logged while training\n",
            *map(row, logged),
        ]
    )


# Variants


def flags_of(settings: Any) -> str:
    """Settings of a recipe as one would type them."""
    return " ".join(code(f"{flag_of(name)} {value}") for name, value in settings.items())


def variants_page() -> str:
    from jaxgan.objectives import VARIANTS

    parts = []
    for name, variant in VARIANTS.items():
        needs = {"autoencoder": "It needs a critic that is an autoencoder.", "none": "It trains no critic."}.get(
            variant.critic, ""
        )
        needs += " It needs a critic with dropout." if variant.dropout else ""
        numbers = [
            f"{code(flag_of(number))} {code(parameter.default)}"
            for number, parameter in inspect.signature(variant.build).parameters.items()
            if number in _options()
        ]
        recipes = "\n".join(
            f"| `{recipe.name}` | {'any data' if recipe.data == 'any' else recipe.data} | {flags_of(recipe.settings)} | {plain(recipe.source)} |"
            for recipe in variant.recipes
        )
        paragraphs = [plain(part) for part in words_of(variant.build).split("\n\n")]
        parts.append(
            "\n\n".join(
                part
                for part in (
                    f"## `{name}`",
                    *(f"$${equation}$$" for equation in variant.equations),
                    *paragraphs,
                    needs.strip(),
                    f"Its numbers: {', '.join(numbers)}." if numbers else "",
                    f"Source: {plain(variant.reference)}.",
                    f"    jaxgan train --variant {name}",
                    f"| `--recipe` | for | settings | source |\n|---|---|---|---|\n{recipes}",
                )
                if part
            )
            + "\n"
        )
    return "\n".join(parts)


def _options() -> Any:
    from jaxgan.settings.options import OPTIONS

    return OPTIONS


# Networks and data sets


def networks_page() -> str:
    from jaxgan.networks import CRITICS, GENERATORS, PAIRS

    def row(name: str, kind: Any) -> str:
        sizes = ", ".join(map(str, getattr(kind, "image_sizes", ()) or ()))
        smallest = getattr(kind, "smallest_side", None)
        facts = [
            f"`jaxgan.networks.{kind.__name__}`",
            f"samples: {kind.sample_kind}" if isinstance(getattr(kind, "sample_kind", None), str) else "",
            f"sides of {sizes} pixels"
            if sizes
            else (f"sides of {smallest} pixels or more" if isinstance(smallest, int) else ""),
        ]
        return definition(code(name), plain(first_paragraph(kind)), f"[{'; '.join(filter(None, facts))}]{{.facts}}")

    pairs = "\n".join(f"| `{name}` | `{generator}` | `{critic}` |" for name, (generator, critic) in PAIRS.items())
    return "\n".join(
        [
            f"## Pairs\n\n| `--network` | `--generator` | `--critic` |\n|---|---|---|\n{pairs}\n",
            "## Generators\n",
            *(row(*item) for item in GENERATORS.items()),
            "## Critics\n",
            *(row(*item) for item in CRITICS.items()),
        ]
    )


def datasets_page() -> str:
    from jaxgan.data import DATASETS, PREFIXES

    def said_by(loader: Any) -> str:
        """The first line of the loader's docstring, of a function within a function that of the module that made it."""
        own = first_paragraph(loader)
        return sentence(own or first_paragraph(inspect.getmodule(loader)))

    distributions, others = [], []
    for name, loader in DATASETS.items():
        drawn = inspect.getclosurevars(loader).nonlocals.get("distribution")
        if drawn is None:
            others.append(definition(code(name), said_by(loader)))
        else:
            scale = " x ".join(f"{side:.3g}" for side in dict.fromkeys(drawn.scale.tolist()))
            distributions.append(f"| `{name}` | {len(drawn.centres) or ''} | {drawn.std:.3g} | {scale} |")
    return "\n".join(
        [
            "## By name\n",
            *others,
            "## Distributions of the plane\n\nDrawn afresh on the device, or a fixed sample of `--points N`.\n",
            "| `--dataset` | modes | deviation of a mode, in the distribution's units | a network sees these units times |\n|---|---|---|---|",
            *distributions,
            "\n## Files and others\n",
            *(definition(f"`{prefix}:SOURCE`", said_by(loader)) for prefix, loader in PREFIXES.items()),
        ]
    )


# Commands


def help_of(command: str) -> str:
    """What `jaxgan COMMAND --help` prints."""
    from jaxgan.__main__ import main

    printed, before = io.StringIO(), {name: os.environ.get(name) for name in ("COLUMNS", "NO_COLOR")}
    os.environ.update(COLUMNS=str(WIDTH), NO_COLOR="1")
    try:
        with contextlib.redirect_stdout(printed):
            code_of_end = _status(lambda: main([command, "--help"]))
    finally:
        for name, value in before.items():
            os.environ.pop(name) if value is None else os.environ.__setitem__(name, value)
    if code_of_end:
        raise RuntimeError(f"jaxgan {command} --help ended with {code_of_end}: {printed.getvalue()}")
    return re.sub(r"\x1b\[[0-9;]*m", "", printed.getvalue()).strip("\n")


def _status(run: Callable[[], Any]) -> int:
    try:
        return int(run() or 0)
    except SystemExit as end:
        return int(end.code or 0)


def commands_page() -> str:
    from jaxgan.__main__ import COMMANDS

    parts = [
        f"## `{name}`\n\n{sentence(what)}\n\n:::{{dropdown}} `jaxgan {name} --help`\n\n~~~text\n{help_of(name)}\n~~~\n:::\n"
        for name, what in COMMANDS.items()
    ]
    return "\n".join(parts)


# Results


def results() -> Iterable[tuple[Path, str]]:
    """The pages of docs/results: (path, text), each a file of experiments/ with its links as they hold on the site."""
    names = {page: source for source, page in MIRRORED.items() if page.startswith("results/")}
    for page, source in names.items():
        text = rewritten((REPOSITORY / source).read_text(encoding="utf-8"), source, page)
        if page == "results/index":
            text += "\n```{toctree}\n:hidden:\n:glob:\n\nindex.zh\n*\n```\n"
        yield DOCS / f"{page}.md", text


def of_repository(source: str, page: str) -> str:
    """A file from the root of the repository, to be included in a page of the site; without its title, which the page has."""
    text = rewritten((REPOSITORY / source).read_text(encoding="utf-8"), source, page)
    return re.sub(r"\A# .*\n", "", text)


# From Python

CALLED_FIRST = ("fit", "Config", "load", "Run", "evaluate", "export", "Gan")
WITH_METHODS = {"Gan", "Run"}
ROOMS = ("objectives", "networks", "data", "metrics", "interop", "diagnosis", "exports")


def api_of(module: str, names: Iterable[str]) -> str:
    """Directives by which Sphinx shows the docstrings of a module's public names; its tables have pages of their own."""
    directives = []
    for name in names:
        thing = getattr(importlib.import_module(module), name)
        if inspect.ismodule(thing) or not callable(thing):
            continue
        kind = "autoclass" if inspect.isclass(thing) else "autofunction"
        members = "\n   :members:\n   :inherited-members:" if name in WITH_METHODS else ""
        directives.append(f".. {kind}:: {module}.{name}{members}\n")
    return "```{eval-rst}\n" + "\n".join(directives) + "```\n"


def api_of_room(room: str) -> str:
    """Of a part of the package, but for the records that the package itself exports too."""
    import jaxgan

    module = importlib.import_module(f"jaxgan.{room}")
    return api_of(module.__name__, [name for name in module.__all__ if name not in jaxgan.__all__])


def api_of_package() -> str:
    """Of the package itself: first what is called first."""
    import jaxgan

    return api_of("jaxgan", dict.fromkeys([*CALLED_FIRST, *jaxgan.__all__]))


TABLES: dict[str, Callable[[], str]] = {
    "options": options_page,
    "metrics": metrics_page,
    "variants": variants_page,
    "networks": networks_page,
    "datasets": datasets_page,
    "commands": commands_page,
    "contributing": lambda: of_repository("CONTRIBUTING.md", "contributing"),
    "changelog": lambda: of_repository("CHANGELOG.md", "changelog"),
    "api-jaxgan": api_of_package,
    **{f"api-{room}": functools.partial(api_of_room, room) for room in ROOMS},
    "clusters": lambda: of_repository("CLUSTERS.md", "guides/clusters"),
}


def write_pages() -> list[Path]:
    """Writes every generated text; one that has not changed is left alone, so that its page is not built again."""
    texts = [(GENERATED / f"{name}.md", make()) for name, make in TABLES.items()] + list(results())
    for path, text in texts:
        path.parent.mkdir(parents=True, exist_ok=True)
        if not path.is_file() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")
    return [path for path, _ in texts]


if __name__ == "__main__":
    print("\n".join(str(path.relative_to(REPOSITORY)) for path in write_pages()))
