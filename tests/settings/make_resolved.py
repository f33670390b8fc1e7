"""Resolves many configurations and stores what came of each: `python -m tests.settings.make_resolved [--cases FILE] [--anew PATTERN]
[--out FILE]`.

A case is the options that a user sets, all others left open. What is stored of it is the resolved configuration as JSON, without the
options that are left at None, or the text of the `UserError` that refuses it. `test_resolved.py` resolves the stored cases again and
compares; make the file anew only where every difference is wanted, and with --anew only those cases: `--cases FILE --anew '"recipe": "lab'`.

The cases: every variant x recipe (and none) x data set x conditional or not, and some hundred with single options set.
"""

import argparse
import gzip
import inspect
import json
import re
from pathlib import Path
from typing import Any

import numpy as np

import jaxgan
from jaxgan.data import Dataset
from jaxgan.errors import UserError

try:
    from jaxgan.settings import resolve, to_json
except ImportError:  # as it was before the options had a package of their own
    from jaxgan.config import to_json
    from jaxgan.engine.setup import prepare as resolve

STORED = Path(__file__).with_name("resolved.json.gz")

PICTURES: dict[
    str, tuple[tuple[int, ...], int, int]
] = {  # shape of a sample, classes, samples: stand-ins, so that nothing is read
    "digits": ((28, 28, 1), 10, 1497),
    "mnist": ((28, 28, 1), 10, 60_000),
    "fashion_mnist": ((28, 28, 1), 10, 60_000),
    "stacked_mnist": ((28, 28, 3), 1000, 128_000),
    "stacked_digits": ((28, 28, 3), 1000, 128_000),
    "folder:colour32": ((32, 32, 3), 3, 5000),
    "folder:colour64": ((64, 64, 3), 0, 900),
    "folder:grey40": ((40, 40, 1), 2, 300),
}
POINTS = (
    "ring8",
    "grid25",
    "mixture4",
    "mixture8",
    "mixture9",
    "mixture16",
    "mixture32",
    "swiss_roll",
    "gaussian",
)  # made at once, by the loader


def stand_in(name: str) -> Dataset | None:
    """A data set of the right shape and size, all black, in no memory; None for points, which the loader makes."""
    if name not in PICTURES:
        return None
    shape, n_classes, size = PICTURES[name]
    samples = np.broadcast_to(np.zeros((), np.uint8), (size, *shape))
    labels = np.broadcast_to(np.zeros((), np.int32), (size,)) if n_classes else None
    return Dataset(name, shape, n_classes, samples, labels)


def resolved(options: dict[str, Any]) -> dict[str, Any]:
    """What comes of these options: {"config": the resolved configuration} or {"refused": why}, in values that JSON has.

    The two fields that are paths are given as texts, as config.json holds them.
    """
    given = {name: Path(value) if name in ("out", "data_dir") else value for name, value in options.items()}
    try:
        config = jaxgan.Config(**given)
        settled = to_json(resolve(config, stand_in(config.dataset)).config)
    except UserError as error:
        return {"refused": str(error).replace(str(Path.cwd()), "HERE")}
    return {"config": {name: value for name, value in json.loads(json.dumps(settled)).items() if value is not None}}


def product() -> list[dict[str, Any]]:
    """Every variant x recipe (and none) x data set x conditional or not."""
    from jaxgan.objectives import VARIANTS

    cases: list[dict[str, Any]] = []
    for variant in sorted(VARIANTS):
        recipes = dict.fromkeys(recipe.name for recipe in VARIANTS[variant].recipes if recipe.name not in NEEDS_WEIGHTS)
        for recipe in (None, *recipes):
            for dataset in (*PICTURES, *POINTS):
                for conditional in (False, True):
                    case = {"variant": variant, "dataset": dataset, "recipe": recipe, "conditional": conditional}
                    cases.append({name: value for name, value in case.items() if value})
    return cases


NEEDS_WEIGHTS = ("projected",)  # recipes of a package that is not everywhere; tests/networks/test_projected.py has them
NETWORKS = ("conv", "dcgan", "fc", "fc_conv", "lab_conv", "mlp", "resnet")
CRITICS = (
    "autoencoder",
    "conv",
    "conv_autoencoder",
    "dcgan",
    "fc",
    "lab_conv",
    "minibatch",
    "mlp",
    "mlp_autoencoder",
    "resnet",
)
OPTIMIZERS = ("adagrad", "adam", "momentum", "nesterov", "rmsprop", "sgd")


def single() -> list[dict[str, Any]]:
    """Cases with one or two options set: each option at a value that it may have, each network, each remedy, and refusals."""
    cases: list[dict[str, Any]] = []

    def add(**options: Any) -> None:
        cases.append(options)

    # Networks: each with pictures, with points, with a penalty and without.
    for network in NETWORKS:
        for dataset in ("digits", "mnist", "folder:colour32", "folder:grey40", "ring8"):
            for variant in ("wgan_gp", "gan", "began"):
                add(network=network, dataset=dataset, variant=variant)
        add(generator=network, dataset="mnist", variant="hinge")
        add(generator=network, critic="fc", dataset="mnist", variant="ct_gan")
        add(network=network, variant="gan", dataset="mnist", conditional=True, conditioning="projection")
    for critic in CRITICS:
        for dataset in ("digits", "folder:colour32", "ring8"):
            for variant in ("gan", "wgan_gp", "ebgan", "sinkhorn"):
                add(critic=critic, dataset=dataset, variant=variant)
    for network in ("fc", "mlp", "conv", "lab_conv", "dcgan"):
        dataset = "ring8" if network == "mlp" else "digits"
        for width in (7, 16, 64, 100):
            add(network=network, dataset=dataset, hidden_dim=width)
        for more in ({"output": "linear"}, {"output": "tanh"}, {"critic_norm": "layer"}, {"critic_norm": "batch"}, {"critic_norm": "none"},
                     {"dropout": 0.25}, {"dropout": 0.0}, {"latent_dim": 17}):  # fmt: skip
            add(network=network, dataset=dataset, **more)
            add(network=network, dataset=dataset, variant="gan", **more)

    # What a variant is built of.
    for variant, name, value in (
        ("wgan", "clip", 0.1), ("wgan_gp", "gradient_penalty_weight", 3.0), ("wgan_lp", "gradient_penalty_weight", 0.0),
        ("wgan_div", "gradient_penalty_weight", 2.0), ("wgan_div", "gradient_penalty_power", 4.0), ("dragan", "perturbation", 0.25),
        ("dragan", "gradient_penalty_weight", 5.0), ("r3gan", "r1_weight", 2.0), ("r3gan", "r2_weight", 0.0), ("ct_gan", "consistency_weight", 1.0),
        ("ct_gan", "consistency_margin", 0.1), ("ct_gan", "gradient_penalty_weight", 1.0), ("ct_gan", "dropout", 0.1), ("ct_gan", "dropout", 0.0),
        ("ebgan", "margin", 2.0), ("ebgan", "pulling_away_weight", 0.0), ("began", "diversity_ratio", 0.7), ("began", "balance_rate", 0.01),
        ("sinkhorn", "sinkhorn_epsilon", 0.5), ("gan", "critic_loss_scale", 0.5), ("gan_minimax", "critic_loss_scale", 2.0),
        ("wgan_gp", "clip", 0.1), ("wgan", "gradient_penalty_weight", 1.0), ("gan", "margin", 1.0), ("hinge", "critic_loss_scale", 0.5),
        ("wgan", "clip", 0.0), ("ebgan", "margin", -1.0), ("jaxgan.objectives.wgan_gp:wgan_gp", "gradient_penalty_weight", 4.0),
        ("jaxgan.objectives.wgan_gp:wgan_gp", "ema", 0.9), ("jaxgan.objectives.wgan_gp:nothing", "ema", 0.9), ("no_such_module:f", "ema", 0.9),
        ("wgan_gb", "ema", 0.9), ("", "ema", 0.9),
    ):  # fmt: skip
        for dataset in ("digits", "ring8"):
            add(variant=variant, dataset=dataset, **{name: value})

    # Training.
    for optimizer in OPTIMIZERS:
        for variant in ("wgan_gp", "wgan", "gan"):
            add(optimizer=optimizer, variant=variant)
        add(optimizer=optimizer, variant="gan", dataset="ring8", recipe="lab003")
        add(critic_optimizer=optimizer)
        for name, value in (("beta1", 0.3), ("beta2", 0.95), ("rmsprop_decay", 0.9), ("momentum", 0.5)):
            add(optimizer=optimizer, **{name: value})
    for name, values in {
        "steps": (1, 50, 12_345, 0), "epochs": (0.5, 3.0, 0.0), "batch_size": (1, 100, 0), "n_critic": (1, 3, 0, -1), "learning_rate": (1e-3, 0.0),
        "critic_learning_rate": (1e-3, float("inf")), "schedule": ("constant", "cosine", "linear", "cosin"), "warmup_steps": (0, 100, -1),
        "ema": (0.0, 0.999, 1.0), "critic_data": ("fresh", "same"), "generator_latent": ("fresh", "same"), "fake_labels": ("real", "random"),
        "order": ("critic_first", "generator_first", "generator_second", "second"), "seed": (5, -1, 2**31), "replicas": (3, 0),
        "precision": ("bfloat16", "float64"), "stream": ("never", "always"), "mesh": ("data=2", "data=4,replica=2"), "log_every": (7, 0),
        "sample_every": (11, 0, "25%", "2epochs", "3minutes"), "checkpoint_every": (13, 0), "keep_checkpoints": (1, 0), "metrics_every": (10, 0), "points": (500, 0),
        "image_size": (32, 0), "latent_dim": (1, 0), "hidden_dim": (32, 0), "recipe": ("paper", "lab003", "toy", "papers", "digits"),
        "dropout": (0.9, 1.0), "penalty_every": (4, 0), "unroll": (2, -1), "generators": (2, 4, 3, 0), "pac": (2, 4, 5, 0), "spectral_norm": (True, False),
        "minibatch_discrimination": (True,), "augment": ("colour", "translation,cutout", "colour,translation,cutout", "color", "colour,"),
        "out": ("somewhere/run",), "data_dir": ("~/sets",), "conditioning": ("projection", "joined"), "metrics_samples": (500, 99),
        "best": ("fid_lab_1k",), "network": ("dc_gan",), "generator": ("mlpp", "fc"), "critic": ("mini", "minibatch"), "output": ("sigmoid",),
        "critic_norm": ("instance",), "optimizer": ("lion",), "rmsprop_decay": (1.0,), "momentum": (-0.1,), "beta1": (1.0,),
    }.items():  # fmt: skip
        for value in values:
            add(**{name: value})
            add(**{"dataset": "ring8", "variant": "gan", name: value})
            add(**{"dataset": "mnist", "variant": "wgan", "recipe": "lab002", "conditional": True, name: value})
    for variant in ("wgan_gp", "began", "sinkhorn", "gan", "ct_gan", "sngan", "r3gan"):
        for remedy in (
            {"minibatch_discrimination": True}, {"pac": 2}, {"unroll": 1}, {"generators": 2}, {"generators": 2, "generator_classifier_weight": 0.0},
            {"generators": 2, "generator_classifier_weight": 0.5}, {"generators": 2, "pac": 2},
            {"generators": 2, "pac": 2, "generator_classifier_weight": 0.0}, {"spectral_norm": True}, {"augment": "cutout"}, {"penalty_every": 2},
            {"conditional": True, "conditioning": "projection"}, {"conditional": True, "conditioning": "projection", "pac": 2},
        ):  # fmt: skip
            for dataset in ("digits", "ring8"):
                add(variant=variant, dataset=dataset, **remedy)

    # Several at once.
    add(variant="wgan", dataset="mnist", recipe="lab000")
    add(variant="wgan", dataset="mnist", recipe="lab000", batch_size=64, epochs=2.0)
    add(variant="wgan", dataset="mnist", recipe="lab000", steps=100)
    add(variant="wgan_gp", dataset="mixture8", recipe="lab004", points=300)
    add(variant="wgan_gp", dataset="mixture8", recipe="lab004", steps=300, conditional=True)
    add(variant="gan", dataset="mixture16", recipe="lab004", conditional=True, fake_labels="random")
    add(variant="gan", dataset="ring8", epochs=3.0, points=1000, critic_data="same", n_critic=4)
    add(variant="wgan_gp", steps=5, epochs=1.0)
    add(variant="wgan_gp", network="lab_conv", dataset="digits")
    add(variant="wgan_gp", network="fc", dataset="digits", dropout=0.2)
    add(variant="wgan_gp", dataset="digits", recipe="paper", metrics_every=100, metrics_samples=200, best="fid_lab_200")
    add(replicas=2, by_replica={"learning_rate": [1e-3, 1e-4], "seed": [7, 9]})
    add(replicas=2, by_replica={"gradient_penalty_weight": [1.0, 10.0]})
    add(
        replicas=2,
        variant="wgan",
        by_replica={"clip": [0.1, 0.01], "ema": [0.5, 0.9], "critic_learning_rate": [1e-3, 1e-4]},
        ema=0.9,
    )
    add(replicas=2, by_replica={"learning_rate": [1e-3]})
    add(replicas=2, by_replica={"learning_rate": [1e-3, -1.0]})
    add(replicas=2, by_replica={"batch_size": [3, 4]})
    add(replicas=2, by_replica={"clip": [0.1, 0.2]})
    add(dataset="digitz")
    add(dataset="tfds:")
    add(dataset="gaussian", conditional=True)
    add(dataset="mnist", batch_size=100_000)
    add(dataset="folder:grey40", network="resnet", variant="gan")
    add(dataset="folder:colour64", network="resnet", variant="hinge", conditional=True)
    add(learning_rate="fast")
    add(steps=True)
    return cases


def read_cases(path: Path) -> list[dict[str, Any]]:
    """The stored cases, each with its "options" and, as `resolved` gives it, what came of them."""
    return json.loads(gzip.decompress(path.read_bytes()))


def write_cases(path: Path, cases: list[dict[str, Any]]) -> None:
    """A gzipped JSON list, a case a line; the same bytes whenever it is made."""
    text = "[\n" + ",\n".join(json.dumps(case, sort_keys=True) for case in cases) + "\n]\n"
    with open(path, "wb") as raw, gzip.GzipFile("", "wb", 9, raw, mtime=0) as file:
        file.write(text.encode())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cases", type=Path, help="resolve the cases that this file holds, in place of those listed here")
    parser.add_argument(
        "--anew",
        default="",
        help="of the cases in that file, store anew those alone whose options, as JSON, this regular expression finds",
    )
    parser.add_argument("--out", type=Path, default=STORED, help="the file to write")
    options = parser.parse_args()
    print(f"resolved by {Path(inspect.getfile(jaxgan)).parent}", flush=True)
    listed = read_cases(options.cases) if options.cases else [{"options": case} for case in (*product(), *single())]
    cases = [
        {"options": case["options"], **resolved(case["options"])}
        if re.search(options.anew, json.dumps(case["options"]))
        else case
        for case in listed
    ]
    write_cases(options.out, cases)
    refused = sum("refused" in case for case in cases)
    print(f"{len(cases)} cases, {refused} of them refused, {options.out.stat().st_size:,} bytes in {options.out}")


if __name__ == "__main__":
    main()
