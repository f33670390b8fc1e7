"""What is known of label vectors: units and back, words, and what is read from texts."""

import numpy as np
import pytest

from jaxgan.errors import UserError
from jaxgan.labels import class_number, from_description, label_vectors

CHANCE = np.random.default_rng(0)
AGES = np.stack([CHANCE.normal(40, 12, 500), CHANCE.uniform(150, 200, 500)], axis=1)
HOT = (CHANCE.uniform(size=(500, 3)) < [0.5, 0.3, 0.1]).astype(float)
CONTINUOUS, SEVERAL = (
    label_vectors(AGES, "continuous", ("age", "height")),
    label_vectors(HOT, "multi_hot", ("smiling", "glasses", "hat")),
)


def test_labels_are_standardised_and_come_back():
    seen = CONTINUOUS.to_model(AGES)
    np.testing.assert_allclose(seen, (AGES - AGES.mean(0)) / AGES.std(0), atol=1e-5)
    np.testing.assert_allclose(CONTINUOUS.to_units(seen), AGES, rtol=1e-5)
    np.testing.assert_array_equal(SEVERAL.to_units(SEVERAL.to_model(HOT)), HOT)
    assert label_vectors(np.full((3, 1), 0.1), "continuous", ("x",)).to_model([[0.1]]) == pytest.approx(0)  # no division by 0


def test_what_a_run_keeps_is_read_again():
    for vectors in (CONTINUOUS, SEVERAL):
        again = from_description(vectors.described())
        assert again.described() == vectors.described() and again.names == vectors.names and again.kind == vectors.kind
    for name, value in {"kind": "classes", "names": [], "mean": [1], "std": [0, 1], "examples": "x", "shown": None}.items():
        with pytest.raises(UserError, match=name if name != "kind" else "multi_hot or continuous"):
            from_description({**CONTINUOUS.described(), name: value})


def test_the_rows_of_a_grid_show_the_range_or_each_label_alone_and_frequent_combinations():
    one = label_vectors(AGES[:, :1], "continuous", ("age",))
    np.testing.assert_allclose(one.shown[:, 0], np.quantile(AGES[:, 0], np.linspace(0.05, 0.95, 10)))
    rows = [tuple(row) for row in SEVERAL.shown]
    assert rows[:3] == [(1, 0, 0), (0, 1, 0), (0, 0, 1)] and len(set(rows)) == len(rows)
    counts = {row: (row == HOT).all(1).sum() for row in rows[3:]}
    assert list(counts.values()) == sorted(counts.values(), reverse=True) and (1, 1, 0) in counts and (0, 0, 0) in counts
    assert SEVERAL.words((1, 0, 1)) == "smiling, hat" and SEVERAL.words((0, 0, 0)) == "none"
    assert CONTINUOUS.words((30.125, 170)) == "age=30.12 height=170"


@pytest.mark.parametrize(
    ("vectors", "label", "row"),
    [
        (CONTINUOUS, "age=30", (30, AGES[:, 1].mean())),
        (CONTINUOUS, "age=30, height=-1e2", (30, -100)),
        (CONTINUOUS, "0.5,-1", (0.5, -1)),
        (CONTINUOUS, {"height": 170}, (AGES[:, 0].mean(), 170)),
        (CONTINUOUS, [30, 170], (30, 170)),
        (SEVERAL, "smiling, hat", (1, 0, 1)),
        (SEVERAL, "none", (0, 0, 0)),
        (SEVERAL, "0,1,1", (0, 1, 1)),
        (SEVERAL, "glasses=1,hat=0", (0, 1, 0)),
        (SEVERAL, np.array([1, 1, 0]), (1, 1, 0)),
    ],
)
def test_a_label_is_read_by_name_or_by_number(vectors, label, row):
    np.testing.assert_allclose(vectors.read(label), row)


@pytest.mark.parametrize(
    ("vectors", "label", "words"),
    [
        (SEVERAL, "smiling,glases", "--label 'glases' is not known: did you mean 'glasses'? allowed are glasses, hat, smiling"),
        (CONTINUOUS, "agee=3", "did you mean 'age'?"),
        (CONTINUOUS, "30", "--label '30': 1 numbers, expected 2: age, height"),
        (CONTINUOUS, "age=old", "--label age 'old': must be a number"),
        (CONTINUOUS, "nan,1", "--label 'nan': must be a number"),
        (SEVERAL, "2,0,0", "--label '2,0,0': expected 0 or 1 for each of smiling, glasses, hat"),
    ],
)
def test_a_label_that_is_none_is_refused(vectors, label, words):
    with pytest.raises(UserError) as refused:
        vectors.read(label, "--label")
    assert words in str(refused.value)


def test_a_range_is_read():
    column, values = CONTINUOUS.read_range("height=150:200:3", "--label-range")
    assert column == 1 and values.tolist() == [150, 175, 200]
    assert len(CONTINUOUS.read_range("age=20:60", "--label-range")[1]) == 8
    assert label_vectors(AGES[:, :1], "continuous", ("age",)).read_range("20:60:2", "x")[1].tolist() == [20, 60]
    for text, words in {
        "20:60": "expected NAME=FROM:TO",
        "age=20": "expected NAME=FROM:TO",
        "age=a:b": "must be a number",
        "age=2:3:1": "1 values, expected a whole number from 2 to 100",
        "size=2:3": "allowed are age, height",
    }.items():
        with pytest.raises(UserError, match=words):
            CONTINUOUS.read_range(text, "--label-range")
    with pytest.raises(UserError, match="these are multi-hot"):
        SEVERAL.read_range("hat=0:1", "--label-range")


def test_a_class_is_read_by_name_and_by_number():
    names = ("cat", "dog", "7")
    assert [class_number(label, names, 3) for label in ("dog", "1", 2, "7", np.int32(0), 1.0)] == [1, 1, 2, 2, 0, 1]
    for label, words in {
        "dgo": "did you mean 'dog'",
        "3": "allowed are 0 to 2",
        -1: "must be a whole number, at least 0",
        "-1": "allowed are 7, cat",
    }.items():
        with pytest.raises(UserError, match=words):
            class_number(label, names, 3)
    with pytest.raises(UserError, match="have no names: allowed are 0 to 4"):
        class_number("cat", (), 5)
