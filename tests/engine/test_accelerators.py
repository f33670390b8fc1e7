"""The whole compiled program, lowered for GPU and TPU on a machine that has neither: what it must hold, and what it must not."""

import os
import re
import subprocess
import sys
from itertools import combinations, product
from typing import Any

import jax
import pytest

from jaxgan.networks import PAIRS
from jaxgan.objectives import VARIANTS
from tests.engine.test_battery import REMEDIES, sensible
from tests.tiny import takes_points, tiny

KNOWN_CALLS = {
    "cu_threefry2x32",
    "Sharding",
    "SPMDFullToShardShape",
    "SPMDShardToFullShape",
}  # of compiled code, none of Python
CONVOLVES = {"conv", "conv1d", "conv3d", "dcgan", "fc_conv", "lab_conv", "r3gan", "resnet"}
QUICK = {
    "convolutions, labels and a penalty, in bfloat16": dict(
        network="lab_conv", variant="wgan_gp", conditional=True, precision="bfloat16"
    ),
    "replicas on points": dict(network="mlp", variant="gan", replicas=2),
}


def first_network(variant: str) -> str:
    return next(network for network in ("mlp", "fc") if sensible(variant, network, "plain", "none"))


def covering() -> list[dict[str, Any]]:
    """Runs that hold between them every two values of network, remedy, replicas and mesh that go together."""
    rules = {network: {remedy: next((v for v in ("gan", "wgan_gp") if sensible(v, network, "plain", remedy)), None)
                       for remedy in REMEDIES} for network in PAIRS}  # fmt: skip
    every = [case for case in product(PAIRS, REMEDIES, (1, 2), (None, "data=2")) if rules[case[0]][case[1]]]
    held = {case: set(combinations(enumerate(case), 2)) for case in every}
    left, chosen = set().union(*held.values()), []
    while left:
        chosen.append(max(held, key=lambda case: len(held[case] & left)))
        left -= held.pop(chosen[-1])
    return [
        dict(network=network, variant=rules[network][remedy], replicas=replicas, mesh=mesh, batch_size=8, latent_dim=2, **REMEDIES[remedy])
        for network, remedy, replicas, mesh in chosen
    ]  # fmt: skip


COVER = covering()


def products_of(text: str) -> list[str]:
    """The types of the factors of every matrix product and convolution."""
    return re.findall(r"stablehlo\.(?:dot_general|convolution)\(?.* : \((tensor<.*?>, tensor<.*?>)\) ->", text)


def check(**fields: Any) -> None:
    """Asserts what the program of a run must hold when it is lowered for CPU, GPU and TPU."""
    traced = tiny(**fields).program().trace()
    cpu, *others = (traced.lower(lowering_platforms=(platform,)) for platform in ("cpu", "cuda", "tpu"))
    products = cpu.as_text().count("stablehlo.dot_general")
    assert "stablehlo.convolution" not in cpu.as_text()
    for lowered in others:
        text = lowered.as_text()
        convolutions = text.count("stablehlo.convolution")
        assert (convolutions > 0) == (fields["network"] in CONVOLVES)
        # each matrix product of a convolution on a CPU is a convolution here
        assert text.count("stablehlo.dot_general") + convolutions == products
        assert set(re.findall(r"custom_call @([\w.]+)", text)) <= KNOWN_CALLS
        assert "callback" not in text
        assert not re.search(r"[x<]f64>", text)
        donated = sum(leaf.donated for leaf in jax.tree.leaves(lowered.args_info))
        assert donated > 0
        assert text.count("tf.aliasing_output") + text.count("jax.buffer_donor") == donated
        if fields.get("precision") == "bfloat16":
            types = products_of(text)
            assert len(types) == text.count("stablehlo.dot_general") + convolutions
            assert all(factors.count("bf16") == 2 for factors in types)


@pytest.mark.parametrize("case", QUICK)
def test_a_program_for_accelerators(case):
    check(**QUICK[case])


@pytest.mark.slow
@pytest.mark.parametrize("variant", VARIANTS)
def test_every_variant(variant):
    check(network=first_network(variant), variant=variant)


@pytest.mark.slow
@pytest.mark.parametrize("network", [network for network in PAIRS if not takes_points(network)])
def test_every_product_of_a_network_is_narrowed(network):
    check(network=network, variant="gan", precision="bfloat16")


@pytest.mark.slow
@pytest.mark.parametrize(
    "case", [case for case in COVER if not case["mesh"]], ids=lambda case: "-".join(map(str, case.values()))
)
def test_networks_remedies_and_replicas(case):
    check(**case)


@pytest.mark.slow
def test_networks_remedies_and_replicas_on_a_mesh():
    """In a process of its own, with two devices."""
    ended = subprocess.run(
        [sys.executable, "-m", "tests.engine.test_accelerators"],
        env={**os.environ, "JAX_NUM_CPU_DEVICES": "2"}, capture_output=True, text=True, check=False, timeout=900,
    )  # fmt: skip
    assert ended.returncode == 0, ended.stderr


if __name__ == "__main__":
    for case in COVER:
        if case["mesh"]:
            check(**case)
