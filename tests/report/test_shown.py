"""What Python shows of a run: a card in a notebook, a line elsewhere, pictures, frames, comparisons; all text escaped."""

import base64
import io
import json
import subprocess
import sys
from pathlib import Path

import jax
import numpy as np
import pytest
from PIL import Image

import jaxgan
from jaxgan.errors import UserError
from jaxgan.folder import RunFolder
from jaxgan.report.cards import Facts, in_a_line, run_card
from jaxgan.report.listeners.notebook_bar import NotebookBar
from jaxgan.runs import load_all
from jaxgan.runs.sweep import write_table
from tests.report.pages import CONFIG, Page, make_run

OLD_RUNS = Path(__file__).parents[1] / "old_runs"
EVIL = "<script>alert(1)</script>"


@pytest.fixture(scope="module")
def ring():
    """The first of two replicas."""
    return jaxgan.load(OLD_RUNS / "ring8")


@pytest.fixture(scope="module")
def digits():
    return jaxgan.load(OLD_RUNS / "digits")


def png(content: bytes) -> Image.Image:
    return Image.open(io.BytesIO(content))


def rows_of(card: str) -> dict[str, str]:
    return {row[0]: row[1] for row in Page(card).rows if len(row) > 1}


def test_a_run_is_a_line_of_text(ring):
    text = repr(ring)
    assert text == f"Run(wgan_gp on ring8, 6 steps, seed 0 (replica 0), folder {OLD_RUNS / 'ring8'})"


def test_a_state_is_a_line_of_text_too(ring):
    sizes = [sum(leaf.size for leaf in jax.tree.leaves(player.params)) for player in (ring.state.generator, ring.state.critic)]
    assert repr(ring.state) == f"GanState(step 6, generator {sizes[0]:,} numbers, critic {sizes[1]:,} numbers)"
    shapes = repr(jax.eval_shape(lambda state: state, ring.state))
    assert shapes.startswith("GanState(step ShapeDtypeStruct(shape=(), dtype=int32") and "\n" not in shapes
    jax.jit(lambda state: [repr(state)] and state.step)(ring.state)


def test_a_card_says_what_was_trained_and_shows_the_last_values_and_the_last_picture(ring):
    card = ring._repr_html_()
    rows = rows_of(card)
    assert "wgan_gp on ring8" in Page(card).text
    assert rows["networks"] == "mlp, 8 wide" and rows["steps"] == "6 steps" and rows["folder"] == str(OLD_RUNS / "ring8")
    last = next(line for line in RunFolder(ring.folder).read_metrics() if line["step"] == 6 and line["replica"] == 0)
    assert rows["critic_loss"] == f"{last['critic_loss']:.4g}"
    picture = next(attributes for tag, attributes in Page(card).elements if tag == "img")
    own = next(p for p in RunFolder(ring.folder).pictures() if (p.replica, p.step) == (0, 6))
    assert base64.b64decode(picture["src"].partition(",")[2]) == own.path.read_bytes()
    assert len(card) < 300_000


def test_another_replica_has_its_own_values(ring):
    second = jaxgan.load(OLD_RUNS / "ring8", replica=1)
    assert "seed 1 (replica 1)" in repr(second)
    assert rows_of(second._repr_html_())["critic_loss"] != rows_of(ring._repr_html_())["critic_loss"]


def test_all_replicas_together_show_mean_and_deviation():
    rows = rows_of(load_all(OLD_RUNS / "ring8")._repr_html_())
    assert rows["seed"] == "0 to 1 (2 replicas)" and "±" in rows["critic_loss"]


def test_the_direction_of_a_measured_value_is_said(tmp_path):
    folder = make_run(tmp_path / "run", records=[{"step": 300, "fid_lab_1k": 12.5, "critic_loss": 1.0}])
    page = Page(run_card(Facts(folder, CONFIG, 300, 1)))
    assert ["fid_lab_1k", "12.5", ""] in page.rows and "lower is better" in page.text


def test_what_does_not_rank_runs_is_folded_away(tmp_path):
    ranking = {f"fid_lab_{n}k": float(n) for n in range(1, 9)}
    record = {"step": 300, "critic_loss": 1.0, "critic_weight_max": 2.0, "critic_lipschitz_seen_1k": 3.0, **ranking}
    card = run_card(Facts(make_run(tmp_path / "run", records=[record]), CONFIG, 300, 1))
    unfolded, folded = card.split("<details>")
    assert "critic_loss" in unfolded and "fid_lab_6k" in unfolded and "4 more" in folded
    assert all(
        name in folded and name not in unfolded for name in ("fid_lab_7k", "critic_weight_max", "critic_lipschitz_seen_1k")
    )


def test_what_was_logged_after_the_step_at_hand_is_not_shown(tmp_path):
    records = [{"step": step, "critic_loss": float(step)} for step in (100, 200)]
    card = run_card(Facts(make_run(tmp_path / "run", records=records), CONFIG, 150, 1))
    assert rows_of(card)["critic_loss"] == "100" and rows_of(card)["steps"] == f"150 of {CONFIG['steps']} steps"


def test_text_of_a_run_is_escaped(tmp_path):
    folder = make_run(tmp_path / "run", records=[{"step": 3, EVIL: 1.0}])
    facts = Facts(folder, {**CONFIG, "variant": EVIL, "generator": EVIL}, 3, 1)
    assert EVIL not in run_card(facts) and EVIL in in_a_line(facts)
    assert EVIL not in jaxgan.compare(make_run(tmp_path / "evil", config={**CONFIG, "variant": EVIL}), folder)._repr_html_()


def test_samples_show_themselves_and_are_those_of_sample(digits):
    picture = digits.samples(20, seed=3)
    samples, labels = digits.sample(20, seed=3)
    np.testing.assert_array_equal(picture.samples, np.asarray(samples))
    np.testing.assert_array_equal(picture.labels, np.asarray(labels))
    shown = png(picture._repr_png_())
    assert (shown.height, shown.width) == np.asarray(picture).shape[:2]
    assert repr(picture).startswith("SamplePicture(20 samples of 16 x 16 x 1")


def test_a_picture_is_written_by_its_ending(ring, tmp_path):
    path = ring.curves().save(tmp_path / "curves.png")
    np.testing.assert_array_equal(np.asarray(Image.open(path)), ring.curves().pixels)
    assert ring.critic_surface(50).pixels.std() > 5  # something is drawn


def test_no_critic_of_pictures_over_the_plane(digits):
    with pytest.raises(UserError, match="no critic that scores single points of the plane"):
        digits.critic_surface()


def test_metrics_are_the_list_that_they_were_and_show_themselves(ring):
    lines = RunFolder(ring.folder).read_metrics()
    assert ring.metrics == lines and isinstance(ring.metrics, list) and json.dumps(ring.metrics)
    page = Page(ring.metrics._repr_html_())
    assert page.rows[0][:3] == ["step", "replica", "critic_loss"] and len(page.rows) == 1 + len(lines)


@pytest.mark.parametrize("library", ["pandas", "polars"])
def test_metrics_as_a_frame(ring, library):
    pytest.importorskip(library)
    frame = ring.frame(library)
    assert list(frame.columns)[:3] == ["step", "replica", "critic_loss"]
    assert list(frame["critic_loss"]) == [line["critic_loss"] for line in ring.metrics]


def test_a_frame_that_cannot_be_is_refused_in_a_line(ring, monkeypatch):
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(
        UserError, match=r"^frame\('pandas'\): pandas is not installed: pip install pandas \(or ask for 'polars'\)$"
    ):
        ring.frame()
    with pytest.raises(UserError, match="frame 'panda' is not known: did you mean 'pandas'"):
        ring.frame("panda")


def test_a_refusal_is_one_line_in_a_notebook_too():
    assert UserError("no such thing")._render_traceback_() == ["UserError: no such thing"]


@pytest.fixture
def two_settings(tmp_path):
    losses = {("wgan", 0): 1.0, ("wgan", 1): 3.0, ("wgan_gp", 0): 5.0, ("wgan_gp", 1): 7.0}
    return [
        make_run(
            tmp_path / f"{variant}-{seed}",
            config={**CONFIG, "variant": variant, "seed": seed},
            records=[{"step": step, "critic_loss": loss, "fid_lab_1k": loss} for step in (100, 300)],
        )
        for (variant, seed), loss in losses.items()
    ]


def test_a_comparison_by_setting_with_the_best_marked(two_settings, tmp_path):
    comparison = jaxgan.compare(*two_settings)
    assert comparison.settings == ["variant wgan", "variant wgan_gp"]
    page = Page(comparison._repr_html_())
    rows = page.rows
    assert rows[0] == ["setting", "seeds", "fid_lab_1k"] and "lower is better" in page.text
    assert rows[1:] == [["variant wgan", "2", "★ 2 ± 1.4"], ["variant wgan_gp", "2", "6 ± 1.4"]]
    assert "2 settings, 4 seeds" in repr(comparison) and "A star marks" in page.text and "do not compare" not in page.text
    assert "Plotly" in comparison.save(tmp_path / "page.html").read_text(encoding="utf-8")


def test_losses_alone_rank_nothing(tmp_path):
    runs = [make_run(tmp_path / name, config={**CONFIG, "variant": name}) for name in ("wgan", "gan")]
    card = jaxgan.compare(*runs)._repr_html_()
    assert "★" not in card and "Losses of different variants do not compare" in card


def test_a_comparison_takes_a_folder_of_runs(two_settings, tmp_path):
    assert len(jaxgan.compare(tmp_path).settings) == 2
    assert jaxgan.compare(str(two_settings[0])).settings == [two_settings[0].name]
    with pytest.raises(UserError, match="no run to compare"):
        jaxgan.compare()
    with pytest.raises(UserError, match="compare takes runs and run folders, not a int"):
        jaxgan.compare(3)


def test_a_sweeps_table_shows_what_was_swept_and_what_ranks(tmp_path):
    rows = [
        {"n_critic": n, "seeds": 2, "diverged": 0, "critic_loss mean": 1.5, "critic_loss std": 0.5, "modes_3sigma mean": m, "modes_3sigma std": 0.25}
        for n, m in ((1, 6.0), (5, 8.0))
    ]  # fmt: skip
    write_table(rows, tmp_path)
    swept = jaxgan.Sweep(tmp_path)
    assert swept.rows == rows and swept.swept == ["n_critic"]
    table = Page(swept._repr_html_()).rows
    assert table == [["n_critic", "seeds", "modes_3sigma"], ["1", "2", "6 ± 0.25"], ["5", "2", "★ 8 ± 0.25"]]
    with pytest.raises(UserError, match="nowhere is no sweep"):
        jaxgan.Sweep("nowhere")


def test_a_sweep_from_python_is_checked_before_it_trains(tmp_path):
    config = jaxgan.Config(dataset="ring8", out=tmp_path / "sweep")
    with pytest.raises(UserError, match="a list of values of each option"):
        jaxgan.sweep(config, {"n_critic": 5})
    with pytest.raises(UserError, match="did you mean 'n_critic'"):
        jaxgan.sweep(config, {"ncritic": [1, 5]})
    assert not (tmp_path / "sweep").exists()


def test_the_commands_of_the_same_names_stay():
    code = "import jaxgan.compare, jaxgan.sweep, jaxgan; print(jaxgan.compare.__module__, jaxgan.sweep.__module__)"
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert said.split() == ["jaxgan.runs.results"] * 2


def test_the_bar_of_a_notebook_moves_in_its_place(monkeypatch):
    pytest.importorskip("IPython")
    shown = []

    class Handle:
        def update(self, bar):
            shown.append(bar._repr_html_())

    monkeypatch.setattr("IPython.display.display", lambda bar, display_id: shown.append(bar._repr_html_()) or Handle())
    now = iter(range(100))
    bar = NotebookBar(200, 0, clock=lambda: next(now))
    bar.update(0, completed=50, losses=f"critic {EVIL}", speed="9 steps/s", left="0:15 left", epoch="")
    bar.stop()
    assert 'value="0"' in shown[0] and 'value="50"' in shown[1] and "50/200 steps" in shown[-1]
    assert EVIL not in "".join(shown)
