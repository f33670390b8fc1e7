"""What an iteration could take on an accelerator, computed and not measured: `python -m experiments.benchmarks.roofline`.

The program of a run (WGAN-GP, five critic steps and a generator step) is traced on any machine, and its matrix products and
convolutions are counted as the accelerator's form has them. Two times are given:

    roofline   each product takes the longer of FLOP / peak and bytes / bandwidth, its factors read and its result written once.
               The least that is possible; replicas multiply it.
    in tiles   the same, its rows and columns padded to the tiles of the matrix units, the tiles of all replicas spread over the units
               in whole waves. A library that also splits the inner sum does better for small products.

Products follow one another. An optimizer step reads parameters, gradients and moments and writes what it changes, once. All else
(activations, batch norm, random numbers) is taken as fused into the products, and starting a kernel as free: small networks will be
far from either. Writes text and, with --out FILE.md, a file. A minute on one core.
"""

import argparse
import math
import sys
from collections.abc import Iterator
from typing import Any, NamedTuple

import jax
import numpy as np

from jaxgan import Config
from jaxgan.data import Dataset
from jaxgan.engine.loop import Program
from jaxgan.files import write_atomically
from jaxgan.settings import resolve


class Machine(NamedTuple):
    """An accelerator's published peaks."""

    flops: float  # a second, dense, of products as jax takes them by default from float32 numbers
    bandwidth: float  # bytes a second
    units: int  # matrix units among which tiles are spread
    tile: tuple[int, int]  # rows and columns of a product that a unit makes at once
    source: str


MACHINES = {
    "H100 SXM": Machine(
        494.5e12, 3.35e12, 132, (128, 128),
        "NVIDIA H100 data sheet: TF32 989 TFLOP/s with sparsity, half of it without; 3.35 TB/s; 132 multiprocessors"
        " (https://www.nvidia.com/en-us/data-center/h100/)",
    ),
    "TPU v5e": Machine(
        197e12, 819e9, 4, (8, 128),
        "Google Cloud, TPU v5e: 197 TFLOP/s in bfloat16, in which jax multiplies float32 there; 819 GB/s; four 128 x 128 matrix units"
        " (https://cloud.google.com/tpu/docs/v5e)",
    ),
}  # fmt: skip
NETWORKS: dict[str, tuple[int, ...]] = {  # the sample's shape
    "mlp": (2,),
    "fc": (28, 28, 1),
    "lab_conv": (28, 28, 1),
    "conv": (28, 28, 1),
    "dcgan": (64, 64, 3),
    "resnet": (32, 32, 3),
}


class Product(NamedTuple):
    """(rows x inner) times (inner x columns), so many times."""

    times: int
    rows: int
    inner: int
    columns: int
    bytes: int  # of both factors and the result, once

    def seconds(self, machine: Machine, replicas: int = 0) -> tuple[float, float]:
        """By FLOP and by bytes: of one replica without tiles (0), or in tiles of so many."""
        flop = 2.0 * self.rows * self.inner * self.columns
        if replicas:
            tiles = math.prod(-(-size // tile) for size, tile in zip((self.rows, self.columns), machine.tile, strict=True))
            waves = -(-tiles * replicas // machine.units)
            flop = 2.0 * waves * machine.units * math.prod(machine.tile) * self.inner
        return flop / machine.flops, self.bytes * max(1, replicas) / machine.bandwidth


def program(network: str, batch_size: int) -> Program:
    shape = NETWORKS[network]
    options: dict[str, Any] = dict(
        recipe="paper", variant="wgan_gp", network=network, batch_size=batch_size, steps=1, n_critic=5
    )
    if len(shape) == 1:
        return resolve(Config(dataset="ring8", hidden_dim=128, **options)).program()
    pictures = np.zeros((8192, *shape), np.uint8)
    return resolve(Config(dataset="digits", **options), Dataset("digits", shape, 0, pictures, None)).program()


def products(jaxpr: Any, times: int = 1) -> Iterator[Product]:
    """The products of one iteration, in the form of accelerators."""
    for equation in jaxpr.eqns:
        name, params = equation.primitive.name, equation.params
        shapes = [var.aval.shape for var in (*equation.invars[:2], *equation.outvars)]
        bytes_ = sum(math.prod(shape) for shape in shapes) * np.dtype("float32").itemsize
        if name == "dot_general":
            (contracted, _), (batch, _) = params["dimension_numbers"]
            inner, many = (math.prod(shapes[0][axis] for axis in axes) for axes in (contracted, batch))
            rows, columns = (math.prod(shape) // inner // many for shape in shapes[:2])
            yield Product(times * many, rows, inner, columns, bytes_ // many)
        elif name == "conv_general_dilated":
            dims = params["dimension_numbers"]
            inner = math.prod(shapes[1]) // shapes[1][dims.rhs_spec[0]] // math.prod(params["lhs_dilation"])  # no zeros between
            columns = shapes[2][dims.out_spec[1]]
            yield Product(times, math.prod(shapes[2]) // columns, max(1, inner), columns, bytes_)
        elif name == "cond":  # the last branch is that of all platforms but the CPU
            yield from products(params["branches"][-1].jaxpr, times)
        else:
            for inside in jax.core.jaxprs_in_params(params):
                yield from products(inside, times * params.get("length", 1) if name == "scan" else times)


def optimizer_bytes(program: Program) -> int:
    """Read and written by the optimizers in an iteration."""
    state = jax.eval_shape(program._initial_state, program.numbers, program.seeds)

    def of(player: Any) -> int:
        params, moments = (sum(leaf.size * leaf.dtype.itemsize for leaf in jax.tree.leaves(tree)) for tree in player[::2])
        return 3 * params + 2 * moments  # parameters and moments twice, gradients once

    return program.gan.n_critic * of(state.critic) + of(state.generator)


class Counts(NamedTuple):
    """What an iteration of one replica consists of."""

    products: list[Product]
    optimizer_bytes: int

    @property
    def flop(self) -> int:
        return sum(2 * one.times * one.rows * one.inner * one.columns for one in self.products)

    @property
    def bytes(self) -> int:
        return sum(one.times * one.bytes for one in self.products) + self.optimizer_bytes

    def seconds(self, machine: Machine, replicas: int = 0) -> tuple[float, float]:
        """An iteration's time, and the share of it that waits for bytes."""
        waits = self.optimizer_bytes * max(1, replicas) / machine.bandwidth
        total = waits
        for one in self.products:
            by_flop, by_bytes = one.seconds(machine, replicas)
            total += one.times * max(by_flop, by_bytes)
            waits += one.times * by_bytes * (by_bytes > by_flop)
        return total, waits / total


def section(name: str, counted: dict[tuple[str, int], Counts], replicas: list[int]) -> list[str]:
    """The table of one machine, and where each network turns from bytes to FLOP."""
    machine = MACHINES[name]
    titles = ["network, pixels", "batch", "GFLOP", "FLOP a byte", "roofline", *(f"in tiles, {n}" for n in replicas)]
    lines = ["", f"## {name}", "", f"| {' | '.join(titles)} |", "|---" * len(titles) + "|"]
    turns: dict[str, int | None] = {}
    smallest = min(batch_size for _, batch_size in counted)
    for (network, batch_size), counts in counted.items():
        times = [counts.seconds(machine, n) for n in (0, *replicas)]
        if times[0][1] < 0.5 and turns.get(network) is None:
            turns[network] = batch_size
        turns.setdefault(network, None)
        cells = [
            f"{network} {NETWORKS[network][0]}",
            f"{batch_size}",
            f"{counts.flop / 1e9:.3g}",
            f"{counts.flop / counts.bytes:.0f}",
        ]
        cells += [f"{1e6 * total:,.0f} ({share:.0%})" for total, share in times]
        lines.append(f"| {' | '.join(cells)} |")
    found = ", ".join(
        f"{network} {'at none of these' if batch is None else f'at {batch} or below' if batch == smallest else f'at {batch}'}"
        for network, batch in turns.items()
    )
    lines += ["", f"More than half of the roofline's time is FLOP from this batch on: {found}. {machine.flops / machine.bandwidth:.0f} FLOP a byte"
              " are where the two are equal."]  # fmt: skip
    return lines


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--networks", nargs="*", choices=list(NETWORKS), default=list(NETWORKS))
    parser.add_argument("--replicas", type=int, nargs="*", default=[1, 16, 256])
    parser.add_argument("--batch-sizes", type=int, nargs="*", default=[128, 512, 1024, 4096])
    parser.add_argument("--out", help="a Markdown file to write")
    options = parser.parse_args()
    lines = [
        "# What an iteration could take on an accelerator",
        "",
        f"**Computed, not measured**, by `python -m experiments.benchmarks.roofline {' '.join(sys.argv[1:])}`, whose docstring says how and what is"
        " left out. WGAN-GP, five critic steps and a generator step, float32. Times are microseconds an iteration, of one replica by the roofline"
        " and of so many together in tiles; in brackets the share that waits for bytes. Whether so many replicas fit into memory is not looked at.",
        "",
        *(f"- {name}: {machine.source}." for name, machine in MACHINES.items()),
    ]
    counted = {}
    for network in options.networks:
        for batch_size in options.batch_sizes:
            one = program(network, batch_size)
            counted[network, batch_size] = Counts(list(products(one.trace().jaxpr.jaxpr)), optimizer_bytes(one))
    for name in MACHINES:
        lines += section(name, counted, options.replicas)
    print("\n".join(lines))
    if options.out:
        write_atomically(options.out, ("\n".join(lines) + "\n").encode())


if __name__ == "__main__":
    main()
