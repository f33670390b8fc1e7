"""A graph as a PyTorch module: a Python file that needs nothing but torch, and the state dict that it loads.

Classes and attributes are called as the labs' own are, so that the state dict fits those classes too. Of what networks are made of
beside `torch.nn`'s layers, `torch_blocks.py` holds the source, and the file has that which it uses.
"""

import itertools
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np

from jaxgan.exports.graph import LABELS, LATENT, Graph, Layer
from jaxgan.exports.torch_blocks import BLOCKS, HEADER, LOADER, MIXTURE

MIXTURE_PREFIX = "generators"


def torch_state_dict(graph: Graph) -> dict[str, np.ndarray]:
    """{name: array} as `torch.nn.Module.load_state_dict` takes it; of several generators each under `generators.0.` and so on."""
    if graph.generators == 1:
        return dict(graph.arrays)
    every = ((g, graph.one(g).arrays) for g in range(graph.generators))
    return {f"{MIXTURE_PREFIX}.{g}.{name}": array for g, arrays in every for name, array in arrays.items()}


def torch_source(graph: Graph, weights: str) -> str:
    """The text of the Python file: the classes, and `load()`, which gives the generator with its weights.

    Args:
        graph: the generator.
        weights: the name of the file of weights beside it, a state dict as safetensors.
    """
    made, used = _class_source(graph.one())
    whole = f"{graph.name}()"
    if graph.generators > 1:
        used.append("Mixture")
        whole = f"Mixture([{graph.name}() for _ in range({graph.generators})])"
    *size, channels = graph.sample_shape
    blocks = [text for name, text in [*BLOCKS.items(), ("Mixture", MIXTURE)] if name in used and name != "Mixture"]
    after = [MIXTURE] if graph.generators > 1 else []
    header = HEADER.format(
        name=graph.name, latent_dim=graph.latent_dim, labels=_about_labels(graph), shape=", ".join(map(str, (channels, *size)))
    )
    loader = LOADER.format(weights=weights, make=whole)
    return "\n\n".join(text.strip("\n") + "\n" for text in [header, *blocks, made, *after, loader])


def _about_labels(graph: Graph) -> str:
    if graph.n_classes:
        return f", and labels int64 (B,), class numbers from 0 to {graph.n_classes - 1}"
    return f", and labels float32 (B, {graph.label_dim})" if graph.label_dim else ""


class Part(NamedTuple):
    """An attribute of a module: its name, how it is made, and the layers of the graph that it stands for."""

    name: str
    layers: tuple[Layer, ...]


def _parts(layers: Sequence[Layer], depth: int) -> Iterator[Part]:
    """Layers in a row that share the first `depth` parts of their name."""
    for name, group in itertools.groupby(layers, lambda layer: tuple(layer.name.split(".")[:depth])):
        yield Part(name[-1], tuple(group))


def _class_source(graph: Graph) -> tuple[str, list[str]]:
    """The generator's class, and the names of the blocks that it uses."""
    used: list[str] = []
    made, steps = [], []
    for part in _parts(graph.layers, 1):
        layer = part.layers[0]
        if layer.op == "reshape":
            steps.append(f"x = x.reshape(-1, {', '.join(map(str, layer.shape))})")
        elif layer.op == "concat":
            joined = "self.label_embedding(labels)" if graph.n_classes else "labels"
            steps.append(f"x = torch.cat([x, {joined}], dim=1)")
        else:
            made.append(f"self.{part.name} = {_module(graph, part, 1, used)}")
            if layer.op != "embedding":
                steps.append(f"x = self.{part.name}(x)")
    arguments = ", ".join(["self", LATENT, *([LABELS] if graph.is_conditional else [])])
    lines = [
        f"class {graph.name}(nn.Module):",
        "    def __init__(self):",
        *(f"        {line}" for line in ("super().__init__()", *made)),
        "",
        f"    def forward({arguments}):",
        *(f"        {line}" for line in (f"x = {LATENT}", *steps, "return x")),
    ]
    return "\n".join(lines), used


def _module(graph: Graph, part: Part, depth: int, used: list[str]) -> str:
    """How a part is made, as Python text."""
    if len(part.layers) == 1 and len(part.layers[0].name.split(".")) == depth:
        return _layer(graph, part.layers[0], used)
    inner = list(_parts(part.layers, depth + 1))
    if [one.name for one in inner] == [str(place) for place in range(len(inner))]:
        lines = [f"            {_module(graph, one, depth + 1, used)}," for one in inner]
        return "\n".join(["nn.Sequential(", *lines, "        )"])
    return _block(graph, part, used)


def _before(graph: Graph, layer: Layer) -> int:
    """Channels of a layer's input."""
    shapes = {one.name: one.shape for one in graph.layers}
    return shapes[layer.inputs[0]][0]


def _block(graph: Graph, part: Part, used: list[str]) -> str:
    """A block of several layers; which one is told by the operations in it."""
    first, last = part.layers[0], part.layers[-1]
    ops = {layer.op for layer in part.layers}
    arguments: tuple[Any, ...]
    if "constant_product" in ops:
        name, arguments = "GenerativeBasis", (graph.arrays[first.weights["weight"]].shape[1], last.shape[0], last.shape[1:])
    elif "upsample_bilinear" in ops:
        name, arguments = "Upsample", (_before(graph, first), last.shape[0], last.shape[1:])
    elif "batch_norm" in ops:
        name, arguments = "Residual", (_before(graph, first), last.shape[0])
    else:
        second = part.layers[2]
        name, arguments = "ResidualBlock", (last.shape[0], second.shape[0], second.attributes["groups"])
    used.append(name)
    return f"{name}({', '.join(map(str, arguments))})"


def _window(shape: Sequence[int]) -> int | tuple[int, ...]:
    """The window of a weight: one number where it is as long along all axes."""
    window = tuple(shape[2:])
    return window[0] if len(set(window)) == 1 else window


def _layer(graph: Graph, layer: Layer, used: list[str]) -> str:
    """One of `torch.nn`'s layers, or a block of one layer."""
    axes = len(layer.shape) - 1
    numbers = layer.attributes
    bias = "" if "bias" in layer.weights else ", bias=False"
    shape = graph.arrays[layer.weights["weight"]].shape if layer.weights else ()
    match layer.op:
        case "linear":
            return f"nn.Linear({shape[1]}, {shape[0]}{bias})"
        case "embedding":
            return f"nn.Embedding({shape[0]}, {shape[1]})"
        case "conv":
            groups = numbers["groups"]
            some = f", groups={groups}" if groups > 1 else ""
            sizes = f"{shape[1] * groups}, {shape[0]}, {_window(shape)}"
            return f"nn.Conv{axes}d({sizes}, stride={numbers['stride']}, padding={numbers['padding']}{some}{bias})"
        case "conv_transpose":
            more = f", output_padding={numbers['output_padding']}" if numbers["output_padding"] else ""
            sizes = f"{shape[0]}, {shape[1]}, {_window(shape)}"
            return f"nn.ConvTranspose{axes}d({sizes}, stride={numbers['stride']}, padding={numbers['padding']}{more}{bias})"
        case "batch_norm":
            return f"nn.BatchNorm{max(1, axes)}d({shape[0]}, eps={numbers['epsilon']})"
        case "relu" | "tanh":
            return {"relu": "nn.ReLU()", "tanh": "nn.Tanh()"}[layer.op]
        case "clip":
            return f"nn.Hardtanh({numbers['low']}, {numbers['high']})"
        case "leaky_relu":
            return f"nn.LeakyReLU({numbers['slope']})"
        case "crop":
            used.append("Crop")
            return f"Crop({tuple(numbers['size'])})"
        case "upsample_bilinear":  # alone, where neither channels change nor anything is cut off
            used.append("Upsample")
            return f"Upsample({layer.shape[0]}, {layer.shape[0]}, {layer.shape[1:]})"
    raise AssertionError(layer.op)
