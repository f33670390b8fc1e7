"""Scaling of features: closed forms, another library's statistics, and the way back to units."""

import json

import numpy as np
import pytest
from sklearn.preprocessing import MinMaxScaler, StandardScaler

from jaxgan.data import as_dataset, describe, from_description, load
from jaxgan.data.scaling import fitted
from jaxgan.data.scaling import from_description as scaling_of
from jaxgan.errors import UserError

TABLE = np.array([[1.0, 100.0, 7.0], [3.0, 300.0, 7.0], [5.0, 200.0, 7.0]])


def test_closed_form():
    """Of 1, 3, 5: mean 3, variance 8/3; the middle of 100 to 300 is 200; a constant is its own offset, with scale 1."""
    standard, minmax, none = (fitted(TABLE, kind) for kind in ("standard", "minmax", "none"))
    assert np.allclose(standard.offset, [3, 200, 7]) and np.allclose(standard.scale, [(8 / 3) ** 0.5, (2e4 / 3) ** 0.5, 1])
    assert minmax.offset == (3, 200, 7) and minmax.scale == (2, 100, 1)
    assert minmax.to_model(TABLE).tolist() == [[-1, -1, 0], [0, 1, 0], [1, 0, 0]]
    assert none.offset == (0, 0, 0) and none.scale == (1, 1, 1) and none.to_model(TABLE).tolist() == TABLE.tolist()
    assert standard.to_model(TABLE).dtype == np.float32 and standard.to_units(standard.to_model(TABLE)).dtype == np.float64


@pytest.mark.parametrize(("kind", "other"), [("standard", StandardScaler()), ("minmax", MinMaxScaler((-1, 1)))])
@pytest.mark.parametrize("shape", [(50, 4), (50, 6, 2), (20, 3, 4, 5, 2)])
def test_statistics_are_those_of_scikit_learn(kind, other, shape):
    rows = np.random.default_rng(0).lognormal(1, 2, shape) * 10.0 ** np.arange(shape[-1]) - 3
    flat = rows.reshape(-1, shape[-1])
    theirs = other.fit_transform(flat).reshape(shape)
    ours = fitted(rows, kind)
    assert np.allclose(ours.to_model(rows), theirs, rtol=1e-5, atol=1e-6)
    assert np.allclose(ours.to_units(theirs), other.inverse_transform(flat * 0 + theirs.reshape(flat.shape)).reshape(shape))


@pytest.mark.parametrize("kind", ["standard", "minmax", "none"])
@pytest.mark.parametrize("seed", range(5))
def test_what_is_scaled_comes_back(kind, seed):
    """To float32's precision at the scale of the feature, in which networks see it."""
    chance = np.random.default_rng(seed)
    rows = chance.normal(size=(7, 3)) * 10.0 ** chance.integers(-6, 7, 3) + 10.0 ** chance.integers(-6, 7, 3)
    made = fitted(rows, kind)
    scale, seen = np.array(made.scale), np.abs(made.to_model(rows)).max(0)
    assert np.all(np.abs(made.to_units(made.to_model(rows)) - rows) <= 2.0**-23 * scale * np.maximum(seen, 1))
    again = scaling_of(json.loads(json.dumps(made.described())))
    assert again.to_units(rows).tobytes() == made.to_units(rows).tobytes()


def test_a_large_offset_costs_no_precision():
    """Times in seconds since 1970, whose differences float32 does not see."""
    rows = 1.7e9 + np.arange(5.0)[:, None]
    assert np.allclose(as_dataset(rows, scaling="minmax").samples[:, 0], [-1, -0.5, 0, 0.5, 1])


def test_the_run_folder_keeps_statistics_and_names():
    dataset = as_dataset(TABLE, [0, 1, 1], scaling="standard", names=("a", "b", "c"))
    kept = from_description(json.loads(json.dumps(describe(dataset))))
    assert kept.samples is None and kept.scaling.described() == dataset.scaling.described()
    assert kept.scaling.column_names(kept.sample_shape) == ("a", "b", "c") and kept.kind == "vectors"
    assert describe(as_dataset(TABLE)).keys().isdisjoint({"scaling"}) and as_dataset(TABLE).scaling is None
    assert "constant and kept: c (7)" in dataset.notes[1]


def test_other_data_are_scaled_as_a_run_was_trained():
    scaling = as_dataset(TABLE, scaling="minmax").scaling
    other = as_dataset(TABLE + 1, scaling=scaling)
    assert np.allclose(other.samples, [[-0.5, -0.99, 1], [0.5, 1.01, 1], [1.5, 0.01, 1]]) and other.scaling is scaling
    own = as_dataset(TABLE + 1, scaling="standard")
    assert np.allclose(own.rescaled(scaling).samples, other.samples, atol=1e-5) and own.rescaled(None) is own
    with pytest.raises(UserError, match="samples of 2 features, expected 3"):
        as_dataset(TABLE[:, :2], scaling=scaling)


def test_names_of_columns_of_a_series():
    two = as_dataset(np.random.default_rng(0).normal(size=(5, 3, 2)), scaling="standard", names=("x", "y"))
    assert two.is_series and two.kind == "series"
    assert two.scaling.column_names((3, 2)) == ("x_1", "y_1", "x_2", "y_2", "x_3", "y_3")


@pytest.mark.parametrize(
    ("shape", "kind", "made"),
    [
        ((6, 5), "auto", (5,)), ((6, 5), "vectors", (5,)), ((6, 5), "series", (5, 1)), ((6, 5, 2), "auto", (5, 2)),
        ((6, 4, 3, 2), "volumes", (4, 3, 2, 1)), ((6, 4, 5, 3, 2), "auto", (4, 5, 3, 2)),
    ],
)  # fmt: skip
def test_kinds(shape, kind, made, tmp_path):
    rows = np.random.default_rng(0).normal(size=shape)
    np.savez(tmp_path / "a.npz", samples=rows, names=[f"f{i}" for i in range(made[-1])])
    dataset = load(f"npz:{tmp_path}/a.npz", kind=kind)
    assert dataset.sample_shape == made and dataset.scaling.names[-1] == f"f{made[-1] - 1}"
    names = {(1,): "is_vectors", (2,): "is_series", (4,): "is_volumes"}
    for rank, name in names.items():
        assert getattr(dataset, name) == (rank == (len(made),))
    assert np.array_equal(dataset.samples, as_dataset(rows, kind=kind, scaling="standard").samples)
    plain = as_dataset(rows.astype(np.float32), kind=kind)
    assert plain.sample_shape == made and plain.scaling is None
    assert np.array_equal(plain.samples.reshape(-1), rows.astype(np.float32).reshape(-1))


@pytest.mark.parametrize(
    ("shape", "options", "words"),
    [
        ((6, 4, 8, 8), {}, "may be volumes of one channel or pictures of 8: --kind volumes"),
        ((6, 4), {"kind": "volumes"}, r"shape \(6, 4\), expected \(N, D, H, W, C\) or \(N, D, H, W\) of --kind volumes"),
        ((6, 4, 3), {"kind": "vectors"}, r"expected \(N, F\) of --kind vectors"),
        ((6,), {}, r"expected \(N, ...\): single numbers as \(N, 1\)"),
        ((6, 4), {"label_column": "x"}, "label_column=x is for csv:PATH"),
        ((6, 4), {"image_size": 8}, "image_size=8.* is for pictures"),
    ],
)
def test_arrays_that_are_none_are_refused(shape, options, words, tmp_path):
    np.savez(tmp_path / "a.npz", samples=np.zeros(shape))
    with pytest.raises(UserError, match=words) as refused:
        load(f"npz:{tmp_path}/a.npz", **options)
    assert "\n" not in str(refused.value)


def test_numbers_that_are_missing_and_names_that_do_not_fit_are_refused(tmp_path):
    rows = np.ones((5, 3))
    rows[2, 1] = np.nan
    np.savez(tmp_path / "a.npz", samples=rows)
    with pytest.raises(UserError, match=r"a.npz: samples: 1 of 5 samples .* the first of them sample 2"):
        load(f"npz:{tmp_path}/a.npz")
    np.savez(tmp_path / "a.npz", samples=np.ones((5, 3)), names=["a", "b", "a"])
    with pytest.raises(UserError, match="two features are called a, expected a name each"):
        load(f"npz:{tmp_path}/a.npz")
    np.savez(tmp_path / "a.npz", samples=np.ones((5, 3)), names=["a", "b"])
    with pytest.raises(UserError, match="2 names, expected 3"):
        load(f"npz:{tmp_path}/a.npz")
    with pytest.raises(UserError, match="no finite mean"):
        fitted(np.array([[-1.7e308], [1.7e308]]), "standard")


def test_pictures_under_the_name_of_samples_are_pictures(tmp_path):
    pictures = np.random.default_rng(0).integers(0, 256, (5, 8, 8), dtype=np.uint8)
    np.savez(tmp_path / "a.npz", samples=pictures)
    dataset = load(f"npz:{tmp_path}/a.npz", kind="images")
    assert dataset.is_images and dataset.scaling is None and np.array_equal(dataset.samples[..., 0], pictures)
