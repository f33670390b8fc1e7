"""The exported PyTorch file, run with its state dict, against JAX."""

import ast
import runpy

import numpy as np
import pytest

from jaxgan.exports import graph_of
from jaxgan.exports.safetensors_file import safetensors_bytes
from jaxgan.exports.torch_module import torch_source, torch_state_dict
from jaxgan.interop import from_torch
from tests.exports.generators import CASES, made

torch = pytest.importorskip("torch")


def written(case, folder):
    """The case's file of Python, with its weights beside it."""
    graph = graph_of(made(case).generator, made(case).variables)
    (folder / "w.safetensors").write_bytes(safetensors_bytes(torch_state_dict(graph)))
    (folder / "generator.py").write_text(torch_source(graph, "w.safetensors"))
    return folder / "generator.py"


@pytest.mark.parametrize("case", CASES)
def test_pytorch_makes_the_samples_of_jax(case, tmp_path):
    of, path = made(case), written(case, tmp_path)
    generator = runpy.run_path(str(path))["load"]()
    given = [torch.from_numpy(of.latent)] + ([] if of.labels is None else [torch.from_numpy(of.labels)])
    atol = 1e-5 * max(1, np.abs(of.samples).max())  # a linear output has numbers of several units, all rounded in float32
    with torch.no_grad():
        for n in (7, 1):
            samples = generator(*(x[:n] for x in given)).numpy()
            np.testing.assert_allclose(np.moveaxis(samples, 1, -1), of.samples[:n], atol=atol, rtol=1e-5)


@pytest.mark.parametrize("case", ["r3gan|none", "resnet|none", "dcgan|mixture"])
def test_the_file_imports_torch_and_the_standard_library_alone(case, tmp_path):
    tree = ast.parse(written(case, tmp_path).read_text())
    imported = {alias.name for node in tree.body if isinstance(node, ast.Import) for alias in node.names}
    imported |= {node.module for node in tree.body if isinstance(node, ast.ImportFrom)}
    assert imported == {"json", "pathlib", "torch"}


def test_the_labs_class_has_its_name_and_its_attributes(tmp_path):
    """lab 000's, whose state dict fits `jaxgan.interop.from_torch` and the class of the lab itself."""
    from tests.parity.torch_networks import LabConvGenerator

    of = made("lab_conv|classes")
    exported = runpy.run_path(str(written("lab_conv|classes", tmp_path)))
    state = exported["load"]().state_dict()
    assert "LabConvGenerator" in exported
    lab = LabConvGenerator((2, 28, 28), of.generator.latent_dim, 32, 3)
    lab.load_state_dict(state)
    lab.eval()
    with torch.no_grad():
        samples = lab(torch.from_numpy(of.latent), torch.from_numpy(of.labels)).numpy()
    np.testing.assert_allclose(np.moveaxis(samples, 1, -1), of.samples, atol=1e-5)
    back = from_torch(of.generator, {name: value.numpy() for name, value in state.items()})
    np.testing.assert_array_equal(back["params"]["fc1"]["kernel"], of.variables["params"]["fc1"]["kernel"])
