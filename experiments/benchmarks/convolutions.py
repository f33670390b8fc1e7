"""The time of convolutions and pooling against PyTorch eager: `python experiments/benchmarks/convolutions.py`.

Each row is a forward pass with the gradients of input and kernel, float32, batch 128, in a compiled loop on our side.
The two sides run in turn; a ratio is PyTorch's time by ours, the median of the pairs with [min-max]. PyTorch's threads
suffer more than XLA's from other processes: so the load is printed, and `taskset -c 0` compares one core with one.
"""

import argparse
import os
import time

import jax
import jax.numpy as jnp
import numpy as np
import torch
from jax import lax

from jaxgan.networks.convolution import conv, conv_transpose, max_pool

# name: operation, height and width, kernel, stride, padding, output padding, input and output channels
ROWS = {
    "lab_conv critic 1": ("conv", 28, 5, 1, 0, 0, 1, 32),
    "lab_conv critic 2": ("conv", 12, 5, 1, 0, 0, 32, 64),
    "lab_conv generator 1": ("conv_transpose", 7, 4, 2, 1, 0, 128, 64),
    "lab_conv generator 2": ("conv_transpose", 14, 4, 2, 1, 0, 64, 1),
    "conv critic 1": ("conv", 28, 4, 2, 1, 0, 1, 128),
    "conv critic 2": ("conv", 14, 4, 2, 1, 0, 128, 256),
    "conv critic 3": ("conv", 7, 4, 2, 1, 0, 256, 512),
    "conv critic 4": ("conv", 3, 3, 1, 0, 0, 512, 1),
    "conv generator 1": ("conv_transpose", 1, 3, 1, 0, 0, 128, 1024),
    "conv generator 2": ("conv_transpose", 3, 4, 2, 1, 0, 1024, 512),
    "conv generator 3": ("conv_transpose", 6, 5, 2, 1, 0, 512, 256),
    "conv generator 4": ("conv_transpose", 13, 6, 2, 1, 0, 256, 1),
    "dcgan critic 2": ("conv", 14, 5, 2, 2, 0, 64, 128),
    "dcgan generator 2": ("conv_transpose", 7, 5, 2, 2, 1, 128, 64),
    "classifier 2": ("conv", 13, 3, 1, 0, 0, 32, 64),
    "pool 1": ("max_pool", 24, 1, 1, 0, 0, 32, 32),
}


def both_sides(operation, size, kernel, stride, padding, output_padding, ci, co, batch, loops):
    """(PyTorch's run, ours): functions of nothing, each `loops` forward and backward passes."""
    generator = np.random.default_rng(0)
    channels = (co, ci) if operation == "conv_transpose" else (ci, co)
    x = generator.normal(size=(batch, size, size, ci)).astype("float32")
    k = (0.05 * generator.normal(size=(kernel, kernel, *channels))).astype("float32")
    options = {"stride": stride, "padding": padding}
    if operation == "conv_transpose":
        options["output_padding"] = output_padding
    function = {
        "conv": lambda x, k: conv(x, k, **options),
        "conv_transpose": lambda x, k: conv_transpose(x, k, **options),
        "max_pool": lambda x, k: max_pool(x),
    }[operation]
    torch_function = {
        "conv": lambda x, k: torch.nn.functional.conv2d(x, k, **options),
        "conv_transpose": lambda x, k: torch.nn.functional.conv_transpose2d(x, k, **options),
        "max_pool": lambda x, k: torch.nn.functional.max_pool2d(x, 2),
    }[operation]

    torch_x = torch.tensor(x.transpose(0, 3, 1, 2).copy(), requires_grad=True)
    torch_k = torch.tensor(k.transpose(3, 2, 0, 1).copy(), requires_grad=True)
    shape = torch_function(torch_x, torch_k).shape
    torch_weight = torch.tensor(generator.normal(size=tuple(shape)).astype("float32"))
    weight = jnp.asarray(torch_weight.numpy().transpose(0, 2, 3, 1))

    def run_torch():
        for _ in range(loops):
            y = torch_function(torch_x, torch_k)
            torch.autograd.grad(y, (torch_x, torch_k), torch_weight, allow_unused=True)

    def step(_, carry):
        y, back = jax.vjp(function, *carry)
        return jax.tree.map(lambda value, grad: value + 1e-9 * grad, carry, back(weight + 1e-9 * y))

    compiled = jax.jit(lambda x, k: lax.fori_loop(0, loops, step, (x, k))).lower(x, k).compile()
    x, k = jnp.asarray(x), jnp.asarray(k)
    return run_torch, lambda: jax.block_until_ready(compiled(x, k))


def seconds(function):
    start = time.perf_counter()
    function()
    return time.perf_counter() - start


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--batch-size", type=int, default=128)
    parser.add_argument("--loops", type=int, default=4, help="passes in one timed run")
    parser.add_argument("--pairs", type=int, default=9, help="timed runs of each side, in turn")
    parser.add_argument("--only", default="", help="rows whose name begins so")
    args = parser.parse_args()
    print(f"{jax.devices()[0].device_kind}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}")
    for name, row in ROWS.items():
        if not name.startswith(args.only):
            continue
        theirs, ours = both_sides(*row, args.batch_size, args.loops)
        theirs(), ours()
        pairs = np.array([(seconds(theirs), seconds(ours)) for _ in range(args.pairs)]) / args.loops * 1e3
        ratios = pairs[:, 0] / pairs[:, 1]
        medians = np.median(pairs, axis=0)
        print(
            f"{name:22s} PyTorch {medians[0]:7.2f} ms, ours {medians[1]:7.2f} ms, "
            f"ratio {np.median(ratios):5.2f} [{ratios.min():.2f}-{ratios.max():.2f}]",
            flush=True,
        )


if __name__ == "__main__":
    main()
