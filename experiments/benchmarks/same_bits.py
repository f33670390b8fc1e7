"""Whether two states of the code train alike to the last bit: `python -m experiments.benchmarks.same_bits --out FILE.json`.

A pairwise cover of variants, networks, labels, remedies and replicas trains three iterations each, by `jaxgan.fit` and `jaxgan.Config` alone, with
the other training options taken in turn. FILE gets, for each case, every logged metric but the speed as its exact bits, and a digest of each
array of the last state; of a case that is refused, the reason. Made by two checkouts on the same machine with the same packages,

    python -m experiments.benchmarks.same_bits --compare BEFORE.json AFTER.json

prints the cases that differ, each with the first place where it does, and ends with exit code 1 where there is one.
XLA_FLAGS=--xla_backend_optimization_level=0 in the environment compiles sooner.
"""

import argparse
import hashlib
import inspect
import json
import os
import sys
import tempfile
import time
from itertools import combinations, cycle, product
from pathlib import Path
from typing import Any

import jax
import numpy as np

import jaxgan
from jaxgan.errors import DivergedError, UserError

VARIANTS = ("gan", "gan_minimax", "lsgan", "wgan", "wgan_gp", "wgan_lp", "wgan_div", "dragan", "hinge", "sngan", "rpgan", "r3gan", "ct_gan",
            "began", "ebgan", "sinkhorn")  # fmt: skip
PENALISED = {"wgan_gp", "wgan_lp", "wgan_div", "dragan", "r3gan", "ct_gan"}
WIDTHS = {"mlp": 8, "fc": 8, "conv": 4, "fc_conv": 4, "lab_conv": 64, "dcgan": 4, "resnet": 4}
COST = {"mlp": 1, "fc": 2, "lab_conv": 3, "conv": 3, "fc_conv": 4, "dcgan": 2, "resnet": 6}  # of compiling, about
ALIKE = {  # variants that differ in a formula alone, as far as networks and remedies go
    **dict.fromkeys(("gan", "gan_minimax", "lsgan", "hinge", "sngan", "rpgan", "wgan"), "losses of scores"),
    **dict.fromkeys(("wgan_gp", "wgan_lp", "wgan_div", "dragan", "r3gan", "ct_gan"), "penalties"),
    **dict.fromkeys(("began", "ebgan"), "reconstructions"),
}
LONG = ("fc_conv", "resnet")  # to compile: not with every kind of variant, nor with every remedy
LABELS = {"plain": {}, "joined": {"conditional": True}, "projected": {"conditional": True, "conditioning": "projection"}}
REMEDIES = {
    "none": {},
    "minibatch": {"minibatch_discrimination": True},
    "pac": {"pac": 2},
    "unroll": {"unroll": 1},
    "generators": {"generators": 2},
    "spectral": {"spectral_norm": True},
    "augment": {"augment": "colour,translation,cutout"},
    "lazy": {"penalty_every": 2},
}
REPLICAS = (1, 3)
TRAINING: tuple[dict[str, Any], ...] = (  # one a case, in turn
    {"ema": 0.5},
    {"ema": 0.5, "order": "generator_first"},
    {"ema": 0.9, "order": "generator_second", "generator_latent": "same"},
    {"critic_data": "same", "ema": 0.5},
    {"optimizer": "rmsprop", "learning_rate": 1e-3},
    {"optimizer": "momentum", "schedule": "cosine", "learning_rate": 1e-3},
    {"optimizer": "adagrad", "warmup_steps": 2},
    {"optimizer": "adam", "critic_optimizer": "nesterov", "schedule": "linear", "ema": 0.5},
    {"optimizer": "sgd", "critic_learning_rate": 1e-2, "seed": 3},
)


def fits(variant: str, network: str, labels: str, remedy: str, replicas: int) -> bool:
    """Whether these go together."""
    if remedy == "augment" and network == "mlp":
        return False
    if variant == "sinkhorn":  # has no critic
        return labels == "plain" and remedy in ("none", "generators")
    if variant in ("began", "ebgan") and (labels == "projected" or remedy in ("minibatch", "pac", "augment")):
        return False
    if variant == "ct_gan" and network not in ("mlp", "fc", "fc_conv"):
        return False
    return remedy != ("minibatch" if variant in PENALISED else "lazy")


def pairs(case: tuple) -> set[tuple]:
    """Every two of a case's values; with networks and remedies, variants that are `ALIKE` count as one."""
    variant, network, *_, remedy, _ = case
    kind = ALIKE.get(variant, variant)
    values = set(combinations(enumerate(case), 2)) - {((0, variant), (1, network)), ((0, variant), (3, remedy))}
    values |= {(kind, network), (kind, remedy)}
    if network in LONG:
        values -= {(kind, network), ((1, network), (3, remedy))}
        values |= {(network, remedy == "none")}
    return values


def covering(cases: list[tuple]) -> list[tuple]:
    """A few of the cases that hold every pair of values that the cases hold: greedy, networks that compile soon first."""
    pairs_of = {case: pairs(case) for case in cases}
    left = set().union(*pairs_of.values())
    chosen = []
    while left:
        best = max(pairs_of, key=lambda case: len(pairs_of[case] & left) / COST[case[1]])
        chosen.append(best)
        left -= pairs_of.pop(best)
    return chosen


def all_cases() -> dict[str, dict[str, Any]]:
    """The options of each case by its name."""
    cases: dict[str, dict[str, Any]] = {}
    every = [case for case in product(VARIANTS, WIDTHS, LABELS, REMEDIES, REPLICAS) if fits(*case)]
    for number, (case, training) in enumerate(zip(covering(every), cycle(TRAINING))):
        variant, network, labels, remedy, replicas = case
        options = {**tiny(variant, network), **LABELS[labels], **REMEDIES[remedy], "replicas": replicas, **training}
        if labels != "plain" and number % 2:
            options["fake_labels"] = "random"
        if replicas > 1 and number % 2:
            options["by_replica"] = {"learning_rate": [1e-3, 2e-3, 5e-4], "seed": [4, 0, 9]}
        if variant in PENALISED and replicas > 1 and number % 3 == 0:
            weight = "r1_weight" if variant == "r3gan" else "gradient_penalty_weight"
            options["by_replica"] = {**options.get("by_replica", {}), weight: [1.0, 0.1, 3.0]}
        name = f"{variant}-{network}-{labels}-{remedy}-{replicas}"
        cases[name] = options
    points, pictures = tiny("wgan_gp", "mlp"), tiny("gan", "dcgan")
    cases["fixed points"] = {**points, "points": 50, "dataset": "mixture8", "conditional": True}
    cases["the recipe digits"] = {"variant": "wgan_gp", "hidden_dim": 8, "latent_dim": 3, "batch_size": 6, "steps": 3}
    cases["the recipe toy"] = {
        "variant": "wgan_gp",
        "dataset": "ring8",
        "recipe": "toy",
        "hidden_dim": 8,
        "batch_size": 6,
        "steps": 3,
    }
    cases["the recipe lab004"] = {
        "dataset": "mixture16",
        "recipe": "lab004",
        "conditional": True,
        "hidden_dim": 8,
        "batch_size": 6,
        "steps": 3,
    }
    cases["bfloat16"] = {**pictures, "precision": "bfloat16"}
    cases["streamed"] = {**pictures, "dataset": "folder:", "stream": "always", "conditional": True, "image_size": 28}
    cases["streamed to replicas"] = {**cases["streamed"], "replicas": 3}
    cases["a variant by its import path"] = {**points, "recipe": None, "variant": "jaxgan.objectives.wgan_gp:wgan_gp"}
    cases["measured"] = {**points, "metrics_every": 2, "metrics_samples": 100, "ema": 0.5}
    cases["minibatch critic"] = {**pictures, "network": None, "generator": "dcgan", "critic": "minibatch", "variant": "lsgan"}
    cases["a plain mixture in packs"] = {
        **points,
        "variant": "gan",
        "generators": 2,
        "generator_classifier_weight": 0.0,
        "pac": 2,
    }
    cases["refused: a pack of five"] = {**points, "pac": 5}
    cases["refused: batch norm under a penalty"] = {**pictures, "variant": "wgan_gp", "critic_norm": "batch"}
    return cases


def tiny(variant: str, network: str) -> dict[str, Any]:
    """Three iterations of small networks on batches of six: of points for `mlp`, of digits for the others."""
    options: dict[str, Any] = {
        "variant": variant, "network": network, "recipe": "paper", "dataset": "ring8" if network == "mlp" else "digits", "steps": 3,
        "batch_size": 6, "latent_dim": 3, "hidden_dim": WIDTHS[network], "n_critic": 0 if variant == "sinkhorn" else 2,
    }  # fmt: skip
    return {**options, "image_size": 32} if network == "resnet" else options


def outcome(options: dict[str, Any], folder: Path) -> dict[str, Any]:
    """What comes of training: "metrics", a list of logged lines, and "state", a list of [path, type, shape, digest]; or "refused"."""
    if options["dataset" if "dataset" in options else "variant"] == "folder:":
        options = {**options, "dataset": f"folder:{make_pictures(folder / 'pictures')}"}
    config = jaxgan.Config(**options, log_every=1, sample_every=3, checkpoint_every=3, out=folder / "run")
    try:
        result = jaxgan.fit(config, progress=False)
    except (UserError, DivergedError) as error:
        return {"refused": str(error).replace(str(folder), "FOLDER")}
    lines = [{name: exact(value) for name, value in line.items() if name != "steps_per_second"} for line in result.metrics]
    return {"metrics": lines, "state": digests(result.state)}


def exact(value: Any) -> Any:
    """A float by its bits; all else as it is."""
    return value.hex() if isinstance(value, float) else value


def digests(state: Any) -> list[list[str]]:
    """The path, type, shape and SHA-256 of each array of a state, in the order of its tree; keys by their data."""
    rows = []
    for path, leaf in jax.tree_util.tree_leaves_with_path(state):
        if jax.dtypes.issubdtype(leaf.dtype, jax.dtypes.prng_key):
            leaf = jax.random.key_data(leaf)
        array = np.ascontiguousarray(jax.device_get(leaf))
        digest = hashlib.sha256(array.tobytes()).hexdigest()
        rows.append([jax.tree_util.keystr(path), str(array.dtype), str(np.shape(leaf)), digest])
    return rows


def make_pictures(folder: Path) -> Path:
    """A folder of 24 small pictures of noise in two classes."""
    from PIL import Image

    chance = np.random.default_rng(0)
    for number in range(24):
        path = folder / f"class{number % 2}" / f"{number:02}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(chance.integers(0, 256, (28, 28, 3), dtype=np.uint8)).save(path)
    return folder


def make(out: Path, every: int, only: str) -> None:
    cases = {name: options for name, options in list(all_cases().items())[::every] if only in name}
    results: dict[str, Any] = {"made with": {"jax": jax.__version__, "XLA_FLAGS": os.environ.get("XLA_FLAGS", "")}}
    for number, (name, options) in enumerate(cases.items(), 1):
        began = time.perf_counter()
        with tempfile.TemporaryDirectory() as folder:
            results[name] = outcome(options, Path(folder))
        what = "refused: " + results[name]["refused"] if "refused" in results[name] else "trained"
        print(f"{number}/{len(cases)} {name}: {what} ({time.perf_counter() - began:.1f} s)", flush=True)
        out.write_text(json.dumps(results, indent=1))


def first_difference(before: Any, after: Any) -> str:
    """Where two outcomes differ first, in words; "" where they are the same."""
    for kind in ("refused", "metrics", "state"):
        a, b = before.get(kind), after.get(kind)
        if a == b:
            continue
        if a is None or b is None or kind == "refused":
            there, here = ({k: v for k, v in side.items() if k == "refused"} or "trained" for side in (before, after))
            return f"{there} against {here}"
        for x, y in zip(a, b, strict=False):
            if kind == "state" and x[1:] != y[1:]:
                return f"the last state at {x[0]} {x[1]} {x[2]}" + ("" if x[:3] == y[:3] else f", now {y[0]} {y[1]} {y[2]}")
            if kind == "metrics" and x != y:
                name = next(name for name in [*x, *y] if x.get(name) != y.get(name))
                return f"step {x.get('step')}, {name}: {shown(x.get(name))} against {shown(y.get(name))}"
        if len(a) != len(b):
            return f"{len(a)} {'lines of metrics' if kind == 'metrics' else 'arrays of state'} against {len(b)}"
    return ""


def shown(value: Any) -> str:
    """A number as its decimal digits too."""
    return f"{value} ({float.fromhex(value)!r})" if isinstance(value, str) else repr(value)


def compare(before: Path, after: Path) -> int:
    a, b = (json.loads(path.read_text()) for path in (before, after))
    if (made := a.pop("made with")) != (also := b.pop("made with")):
        print(f"these are not to be compared: made with {made} and with {also}")
        return 1
    both = [name for name in a if name in b]
    different = {name: text for name in both if (text := first_difference(a[name], b[name]))}
    for name, text in different.items():
        print(f"{name}: {text}")
    for path, alone in ((before, a.keys() - b.keys()), (after, b.keys() - a.keys())):
        if alone:
            print(f"{len(alone)} cases are in {path} alone")
    trained = sum("refused" not in a[name] for name in both)
    print(f"{len(both)} cases in both ({trained} trained, the others refused): {len(different)} differ")
    return 1 if different or not both else 0


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, help="the JSON file to write")
    parser.add_argument("--every", type=int, default=1, help="run the first of every so many cases alone")
    parser.add_argument("--only", default="", help="run the cases alone that have this in their names")
    parser.add_argument("--list", action="store_true", help="print the cases, and end")
    parser.add_argument("--compare", type=Path, nargs=2, metavar=("BEFORE", "AFTER"), help="compare two such files")
    options = parser.parse_args()
    if options.compare:
        return compare(*options.compare)
    if options.list:
        cases = all_cases()
        print("\n".join(f"{name}: {case}" for name, case in cases.items()), f"\n{len(cases)} cases")
        return 0
    if not options.out:
        parser.error("name the file to write: --out FILE.json")
    print(f"jaxgan is {Path(inspect.getfile(jaxgan)).parent}", flush=True)
    make(options.out, options.every, options.only)
    return 0


if __name__ == "__main__":
    sys.exit(main())
