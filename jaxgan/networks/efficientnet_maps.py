"""EfficientNet-Lite0's maps after each of its stages, in few products: what a critic may see in place of pixels.

The same numbers as `jaxgan.networks.efficientnet`, whose norms are folded into the products before them, for pictures of any size.
"""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from jaxgan.networks.convolution import conv
from jaxgan.networks.depthwise import depthwise_conv, same_pads
from jaxgan.networks.efficientnet import STAGES, Maps

EPSILON = 1e-3  # of the norms


class Layer(NamedTuple):
    """A convolution and what is added to its outputs."""

    kernel: Float[np.ndarray, "_kh _kw _inputs outputs"]
    bias: Float[np.ndarray, " outputs"]


class FoldedBlock(NamedTuple):
    """A block of the network: wider, each channel by itself, narrower."""

    expand: Layer | None
    depthwise: Layer
    project: Layer
    stride: int


class FoldedNetwork(NamedTuple):
    """The network up to its last stage."""

    stem: Layer
    stages: tuple[tuple[FoldedBlock, ...], ...]


def folded(variables: dict[str, Any]) -> FoldedNetwork:
    """The network of these variables, each norm folded into the convolution before it: scale / sqrt(var + eps) times its kernel, and a bias."""

    def layer(path: tuple[str, ...], conv_name: str, norm_name: str) -> Layer:
        params, statistics = variables["params"], variables["batch_stats"]
        for name in path:
            params, statistics = params[name], statistics[name]
        norm, seen = params[norm_name], statistics[norm_name]
        factor = np.asarray(norm["scale"]) / np.sqrt(np.asarray(seen["var"]) + EPSILON)
        kernel = np.asarray(params[conv_name]["kernel"])
        return Layer(kernel * factor, np.asarray(norm["bias"]) - np.asarray(seen["mean"]) * factor)

    stages, number = [], 0
    for stage in STAGES:
        blocks = []
        for place in range(stage.blocks):
            path = ("blocks", f"layers_{number}")
            expand = layer(path, "expand_conv", "bn0") if stage.expansion > 1 else None
            depthwise, project = layer(path, "depthwise_conv", "bn1"), layer(path, "project_conv", "bn2")
            blocks.append(FoldedBlock(expand, depthwise, project, stage.stride if place == 0 else 1))
            number += 1
        stages.append(tuple(blocks))
    return FoldedNetwork(layer((), "conv_stem", "bn0"), tuple(stages))


def stage_maps(network: FoldedNetwork, pictures: Maps) -> list[Maps]:
    """The outputs of the seven stages on pictures (n, h, w, 3) as the network was trained on them; the sides are rounded up when halved."""
    kernel, bias = network.stem
    pads = same_pads(pictures.shape[1:3], kernel.shape[:2], 2)
    x = jax.nn.relu6(conv(jnp.pad(pictures, ((0, 0), *pads, (0, 0))), jnp.asarray(kernel), stride=2) + bias)
    maps = []
    for stage in network.stages:
        for block in stage:
            x = _passed(block, x)
        maps.append(x)
    return maps


def _passed(block: FoldedBlock, x: Maps) -> Maps:
    y = jax.nn.relu6(_pointwise(block.expand, x)) if block.expand else x
    kernel, bias = block.depthwise
    pads = same_pads(y.shape[1:3], kernel.shape[:2], block.stride)
    y = jax.nn.relu6(depthwise_conv(y, jnp.asarray(kernel), stride=block.stride, pads=pads) + bias)
    y = _pointwise(block.project, y)
    return x + y if block.stride == 1 and x.shape == y.shape else y


def _pointwise(layer: Layer, x: Maps) -> Array:
    return x @ layer.kernel[0, 0] + layer.bias
