"""Measuring runs: the metrics are there under names that state their protocol, and tell good from bad."""

import dataclasses
import importlib
import json
import re
from pathlib import Path

import chex
import jax
import jax.numpy as jnp
import numpy as np
import pytest

import jaxgan
from jaxgan import classifier, data, runs
from jaxgan.engine.sampling import TrainedGan
from jaxgan.errors import DivergedError, UserError
from jaxgan.evaluation import Evaluator, evaluator_of
from jaxgan.evaluation.critics import gap_of_critic, metrics_of_critic
from jaxgan.evaluation.images import class_metrics
from jaxgan.features import FEATURES, LabClassifier, StackedClassifier, classifier_of, lab_classifier, show_nothing
from jaxgan.folder import RunFolder
from jaxgan.metrics import verdicts
from jaxgan.pixels import to_model_range
from jaxgan.runs.measuring import Measuring
from jaxgan.settings import Config, resolve
from tests.tiny import initial, on_disk, pictures, plain, tiny

OLD_RUNS = Path(__file__).parents[1] / "old_runs"
evaluate = importlib.import_module("jaxgan.evaluate")  # the command; `jaxgan.evaluate` is the function


@pytest.fixture
def quick_classifier(monkeypatch, tmp_path):
    """Few updates, and a folder of its own."""
    monkeypatch.setattr("jaxgan.features.classifier.UPDATES", 150)
    monkeypatch.setattr("jaxgan.features.classifier.classifiers_folder", lambda: tmp_path / "classifiers")


def test_the_function_keeps_its_name_when_the_command_is_imported():
    assert jaxgan.evaluate is runs.evaluate and callable(evaluate.main)


def test_the_command_takes_the_features_that_there_are(capsys):
    with pytest.raises(SystemExit):
        evaluate.main(["--help"])
    said = " ".join(capsys.readouterr().out.split())
    assert all(name in said for name in FEATURES)
    assert evaluate.main([str(OLD_RUNS / "digits"), "--features", "Pixels"]) == 2
    assert "did you mean 'pixels'?" in capsys.readouterr().err


def test_data_are_told_of_and_refused_before_anything_is_drawn(monkeypatch):
    run, told = OLD_RUNS / "digits", []
    monkeypatch.setattr(TrainedGan, "sample", None)
    with pytest.raises(UserError, match="10 samples: at least"):
        runs.evaluate(run, n=10, tell=told.append)
    assert told[0].startswith("data: 1,497 samples read, levels 0 to 255")
    with pytest.raises(UserError, match=r"its samples are of 3, and .*digits draws samples of 16x16x1"):
        runs.evaluate(run, np.zeros((200, 3), np.float32))
    with pytest.raises(UserError, match=r"2,000,000,000 samples to measure.* would take .* too much"):
        runs.evaluate(run, n=2 * 10**9)


def test_points_are_measured_replica_by_replica(tmp_path, capsys):
    run = tmp_path / "run"
    runs.fit(Config(dataset="ring8", steps=3, batch_size=8, hidden_dim=8, replicas=2, ema=0.9, out=run), progress=False)
    assert evaluate.main([str(run), "--n", "300"]) == 0
    assert "deviation" in capsys.readouterr().out
    evaluation = json.loads((run / "evaluation.json").read_text())
    assert evaluation["weights"] == "averaged" and evaluation["step"] == 3 and len(evaluation["replicas"]) == 2
    assert {
        "modes_pacgan_2500", "reverse_kl_pacgan_2500", "lab_coverage_2500", "wasserstein1_exact_300", "kl_grid50_300", "precision_points_300",
        "c2st_points_300",
    } <= set(evaluation["mean"])  # fmt: skip
    first, second = (replica["wasserstein1_exact_300"] for replica in evaluation["replicas"])
    assert first != second
    np.testing.assert_allclose(evaluation["mean"]["wasserstein1_exact_300"], (first + second) / 2)
    assert evaluation["mean"]["wasserstein1_exact_300_of_real"] < 0.2 < evaluation["mean"]["wasserstein1_exact_300"]
    assert evaluation["mean"]["c2st_points_300"] > 0.7  # three steps draw nothing like a ring


def test_modes_are_counted_among_as_many_points_as_wanted():
    """Of 400 points the last 200 lie on the ninth centre: counting the first 200 misses it."""
    dataset = data.load("mixture9")
    centres = np.asarray(dataset.distribution.to_model(dataset.distribution.centres), np.float32)
    points = np.concatenate([np.tile(centres[:8], (25, 1)), np.tile(centres[8:], (200, 1))])
    gan = resolve(Config(dataset="mixture9", hidden_dim=8)).gan
    for counted, modes in ((200, 8.0), (400, 9.0)):
        values = evaluator_of(dataset, gan, n=100, coverage_points=counted).of_samples(points, None, show_nothing)
        assert values[f"modes_pacgan_{counted}"] == modes
        assert values[f"lab_coverage_{counted}"] == pytest.approx(modes / 9)
    with pytest.raises(
        UserError, match=r"^--coverage-points 10000: counts modes of a distribution of the plane, and 'digits' is none"
    ):
        evaluator_of(pictures(), gan, n=100, coverage_points=10_000)


@pytest.mark.slow
@pytest.mark.filterwarnings("always:.*covariance is singular")  # which the command says of so few
def test_pictures_are_measured_in_features_of_their_own_classifier(quick_classifier, tmp_path, capsys):
    run = tmp_path / "run"
    runs.fit(Config(steps=2, batch_size=8, hidden_dim=8, network="fc", conditional=True, out=run), progress=False)
    assert evaluate.main([str(run), "--n", "200", "--out", str(tmp_path / "figures.json")]) == 0
    evaluation = json.loads((tmp_path / "figures.json").read_text())
    assert {
        "fid_lab_200", "kid_lab_200", "inception_score_lab_200", "class_entropy_bits_lab_200", "conditional_accuracy_lab_200",
        "precision_lab_200", "c2st_lab_200", "path_length_lab_200", "sliced_wasserstein1_lab_200", "pairwise_distance_lab_200",
        "critic_lipschitz_seen_200", "critic_train_minus_held_out_200", "nearest_training_lab_200",
        "nearer_training_lab_200", "data_copying_lab_200", "closest_training_lab_200",
    } <= set(evaluation["mean"])  # fmt: skip
    likeness, _, copies, critic = evaluation["verdict"]
    assert "can be told from real ones" in likeness and "no sign of copying" in copies and "critic" in critic
    shares = [evaluation["mean"][f"class_share_{label}_lab_200"] for label in range(10)]
    np.testing.assert_allclose(sum(shares), 1)
    assert min(shares) == evaluation["mean"]["rarest_class_share_lab_200"] and "% of each class" in (
        said := capsys.readouterr().out
    )
    assert all(sentence in said.splitlines() for sentence in evaluation["verdict"])
    assert (tmp_path / "neighbours.png").stat().st_size > 1000
    assert evaluation["protocol"]["real"] == 200 and len(evaluation["protocol"]["classifier_weights"]) == 16
    assert np.isfinite(list(evaluation["mean"].values())).all()
    capsys.readouterr()
    assert evaluate.main([str(run), "--n", "200", "--features", "pixels", "--out", str(tmp_path / "pixels.json")]) == 0
    assert "covariance is singular" in capsys.readouterr().err
    assert "fid_pixels_200" in json.loads((tmp_path / "pixels.json").read_text())["mean"]

    def brightness(images):
        return images.mean((1, 2)).repeat(2, 1) + np.arange(2) * images[:, 14, 14]

    mine = runs.evaluate(run, n=200, features=brightness)
    assert "fid_brightness_200" in mine["mean"] and mine["protocol"]["features"] == "brightness"


@pytest.mark.slow
def test_real_pictures_noise_and_collapse_are_ranked_as_they_must_be(quick_classifier):
    from jaxgan.metrics.classes import class_distribution, entropy_bits
    from jaxgan.metrics.frechet import fid
    from jaxgan.metrics.manifold import precision_recall_density_coverage
    from jaxgan.metrics.two_sample import classifier_two_sample_test

    lab = lab_classifier("digits")
    digits = data.load("digits").samples
    real, also_real = digits[:700], digits[700:1400]
    noise = np.random.default_rng(0).integers(0, 256, real.shape, dtype=np.uint8)
    collapsed = np.repeat(real[:1], 700, axis=0)
    kinds = {"real": also_real, "noise": noise, "collapsed": collapsed}
    outputs = {name: lab.classify(kind) for name, kind in kinds.items()}
    features = lab.classify(real)[1]
    distance = {name: fid(features, output[1]) for name, output in outputs.items()}
    assert distance["real"] < 0.1 * min(distance["noise"], distance["collapsed"])
    test = {name: classifier_two_sample_test(features, output[1]) for name, output in outputs.items()}
    assert test["real"].low < 0.5 < test["real"].high and min(test["noise"].low, test["collapsed"].low) > 0.9
    alike = {name: precision_recall_density_coverage(features, output[1]) for name, output in outputs.items()}
    assert alike["real"].precision > 0.8 and alike["real"].recall > 0.8
    assert alike["collapsed"].recall < 0.05 and alike["noise"].precision < 0.2
    entropy = {name: entropy_bits(class_distribution(output[0].argmax(1), 10)) for name, output in outputs.items()}
    assert entropy["real"] > 3.2 and entropy["collapsed"] == 0


@pytest.mark.slow
def test_a_classifier_is_trained_once_and_tells_digits(quick_classifier, tmp_path, capsys):
    assert classifier.main(["--dataset", "digits"]) == 0
    output = capsys.readouterr().out
    assert float(re.search(r"digits: ([\d.]+) %", output)[1]) > 90
    [kept] = (tmp_path / "classifiers").iterdir()
    before = kept.stat().st_mtime_ns
    assert classifier.main(["--dataset", "digits"]) == 0
    assert capsys.readouterr().out == output and kept.stat().st_mtime_ns == before
    kept.write_bytes(b"broken")
    assert classifier.main(["--dataset", "digits"]) == 2
    assert "delete it" in capsys.readouterr().err


def evaluator_giving(metric, values):
    """An evaluator that gives the values one after the other, to each replica of a step the same."""
    left = [value for value in values for _ in range(2)]

    def of_gan(trained, average, show):
        return {metric: left.pop(0)}

    return Evaluator(of_gan, lambda drawn, labels, show: {metric: 0.0}, {}, None)


@pytest.mark.parametrize(("metric", "best"), [("fid_lab_1k", (2, 1.0)), ("precision_lab_1k", (4, 3.0))])
def test_the_best_checkpoint_is_kept_by_its_metric(tmp_path, monkeypatch, metric, best):
    """Of 2, 1, 3, 2.5 at steps 0, 2, 4, 6, resumed after step 4: the lowest distance is at step 2, the highest precision at 4."""
    resolved = tiny(replicas=2, metrics_every=2, best=metric)
    state = resolved.program().initial_state()

    def run_of(state):
        return runs.Run(resolved.gan, state, (2,), tmp_path, resolved.config, resolved.dataset, replicas=2)

    for part in ({0: 2.0, 2: 1.0, 4: 3.0}, {6: 2.5}):
        monkeypatch.setattr(
            "jaxgan.runs.measuring.evaluator_of", lambda *_, part=part, **__: evaluator_giving(metric, list(part.values()))
        )
        measure = Measuring(resolved).of(run_of, RunFolder(tmp_path))
        for step, value in part.items():
            assert measure(step, state) == [{metric: value}] * 2
    assert json.loads((tmp_path / "best.json").read_text()) == {"metric": metric, "value": best[1], "step": best[0]}
    assert [path.name for path in (tmp_path / "best").iterdir()] == [str(best[0])]


@pytest.mark.parametrize(
    ("features", "dataset", "metric"),
    [(None, pictures(n=200, size=8), "fid_lab_200"), ("pixels", pictures(n=200, size=8), "kid_pixels_200"),
     ("tests.features.test_extractor:of_a_module", dataclasses.replace(pictures(n=200, size=8), n_classes=0, labels=None), "kid_of_a_module_200")],
)  # fmt: skip
def test_features_are_chosen_for_what_is_measured_while_training(monkeypatch, features, dataset, metric):
    """The classifier is not trained for this: only which features and which metric are chosen is looked at."""
    monkeypatch.setattr("jaxgan.evaluation.images.classifier_of", lambda *_, **__: LabClassifier({}, 3, 1.0, 10))
    run = tiny("fc", dataset=dataset, variant="gan", metrics_every=2, metrics_samples=200, features=features)
    measuring = Measuring(run)
    assert measuring.metric == metric and measuring.evaluator.protocol["features"] == metric.split("_", 1)[1].removesuffix(
        "_200"
    )


def test_features_without_pictures_or_measurements_are_refused():
    with pytest.raises(UserError, match="--features pixels: pictures are compared in features, and 'ring8' holds vectors"):
        Measuring(tiny(metrics_every=2, features="pixels"))
    with pytest.raises(UserError, match="--features has no meaning without --metrics-every"):
        tiny("fc", variant="gan", features="pixels")


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
    evaluation = json.loads((run / "evaluation.json").read_text())
    assert evaluation["step"] == kept["step"] and evaluation["diverged"] == []
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
        runs.load(tmp_path / "without", best=True)


def test_a_replica_that_diverges_leaves_the_others_their_metrics(tmp_path):
    config = Config(
        dataset="ring8", steps=4, batch_size=8, hidden_dim=8, replicas=2, by_replica={"learning_rate": [1e-3, 1e30]}, metrics_every=2,
        metrics_samples=100, out=tmp_path / "run",
    )  # fmt: skip
    with pytest.raises(DivergedError, match="the others are trained"):
        runs.fit(config, progress=False)
    evaluation = runs.evaluate(tmp_path / "run", n=100)
    assert (
        evaluation["diverged"] == [1] and evaluation["replicas"][1] == {} and evaluation["std"]["precision_points_100"] is None
    )
    assert np.isfinite(list(evaluation["mean"].values())).all()
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
        runs.evaluate(tmp_path / "run", n=100)


@pytest.mark.slow
def test_a_conditional_run_is_given_labels_as_frequent_as_in_the_data(tmp_path, monkeypatch):
    labels = np.repeat([0, 1], [180, 20]).astype(np.int32)
    np.savez(tmp_path / "two.npz", images=np.zeros((200, 12, 12), np.uint8), labels=labels)
    run = tmp_path / "run"
    config = Config(
        dataset=f"npz:{tmp_path / 'two.npz'}", network="fc", conditional=True, steps=1, batch_size=8, hidden_dim=8, out=run
    )
    runs.fit(config, progress=False)
    labels_drawn = []
    sample = TrainedGan.sample

    def noted(self, n, **fields):
        labels_drawn.append(np.asarray(fields["labels"]))
        return sample(self, n, **fields)

    monkeypatch.setattr(TrainedGan, "sample", noted)
    monkeypatch.setattr("jaxgan.features.classifier.classifiers_folder", lambda: tmp_path / "classifiers")
    monkeypatch.setattr("jaxgan.features.classifier.UPDATES", 2)

    def mean_and_corner(images):
        return np.stack([np.mean(images, (1, 2, 3)), np.asarray(images)[:, 0, 0, 0]], 1) + np.random.default_rng(0).normal(
            size=(len(images), 2)
        )

    evaluation = runs.evaluate(run, n=400, features=mean_and_corner)
    assert 0.05 < labels_drawn[0].mean() < 0.15 and len(labels_drawn[0]) == 400
    assert evaluation["protocol"]["labels"] == "drawn from those of the training set"


def test_the_critic_of_fixed_points_is_tried_on_fresh_ones(tmp_path):
    run = tmp_path / "run"
    runs.fit(Config(dataset="ring8", points=300, steps=2, batch_size=8, hidden_dim=8, out=run), progress=False)
    values = runs.evaluate(run, n=250)["mean"]
    assert np.isfinite(values["critic_train_minus_held_out_250_in_deviations"])
    loaded = runs.load_all(run)
    weights = [leaf for path, leaf in jax.tree.leaves_with_path(loaded.state.critic.params) if "kernel" in str(path[-1])]
    bound = float(np.prod([np.linalg.norm(w, 2) for w in weights]) * loaded.dataset.distribution.scale.max())
    assert 0 < values["critic_gradient_norm_250"] <= values["critic_lipschitz_seen_250"] <= bound


@pytest.mark.parametrize("remedy", [{"pac": 2}, {"minibatch_discrimination": True}, {"variant": "sinkhorn"}])
def test_a_critic_that_scores_no_sample_alone_is_left_out(remedy):
    run = tiny(**{"variant": "gan", **remedy})
    trained = TrainedGan(run.gan, initial(run), run.dataset.sample_shape)
    samples = np.zeros((4, 2)), np.zeros(4, np.int32)
    assert metrics_of_critic(trained, samples, samples, None, 0, iter) == {}
    assert gap_of_critic(trained, samples, samples, show_nothing) == {}


def test_while_training_the_critics_scores_of_training_and_held_out_samples_alone_are_compared():
    run = tiny(variant="gan")
    trained = TrainedGan(run.gan, initial(run), run.dataset.sample_shape)
    (real, seen), (fresh, unseen) = ((np.random.default_rng(n).normal(size=(n, 2)), np.zeros(n, np.int32)) for n in (50, 30))
    variables = {"params": trained.state.critic.params, **trained.state.critic.variables}
    critic = run.gan.networks.critic
    of_real, of_fresh = (
        critic.apply(variables, jnp.asarray(x[:30], float), jnp.asarray(seen[:30])).score for x in (real, fresh)
    )
    gap = gap_of_critic(trained, (real, seen), (fresh, unseen), show_nothing)
    assert gap["critic_train_minus_held_out_30"] == pytest.approx(float(of_real.mean() - of_fresh.mean()), rel=1e-3)
    assert set(gap) == {"critic_train_minus_held_out_30", "critic_train_minus_held_out_30_in_deviations"}
    assert gap_of_critic(trained, (real, seen), None, show_nothing) == {}


def test_a_stacked_set_is_measured_channel_by_channel(tmp_path, monkeypatch):
    """By a classifier that is told what each picture shows: every mode is there, and the divergence that of the counts."""
    monkeypatch.setattr("jaxgan.data.stacks.TRIPLES", {"train": 400, "test": 50})
    train, test = data.load("digits"), data.load("digits", split="test")
    single = classifier_of(train, test, tmp_path, updates=3)
    stacked = data.load("stacked_digits")
    classifier_of_three = StackedClassifier(single, 3)
    probabilities, features = classifier_of_three.classify(stacked.samples[:50])
    assert probabilities.shape == (50, 1000) and features.shape == (50, 384) and classifier_of_three.n_classes == 1000
    np.testing.assert_allclose(probabilities.sum(1), 1, rtol=1e-4)
    channels = [single.classify(stacked.samples[:50, :, :, i : i + 1])[0].argmax(1) for i in range(3)]
    np.testing.assert_array_equal(probabilities.argmax(1), channels[0] * 100 + channels[1] * 10 + channels[2])
    inside = classifier_of_three.apply(to_model_range(jnp.asarray(stacked.samples[:50])))
    np.testing.assert_allclose(inside[0], probabilities, rtol=1e-3, atol=1e-6)
    perfect = np.eye(1000, dtype=np.float32)[stacked.labels]
    whole = class_metrics(perfect, None, "400", stacked)
    assert whole["modes_stacked_400"] == len(np.unique(stacked.labels)) and abs(whole["kl_stacked_400"]) < 1e-12
    collapsed = class_metrics(np.repeat(perfect[:1], 400, 0), None, "400", stacked)
    share = (stacked.labels == stacked.labels[0]).mean()
    assert collapsed["modes_stacked_400"] == 1
    np.testing.assert_allclose(collapsed["kl_stacked_400"], -np.log(share))


def test_streamed_pictures_are_brought_into_memory(monkeypatch):
    dataset = pictures(n=30, size=8)
    whole = data.read_into_memory(on_disk(dataset))
    np.testing.assert_array_equal(whole.samples, dataset.samples)
    np.testing.assert_array_equal(whole.labels, dataset.labels)
    monkeypatch.setattr("jaxgan.data.memory.MOST_BYTES", 64 * 10)
    part = data.read_into_memory(on_disk(dataset))
    assert part.samples.shape == (10, 8, 8, 1) and part.records is None
    assert len({picture.tobytes() for picture in part.samples}) == 10


def test_a_classifier_is_kept_and_read_again(tmp_path):
    train, test = pictures(n=30, size=8), pictures(n=12, size=8)
    first = classifier_of(train, test, tmp_path, updates=2)
    [kept] = tmp_path.iterdir()
    written = kept.stat().st_mtime_ns
    again = classifier_of(train, test, tmp_path, updates=2)
    assert (again.weights_hash, again.accuracy, again.held_out) == (first.weights_hash, first.accuracy, 12)
    assert kept.stat().st_mtime_ns == written
    probabilities, features = again.classify(test.samples)
    np.testing.assert_allclose(probabilities.sum(1), 1, rtol=1e-5)
    assert probabilities.shape == (12, 3) and features.shape == (12, 128) and (features >= 0).all()
    assert first.accuracy == (probabilities.argmax(1) == test.labels).mean()
    assert classifier_of(train, test, tmp_path, updates=3).weights_hash != first.weights_hash
    kept.write_bytes(b"broken")
    with pytest.raises(UserError, match="delete it"):
        classifier_of(train, test, tmp_path, updates=2)


def test_what_cannot_be_measured_is_refused(tmp_path, capsys):
    run = tmp_path / "run"
    runs.fit(Config(dataset="ring8", steps=1, batch_size=4, hidden_dim=4, out=run), progress=False)
    for flags, words in (
        (["--features", "lap"], "did you mean 'lab'"),
        (["--n", "5"], "at least 100"),
        (["--step", "9"], "step 9"),
    ):
        assert evaluate.main([str(run), *flags]) == 2
        output = capsys.readouterr().err
        assert words in output and output.count("\n") == 1
    assert evaluate.main([str(tmp_path)]) == 2
    assert "no run folder" in capsys.readouterr().err
    ring = data.load("ring8", points=10)
    with pytest.raises(UserError, match="labelled pictures"):
        classifier_of(ring, ring, tmp_path)


@pytest.mark.filterwarnings("ignore:.*covariance is singular:UserWarning")
def test_copies_are_told_in_words_and_fresh_pictures_are_not_accused():
    chance = np.random.default_rng(0)
    train, held_out, fresh = (chance.integers(0, 256, (100, 6, 6, 1), dtype=np.uint8) for _ in range(3))
    sets = [data.Dataset("noise", (6, 6, 1), 0, samples, None) for samples in (train, held_out)]
    evaluator = evaluator_of(sets[0], tiny("fc", variant="gan").gan, held_out=sets[1], n=100, features="pixels")
    copied, clean = (
        evaluator.of_samples(np.asarray(to_model_range(jnp.asarray(samples))), None, show_nothing) for samples in (train, fresh)
    )
    assert copied["closest_training_pixels_100"] == 1 and clean["closest_training_pixels_100"] < 0.15
    assert verdicts(copied)[-1].startswith("copies: 100% of the generated pictures")
    assert verdicts(clean)[-1].startswith("no sign of copying")
    assert copied["authentic_pixels_100"] == 0 and copied["nearer_training_pixels_100_low"] > 0.9
    assert 0.2 < clean["authentic_pixels_100"] < 0.8 and clean["authentic_pixels_100_of_held_out"] > 0.2
