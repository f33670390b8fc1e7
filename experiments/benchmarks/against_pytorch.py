"""Whole iterations against PyTorch, in turn in one run: `python -m experiments.benchmarks.against_pytorch`.

An iteration is n_critic critic steps and one generator step, with fresh data and noise for each. The PyTorch side is the twins of
tests/parity (`pip install torch`), eager, with --compile both networks compiled too (the penalty's pass stays eager: PyTorch does not
differentiate a compiled pass twice), and on a GPU both steps recorded as CUDA graphs. First both sides' losses are compared on the same weights and draw. A ratio is
PyTorch's time by ours: the median of the pairs [min-max].

Workloads, batch 128: w1 (ring8, mlp 128, WGAN-GP), w2 (lab_conv, WGAN with clipping), w3 (lab_conv, WGAN-GP), conv (lab 002's conv/conv,
WGAN-GP). Writes text and, with --out X.json, JSON. About six minutes on two cores without --compile.
"""

import argparse
import datetime
import importlib.util
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from importlib.metadata import version
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from jaxgan import Config, Draw
from jaxgan.data import Dataset
from jaxgan.engine.batches import real_batch
from jaxgan.engine.steps import critic_gradients, generator_gradients
from jaxgan.files import json_text, write_atomically
from jaxgan.interop import to_torch
from jaxgan.memory import give_back
from jaxgan.settings import Resolved, resolve

GP = dict(variant="wgan_gp", optimizer="adam", beta1=0.0, beta2=0.9, gradient_penalty_weight=10.0, n_critic=5)
WORKLOADS = {
    "w1": dict(dataset="ring8", network="mlp", hidden_dim=128, latent_dim=2, learning_rate=2e-4, **GP),
    "w2": dict(network="lab_conv", variant="wgan", optimizer="rmsprop", learning_rate=5e-5, clip=0.01, n_critic=5),
    "w3": dict(network="lab_conv", learning_rate=1e-4, **GP),
    "conv": dict(network="conv", learning_rate=1e-4, **GP),
}
SECONDS = 4.0  # about how long one measured piece takes


def workload(name: str, **changed: Any) -> Resolved:
    """The run of a workload, of which some options may be changed."""
    fields = {"dataset": "digits", "batch_size": 128, **WORKLOADS[name], **changed}
    generator = np.random.default_rng(0)
    pictures = None
    if name != "w1":  # 60,000 pictures of noise, as many and as large as MNIST
        samples = generator.integers(0, 256, (60_000, 28, 28, 1), dtype=np.uint8)
        pictures = Dataset("digits", (28, 28, 1), 0, samples, None)
    return resolve(Config(recipe="paper", steps=10**6, **fields), pictures)


class Ours:
    """jaxgan: chunks of iterations in one program."""

    def __init__(self, resolved: Resolved):
        self.program = resolved.program()
        self.state = self.program.initial_state()
        began = time.perf_counter()
        self.compiled = self.program.lower(self.state).compile()
        self.compile_seconds = time.perf_counter() - began
        give_back()  # as a run does

    def run(self, n: int) -> None:
        sums = self.program.zero_sums(self.state)
        self.state, _, finite = self.program.chunk(self.state, sums, n)
        assert finite.all()

    def temporary_bytes(self) -> int:
        return self.compiled.memory_analysis().temp_size_in_bytes


class Theirs:
    """PyTorch: the same networks, from our weights where they are given, its own data and noise on the device."""

    def __init__(self, resolved: Resolved, ours: Ours | None = None, compiled: bool = False):
        import torch

        from tests.parity import twins

        torch.set_num_threads(os.cpu_count() or 1)
        self.torch, self.twins, self.resolved = torch, twins, resolved
        self.device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        self.generator, self.critic = twins.twins_of(resolved, torch.float32)
        if ours is not None:
            for module, ported, player in (
                (self.generator, resolved.gan.networks.generator, ours.state.generator),
                (self.critic, resolved.gan.networks.critic, ours.state.critic),
            ):
                arrays = to_torch(ported, jax.device_get({"params": player.params, **player.variables}))
                module.load_state_dict({name: torch.tensor(np.asarray(array)) for name, array in arrays.items()})
        self.generator.to(self.device)
        self.critic.to(self.device)
        config = resolved.config
        if config.optimizer == "adam":
            kind = lambda p: torch.optim.Adam(p, lr=config.learning_rate, betas=(config.beta1, config.beta2))  # noqa: E731
        else:
            kind = lambda p: torch.optim.RMSprop(p, lr=config.learning_rate)  # noqa: E731
        self.optimizers = kind(self.generator.parameters()), kind(self.critic.parameters())
        self.rules = twins.rules_of(resolved)
        self.samples = None
        if resolved.dataset.samples is not None:
            self.samples = torch.tensor(resolved.dataset.samples.transpose(0, 3, 1, 2).copy()).to(self.device)
        else:
            mixture = resolved.dataset.distribution  # its centres and deviation in the plane that the networks see
            as_tensor = lambda x: torch.tensor(np.asarray(x), dtype=torch.float32, device=self.device)  # noqa: E731
            self.centres, self.std = as_tensor(mixture.to_model(mixture.centres)), as_tensor(mixture.std * mixture.scale)
        self.eager_critic = self.critic
        if compiled:
            self.generator, self.critic = torch.compile(self.generator), torch.compile(self.critic)

    def losses(self, draw) -> tuple[float, float]:
        import copy

        draw = self.twins.as_torch(draw, self.torch.float32)
        draw = draw._replace(
            **{name: getattr(draw, name).to(self.device) for name in draw._fields if name not in ("key", "critic_step")}
        )
        pair = copy.deepcopy((self.generator, self.eager_critic))
        critic = float(self.twins.critic_backward(*pair, self.rules, draw)[0])
        pair = copy.deepcopy((self.generator, self.eager_critic))
        return critic, float(self.twins.generator_backward(*pair, self.rules, draw))

    def draw(self):
        torch, size = self.torch, self.resolved.schedule.batch_size
        latent = torch.randn(size, self.resolved.gan.latent_dim, device=self.device)
        if self.samples is None:
            which = torch.randint(len(self.centres), (size,), device=self.device)
            real = self.centres[which] + self.std * torch.randn(size, 2, device=self.device)
        else:
            rows = torch.randint(len(self.samples), (size,), device=self.device)
            real = self.samples[rows].float() / 127.5 - 1
        return real, latent

    def critic_step(self, real, latent, alpha) -> None:
        self.critic.zero_grad()
        fake = self.generator(latent).detach()
        loss = self.twins.critic_loss(self.rules.variant, self.critic(real), self.critic(fake))
        if self.rules.variant == "wgan_gp":
            penalty = self.twins.compute_gradient_penalty(self.eager_critic, real, fake, alpha)
            loss = loss + self.rules.weight * penalty
        loss.backward()
        self.optimizers[1].step()
        self.twins.clamp_(self.critic, self.rules)

    def generator_step(self, latent) -> None:
        self.generator.zero_grad()
        self.twins.generator_loss(self.rules.variant, self.critic(self.generator(latent))).backward()
        self.optimizers[0].step()

    def run(self, n: int) -> None:
        for _ in range(n):
            for _ in range(self.resolved.gan.n_critic):
                real, latent = self.draw()
                self.critic_step(real, latent, self.torch.rand(len(real), device=self.device))
            self.generator_step(self.draw()[1])
        if self.device.type == "cuda":
            self.torch.cuda.synchronize()


class Graphed(Theirs):
    """PyTorch with both steps recorded as CUDA graphs, which are replayed on new data and noise; on a GPU only."""

    def __init__(self, resolved: Resolved, ours: Ours | None = None):
        super().__init__(resolved, ours)
        torch = self.torch
        for optimizer in self.optimizers:
            for group in optimizer.param_groups:
                group["capturable"] = True
        self.inputs = (*self.draw(), torch.rand(resolved.schedule.batch_size, device=self.device))
        real, latent, alpha = self.inputs
        aside = torch.cuda.Stream()
        aside.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(aside):  # what is made at the first steps must be there before the recording
            for _ in range(3):
                self.critic_step(real, latent, alpha)
                self.generator_step(latent)
        torch.cuda.current_stream().wait_stream(aside)
        self.graphs = torch.cuda.CUDAGraph(), torch.cuda.CUDAGraph()
        with torch.cuda.graph(self.graphs[0]):
            self.critic_step(real, latent, alpha)
        with torch.cuda.graph(self.graphs[1]):
            self.generator_step(latent)

    def run(self, n: int) -> None:
        real, latent, alpha = self.inputs
        for _ in range(n):
            for _ in range(self.resolved.gan.n_critic):
                for place, value in zip((real, latent), self.draw(), strict=True):
                    place.copy_(value)
                alpha.uniform_()
                self.graphs[0].replay()
            latent.copy_(self.draw()[1])
            self.graphs[1].replay()
        self.torch.cuda.synchronize()


def first_draw(resolved: Resolved, ours: Ours) -> Draw:
    """The draw of the first critic step, its real batch included."""
    gan, sampler, size = resolved.gan, resolved.dataset.sampler, resolved.schedule.batch_size

    def draw(key, data):
        return gan.draw(key, jnp.int32(0), *real_batch(sampler, data, size, key, jnp.int32(0)))

    return jax.jit(draw)(ours.state.key, ours.program.data)


def our_losses(resolved: Resolved, ours: Ours, draw: Draw) -> tuple[float, float]:
    """Losses of the critic and the generator on one draw."""
    gan = resolved.gan
    critic = jax.jit(lambda state, draw: critic_gradients(gan, state, draw).metrics["critic_loss"])
    generator = jax.jit(lambda state, draw: generator_gradients(gan, state, draw).metrics["generator_loss"])
    return float(critic(ours.state, draw)), float(generator(ours.state, draw))


def flops(theirs: Theirs) -> float:
    """Of one iteration, by PyTorch's count of matrix products and convolutions (XLA's counts a loop's body once)."""
    from torch.utils._python_dispatch import TorchDispatchMode
    from torch.utils.flop_counter import flop_registry

    class Counter(TorchDispatchMode):  # FlopCounterMode itself hooks modules, which torch.autograd.grad does not bear
        total = 0

        def __torch_dispatch__(self, func, types, args=(), kwargs=None):
            out = func(*args, **(kwargs or {}))
            if func._overloadpacket in flop_registry:
                self.total += flop_registry[func._overloadpacket](*args, **(kwargs or {}), out_val=out)
            return out

    with Counter() as counter:
        theirs.run(1)
    return counter.total


def peak() -> float:
    """FLOP/s of a matrix product of 2048 in float32, the best of five."""
    a = jnp.ones((2048, 2048))
    product = jax.jit(jnp.dot)
    product(a, a).block_until_ready()
    times = []
    for _ in range(5):
        began = time.perf_counter()
        product(a, a).block_until_ready()
        times.append(time.perf_counter() - began)
    return 2 * 2048**3 / min(times)


def time_iterations(side, n: int) -> float:
    began = time.perf_counter()
    side.run(n)
    return (time.perf_counter() - began) / n


def measure_resident_size(name: str, side: str, cache: str) -> int:
    """Bytes: the peak resident size of a process that makes three iterations of one side, compiled programs kept in `cache`."""
    ended = subprocess.run(
        [sys.executable, "-m", "experiments.benchmarks.against_pytorch", "--resident", side, name],
        env={**os.environ, "JAX_COMPILATION_CACHE_DIR": cache, "JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS": "0.1"},
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    return int(ended.stdout.splitlines()[-1])


def print_resident(name: str, side: str) -> None:
    resolved = workload(name)
    (Ours(resolved) if side == "jaxgan" else Theirs(resolved)).run(3)
    with open("/proc/self/status") as file:  # getrusage's maximum is inherited from the parent
        print(1024 * next(int(row.split()[1]) for row in file if row.startswith("VmHWM")))


def measure(name: str, pairs: int, compile_theirs: bool) -> dict:
    resolved = workload(name)
    ours = Ours(resolved)
    theirs = {"eager": Theirs(resolved, ours)}
    draw = first_draw(resolved, ours)
    a, b = our_losses(resolved, ours, draw), theirs["eager"].losses(jax.device_get(draw._replace(key=None)))
    assert np.allclose(a, b, rtol=1e-3, atol=1e-5), f"{name}: the losses differ: {a} here, {b} in PyTorch"
    if compile_theirs:
        theirs["compile"] = Theirs(resolved, ours, compiled=True)
    if theirs["eager"].device.type == "cuda":
        theirs["CUDA graphs"] = Graphed(resolved, ours)
    operations = flops(theirs["eager"])
    ours.run(2)
    n = max(2, round(SECONDS / time_iterations(ours, 2)))
    result = {
        "losses": {"jaxgan": a, "pytorch": b}, "flop_per_iteration": operations, "compile_seconds": ours.compile_seconds,
        "temporary_bytes": ours.temporary_bytes(), "iterations_timed": n, "seconds": {"jaxgan": []}, "ratio": {},
    }  # fmt: skip
    for side in theirs.values():
        side.run(2)
    seconds: dict[str, list[float]] = {"jaxgan": [], **{kind: [] for kind in theirs}}
    ratios: dict[str, list[float]] = {kind: [] for kind in theirs}
    for _ in range(pairs):
        here = time_iterations(ours, n)
        seconds["jaxgan"].append(here)
        for kind, side in theirs.items():
            there = time_iterations(side, max(1, n // 4))
            seconds[kind].append(there)
            ratios[kind].append(there / here)
    best = peak()
    with tempfile.TemporaryDirectory() as cache:
        sizes = {
            "jaxgan, compiling": measure_resident_size(name, "jaxgan", cache),
            "jaxgan": measure_resident_size(name, "jaxgan", cache),
        }
        sizes["pytorch"] = measure_resident_size(name, "pytorch", cache)
    result |= {
        "seconds": seconds,
        "ratio": {kind: [statistics.median(r), min(r), max(r)] for kind, r in ratios.items()},
        "flop_per_second": operations / statistics.median(seconds["jaxgan"]),
        "peak_flop_per_second": best,
        "resident_bytes": sizes,
    }
    return result


def line(name: str, result: dict) -> str:
    ratios = ", ".join(f"{kind} {m:.2f} [{low:.2f}-{high:.2f}]" for kind, (m, low, high) in result["ratio"].items())
    share = result["flop_per_second"] / result["peak_flop_per_second"]
    return (
        f"{name:5} PyTorch's time by ours: {ratios}; {result['flop_per_iteration'] / 1e9:.2f} GFLOP an iteration at"
        f" {result['flop_per_second'] / 1e9:.0f} GFLOP/s, {share:.0%} of the matrix product's {result['peak_flop_per_second'] / 1e9:.0f};"
        f" compiles in {result['compile_seconds']:.1f} s; temporary memory {result['temporary_bytes'] / 2**20:.0f} MiB;"
        f" peak resident MiB: {', '.join(f'{side} {size / 2**20:.0f}' for side, size in result['resident_bytes'].items())}"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("workloads", nargs="*", default=list(WORKLOADS), help="which; all without one")
    parser.add_argument("--pairs", type=int, default=7)
    parser.add_argument("--compile", action="store_true", help="also against torch.compile")
    parser.add_argument("--out", help="a JSON file to write")
    parser.add_argument("--resident", choices=["jaxgan", "pytorch"], help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.resident:
        return print_resident(options.workloads[0], options.resident)
    about = machine()
    print(json.dumps(about), flush=True)
    results = {}
    for name in options.workloads:
        results[name] = measure(name, options.pairs, options.compile)
        print(line(name, results[name]), flush=True)
    if options.out:
        write_atomically(options.out, json_text({"machine": about, "results": results}))


def machine() -> dict:
    """What a measurement was made with."""
    device = jax.devices()[0]
    packages = {name: version(name) for name in ("jax", "jaxlib", "torch") if importlib.util.find_spec(name)}
    return {
        "date": datetime.datetime.now(datetime.UTC).isoformat(timespec="minutes"), "python": platform.python_version(), **packages,
        "device": f"{device.platform}: {device.device_kind}", "processor": _processor(), "cores": os.cpu_count(), "load": os.getloadavg(),
    }  # fmt: skip


def _processor() -> str:
    """Its name, and the numbers of family and model: "AMD EPYC" alone are several generations."""
    try:
        with open("/proc/cpuinfo") as file:
            rows = dict(row.split(":", 1) for row in file.read().partition("\n\n")[0].splitlines() if ":" in row)
        about = {name.strip(): value.strip() for name, value in rows.items()}
        return f"{about['model name']} (family {about['cpu family']}, model {about['model']})"
    except (OSError, KeyError):
        return platform.processor()


if __name__ == "__main__":
    main()
