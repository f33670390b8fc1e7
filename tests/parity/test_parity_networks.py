"""Every network against its PyTorch twin: forward passes, batch statistics, names of the state dict."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxgan import networks
from jaxgan.errors import UserError
from jaxgan.interop import from_torch, to_torch
from tests.parity.small_setups import (
    BATCH,
    LATENT,
    N_CLASSES,
    deviation,
    jit,
    parameters,
    random_draw,
    small_setup,
    statistics,
    with_default_floats,
)

torch = pytest.importorskip("torch")
twins = pytest.importorskip("tests.parity.twins")
torch_networks = pytest.importorskip("tests.parity.torch_networks")

CASES = {
    "mlp": ("mlp", {}),
    "mlp-linear": ("mlp", {"output": "linear"}),
    "fc": ("fc", {}),
    "fc-28": ("fc", {"shape": (28, 28, 1)}),
    "lab_conv": ("lab_conv", {}),
    "lab_conv-32": ("lab_conv", {"shape": (32, 32, 3)}),
    "conv": ("conv", {}),
    "conv-layer": ("conv", {"critic_norm": "layer"}),
    "conv-none": ("conv", {"critic_norm": "none"}),
    "conv-32": ("conv", {"shape": (32, 32, 3)}),
    "conv-oblong": ("conv", {"shape": (48, 80, 4)}),
    "conv-odd": ("conv", {"shape": (30, 17, 1), "critic_norm": "layer"}),
    "dcgan": ("dcgan", {}),
    "dcgan-64": ("dcgan", {"shape": (64, 64, 3)}),
    "dcgan-layer": ("dcgan", {"critic_norm": "layer"}),
    "dcgan-odd": ("dcgan", {"shape": (9, 22, 2)}),
    "dcgan-nearest": ("dcgan", {"upsampling": "nearest"}),
    "dcgan-nearest-odd": ("dcgan", {"shape": (9, 22, 2), "upsampling": "nearest"}),
    "conv1d": ("conv1d", {}),
    "conv1d-nearest": ("conv1d", {"upsampling": "nearest"}),
    "conv3d-nearest": ("conv3d", {"upsampling": "nearest"}),
    "conv1d-layer": ("conv1d", {"critic_norm": "layer"}),
    "conv3d": ("conv3d", {}),
    "r3gan": ("r3gan", {}),
    "r3gan-odd": ("r3gan", {"shape": (9, 14, 1)}),
    "r3gan-64": ("r3gan", {"shape": (64, 64, 3)}),
}
WHOLE = (
    "mlp",
    "fc",
    "lab_conv",
    "conv",
    "dcgan",
)  # in both precisions, conditional or not; the others in half of these
FORWARD = [
    (case, conditional, precision)
    for case in CASES
    for conditional in (False, True)
    for precision in ("float64", "float32")
    if case in WHOLE or (precision == "float32") == conditional
]
TOLERANCE = {"float64": 1e-6, "float32": 1e-5}


def pair_of(network, conditional, dtype=torch.float64, **options):
    """A setup and its twins, moved off their first values."""
    setup = small_setup(network, "gan", conditional=conditional, **options)
    generator, critic = twins.twins_of(setup, dtype)
    return setup, twins.shake(generator), twins.shake(critic)


def jaxgan_passes(module, variables, x, labels):
    """The output and the variables after one pass in training mode, and the output in evaluation after it."""

    def passes(variables, x, labels):
        collections = [name for name in variables if name != "params"]
        rngs = {"dropout": jax.random.key(0)}
        trained, moved = module.apply(variables, x, labels, train=True, mutable=collections, rngs=rngs)
        variables = {**variables, **moved}
        return trained, module.apply(variables, x, labels, train=False), variables

    return jit(passes)(variables, x, labels)


@pytest.mark.parametrize(("case", "conditional", "precision"), FORWARD)
def test_forward_passes_and_batch_statistics(case, conditional, precision):
    network, options = CASES[case]
    dtype = getattr(torch, precision)
    with jax.enable_x64(precision == "float64"):
        setup, *pair = pair_of(network, conditional, dtype, **options)
        draw = random_draw(np.random.RandomState(2), setup.dataset.sample_shape)
        for module, twin, x in zip(
            (setup.gan.networks.generator, setup.gan.networks.critic), pair, (draw.latent, draw.real), strict=True
        ):
            variables = from_torch(module, twins.arrays(twin))
            ours = jaxgan_passes(module, variables, jnp.asarray(x, float), jnp.asarray(draw.fake_label))
            with torch.no_grad():
                given = twins.tensor(x, dtype), twins.tensor(draw.fake_label)
                expected = [twin.train()(*given), twin.eval()(*given)]
            for mine, theirs in zip(ours, expected, strict=False):
                mine = mine if module is setup.gan.networks.generator else mine.score[:, None]
                assert mine.dtype == precision
                assert deviation({"": mine}, {"": twins.lay_out(theirs)}) < TOLERANCE[precision]
            after = to_torch(module, ours[2])
            assert deviation(statistics(after), statistics(twins.arrays(twin))) < TOLERANCE[precision]
            for name, count in after.items():
                if name.endswith("num_batches_tracked"):
                    assert count == 4
                    assert count.dtype == np.int64


@pytest.mark.parametrize("conditional", [False, True], ids=["", "conditional"])
@pytest.mark.parametrize("case", CASES)
def test_state_dicts_come_back_as_they_went(case, conditional):
    network, options = CASES[case]
    setup, *pair = pair_of(network, conditional, torch.float32, **options)
    for module, twin in zip((setup.gan.networks.generator, setup.gan.networks.critic), pair, strict=True):
        went = twins.arrays(twin)
        back = to_torch(module, from_torch(module, went))
        assert back.keys() == went.keys()
        for name, array in went.items():
            assert back[name].dtype == array.dtype
            np.testing.assert_array_equal(back[name], array)
        twin.load_state_dict({name: torch.from_numpy(array.copy()) for name, array in back.items()})


@pytest.mark.usefixtures("float64")
def test_state_dicts_in_float64_come_back_as_they_went():
    setup, generator, _ = pair_of("lab_conv", True)
    went = twins.arrays(generator)
    went = {name: array + 1e-12 if array.dtype.kind == "f" else array for name, array in went.items()}
    back = to_torch(setup.gan.networks.generator, from_torch(setup.gan.networks.generator, went))
    for name, array in went.items():
        np.testing.assert_array_equal(back[name], array)


LAB_WIDTHS = {  # (network, shape, latent, hidden): None where the linen class's own default is the lab's
    "lab_conv": ("lab_conv", (28, 28, 1), None, None),
    "fc": ("fc", (28, 28, 1), None, None),
    "conv": ("conv", (28, 28, 1), None, None),
    "conv-64": ("conv", (64, 64, 3), None, None),
    "mlp (lab 004)": ("mlp", (2,), None, None),
    "mlp (lab 003)": ("mlp", (2,), 5, 256),
    "dcgan (paper)": ("dcgan", (64, 64, 3), None, None),
    "dcgan-28": ("dcgan", (28, 28, 1), None, None),
    "r3gan (paper)": ("r3gan", (32, 32, 3), None, 768),
    "r3gan-28": ("r3gan", (28, 28, 1), None, None),
}


@pytest.mark.parametrize("n_classes", [0, 10], ids=["", "conditional"])
@pytest.mark.parametrize("name", LAB_WIDTHS)
def test_names_and_shapes_at_the_labs_widths(name, n_classes):
    network, shape, latent_dim, hidden_dim = LAB_WIDTHS[name]
    widths = {} if hidden_dim is None else {"hidden_dim": hidden_dim}
    latent = {} if latent_dim is None else {"latent_dim": latent_dim}
    torch_shape = (shape[-1], *shape[:-1])
    pairs = [
        (networks.GENERATORS[network], torch_networks.GENERATORS[network], {**widths, **latent}),
        (networks.CRITICS[network], torch_networks.CRITICS[network], widths),
    ]
    for linen, twin, sizes in pairs:
        module = linen(sample_shape=shape, n_classes=n_classes, **sizes)
        variables = jax.eval_shape(module.init, jax.random.key(0), *module.example_inputs())
        ours = to_torch(module, jax.tree.map(lambda leaf: jnp.zeros(leaf.shape, leaf.dtype), variables))
        with torch.device("meta"):
            expected = twin(torch_shape, n_classes=n_classes, **sizes).state_dict()
        expected = {key: tuple(value.shape) for key, value in expected.items()}
        assert {key: array.shape for key, array in ours.items()} == expected


def test_a_wrong_state_dict_is_refused_in_one_line():
    setup, generator, critic = pair_of("lab_conv", True, torch.float32)
    good = twins.arrays(generator)

    def refusal(module, state_dict):
        with pytest.raises(UserError) as caught:
            from_torch(module, state_dict)
        assert "\n" not in str(caught.value)
        return str(caught.value)

    without = {name: array for name, array in good.items() if name not in ("fc1.bias", "br1.0.running_var")}
    line = refusal(setup.gan.networks.generator, without)
    assert "fc1.bias" in line
    assert "br1.0.running_var" in line
    assert "fc3.weight" in refusal(setup.gan.networks.generator, {**good, "fc3.weight": good["fc1.weight"]})
    line = refusal(setup.gan.networks.generator, {**without, "fc3.weight": good["fc1.weight"]})
    assert "fc1.bias" in line
    assert "fc3.weight" in line
    for name in ("fc1.weight", "fc1.bias", "conv1.0.weight", "br1.0.running_mean", "label_embedding.weight"):
        line = refusal(setup.gan.networks.generator, {**good, name: good[name][..., 1:]})
        assert name in line
        assert str(good[name].shape) in line
    square = good["conv1.0.weight"]
    assert "conv1.0.weight" in refusal(setup.gan.networks.generator, {**good, "conv1.0.weight": square[0]})
    assert "conv1.0.weight" in refusal(setup.gan.networks.generator, {**good, "conv1.0.weight": square.swapaxes(0, 1)})
    assert "fc1.weight" in refusal(setup.gan.networks.generator, {**good, "fc1.weight": good["fc1.weight"].T})
    refusal(setup.gan.networks.generator, twins.arrays(critic))
    refusal(setup.gan.networks.critic, good)
    refusal(setup.gan.networks.critic, {})


@pytest.mark.usefixtures("float64")
@pytest.mark.parametrize("network", ["mlp", "fc", "lab_conv", "conv", "dcgan", "r3gan"])
def test_the_projection_critic(network):
    setup, _, twin = pair_of(network, False)
    module = networks.ProjectionCritic(setup.gan.networks.critic, N_CLASSES)
    last = [layer for layer in twin.modules() if hasattr(layer, "weight")][-1]
    twin = torch_networks.ProjectionCritic(twin, last, N_CLASSES).double()
    draw = random_draw(np.random.RandomState(2), setup.dataset.sample_shape)
    variables = from_torch(module, twins.arrays(twin))
    ours, *_ = jaxgan_passes(module, variables, jnp.asarray(draw.real), jnp.asarray(draw.real_label))
    with torch.no_grad():
        expected = twin(twins.tensor(draw.real), twins.tensor(draw.real_label))
    assert deviation({"": ours.score[:, None]}, {"": expected.numpy()}) < 1e-12


def test_generators_take_the_latent_width_of_the_labs():
    widths = {"lab_conv": 100, "fc": 100, "conv": 128, "mlp": 2, "dcgan": 100, "r3gan": 64, "conv1d": 100, "conv3d": 100}
    assert {name: networks.GENERATORS[name].latent_dim for name in torch_networks.GENERATORS} == widths


def test_small_setups_are_what_they_say():
    setup = small_setup("conv", "wgan_gp", conditional=True)
    assert (setup.config.critic_norm, setup.config.latent_dim, setup.config.batch_size) == ("none", LATENT, BATCH)
    assert parameters({"a": np.zeros(1), "b.running_mean": np.zeros(1)}).keys() == {"a"}
    with jax.enable_x64(True):
        assert with_default_floats(np.zeros(1, np.float32)).dtype == np.float64
