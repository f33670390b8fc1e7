"""Judging runs: the figures are there under names that state their protocol, and tell good from bad."""

import json

import numpy as np
import pytest

from jaxgan import classifier, data, evaluate, evaluation, runs
from jaxgan.config import Config
from jaxgan.engine.classifier import trained_classifier
from jaxgan.errors import UserError
from tests.tiny import pictures


@pytest.fixture
def quick_classifier(monkeypatch, tmp_path):
    """Few updates, and a folder of its own."""
    monkeypatch.setattr("jaxgan.engine.classifier.UPDATES", 150)
    monkeypatch.setattr("jaxgan.evaluation.classifiers_folder", lambda: tmp_path / "classifiers")


def test_points_are_judged_replica_by_replica(tmp_path, capsys):
    run = tmp_path / "run"
    runs.fit(Config(dataset="ring8", steps=3, batch_size=8, hidden_dim=8, replicas=2, ema=0.9, out=run), progress=False)
    assert evaluate.main([str(run), "--n", "300"]) == 0
    assert "deviation" in capsys.readouterr().out
    found = json.loads((run / "evaluation.json").read_text())
    assert found["weights"] == "averaged" and found["step"] == 3 and len(found["replicas"]) == 2
    assert {
        "modes_pacgan_2500", "reverse_kl_pacgan_2500", "coverage_lab_2500", "wasserstein1_exact_300", "kl_grid50_300", "precision_points_300",
        "c2st_points_300",
    } <= set(found["mean"])  # fmt: skip
    first, second = (replica["wasserstein1_exact_300"] for replica in found["replicas"])
    assert first != second
    np.testing.assert_allclose(found["mean"]["wasserstein1_exact_300"], (first + second) / 2)
    assert found["mean"]["wasserstein1_exact_300_of_real"] < 0.2 < found["mean"]["wasserstein1_exact_300"]
    assert found["mean"]["c2st_points_300"] > 0.7  # three steps draw nothing like a ring


@pytest.mark.slow
def test_pictures_are_judged_in_features_of_their_own_classifier(quick_classifier, tmp_path, capsys):
    run = tmp_path / "run"
    runs.fit(Config(steps=2, batch_size=8, hidden_dim=8, network="fc", conditional=True, out=run), progress=False)
    assert evaluate.main([str(run), "--n", "200", "--out", str(tmp_path / "figures.json")]) == 0
    found = json.loads((tmp_path / "figures.json").read_text())
    assert {
        "fid_lab_200", "kid_lab_200", "inception_score_lab_200", "class_entropy_bits_lab_200", "conditional_accuracy_lab_200",
        "precision_lab_200", "c2st_lab_200", "path_length_lab_200", "sliced_wasserstein1_lab_200", "pairwise_distance_lab_200",
    } <= set(found["mean"])  # fmt: skip
    assert found["protocol"]["real"] == 200 and len(found["protocol"]["classifier_weights"]) == 16
    assert np.isfinite(list(found["mean"].values())).all()
    assert evaluate.main([str(run), "--n", "200", "--features", "pixels", "--out", str(tmp_path / "pixels.json")]) == 0
    assert "fid_pixels_200" in json.loads((tmp_path / "pixels.json").read_text())["mean"]


@pytest.mark.slow
def test_real_pictures_noise_and_collapse_are_ranked_as_they_must_be(quick_classifier):
    from jaxgan.metrics.classes import class_distribution, entropy_bits
    from jaxgan.metrics.frechet import fid
    from jaxgan.metrics.manifold import precision_recall_density_coverage

    judged_by = evaluation.lab_classifier("digits")
    digits = data.load("digits").samples
    real, also_real = digits[:700], digits[700:1400]
    noise = np.random.default_rng(0).integers(0, 256, real.shape, dtype=np.uint8)
    collapsed = np.repeat(real[:1], 700, axis=0)
    kinds = {"real": also_real, "noise": noise, "collapsed": collapsed}
    judged = {name: judged_by.judge(kind) for name, kind in kinds.items()}
    features = judged_by.judge(real)[1]
    distance = {name: fid(features, found[1]) for name, found in judged.items()}
    assert distance["real"] < 0.1 * min(distance["noise"], distance["collapsed"])
    alike = {name: precision_recall_density_coverage(features, found[1]) for name, found in judged.items()}
    assert alike["real"].precision > 0.8 and alike["real"].recall > 0.8
    assert alike["collapsed"].recall < 0.05 and alike["noise"].precision < 0.2
    entropy = {name: entropy_bits(class_distribution(found[0].argmax(1), 10)) for name, found in judged.items()}
    assert entropy["real"] > 3.2 and entropy["collapsed"] == 0


@pytest.mark.slow
def test_a_classifier_is_trained_once_and_tells_digits(quick_classifier, tmp_path, capsys):
    assert classifier.main(["--dataset", "digits"]) == 0
    said = capsys.readouterr().out
    assert float(said.split(":")[1].split("%")[0]) > 90
    [kept] = (tmp_path / "classifiers").iterdir()
    before = kept.stat().st_mtime_ns
    assert classifier.main(["--dataset", "digits"]) == 0
    assert capsys.readouterr().out == said and kept.stat().st_mtime_ns == before
    kept.write_bytes(b"broken")
    assert classifier.main(["--dataset", "digits"]) == 2
    assert "delete it" in capsys.readouterr().err


def test_a_classifier_is_kept_and_read_again(tmp_path):
    train, test = pictures(n=30, size=8), pictures(n=12, size=8)
    first = trained_classifier(train, test, tmp_path, updates=2)
    [kept] = tmp_path.iterdir()
    written = kept.stat().st_mtime_ns
    again = trained_classifier(train, test, tmp_path, updates=2)
    assert (again.weights_hash, again.accuracy, again.held_out) == (first.weights_hash, first.accuracy, 12)
    assert kept.stat().st_mtime_ns == written
    probabilities, features = again.judge(test.samples)
    np.testing.assert_allclose(probabilities.sum(1), 1, rtol=1e-5)
    assert probabilities.shape == (12, 3) and features.shape == (12, 128) and (features >= 0).all()
    assert first.accuracy == (probabilities.argmax(1) == test.labels).mean()
    assert trained_classifier(train, test, tmp_path, updates=3).weights_hash != first.weights_hash
    kept.write_bytes(b"broken")
    with pytest.raises(UserError, match="delete it"):
        trained_classifier(train, test, tmp_path, updates=2)


def test_what_cannot_be_judged_is_refused(tmp_path, capsys):
    run = tmp_path / "run"
    runs.fit(Config(dataset="ring8", steps=1, batch_size=4, hidden_dim=4, out=run), progress=False)
    for flags, words in (
        (["--features", "lap"], "did you mean 'lab'"),
        (["--n", "5"], "at least 100"),
        (["--step", "9"], "step 9"),
    ):
        assert evaluate.main([str(run), *flags]) == 2
        said = capsys.readouterr().err
        assert words in said and said.count("\n") == 1
    assert evaluate.main([str(tmp_path)]) == 2
    assert "no run folder" in capsys.readouterr().err
    ring = data.load("ring8", points=10)
    with pytest.raises(UserError, match="labelled pictures"):
        trained_classifier(ring, ring, tmp_path)
