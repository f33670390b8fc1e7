"""The code's tables as Markdown: options, metrics, variants, networks and data sets."""

import inspect
import re
from pathlib import Path
from typing import Any

from jaxgan.data import DATASETS, PREFIXES
from jaxgan.metrics import METRICS
from jaxgan.metrics.table import ENDINGS
from jaxgan.networks import CRITICS, GENERATORS, PAIRS
from jaxgan.objectives import VARIANTS
from jaxgan.settings.options import GROUPS, OPTIONS


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
    return OPTIONS[name].flag


def options_page() -> str:
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
    parts = []
    for name, variant in VARIANTS.items():
        needs = {"autoencoder": "It needs a critic that is an autoencoder.", "none": "It trains no critic."}.get(
            variant.critic, ""
        )
        needs += " It needs a critic with dropout." if variant.dropout else ""
        numbers = [
            f"{code(flag_of(number))} {code(parameter.default)}"
            for number, parameter in inspect.signature(variant.build).parameters.items()
            if number in OPTIONS
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


# Networks and data sets


def networks_page() -> str:
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
            "## Distributions of the plane\n\nDrawn afresh on the device, or a fixed sample of `--points N`. The deviation is that of a mode, in the distribution's own units; a network sees these units times the scale.\n",
            "| `--dataset` | modes | deviation | scale |\n|---|---|---|---|",
            *distributions,
            "\n## Files and others\n",
            *(definition(f"`{prefix}:SOURCE`", said_by(loader)) for prefix, loader in PREFIXES.items()),
        ]
    )
