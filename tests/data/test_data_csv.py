"""Tables: read as numpy reads them; what is no number is refused by file, row and column."""

import csv
import io

import numpy as np
import pytest

from jaxgan.data import load, load_held_out
from jaxgan.data.csv_table import delimiter_of, is_header, read_table
from jaxgan.errors import NoSplitError, UserError

RNG = np.random.default_rng(0)


def write(path, text):
    path.write_text(text, encoding="utf-8")
    return f"csv:{path}"


@pytest.mark.parametrize(("delimiter", "named"), [(",", "commas"), (";", "semicolons"), ("\t", "tabs")])
@pytest.mark.parametrize("header", ["", "height,body mass,z1"])
@pytest.mark.parametrize("form", ["%.18e", "%.3f"])
def test_read_as_numpy_reads_it(tmp_path, delimiter, named, header, form):
    path = tmp_path / "a.csv"
    np.savetxt(
        path, RNG.normal(50, 20, (30, 3)), delimiter=delimiter, header=header.replace(",", delimiter), comments="", fmt=form
    )
    theirs = np.genfromtxt(path, delimiter=delimiter, skip_header=bool(header))
    table = read_table(path)
    assert np.array_equal(table.numbers, theirs) and len(theirs) == 30
    assert table.names == (("height", "body mass", "z1") if header else ("column 1", "column 2", "column 3"))
    assert named in table.notes[0] and ("header line" in table.notes[0])
    assert ("no header line" in table.notes[0]) == (not header)
    dataset = load(f"csv:{path}")
    assert np.allclose(dataset.scaling.to_units(dataset.samples), theirs, rtol=1e-5, atol=1e-4)
    assert dataset.kind == "vectors" and dataset.labels is None and dataset.scaling.names == table.names


def test_quotes_bom_line_ends_and_names_with_commas(tmp_path):
    path = tmp_path / "a.csv"
    path.write_bytes(b'\xef\xbb\xbf"a, in cm","b"\r\n"1.5", 2\r\n\r\n3e2,"-4"\r\n')
    table = read_table(path)
    assert table.names == ("a, in cm", "b") and table.numbers.tolist() == [[1.5, 2], [300, -4]]


def test_one_column(tmp_path):
    assert load(write(tmp_path / "a.csv", "x\n1\n2\n4\n")).sample_shape == (1,)
    assert read_table(tmp_path / "a.csv").names == ("x",)


def test_as_a_series(tmp_path):
    dataset = load(write(tmp_path / "a.csv", "t1,t2,t3,t4\n1,2,3,4\n5,6,7,8\n"), kind="series", scaling="minmax")
    assert dataset.sample_shape == (4, 1) and np.allclose(dataset.samples[:, :, 0], (np.arange(8).reshape(2, 4) - 3.5) / 3.5)
    assert dataset.scaling.column_names((4, 1)) == ("t1", "t2", "t3", "t4")


@pytest.mark.parametrize("column", ["species", "2"])
def test_a_column_of_words_is_classes(tmp_path, column):
    rows = io.StringIO()
    csv.writer(rows).writerows([["length", "species", "width"], [1, "setosa", 5], [2, "virginica", 6], [3, "setosa", 7]])
    dataset = load(write(tmp_path / "a.csv", rows.getvalue()), label_column=column, scaling="none")
    assert dataset.class_names == ("setosa", "virginica") and dataset.labels.tolist() == [0, 1, 0]
    assert dataset.samples.tolist() == [[1, 5], [2, 6], [3, 7]]
    assert dataset.scaling.names == ("length", "width") and dataset.scaling.label_name == "species"


def test_a_column_of_whole_numbers_without_a_header(tmp_path):
    dataset = load(write(tmp_path / "a.csv", "0.5;3\n0.25;1\n0.75;3\n"), label_column="2", scaling="none")
    assert (
        dataset.labels.tolist() == [1, 0, 1]
        and dataset.class_names == ("1", "3")
        and dataset.samples[:, 0].tolist() == [0.5, 0.25, 0.75]
    )
    floats = load(write(tmp_path / "b.csv", "a,y\n0.5,0.0\n0.25,1.0\n"), label_column="y")
    assert floats.labels.tolist() == [0, 1] and floats.n_classes == 2


def test_train_and_test_in_a_folder(tmp_path):
    """The test split is scaled by the statistics of the training split, and has its classes."""
    write(tmp_path / "train.csv", "x,y\n0,b\n10,a\n20,b\n")
    write(tmp_path / "test.csv", "x,y\n30,b\n")
    name = f"csv:{tmp_path}"
    test = load_held_out(name, label_column="y", scaling="minmax")
    assert test.samples.tolist() == [[2.0]] and test.labels.tolist() == [1] and test.class_names == ("a", "b")
    assert test.scaling.offset == load(name, label_column="y", scaling="minmax").scaling.offset
    write(tmp_path / "test.csv", "x,y\n30,c\n")
    with pytest.raises(UserError, match=r"test\.csv: labels hold c, expected one of a, b"):
        load(name, split="test", label_column="y")
    write(tmp_path / "test.csv", "z,y\n30,c\n")
    with pytest.raises(UserError, match=r"test\.csv: columns z, expected x as in .*train\.csv"):
        load(name, split="test", label_column="y")
    (tmp_path / "test.csv").unlink()
    assert load_held_out(name, label_column="y") is None
    with pytest.raises(NoSplitError):
        load(f"csv:{tmp_path}/train.csv", split="test", label_column="y")


def test_what_is_a_header():
    assert is_header(["a", "b"], ["1", "2"]) and is_header(["id", "2001"], ["7", "3.5"]) and is_header(["", "x"], ["1", "2"])
    assert not is_header(["1", "2"], ["3", "4"]) and not is_header(["1", "", "3"], ["1", "2", "3"])
    assert not is_header(["1", "cat"], ["2", "dog"]) and not is_header(["nan", "1"], ["1", "2"])
    assert is_header(["length", "kind"], ["2", "dog"])


def test_delimiters():
    assert delimiter_of("a;b\n1,5;2,5\n") == ";" and delimiter_of("1\n2\n") == "," and delimiter_of("") == ","
    assert delimiter_of("a b;c\n1;2\n") == ";" and delimiter_of("a\tb\n1\t2\n") == "\t"


REFUSED = {
    "a,b\n1,2\n3,\n": "a.csv: row 3, column b: a missing value, expected a number",
    "a,b\n1,2\nNaN,3\n": r"a.csv: row 3, column a: a missing value \(NaN\), expected a number",
    "a,b\n1,2\n\n3,NA\n": r"a.csv: row 4, column b: a missing value \(NA\)",
    "1,2\n3,inf\n": "a.csv: row 2, column column 2: inf is not finite",
    "a,b\n1,2\n3,-1e999\n": "row 3, column b: -1e999 is not finite",
    "a,b\n1,two\n": "row 2, column b: 'two', expected a number .*--label-column 'b'",
    "a;b\n1,5;2\n": "row 2, column a: '1,5', expected a number, with a point for the decimals",
    "a,b\n1,1_000\n": "row 2, column b: '1_000', expected a number",
    "a,b\n1,2\n3\n": "a.csv: row 3 has 1 columns, expected 2 as in row 1",
    "1,2\n3,4,5\n": "a.csv: row 2 has 3 columns, expected 2 as in row 1",
    "a,a\n1,2\n": "columns 1 and 2 are both called a",
    "a,b\n": "a.csv: holds a header line alone",
    "": "a.csv: empty",
    "a,b\n1,1e39\n": "a.csv: 1 of 1 samples hold numbers that are missing or not finite in float32",
}


@pytest.mark.parametrize("content", REFUSED)
def test_what_is_no_table_of_numbers_is_refused(tmp_path, content):
    with pytest.raises(UserError, match=REFUSED[content]) as refused:
        load(write(tmp_path / "a.csv", content))
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("content", "column", "words"),
    [
        ("a,b\n1,2\n", "c", "no column c of labels .*expected a, b, or a number from 1 to 2"),
        ("1,2\n", "3", "no column 3 of labels .*expected a number from 1 to 2"),
        ("a,b\n1,x\n2,\n", "b", "row 3, column b: a missing label, expected a word or a number"),
        (
            "a,b\n1,20.5\n2,30\n\n3,NaN\n",
            "b",
            r"row 5, column b: a missing label \(NaN\), expected a number: leave such rows out",
        ),
        ("a,b\n1,20\n2,none\n", "b", r"row 3, column b: a missing label \(none\), expected a number"),
        ("a,b\n1,cat\n2,NA\n3,dog\n", "b", r"row 3, column b: a missing label \(NA\), expected a word or a number"),
        ("a,b\n1,none\n2,NA\n3,dog\n", "b", r"row 3, column b: a missing label \(NA\), expected a word or a number"),
        ("a,b\n1,20.5\n2,inf\n", "b", "row 3, column b: inf is not finite, expected a word or a finite number"),
        ("a,b\n1,-1\n2,0\n", "b", "labels hold -1, expected class numbers from 0"),
        ("b\nx\n", "b", "holds the column b of labels alone"),
    ],
)
def test_labels_that_are_none_are_refused(tmp_path, content, column, words):
    with pytest.raises(UserError, match=words) as refused:
        load(write(tmp_path / "a.csv", content), label_column=column)
    assert "\n" not in str(refused.value)


def test_none_among_words_is_a_class(tmp_path):
    name = write(tmp_path / "a.csv", "a,damage\n1,none\n2,mild\n3,none\n")
    assert load(name, label_column="damage").class_names == ("mild", "none")


def test_files_that_are_none_are_refused(tmp_path):
    with pytest.raises(UserError, match=r"nothing\.csv: no such file, expected a table of numbers"):
        load(f"csv:{tmp_path}/nothing.csv")
    with pytest.raises(UserError, match=r"train\.csv: no such file"):
        load(f"csv:{tmp_path}")
    (tmp_path / "a.csv").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(UserError, match="no text in UTF-8"):
        load(f"csv:{tmp_path}/a.csv")
    for options in ({"image_size": 8}, {"points": 5}, {"resize": "pad"}):
        with pytest.raises(UserError, match=f"{next(iter(options))}="):
            load(f"csv:{tmp_path}/a.csv", **options)
    for options in ({"kind": "series"}, {"scaling": "none"}, {"label_column": "x"}):
        with pytest.raises(UserError, match=f"{next(iter(options))}=.* is for"):
            load("ring8", **options)


def test_a_column_of_numbers_conditions_as_a_continuous_label(tmp_path):
    """Age is 20, 30 and 40 in one column of classes or numbers, and 20.5 can only be a number; the test split is in the training split's units."""
    write(tmp_path / "train.csv", "x,age\n1,20\n2,30\n3,40\n")
    write(tmp_path / "test.csv", "x,age\n1,50\n")
    name = f"csv:{tmp_path}"
    assert load(name, label_column="age").n_classes == 3
    train, test = (load(name, split=split, label_column="age", label_kind="continuous") for split in ("train", "test"))
    assert (train.n_classes, train.label_kind, train.label_names) == (0, "continuous", ("age",))
    np.testing.assert_allclose(train.labels[:, 0], [-(1.5**0.5), 0, 1.5**0.5], rtol=1e-6)  # mean 30, deviation sqrt(200 / 3)
    np.testing.assert_allclose(test.label_vectors.to_units(test.labels), [[50]], rtol=1e-6)
    np.testing.assert_allclose(test.labels, [[20 / (200 / 3) ** 0.5]], rtol=1e-6)
    write(tmp_path / "one.csv", "x,age\n1,20.5\n2,30\n")
    assert load(f"csv:{tmp_path}/one.csv", label_column="age").label_kind == "continuous"
    for kind, words in (
        ("classes", r"column age of labels holds 20\.5, expected words or whole numbers"),
        ("multi_hot", "is one column"),
    ):
        with pytest.raises(UserError, match=words):
            load(f"csv:{tmp_path}/one.csv", label_column="age", label_kind=kind)
    write(tmp_path / "words.csv", "x,age\n1,old\n2,30\n")
    with pytest.raises(UserError, match="column age of labels holds old, expected numbers"):
        load(f"csv:{tmp_path}/words.csv", label_column="age", label_kind="continuous")
