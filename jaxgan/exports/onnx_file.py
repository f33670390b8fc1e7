"""A graph as an ONNX model: one node a layer, the batch size free.

Inputs are `latent` float32 (batch, latent_dim) and, where there are labels, `labels`: int64 (batch,) class numbers, or float32
(batch, label_dim). The output is `samples`, float32, channels first; or `pixels`, bytes (batch, 3, height, width).

A writer of its own, for of the exporters of JAX programs jax2onnx 0.17.1 wants an orbax-checkpoint older than the one that keeps runs here, and
equinox and netron beside it; and a traced program has the forms that a processor computes convolutions in, where a graph has one node.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np

from jaxgan.errors import UserError
from jaxgan.exports.graph import LABELS, LATENT, Graph, Layer
from jaxgan.exports.needed import needed

OPSET, IR_VERSION = 17, 8  # of 2022: read by every runtime of today
LARGEST = 2**31 - 2**20  # bytes of arrays that one file of protobuf can hold
END = 2**31 - 1  # of a slice: all that is left


def onnx_bytes(graph: Graph, *, pixels: bool = False, metadata: Mapping[str, str] | None = None) -> bytes:
    """The model as the bytes of an .onnx file, checked by the package onnx.

    Args:
        graph: the generator.
        pixels: the output is bytes with three colours, as torch-fidelity reads a generator, in place of numbers.
        metadata: texts that are kept in the file.

    Raises:
        UserError: onnx is not installed, the arrays are more than one file holds, or pixels are wanted of what is no picture.
    """
    onnx = needed("onnx", "the format onnx")
    size = sum(array.nbytes for array in graph.arrays.values())
    if size > LARGEST:
        raise UserError(f"--format onnx: the weights take {size:,} bytes, and one file holds {LARGEST:,}: --format safetensors")
    if pixels and (len(graph.sample_shape) != 3 or graph.sample_shape[-1] not in (1, 3)):
        shape = "x".join(map(str, graph.sample_shape))
        raise UserError(f"--pixels: bytes are of pictures with one or three channels, and these samples are {shape}")
    model = Writer(onnx, graph, pixels).model()
    onnx.helper.set_model_props(model, dict(metadata or {}))
    onnx.checker.check_model(model)
    content: bytes = model.SerializeToString()
    return content


class Writer:
    """The nodes and arrays of a model as they are made."""

    def __init__(self, onnx: Any, graph: Graph, pixels: bool) -> None:
        self.onnx, self.graph, self.pixels = onnx, graph, pixels
        self.nodes: list[Any] = []
        self.arrays: dict[str, np.ndarray] = {}

    def model(self) -> Any:
        make, kinds = self.onnx.helper, self.onnx.TensorProto
        samples = self.generator(self.graph, LATENT, LABELS, "") if self.graph.generators == 1 else self.several()
        channels, shape = self.graph.sample_shape[-1], self.graph.sample_shape[:-1]
        if self.pixels:
            self.as_pixels(samples, channels)
            output = make.make_tensor_value_info("pixels", kinds.UINT8, ["batch", 3, *shape])
        else:
            self.node("Identity", [samples], "samples")
            output = make.make_tensor_value_info("samples", kinds.FLOAT, ["batch", channels, *shape])
        inputs = [make.make_tensor_value_info(LATENT, kinds.FLOAT, ["batch", self.graph.latent_dim])]
        if self.graph.n_classes:
            inputs.append(make.make_tensor_value_info(LABELS, kinds.INT64, ["batch"]))
        elif self.graph.label_dim:
            inputs.append(make.make_tensor_value_info(LABELS, kinds.FLOAT, ["batch", self.graph.label_dim]))
        arrays = [self.onnx.numpy_helper.from_array(array, name) for name, array in self.arrays.items()]
        graph = make.make_graph(self.nodes, self.graph.name, inputs, [output], arrays)
        opset = [make.make_opsetid("", OPSET)]
        return make.make_model(graph, opset_imports=opset, ir_version=IR_VERSION, producer_name="jaxgan")

    def node(self, op: str, inputs: list[str], output: str, **attributes: Any) -> str:
        """One more node; the name of its value, which is its own."""
        self.nodes.append(self.onnx.helper.make_node(op, inputs, [output], name=output, **attributes))
        return output

    def array(self, name: str, value: Any, kind: Any = np.int64) -> str:
        """Keeps an array under this name."""
        self.arrays[name] = np.asarray(value, kind)
        return name

    def generator(self, graph: Graph, latent: str, labels: str, prefix: str) -> str:
        """The layers of one generator; the name of its samples."""
        names = {LATENT: latent, LABELS: labels}
        value = latent
        for layer in graph.layers:
            weights = {role: f"{prefix}{name}" for role, name in layer.weights.items() if role != "num_batches_tracked"}
            for role, name in weights.items():
                self.arrays[name] = graph.arrays[layer.weights[role]]
            inputs = [names[name] for name in layer.inputs]
            value = names[layer.name] = self.layer(layer, inputs, weights, f"{prefix}{layer.name}")
        return value

    def several(self) -> str:
        """Sample i of generator i mod k: each takes every k-th latent, and what they make is put in order again."""
        k = self.graph.generators
        for name, value in (("axis_0", [0]), ("all", [END]), ("every", [k]), ("zero", 0), ("one", 1)):
            self.array(name, np.asarray(value) if np.ndim(value) else value)
        self.node("Shape", [LATENT], "shape", start=0, end=1)
        self.node("Squeeze", ["shape", "axis_0"], "count")
        self.node("Range", ["zero", "count", "one"], "rows")
        made, rows = [], []
        for g in range(k):
            self.array(f"from_{g}", [g])
            given = [LATENT, LABELS] if self.graph.is_conditional else [LATENT]
            for name in (*given, "rows"):
                self.node("Slice", [name, f"from_{g}", "all", "axis_0", "every"], f"{name}_{g}")
            made.append(self.generator(self.graph.one(g), f"{LATENT}_{g}", f"{LABELS}_{g}", f"generators.{g}."))
            rows.append(f"rows_{g}")
        self.node("Concat", made, "by_generator", axis=0)
        self.node("Concat", rows, "order", axis=0)  # place j of by_generator is sample order[j]
        self.node("ScatterElements", ["rows", "order", "rows"], "places", axis=0)  # the inverse
        return self.node("Gather", ["by_generator", "places"], "in_order", axis=0)

    def as_pixels(self, samples: str, channels: int) -> None:
        """The nearest of the bytes (x + 1) * 127.5, in three colours."""
        for name, value in (("low", -1), ("high", 1), ("half", 127.5)):
            self.array(name, value, np.float32)
        self.node("Clip", [samples, "low", "high"], "clipped")
        self.node("Add", ["clipped", "high"], "shifted")
        self.node("Mul", ["shifted", "half"], "scaled")
        self.node("Round", ["scaled"], "rounded")
        colours = "rounded" if channels == 3 else self.node("Concat", ["rounded"] * 3, "colours", axis=1)
        self.node("Cast", [colours], "pixels", to=self.onnx.TensorProto.UINT8)

    def layer(self, layer: Layer, inputs: list[str], weights: Mapping[str, str], name: str) -> str:
        """The node of a layer."""
        axes = len(layer.shape) - 1  # beside batch and channels
        affine = [*inputs, *(weights[role] for role in ("weight", "bias") if role in weights)]
        numbers = layer.attributes
        how: dict[str, Any]
        match layer.op:
            case "linear":
                return self.node("Gemm", affine, name, transB=1)
            case "conv" | "conv_transpose":
                how = {"strides": [numbers["stride"]] * axes, "pads": [numbers["padding"]] * 2 * axes}
                if layer.op == "conv":
                    return self.node("Conv", affine, name, **how, group=numbers["groups"])
                return self.node("ConvTranspose", affine, name, **how, output_padding=[numbers["output_padding"]] * axes)
            case "batch_norm":
                statistics = [weights[role] for role in ("running_mean", "running_var")]
                return self.node("BatchNormalization", [*affine, *statistics], name, epsilon=numbers["epsilon"])
            case "embedding":
                return self.node("Gather", [weights["weight"], *inputs], name, axis=0)
            case "constant_product":
                factors = self.reshape(inputs, f"{name}.factors", [layer.shape[0], *[1] * axes])
                return self.node("Mul", [factors, weights["weight"]], name)
            case "relu" | "tanh":
                return self.node(layer.op.title(), inputs, name)
            case "clip":
                bounds = [self.array(f"{name}.{key}", numbers[key], np.float32) for key in ("low", "high")]
                return self.node("Clip", [*inputs, *bounds], name)
            case "leaky_relu":
                return self.node("LeakyRelu", inputs, name, alpha=numbers["slope"])
            case "reshape":
                return self.reshape(inputs, name, numbers["shape"])
            case "crop":
                ends = [*(self.array(f"{name}.{key}", value) for key, value in self.corner(numbers["size"]).items())]
                return self.node("Slice", [*inputs, *ends], name)
            case "upsample_nearest":
                scales = self.array(f"{name}.scales", [1, 1, *[2] * axes], np.float32)
                how = {"mode": "nearest", "coordinate_transformation_mode": "asymmetric", "nearest_mode": "floor"}
                return self.node("Resize", [*inputs, "", scales], name, **how)
            case "upsample_bilinear":
                return self.bilinear(inputs, name, layer.shape[0], axes)
            case "concat":
                return self.node("Concat", inputs, name, axis=1)
            case "add":
                return self.node("Add", inputs, name)
        raise AssertionError(layer.op)

    def reshape(self, inputs: list[str], name: str, shape: list[int]) -> str:
        """(batch, ...) -> (batch, *shape); 0 stands for the size that comes in."""
        return self.node("Reshape", [*inputs, self.array(f"{name}.shape", [0, *shape])], name)

    def corner(self, size: list[int]) -> dict[str, list[int]]:
        return {"starts": [0] * len(size), "ends": list(size), "axes": list(range(2, 2 + len(size)))}

    def bilinear(self, inputs: list[str], name: str, channels: int, axes: int) -> str:
        """A transposed convolution of each channel with (1, 3, 3, 1) / 4 along each axis."""
        kernel = np.ones(())
        for _ in range(axes):
            kernel = np.multiply.outer(kernel, np.array([1, 3, 3, 1]) / 4)
        weight = self.array(f"{name}.weight", np.broadcast_to(kernel, (channels, 1, *kernel.shape)), np.float32)
        how = {"strides": [2] * axes, "pads": [1] * 2 * axes}
        return self.node("ConvTranspose", [*inputs, weight], name, group=channels, **how)
