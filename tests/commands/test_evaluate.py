"""Judging runs: the figures are there under names that state their protocol, and tell good from bad."""

import dataclasses
import json

import chex
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from jaxgan import classifier, data, evaluate, evaluation, runs, trained
from jaxgan.config import Config
from jaxgan.engine.loop import Program
from jaxgan.errors import DivergedError, UserError
from jaxgan.evaluation.critics import of_the_critic
from jaxgan.evaluation.images import of_classes
from jaxgan.evaluation.protocol import Judge
from jaxgan.evaluation.training import Measuring
from jaxgan.features import StackedClassifier, classifier_of
from jaxgan.pixels import to_model_range
from tests.tiny import initial, plain, tiny


@pytest.fixture
def quick_classifier(monkeypatch, tmp_path):
    """Few updates, and a folder of its own."""
    monkeypatch.setattr("jaxgan.features.classifier.UPDATES", 150)
    monkeypatch.setattr("jaxgan.features.classifier.classifiers_folder", lambda: tmp_path / "classifiers")


def test_points_are_judged_replica_by_replica(tmp_path, capsys):
    run = tmp_path / "run"
    runs.fit(Config(dataset="ring8", steps=3, batch_size=8, hidden_dim=8, replicas=2, ema=0.9, out=run), progress=False)
    assert evaluate.main([str(run), "--n", "300"]) == 0
    assert "deviation" in capsys.readouterr().out
    found = json.loads((run / "evaluation.json").read_text())
    assert found["weights"] == "averaged" and found["step"] == 3 and len(found["replicas"]) == 2
    assert {
        "modes_pacgan_2500", "reverse_kl_pacgan_2500", "lab_coverage_2500", "wasserstein1_exact_300", "kl_grid50_300", "precision_points_300",
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
        "critic_lipschitz_seen_200", "critic_train_minus_held_out_200", "nearest_training_lab_200",
    } <= set(found["mean"])  # fmt: skip
    shares = [found["mean"][f"class_share_{label}_lab_200"] for label in range(10)]
    np.testing.assert_allclose(sum(shares), 1)
    assert min(shares) == found["mean"]["rarest_class_share_lab_200"] and "% of each class" in capsys.readouterr().out
    assert (tmp_path / "neighbours.png").stat().st_size > 1000
    assert found["protocol"]["real"] == 200 and len(found["protocol"]["classifier_weights"]) == 16
    assert np.isfinite(list(found["mean"].values())).all()
    with pytest.warns(UserWarning, match="covariance is singular"):
        assert evaluate.main([str(run), "--n", "200", "--features", "pixels", "--out", str(tmp_path / "pixels.json")]) == 0
    assert "fid_pixels_200" in json.loads((tmp_path / "pixels.json").read_text())["mean"]

    def brightness(images):
        return images.mean((1, 2)).repeat(2, 1) + np.arange(2) * images[:, 14, 14]

    mine = evaluation.evaluate(run, n=200, features=brightness)
    assert "fid_brightness_200" in mine["mean"] and mine["protocol"]["features"] == "brightness"


@pytest.mark.slow
def test_real_pictures_noise_and_collapse_are_ranked_as_they_must_be(quick_classifier):
    from jaxgan.metrics.classes import class_distribution, entropy_bits
    from jaxgan.metrics.frechet import fid
    from jaxgan.metrics.manifold import precision_recall_density_coverage
    from jaxgan.metrics.two_sample import classifier_two_sample_test

    judged_by = evaluation.lab_classifier("digits")
    digits = data.load("digits").samples
    real, also_real = digits[:700], digits[700:1400]
    noise = np.random.default_rng(0).integers(0, 256, real.shape, dtype=np.uint8)
    collapsed = np.repeat(real[:1], 700, axis=0)
    kinds = {"real": also_real, "noise": noise, "collapsed": collapsed}
    judged = {name: judged_by.classify(kind) for name, kind in kinds.items()}
    features = judged_by.classify(real)[1]
    distance = {name: fid(features, found[1]) for name, found in judged.items()}
    assert distance["real"] < 0.1 * min(distance["noise"], distance["collapsed"])
    told = {name: classifier_two_sample_test(features, found[1]) for name, found in judged.items()}
    assert told["real"].low < 0.5 < told["real"].high and min(told["noise"].low, told["collapsed"].low) > 0.9
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


def judging(figure, values):
    """A judge that gives the values one after the other, to each replica of a step the same."""
    left = [value for value in values for _ in range(2)]

    def figures(run, average, show):
        return {figure: left.pop(0)}

    return Judge(figures, lambda drawn, labels, show: {figure: 0.0}, {}, None)


@pytest.mark.parametrize(("figure", "best"), [("fid_lab_1k", (2, 1.0)), ("precision_lab_1k", (4, 3.0))])
def test_the_best_checkpoint_is_kept_by_its_figure(tmp_path, monkeypatch, figure, best):
    """Of 2, 1, 3, 2.5 at steps 0, 2, 4, 6, resumed after step 4: the lowest distance is at step 2, the highest precision at 4."""
    setup = tiny(replicas=2, metrics_every=2, best=figure)
    program = Program(setup)
    state = program.initial_state()
    for part in ({0: 2.0, 2: 1.0, 4: 3.0}, {6: 2.5}):
        monkeypatch.setattr(
            "jaxgan.evaluation.training.judge_of", lambda *_, part=part, **__: judging(figure, list(part.values()))
        )
        measure = Measuring(setup).of(program, tmp_path)
        for step, value in part.items():
            assert measure(step, state) == [{figure: value}] * 2
    assert json.loads((tmp_path / "best.json").read_text()) == {"figure": figure, "value": best[1], "step": best[0]}
    assert [path.name for path in (tmp_path / "best").iterdir()] == [str(best[0])]


def test_a_run_is_measured_while_it_trains(tmp_path):
    run = tmp_path / "run"
    config = Config(
        dataset="ring8",
        steps=4,
        batch_size=16,
        hidden_dim=16,
        replicas=2,
        metrics_every=2,
        metrics_samples=200,
        log_every=3,
        out=run,
    )
    fitted = runs.fit(config, progress=False)
    measured = [line for line in fitted.metrics if "sliced_wasserstein1_200" in line]
    assert [(line["step"], line["replica"]) for line in measured] == [(s, r) for s in (0, 2, 4) for r in (0, 1)]
    assert [line["step"] for line in fitted.metrics if "critic_loss" in line] == [3, 3, 4, 4]
    kept = json.loads((run / "best.json").read_text())
    means = {s: np.mean([x["sliced_wasserstein1_200"] for x in measured if x["step"] == s]) for s in (0, 2, 4)}
    np.testing.assert_allclose(kept["value"], min(means.values()))
    assert evaluate.main([str(run), "--best", "--n", "200"]) == 0
    judged = json.loads((run / "evaluation.json").read_text())
    assert judged["step"] == kept["step"] and judged["diverged"] == []
    untouched = dataclasses.replace(config, metrics_every=None, out=tmp_path / "without")
    chex.assert_trees_all_equal(plain(fitted.state), plain(runs.fit(untouched, progress=False).state))
    with pytest.raises(UserError, match="did you mean 'precision_points_200'"):
        runs.fit(dataclasses.replace(config, best="precision_points_300", out=tmp_path / "wrong"), progress=False)
    with pytest.raises(UserError, match="wasserstein1_exact_200_of_real' is not known"):  # it ranks nothing
        runs.fit(dataclasses.replace(config, best="wasserstein1_exact_200_of_real", out=tmp_path / "wrong"), progress=False)
    assert not (tmp_path / "wrong").exists()
    with pytest.raises(UserError, match="--metrics-every"):
        runs.fit(dataclasses.replace(untouched, best="precision_points_200"), progress=False)
    with pytest.raises(UserError, match="no best checkpoint"):
        trained.load(tmp_path / "without", best=True)


def test_a_replica_that_diverges_leaves_the_others_their_figures(tmp_path):
    config = Config(
        dataset="ring8", steps=4, batch_size=8, hidden_dim=8, replicas=2, by_replica={"learning_rate": [1e-3, 1e30]}, metrics_every=2,
        metrics_samples=100, out=tmp_path / "run",
    )  # fmt: skip
    with pytest.raises(DivergedError, match="the others are trained"):
        runs.fit(config, progress=False)
    found = evaluation.evaluate(tmp_path / "run", n=100)
    assert found["diverged"] == [1] and found["replicas"][1] == {} and found["std"]["precision_points_100"] is None
    assert np.isfinite(list(found["mean"].values())).all()
    assert json.loads((tmp_path / "run" / "best.json").read_text())["value"] > 0


@pytest.mark.slow
def test_pictures_without_labels_are_measured_in_pixels(tmp_path):
    images = np.random.default_rng(0).integers(0, 256, (150, 12, 12), dtype=np.uint8)
    np.savez(tmp_path / "noise.npz", images=images)
    config = Config(
        dataset=f"npz:{tmp_path / 'noise.npz'}", network="fc", steps=1, batch_size=8, hidden_dim=8, metrics_every=1, metrics_samples=100,
        out=tmp_path / "run",
    )  # fmt: skip
    with pytest.warns(UserWarning, match="covariance is singular"):
        fitted = runs.fit(config, progress=False)
    assert [line["step"] for line in fitted.metrics if "kid_pixels_100" in line] == [0, 1]
    with pytest.raises(UserError, match="--features pixels"):
        evaluation.evaluate(tmp_path / "run", n=100)


@pytest.mark.slow
def test_a_conditional_run_is_asked_for_labels_as_frequent_as_in_the_data(tmp_path, monkeypatch):
    labels = np.repeat([0, 1], [180, 20]).astype(np.int32)
    np.savez(tmp_path / "two.npz", images=np.zeros((200, 12, 12), np.uint8), labels=labels)
    run = tmp_path / "run"
    config = Config(
        dataset=f"npz:{tmp_path / 'two.npz'}", network="fc", conditional=True, steps=1, batch_size=8, hidden_dim=8, out=run
    )
    runs.fit(config, progress=False)
    asked = []
    sample = trained.TrainedRun.sample

    def noted(self, n, **fields):
        asked.append(np.asarray(fields["labels"]))
        return sample(self, n, **fields)

    monkeypatch.setattr(trained.TrainedRun, "sample", noted)
    monkeypatch.setattr("jaxgan.features.classifier.classifiers_folder", lambda: tmp_path / "classifiers")
    monkeypatch.setattr("jaxgan.features.classifier.UPDATES", 2)

    def mean_and_corner(images):
        return np.stack([np.mean(images, (1, 2, 3)), np.asarray(images)[:, 0, 0, 0]], 1) + np.random.default_rng(0).normal(
            size=(len(images), 2)
        )

    found = evaluation.evaluate(run, n=400, features=mean_and_corner)
    assert 0.05 < asked[0].mean() < 0.15 and len(asked[0]) == 400
    assert found["protocol"]["labels"] == "drawn from those of the training set"


def test_the_critic_of_fixed_points_is_tried_on_fresh_ones(tmp_path):
    run = tmp_path / "run"
    runs.fit(Config(dataset="ring8", points=300, steps=2, batch_size=8, hidden_dim=8, out=run), progress=False)
    found = evaluation.evaluate(run, n=250)["mean"]
    assert np.isfinite(found["critic_train_minus_held_out_250_in_deviations"])
    program, state = trained.load_all(run)
    weights = [leaf for path, leaf in jax.tree.leaves_with_path(state.critic.params) if "kernel" in str(path[-1])]
    bound = float(np.prod([np.linalg.norm(w, 2) for w in weights]) * program.setup.dataset.distribution.scale.max())
    assert 0 < found["critic_gradient_norm_250"] <= found["critic_lipschitz_seen_250"] <= bound


@pytest.mark.parametrize("remedy", [{"pac": 2}, {"minibatch_discrimination": True}, {"variant": "sinkhorn"}])
def test_a_critic_that_judges_no_sample_alone_is_left_out(tmp_path, remedy):
    setup = tiny(**{"variant": "gan", **remedy})
    samples = np.zeros((4, 2)), np.zeros(4, np.int32)
    assert of_the_critic(trained.TrainedRun(setup, initial(setup), tmp_path), samples, samples, None, 0, iter) == {}


def test_a_stacked_set_is_judged_channel_by_channel(tmp_path, monkeypatch):
    """By a classifier that is told what each picture shows: every mode is there, and the divergence that of the counts."""
    monkeypatch.setattr("jaxgan.data.stacks.TRIPLES", {"train": 400, "test": 50})
    train, test = data.load("digits"), data.load("digits", split="test")
    single = classifier_of(train, test, tmp_path, updates=3)
    stacked = data.load("stacked_digits")
    judged = StackedClassifier(single, 3)
    probabilities, features = judged.classify(stacked.samples[:50])
    assert probabilities.shape == (50, 1000) and features.shape == (50, 384) and judged.n_classes == 1000
    np.testing.assert_allclose(probabilities.sum(1), 1, rtol=1e-4)
    channels = [single.classify(stacked.samples[:50, :, :, i : i + 1])[0].argmax(1) for i in range(3)]
    np.testing.assert_array_equal(probabilities.argmax(1), channels[0] * 100 + channels[1] * 10 + channels[2])
    inside = judged.apply(to_model_range(jnp.asarray(stacked.samples[:50])))
    np.testing.assert_allclose(inside[0], probabilities, rtol=1e-3, atol=1e-6)
    perfect = np.eye(1000, dtype=np.float32)[stacked.labels]
    found = of_classes(perfect, None, "400", stacked)
    assert found["modes_stacked_400"] == len(np.unique(stacked.labels)) and abs(found["kl_stacked_400"]) < 1e-12
    collapsed = of_classes(np.repeat(perfect[:1], 400, 0), None, "400", stacked)
    share = (stacked.labels == stacked.labels[0]).mean()
    assert collapsed["modes_stacked_400"] == 1
    np.testing.assert_allclose(collapsed["kl_stacked_400"], -np.log(share))


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
