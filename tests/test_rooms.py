"""The house keeps its order: layers import downward only, and the tables hold what they say."""

import ast
import inspect
import itertools
import re
from pathlib import Path

import jax
import pytest

import jaxgan
from jaxgan.folder import RunFolder
from jaxgan.networks import CRITICS, GENERATORS, PAIRS
from jaxgan.objectives import VARIANTS
from jaxgan.objectives.penalties import gradient_penalty
from jaxgan.settings.options import OPTIONS, check_value

PACKAGE = Path(jaxgan.__file__).parent
FILES = sorted(PACKAGE.rglob("*.py"))
LAYERS = {
    "types": 0, "errors": 0, "labels": 0, "checks": 0, "digests": 0, "files": 0, "imports": 0, "interrupts": 0, "loopback": 1, "memory": 0,
    "picture_options": 0, "pixels": 0, "unpacking": 0, "version": 0,
    "folder": 1, "cache": 1,
    "optimizers": 1, "objectives": 1, "networks": 1, "data": 1, "metrics": 1, "interop": 1,
    "engine": 2, "exports": 2, "features": 2, "diagnosis": 2,
    "settings": 3,
    "report": 4, "evaluation": 4,
    "runs": 5, "board": 5, "play": 5, "command": 5,
    "train": 6, "sample": 6, "invert": 6, "sweep": 6, "evaluate": 6, "doctor": 6, "compare": 6, "classifier": 6, "export": 6, "__main__": 6, "__init__": 6,
    "completion": 7,
}  # fmt: skip
SHARED = {"folder", "cache"}  # rooms of layer 1 that the others of layer 1 may import
OF_ENGINE = {"networks", "objectives", "metrics"}  # rooms of layer 1 that the engine may import: pure functions


def relative(path: Path) -> str:
    return str(path.relative_to(PACKAGE))


def room(path: Path) -> str:
    """The first part of a module's name; what runs a package as a command is no part of the package."""
    if path.name == "__main__.py":
        return "__main__"
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imported(path: Path) -> set[str]:
    """The full names of all that a file imports, at its top or inside functions; of `from a import b` a.b."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0 and node.module, f"{relative(path)}: a relative import"
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return names


def rooms_imported(path: Path) -> set[str]:
    """The rooms that a file imports; a name of the package itself, as `from jaxgan import fit` has it, is in no room."""
    rooms = {name.split(".")[1] if "." in name else name for name in imported(path) if name.split(".")[0] == "jaxgan"}
    assert rooms <= LAYERS.keys(), f"{relative(path)} imports {rooms - LAYERS.keys()}: name the room, not the package"
    return rooms


def may_import(own: str, other: str) -> bool:
    """Downward, within layer 0, and from a shared room of layer 1."""
    lower = LAYERS[other] < LAYERS[own] or LAYERS[own] == LAYERS[other] == 0
    return lower or (LAYERS[own] == 1 and own not in SHARED and other in SHARED)


@pytest.mark.parametrize("path", FILES, ids=relative)
def test_a_module_imports_lower_layers_or_its_own_room(path):
    own = room(path)
    assert own in LAYERS, f"{own} has no layer"
    if own == "__init__":
        return
    for other in rooms_imported(path) - {own}:
        assert may_import(own, other), f"{path.name} in {own} imports {other}"


@pytest.mark.parametrize("path", [path for path in FILES if room(path) == "engine"], ids=relative)
def test_the_engine_knows_no_options_data_sets_or_file_formats(path):
    """It takes a `Gan` and a `Source` of samples, and calls back to whoever writes."""
    of_layer_0 = {name for name, layer in LAYERS.items() if layer == 0} - {"files", "imports"}
    assert rooms_imported(path) <= {"engine"} | OF_ENGINE | of_layer_0
    packages = {name.split(".")[0] for name in imported(path)}
    assert packages.isdisjoint({"PIL", "json", "csv", "pickle", "matplotlib", "plotly", "tensorboardX", "tyro"})


RUN_FILES = {
    value.name for name, kind in vars(RunFolder).items() if isinstance(kind, property)
    and isinstance(value := getattr(RunFolder(Path("run")), name), Path)
}  # fmt: skip


@pytest.mark.parametrize("path", [path for path in FILES if relative(path) != "folder.py"], ids=relative)
def test_only_the_run_folders_record_spells_its_file_names(path):
    """Elsewhere they are words in a sentence: none is joined to a path by /, and none with a suffix stands or ends a text by itself."""
    assert {"config.json", "metrics.jsonl", "environment.json", "evaluation.json", "checkpoints", "samples"} <= RUN_FILES
    with_suffix = tuple(name for name in RUN_FILES if "." in name)
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div) and isinstance(node.right, ast.Constant):
            assert node.right.value not in RUN_FILES, f"{relative(path)}:{node.lineno}: {node.right.value}"
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and len(node.value.split()) == 1:
            assert not node.value.endswith(with_suffix), f"{relative(path)}:{node.lineno}: {node.value}"


def test_neither_tensorflow_nor_pytorch_is_imported_and_tfds_in_one_place_only():
    for path in FILES:
        packages = {name.split(".")[0] for name in imported(path)}
        assert packages.isdisjoint({"torch", "tensorflow"}), path
        if "tensorflow_datasets" in packages:
            assert path.name == "tfds.py"


def test_every_recipe_sets_options_to_values_that_they_take_and_names_its_source():
    for name, variant in VARIANTS.items():
        assert re.search(r"arXiv \d{4}\.\d{4,5}", variant.reference), name
        assert any(recipe.name == "paper" for recipe in variant.recipes)
        for recipe in variant.recipes:
            assert recipe.source
            assert set(recipe.settings) <= set(OPTIONS)
            for field, value in recipe.settings.items():
                check_value(field, value)


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


@pytest.mark.parametrize(
    "name", sorted(set(GENERATORS) - {"conv1d", "conv3d", "dcgan_refined", "r3gan", "resnet"})
)  # whose own tests count them
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
