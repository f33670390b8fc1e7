"""Labels of a folder's pictures from a CSV or a JSON, which pyarrow and simplejson write here; what does not fit is one line."""

import jax
import jax.numpy as jnp
import numpy as np
import pyarrow
import pyarrow.csv
import pytest
import simplejson
from PIL import Image

from jaxgan.data import account, as_dataset, describe, differences, from_description, load
from jaxgan.errors import UserError
from jaxgan.report.sample_folder import SampleFolder

NAMES = ("b.png", "a.png", "c.png")  # in the files; a folder is read in the order a, b, c


def folder_of(tmp_path, names=NAMES):
    """Pictures whose grey says their name: 10 for a, 20 for b, ..."""
    for name in names:
        path = tmp_path / "set" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.new("L", (4, 4), 10 * (ord(path.name[0]) - ord("a") + 1)).save(path)
    return tmp_path / "set"


def csv_file(path, names=NAMES, **columns):
    pyarrow.csv.write_csv(pyarrow.table({"file": list(names), **columns}), path)
    return path


def read(folder, **options):
    dataset = load(f"folder:{folder}", **options)
    assert dataset.samples[:, 0, 0, 0].tolist() == [10, 20, 30][: dataset.size]
    return dataset


def in_units(dataset):
    return dataset.label_vectors.to_units(dataset.labels).astype(float).round(5).tolist()


def test_a_column_of_words_or_whole_numbers_is_classes(tmp_path):
    folder, path = folder_of(tmp_path), tmp_path / "y.csv"
    words = read(folder, label_file=csv_file(path, kind=["dog", "cat", "dog"]))
    assert words.labels.tolist() == [0, 1, 1] and words.class_names == ("cat", "dog") and words.label_kind == "classes"
    numbers = read(folder, label_file=csv_file(path, kind=[1, 0, 2]))
    assert numbers.labels.tolist() == [0, 1, 2] and numbers.n_classes == 3
    ages = read(folder, label_file=csv_file(path, age=[30, 20, 70]), label_kind="continuous")
    assert ages.label_kind == "continuous" and ages.label_names == ("age",) and in_units(ages) == [[20], [30], [70]]


def test_columns_of_numbers_are_continuous_and_standardised_with_their_units_kept(tmp_path):
    folder = folder_of(tmp_path)
    dataset = read(folder, label_file=csv_file(tmp_path / "y.csv", age=[20.0, 30.0, 70.0], size=[1.5, 2.5, 2.0]))
    assert dataset.label_names == ("age", "size") and dataset.label_dim == 2 and dataset.n_classes == 0
    assert in_units(dataset) == [[30, 2.5], [20, 1.5], [70, 2]]
    np.testing.assert_allclose(dataset.labels.mean(0), 0, atol=1e-6)
    np.testing.assert_allclose(dataset.labels.std(0), 1, atol=1e-6)
    assert "age from 20 to 70 (mean 40, std 21.6)" in account(dataset)[0]
    one = read(folder, label_file=csv_file(tmp_path / "one.csv", age=[0.5, 1.5, 2.0]))
    assert one.label_kind == "continuous" and in_units(one) == [[1.5], [0.5], [2]]


def test_several_labels_a_picture_are_columns_of_0_and_1_or_separated_words(tmp_path):
    folder, wanted = folder_of(tmp_path), [[1, 0], [1, 1], [0, 0]]
    columns = read(folder, label_file=csv_file(tmp_path / "y.csv", glasses=[1, 1, 0], smiling=[1, 0, 0]))
    assert columns.label_kind == "multi_hot" and columns.labels.tolist() == wanted and columns.labels.dtype == np.float32
    assert "2 labels, any of them at once: glasses (66.7%), smiling (33.3%)" in account(columns)[0]
    signs = read(folder, label_file=csv_file(tmp_path / "s.csv", glasses=[1, 1, -1], smiling=[1, -1, -1]))
    assert signs.labels.tolist() == wanted
    for mark in ";|":
        words = read(folder, label_file=csv_file(tmp_path / "w.csv", has=[f"smiling{mark} glasses", "glasses", ""]))
        assert words.label_names == ("glasses", "smiling") and words.labels.tolist() == wanted
    alone = read(folder, label_file=csv_file(tmp_path / "a.csv", glasses=[1, 0, 0], smiling=[0, 1, 1]))
    assert alone.label_kind == "multi_hot"  # named columns say so, though every row has one 1
    classes = read(folder, label_file=tmp_path / "a.csv", label_kind="classes")
    assert classes.class_names == ("glasses", "smiling") and classes.labels.tolist() == [1, 0, 1]


FORMS = {
    "an object": dict(zip(NAMES, ("x", "y", "x"), strict=True)),
    "stylegan": {"labels": [["./b.png", "x"], ["a.png", "y"], ["c.png", "x"]]},
    "objects": [{"file_name": name, "label": label} for name, label in zip(NAMES, "xyx", strict=True)],
}


@pytest.mark.parametrize("form", FORMS)
def test_json_of_each_form(tmp_path, form):
    folder, path = folder_of(tmp_path), tmp_path / "y.json"
    path.write_text(simplejson.dumps(FORMS[form]))
    dataset = read(folder, label_file=path)
    assert dataset.labels.tolist() == [1, 0, 0] and dataset.class_names == ("x", "y")


def test_json_of_words_and_numbers(tmp_path):
    folder, path = folder_of(tmp_path), tmp_path / "y.json"
    path.write_text(simplejson.dumps({"a.png": ["red", "big"], "b.png": [], "c.png": ["red"]}))
    assert read(folder, label_file=path).labels.tolist() == [[1, 1], [0, 0], [0, 1]]
    path.write_text(simplejson.dumps({"a.png": [0.5, 3], "b.png": [1, 2], "c.png": [0, 7]}))
    assert in_units(read(folder, label_file=path)) == [[0.5, 3], [1, 2], [0, 7]]
    path.write_text(simplejson.dumps([{"file": n, "x": i, "y": i / 4} for i, n in enumerate(NAMES)]))
    dataset = read(folder, label_file=path)
    assert dataset.label_names == ("x", "y") and in_units(dataset) == [[1, 0.25], [0, 0], [2, 0.5]]


def test_paths_splits_and_pictures_that_stay_on_disk(tmp_path):
    folder = folder_of(tmp_path, ("train/a.png", "train/b.png", "test/c.png", "test/d.png"))
    path = csv_file(tmp_path / "y.csv", ("train/b.png", "a.png", "test/c.png", "d.png"), age=[2.5, 1.5, 5.5, 6.5])
    train = read(folder, label_file=path)
    assert in_units(train) == [[1.5], [2.5]] and train.label_vectors.high == [2.5] and "2 labels in y.csv" in train.notes[-1]
    assert load(f"folder:{folder}", split="test", label_file=path).label_vectors.high == [6.5]
    streamed = load(f"folder:{folder}", label_file=path, memory=0)
    assert streamed.records[1][1].tolist() == [1] and streamed.label_vectors.described() == train.label_vectors.described()
    same = load(f"folder:{folder}", label_file=path, memory=0)
    assert not differences(describe(streamed), same)
    changed = csv_file(path, ("train/b.png", "a.png", "test/c.png", "d.png"), age=[1.5, 2.5, 5.5, 6.5])
    apart = differences(describe(streamed), load(f"folder:{folder}", label_file=changed, memory=0))
    assert len(apart) == 1 and apart[0].startswith("digest of the labels")
    alone = csv_file(tmp_path / "train.csv", ("a.png", "train/b.png"), age=[1.5, 2.5])
    unlabelled = load(f"folder:{folder}", split="test", label_file=alone)
    assert unlabelled.size == 2 and unlabelled.labels is None and unlabelled.label_dim == 0


def test_a_file_in_the_folder_is_taken_by_itself_unless_it_does_not_fit_or_folders_are_classes(tmp_path):
    folder = folder_of(tmp_path)
    csv_file(folder / "labels.csv", kind=["dog", "cat", "dog"])
    dataset = read(folder)
    assert dataset.class_names == ("cat", "dog") and "labels read from labels.csv" in dataset.notes
    csv_file(folder / "labels.csv", ("b.png", "a.png"), kind=["dog", "cat"])
    dataset = read(folder)
    assert dataset.n_classes == 0 and "labels.csv is there and was not read" in dataset.notes[-1]
    classes = folder_of(tmp_path / "classes", ("one/a.png", "two/b.png"))
    csv_file(classes / "labels.csv", ("a.png", "b.png"), age=[1.5, 2.5])
    assert load(f"folder:{classes}").class_names == ("one", "two")
    assert "labels.csv is there and not read, for the subfolders are the classes" in load(f"folder:{classes}").notes[-1]
    assert in_units(read(classes, label_file=classes / "labels.csv")) == [[1.5], [2.5]]


@pytest.mark.parametrize(
    ("text", "options", "words"),
    [
        ("a.png,x\nb.png,y\n", {}, "y.csv: of 3 pictures 1 (c.png) is without a label"),
        ("a.png,x\nb.png,y\nc.png,y\nd.png,y\n", {}, "y.csv: 1 (d.png) is labelled and in no place of"),
        ("a.png,x\nb.png,y\nc.png,y\na.png,y\n", {}, "y.csv: 1 (a.png) is there twice"),
        ("file,u,v\na.png,1,2\nb.png,3,old\nc.png,5,6\n", {}, "row 3, column 'v' holds 'old': several columns of labels must be numbers"),
        ("a.png,1,2\nb.png,3\n", {}, "row 2 has 2 columns, and row 1 has 3"),
        ("a.png\nb.png\n", {}, "row 1 has one column"),
        ("file,u,u\na.png,1,2\n", {}, "2 columns are called 'u'"),
        ("a.png,x\nb.png,\nc.png,y\n", {}, "row 2 has no label"),
        ("a.png,x\nb.png,y\nc.png,z\n", {"label_kind": "continuous"}, "row 1 has label 'x', expected a number"),
        ("file,u,v\na.png,1,2\nb.png,3,4\nc.png,5,6\n", {"label_kind": "multi_hot"}, "multi-hot labels are 0 or 1 each"),
        ("", {}, "holds no rows"),
        ('{"a.png": "x", "b.png": 3, "c.png": "y"}', {}, "key 'b.png' has a number, and key 'a.png' a word"),
        ('{"a.png": null, "b.png": 3, "c.png": "y"}', {}, "key 'a.png' has label None, expected a word, a number, or a list"),
        ('{"labels": null}', {}, "labels is None, expected a list of [file name, label]"),
        ('[{"label": 3}]', {}, "entry 0 is {'label': 3}, expected [file name, label]"),
        ("{", {}, "no JSON"),
        ("7", {}, "holds 7, expected an object of file name to label"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_said(tmp_path, text, options, words):
    path = tmp_path / ("y.json" if text[:1] in ("{", "[", "7") else "y.csv")
    path.write_text(text)
    with pytest.raises(UserError) as refused:
        load(f"folder:{folder_of(tmp_path)}", label_file=path, **options)
    assert words in str(refused.value) and "\n" not in str(refused.value) and str(path) in str(refused.value)


def test_a_name_that_several_pictures_have_needs_its_path_and_other_sets_take_no_file(tmp_path):
    folder = folder_of(tmp_path, ("u/a.png", "v/a.png"))
    with pytest.raises(UserError, match=r"row 2 names a.png, and 2 pictures are called so \(u/a.png, v/a.png\): give paths"):
        load(f"folder:{folder}", label_file=csv_file(tmp_path / "y.csv", ("a.png", "v/a.png"), x=[1, 2]))
    with pytest.raises(UserError, match=r"label_file=y\.csv is for pictures of folder:PATH"):
        load("digits", label_file="y.csv")
    with pytest.raises(UserError, match=r"no such file, expected labels as \.csv or \.json"):
        load(f"folder:{folder}", label_file=tmp_path / "none.csv")


def test_labels_of_archives_and_arrays_of_every_kind(tmp_path):
    samples, several, numbers = np.zeros((4, 2), np.float32), [[1, 1, 0], [0, 0, 0], [1, 0, 0], [0, 1, 0]], [0.5, 1.5, 2.5, 7.5]
    hot = as_dataset(samples, np.array(several), label_names="abc")
    assert hot.label_kind == "multi_hot" and hot.labels.tolist() == several and "c: the same for all samples" in hot.notes[-1]
    one_hot = as_dataset(samples, np.eye(4))
    assert one_hot.label_kind == "classes" and one_hot.n_classes == 4 and one_hot.labels.tolist() == [0, 1, 2, 3]
    assert as_dataset(samples, np.eye(4), label_kind="multi_hot").label_dim == 4
    one = as_dataset((samples, np.array(numbers)))
    assert one.label_kind == "continuous" and one.labels.shape == (4, 1) and one.label_vectors.mean == [3] and not one.n_classes
    whole = as_dataset(samples, [3, 9, 4, 4], label_kind="continuous")
    assert whole.label_vectors.low == [3] and as_dataset(samples, [3, 9, 4, 4]).n_classes == 3
    path = tmp_path / "x.npz"
    np.savez(path, points=samples, labels=np.array(numbers, np.float32), label_names=["age"])
    read = load(f"npz:{path}")
    assert in_units(read) == [[x] for x in numbers] and read.label_names == ("age",)
    again = from_description(simplejson.loads(simplejson.dumps(describe(read))))
    assert again.label_vectors.described() == read.label_vectors.described() and not differences(describe(read), read)
    np.savez(path, points=samples, labels=np.array(numbers, np.float32) * 2, label_names=["age"])
    assert [line.split(" of the labels")[0] for line in differences(describe(read), load(f"npz:{path}"))] == [
        "means",
        "deviations",
    ]
    np.savez(path, points=samples, labels=np.array([0, 1, 1, 0]), label_names=["cat", "dog"])
    assert load(f"npz:{path}").class_names == ("cat", "dog")
    with pytest.raises(UserError, match="2 label_names for 1 columns"):
        load(f"npz:{path}", label_kind="continuous")


def test_a_function_may_draw_label_vectors():
    def draw(key, n):
        age = 40 + 10 * jax.random.normal(key, (n,))
        return jnp.stack([age, age], 1) / 100, age

    dataset = as_dataset(draw, label_names=["age"])
    samples, labels = dataset.sampler(jax.random.key(5), 200)
    assert dataset.label_kind == "continuous" and labels.shape == (200, 1) and abs(dataset.label_vectors.mean[0] - 40) < 0.5
    np.testing.assert_allclose(dataset.label_vectors.to_units(labels)[:, 0], samples[:, 0] * 100, rtol=1e-4)
    assert abs(labels.std() - 1) < 0.2


class TestTablesOfSeveralColumns:
    """Which column names the file, and which are labels."""

    def write(self, path, **columns):
        pyarrow.csv.write_csv(pyarrow.table(columns), path)
        return path

    def test_the_file_is_named_by_the_column_that_is_called_so(self, tmp_path):
        folder = folder_of(tmp_path)
        path = self.write(tmp_path / "y.csv", id=[7, 8, 9], filename=NAMES, size=[1.5, 2.5, 2.0])
        both = read(folder, label_file=path)
        assert both.label_names == ("id", "size") and in_units(both) == [[8, 2.5], [7, 1.5], [9, 2]]
        words = self.write(
            tmp_path / "words.csv", picture=NAMES, name=["dog", "cat", "dog"]
        )  # the first column has the pictures
        assert read(folder, label_file=words).class_names == ("cat", "dog")

    def test_of_several_columns_that_may_name_the_files_the_one_that_does(self, tmp_path):
        folder = folder_of(tmp_path)
        path = self.write(tmp_path / "y.csv", id=[7, 8, 9], name=["rex", "tom", "rex"], filename=NAMES)
        assert read(folder, label_file=path, label_column="name").class_names == ("rex", "tom")
        plain = tmp_path / "plain.csv"
        plain.write_text("".join(f"{row},{name},{label}\n" for row, name, label in zip((7, 8, 9), NAMES, "xyx", strict=True)))
        assert read(folder, label_file=plain, label_column=3).class_names == ("x", "y")
        with pytest.raises(UserError, match=r"column 3 holds 'x': .* --label-column 3 takes"):
            read(folder, label_file=plain)

    def test_row_numbers_without_a_name_are_no_labels(self, tmp_path):
        """As pandas writes them."""
        folder, path = folder_of(tmp_path), tmp_path / "y.csv"
        path.write_text(",filename,label\n" + "".join(f"{row},{name},{row % 2}\n" for row, name in enumerate(NAMES)))
        dataset = read(folder, label_file=path)
        assert dataset.n_classes == 2 and dataset.labels.tolist() == [1, 0, 0]
        assert any("the first column of y.csv has no name" in note for note in dataset.notes)

    def test_what_is_no_column_of_labels_is_refused(self, tmp_path):
        folder, path = folder_of(tmp_path), tmp_path / "y.csv"
        path.write_text("file,kind\n" + "".join(f"{name},cat\n" for name in NAMES))
        for column in ("file", 1):
            with pytest.raises(UserError, match=f"--label-column {column} is the column that names the files"):
                read(folder, label_file=path, label_column=column)
        for column in (0, 3, "x"):
            with pytest.raises(UserError, match=rf"no column {column} of labels .* number from 1 to 2, but for 1"):
                read(folder, label_file=path, label_column=column)
        path.write_text("label,file,label\n" + "".join(f"1,{name},2\n" for name in NAMES))
        with pytest.raises(UserError, match=r"2 columns are called 'label'"):
            read(folder, label_file=path, label_column="label")

    def test_a_table_of_the_training_pictures_alone_leaves_the_others_without_labels(self, tmp_path):
        folder = folder_of(tmp_path, ("train/b.png", "train/a.png", "train/c.png", "test/x.png"))
        self.write(folder / "labels.csv", file=NAMES, age=[20.0, 30.5, 70.0], kind=["dog", "cat", "dog"])
        trained = load(f"folder:{folder}", split="train", label_column="age")
        assert trained.label_names == ("age",)
        assert not load(f"folder:{folder}", split="test", label_column="age").label_dim

    def test_one_column_is_taken_by_name_or_number(self, tmp_path):
        folder = folder_of(tmp_path)
        path = self.write(
            tmp_path / "y.csv", file=NAMES, kind=["dog", "cat", "dog"], colour=["red", "red", "blue"], age=[20.0, 30.5, 70.0]
        )
        with pytest.raises(UserError, match=r"column 'kind' holds 'dog': .* --label-column kind takes this one alone"):
            read(folder, label_file=path)
        for column in ("kind", 2):
            kinds = read(folder, label_file=path, label_column=column)
            assert kinds.class_names == ("cat", "dog") and kinds.labels.tolist() == [0, 1, 1]
        ages = read(folder, label_file=path, label_column="age")
        assert ages.label_names == ("age",) and in_units(ages) == [[30.5], [20], [70]]
        with pytest.raises(
            UserError, match=r"y.csv: no column hue of labels .* expected one of .*'kind', 'colour', 'age'.* from 1 to 4"
        ):
            read(folder, label_file=path, label_column="hue")

    @pytest.mark.parametrize("form", ["object", "list", "pairs"])
    def test_so_is_one_key_of_objects(self, form, tmp_path):
        folder, path = folder_of(tmp_path), tmp_path / "y.json"
        labels = [{"kind": kind, "age": age} for kind, age in (("dog", 1.5), ("cat", 2.5), ("dog", 3.5))]
        content = {
            "object": dict(zip(NAMES, labels, strict=True)),
            "list": [{"file": name, **label} for name, label in zip(NAMES, labels, strict=True)],
            "pairs": {"labels": list(map(list, zip(NAMES, labels, strict=True)))},
        }[form]
        path.write_text(simplejson.dumps(content))
        assert read(folder, label_file=path, label_column="kind").class_names == ("cat", "dog")
        ages = read(folder, label_file=path, label_column="age")
        assert ages.label_kind == "continuous" and ages.label_names == ("age",)
        with pytest.raises(UserError, match=r"y.json: (key 'b.png'|entry 0) has the keys .*, and --label-column hue is none"):
            read(folder, label_file=path, label_column="hue")

    def test_without_a_file_of_labels_a_column_has_no_meaning(self, tmp_path):
        with pytest.raises(UserError, match=r"label_column=kind needs a file of labels, and none is there: name one by"):
            load(f"folder:{folder_of(tmp_path)}", label_column="kind")

    def test_what_sample_writes_into_a_folder_is_read_back(self, tmp_path):
        """samples.csv: classes, numbers, and no labels, with and without several generators."""
        images = np.stack([np.full((4, 4, 1), value, np.float32) for value in (-0.5, 0.0, 0.5)])
        for generators in (1, 2):
            makers = None if generators == 1 else np.array([0, 1, 0])
            out = tmp_path / f"classes{generators}"
            writer = SampleFolder(out, n_classes=2, class_names=("cat", "dog"), generators=generators)
            writer.begin()
            writer.add(images, np.arange(3), np.array([1, 0, 1]), makers)
            table = load(f"folder:{out}", label_file=out / "samples.csv")
            assert table.class_names == ("cat", "dog") and table.labels.tolist() == [0, 1, 1]  # a folder is read class by class
            out = tmp_path / f"numbers{generators}"
            writer = SampleFolder(out, label_names=("age", "size"), generators=generators)
            writer.begin()
            writer.add(images, np.arange(3), np.array([[20, 1.5], [30, 2.5], [70, 2]]), makers)
            table = load(f"folder:{out}", label_file=out / "samples.csv")
            assert table.label_names == ("age", "size") and in_units(table) == [[20, 1.5], [30, 2.5], [70, 2]]
        writer = SampleFolder(tmp_path / "none")
        writer.begin()
        writer.add(images, np.arange(3))
        with pytest.raises(UserError, match=r"samples.csv: says of samples what they were made from, and has no labels"):
            load(f"folder:{tmp_path / 'none'}", label_file=tmp_path / "none" / "samples.csv")
