"""The FID's Inception, block by block, is pytorch-fid's with the same made-up weights; and such weights are read from PyTorch's files."""

import jax
import numpy as np
import pytest

from jaxgan.errors import UserError
from jaxgan.features import InceptionClassifier, load_inception
from jaxgan.interop import from_torch
from jaxgan.networks.inception import Inception, prepared
from tests.networks.inception_weights import KEPT, TAPS, by_pytorch_fid, made_up, pictures


@pytest.fixture(scope="module")
def weights():
    return made_up()


@pytest.fixture(scope="module")
def network(weights):
    return InceptionClassifier(from_torch(Inception(), weights), "made up")


def close(ours, theirs):
    scale = np.abs(theirs).max()
    np.testing.assert_allclose(np.asarray(ours) / scale, theirs / scale, atol=2e-5)


def test_every_block_is_pytorch_fids(network):
    kept = np.load(KEPT)
    look = jax.jit(lambda v, x: Inception().apply(v, prepared(x), mutable=["intermediates"]))
    seen, state = look(network.variables, pictures())
    for name, block in zip(TAPS, state["intermediates"]["taps"], strict=True):
        close(block.mean((1, 2)), kept[name])
    close(seen.features, kept["avgpool"])
    close(seen.logits, kept["logits"])
    probabilities, features = network.classify(pictures())
    close(features, kept["avgpool"])
    unnormalised = np.exp(kept["logits"] - kept["logits"].max(1, keepdims=True))
    np.testing.assert_allclose(probabilities, unnormalised / unnormalised.sum(1, keepdims=True), rtol=1e-2, atol=1e-6)
    grey = network.classify(pictures()[1:, :, :, :1])[1]
    close(grey[0], kept["avgpool"][1])


def test_what_is_kept_is_pytorch_fids(weights):
    pytest.importorskip("pytorch_fid")
    for name, value in by_pytorch_fid(weights).items():
        close(np.load(KEPT)[name], value)


def test_what_cannot_be_used_is_refused(network, tmp_path, monkeypatch):
    with pytest.raises(UserError, match="1 or 3"):
        network.classify(np.zeros((1, 8, 8, 2), np.uint8))
    monkeypatch.setattr("jaxgan.data.download.answers", lambda url: False)
    with pytest.raises(UserError, match="--inception-weights"):
        load_inception(None, tmp_path)
    with pytest.raises(UserError, match="No such file"):
        load_inception(tmp_path / "none.pth", tmp_path)
