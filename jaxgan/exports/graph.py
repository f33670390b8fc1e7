"""A generator as a graph of layers, free of JAX: what the writers of other formats read.

    graph = graph_of(generator, variables)          jaxgan.exports.build
    samples = run(graph, latent, labels)            jaxgan.exports.reference, in numpy
    write(json.dumps(graph.described()), graph.arrays); graph = from_description(json.loads(text), arrays)

How it is read. `layers` are in the order in which they are computed. A layer takes the values that `inputs` name and gives one value
under its own `name`; the value of the last layer is the sample. Two values are there at the start:

    "latent"   float32 (B, latent_dim), standard normal
    "labels"   int64 (B,), class numbers from 0, where `n_classes` > 0; float32 (B, label_dim), where `label_dim` > 0; else not there

Every value has the batch first and channels second, as PyTorch has them: features (B, F), series (B, C, T), pictures (B, C, H, W),
volumes (B, C, D, H, W). `shape` of a layer is that of its value without the batch. jaxgan's own samples have channels last
(`sample_shape`): they are the graph's with axis 1 moved to the end. Pictures lie in [-1, 1] where the last layer is a tanh or a clip.

What a layer does is its `op`. Its numbers are `attributes`, its weights `weights`, which maps a role to a name in `arrays`. Those names
are a PyTorch state dict's, and the arrays lie as PyTorch's do:

    op                attributes                          weights and their shapes
    linear                                                weight (out, in), bias (out,)          y = x weight^T + bias
    conv              stride, padding, groups             weight (out, in / groups, *window), bias (out,)
    conv_transpose    stride, padding, output_padding     weight (in, out, *window), bias (out,)
    batch_norm        epsilon                             weight, bias, running_mean, running_var (C,); num_batches_tracked ()
                                                          y = (x - running_mean) / sqrt(running_var + epsilon) weight + bias
    embedding                                             weight (classes, width)                y = weight[labels]
    constant_product                                      weight (C, *size)                      y[b, c, ...] = x[b, c] weight[c, ...]
    relu
    leaky_relu        slope                                                                      x where x > 0, else slope x
    tanh
    clip              low, high                                                                  max(low, min(high, x))
    reshape           shape                                                                      (B, ...) -> (B, *shape), row by row
    crop              size                                                                       the first size[i] along each axis
    upsample_nearest                                                                             each number twice along each axis
    upsample_bilinear                                                                            twice the size; see below
    concat                                                                                       both inputs, along axis 1
    add                                                                                          the sum of both inputs

Stride, padding and output_padding are one number for all axes, and mean what they mean in PyTorch. Biases may be missing. The bilinear
one takes zeros beyond the border: y[2h] = 3/4 x[h] + 1/4 x[h-1], y[2h+1] = 3/4 x[h] + 1/4 x[h+1], along height, then width; it is a
transposed convolution of each channel with (1, 3, 3, 1) / 4 along each axis, stride 2, padding 1.

Several generators (`generators` = k > 1) have the same layers; each array then has a first axis of length k. Sample i is made by
generator i mod k, as jaxgan draws them. `one(g)` is the graph of generator g alone, and a writer needs nothing more.
"""

import dataclasses
from collections.abc import Mapping
from typing import Any

import numpy as np

from jaxgan.errors import UserError, shortened

OPS = (
    "linear", "conv", "conv_transpose", "batch_norm", "embedding", "constant_product", "relu", "leaky_relu", "tanh", "clip", "reshape",
    "crop", "upsample_nearest", "upsample_bilinear", "concat", "add",
)  # fmt: skip
LATENT, LABELS = "latent", "labels"


@dataclasses.dataclass(frozen=True)
class Layer:
    """One step of a graph."""

    name: str  # also of its value; of a layer with weights the module's name in a PyTorch state dict
    op: str  # one of OPS
    inputs: tuple[str, ...]
    shape: tuple[int, ...]  # of its value, without the batch, channels first
    attributes: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    weights: Mapping[str, str] = dataclasses.field(default_factory=dict)  # {role: name in the graph's arrays}


@dataclasses.dataclass(frozen=True, eq=False)
class Graph:
    """A generator: its layers in order, and their arrays (float32; int64 of counters)."""

    name: str  # the class of jaxgan.networks
    latent_dim: int
    n_classes: int  # 0: labels are no classes
    label_dim: int  # 0: labels are no vectors
    sample_shape: tuple[int, ...]  # as jaxgan has it, channels last
    generators: int
    layers: tuple[Layer, ...]
    arrays: Mapping[str, np.ndarray]

    @property
    def is_conditional(self) -> bool:
        """Whether there is a value "labels"."""
        return bool(self.n_classes or self.label_dim)

    def one(self, generator: int = 0) -> "Graph":
        """The graph of one of several generators, alone."""
        if self.generators == 1:
            return self
        return dataclasses.replace(self, generators=1, arrays={name: array[generator] for name, array in self.arrays.items()})

    def described(self) -> dict[str, Any]:
        """All but the arrays, as JSON values."""
        values = {field.name: getattr(self, field.name) for field in dataclasses.fields(self) if field.name != "arrays"}
        return _listed({**values, "layers": [vars(layer) for layer in self.layers]})


def _listed(value: Any) -> Any:
    """The value with lists in place of tuples."""
    if isinstance(value, Mapping):
        return {name: _listed(item) for name, item in value.items()}
    return [_listed(item) for item in value] if isinstance(value, list | tuple) else value


def from_description(values: Mapping[str, Any], arrays: Mapping[str, np.ndarray]) -> Graph:
    """The graph that `described` gave, with its arrays.

    Raises:
        UserError: it lacks something, names an operation that is not known, or an array that is not there.
    """
    try:
        layers = tuple(
            Layer(
                layer["name"], layer["op"], tuple(layer["inputs"]), tuple(layer["shape"]), dict(layer["attributes"]),
                dict(layer["weights"]),
            )
            for layer in values["layers"]
        )  # fmt: skip
        counts = {name: int(values[name]) for name in ("latent_dim", "n_classes", "label_dim", "generators")}
        graph = Graph(
            name=str(values["name"]), sample_shape=tuple(values["sample_shape"]), layers=layers, arrays=dict(arrays), **counts
        )
    except (KeyError, TypeError, ValueError) as error:
        raise UserError(f"graph={shortened(values)}: no graph of layers: {type(error).__name__} {error}") from None
    known = {LATENT, *([LABELS] if graph.is_conditional else [])}
    for layer in graph.layers:
        absent = [name for name in layer.weights.values() if name not in graph.arrays]
        if layer.op not in OPS or absent or not known.issuperset(layer.inputs):
            raise UserError(f"graph: layer {layer.name}: {layer.op} of {', '.join((*layer.inputs, *absent))}: not known")
        known.add(layer.name)
    return graph
