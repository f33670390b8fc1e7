"""StableHLO programs: called for any batch, in a process that knows nothing of jaxgan, and holding the forms of all platforms."""

import subprocess
import sys

import jax
import numpy as np
import pytest
from jax import export

from jaxgan.errors import UserError
from jaxgan.exports.stablehlo import stablehlo_bytes
from jaxgan.networks import as_generator
from tests.exports.generators import CASES, CLASSES, LABEL_DIM, LATENT, made

QUICK = ("mlp|vectors", "dcgan-odd|none", "dcgan|mixture", "conv1d|mixture of classes", "r3gan-odd|none")


def program(case):
    of = made(case)
    labels = {"n_classes": CLASSES} if "classes" in case else {"label_dim": LABEL_DIM} if "vectors" in case else {}
    return of, stablehlo_bytes(of.generator, of.variables, latent_dim=LATENT, **labels)


def inputs(of, n):
    given = [of.latent[:n]]
    if of.labels is not None:
        given.append(of.labels[:n].astype(np.int32) if of.labels.ndim == 1 else of.labels[:n])
    return given


@pytest.mark.parametrize("case", sorted({*CASES, *QUICK}))
def test_it_makes_the_same_samples_for_any_batch(case):
    of, content = program(case)
    exported = export.deserialize(bytearray(content))
    assert exported.platforms == ("cpu", "cuda", "tpu")
    for n in (7, 1):
        np.testing.assert_allclose(exported.call(*inputs(of, n)), of.samples[:n], atol=1e-5, rtol=1e-5)


def test_the_platform_that_runs_it_chooses_the_form_of_a_convolution():
    """A convolution stands in the program beside the CPU's products, and each platform's own has its own alone."""
    _, content = program("dcgan-odd|none")
    text = export.deserialize(bytearray(content)).mlir_module()
    assert "stablehlo.convolution" in text and "stablehlo.case" in text


LOADED = """
import sys, numpy as np
from jax import export
exported = export.deserialize(bytearray(open(sys.argv[1], "rb").read()))
given = np.load(sys.argv[2])
samples = exported.call(given["latent"])
assert not any(name.partition(".")[0] in ("jaxgan", "flax") for name in sys.modules)
assert np.abs(np.asarray(samples) - given["samples"]).max() < 1e-5
"""


def test_a_process_without_jaxgan_loads_and_runs_it(tmp_path):
    of, content = program("dcgan-odd|none")
    (tmp_path / "generator.stablehlo").write_bytes(content)
    np.savez(tmp_path / "given.npz", latent=of.latent, samples=of.samples)
    command = [sys.executable, "-c", LOADED, "generator.stablehlo", "given.npz"]
    subprocess.run(command, cwd=tmp_path, check=True, timeout=300)


def test_a_generator_of_the_users_own_that_needs_its_batch_is_refused_in_a_line():
    def apply(params, latent):
        return latent * (1.0 if latent.shape[0] > 3 else 2.0) * params

    module = as_generator((lambda key: jax.numpy.ones(()), apply))
    variables = {"params": {"network": jax.numpy.ones(())}}
    with pytest.raises(UserError, match="the generator cannot be traced for any batch size") as caught:
        stablehlo_bytes(module, variables, latent_dim=2)
    assert "\n" not in str(caught.value)
