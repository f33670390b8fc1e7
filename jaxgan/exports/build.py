"""The graph of a generator of `jaxgan.networks`: its modules walked in the order of their calls, with the weights that they hold."""

import dataclasses
import functools
from collections.abc import Callable, Mapping
from typing import Any

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np

from jaxgan.errors import UserError
from jaxgan.exports.graph import LABELS, LATENT, Graph, Layer
from jaxgan.networks import (
    Conv1dGenerator,
    Conv3dGenerator,
    ConvGenerator,
    DcganGenerator,
    FcGenerator,
    Generator,
    LabConvGenerator,
    MixtureGenerator,
    MlpGenerator,
    R3ganGenerator,
    RefinedDcganGenerator,
    ResNetGenerator,
    resampling,
    resnet,
)
from jaxgan.networks.layers import (
    BatchNorm,
    Conv,
    ConvTranspose,
    Crop,
    Linear,
    Sequential,
    UpsampledConv,
    upsampled_kernel,
    window_of,
)
from jaxgan.networks.r3gan import GenerativeBasis, ResidualBlock, Upsample, leaky_relu
from jaxgan.types import Average, Player

Shape = tuple[int, ...]
EPSILON = 1e-5  # of batch norm


def graph_of(generator: nn.Module, variables: Any) -> Graph:
    """The layers of a generator, with its running statistics in batch norm.

    Args:
        generator: one of `jaxgan.networks`, or a `MixtureGenerator` of one.
        variables: its variables {"params": ..., "batch_stats": ...}, or a player or an average of a state.

    Raises:
        UserError: a generator of the user's own, whose layers are not known.
    """
    if isinstance(variables, Player | Average):
        variables = {"params": variables.params, **variables.variables}
    if not isinstance(generator, MixtureGenerator):
        return _single(generator, variables)
    inner = {name: tree["generator"] for name, tree in variables.items()}
    every = [_single(generator.generator, jax.tree.map(lambda leaf, g=g: leaf[g], inner)) for g in range(generator.number)]
    arrays = {name: np.stack([graph.arrays[name] for graph in every]) for name in every[0].arrays}
    return dataclasses.replace(every[0], generators=generator.number, arrays=arrays)


def _single(generator: Any, variables: Mapping[str, Any]) -> Graph:
    if type(generator) not in GENERATE:
        network = getattr(generator, "network", None)
        title = network.title if network is not None else type(generator).__name__
        raise UserError(
            f"the layers of the generator {title} are not known: it is none of jaxgan.networks; formats that take it are"
            " safetensors and stablehlo"
        )
    builder = Builder()
    bound = generator.bind({name: variables[name] for name in variables})
    shape: Shape = (generator.latent_dim,)
    value = LATENT
    if generator.n_classes:
        weight = {"weight": builder.array("label_embedding", "weight", variables["params"]["label_embedding"]["embedding"])}
        labels = builder.add("label_embedding", "embedding", (LABELS,), (generator.n_classes,), weights=weight)
        value = builder.add("joined", "concat", (value, labels), (generator.latent_dim + generator.n_classes,))
    elif generator.label_dim:
        value = builder.add("joined", "concat", (value, LABELS), (generator.latent_dim + generator.label_dim,))
    GENERATE[type(generator)](builder, bound, value)
    *size, channels = generator.sample_shape
    shape = (channels, *size)
    if builder.layers[-1].shape != shape:
        raise AssertionError(f"the graph's samples are {builder.layers[-1].shape}, not {shape}")
    return Graph(
        type(generator).__name__, generator.latent_dim, generator.n_classes, generator.label_dim, tuple(generator.sample_shape), 1,
        tuple(builder.layers), builder.arrays,
    )  # fmt: skip


class Builder:
    """Layers as they are found, and their arrays."""

    def __init__(self) -> None:
        self.layers: list[Layer] = []
        self.arrays: dict[str, np.ndarray] = {}
        self.shapes: dict[str, Shape] = {}

    def add(
        self,
        name: str,
        op: str,
        inputs: tuple[str, ...],
        shape: Shape,
        attributes: Mapping[str, Any] | None = None,
        weights: Mapping[str, str] | None = None,
    ) -> str:
        """One more layer; its name."""
        self.layers.append(Layer(name, op, inputs, tuple(map(int, shape)), attributes or {}, weights or {}))
        self.shapes[name] = self.layers[-1].shape
        return name

    def shape(self, value: str) -> Shape:
        """The shape of a layer's value."""
        return self.shapes[value]

    def array(self, layer: str, role: str, value: Any, kind: Any = np.float32) -> str:
        """Keeps an array under the layer's name and its role's."""
        name = f"{layer}.{role}"
        self.arrays[name] = np.ascontiguousarray(np.asarray(value), kind)
        return name

    def kernel(self, name: str, module: nn.Module) -> dict[str, str]:
        """Weight and bias of a module, as PyTorch has them: (..., in, out) -> (out, in, ...)."""
        params = module.variables["params"]
        kernel = np.asarray(params["kernel"])
        weight = kernel.transpose(kernel.ndim - 1, kernel.ndim - 2, *range(kernel.ndim - 2))
        weights = {"weight": self.array(name, "weight", weight)}
        return {**weights, "bias": self.array(name, "bias", params["bias"])} if "bias" in params else weights

    # What a layer of the networks adds: (name, layer, value) -> the name of the new value

    def linear(self, name: str, layer: Linear, value: str) -> str:
        return self.add(name, "linear", (value,), (layer.features,), weights=self.kernel(name, layer))

    def conv(self, name: str, layer: Conv, value: str) -> str:
        before = self.shape(value)[1:]
        window = window_of(layer.size, len(before))
        size = [(n + 2 * layer.padding - k) // layer.stride + 1 for n, k in zip(before, window, strict=True)]
        numbers = {"stride": layer.stride, "padding": layer.padding, "groups": layer.groups}
        return self.add(name, "conv", (value,), (layer.features, *size), numbers, self.kernel(name, layer))

    def conv_transpose(self, name: str, layer: ConvTranspose, value: str) -> str:
        before, more = self.shape(value)[1:], layer.output_padding - 2 * layer.padding
        window = window_of(layer.size, len(before))
        size = [(n - 1) * layer.stride + k + more for n, k in zip(before, window, strict=True)]
        numbers = {"stride": layer.stride, "padding": layer.padding, "output_padding": layer.output_padding}
        return self.add(name, "conv_transpose", (value,), (layer.features, *size), numbers, self.kernel(name, layer))

    def upsampled_conv(self, name: str, layer: UpsampledConv, value: str) -> str:
        """The transposed convolution that it is."""
        params = layer.variables["params"]
        kernel = np.asarray(upsampled_kernel(params["kernel"]))
        shape = (layer.features, *(2 * side for side in self.shape(value)[1:]))
        weight = kernel.transpose(kernel.ndim - 1, kernel.ndim - 2, *range(kernel.ndim - 2))
        weights = {"weight": self.array(name, "weight", weight), "bias": self.array(name, "bias", params["bias"])}
        numbers = {"stride": 2, "padding": 1, "output_padding": 0}
        return self.add(name, "conv_transpose", (value,), shape, numbers, weights)

    def batch_norm(self, name: str, layer: BatchNorm, value: str) -> str:
        params, running = layer.variables["params"], layer.variables["batch_stats"]
        weights = {
            "weight": self.array(name, "weight", params["scale"]),
            "bias": self.array(name, "bias", params["bias"]),
            "running_mean": self.array(name, "running_mean", running["mean"]),
            "running_var": self.array(name, "running_var", running["var"]),
            "num_batches_tracked": self.array(name, "num_batches_tracked", running["count"], np.int64),
        }
        return self.add(name, "batch_norm", (value,), self.shape(value), {"epsilon": EPSILON}, weights)

    def crop(self, name: str, layer: Crop, value: str) -> str:
        return self.add(name, "crop", (value,), (self.shape(value)[0], *layer.size), {"size": list(layer.size)})

    def reshape(self, name: str, value: str, shape: Shape) -> str:
        return self.add(name, "reshape", (value,), shape, {"shape": list(shape)})

    def doubled(self, name: str, op: str, value: str) -> str:
        channels, *size = self.shape(value)
        return self.add(name, op, (value,), (channels, *(2 * side for side in size)))

    def activation(self, name: str, op: str, value: str, **attributes: float) -> str:
        return self.add(name, op, (value,), self.shape(value), attributes)

    def basis(self, name: str, layer: GenerativeBasis, value: str) -> str:
        params = layer.variables["params"]
        weight = {"weight": self.array(f"{name}.linear", "weight", np.asarray(params["linear"]["kernel"]).T)}
        factors = self.add(f"{name}.linear", "linear", (value,), (layer.features,), weights=weight)
        images = {"weight": self.array(name, "basis", params["basis"])}
        return self.add(name, "constant_product", (factors,), (layer.features, *layer.size), weights=images)

    def residual_block(self, name: str, layer: ResidualBlock, value: str) -> str:
        x = value
        for place in (1, 2, 3):
            x = self.conv(f"{name}.conv{place}", getattr(layer, f"conv{place}"), x)
            if place < 3:
                x = self.activation(f"{name}.act{place}", "leaky_relu", x, slope=0.2)
        return self.add(name, "add", (value, x), self.shape(value))

    def upsample(self, name: str, layer: Upsample, value: str) -> str:
        params = layer.variables.get("params", {})
        if "conv" in params:
            kernel = np.asarray(params["conv"]["kernel"]).transpose(3, 2, 0, 1)  # (1, 1, in, out) -> (out, in, 1, 1)
            weight = {"weight": self.array(f"{name}.conv", "weight", kernel)}
            shape = (layer.features, *self.shape(value)[1:])
            value = self.add(f"{name}.conv", "conv", (value,), shape, {"stride": 1, "padding": 0, "groups": 1}, weight)
        value = self.doubled(f"{name}.up", "upsample_bilinear", value)
        same = self.shape(value)[1:] == tuple(layer.size)
        return value if same else self.crop(f"{name}.crop", Crop(tuple(layer.size)), value)

    def residual(self, name: str, layer: resnet.Residual, value: str) -> str:
        near = self.sequential(f"{name}.shortcut_", layer.near, value)  # named by the fields that its layers were given in
        return self.add(name, "add", (near, self.sequential(f"{name}.residual_", layer.far, value)), self.shape(near))

    def enlargement(self, name: str, layer: resampling.Enlargement, value: str) -> str:
        """A linear layer whose weights were not learnt."""
        matrix = np.asarray(layer(jnp.eye(layer.features))).T  # (pixels, points)
        return self.add(name, "linear", (value,), (len(matrix),), weights={"weight": self.array(name, "weight", matrix)})

    def sequential(self, name: str, layer: Sequential, value: str) -> str:
        joint = "" if name.endswith("_") else "."
        for place, inner in enumerate(layer.layers):
            value = self.layer(f"{name}{joint}{place}", inner, value)
        return value

    def layer(self, name: str, layer: Any, value: str) -> str:
        """Whatever a layer is; raises UserError for one that is not known."""
        for kind, describe in LAYERS.items():
            if isinstance(layer, kind):
                return describe(self, name, layer, value)
        if layer is jax.nn.relu:
            return self.activation(name, "relu", value)
        if layer is jnp.tanh:
            return self.activation(name, "tanh", value)
        if layer is resampling.clipped:
            return self.activation(name, "clip", value, low=-1.0, high=1.0)
        if layer is resnet.upsample:
            return self.doubled(name, "upsample_nearest", value)
        if layer is resampling.upsample:
            return self.doubled(name, "upsample_bilinear", value)
        if isinstance(layer, functools.partial) and layer.func is leaky_relu.func:
            return self.activation(name, "leaky_relu", value, slope=float(layer.keywords["negative_slope"]))
        raise UserError(f"layer {name}: {layer!r} is not known, and cannot be exported")


LAYERS: dict[type, Callable[..., str]] = {
    Linear: Builder.linear,
    Conv: Builder.conv,
    ConvTranspose: Builder.conv_transpose,
    UpsampledConv: Builder.upsampled_conv,
    BatchNorm: Builder.batch_norm,
    Crop: Builder.crop,
    Sequential: Builder.sequential,
    GenerativeBasis: Builder.basis,
    ResidualBlock: Builder.residual_block,
    Upsample: Builder.upsample,
    resampling.Enlargement: Builder.enlargement,
    resnet.Residual: Builder.residual,
}


# What each generator does with its parts, as its `generate` does


def _channels_first(shape: Shape) -> Shape:
    *size, channels = shape
    return (channels, *size)


def _model(builder: Builder, generator: Any, value: str) -> str:
    return builder.sequential("model", generator.model, value)


def _flat_model(builder: Builder, generator: Any, value: str) -> str:
    return builder.reshape("unflatten", _model(builder, generator, value), _channels_first(generator.sample_shape))


def _conv(builder: Builder, generator: Any, value: str) -> str:
    width = generator.latent_dim + generator.n_classes + generator.label_dim
    return _model(builder, generator, builder.reshape("unflatten", value, (width, 1, 1)))


def _projected(builder: Builder, generator: Any, value: str) -> str:
    value = builder.linear("project", generator.project, value)
    return _model(builder, generator, builder.reshape("unflatten", value, _channels_first(generator.coarse)))


def _lab_conv(builder: Builder, generator: Any, value: str) -> str:
    for linear, norm in (("fc1", "br1"), ("fc2", "br2")):
        value = builder.linear(linear, getattr(generator, linear), value)
        value = builder.sequential(norm, getattr(generator, norm), value)
    value = builder.reshape("unflatten", value, _channels_first(generator.coarse))
    for name in ("conv1", "conv2"):
        value = builder.sequential(name, getattr(generator, name), value)
    return value


def _resnet(builder: Builder, generator: Any, value: str) -> str:
    value = builder.linear("project", generator.project, value)
    value = builder.reshape("unflatten", value, (generator.hidden_dim, 4, 4))
    for place, block in enumerate(generator.blocks):
        value = builder.residual(f"blocks_{place}", block, value)
    return builder.sequential("last", generator.last, value)


GENERATE: dict[type[Generator], Callable[[Builder, Any, str], str]] = {
    Conv1dGenerator: _projected,
    Conv3dGenerator: _projected,
    ConvGenerator: _conv,
    DcganGenerator: _projected,
    RefinedDcganGenerator: _projected,
    FcGenerator: _flat_model,
    LabConvGenerator: _lab_conv,
    MlpGenerator: _model,
    R3ganGenerator: _model,
    ResNetGenerator: _resnet,
}
