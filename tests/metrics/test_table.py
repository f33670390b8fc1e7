"""The table of metrics: every value has its row, with a meaning, and the direction that it always had."""

import ast
import importlib
import re
import subprocess
import sys
from pathlib import Path

import pytest

import jaxgan
from jaxgan import metrics
from jaxgan.errors import UserError
from jaxgan.metrics import METRICS, Metric, add_metric, better, meaning_of, metric_of, table

PACKAGE = Path(jaxgan.__file__).parent

# What one run of each kind gives in evaluation.json: pictures in the lab's features (conditional, stacked), in others, and points.
HIGHER = (
    "inception_score_lab_10k", "class_entropy_bits_lab_10k", "rarest_class_share_lab_10k", "sure_share_lab_10k",
    "conditional_accuracy_lab_10k", "modes_stacked_26k", "precision_lab_10k", "recall_lab_10k", "coverage_lab_10k",
    "modes_pacgan_2500", "high_quality_pacgan_2500", "precision_points_10k", "recall_points_10k", "coverage_points_10k",
    "inception_score_inception_10k",
)  # fmt: skip
LOWER = (
    "fid_lab_10k", "fid_pixels_1k", "fid_inception_10k", "fid_brightness_200", "kid_lab_10k", "kid_pixels_1k", "kl_stacked_26k",
    "c2st_lab_10k", "wasserstein1_exact_lab_2k", "sliced_wasserstein1_lab_10k", "ms_ssim_10k", "nearest_training_lab_10k",
    "path_length_lab_2k", "reverse_kl_pacgan_2500", "wasserstein1_exact_2k", "sliced_wasserstein1_10k", "kl_grid50_10k",
    "reverse_kl_grid50_10k", "jensen_shannon_grid50_10k", "outside_grid50_10k", "c2st_points_10k",
)  # fmt: skip
NEITHER = (
    "kid_lab_10k_std", "inception_score_lab_10k_std", "class_share_0_lab_10k", "class_share_9_lab_10k", "density_lab_10k",
    "c2st_lab_10k_low", "c2st_lab_10k_high", "pairwise_distance_lab_10k", "nearest_training_lab_10k_of_held_out",
    "critic_real_minus_fake_10k", "critic_lipschitz_seen_10k", "critic_gradient_norm_10k",
    "critic_estimate_over_lipschitz_10k", "critic_train_minus_held_out_10k", "critic_train_minus_held_out_10k_in_deviations",
    "lab_coverage_2500", "wasserstein1_exact_2k_of_real", "density_points_10k", "c2st_points_10k_low", "c2st_points_10k_high",
)  # fmt: skip
DIRECTIONS = {**dict.fromkeys(HIGHER, "higher"), **dict.fromkeys(LOWER, "lower"), **dict.fromkeys(NEITHER)}


@pytest.fixture
def own_row():
    """A row of a user's own, for one test."""
    yield add_metric(Metric("energy", "energy distance", better="lower", function=lambda real, fake: 0.0))
    del METRICS["energy"]


def logged_names() -> set[str]:
    """The keys of the mappings that losses, penalties and diagnostics return, as they stand in the source, and what the loop adds."""
    files = [*(PACKAGE / "objectives").glob("*.py"), PACKAGE / "engine" / "diagnostics.py"]
    returned = [
        node.value
        for path in files
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Return) and node.value is not None
    ]
    mappings = [node for value in returned for node in ast.walk(value) if isinstance(node, ast.Dict)]
    returned_names = {key.value for mapping in mappings for key in mapping.keys if isinstance(key, ast.Constant)}
    return {"critic_loss", "generator_loss", "steps_per_second"} | returned_names


class TestRows:
    def test_everything_that_training_logs_has_a_row_of_its_own(self):
        names = logged_names()
        assert {"score_real", "r1_penalty", "convergence", "pulling_away", "gradient_norm"} <= names  # all files were read
        for name in sorted(names):
            row = metric_of(name)
            assert row is not None and row.logged and row.name == name and row.meaning, name

    @pytest.mark.parametrize("name", DIRECTIONS)
    def test_everything_that_evaluation_measures_has_a_meaning_and_its_direction(self, name):
        row = metric_of(name)
        assert row is not None and not row.logged
        assert meaning_of(name).startswith(row.meaning)
        assert better(name) == DIRECTIONS[name]

    def test_rows_of_what_is_measured_say_how(self):
        for name, row in METRICS.items():
            assert row.name == name and row.meaning and row.protocol, name
            assert row.meaning == row.meaning.strip() and "\n" not in row.meaning, name
            if not row.logged:
                assert row.function is not None or name in ("sure_share", "critic_estimate_over_lipschitz"), name

    def test_functions_are_those_of_the_package(self):
        public = {id(getattr(metrics, name)) for name in metrics.__all__}
        assert all(row.function is None or id(row.function) in public for row in METRICS.values())

    def test_sources_name_a_paper(self):
        for row in METRICS.values():
            assert not row.source or re.search(r"arXiv \d{4}\.\d{4,5}|Bonneel et al\. 2015", row.source), row.name


class TestMetricOf:
    @pytest.mark.parametrize(
        ("name", "row"),
        [
            ("fid_lab_10k", "fid"),
            ("kl_stacked_26k", "kl_stacked"),
            ("kl_grid50_10k", "kl"),
            ("modes_pacgan_2500", "modes"),
            ("reverse_kl_pacgan_2500", "reverse_kl_pacgan"),
            ("critic_gradient_norm_1k", "critic_gradient_norm"),
            ("class_share_3_lab_10k", "class_share"),
            ("gradient_norm", "gradient_norm"),
        ],
    )
    def test_the_longest_row_that_a_name_begins_with(self, name, row):
        assert metric_of(name).name == row

    @pytest.mark.parametrize(
        "name", ["fidelity_1k", "fid10k_test", "k_means_1k", "critic_loss_1k", "recalled", "began_balance", ""]
    )
    def test_a_row_ends_at_an_underscore_and_logged_rows_at_the_end_of_the_name(self, name):
        assert metric_of(name) is None
        assert better(name) is None and meaning_of(name) == ""

    def test_what_stands_beside_a_value_says_so(self):
        assert meaning_of("kid_lab_1k_std").endswith(": standard deviation over the parts it is the mean of")
        assert meaning_of("wasserstein1_exact_1k_of_real").endswith(": the same between two sets of real samples")


class TestOwnRows:
    def test_a_row_of_ones_own_ranks_has_a_meaning_and_a_chart(self, own_row):
        assert better("energy_lab_1k") == better("energy") == "lower"
        assert better("energy_lab_1k_std") is None
        assert meaning_of("energy_1k") == "energy distance"
        assert table.chart_of("energy_1k") == table.MEASURED
        assert table.in_order(["balance", "energy_1k", "fid_lab_1k", "critic_loss"]) == [
            "critic_loss", "fid_lab_1k", "energy_1k", "balance",
        ]  # fmt: skip

    def test_a_chart_of_ones_own_comes_before_the_others(self, own_row):
        add_metric(Metric("energy", "energy distance", chart="Energies"))
        assert table.chart_titles()[-2:] == ["Energies", "Others"]

    def test_rows_of_jaxgan_stay(self):
        with pytest.raises(UserError, match="metric 'fid' is one of jaxgan's own"):
            add_metric(Metric("fid", "mine"))

    def test_bad_rows_are_refused(self):
        code = "from jaxgan.metrics.table import Metric; Metric('mine', 'mine', better='low')"  # the tests' own checks left out
        refused = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, cwd=PACKAGE.parent)
        assert "UserError: direction 'low' is not known: did you mean 'lower'? allowed are higher, lower" in refused.stderr
        with pytest.raises(UserError, match="metric name 'my metric': only letters"):
            Metric("my metric", "mine")


class TestCharts:
    @pytest.mark.parametrize(
        ("name", "title"),
        [
            ("critic_loss", "Losses"), ("drift_loss", "Losses"), ("score_fake", "Mean scores"), ("r1_penalty", "Penalties"),
            ("drift_penalty", "Penalties"), ("penalty_gradient_norm", "Gradient norms of the critic"),
            ("critic_gradient_near_zero", "Gradient entries near zero, share"),
            ("generator_gradient_sparsity", "Gradient entries near zero, share"), ("critic_weight_max", "Weights of the critic"),
            ("steps_per_second", "Generator steps a second"), ("k", "Others"), ("balance", "Others"), ("balance_1k", "Measured values"),
            ("critic_gradient_norm_1k", "Measured values"), ("kid_lab_1k_std", "Measured values"), ("class_share_3_lab_1k", None),
            ("c2st_lab_1k_low", None), ("c2st_lab_1k_high", None), ("wasserstein1_exact_1k_of_real", None),
        ],
    )  # fmt: skip
    def test_a_value_has_its_chart(self, name, title):
        assert table.chart_of(name) == title

    def test_titles_in_the_order_of_the_page(self):
        titles = table.chart_titles()
        assert titles[:3] == ["Measured values", "Losses", "Mean scores"] and titles[-1] == "Others"
        assert {row.chart for row in METRICS.values()} - {None} == set(titles)


class TestPackage:
    def test_every_public_name_is_there_once(self):
        assert len(set(metrics.__all__)) == len(metrics.__all__)
        for name in metrics.__all__:
            assert getattr(metrics, name) is not None

    def test_every_public_function_of_a_module_is_public_in_the_package(self):
        internal = {"check_key", "checked", "checked_classes", "checked_pair", "chunks", "silent", "scales_of"}
        for path in (PACKAGE / "metrics").glob("*.py"):
            if path.stem in ("__init__", "table"):
                continue
            module = sys.modules[f"jaxgan.metrics.{path.stem}"]
            names = {node.name for node in ast.parse(path.read_text()).body if isinstance(node, ast.FunctionDef | ast.ClassDef)}
            for name in {name for name in names if not name.startswith("_")} - internal:
                assert name in metrics.__all__, name
                assert getattr(metrics, name) is getattr(module, name)

    @pytest.mark.parametrize(
        "first",
        [
            "import jaxgan.metrics.path_length",
            "from jaxgan.metrics.path_length import slerp",
            "from jaxgan.metrics import path_length",
            "import importlib; importlib.import_module('jaxgan.metrics.path_length')",
            "from jaxgan.metrics.table import METRICS; import jaxgan.metrics.path_length",
        ],
    )
    def test_path_length_is_the_function_whatever_is_imported_first(self, first):
        code = f"{first}\nimport jaxgan.metrics\nassert jaxgan.metrics.path_length.__module__ == 'jaxgan.metrics.path_length'"
        subprocess.run([sys.executable, "-c", code], check=True, timeout=60, cwd=PACKAGE.parent)

    def test_the_module_of_path_length_is_still_found(self):
        assert importlib.import_module("jaxgan.metrics.path_length").path_length is metrics.path_length

    def test_importing_jaxgan_imports_no_metrics(self):
        code = "import sys, jaxgan\nassert not {'jax', 'numpy', 'jaxgan.metrics'} & set(sys.modules)"
        subprocess.run([sys.executable, "-c", code], check=True, timeout=60, cwd=PACKAGE.parent)
