"""The graph of layers: what it says is what JAX computes, for every generator, and it goes through JSON."""

import json

import jax
import numpy as np
import pytest

from jaxgan.errors import UserError
from jaxgan.exports import from_description, graph_of
from jaxgan.exports.graph import OPS
from jaxgan.exports.reference import COMPUTE, run
from jaxgan.interop import to_torch
from jaxgan.networks import as_generator
from jaxgan.types import Average
from tests.exports.generators import CASES, made
from tests.networks import own_networks as own


@pytest.mark.parametrize("case", CASES)
def test_its_samples_are_those_of_jax(case):
    of = made(case)
    graph = graph_of(of.generator, of.variables)
    again = from_description(json.loads(json.dumps(graph.described())), dict(graph.arrays))
    samples = run(again, of.latent, of.labels)
    assert samples.shape == of.samples.shape and samples.std() > 0.05
    np.testing.assert_allclose(samples, of.samples, atol=1e-5, rtol=1e-5)
    assert graph.is_conditional == (of.labels is not None)
    named = [layer.name for layer in graph.layers]
    assert len(set(named)) == len(named)


@pytest.mark.parametrize("case", ["lab_conv|classes", "r3gan|none", "resnet|none", "conv3d|none"])
def test_its_arrays_are_the_state_dict(case):
    of = made(case, batch=2)
    graph, expected = graph_of(of.generator, of.variables), to_torch(of.generator, of.variables)
    assert graph.arrays.keys() == expected.keys()
    for name, array in expected.items():
        np.testing.assert_array_equal(graph.arrays[name], array)


def test_one_of_several_generators_makes_its_own_samples():
    of = made("dcgan|mixture")
    graph = graph_of(of.generator, Average(of.variables["params"], {"batch_stats": of.variables["batch_stats"]}))
    second = graph.one(1)
    assert (graph.generators, second.generators) == (3, 1)
    np.testing.assert_allclose(run(second, of.latent)[1::3], of.samples[1::3], atol=1e-5)
    assert np.abs(run(second, of.latent)[0::3] - of.samples[0::3]).max() > 0.1


def test_every_operation_is_described_and_computed():
    assert set(COMPUTE) == set(OPS)
    import jaxgan.exports.graph as graph

    for op in OPS:
        assert f"\n    {op} " in graph.__doc__ or f"\n    {op}\n" in graph.__doc__, op


@pytest.mark.parametrize(
    ("network", "title"),
    [(own.Plain(), "Plain"), (own.pair(), "apply")],
    ids=["linen", "pair"],
)
def test_a_generator_of_the_users_own_is_refused_with_the_formats_that_take_it(network, title):
    module = as_generator(network)
    with pytest.raises(UserError, match=rf"the generator {title}.* safetensors and stablehlo") as caught:
        graph_of(module, jax.tree.map(np.asarray, {"params": {}}))
    assert "\n" not in str(caught.value)


def test_what_is_no_graph_is_refused():
    of = made("mlp|none", batch=1)
    graph = graph_of(of.generator, of.variables)
    good = graph.described()
    for wrong in ({}, {**good, "layers": [{"name": "x"}]}, {**good, "generators": "many"}):
        with pytest.raises(UserError, match="no graph of layers"):
            from_description(wrong, graph.arrays)
    layers = [dict(layer) for layer in good["layers"]]
    for change in ({"op": "sort"}, {"inputs": ["labels"]}, {"weights": {"weight": "absent"}}):
        with pytest.raises(UserError, match=r"layer model\.0"):
            from_description({**good, "layers": [{**layers[0], **change}, *layers[1:]]}, graph.arrays)
