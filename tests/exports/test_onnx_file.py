"""ONNX models, run by onnxruntime, against JAX."""

import collections

import numpy as np
import pytest

from jaxgan.errors import UserError
from jaxgan.exports import graph_of
from jaxgan.exports.onnx_file import onnx_bytes
from jaxgan.pixels import to_bytes
from tests.exports.generators import CASES, made

onnx = pytest.importorskip("onnx")
onnxruntime = pytest.importorskip("onnxruntime")


def session_of(content):
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    return onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])


def outputs(session, of, rows=slice(None)):
    given = {"latent": of.latent[rows]}
    if of.labels is not None:
        given["labels"] = of.labels[rows].astype(np.int64) if of.labels.ndim == 1 else of.labels[rows]
    (samples,) = session.run(None, given)
    return samples


@pytest.mark.parametrize("case", CASES)
def test_onnxruntime_makes_the_samples_of_jax_for_any_batch(case):
    of = made(case)
    session = session_of(onnx_bytes(graph_of(of.generator, of.variables)))
    for rows in (slice(None), slice(1)):  # of a mixture the second batch leaves two generators without work
        samples = np.moveaxis(outputs(session, of, rows), 1, -1)
        np.testing.assert_allclose(samples, of.samples[rows], atol=1e-5, rtol=1e-5)


def test_each_layer_is_one_node():
    of = made("dcgan|none")
    model = onnx.load_from_string(onnx_bytes(graph_of(of.generator, of.variables), metadata={"step": "3"}))
    counts = collections.Counter(node.op_type for node in model.graph.node)
    assert counts == {
        "Gemm": 1, "Reshape": 1, "BatchNormalization": 2, "Relu": 2, "ConvTranspose": 2, "Tanh": 1, "Identity": 1,
    }  # fmt: skip
    assert {entry.key: entry.value for entry in model.metadata_props} == {"step": "3"}


@pytest.mark.parametrize("case", ["fc|classes", "dcgan-odd|none"])  # of three channels and of one
def test_pixels_are_the_bytes_of_the_samples(case):
    of = made(case)
    pixels = outputs(session_of(onnx_bytes(graph_of(of.generator, of.variables), pixels=True)), of)
    expected = np.moveaxis(to_bytes(of.samples), -1, 1)
    assert pixels.dtype == np.uint8 and pixels.shape == (7, 3, *expected.shape[2:])
    assert np.abs(pixels.astype(int) - expected).max() <= 1  # 1e-5 away from a half
    assert (pixels == expected).mean() > 0.99


def test_pixels_of_what_is_no_picture_are_refused():
    of = made("conv1d|none", batch=1)
    with pytest.raises(UserError, match="pictures with one or three channels, and these samples are 9x2"):
        onnx_bytes(graph_of(of.generator, of.variables), pixels=True)


def test_without_onnx_the_line_says_what_to_install(monkeypatch):
    import sys

    monkeypatch.setitem(sys.modules, "onnx", None)
    of = made("mlp|none", batch=1)
    with pytest.raises(UserError, match=r"the format onnx needs onnx .*pip install 'jaxgan\[export\]'"):
        onnx_bytes(graph_of(of.generator, of.variables))


def test_torch_fidelity_reads_it(tmp_path):
    """As `fidelity --input1 FILE --input1-model-z-size N` does; where PyTorch and torch-fidelity are installed."""
    torch = pytest.importorskip("torch")
    fidelity = pytest.importorskip("torch_fidelity.generative_model_onnx")
    of = made("fc|none")
    path = tmp_path / "generator.onnx"
    path.write_bytes(onnx_bytes(graph_of(of.generator, of.variables), pixels=True))
    model = fidelity.GenerativeModelONNX(str(path), of.generator.latent_dim, "normal", 0)
    pixels = model(torch.from_numpy(of.latent))
    assert pixels.dtype == torch.uint8 and pixels.shape[:2] == (7, 3)
