"""Files that PyTorch wrote, in its two formats, read without it; and nothing else is run."""

from collections import OrderedDict

import numpy as np
import pytest

from jaxgan.errors import UserError
from jaxgan.interop.torch_file import read_torch_file

torch = pytest.importorskip("torch")


def tensors():
    generator = torch.Generator().manual_seed(0)
    shared = torch.randn(4, 6, generator=generator)
    return OrderedDict(
        {
            "a.weight": shared,
            "a.transposed": shared.T,  # strides of its own in the same storage
            "a.part": shared[1:3, ::2],
            "count": torch.tensor(7),
            "half": torch.randn(3, generator=generator).half(),
            "double": torch.randn(2, 2, generator=generator).double(),
            "flags": torch.tensor([True, False]),
            "nothing": torch.zeros(0, 3),
            "trained": torch.nn.Parameter(torch.ones(2)).data,
        }
    )


@pytest.mark.parametrize("zipped", [True, False])
def test_a_state_dict_is_read(tmp_path, zipped):
    path = tmp_path / "weights.pth"
    torch.save(tensors(), path, _use_new_zipfile_serialization=zipped)
    ours = read_torch_file(path)
    assert list(ours) == list(tensors())
    for name, value in tensors().items():
        assert ours[name].dtype == value.numpy().dtype and ours[name].shape == tuple(value.shape)
        np.testing.assert_array_equal(ours[name], value.numpy())


@pytest.mark.parametrize("zipped", [True, False])
def test_what_is_no_state_dict_is_refused(tmp_path, zipped):
    path = tmp_path / "weights.pth"
    for content, words in (
        ({"a": print}, "print, which is no part"),
        ([torch.ones(2)], "no state dict"),
        ({"a": 1}, "no state dict"),
        (torch.nn.Linear(2, 2), "no part of a state dict"),
    ):
        torch.save(content, path, _use_new_zipfile_serialization=zipped)
        with pytest.raises(UserError, match=words) as refused:
            read_torch_file(path)
        assert "\n" not in str(refused.value)


def test_broken_files_are_refused(tmp_path):
    path = tmp_path / "weights.pth"
    for content in (b"", b"nothing of the kind", b"PK\x03\x04broken"):
        path.write_bytes(content)
        with pytest.raises(UserError, match="cannot be read"):
            read_torch_file(path)
    torch.save(tensors(), path)
    changed = bytearray(path.read_bytes())
    changed[changed.index(b"data/0") + 80] ^= 255  # in the numbers of the first storage
    path.write_bytes(changed)
    with pytest.raises(UserError, match="cannot be read"):
        read_torch_file(path)
    torch.save(tensors(), path, _use_new_zipfile_serialization=False)
    path.write_bytes(path.read_bytes()[:-40])
    with pytest.raises(UserError, match="cannot be read"):
        read_torch_file(path)


def test_inceptions_weights_are_read_from_such_a_file(tmp_path):
    from jaxgan.features import InceptionClassifier
    from tests.networks.inception_weights import KEPT, made_up, pictures

    weights = {name: torch.tensor(value) for name, value in made_up().items()}
    weights["Conv2d_1a_3x3.bn.num_batches_tracked"] = torch.tensor(3)
    torch.save(weights, tmp_path / "inception.pth", _use_new_zipfile_serialization=False)  # as the public file is written
    features = InceptionClassifier.read(tmp_path / "inception.pth").classify(pictures())[1]
    np.testing.assert_allclose(features, np.load(KEPT)["avgpool"], atol=1e-4)
