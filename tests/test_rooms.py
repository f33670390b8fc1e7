"""The house keeps its order: layers import downward only, and the tables hold what they say."""

import ast
import dataclasses
import inspect
import itertools
import re
from pathlib import Path

import jax
import pytest
from jaxgan.config import Config
from jaxgan.engine.setup import RANGES, _choices

import jaxgan
from jaxgan.networks import CRITICS, GENERATORS, PAIRS
from jaxgan.objectives import VARIANTS
from jaxgan.objectives.penalties import gradient_penalty

PACKAGE = Path(jaxgan.__file__).parent
LAYERS = {
    "types": 0, "errors": 0, "config": 0, "files": 0,
    "cache": 0, "imports": 0, "pixels": 0,
    "folder": 1,
    "objectives": 1, "networks": 1, "data": 1, "metrics": 1, "interop": 1,
    "engine": 2, "features": 2,
    "report": 3, "trained": 3,
    "evaluation": 4,
    "runs": 5, "command": 5,
    "train": 6, "sample": 6, "sweep": 6, "evaluate": 6, "compare": 6, "classifier": 6, "__main__": 6, "__init__": 6,
}  # fmt: skip


def room(path: Path) -> str:
    """The first part of a module's name; what runs a package as a command is no part of the package."""
    if path.name == "__main__.py":
        return "__main__"
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imports(path: Path) -> set[str]:
    """The rooms that a file imports, at its top or inside functions."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return {name.split(".")[1] for name in names if name.startswith("jaxgan.") and name.split(".")[1] in LAYERS}


@pytest.mark.parametrize("path", sorted(PACKAGE.rglob("*.py")), ids=lambda p: str(p.relative_to(PACKAGE)))
def test_a_module_imports_lower_layers_or_its_own_room(path):
    own = room(path)
    assert own in LAYERS, f"{own} has no layer"
    if own == "__init__":
        return
    for other in imports(path) - {own}:
        assert LAYERS[other] < LAYERS[own] or LAYERS[own] == 0, f"{path.name} in {own} imports {other}"


def test_neither_tensorflow_nor_pytorch_is_imported_and_tfds_in_one_place_only():
    for path in PACKAGE.rglob("*.py"):
        text = path.read_text()
        assert not re.search(r"^\s*(import|from) (torch|tensorflow)\b", text, re.M), path
        if re.search(r"^\s*(import|from) tensorflow_datasets", text, re.M):
            assert path.name == "tfds.py"


def test_every_recipe_sets_fields_of_the_configuration_and_names_its_source():
    fields = {field.name: field for field in dataclasses.fields(Config)}
    for name, variant in VARIANTS.items():
        assert re.search(r"arXiv \d{4}\.\d{4,5}", variant.reference), name
        assert any(recipe.name == "paper" for recipe in variant.recipes)
        for recipe in variant.recipes:
            assert recipe.source
            assert set(recipe.settings) <= set(fields)
            for field, value in recipe.settings.items():
                choices = _choices(fields[field].type)
                assert not choices or value in choices
                assert field not in RANGES or RANGES[field][0](value)


def test_functions_of_one_kind_take_the_same_arguments_in_the_same_order():
    penalty = gradient_penalty(1.0)
    assert list(inspect.signature(penalty).parameters) == ["critic", "draw", "fake"]
    for name, variant in VARIANTS.items():
        game = variant.build()
        for loss in (game.objective.critic_loss, game.objective.generator_loss):
            assert list(inspect.signature(loss).parameters) == ["view", "state"], name
        assert list(inspect.signature(game.constraint).parameters) == ["params"] or name == "wgan"
    for table, first in ((GENERATORS, "latent"), (CRITICS, "samples")):
        for module in table.values():
            assert list(inspect.signature(module.__call__).parameters) == ["self", first, "labels", "train"]


def test_pairs_are_made_of_rows_of_the_tables():
    for generator, critic in PAIRS.values():
        assert generator in GENERATORS
        assert critic in CRITICS


@pytest.mark.parametrize("name", sorted(set(GENERATORS) - {"resnet"}))  # whose own test counts them
def test_parameter_counts_at_the_labs_widths(name):
    """Counted by hand from the labs' layer tables, for 28x28x1 (points for mlp)."""
    expected = {
        # latent 128: 128 1024 9 + 1024 512 16 + 512 256 25 + 256 36, batch norm 2 (1024 + 512 + 256)
        "conv": (1179648 + 8388608 + 3276800 + 9216 + 3584, 1 * 128 * 16 + 128 * 256 * 16 + 256 * 512 * 16 + 512 * 9),
        "fc": (100 * 256 + 256 + 256 * 512 + 512 + 512 * 1024 + 1024 + 1024 * 784 + 784,
               784 * 1024 + 1024 + 1024 * 512 + 512 + 512 * 256 + 256 + 256 + 1),
        "lab_conv": (100 * 1024 + 1024 + 2 * 1024 + 1024 * 6272 + 6272 + 2 * 6272 + 128 * 64 * 16 + 64 + 2 * 64 + 64 * 16 + 1,
                     25 * 32 + 32 + 25 * 32 * 64 + 64 + 1024 * 1024 + 1024 + 1024 + 1),
        "mlp": (2 * 128 + 128 + 2 * (128 * 128 + 128) + 128 * 2 + 2, 2 * 128 + 128 + 2 * (128 * 128 + 128) + 128 + 1),
        "dcgan": (100 * 12544 + 12544 + 2 * 256 + 256 * 128 * 25 + 128 + 2 * 128 + 128 * 25 + 1,
                  25 * 128 + 128 + 128 * 256 * 25 + 256 + 12544 + 1),
    }[name]  # fmt: skip
    shape = (2,) if name == "mlp" else (28, 28, 1)
    norm = {"norm": "none"} if name in ("conv", "dcgan") else {}
    for module, count in zip((GENERATORS[name](shape), CRITICS[name](shape, **norm)), expected, strict=True):
        variables = jax.eval_shape(module.init, jax.random.key(0), *module.example_inputs())
        assert sum(leaf.size for leaf in jax.tree.leaves(variables["params"])) == count


@pytest.mark.parametrize(
    ("size", "channels"), [(32, [128, 256, 512]), (64, [128, 256, 512, 1024]), (128, [128, 256, 512, 1024, 1024])]
)
def test_parameter_counts_of_dcgan_at_larger_sizes(size, channels):
    """The paper's 64 pixels, one doubling less and one more; three colours, latent 100, counted by hand."""
    last = channels[-1]
    upward = sum(25 * a * b + b for b, a in itertools.pairwise(channels))
    generator = 100 * 16 * last + 16 * last + upward + 2 * sum(channels) + 25 * channels[0] * 3 + 3
    critic = 25 * 3 * 128 + 128 + sum(25 * a * b + b for a, b in itertools.pairwise(channels)) + 16 * last + 1
    for module, count in (
        (GENERATORS["dcgan"]((size, size, 3)), generator),
        (CRITICS["dcgan"]((size, size, 3), norm="none"), critic),
    ):
        variables = jax.eval_shape(module.init, jax.random.key(0), *module.example_inputs())
        assert sum(leaf.size for leaf in jax.tree.leaves(variables["params"])) == count
