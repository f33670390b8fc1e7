"""Each rule speaks on a run that was made to have its fault, and none on a good one; thresholds and restrictions by hand."""

import numpy as np
import pytest

from jaxgan.diagnosis import RULES, Facts, diagnose, facts_of
from jaxgan.objectives import VARIANTS
from jaxgan.report.folder import read_run
from jaxgan.runs import fit
from jaxgan.settings import read_command
from tests.diagnosis.kept_runs import diagnosis_of, flags_of, names

LINES = 50
FAULTS = [
    ("strong_critic", "critic_wins"),
    ("clip", "gradients_vanish"),
    ("weak_penalty", "penalty_fails"),
    ("flat_critic", "penalty_fails"),
    ("stuck", "generator_stuck"),
    ("high_rate", "got_worse"),
    ("collapsed", "modes_missing"),
    ("unfinished", "gets_better"),
    ("knows_by_heart", "knows_by_heart"),
]
GOOD = ["wgan_gp", "r3gan"]


def records_of(replica=None, every=10, **columns):
    """Lines of metrics.jsonl, of columns; a number stands for a column of it."""
    count = max([len(column) for column in columns.values() if not isinstance(column, int | float)], default=LINES)
    whole = {name: [column] * count if isinstance(column, int | float) else column for name, column in columns.items()}
    place = {} if replica is None else {"replica": replica}
    return [{"step": every * (i + 1), **place, **{name: column[i] for name, column in whole.items()}} for i in range(count)]


def facts(variant="gan", steps=10 * LINES, classes=0, **config):
    return facts_of({"variant": variant, "steps": steps, **config}, {"data": {"n_classes": classes}})


def found(records, of=None, evaluated=()):
    return names(diagnose(records, of or facts(), evaluated))


def reason(name, records, of=None):
    (answer,) = [rule for rule in diagnose(records, of or facts()).not_seen if rule.name == name]
    return answer.reason


def measured(values, name="fid_lab_1k", every=10, **more):
    """Measurements from step 0 on."""
    return [{"step": every * i, name: value, **more} for i, value in enumerate(values)]


class TestRealRuns:
    """Runs whose figures are kept."""

    @pytest.mark.parametrize(("run", "finding"), FAULTS)
    def test_each_fault_is_found(self, run, finding):
        assert finding in names(diagnosis_of(run))

    @pytest.mark.parametrize("run", GOOD)
    def test_no_rule_speaks_on_a_good_run_at_any_time(self, run):
        for share in (0.1, 0.25, 0.5, 0.75, 1.0):
            assert names(diagnosis_of(run, share)) == []

    @pytest.mark.parametrize("run", [name for name, _ in FAULTS])
    def test_nothing_is_said_at_the_beginning(self, run):
        early = diagnosis_of(run, 0.19)
        assert set(names(early)) <= {"diverges"}
        assert early.too_early


@pytest.mark.filterwarnings("ignore:300 .* samples for 784 dimensions")
@pytest.mark.parametrize(("run", "finding"), FAULTS)
def test_its_flags_make_such_a_run_again(run, finding, tmp_path):
    flags = [*flags_of(run, tmp_path), "--seed", "1", "--out", str(tmp_path / "run")]
    fit(read_command(flags, prog="train", description=""), progress=False)
    assert finding in names(read_run(tmp_path / "run").diagnosis)


class TestCriticWins:
    @pytest.mark.parametrize(("loss", "wins"), [(0.069, True), (0.070, False)])  # a twentieth of 2 log 2 is 0.0693
    def test_from_a_twentieth_of_the_loss_of_one_that_cannot_tell(self, loss, wins):
        assert found(records_of(critic_loss=loss)) == (["critic_wins"] if wins else [])

    def test_penalties_and_the_scale_of_the_loss_do_not_count(self):
        assert found(records_of(critic_loss=2.01, r1_penalty=1.5, r2_penalty=0.5), facts("r3gan")) == ["critic_wins"]
        assert found(records_of(critic_loss=0.04), facts("r3gan")) == []  # log 2 / 20 is 0.0347
        assert found(records_of(critic_loss=0.05), facts(critic_loss_scale=0.5)) == []
        by_replica = facts(critic_loss_scale=0.5, replicas=2, by_replica={"critic_loss_scale": [0.5, 1.0]})
        records = [*records_of(0, critic_loss=0.05), *records_of(1, critic_loss=0.05)]
        (finding,) = diagnose(records, by_replica).findings
        assert (finding.replicas, finding.of) == ((1,), 2)

    @pytest.mark.parametrize("variant", [name for name, variant in VARIANTS.items() if variant.undecided_loss is None])
    def test_where_a_loss_has_no_such_size_nothing_is_said(self, variant):
        assert found(records_of(critic_loss=0.0), facts(variant)) == []
        assert "critic_wins" not in {rule.name for rule in diagnose(records_of(critic_loss=0.0), facts(variant)).not_seen}

    def test_of_a_game_of_ones_own_nothing_is_said(self):
        own = facts(python={"game": {}})
        assert found(records_of(critic_loss=0.0, penalty_gradient_norm=9.0), own) == []
        for name in ("critic_wins", "penalty_fails"):
            assert "built-in" in reason(name, records_of(critic_loss=0.0), own)

    def test_since_when(self):
        loss = np.where(np.arange(LINES) < 20, 1.0, 0.01).tolist()
        (finding,) = diagnose(records_of(critic_loss=loss), facts()).findings
        assert finding.since == 210


class TestGradients:
    @pytest.mark.parametrize(("share", "vanish"), [(0.96, True), (0.94, False)])
    def test_from_nineteen_in_twenty_on(self, share, vanish):
        assert found(records_of(generator_gradient_near_zero=share), facts("wgan")) == (["gradients_vanish"] if vanish else [])

    def test_where_it_is_not_logged_that_is_said(self):
        assert "not logged" in reason("gradients_vanish", records_of(critic_loss=1.0))


class TestPenalty:
    @pytest.mark.parametrize(
        ("variant", "norm", "fails"),
        [
            ("wgan_gp", 1.24, False), ("wgan_gp", 2.1, True), ("wgan_gp", 0.4, True), ("wgan_lp", 0.4, False), ("wgan_lp", 2.1, True),
            ("dragan", 0.4, True), ("ct_gan", 2.1, True), ("wgan_div", 5.0, False),
        ],
    )  # fmt: skip
    def test_twice_or_half_of_the_norm_that_it_asks_for(self, variant, norm, fails):
        assert found(records_of(penalty_gradient_norm=norm, critic_loss=1.0), facts(variant)) == (
            ["penalty_fails"] if fails else []
        )

    def test_a_critic_that_is_too_flat_is_given_other_advice(self):
        steep, flat = (diagnose(records_of(penalty_gradient_norm=norm), facts("wgan_gp")).findings[0] for norm in (3.0, 0.1))
        assert "larger --gradient-penalty-weight" in steep.advice
        assert "smaller --gradient-penalty-weight" in flat.advice


class TestDiverges:
    def test_what_is_not_finite_is_told_at_once(self):
        records = [{"step": 10, "critic_loss": 1.0}, {"step": 20, "critic_loss": None}]
        (finding,) = diagnose(records, facts(steps=10_000)).findings
        assert (finding.name, finding.since) == ("diverges", 20)

    def test_a_loss_a_thousand_times_its_size(self):
        growing = (10.0 ** np.linspace(0, 8, LINES)).tolist()
        assert found(records_of(generator_loss=growing)) == ["diverges"]
        assert found(records_of(generator_loss=(10.0 ** np.linspace(0, 2.5, LINES)).tolist())) == []
        assert found(records_of(generator_loss=(1e-5 * 10.0 ** np.linspace(0, 5, LINES)).tolist())) == []  # small as it is


class TestQuality:
    def test_stuck_is_no_better_than_at_the_start(self):
        assert found(measured([100.0, *[95.0] * 20]), facts(steps=200)) == ["generator_stuck"]
        assert found(measured([100.0, *[85.0] * 20]), facts(steps=200)) == []

    def test_before_half_of_the_run_and_of_a_run_begun_with_weights_nothing_is_stuck(self):
        assert found(measured([100.0, *[95.0] * 20]), facts(steps=401)) == []
        assert found(measured([100.0, *[95.0] * 20]), facts(steps=200, init_from="other")) == []

    def test_worse_names_the_best_step(self):
        course = [100.0, 60, 40, 20, 20, 20, 25, 30, 30, 30]
        (finding,) = diagnose(measured(course), facts(steps=90)).findings
        assert (finding.name, finding.since) == ("got_worse", 40)
        assert "--best" in finding.advice
        assert finding.figure == "fid_lab_1k 20 about step 40, 30 now"

    def test_noise_is_not_worse(self):
        rng = np.random.default_rng(3)
        for _ in range(200):
            assert "got_worse" not in found(measured([100.0, *(20 + 5 * rng.normal(size=20))]), facts(steps=200))

    def test_of_a_metric_where_more_is_better(self):
        course = [0.1, 0.4, 0.6, 0.8, 0.8, 0.8, 0.6, 0.5, 0.5, 0.5]
        (finding,) = diagnose(measured(course, "recall_lab_1k"), facts(steps=90, best="recall_lab_1k")).findings
        assert finding.name == "got_worse" and finding.figure == "recall_lab_1k 0.8 about step 40, 0.5 now"
        assert found(measured(course, "recall_lab_1k"), facts(steps=90)) == []  # not the run's own metric

    def test_still_better_only_at_the_end(self):
        course = (100 * 0.9 ** np.arange(21)).tolist()
        assert found(measured(course), facts(steps=200)) == ["gets_better"]
        assert found(measured(course), facts(steps=201)) == []

    def test_a_course_that_has_settled_gets_no_better(self):
        rng = np.random.default_rng(4)
        for _ in range(200):
            settled = [100, 60, 40, *(20 + 2 * rng.normal(size=18))]
            assert found(measured(settled), facts(steps=200)) == []

    @pytest.mark.parametrize("name", ["generator_stuck", "got_worse", "gets_better"])
    def test_where_it_was_not_measured_the_flag_is_named(self, name):
        assert "--metrics-every" in reason(name, records_of(critic_loss=1.0))


class TestModes:
    def test_modes_of_a_mixture(self):
        records = measured([1.0] * 9, modes_pacgan_1k=6.0, high_quality_pacgan_1k=0.9)
        (finding,) = [
            finding for finding in diagnose(records, facts(steps=80, classes=8)).findings if finding.name == "modes_missing"
        ]
        assert finding.sentence == "samples show 6 of 8 modes"

    @pytest.mark.parametrize(
        ("modes", "good"), [(8.0, 0.9), (6.0, 0.1)]
    )  # all are there; so few good ones that chance may have it so
    def test_nothing_is_missing(self, modes, good):
        records = measured([10.0] + [1.0] * 8, modes_pacgan_1k=modes, high_quality_pacgan_1k=good)
        assert "modes_missing" not in found(records, facts(steps=80, classes=8))

    def test_a_mode_that_was_there_in_one_of_the_last_three_is_not_missing(self):
        records = measured([10.0] + [1.0] * 8, modes_pacgan_1k=6.0, high_quality_pacgan_1k=0.9)
        records[-2]["modes_pacgan_1k"] = 8.0
        assert "modes_missing" not in found(records, facts(steps=80, classes=8))

    def test_classes_by_name_against_their_share_in_the_data(self):
        of = facts_of({"steps": 80}, {"data": {"n_classes": 3, "class_names": ["cat", "dog", "emu"], "counts": [60, 39, 1]}})
        shares = {"class_share_0_lab_1k": 0.97, "class_share_1_lab_1k": 0.03, "class_share_2_lab_1k": 0.0}
        (finding,) = [f for f in diagnose(measured([1.0] * 9, **shares), of).findings if f.name == "modes_missing"]
        assert finding.sentence == "1 of 3 classes is missing: dog"  # of emus 10 are expected among 1,000 samples
        assert "dog: 3.0%, 39.0% in the data" in finding.figure

    def test_of_evaluation_json_where_nothing_was_measured_while_training(self):
        evaluated = [{"modes_pacgan_2500": 5.0, "high_quality_pacgan_2500": 0.8}]
        assert found(records_of(critic_loss=1.0), facts(classes=8), evaluated) == ["modes_missing"]
        assert "--metrics-every" in reason("modes_missing", records_of(critic_loss=1.0))


class TestByHeart:
    def test_training_samples_score_higher_than_held_out_ones(self):
        for gap, findings in ((0.6, ["knows_by_heart"]), (0.4, [])):
            evaluated = [{"critic_train_minus_held_out_1k_in_deviations": gap}]
            assert found(records_of(critic_loss=1.0), None, evaluated) == findings

    def test_few_samples_may_differ_by_chance(self):
        evaluated = [{"critic_train_minus_held_out_20_in_deviations": 0.9}]  # 3 sqrt(2 / 20) = .95
        assert found(records_of(critic_loss=1.0), None, evaluated) == []

    @pytest.mark.parametrize(
        ("r_t", "probability", "findings"), [(0.95, 1.0, ["knows_by_heart"]), (0.95, 0.6, []), (0.6, 1.0, [])]
    )
    def test_ada_at_its_end(self, r_t, probability, findings):
        assert found(records_of(critic_loss=1.0, overfitting_r_t=r_t, augment_probability=probability)) == findings


class TestReplicas:
    def test_a_finding_counts_the_replicas_that_show_it(self):
        records = [line for i, loss in enumerate([1.0, 0.01, 1.0, 0.02, 1.0]) for line in records_of(i, critic_loss=loss)]
        (finding,) = diagnose(records, facts(replicas=5)).findings
        assert (finding.replicas, finding.of) == ((1, 3), 5)


def test_every_rule_has_a_name_of_its_own_a_source_and_advice():
    assert len({rule.name for rule in RULES}) == len(RULES)
    for rule in RULES:
        assert rule.advice and ("arXiv" in rule.source or "experiments/" in rule.source)


@pytest.mark.parametrize("records", [[], [{"step": 0}], [{"step": 5, "critic_loss": "word", "replica": 3}]])
def test_of_nothing_nothing_is_said(records):
    diagnosis = diagnose(records, Facts())
    assert diagnosis.findings == ()
