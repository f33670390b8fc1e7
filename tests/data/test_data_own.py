"""Data of the user's own: arrays, functions that draw afresh, and functions named on the command line."""

import sys

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxgan.data import Dataset, as_dataset, gaussian_mixture, load, load_held_out, mixtures
from jaxgan.errors import NoSplitError

RNG = np.random.default_rng(0)
BYTES = RNG.integers(0, 256, (6, 5, 7, 3), dtype=np.uint8)
VECTORS = RNG.normal(size=(6, 12))
LABELS = [0, 2, 2, 1, 0, 3]


@pytest.mark.parametrize("asarray", [np.asarray, jnp.asarray])
def test_bytes_stay_bytes_and_floats_become_single(asarray):
    images = as_dataset(asarray(BYTES))
    assert images.samples.dtype == np.uint8 and images.sample_shape == (5, 7, 3) and images.is_images
    np.testing.assert_array_equal(images.samples, BYTES)
    vectors = as_dataset(asarray(VECTORS), name="waves")
    assert vectors.samples.dtype == np.float32 and vectors.sample_shape == (12,) and vectors.name == "waves"
    assert isinstance(vectors.samples, np.ndarray)
    np.testing.assert_array_equal(vectors.samples, VECTORS.astype(np.float32))
    assert vectors.labels is None and vectors.n_classes == 0 and vectors.sampler is None and vectors.size == 6


@pytest.mark.parametrize("dtype", [np.float16, np.float64, jnp.bfloat16])
def test_floats_of_any_width_become_single(dtype):
    assert as_dataset(np.ones((3, 2, 2), dtype)).samples.dtype == np.float32


def test_bytes_of_three_axes_are_images_of_one_channel_and_floats_are_not():
    assert as_dataset(BYTES[..., 0]).sample_shape == (5, 7, 1)
    assert as_dataset(np.zeros((6, 5, 7))).sample_shape == (5, 7)
    assert as_dataset(np.zeros((6, 5), np.uint8)).sample_shape == (5,)
    drawn = as_dataset(lambda key, n: jax.random.bits(key, (n, 5, 7), jnp.uint8))
    assert drawn.sample_shape == (5, 7, 1)


def test_labels_come_beside_the_samples_or_with_them():
    for dataset in (as_dataset(BYTES, LABELS), as_dataset((BYTES, np.array(LABELS)))):
        assert dataset.labels.dtype == np.int32 and dataset.labels.tolist() == LABELS and dataset.n_classes == 4
    named = as_dataset(BYTES, LABELS, n_classes=7, class_names="abcdefg")
    assert named.n_classes == 7 and named.class_names == tuple("abcdefg")


def test_a_dataset_is_returned_as_it_is_and_a_distribution_drawn_afresh():
    dataset = as_dataset(VECTORS)
    assert as_dataset(dataset) is dataset
    own = gaussian_mixture("triangle", np.array([[0, 0], [1, 0], [0, 1]]), 0.1, 0.5)
    drawn = as_dataset(own)
    assert drawn.distribution is own and drawn.n_classes == 3 and drawn.name == "triangle" and drawn.is_points
    points, labels = drawn.sampler(jax.random.key(0), 4)
    theirs = own.sample(jax.random.key(0), 4)
    np.testing.assert_array_equal(points, theirs[0])
    np.testing.assert_array_equal(labels, theirs[1])


def test_a_function_of_key_and_n_is_a_sampler():
    def spiral(key, n):
        t = jax.random.uniform(key, (n,))
        return jnp.stack([t, jnp.sin(t), jnp.cos(t)], 1)

    dataset = as_dataset(spiral)
    assert dataset.sample_shape == (3,) and dataset.n_classes == 0
    assert dataset.size is None and dataset.samples is None and dataset.records is None
    points, labels = jax.jit(dataset.sampler, static_argnums=1)(jax.random.key(3), 9)
    np.testing.assert_allclose(points, spiral(jax.random.key(3), 9), rtol=1e-6)
    assert labels.dtype == jnp.int32 and labels.shape == (9,) and not labels.any()
    keys = jax.random.split(jax.random.key(0), 2)
    assert jax.vmap(lambda key: dataset.sampler(key, 5)[0])(keys).shape == (2, 5, 3)
    with jax.enable_x64(True):
        assert jax.eval_shape(lambda key: dataset.sampler(key, 2), keys[0])[0].dtype == jnp.float64


def test_a_sampler_may_draw_labels_and_bytes():
    def draw(key, n):
        labels = jax.random.randint(key, (n,), 0, 3)
        return jnp.broadcast_to(labels[:, None, None, None] * 85, (n, 4, 4, 1)).astype(jnp.uint8), labels

    dataset = as_dataset(draw, n_classes=3, class_names=("dark", "grey", "light"))
    samples, labels = dataset.sampler(jax.random.key(0), 20)
    assert dataset.n_classes == 3 and samples.dtype == jnp.float32 and samples.shape == (20, 4, 4, 1)
    np.testing.assert_allclose(samples[:, 0, 0, 0], labels * 85 / 127.5 - 1, rtol=1e-6)


def test_a_function_is_looked_at_and_not_run():
    def draw(key, n):
        assert isinstance(key, jax.core.Tracer)
        return jax.random.normal(key, (n, 2))

    assert as_dataset(draw).is_points


def normal(key, n):
    return jax.random.normal(key, (n, 2))


@pytest.mark.parametrize(
    ("arguments", "options", "words"),
    [
        ((VECTORS.astype(int),), {}, "samples are int64"),
        ((VECTORS > 0,), {}, "samples are bool"),
        ((VECTORS + 1j,), {}, "complex128"),
        ((np.array([["a"]]),), {}, "expected uint8, or floats"),
        ((np.full((2, 2), np.nan),), {}, "4 of 4 numbers are not finite"),
        ((np.array([[0, 1e300]]),), {}, "1 of 2 numbers are not finite in float32"),
        ((VECTORS[:0],), {}, "shape (0, 12), which holds none"),
        ((np.zeros((3, 0)),), {}, "shape (3, 0), which holds none"),
        ((VECTORS[:, 0],), {}, "single numbers as (N, 1)"),
        ((np.float32(3),), {}, "shape ()"),
        (([[0.0, 1.0]],), {}, "is a list: expected an array"),
        ((None,), {}, "is a NoneType"),
        ((jax.random.split(jax.random.key(0), 3),), {}, "no array of numbers"),
        (((VECTORS, LABELS, LABELS),), {}, "a tuple of 3"),
        (((VECTORS, LABELS), LABELS), {}, "labels are given twice"),
        ((VECTORS, LABELS[:5]), {}, "expected (6,)"),
        ((VECTORS, [0.5] * 6), {"label_kind": "classes"}, "labels are float64, expected integers"),
        ((VECTORS, [0.5] * 5 + [np.inf]), {}, "labels hold inf in row 5, column 0"),
        ((VECTORS, [0.5] * 6), {"label_kind": "multi_hot"}, "labels hold 0.5 in row 0, and multi-hot labels are 0 or 1 each"),
        ((VECTORS, np.eye(6) + 1), {"label_names": "ab"}, "2 label_names for 6 columns of labels"),
        ((VECTORS, np.eye(6) + 1), {"label_names": "abccde"}, "5 different names of labels for 6 columns"),
        ((VECTORS, [-1, 0, 0, 0, 0, 0]), {}, "labels hold -1"),
        ((VECTORS, LABELS), {"n_classes": 3}, "expected class numbers below 3"),
        ((VECTORS, LABELS), {"n_classes": -1}, "expected a whole number from 0"),
        ((VECTORS, LABELS), {"n_classes": True}, "expected a whole number from 0"),
        ((VECTORS, LABELS), {"class_names": ("a", "b")}, "2 class names for 4 classes"),
        ((VECTORS,), {"n_classes": 2}, "classes are given, and no labels"),
        ((as_dataset(VECTORS), LABELS), {}, "a Dataset has its own labels"),
        ((mixtures.ring8,), {"n_classes": 8}, "a Distribution has its own"),
        ((normal, LABELS), {}, "a function returns its labels itself"),
        ((normal,), {"n_classes": 2}, "returns no labels, and classes are given"),
        ((lambda key, n: (normal(key, n), jnp.zeros(n, int)),), {}, "say how many classes"),
        ((lambda key, n: (normal(key, n), jnp.zeros(n)),), {"n_classes": 2}, "returns labels float32 (5,), expected integers"),
        ((lambda key, n: (normal(key, n), jnp.zeros(3, int)),), {"n_classes": 2}, "returns labels int32 (3,)"),
        ((lambda key, n: normal(key, 3),), {}, "samples of shape (3, 2), expected (5, ...)"),
        ((lambda key, n: normal(key, n)[:, 0],), {}, "samples of shape (5,), expected (5, ...)"),
        ((lambda key, n: jax.random.randint(key, (n, 2), 0, 9),), {}, "samples are int32"),
        ((lambda key, n: [normal(key, n)],), {}, "returns a list"),
        ((lambda key, n: (normal(key, n),) * 3,), {}, "returns a tuple"),
        ((lambda n: np.zeros((n, 2)),), {}, "fails: TypeError"),
        ((lambda key, n: np.asarray(normal(key, n)),), {}, "fails: TracerArrayConversionError"),
        ((lambda key, n: np.zeros((n, 2), np.float32),), {}, "makes no use of its key"),
    ],
)
def test_what_is_no_data_is_refused_with_the_reason(refused, arguments, options, words):
    assert words in refused(as_dataset, *arguments, **options)


MODULE = """
import jax, numpy as np
from jaxgan.data import as_dataset, gaussian_mixture
from jaxgan.errors import UserError

ARRAY = np.zeros((3, 2), np.float32)
TRIANGLE = gaussian_mixture("triangle", [[0, 0], [1, 0], [0, 1]], 0.1, 0.5)
asked = []

def draw(key, n):
    return jax.random.normal(key, (n, 12))

def draw_by_other_names(rng, count):
    return jax.random.normal(rng, (count, 12))

def plain():
    return np.ones((4, 6))

def labelled(split="train", *, data_dir=None):
    asked.append((split, data_dir))
    return np.full((4, 6), float(split == "test")), np.arange(4)

def without_test(split):
    return np.ones((4, 6)) if split == "train" else None

def sized(image_size):
    return np.zeros((4, image_size or 9, image_size or 9), np.uint8)

LEVELS = np.linspace(0, 255, 3 * 8 * 8).reshape(3, 8, 8, 1)
LABELLED = LEVELS.astype(np.uint8), np.array([0, 1, 1])

def sampler_with_classes():
    return as_dataset(lambda key, n: (draw(key, n), jax.random.randint(key, (n,), 0, 2)), n_classes=2)

def failing(split):
    raise KeyError("the file of the " + split + "\\nsplit")

def refusing():
    raise UserError("my own words")

def wanting(temperature):
    return np.ones((4, 6))
"""


@pytest.fixture
def mine(tmp_path, monkeypatch):
    """A module in the current directory, which Python does not search by itself."""
    (tmp_path / "mine_data.py").write_text(MODULE)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [entry for entry in sys.path if entry not in ("", str(tmp_path))])
    yield "mine_data"
    sys.modules.pop("mine_data", None)


def test_arrays_and_functions_are_loaded_by_their_import_path(mine):
    assert load(f"{mine}:ARRAY").samples.shape == (3, 2)
    plain = load(f"{mine}:plain")
    assert plain.name == "mine_data:plain" and plain.samples.shape == (4, 6)
    for name in ("draw", "draw_by_other_names"):
        drawn = load(f"{mine}:{name}")
        assert drawn.sample_shape == (12,) and drawn.sampler(jax.random.key(0), 3)[0].shape == (3, 12)
    assert load(f"{mine}:sampler_with_classes").n_classes == 2
    assert load(f"{mine}:TRIANGLE").distribution.name == "triangle"
    assert load(f"{mine}:TRIANGLE", points=7).samples.shape == (7, 2)
    assert load(f"{mine}:sized", image_size=5).sample_shape == (5, 5, 1)
    assert load(f"{mine}:sized").sample_shape == (9, 9, 1)


def test_arrays_of_pictures_come_in_the_form_that_is_asked_for(mine, refused):
    small = load(f"{mine}:LABELLED", image_size=4, channels=3)
    assert small.samples.shape == (3, 4, 4, 3) and small.labels.tolist() == [0, 1, 1]
    assert any("8x8 become 4x4" in note for note in small.notes)
    read = load(f"{mine}:LEVELS", pixel_range="0,255")
    np.testing.assert_array_equal(read.samples, np.linspace(0, 255, 192).round().astype(np.uint8).reshape(3, 8, 8, 1))
    assert any("0 is black and 255 white" in note for note in read.notes)
    assert "resize=pad is for pictures of 8 bits" in refused(load, f"{mine}:LEVELS", resize="pad")
    assert "channels=3 is for pictures of 8 bits" in refused(load, f"{mine}:plain", channels=3)


@pytest.mark.parametrize(
    ("shape", "read"), [((20, 3, 8, 10), (8, 10, 3)), ((20, 4, 8, 8), (8, 8, 4)), ((20, 6, 7, 5), (6, 7, 5))]
)
def test_floats_with_their_channels_first_are_put_in_order_and_it_is_said(shape, read):
    array = np.random.default_rng(0).normal(size=shape)
    dataset = as_dataset(array)
    assert dataset.sample_shape == read
    assert any("taken for (N, C, H, W)" in note for note in dataset.notes) == (read != shape[1:])
    moved = np.moveaxis(array, 1, -1) if read != shape[1:] else array
    np.testing.assert_array_equal(dataset.samples, moved.astype(np.float32))


def test_pictures_of_which_two_axes_may_be_that_of_the_channels_are_refused_where_they_are_called_pictures(refused):
    array = np.zeros((20, 4, 8, 4), np.float32)
    assert as_dataset(array).sample_shape == (4, 8, 4)
    assert "may be (N, H, W, C) or (N, C, H, W), and cannot be told" in refused(as_dataset, array, kind="images")


def test_a_function_is_given_the_options_that_it_takes(mine, tmp_path):
    train, test = (load(f"{mine}:labelled", split=split, data_dir=tmp_path) for split in ("train", "test"))
    assert train.samples.max() == 0 and test.samples.min() == 1 and train.n_classes == 4
    assert sys.modules[mine].asked == [("train", tmp_path), ("test", tmp_path)]


def test_held_out_data_are_those_of_a_function_that_takes_split(mine, refused):
    assert load_held_out(f"{mine}:labelled").samples.min() == 1
    for name in ("plain", "without_test", "draw", "ARRAY", "TRIANGLE"):
        assert load_held_out(f"{mine}:{name}") is None
        with pytest.raises(NoSplitError, match=f"data set 'mine_data:{name}' has no split 'test'"):
            load(f"{mine}:{name}", split="test")
    assert "the file of the test" in refused(load_held_out, f"{mine}:failing")


def test_what_goes_wrong_in_it_is_one_line_that_names_it(mine, refused):
    line = refused(load, f"{mine}:failing")
    assert "'mine_data:failing'" in line and "KeyError" in line
    assert refused(load, f"{mine}:refusing") == "my own words"
    assert "takes 'temperature': expected (key, n), or some of split, data_dir, image_size" in refused(load, f"{mine}:wanting")
    assert "did you mean 'plain'" in refused(load, f"{mine}:plane")
    assert "image_size=4x4 is for pictures" in refused(load, f"{mine}:plain", image_size=4)
    assert "points=4" in refused(load, f"{mine}:draw", points=4)
    assert "there is no module 'nowhere'" in refused(load, "nowhere:data")
    assert "did you mean 'tfds:mnist'" in refused(load, "tdfs:mnist")
    assert "package.module:function" in refused(load, "x")


def test_facts_of_a_shape():
    facts = {shape: Dataset("x", shape, 0, None, None) for shape in ((2,), (3,), (4, 5), (4, 5, 1), ())}
    assert [shape for shape, data in facts.items() if data.is_points] == [(2,)]
    assert [shape for shape, data in facts.items() if data.is_vectors] == [(2,), (3,)]
    assert [shape for shape, data in facts.items() if data.is_images] == [(4, 5, 1)]
