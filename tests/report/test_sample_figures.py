"""What the figures of vectors, series and volumes hold: numbers in units, under their names, and nothing that is not finite."""

import csv

import numpy as np
import pytest

from jaxgan.data import as_dataset, load
from jaxgan.errors import UserError
from jaxgan.report.figures import figure_array, plain_name
from jaxgan.report.sample_figures import range_figure, samples_figure
from jaxgan.report.samples import SampleView, can_be_drawn, real_beside, save_over_a_label, save_samples
from jaxgan.report.tables import save_table

RNG = np.random.default_rng(0)
SHAPES = {"vectors": (4,), "one": (1,), "many": (15,), "series": (9, 2), "single": (9, 1), "volumes": (4, 5, 6, 1)}


def dataset_of(shape, **options):
    rows = RNG.normal(100, 20, (40, *shape))
    return rows, as_dataset(rows, scaling="standard", **options)


@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
def test_every_kind_is_drawn_real_or_not_finite_or_not(shape):
    """A run that diverged is drawn too, as far as there is something."""
    _, dataset = dataset_of(shape)
    broken = dataset.samples.copy()
    broken[:3] = np.nan
    broken[3:5] = np.inf
    assert can_be_drawn(shape)
    for samples, real in ((broken, real_beside(dataset)), (np.full_like(broken, 1e30), None), (broken[:1], None)):
        picture = figure_array(samples_figure(samples, real=real, scaling=dataset.scaling, title="step 3"))
        assert picture.ndim == 3 and len(np.unique(picture)) > 2


def test_vectors_in_units_under_their_names():
    rows, dataset = dataset_of((4,), names=("height", "weight", "age", "z_score"))
    figure = samples_figure(dataset.samples, real=dataset.samples[:7], scaling=dataset.scaling)
    axes = {(a.get_ylabel(), a.get_xlabel()): a for a in figure.axes if a.axison}
    assert len(axes) == 10 and ("", "height") in axes and ("z score", "age") in axes
    real, fake = axes["weight", "height"].collections
    assert np.allclose(fake.get_offsets(), rows[:, :2], atol=1e-3) and np.allclose(real.get_offsets(), rows[:7, :2], atol=1e-3)
    [histogram] = [patch for patch in axes["", "age"].patches if not patch.get_fill()]
    low, high = axes["", "age"].get_xlim()
    assert np.isclose(histogram.get_data().values.sum(), np.mean((rows[:, 2] >= low) & (rows[:, 2] <= high)))
    wide = samples_figure(RNG.normal(size=(30, 20)), title="step 7")
    assert wide.get_suptitle() == "step 7: the first 12 of 20 features"
    assert [a.get_xlabel() for a in wide.axes if a.axison][-1] == "x12"


def test_series_as_lines_in_units():
    rows, dataset = dataset_of((9, 2), names=("level", "flow"))
    figure = samples_figure(dataset.samples[5:], real=dataset.samples, scaling=dataset.scaling)
    drawn = np.array([a.lines[0].get_ydata() for a in figure.axes]).reshape(2, 2, 4, 9)  # (kinds, channels, columns, time)
    assert np.allclose(drawn[0], np.moveaxis(rows[5:9], 2, 0), atol=1e-3)
    assert np.allclose(drawn[1], np.moveaxis(rows[:4], 2, 0), atol=1e-3)
    assert [figure.axes[place].get_ylabel() for place in (0, 4, 8, 12)] == ["level", "flow", "level", "flow"]
    single = samples_figure(RNG.normal(size=(30, 9, 1)), real=RNG.normal(size=(3, 9, 1)))
    assert [len(a.lines) for a in single.axes] == [1] * 11 + [0]


def test_middle_slices_of_volumes_in_units():
    rows, dataset = dataset_of((4, 5, 6, 1))
    figure = samples_figure(dataset.samples[1:3], real=dataset.samples[:1], scaling=dataset.scaling)
    images = [a.images[0].get_array() if a.images else None for a in figure.axes[:12]]
    for row, volume in ((0, rows[1]), (6, rows[2])):
        for image, middle in zip(images[row:], (volume[2], volume[:, 2], volume[:, :, 3]), strict=False):
            assert np.allclose(image, middle[..., 0], atol=1e-3)
    assert np.allclose(images[3], rows[0, 2, ..., 0], atol=1e-3) and images[9] is None


def test_two_named_columns_are_no_mere_points():
    _, dataset = dataset_of((2,), names=("a", "b"))
    labels = np.zeros(40, int)
    scaled, points = (
        SampleView(None, 0, scaling=scaling).picture(dataset.samples, labels, "") for scaling in (dataset.scaling, None)
    )
    assert scaled.shape != points.shape
    assert real_beside(as_dataset(RNG.integers(0, 256, (5, 4, 4, 1), dtype=np.uint8))) is None
    assert len(real_beside(dataset)) == 40


@pytest.mark.parametrize("scaling", ["standard", "minmax", "none"])
def test_a_table_is_read_back_as_it_was(tmp_path, scaling):
    """Numbers to float32's precision at the scale of their column, and labels by their names."""
    rows = np.stack([RNG.normal(1.7e9, 1e4, 30), RNG.normal(0, 1e-6, 30), RNG.normal(50, 20, 30)], 1)
    with (tmp_path / "a.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["time, in s", "tiny", "kind", "x"])
        writer.writerows([a, b, "cat" if x < 50 else "dog", x] for a, b, x in rows)
    dataset = load(f"csv:{tmp_path}/a.csv", label_column="kind", scaling=scaling)
    save_samples(tmp_path / "b.csv", dataset.samples, dataset.labels, scaling=dataset.scaling, class_names=dataset.class_names)
    again = load(f"csv:{tmp_path}/b.csv", label_column="kind", scaling=scaling)
    assert again.scaling.names == ("time, in s", "tiny", "x") and again.class_names == ("cat", "dog")
    assert np.array_equal(again.labels, dataset.labels)
    scale = np.array(dataset.scaling.scale) * np.abs(dataset.samples).max(0)
    assert np.all(np.abs(again.scaling.to_units(again.samples) - rows) <= 2.0**-21 * scale)
    save_samples(tmp_path / "c.npz", dataset.samples, dataset.labels, scaling=dataset.scaling)
    with np.load(tmp_path / "c.npz") as archive:
        assert archive["names"].tolist() == ["time, in s", "tiny", "x"] and np.allclose(archive["samples"], rows, rtol=1e-6)
    assert load(f"npz:{tmp_path}/c.npz").scaling.names == ("time, in s", "tiny", "x")
    save_samples(tmp_path / "d.npz", dataset.samples, dataset.labels, scaling=dataset.scaling, class_names=dataset.class_names)
    assert load(f"npz:{tmp_path}/d.npz").class_names == ("cat", "dog")
    assert np.array_equal(load(f"npz:{tmp_path}/d.npz").labels, dataset.labels)


def test_tables_of_series_of_points_and_of_nothing_named(tmp_path):
    path = tmp_path / "a.csv"
    _, dataset = dataset_of((3, 2), names=("u", "v"))
    save_samples(path, dataset.samples, scaling=dataset.scaling)
    assert path.read_text().splitlines()[0] == "u_1,v_1,u_2,v_2,u_3,v_3"
    assert np.allclose(
        np.genfromtxt(path, delimiter=",", skip_header=1), dataset.scaling.to_units(dataset.samples).reshape(40, 6)
    )
    save_samples(path, np.array([[0.5, -0.25]], np.float32), [1])
    assert path.read_text() == "x,y,label\n0.5,-0.25,1\n"
    save_table(path, np.array([[0.5]], np.float32), np.array([[0.1, 20]]), label_names=("x1", "age"))
    assert path.read_text() == "x1,x1_,age\n0.5,0.1,20.0\n"
    save_samples(path, np.array([[0.5, 2, 3]], np.float32))
    assert path.read_text() == "x1,x2,x3\n0.5,2.0,3.0\n"
    for shape, kind in (((4, 4, 1), "images"), ((2, 2, 2, 1), "volumes")):
        with pytest.raises(UserError, match=f"a table holds vectors and series, not {kind}"):
            save_samples(path, np.zeros((3, *shape), np.float32))


class TestOverALabel:
    """Samples drawn at values of a label: a column a value, in the order of the values."""

    TITLES = ("20", "40", "60")

    def samples(self, shape, n=4, **options):
        """At the three values all numbers are 20, 40 and 60, but for some noise; in units, and as the networks see them."""
        rows = np.repeat(np.tile([20.0, 40.0, 60.0], n)[:, None], int(np.prod(shape)), 1).reshape(3 * n, *shape)
        rows += RNG.normal(0, 0.1, rows.shape)
        dataset = as_dataset(rows, scaling="standard", **options)
        return rows.reshape(n, 3, *shape), dataset

    def figure(self, shape, **options):
        rows, dataset = self.samples(shape, **options)
        figure = range_figure(dataset.samples.reshape(rows.shape), self.TITLES, label="$_an_hour", scaling=dataset.scaling)
        figure_array(figure)  # a $ begins no formula
        assert figure.get_suptitle().startswith(plain_name("$_an_hour"))
        return rows, figure, [axes.get_title(loc="left") for axes in figure.axes[:3]]

    def test_vectors_have_a_row_a_feature_with_its_mean(self):
        rows, figure, titles = self.figure((2,), names=("height", "weight"))
        assert titles == list(self.TITLES) and [figure.axes[i].get_ylabel() for i in (0, 3)] == ["height", "weight"]
        means = np.reshape([axes.lines[0].get_xdata()[0] for axes in figure.axes], (2, 3))
        np.testing.assert_allclose(means, rows.mean(0).T, atol=1e-3)
        assert len({axes.get_xlim() for axes in figure.axes[:3]}) == 1

    def test_points_of_the_plane_are_scattered(self):
        rows, _ = self.samples((2,))
        figure = range_figure(rows, self.TITLES)
        for value, axes in enumerate(figure.axes):
            [points] = axes.collections
            np.testing.assert_allclose(points.get_offsets(), rows[:, value])

    def test_series_have_a_row_a_latent_and_channel(self):
        rows, figure, titles = self.figure((9, 2), n=3)
        assert titles == list(self.TITLES)
        lines = np.reshape([axes.lines[0].get_ydata() for axes in figure.axes], (3, 2, 3, 9))  # latents, channels, values, time
        np.testing.assert_allclose(lines, rows.transpose(0, 3, 1, 2), atol=1e-3)

    def test_of_many_latents_the_first_are_drawn_and_that_is_said(self):
        for shape, rows in (((9, 3), 6), ((4, 4, 4, 1), 8)):
            figure = range_figure(RNG.normal(size=(50, 3, *shape)), self.TITLES, label="age")
            assert len([axes for axes in figure.axes if axes.lines or axes.images]) == 3 * rows
            assert f"age: the first {rows // (3 if len(shape) == 2 else 1)} of 50 latents" in figure.get_suptitle()

    def test_volumes_show_their_middle_in_one_scale(self):
        rows, figure, titles = self.figure((4, 5, 6, 1), n=2)
        assert titles == list(self.TITLES)
        slices = [axes.images[0] for axes in figure.axes[:6]]
        np.testing.assert_allclose(
            np.reshape([image.get_array() for image in slices], (2, 3, 5, 6)), rows[:, :, 2, ..., 0], atol=1e-3
        )
        assert len({image.get_clim() for image in slices}) == 1

    @pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
    def test_what_is_not_finite_is_drawn_all_the_same(self, shape):
        samples = np.full((2, 3, *shape), np.nan, np.float32)
        samples[0] = np.inf
        assert len(np.unique(figure_array(range_figure(samples, self.TITLES)))) > 2

    @pytest.mark.parametrize(("shape", "drawn"), [((8, 8, 1), False), ((3,), True), ((8, 1), True), ((4, 4, 4, 1), True)])
    def test_a_file_has_a_grid_of_pictures_or_this_figure(self, shape, drawn, tmp_path, monkeypatch):
        called = []
        monkeypatch.setattr(
            "jaxgan.report.samples.range_figure", lambda *given, **how: called.append(given) or range_figure(*given, **how)
        )
        samples = RNG.normal(size=(6, *shape)).astype(np.float32)
        save_over_a_label(tmp_path / "x.png", samples, np.zeros((6, 1)), self.TITLES)
        assert (tmp_path / "x.png").stat().st_size and bool(called) == drawn
        if called:
            for latent, value in ((0, 1), (1, 0), (1, 2)):  # the values vary fastest
                np.testing.assert_array_equal(called[0][0][latent, value], samples[3 * latent + value])
