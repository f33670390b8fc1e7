"""Wrong calls from Python: each ends at once in one line that names what is wrong, before anything is compiled or written.

`python -m pytest -s tests/reliability/test_wrong_calls.py` prints how many there are of each kind, and how many end so.
"""

import math
import time
from collections.abc import Callable
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import jax
import numpy as np
import optax
import pytest

import jaxgan
from jaxgan import Config, Gan, metrics, networks, objectives
from jaxgan.data import Dataset
from jaxgan.errors import UserError
from jaxgan.optimizers import OPTIMIZERS, SCHEDULES, scheduled
from jaxgan.runs import Run
from jaxgan.settings.options import OPTIONS, choices

pytestmark = pytest.mark.usefixtures("no_annotation_checks")  # as a user runs it

LONGEST = 400  # letters of a message, without the paths that it names
SLOWEST = 1.0  # seconds a call, of the processor
SAVED_RUN = Path(__file__).parents[1] / "old_runs" / "ring8"
NAN, INFINITY = math.nan, math.inf


class Wrong(NamedTuple):
    """A wrong call, as it is shown where it is not refused; the message must hold `words`."""

    shown: str
    call: Callable[[], Any]
    words: str


# Options: of every option values that its type or its range forbids

OF_TYPE: dict[Any, tuple[Any, ...]] = {
    int: (4.5, "4", True, NAN, INFINITY, 1e20, 3_000_000_000, 2**70, -(2**70), 1j, [4], {}, np.array([4]), np.float32(2.5), b"4", len),
    float: ("0.1", True, NAN, INFINITY, -INFINITY, 1e39, 1j, [0.1], np.array([0.1]), {}, np.float64(NAN), b"1", len, Fraction),
    bool: ("yes", "True", 1, 0, 0.0, NAN, [True], np.array([True]), np.int64(1), {}),
    str: (3, 3.5, True, Path("x"), b"x", ["x"], np.zeros(3), len, Gan),
    Path: (3, True, 3.5, b"x", ["x"], "a\0b", np.zeros(2), len),
    dict: ([1], "seed", 3, {1: [2]}, {"seed": 3}, {"seed": "12"}, {"python": [1]}, {"seed": [0.5]}, {"seed": [[1]]}),
}  # fmt: skip
OUT_OF_RANGE = {
    "seed": (-1, 2**31, -0.5),
    "steps": (0, -3, 2**31 - 1, np.int64(-1)),
    "batch_size": (0, -8),
    "replicas": (0, -1),
    "learning_rate": (0, -1e-3, 1e-60),
    "ema": (1, 1.0, -0.1, 1 - 1e-12),
    "beta1": (1, -0.5, 1 - 1e-9),
    "dropout": (1.0, -0.1),
    "clip": (0, -0.01),
    "gradient_penalty_power": (0.5,),
    "metrics_samples": (99, 0),
    "process_id": (-1,),
    "process_count": (0, -1),
}
OTHER_CHOICES = ("", "x", "Adam", 3, None, True, ["adam"], b"adam", np.zeros(3))


MEANT = {"image_size": [(str, "4"), (int, 3)], "channels": [(int, 3)]}  # a number and its text mean the same there


def wrong_options() -> list[Wrong]:
    cases = []
    for name, option in OPTIONS.items():
        kinds = [kind for kind in OF_TYPE if kind in (option.type, *getattr(option.type, "__args__", ()))]
        values = [value for kind in kinds for value in OF_TYPE[kind]]
        if option.is_interval:
            values = [
                *(value for value in OF_TYPE[int] if not isinstance(value, str)),
                "",
                "a\nb",
                "epoch",
                "0%",
                "0epochs",
                "-1",
                "3minutes",
                "x" * 1000,
            ]
        if choices(name):
            values = [value for value in OTHER_CHOICES if value is not None or option.default is not None]
        if "dict" in str(option.type):
            values = list(OF_TYPE[dict]) if name == "by_replica" else [[1], "x", 3, {1: {}}, {"generator": 3}, {"a": {"b": 3}}]
        if option.default is not None:
            values.append(None)
        values = [value for value in values if (type(value), value) not in MEANT.get(name, ())]
        values += OUT_OF_RANGE.get(name, ())
        words = "" if name == "by_replica" else option.flag.strip("-").replace("-", "_")
        cases += [Wrong(f"Config({name}={value!r})", lambda n=name, v=value: Config(**{n: v}), words) for value in values]
    return cases


# A GAN, and its steps

ADAM = optax.adam(1e-3)
REAL = np.random.default_rng(0).normal(size=(6, 2)).astype(np.float32)
LABELS = np.arange(6, dtype=np.int32) % 3
KEY, KEYS = jax.random.key(0), jax.random.split(jax.random.key(0), 2)
IMAGE = np.zeros((4, 8, 8, 1), np.uint8)


def gan_of(**numbers: Any) -> Gan:
    parts = {
        "generator": networks.MlpGenerator((2,), latent_dim=2, hidden_dim=4),
        "critic": networks.MlpCritic((2,), hidden_dim=4),
        "game": objectives.wgan_gp(),
        "generator_optimizer": ADAM,
        "critic_optimizer": ADAM,
        "latent_dim": 2,
    }
    return Gan(**{**parts, **numbers})


@cache
def plain() -> tuple[Gan, Any]:
    gan = gan_of()
    return gan, jax.jit(lambda: gan.init(KEY, REAL))()


@cache
def labelled() -> tuple[Gan, Any]:
    gan = gan_of(n_classes=3)
    return gan, jax.jit(lambda: gan.init(KEY, REAL, LABELS))()


GAN_ARGUMENTS = {
    "generator": (3, "mlp", None, (len,), (1, 2), networks.MlpCritic((2,)), networks.MlpGenerator, np.zeros(3), dict, ADAM),
    "critic": (3, "mlp", None, (len, len, len), ("a", "b"), networks.MlpGenerator((2,), 2), networks.MlpCritic, [], ADAM),
    "game": (3, "wgan_gp", None, objectives.wgan_gp, jaxgan.Game("x"), jaxgan.Game(objectives.wgan_gp().objective, 3),
             jaxgan.Game(objectives.wgan_gp().objective, (3,)), jaxgan.Game(objectives.wgan_gp().objective, (), "clip"),
             jaxgan.Game(jaxgan.Objective("a", "b")), objectives.gradient_penalty(1.0)),
    "generator_optimizer": (3, "adam", None, optax.adam, 1e-3, len),
    "critic_optimizer": ("adam", None, optax.adam, (1e-3,), [ADAM]),
    "latent_dim": (0, -1, 2.5, "2", None, True, NAN, [2], 2**40, (2,), np.array([2, 3])),
    "n_classes": (-1, 2.5, "3", None, True, NAN, 2**40, ["a", "b"]),
    "n_critic": (-1, 0.5, "5", None, True, 2**40),
    "ema": (1, 1.0, -0.1, "0.9", None, True, NAN, INFINITY, 1j, [0.9], np.array([0.9, 0.9])),
    "conditioning": ("x", 3, None, "Concat", ["concat"]),
    "critic_data": ("old", 3, None, True),
    "generator_latent": ("old", 3, None),
    "fake_labels": ("fake", 3, None),
    "order": ("critic_frist", 3, None, ("critic_first",)),
    "pac": (0, -1, 1.5, "2", None, True),
    "unroll": (-1, 0.5, "1", None),
    "generators": (0, 1.5, "2", None, True),
    "generator_classifier_weight": (-1, "1", None, NAN, INFINITY, [1.0], True),
    "penalty_every": (0, 2.5, "4", None),
    "minibatch_discrimination": ("yes", 1, None),
    "spectral_norm": ("yes", 0, None),
    "ada": ("yes", 1, None, True),
    "ada_target": (1.5, -2, "0.6", None, NAN, True),
    "ada_images": (0, 2.5, "1", None, True),
    "ada_interval": (0, 2.5, None, True),
    "freeze_critic": (-1, 1.5, "1", None, True),
    "accumulate": (0, 1.5, "2", None, True),
    "augment": ("color", ("flop",), 3, None, (3,), [["colour"]], True),
}  # fmt: skip


def wrong_gans() -> list[Wrong]:
    return [
        Wrong(f"Gan({name}={value!r})", lambda n=name, v=value: gan_of(**{n: v}), name.split("_optimizer")[0])
        for name, values in GAN_ARGUMENTS.items()
        for value in values
    ]


def wrong_steps() -> list[Wrong]:
    gan, state = plain()
    by_class, class_state = labelled()
    draw, class_draw = gan.draw(KEY, 0, REAL), by_class.draw(KEY, 0, REAL, LABELS)
    calls: dict[str, tuple[Callable[[], Any], str]] = {
        # init
        "init(0, REAL)": (lambda: gan.init(0, REAL), "key"),
        "init('x', REAL)": (lambda: gan.init("x", REAL), "key"),
        "init(None, REAL)": (lambda: gan.init(None, REAL), "key"),
        "init(keys, REAL)": (lambda: gan.init(KEYS, REAL), "key"),
        "init(key data of another kind, REAL)": (lambda: gan.init(np.zeros(2, np.uint32), REAL), "key"),
        "init(KEY, 3)": (lambda: gan.init(KEY, 3), "example"),
        "init(KEY, 'x')": (lambda: gan.init(KEY, "x"), "example"),
        "init(KEY, None)": (lambda: gan.init(KEY, None), "example"),
        "init(KEY, len)": (lambda: gan.init(KEY, len), "example"),
        "init(KEY, a sample)": (lambda: gan.init(KEY, REAL[0]), "example"),
        "init(KEY, no batch)": (lambda: gan.init(KEY, np.zeros(())), "example"),
        "init(KEY, texts)": (lambda: gan.init(KEY, np.array([["a", "b"]])), "example"),
        "init(KEY, (samples, labels))": (lambda: gan.init(KEY, (REAL, LABELS)), "example"),
        "init(KEY, points of three)": (lambda: gan.init(KEY, np.zeros((4, 3), np.float32)), "(3,)"),
        "init(KEY, images)": (lambda: gan.init(KEY, IMAGE), "(8, 8, 1)"),
        # draw
        "draw(0, 0, REAL)": (lambda: gan.draw(0, 0, REAL), "key"),
        "draw('x', 0, REAL)": (lambda: gan.draw("x", 0, REAL), "key"),
        "draw(KEY, -1, REAL)": (lambda: gan.draw(KEY, -1, REAL), "index"),
        "draw(KEY, 0.5, REAL)": (lambda: gan.draw(KEY, 0.5, REAL), "index"),
        "draw(KEY, '0', REAL)": (lambda: gan.draw(KEY, "0", REAL), "index"),
        "draw(KEY, None, REAL)": (lambda: gan.draw(KEY, None, REAL), "index"),
        "draw(KEY, [0], REAL)": (lambda: gan.draw(KEY, [0], REAL), "index"),
        "draw(KEY, 2**40, REAL)": (lambda: gan.draw(KEY, 2**40, REAL), "index"),
        "draw(KEY, 0, None)": (lambda: gan.draw(KEY, 0, None), "real"),
        "draw(KEY, 0, 'x')": (lambda: gan.draw(KEY, 0, "x"), "real"),
        "draw(KEY, 0, 3)": (lambda: gan.draw(KEY, 0, 3), "real"),
        "draw(KEY, 0, no samples)": (lambda: gan.draw(KEY, 0, REAL[:0]), "real"),
        "draw(KEY, 0, whole numbers)": (lambda: gan.draw(KEY, 0, REAL.astype(int)), "real"),
        "draw(KEY, 0, truths)": (lambda: gan.draw(KEY, 0, REAL > 0), "real"),
        "draw(KEY, 0, complex)": (lambda: gan.draw(KEY, 0, REAL * 1j), "real"),
        "draw(KEY, 0, texts)": (lambda: gan.draw(KEY, 0, np.array([["a", "b"]])), "real"),
        "draw(KEY, 0, (samples, labels))": (lambda: gan.draw(KEY, 0, (REAL, LABELS)), "real"),
        "draw(KEY, 0, ragged)": (lambda: gan.draw(KEY, 0, [[1.0], [1.0, 2.0]]), "real"),
        "draw(..., step='both')": (lambda: gan.draw(KEY, 0, REAL, step="both"), "step"),
        "draw(..., step=3)": (lambda: gan.draw(KEY, 0, REAL, step=3), "step"),
        "draw without labels": (lambda: by_class.draw(KEY, 0, REAL), "labels"),
        "draw with too few labels": (lambda: by_class.draw(KEY, 0, REAL, LABELS[:4]), "label"),
        "draw with a class that is not there": (lambda: by_class.draw(KEY, 0, REAL, LABELS + 1), "label"),
        "draw with a negative class": (lambda: by_class.draw(KEY, 0, REAL, LABELS - 1), "label"),
        "draw with half a class": (lambda: by_class.draw(KEY, 0, REAL, LABELS + 0.5), "label"),
        "draw with classes by name": (lambda: by_class.draw(KEY, 0, REAL, ["a"] * 6), "label"),
        "draw with one-hot labels": (lambda: by_class.draw(KEY, 0, REAL, np.eye(3)[LABELS]), "label"),
        "draw with one label": (lambda: by_class.draw(KEY, 0, REAL, 1), "label"),
        "draw with labels that mean nothing": (lambda: gan.draw(KEY, 0, REAL, LABELS[:2]), "label"),
        # steps
        "critic_step(None, draw)": (lambda: gan.critic_step(None, draw), "state"),
        "critic_step(draw, state)": (lambda: gan.critic_step(draw, state), "state"),
        "critic_step((state, metrics), draw)": (lambda: gan.critic_step((state, {}), draw), "state"),
        "critic_step(state, None)": (lambda: gan.critic_step(state, None), "draw"),
        "critic_step(state, REAL)": (lambda: gan.critic_step(state, REAL), "draw"),
        "critic_step(state, points of three)": (
            lambda: gan.critic_step(state, draw._replace(real=np.zeros((6, 3)))), "real"),
        "gen_step(None, draw)": (lambda: gan.gen_step(None, draw), "state"),
        "gen_step(state, 3)": (lambda: gan.gen_step(state, 3), "draw"),
        "gen_step(state, latents of three)": (lambda: gan.gen_step(state, draw._replace(latent=np.zeros((6, 3)))), "latent"),
        "gen_step(state, fewer latents)": (lambda: gan.gen_step(state, draw._replace(latent=np.zeros((3, 2)))), "latent"),
        "critic_step(state, fewer labels)": (
            lambda: by_class.critic_step(class_state, class_draw._replace(real_label=np.zeros(2, np.int32))), "real_label"),
        # iteration
        "iteration(None, batches)": (lambda: gan.iteration(None, REAL[None]), "state"),
        "iteration(state, None)": (lambda: gan.iteration(state, None), "batches"),
        "iteration(state, 3)": (lambda: gan.iteration(state, 3), "batches"),
        "iteration(state, 'x')": (lambda: gan.iteration(state, "x"), "batches"),
        "iteration(state, two batches)": (lambda: gan.iteration(state, np.stack([REAL, REAL])), "2 batches"),
        "iteration(state, a triple)": (lambda: gan.iteration(state, (REAL, LABELS, 3)), "batches"),
        "iteration without labels": (lambda: by_class.iteration(class_state, REAL[None]), "labels"),
        "iteration with too few labels": (lambda: by_class.iteration(class_state, (REAL[None], LABELS[None, :2])), "label"),
        "iteration with other classes": (lambda: by_class.iteration(class_state, (REAL[None], LABELS[None] + 1)), "label"),
        # generate
        "generate(None, z, y)": (lambda: gan.generate(None, REAL, LABELS), "state"),
        "generate(state, 'z', y)": (lambda: gan.generate(state, "z", LABELS), "latent"),
        "generate(state, None, y)": (lambda: gan.generate(state, None, LABELS), "latent"),
        "generate(state, wider, y)": (lambda: gan.generate(state, np.zeros((6, 3), np.float32), LABELS), "latent"),
        "generate(state, one, y)": (lambda: gan.generate(state, np.zeros(2, np.float32), LABELS), "latent"),
        "generate(state, z, too few)": (lambda: by_class.generate(class_state, REAL, LABELS[:3]), "labels"),
        "generate(state, z, other classes)": (lambda: by_class.generate(class_state, REAL, LABELS + 1), "labels"),
        "generate(state, z, 'y')": (lambda: by_class.generate(class_state, REAL, "y"), "labels"),
        # sample
        "sample(None, KEY, 3)": (lambda: gan.sample(None, KEY, 3), "state"),
        "sample(state, 0, 3)": (lambda: gan.sample(state, 0, 3), "key"),
        "sample(KEY, state, 3)": (lambda: gan.sample(KEY, state, 3), "state"),
        "sample(state, KEY, 0)": (lambda: gan.sample(state, KEY, 0), "n=0"),
        "sample(state, KEY, -1)": (lambda: gan.sample(state, KEY, -1), "n=-1"),
        "sample(state, KEY, 1.5)": (lambda: gan.sample(state, KEY, 1.5), "n=1.5"),
        "sample(state, KEY, '3')": (lambda: gan.sample(state, KEY, "3"), "n='3'"),
        "sample(state, KEY, True)": (lambda: gan.sample(state, KEY, True), "n=True"),
        "sample(state, KEY, None)": (lambda: gan.sample(state, KEY, None), "n=None"),
        "sample(state, KEY, 2**40)": (lambda: gan.sample(state, KEY, 2**40), "n=1099511627776"),
        "sample(state, KEY, 3, two labels)": (lambda: by_class.sample(class_state, KEY, 3, [0, 1]), "labels"),
        "sample(state, KEY, 3, class 3)": (lambda: by_class.sample(class_state, KEY, 3, [0, 1, 3]), "labels"),
        "sample(state, KEY, 3, class -1)": (lambda: by_class.sample(class_state, KEY, 3, [0, 1, -1]), "labels"),
        "sample(state, KEY, 3, halves)": (lambda: by_class.sample(class_state, KEY, 3, [0, 1, 1.5]), "labels"),
        "sample(state, KEY, 3, texts)": (lambda: by_class.sample(class_state, KEY, 3, ["a", "b", "c"]), "labels"),
        "sample(state, KEY, 3, labels that mean nothing)": (lambda: gan.sample(state, KEY, 3, [0, 1, 2]), "labels"),
    }  # fmt: skip
    return [Wrong(f"gan.{shown}", call, words) for shown, (call, words) in calls.items()]


# A run

RUN_CALLS: dict[str, dict[str, tuple[Any, ...]]] = {
    "sample": {
        "n": (0, -1, 1.5, "3", None, True, NAN, [3], 2**40),
        "seed": (-1, 2**70, "0", 0.5, None, True, [0], 2**32),
        "label": (0, "a", 1.5, -1),
        "labels": ([0, 1], "ab", 3),
        "generator": (1, -1, "0", 0.5),
        "batch_statistics": ("yes", 1),
        "average": ("yes", 0, None),
    },
    "interpolate": {
        "n": (1, 0, -1, 2.5, "3", None, True),
        "seed": (-1, 2**70, "0", 0.5, None),
        "label": (0, "a", 1.5),
        "average": ("yes",),
    },
    "replica": {"replica": (1, -1, 0.5, "0", None, True)},
}
LABELLED_CALLS: dict[str, dict[str, tuple[Any, ...]]] = {
    "sample": {
        "label": (3, -1, 1.5, "a", True, [0], NAN),
        "labels": ([0, 1], [0, 1, 3], [0, 1, -1], [0, 1, 0.5], ["a", "b", "c"], [[0, 1, 2]], 1, "012", np.zeros((3, 3)), [0, 1, NAN]),
    },
    "interpolate": {"label": (3, -1, 1.5, "a")},
}  # fmt: skip


def run_of(gan: Gan, state: Any) -> Run:
    n_classes = gan.n_classes
    return Run(gan, state, (2,), SAVED_RUN, Config(), Dataset("own", (2,), n_classes, REAL, LABELS if n_classes else None))


def wrong_samples() -> list[Wrong]:
    run, by_class = run_of(*plain()), run_of(*labelled())
    cases = []
    for whose, name, calls in ((run, "run", RUN_CALLS), (by_class, "labelled_run", LABELLED_CALLS)):
        for method, arguments in calls.items():
            for argument, values in arguments.items():
                for value in values:
                    given = {"number": value} if method == "replica" else {"n": 3, argument: value}
                    call = lambda w=whose, m=method, g=given: getattr(w, m)(**g)  # noqa: E731
                    cases.append(Wrong(f"{name}.{method}({argument}={value!r})", call, argument))
    more: dict[str, tuple[Callable[[], Any], str]] = {
        "run.generate(3, y)": (lambda: run.generate(3, LABELS), "latent"),
        "run.generate(wider, y)": (lambda: run.generate(np.zeros((6, 3), np.float32), LABELS), "latent"),
        "run.generate(none, y)": (lambda: run.generate(np.zeros((0, 2), np.float32), LABELS[:0]), "latent"),
        "run.generate(z, too few)": (lambda: by_class.generate(REAL, LABELS[:2]), "labels"),
        "run.generate(z, other classes)": (lambda: by_class.generate(REAL, LABELS + 5), "labels"),
        "run.sample(label and labels)": (lambda: by_class.sample(3, label=1, labels=[0, 1, 2]), "label"),
        "load(3)": (lambda: jaxgan.load(3), "folder"),
        "load(None)": (lambda: jaxgan.load(None), "folder"),
        "load('no/such')": (lambda: jaxgan.load("no/such"), "no run folder"),
        "load(RUN, step=-1)": (lambda: jaxgan.load(SAVED_RUN, step=-1), "step"),
        "load(RUN, step=3)": (lambda: jaxgan.load(SAVED_RUN, step=3), "step"),
        "load(RUN, step='last')": (lambda: jaxgan.load(SAVED_RUN, step="last"), "step"),
        "load(RUN, step=1.5)": (lambda: jaxgan.load(SAVED_RUN, step=1.5), "step"),
        "load(RUN, replica=9)": (lambda: jaxgan.load(SAVED_RUN, replica=9), "replica"),
        "load(RUN, replica=-1)": (lambda: jaxgan.load(SAVED_RUN, replica=-1), "replica"),
        "load(RUN, replica='a')": (lambda: jaxgan.load(SAVED_RUN, replica="a"), "replica"),
        "load(RUN, best=True)": (lambda: jaxgan.load(SAVED_RUN, best=True), "best"),
        "load(RUN, gan=3)": (lambda: jaxgan.load(SAVED_RUN, gan=3), "gan"),
        "load(RUN, gan=gan)": (lambda: jaxgan.load(SAVED_RUN, gan=plain()[0]), "gan"),
        "evaluate(3)": (lambda: jaxgan.evaluate(3), "run"),
        "evaluate(None)": (lambda: jaxgan.evaluate(None), "run"),
        "evaluate('no/such')": (lambda: jaxgan.evaluate("no/such"), "no run folder"),
        "evaluate(run, n=99)": (lambda: jaxgan.evaluate(run, n=99), "99"),
        "evaluate(run, n='x')": (lambda: jaxgan.evaluate(run, n="x"), "n='x'"),
        "evaluate(run, n=100.5)": (lambda: jaxgan.evaluate(run, n=100.5), "n=100.5"),
        "evaluate(run, n=True)": (lambda: jaxgan.evaluate(run, n=True), "n=True"),
        "evaluate(run, seed=-1)": (lambda: jaxgan.evaluate(run, seed=-1), "seed"),
        "evaluate(run, seed='x')": (lambda: jaxgan.evaluate(run, seed="x"), "seed"),
        "evaluate(run, features='fid')": (lambda: jaxgan.evaluate(run, features="fid"), "features"),
        "evaluate(run, features=3)": (lambda: jaxgan.evaluate(run, features=3), "features"),
        "evaluate(run, metrics=[len])": (lambda: jaxgan.evaluate(run, metrics=[len]), "metrics"),
        "evaluate(run, metrics={'a': 3})": (lambda: jaxgan.evaluate(run, metrics={"a": 3}), "'a'"),
        "evaluate(run, metrics={3: len})": (lambda: jaxgan.evaluate(run, metrics={3: len}), "3"),
        "evaluate(run, average='yes')": (lambda: jaxgan.evaluate(run, average="yes"), "average"),
        "evaluate(run, 'x')": (lambda: jaxgan.evaluate(run, "x"), "data"),
    }
    return [*cases, *(Wrong(shown, call, words) for shown, (call, words) in more.items())]


# fit

FIT_OPTIONS = {
    "steps": (0, 1.5, "10", NAN, 2**31, True), "batch_size": (0, "8", 2.5, 2**40), "seed": (-1, 2**70, 0.5), "replicas": (0, "2", 1.5),
    "log_every": (0, "1 minute"), "checkpoint_every": (-1, 0.5), "out": (3, ["x"]), "resume": ("yes", 1), "learning_rate": (0.1,),
    "step": (3,), "nonsense": (3,), "dataset": ("ring8",), "metrics": ([len], {"a": 3}, {3: len}, "fid"), "listeners": (3, [3]),
    "progress": ("no", 3), "epochs": (1e20, 0, "1", 1e308), "mesh": (3, "data"), "metrics_samples": (10, "x"), "keep_checkpoints": (0,),
}  # fmt: skip


def wrong_fits() -> list[Wrong]:
    gan, _ = plain()
    jaxgan.data.load("digits")  # imports scikit-learn, which is no part of a call
    short = {"steps": 2, "batch_size": 2, "progress": False}
    cases = []
    for name, values in FIT_OPTIONS.items():
        given = {key: value for key, value in short.items() if not (name == "epochs" and key == "steps")}
        for value in values:
            if name == "dataset":
                call = lambda v=value: jaxgan.fit(gan, v, **short)  # noqa: E731
            else:
                call = lambda n=name, v=value, g=given: jaxgan.fit(gan, REAL, **{**g, n: v})  # noqa: E731
            cases.append(Wrong(f"fit(gan, data, {name}={value!r})", call, name if name != "dataset" else "data"))
    others: dict[str, tuple[Callable[[], Any], str]] = {
        "fit(3)": (lambda: jaxgan.fit(3), "int"),
        "fit('wgan_gp')": (lambda: jaxgan.fit("wgan_gp"), "str"),
        "fit(Config)": (lambda: jaxgan.fit(Config), "Config"),
        "fit(Gan)": (lambda: jaxgan.fit(Gan), "Gan"),
        "fit({'steps': 3})": (lambda: jaxgan.fit({"steps": 3}), "dict"),
        "fit(gan)": (lambda: jaxgan.fit(gan), "data"),
        "fit(Config(), steps=3)": (lambda: jaxgan.fit(Config(), steps=3), "steps"),
        "fit(Config(dataset='ring9'))": (lambda: jaxgan.fit(Config(dataset="ring9")), "ring9"),
        "fit(Config(variant='wgan-gp'))": (lambda: jaxgan.fit(Config(variant="wgan-gp")), "wgan-gp"),
        "fit(Config(variant='a\\nb'))": (lambda: jaxgan.fit(Config(variant="a\nb")), "a b"),
        "fit(Config(dataset=''))": (lambda: jaxgan.fit(Config(dataset="")), "data set"),
        "fit(Config(network='cnn'))": (lambda: jaxgan.fit(Config(network="cnn")), "cnn"),
        "fit(Config(generator='mlp', dataset='digits'))": (lambda: jaxgan.fit(Config(generator="mlp")), "mlp"),
        "fit(Config(steps=3, epochs=1))": (lambda: jaxgan.fit(Config(steps=3, epochs=1)), "epochs"),
        "fit(Config(epochs=1e9))": (lambda: jaxgan.fit(Config(epochs=1e9)), "epochs"),
        "fit(Config(steps=2e9, n_critic=5))": (lambda: jaxgan.fit(Config(dataset="ring8", steps=2e9, n_critic=5)), "steps"),
        "fit(Config(seed=2**31 - 1, replicas=2))": (lambda: jaxgan.fit(Config(seed=2**31 - 1, replicas=2)), "seed"),
        "fit(Config(by_replica={'seed': [1]}, replicas=2))": (
            lambda: jaxgan.fit(Config(by_replica={"seed": [1]}, replicas=2)), "by_replica"),
        "fit(Config(resume=True))": (lambda: jaxgan.fit(Config(resume=True)), "resume"),
        "fit(Config(config='no/such.json'))": (lambda: jaxgan.fit(Config(config="no/such.json")), "no/such.json"),
        "fit(Config(best='fid'))": (lambda: jaxgan.fit(Config(best="fid")), "best"),
    }  # fmt: skip
    return [*cases, *(Wrong(shown, call, words) for shown, (call, words) in others.items())]


# Metrics

GOOD = np.random.default_rng(1).normal(size=(12, 3))
PICTURES = np.zeros((4, 12, 12, 1), np.float32)
BAD_ROWS: dict[str, Any] = {
    "None": None, "a text": "x", "a number": 3, "no rows": GOOD[:0], "one axis": GOOD[:, 0], "three axes": GOOD[None],
    "not finite": np.where(GOOD > 2, 1, np.nan), "complex": GOOD * 1j, "texts": GOOD.astype(str), "objects": GOOD.astype(object) * 1j,
    "truths": GOOD > 0, "ragged": [[1.0], [1.0, 2.0]], "another width": GOOD[:, :2], "no columns": GOOD[:, :0], "a function": len,
    "dates": np.zeros((12, 3), "datetime64[s]"), "a dictionary": {"a": GOOD}, "too large": np.full((12, 3), 1e300),
}  # fmt: skip
BAD_SERIES: dict[str, Any] = {
    "None": None, "a text": "x", "a number": 3, "none": [], "two axes": GOOD, "not finite": [0, 1, NAN], "complex": [1j, 0, 1],
    "texts": ["a", "b", "c"], "ragged": [[1], [1, 2]], "a function": len,
}  # fmt: skip
PAIRS = {
    "fid": metrics.fid, "kid": lambda x, y: metrics.kid(x, y, subset_size=4, subsets=2), "squared_mmd": metrics.squared_mmd,
    "precision_recall_density_coverage": metrics.precision_recall_density_coverage, "wasserstein1": metrics.wasserstein1,
    "sliced_wasserstein": metrics.sliced_wasserstein, "classifier_two_sample_test": metrics.classifier_two_sample_test,
    "nearest_neighbours": metrics.nearest_neighbours, "squared_distances": metrics.squared_distances,
    "lab_mode_coverage": lambda x, y: metrics.lab_mode_coverage(x, y, 2),
}  # fmt: skip
STRICT = {
    "fid",
    "kid",
    "squared_mmd",
    "wasserstein1",
    "classifier_two_sample_test",
    "lab_mode_coverage",
}  # in float64: no number is too large for it


def score(samples: Any, labels: Any) -> Any:
    return samples.sum(1)


def wrong_metrics() -> list[Wrong]:
    calls: dict[str, tuple[Callable[[], Any], str]] = {}
    for name, metric in PAIRS.items():
        for what, bad in BAD_ROWS.items():
            if what == "too large" and name in STRICT:
                continue
            calls[f"{name}(good, {what})"] = (lambda m=metric, b=bad: m(GOOD, b), "")
        calls[f"{name}(no rows, good)"] = (lambda m=metric: m(GOOD[:0], GOOD), "")
    for what, bad in BAD_ROWS.items():
        calls[f"mean_pairwise_distance({what})"] = (lambda b=bad: metrics.mean_pairwise_distance(b), "samples")
        calls[f"gaussian({what})"] = (lambda b=bad: metrics.gaussian(b), "features")
        calls[f"mode_coverage({what}, centres)"] = (lambda b=bad: metrics.mode_coverage(b, np.zeros((2, 2)), 0.1), "points")
        calls[f"scores(score, {what}, labels)"] = (lambda b=bad: metrics.scores(score, b, LABELS), "samples")
    for allowed in ("another width", "too large", "three axes", "truths"):
        for name in ("mean_pairwise_distance({})", "gaussian({})", "scores(score, {}, labels)", "mode_coverage({}, centres)"):
            if not (name.startswith(("gaussian", "mode")) and allowed in ("three axes", "truths")):
                calls.pop(name.format(allowed), None)
    for what, bad in BAD_SERIES.items():
        calls |= {
            f"entropy_bits({what})": (lambda b=bad: metrics.entropy_bits(b), "distribution"),
            f"relative_entropy(p, {what})": (lambda b=bad: metrics.relative_entropy([0.5, 0.5], b), "reference"),
            f"class_distribution({what}, 3)": (lambda b=bad: metrics.class_distribution(b, 3), "labels"),
            f"conditional_accuracy({what}, labels)": (lambda b=bad: metrics.conditional_accuracy(b, [0, 1, 2]), "predicted"),
            f"generalization_gap({what}, scores)": (lambda b=bad: metrics.generalization_gap(b, [0.0, 1.0]), "train"),
            f"generalization_gap(scores, {what})": (lambda b=bad: metrics.generalization_gap([0.0, 1.0], b), "held_out"),
            f"inception_score({what})": (lambda b=bad: metrics.inception_score(b, splits=1), "probabilities"),
            f"ms_ssim({what}, pictures)": (lambda b=bad: metrics.ms_ssim(b, PICTURES), "x"),
            f"mean_ms_ssim({what})": (lambda b=bad: metrics.mean_ms_ssim(b), "samples"),
        }
    calls.pop("inception_score(two axes)"), calls.pop("gaussian(another width)", None)
    gaussians = metrics.gaussian(GOOD), metrics.gaussian(GOOD[:, :2])
    cells = {"low": [-1, -1], "high": [1, 1]}
    real_pair = (GOOD, GOOD + 1)
    calls |= {
        "class_distribution([3], 3)": (lambda: metrics.class_distribution([3], 3), "labels"),
        "class_distribution([0.5], 3)": (lambda: metrics.class_distribution([0.5], 3), "labels"),
        "class_distribution([0], 0)": (lambda: metrics.class_distribution([0], 0), "n_classes"),
        "class_distribution([0], '3')": (lambda: metrics.class_distribution([0], "3"), "n_classes"),
        "class_distribution([0], 1.5)": (lambda: metrics.class_distribution([0], 1.5), "n_classes"),
        "entropy_bits([-0.5, 1.5])": (lambda: metrics.entropy_bits([-0.5, 1.5]), "distribution"),
        "entropy_bits([2, 3])": (lambda: metrics.entropy_bits([2, 3]), "distribution"),
        "relative_entropy of other lengths": (lambda: metrics.relative_entropy([1.0], [0.5, 0.5]), "classes"),
        "relative_entropy of counts": (lambda: metrics.relative_entropy([3, 4], [0.5, 0.5]), "distribution"),
        "conditional_accuracy of other lengths": (lambda: metrics.conditional_accuracy([1, 2], [1, 2, 3]), "labels"),
        "inception_score(scores)": (lambda: metrics.inception_score(GOOD), "probabilities"),
        "inception_score(splits=0)": (lambda: metrics.inception_score(np.full((20, 2), 0.5), splits=0), "splits"),
        "inception_score(splits='2')": (lambda: metrics.inception_score(np.full((20, 2), 0.5), splits="2"), "splits"),
        "inception_score(splits=21)": (lambda: metrics.inception_score(np.full((20, 2), 0.5), splits=21), "21"),
        "inception_score(seed=-1)": (lambda: metrics.inception_score(np.full((20, 2), 0.5), seed=-1), "seed"),
        "kid(subset_size=13)": (lambda: metrics.kid(*real_pair, subset_size=13), "13"),
        "kid(subset_size=1)": (lambda: metrics.kid(*real_pair, subset_size=1), "subset_size"),
        "kid(subset_size=0)": (lambda: metrics.kid(*real_pair, subset_size=0), "subset_size"),
        "kid(subset_size='x')": (lambda: metrics.kid(*real_pair, subset_size="x"), "subset_size"),
        "kid(subsets=0)": (lambda: metrics.kid(*real_pair, subset_size=4, subsets=0), "subsets"),
        "kid(subsets=1.5)": (lambda: metrics.kid(*real_pair, subset_size=4, subsets=1.5), "subsets"),
        "kid(seed='x')": (lambda: metrics.kid(*real_pair, subset_size=4, seed="x"), "seed"),
        "squared_mmd of other lengths": (lambda: metrics.squared_mmd(GOOD, GOOD[:5]), "samples"),
        "precision_...(k=0)": (lambda: metrics.precision_recall_density_coverage(*real_pair, k=0), "k"),
        "precision_...(k=12)": (lambda: metrics.precision_recall_density_coverage(*real_pair, k=12), "12"),
        "precision_...(k=1.5)": (lambda: metrics.precision_recall_density_coverage(*real_pair, k=1.5), "k"),
        "precision_...(k='3')": (lambda: metrics.precision_recall_density_coverage(*real_pair, k="3"), "k"),
        "nearest_neighbours(k=0)": (lambda: metrics.nearest_neighbours(*real_pair, k=0), "k"),
        "nearest_neighbours(k=13)": (lambda: metrics.nearest_neighbours(*real_pair, k=13), "k"),
        "nearest_neighbours(k='1')": (lambda: metrics.nearest_neighbours(*real_pair, k="1"), "k"),
        "wasserstein1(cap=3)": (lambda: metrics.wasserstein1(*real_pair, cap=3), "3"),
        "wasserstein1(cap='x')": (lambda: metrics.wasserstein1(*real_pair, cap="x"), "cap"),
        "sliced_wasserstein(order=0)": (lambda: metrics.sliced_wasserstein(*real_pair, order=0), "order"),
        "sliced_wasserstein(order='1')": (lambda: metrics.sliced_wasserstein(*real_pair, order="1"), "order"),
        "sliced_wasserstein(projections=0)": (lambda: metrics.sliced_wasserstein(*real_pair, projections=0), "projections"),
        "sliced_wasserstein(projections=2.5)": (lambda: metrics.sliced_wasserstein(*real_pair, projections=2.5), "projections"),
        "sliced_wasserstein(seed=-1)": (lambda: metrics.sliced_wasserstein(*real_pair, seed=-1), "seed"),
        "two_sample(classifier='forest')": (lambda: metrics.classifier_two_sample_test(*real_pair, classifier="forest"), "forest"),
        "two_sample(classifier=3)": (lambda: metrics.classifier_two_sample_test(*real_pair, classifier=3), "classifier"),
        "two_sample(seed=-1)": (lambda: metrics.classifier_two_sample_test(*real_pair, seed=-1), "seed"),
        "wilson(2, 10)": (lambda: metrics.wilson(2, 10), "share"),
        "wilson('x', 10)": (lambda: metrics.wilson("x", 10), "share"),
        "wilson(NAN, 10)": (lambda: metrics.wilson(NAN, 10), "share"),
        "wilson(0.5, 0)": (lambda: metrics.wilson(0.5, 0), "n=0"),
        "wilson(0.5, '3')": (lambda: metrics.wilson(0.5, "3"), "n='3'"),
        "frechet_distance(GOOD, GOOD)": (lambda: metrics.frechet_distance(GOOD, GOOD), "real"),
        "frechet_distance of other widths": (lambda: metrics.frechet_distance(*gaussians), "dimensions"),
        "frechet_distance(None, gaussian)": (lambda: metrics.frechet_distance(None, gaussians[0]), "real"),
        "mean_pairwise_distance(block=0)": (lambda: metrics.mean_pairwise_distance(GOOD, block=0), "block"),
        "mean_pairwise_distance(block='x')": (lambda: metrics.mean_pairwise_distance(GOOD, block="x"), "block"),
        "mean_ms_ssim(pairs=0)": (lambda: metrics.mean_ms_ssim(PICTURES, pairs=0), "pairs"),
        "mean_ms_ssim(seed=-1)": (lambda: metrics.mean_ms_ssim(PICTURES, pairs=3, seed=-1), "seed"),
        "mean_ms_ssim(small pictures)": (lambda: metrics.mean_ms_ssim(PICTURES[:, :8]), "at least 11"),
        "ms_ssim of other sizes": (lambda: metrics.ms_ssim(PICTURES, PICTURES[:, :11]), "shape"),
        "mode_coverage(points, three axes)": (lambda: metrics.mode_coverage(REAL, np.zeros((2, 2, 2)), 0.1), "centres"),
        "mode_coverage(points, none)": (lambda: metrics.mode_coverage(REAL, np.zeros((0, 2)), 0.1), "centres"),
        "mode_coverage(points, of three)": (lambda: metrics.mode_coverage(REAL, np.zeros((2, 3)), 0.1), "shape"),
        "mode_coverage(std=0)": (lambda: metrics.mode_coverage(REAL, REAL, 0), "std"),
        "mode_coverage(std=-1)": (lambda: metrics.mode_coverage(REAL, REAL, -1), "std"),
        "mode_coverage(std='x')": (lambda: metrics.mode_coverage(REAL, REAL, "x"), "std"),
        "mode_coverage(std=NAN)": (lambda: metrics.mode_coverage(REAL, REAL, NAN), "std"),
        "lab_mode_coverage(n_modes=0)": (lambda: metrics.lab_mode_coverage(REAL, REAL, 0), "n_modes"),
        "lab_mode_coverage(n_modes=7)": (lambda: metrics.lab_mode_coverage(REAL, REAL, 7), "7"),
        "lab_mode_coverage(n_modes='x')": (lambda: metrics.lab_mode_coverage(REAL, REAL, "x"), "n_modes"),
        "lab_mode_coverage(threshold=-1)": (lambda: metrics.lab_mode_coverage(REAL, REAL, 2, threshold=-1), "threshold"),
        "lab_mode_coverage(threshold='x')": (lambda: metrics.lab_mode_coverage(REAL, REAL, 2, threshold="x"), "threshold"),
        "lab_mode_coverage(seed=-1)": (lambda: metrics.lab_mode_coverage(REAL, REAL, 2, seed=-1), "seed"),
        "divergences(points of three)": (lambda: metrics.divergences(GOOD, len, **cells), "points"),
        "divergences(REAL, 3)": (lambda: metrics.divergences(REAL, 3, **cells), "log_density"),
        "divergences(REAL, f)": (lambda: metrics.divergences(REAL, lambda x: x[:, 0]), "low"),
        "divergences(low > high)": (lambda: metrics.divergences(REAL, lambda x: x[:, 0], low=[1, 1], high=[-1, 2]), "low"),
        "divergences(low of three)": (lambda: metrics.divergences(REAL, lambda x: x[:, 0], low=[1, 1, 1], high=[2, 2, 2]), "low"),
        "divergences(cells=0)": (lambda: metrics.divergences(REAL, lambda x: x[:, 0], **cells, cells=0), "cells"),
        "divergences(refine='x')": (lambda: metrics.divergences(REAL, lambda x: x[:, 0], **cells, refine="x"), "refine"),
        "cells_of(another shape)": (lambda: metrics.cells_of(lambda x: x, **cells, cells=3), "log_density"),
        "cells_of(NAN)": (lambda: metrics.cells_of(lambda x: x[:, 0] * NAN, **cells, cells=3), "log_density"),
        "scores('x', samples, labels)": (lambda: metrics.scores("x", GOOD, LABELS), "score"),
        "scores(score, samples, too few)": (lambda: metrics.scores(score, GOOD, LABELS), "labels"),
        "scores(score, samples, texts)": (lambda: metrics.scores(score, REAL, ["a"] * 6), "labels"),
        "scores(score, samples, None)": (lambda: metrics.scores(score, REAL, None), "labels"),
        "steepness(score, real, other width)": (
            lambda: metrics.steepness(score, REAL, GOOD[:6], LABELS, LABELS, KEY), "shape"),
        "steepness(no samples)": (lambda: metrics.steepness(score, REAL[:0], REAL, LABELS[:0], LABELS, KEY), "real"),
        "steepness(too few labels)": (lambda: metrics.steepness(score, REAL, REAL, LABELS[:2], LABELS, KEY), "labels"),
        "steepness(key=0)": (lambda: metrics.steepness(score, REAL, REAL, LABELS, LABELS, 0), "key"),
        "steepness(3, ...)": (lambda: metrics.steepness(3, REAL, REAL, LABELS, LABELS, KEY), "score"),
        "slerp of other shapes": (lambda: metrics.slerp(REAL, GOOD, np.zeros(6)), "shape"),
        "slerp('x', b, t)": (lambda: metrics.slerp("x", REAL, np.zeros(6)), "a"),
        "slerp(a, b, other length)": (lambda: metrics.slerp(REAL, REAL, np.zeros(3)), "t"),
        "slerp(a, b, 0.5)": (lambda: metrics.slerp(REAL, REAL, 0.5), "t"),
        "path_length(3, f, key, 2)": (lambda: metrics.path_length(3, len, KEY, 2), "generate"),
        "path_length(f, 'x', key, 2)": (lambda: metrics.path_length(len, "x", KEY, 2), "features"),
        "path_length(f, f, 0, 2)": (lambda: metrics.path_length(len, len, 0, 2), "key"),
        "path_length(latent_dim=0)": (lambda: metrics.path_length(len, len, KEY, 0), "latent_dim"),
        "path_length(samples=1)": (lambda: metrics.path_length(len, len, KEY, 2, samples=1), "samples"),
        "path_length(epsilon=0)": (lambda: metrics.path_length(len, len, KEY, 2, epsilon=0), "epsilon"),
        "path_length(batch=0)": (lambda: metrics.path_length(len, len, KEY, 2, batch=0), "batch"),
        "Metric('my metric', '')": (lambda: metrics.Metric("my metric", "x"), "my metric"),
        "Metric(3, '')": (lambda: metrics.Metric(3, "x"), "name"),
        "Metric(better='low')": (lambda: metrics.Metric("a", "x", better="low"), "low"),
        "Metric(better=3)": (lambda: metrics.Metric("a", "x", better=3), "direction"),
        "Metric(function=3)": (lambda: metrics.Metric("a", "x", function=3), "function"),
        "add_metric('fid')": (lambda: metrics.add_metric("fid"), "Metric"),
        "add_metric(fid)": (lambda: metrics.add_metric(metrics.Metric("fid", "x")), "fid"),
        "better(3)": (lambda: metrics.better(3), "name"),
        "meaning_of(None)": (lambda: metrics.meaning_of(None), "name"),
        "metric_of(fid)": (lambda: metrics.metric_of(metrics.fid), "name"),
    }  # fmt: skip
    return [Wrong(f"metrics.{shown}", call, words) for shown, (call, words) in calls.items()]


# Objectives and optimizers

WEIGHTS = ("10", None, True, -1, NAN, INFINITY, 1j, [1.0], np.ones(2), len, 1e39)
OBJECTIVES: dict[str, tuple[Callable[..., Any], dict[str, tuple[Any, ...]]]] = {
    "wgan": (objectives.wgan, {"clip": (0, *WEIGHTS)}),
    "wgan_gp": (objectives.wgan_gp, {"gradient_penalty_weight": WEIGHTS}),
    "wgan_lp": (objectives.wgan_lp, {"gradient_penalty_weight": ("10", -1, NAN)}),
    "wgan_div": (objectives.wgan_div, {"gradient_penalty_weight": (-1,), "gradient_penalty_power": (0, 0.5, "6", NAN)}),
    "dragan": (objectives.dragan, {"gradient_penalty_weight": (-1,), "perturbation": (-0.5, "x", None)}),
    "r3gan": (objectives.r3gan, {"r1_weight": (-1, "x"), "r2_weight": (-1, NAN)}),
    "ct_gan": (objectives.ct_gan, {"consistency_weight": (-2, "x"), "consistency_margin": (-1, None)}),
    "began": (objectives.began, {"diversity_ratio": (0, -1, "x"), "balance_rate": (-1, NAN)}),
    "ebgan": (objectives.ebgan, {"margin": (-1, "x"), "pulling_away_weight": (-1, None)}),
    "sinkhorn": (objectives.sinkhorn, {"sinkhorn_epsilon": (0, -1, "x", NAN)}),
    "gan": (objectives.gan, {"critic_loss_scale": (0, -1, "x")}),
    "gan_minimax": (objectives.gan_minimax, {"critic_loss_scale": (0, NAN)}),
    "gradient_penalty": (objectives.gradient_penalty, {"weight": ("x", -1, NAN, None)}),
    "one_sided_gradient_penalty": (objectives.one_sided_gradient_penalty, {"weight": (-1, "x")}),
    "r1": (objectives.r1, {"weight": (-1, "x", NAN)}),
    "r2": (objectives.r2, {"weight": (-1, None)}),
    "clip": (objectives.clip, {"bound": (0, -1, "x", NAN)}),
}


def wrong_objectives() -> list[Wrong]:
    cases = [
        Wrong(f"objectives.{name}({argument}={value!r})", lambda f=function, a=argument, v=value: f(**{a: v}), argument)
        for name, (function, arguments) in OBJECTIVES.items()
        for argument, values in arguments.items()
        for value in values
    ]
    loss = lambda *scores: scores[0].mean()  # noqa: E731
    numbers = {"beta1": 0.5, "beta2": 0.9, "rmsprop_decay": 0.99, "momentum": 0.9}
    others: dict[str, tuple[Callable[[], Any], str]] = {
        "gradient_penalty(target=-1)": (lambda: objectives.gradient_penalty(1.0, -1), "target"),
        "wasserstein_divergence(1, 'x')": (lambda: objectives.wasserstein_divergence(1.0, "x"), "power"),
        "perturbed_gradient_penalty(1, -1)": (lambda: objectives.perturbed_gradient_penalty(1.0, -1), "perturbation"),
        "consistency(1, -1)": (lambda: objectives.consistency(1.0, -1), "margin"),
        "score_objective('x', loss)": (lambda: objectives.score_objective("x", loss), "critic_loss"),
        "score_objective(loss, 3)": (lambda: objectives.score_objective(loss, 3), "generator_loss"),
        "score_objective(loss, loss, -1)": (lambda: objectives.score_objective(loss, loss, -1), "critic_loss_scale"),
        "with_generator_classifier(3, 1)": (lambda: objectives.with_generator_classifier(3, 1.0), "objective"),
        "with_generator_classifier(o, -1)": (
            lambda: objectives.with_generator_classifier(objectives.gan().objective, -1), "weight"),
        "scheduled('x', 'constant', 10)": (lambda: scheduled("x", "constant", 10), "rate"),
        "scheduled(0.1, 'cosin', 10)": (lambda: scheduled(0.1, "cosin", 10), "cosin"),
        "scheduled(0.1, 3, 10)": (lambda: scheduled(0.1, 3, 10), "schedule"),
        "scheduled(0.1, 'linear', 0)": (lambda: scheduled(0.1, "linear", 0), "steps"),
        "scheduled(0.1, 'linear', 'x')": (lambda: scheduled(0.1, "linear", "x"), "steps"),
        "scheduled(0.1, 'linear', 10, -1)": (lambda: scheduled(0.1, "linear", 10, -1), "warmup_steps"),
        "scheduled(0.1, 'linear', 10, 0, 0)": (lambda: scheduled(0.1, "linear", 10, 0, 0), "updates_per_step"),
        **{f"{name}('x')": (lambda n=name: OPTIMIZERS[n]("x", numbers), "rate") for name in OPTIMIZERS},
        **{f"{name}(-1)": (lambda n=name: OPTIMIZERS[n](-1, numbers), "rate") for name in OPTIMIZERS},
        **{f"{name}(0.1, {{}})": (lambda n=name: OPTIMIZERS[n](0.1, {}), "") for name in ("adam", "rmsprop", "momentum", "nesterov")},
        "adam(beta1=1)": (lambda: OPTIMIZERS["adam"](0.1, {**numbers, "beta1": 1}), "beta1"),
        "adam(beta2='x')": (lambda: OPTIMIZERS["adam"](0.1, {**numbers, "beta2": "x"}), "beta2"),
        "rmsprop(decay=NAN)": (lambda: OPTIMIZERS["rmsprop"](0.1, {**numbers, "rmsprop_decay": NAN}), "rmsprop_decay"),
        "momentum(momentum=-1)": (lambda: OPTIMIZERS["momentum"](0.1, {**numbers, "momentum": -1}), "momentum"),
    }  # fmt: skip
    assert SCHEDULES
    return [*cases, *(Wrong(shown, call, words) for shown, (call, words) in others.items())]


KINDS = {
    "options": wrong_options,
    "gans": wrong_gans,
    "steps": wrong_steps,
    "samples and runs": wrong_samples,
    "fit": wrong_fits,
    "metrics": wrong_metrics,
    "objectives and optimizers": wrong_objectives,
}


def fault_of(case: Wrong) -> str | None:
    """What is not as it should be in how this call ends; None where all is."""
    began = time.process_time()
    try:
        result = case.call()
    except UserError as error:
        message = str(error)
        seconds = time.process_time() - began
        if "\n" in message or len(message.replace(str(SAVED_RUN), "").replace(str(Path.cwd()), "")) > LONGEST:
            return f"{len(message)} letters: {message[:100]!r}"
        if case.words not in message.replace("-", "_") and case.words not in message:
            return f"does not name {case.words!r}: {message[:150]!r}"
        return f"took {seconds:.1f} s" if seconds > SLOWEST else None
    except Exception as error:
        return f"{type(error).__name__}: {str(error)[:80]!r}"
    return f"is taken: {str(result)[:60]!r}"


@pytest.mark.parametrize("kind", KINDS)
def test_every_wrong_call_ends_in_one_line(kind, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    cases = KINDS[kind]()
    jax.numpy.asarray(REAL)  # to take an array in, jax compiles a copy of that shape once
    compiled: list[str] = []
    note = lambda event, *_, **__: compiled.append(event) if "backend_compile" in event else None  # noqa: E731
    jax.monitoring.register_event_duration_secs_listener(note)
    faults = {}
    for case in cases:
        compiled.clear()
        with np.errstate(all="ignore"):
            fault = fault_of(case)
        if fault or compiled:
            faults[case.shown] = fault or "compiles"
    with capsys.disabled():
        print(f"\n{kind}: {len(cases) - len(faults)} of {len(cases)} wrong calls end in one line")
    assert not faults, f"{len(faults)} of {len(cases)}:\n" + "\n".join(f"{shown}: {fault}" for shown, fault in faults.items())
    assert not any(tmp_path.iterdir()), "something was written"
