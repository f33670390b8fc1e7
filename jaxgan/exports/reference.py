"""A graph computed in numpy, step by step: what the writers of other formats are held against."""

import itertools
from typing import Any

import numpy as np

from jaxgan.exports.graph import LABELS, LATENT, Graph, Layer


def run(graph: Graph, latent: np.ndarray, labels: np.ndarray | None = None) -> np.ndarray:
    """The samples (B, *sample_shape) of latents (B, latent_dim), in the latents' own precision.

    Args:
        graph: the generator.
        latent: its latents.
        labels: class numbers (B,) or rows (B, label_dim), where the graph has labels.
    """
    latent = np.asarray(latent)
    if graph.generators == 1:
        return np.moveaxis(_one(graph, latent, labels), 1, -1)  # (B, C, ...) -> (B, ..., C)
    made: Any = np.zeros((len(latent), *graph.sample_shape), latent.dtype)
    for g in range(graph.generators):
        rows = slice(g, None, graph.generators)
        if len(latent[rows]):
            made[rows] = run(graph.one(g), latent[rows], None if labels is None else np.asarray(labels)[rows])
    return made


def _one(graph: Graph, latent: np.ndarray, labels: np.ndarray | None) -> np.ndarray:
    values = {LATENT: latent} if labels is None else {LATENT: latent, LABELS: np.asarray(labels)}
    for layer in graph.layers:
        weights = {role: graph.arrays[name].astype(latent.dtype) for role, name in layer.weights.items()}
        value = COMPUTE[layer.op](layer, weights, *(values[name] for name in layer.inputs))
        assert value.shape[1:] == layer.shape, f"{layer.name}: {value.shape[1:]}, not {layer.shape}"
        values[layer.name] = value
    return value


def _beside(vector: np.ndarray, like: np.ndarray) -> np.ndarray:
    """A number a channel, (C,) -> (C, 1, ...), to be met with (B, C, ...)."""
    return vector.reshape(-1, *(1,) * (like.ndim - 2))


def _biased(y: np.ndarray, weights: dict[str, np.ndarray]) -> np.ndarray:
    return y + _beside(weights["bias"], y) if "bias" in weights else y


def _linear(layer: Layer, weights: dict[str, np.ndarray], x: np.ndarray) -> np.ndarray:
    return _biased(x @ weights["weight"].T, weights)


def _conv(layer: Layer, weights: dict[str, np.ndarray], x: Any) -> np.ndarray:
    stride, padding, groups = (layer.attributes[name] for name in ("stride", "padding", "groups"))
    weight: Any = weights["weight"]
    x = np.pad(x, ((0, 0), (0, 0), *((padding, padding) for _ in x.shape[2:])))
    x = x.reshape(len(x), groups, -1, *x.shape[2:])  # (B, groups, in, *size)
    kernel: Any = weight.reshape(groups, -1, *weight.shape[1:])  # (groups, out, in, *window)
    out: Any = np.zeros((len(x), groups, kernel.shape[1], *layer.shape[1:]), x.dtype)
    for tap in itertools.product(*map(range, weight.shape[2:])):
        part = tuple(slice(t, t + stride * (n - 1) + 1, stride) for t, n in zip(tap, layer.shape[1:], strict=True))
        out += np.einsum("bgi...,goi->bgo...", x[(..., *part)], kernel[(..., *tap)])
    return _biased(out.reshape(len(x), *layer.shape), weights)


def _conv_transpose(layer: Layer, weights: dict[str, np.ndarray], x: np.ndarray) -> np.ndarray:
    stride, padding = layer.attributes["stride"], layer.attributes["padding"]
    weight: Any = weights["weight"]  # (in, out, *window)
    window = weight.shape[2:]
    full = [max((n - 1) * stride + k, want + padding) for n, k, want in zip(x.shape[2:], window, layer.shape[1:], strict=True)]
    out: Any = np.zeros((len(x), weight.shape[1], *full), x.dtype)
    for tap in itertools.product(*map(range, window)):
        part = tuple(slice(t, t + stride * (n - 1) + 1, stride) for t, n in zip(tap, x.shape[2:], strict=True))
        out[(..., *part)] += np.einsum("bi...,io->bo...", x, weight[(..., *tap)])
    inside = tuple(slice(padding, padding + want) for want in layer.shape[1:])
    return _biased(out[(..., *inside)], weights)


def _batch_norm(layer: Layer, weights: dict[str, np.ndarray], x: np.ndarray) -> np.ndarray:
    mean, var, scale, bias = (_beside(weights[role], x) for role in ("running_mean", "running_var", "weight", "bias"))
    return (x - mean) / np.sqrt(var + layer.attributes["epsilon"]) * scale + bias


def _upsample_nearest(layer: Layer, weights: dict[str, np.ndarray], x: np.ndarray) -> np.ndarray:
    for axis in range(2, x.ndim):
        x = x.repeat(2, axis)
    return x


def _upsample_bilinear(layer: Layer, weights: dict[str, np.ndarray], x: np.ndarray) -> np.ndarray:
    for axis in range(2, x.ndim):
        x = np.moveaxis(x, axis, -1)
        padded = np.pad(x, [(0, 0)] * (x.ndim - 1) + [(1, 1)])
        pairs = np.stack([0.75 * x + 0.25 * padded[..., :-2], 0.75 * x + 0.25 * padded[..., 2:]], -1)
        x = np.moveaxis(pairs.reshape(*x.shape[:-1], -1), -1, axis)
    return x


COMPUTE: dict[str, Any] = {
    "linear": _linear,
    "conv": _conv,
    "conv_transpose": _conv_transpose,
    "batch_norm": _batch_norm,
    "embedding": lambda layer, weights, labels: weights["weight"][labels],
    "constant_product": lambda layer, weights, x: x.reshape(*x.shape, *(1,) * (weights["weight"].ndim - 1)) * weights["weight"],
    "relu": lambda layer, weights, x: np.maximum(x, 0),
    "leaky_relu": lambda layer, weights, x: np.where(x > 0, x, layer.attributes["slope"] * x).astype(x.dtype),
    "tanh": lambda layer, weights, x: np.tanh(x),
    "clip": lambda layer, weights, x: np.clip(x, layer.attributes["low"], layer.attributes["high"]).astype(x.dtype),
    "reshape": lambda layer, weights, x: x.reshape(len(x), *layer.attributes["shape"]),
    "crop": lambda layer, weights, x: x[(slice(None), slice(None), *map(slice, layer.attributes["size"]))],
    "upsample_nearest": _upsample_nearest,
    "upsample_bilinear": _upsample_bilinear,
    "concat": lambda layer, weights, a, b: np.concatenate([a, b.astype(a.dtype)], 1),
    "add": lambda layer, weights, a, b: a + b,
}
