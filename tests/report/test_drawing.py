"""Pictures: every pixel where it should be, and figures that need no display."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from jaxgan.errors import UserError
from jaxgan.files import write_atomically
from jaxgan.report.figures import figure_array, points_figure, save_curves, surface_on_grid
from jaxgan.report.images import image_grid, save_gif, save_grid, save_image, save_strip, shown_channels


def pixels(path):
    """The picture in a file: (H, W) where it is grey, (H, W, 3) where it is not."""
    with Image.open(path) as image:
        return np.asarray(image)


def flat_images(values, height=4, width=5, channels=1):
    """Images (N, H, W, C), the k-th filled with values[k]."""
    return np.broadcast_to(np.asarray(values, np.float32)[:, None, None, None], (len(values), height, width, channels))


class TestImageGrid:
    def test_image_k_stands_in_row_k_over_columns(self):
        values = np.linspace(-1, 0.9, 7)
        grid = image_grid(flat_images(values), columns=3, pad=2, scale=2)
        assert grid.shape == (2 + 3 * (8 + 2), 2 + 3 * (10 + 2), 1)
        for k, value in enumerate(values):
            top, left = 2 + k // 3 * 10, 2 + k % 3 * 12
            tile = grid[top : top + 8, left : left + 10]
            assert np.all(tile == round((value + 1) * 127.5)), k
            assert np.all(grid[top - 2 : top, left : left + 10] == 255)  # the gap above it
        assert np.all(grid[22:30, 14:] == 255)  # two places of the last row are empty

    def test_range_maps_to_bytes_and_what_lies_outside_is_clipped(self):
        values = [-7.0, -1.0, 0.0, 1.0, 7.0, np.nan, np.inf, -np.inf]
        grid = image_grid(flat_images(values, 1, 1), columns=8, pad=0, scale=1)
        assert grid[0, :, 0].tolist() == [0, 0, 128, 255, 255, 0, 255, 0]

    def test_enlarging_repeats_pixels(self):
        image = np.array([[-1.0, 1.0], [1.0, -1.0]])[None, :, :, None]
        grid = image_grid(image, pad=0, scale=3)[..., 0]
        assert np.array_equal(grid, np.kron([[0, 255], [255, 0]], np.ones((3, 3))))

    @pytest.mark.parametrize(("side", "factor"), [(28, 3), (32, 2), (64, 1), (128, 1)])
    def test_small_images_are_enlarged_by_default(self, side, factor):
        assert image_grid(np.zeros((1, side, side, 1)), pad=0).shape == (side * factor, side * factor, 1)

    @pytest.mark.parametrize(("count", "columns"), [(1, 1), (10, 4), (16, 4), (64, 8)])
    def test_nearly_square_by_default(self, count, columns):
        assert image_grid(np.zeros((count, 2, 2, 1)), pad=0, scale=1).shape[1] == 2 * columns

    def test_colours_keep_their_channel(self):
        red = np.stack([np.ones((3, 3)), -np.ones((3, 3)), -np.ones((3, 3))], axis=-1)[None]
        assert image_grid(red, pad=0, scale=1)[1, 1].tolist() == [255, 0, 0]

    def test_of_other_channels_the_first_are_drawn(self):
        images = np.random.default_rng(0).uniform(-1, 1, (3, 4, 5, 7)).astype(np.float32)
        assert np.array_equal(image_grid(images), image_grid(images[..., :3]))
        assert np.array_equal(image_grid(images[..., :2]), image_grid(images[..., :1]))
        assert [shown_channels(channels) for channels in (1, 3)] == ["", ""]
        assert shown_channels(2) == "pictures have 2 channels: the first is drawn"
        assert shown_channels(7) == "pictures have 7 channels: the first three are drawn"
        assert "over a checker" in shown_channels(4)

    def test_transparency_lies_over_a_checker(self):
        """As Pillow lays it over the same checker."""
        images = np.random.default_rng(0).uniform(-1, 1, (1, 12, 20, 4)).astype(np.float32)
        images[0, :6, :, 3], images[0, 6, :, 3] = -1, 1
        grid = image_grid(images, pad=0, scale=2)
        levels = np.where((np.arange(24)[:, None] // 8 + np.arange(40) // 8) % 2, 216, 240).astype(np.uint8)
        checker = Image.fromarray(levels).convert("RGBA")
        picture = Image.fromarray(((images[0] + 1) * 127.5).round().astype(np.uint8)).resize((40, 24), Image.Resampling.NEAREST)
        expected = np.asarray(Image.alpha_composite(checker, picture).convert("RGB"))
        assert np.abs(grid.astype(int) - expected).max() <= 1
        assert np.array_equal(grid[:12], levels[:12, :, None].repeat(3, -1)), "nothing of what is left out is seen"

    @pytest.mark.parametrize("shape", [(0, 4, 4, 3), (1, 4, 4, 0)])
    def test_what_is_no_picture_is_refused(self, shape):
        with pytest.raises(ValueError, match="cannot be drawn"):
            image_grid(np.zeros(shape))


class TestFiles:
    def test_saved_grid_reads_back(self, tmp_path):
        images = np.random.default_rng(0).uniform(-1, 1, (6, 8, 8, 3)).astype(np.float32)
        save_grid(tmp_path / "new" / "grid.png", images, columns=2)
        assert np.array_equal(pixels(tmp_path / "new" / "grid.png"), image_grid(images, columns=2))

    def test_grey_stays_grey(self, tmp_path):
        save_image(tmp_path / "grey.png", np.full((4, 6, 1), 77, np.uint8))
        with Image.open(tmp_path / "grey.png") as image:
            assert image.mode == "L"
            assert image.size == (6, 4)
            assert image.getpixel((5, 3)) == 77

    def test_strip_is_one_row(self, tmp_path):
        save_strip(tmp_path / "strip.png", np.zeros((11, 28, 28, 1)))
        assert pixels(tmp_path / "strip.png").shape == (84 + 4, 2 + 11 * (84 + 2))

    @pytest.mark.parametrize(("count", "frames"), [(1, 1), (2, 2), (6, 10)])
    def test_gif_goes_forth_and_back(self, tmp_path, count, frames):
        values = np.linspace(-1, 1, count) if count > 1 else np.zeros(1)
        save_gif(tmp_path / "a.gif", flat_images(values), milliseconds=120)
        greys = []
        with Image.open(tmp_path / "a.gif") as animation:
            assert getattr(animation, "n_frames", 1) == frames
            for frame in range(frames):
                animation.seek(frame)
                greys.append(animation.convert("L").getpixel((0, 0)))
                assert count == 1 or animation.info["duration"] == 120
            assert count == 1 or animation.info["loop"] == 0
        assert greys[:count] == sorted(greys[:count])
        assert greys[count:] == greys[count - 2 : 0 : -1]

    def test_a_failed_write_leaves_the_old_file_and_no_other(self, tmp_path, monkeypatch):
        write_atomically(tmp_path / "a.txt", b"old")

        def fail(*_):
            raise OSError("the disk is full")

        monkeypatch.setattr(os, "replace", fail)
        with pytest.raises(UserError, match=r"a\.txt cannot be written: the disk is full"):
            write_atomically(tmp_path / "a.txt", b"new")
        assert [(path.name, path.read_bytes()) for path in tmp_path.iterdir()] == [("a.txt", b"old")]


class TestPoints:
    def test_surface_has_a_row_for_each_y(self):
        grid_x, grid_y, values = surface_on_grid(lambda points: points[:, 0] + 10 * points[:, 1], (0.0, 2.0, -1.0, 1.0), 5)
        assert values[0, -1] == pytest.approx(2 - 10)
        assert values[-1, 0] == pytest.approx(0 + 10)
        assert np.allclose(values, grid_x[None, :] + 10 * grid_y[:, None])

    def test_points_and_density_are_drawn_where_they_are(self):
        """Density only in the upper right corner, a cloud only in the lower left one."""
        figure = points_figure(
            np.full((200, 2), -0.5) + np.random.default_rng(0).normal(size=(200, 2)) * 0.03,
            log_density=lambda points: -np.sum((points - 0.5) ** 2, axis=1) / (2 * 0.1**2),
            limits=(-1.0, 1.0, -1.0, 1.0),
        )
        picture = figure_array(figure).astype(int)
        corner = figure.axes[0].transData.transform([(-1, -1), (1, 1)])
        height = picture.shape[0]

        def mean_colour(x, y):
            column, row = corner[0] + (np.array([x, y]) + 1) / 2 * (corner[1] - corner[0])
            row = height - row
            return picture[int(row) - 4 : int(row) + 5, int(column) - 4 : int(column) + 5].mean(axis=(0, 1))

        cloud, density, empty = mean_colour(-0.5, -0.5), mean_colour(0.5, 0.5), mean_colour(-0.5, 0.5)
        assert np.all(empty == 255)
        assert cloud[0] - cloud[2] > 100  # vermilion: red, little blue
        assert density[2] > density[0] > 100  # a light blue grey
        assert corner[1][0] - corner[0][0] == pytest.approx(corner[1][1] - corner[0][1])  # equal axes

    def test_points_outside_are_counted(self):
        fake = np.array([[0.0, 0.0], [5.0, 0.0], [0.0, -5.0], [np.nan, 0.0]])
        assert points_figure(fake, limits=(-1.0, 1.0, -1.0, 1.0)).axes[0].get_xlabel() == "3 of 4 points lie outside"
        assert points_figure(fake[:1], limits=(-1.0, 1.0, -1.0, 1.0)).axes[0].get_xlabel() == ""

    def test_all_layers_together(self):
        random = np.random.default_rng(0)
        fake, real = random.normal(size=(50, 2)), random.normal(size=(60, 2))
        grid = surface_on_grid(lambda points: -np.sum(points**2, axis=1) / 2, (-3.0, 3.0, -3.0, 3.0), 40)
        layers = {"real": real, "log_density": grid, "centres": np.zeros((1, 2)), "critic": lambda points: points[:, 0]}
        figure = points_figure(fake, **layers, title="step 5", labels=np.arange(50) % 3)
        names = [text.get_text() for text in figure.legends[0].get_texts()]
        assert names == ["exact density", "real", "critic", "centres", "generated, a colour a class"]
        assert figure.axes[0].get_xlim() == (-3.0, 3.0)  # the density's own

    def test_a_diverged_run_can_still_be_drawn(self):
        assert figure_array(points_figure(np.full((8, 2), np.nan))).shape[-1] == 3

    def test_no_display_no_pyplot(self, tmp_path):
        """Drawing must not need a display, nor take up the caller's pyplot."""
        program = (
            "import sys, numpy as np\n"
            "from jaxgan.report.figures import save_samples_of_points\n"
            f"save_samples_of_points({str(tmp_path / 'a.png')!r}, np.zeros((3, 2)), None)\n"
            "assert 'matplotlib.pyplot' not in sys.modules\n"
        )
        environment = {key: value for key, value in os.environ.items() if key not in ("DISPLAY", "WAYLAND_DISPLAY")}
        environment |= {"MPLBACKEND": "tkagg", "PYTHONPATH": str(Path(__file__).parents[2])}
        subprocess.run([sys.executable, "-c", program], env=environment, check=True, timeout=60)
        assert (tmp_path / "a.png").exists()


def records(steps=6, replicas=1):
    made = []
    for step in range(1, steps + 1):
        for replica in range(replicas):
            record = {
                "step": 10 * step,
                "critic_loss": -1.0 / step + replica,
                "generator_loss": 0.5,
                "gradient_norm": 1.0,
            }
            made.append(record | ({"replica": replica} if replicas > 1 else {}))
    return made


class TestCurves:
    @pytest.mark.parametrize("replicas", [1, 3])
    def test_written_with_a_panel_for_what_there_is(self, tmp_path, replicas):
        save_curves(tmp_path / "two.png", records(replicas=replicas))
        save_curves(tmp_path / "three.png", [r | {"gradient_penalty": 0.1} for r in records(replicas=replicas)])
        assert len(pixels(tmp_path / "three.png")) > len(pixels(tmp_path / "two.png"))

    def test_missing_values_and_missing_replicas_leave_gaps(self, tmp_path):
        made = records(replicas=2)
        made[0]["critic_loss"] = made[1]["critic_loss"] = None
        save_curves(tmp_path / "a.png", made[:-1])
        assert (tmp_path / "a.png").exists()

    def test_nothing_to_draw_is_an_error(self, tmp_path):
        with pytest.raises(ValueError, match="nothing to draw"):
            save_curves(tmp_path / "a.png", [])
