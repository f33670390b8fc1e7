"""Runs on eight forced CPU devices against one, in a process of its own: prints the deviations as JSON for test_sharding.py."""

import json
import sys

import jax
import numpy as np

from tests.tiny import numbers_of, on_disk, pictures, tiny, with_vectors

CASES = {
    "gan dcgan with labels, batch norm in both players, averaged weights, replicas and data": (
        dict(network="dcgan", variant="gan", conditional=True, replicas=2, ema=0.9),
        "data=4,replica=2",
    ),
    "wgan_gp conv1d, series": (dict(network="conv1d", variant="wgan_gp", n_critic=1), "data=4"),
    "gan conv3d, volumes, batch norm in both players": (dict(network="conv3d", variant="gan", n_critic=1), "data=2"),
}
REMEDIES = {  # each over four devices: what couples samples couples them across devices
    "pac, conditional": dict(variant="wgan_gp", pac=2, conditional=True),
    "pac, projected": dict(variant="wgan_gp", pac=2, conditional=True, conditioning="projection"),
    "several generators": dict(variant="hinge", generators=2),
    "a mixture of generators": dict(variant="wgan_gp", generators=2, generator_classifier_weight=0.0),
    "spectral norm": dict(variant="sngan"),
    "lazy penalty": dict(variant="r3gan", penalty_every=2),
    "a frozen layer": dict(variant="lsgan", freeze_critic=1),
    "in parts": dict(variant="wgan_gp", accumulate=2),
    "began": dict(variant="began", balance_rate=0.5),
    "ebgan": dict(variant="ebgan"),
    "sinkhorn": dict(variant="sinkhorn", n_critic=0),
    "dragan": dict(variant="dragan"),
    "consistency": dict(variant="ct_gan"),
}
SLOW = {
    "wgan_gp mlp, replicas and data": (
        dict(network="mlp", variant="wgan_gp", conditional=True, replicas=2),
        "data=4,replica=2",
    ),
    "wgan fc, streamed, replicas and data": (
        dict(network="fc", variant="wgan", dropout=0.0, replicas=2, dataset=on_disk(pictures())),
        "data=4,replica=2",
    ),
    "label vectors, streamed, drawn at random, replicas and data": (
        dict(
            network="fc",
            variant="wgan",
            dropout=0.0,
            replicas=2,
            conditional=True,
            fake_labels="random",
            dataset=on_disk(with_vectors(pictures())),
        ),
        "data=4,replica=2",
    ),
    "gan conv1d, series with labels, streamed, batch norm in both players, replicas and data": (
        dict(network="conv1d", variant="gan", replicas=2, conditional=True, dataset=on_disk(numbers_of((9, 2)))),
        "data=2,replica=2",
    ),
    "wgan_gp conv3d, volumes with labels, packed, replicas": (
        dict(network="conv3d", variant="wgan_gp", pac=2, replicas=2, conditional=True),
        "data=2,replica=2",
    ),
    "wgan_gp fc, series": (dict(network="fc", variant="wgan_gp", dropout=0.0, dataset=numbers_of((9, 2))), "data=4"),
    "gan mlp, vectors": (dict(network="mlp", variant="gan", dataset=numbers_of((7,))), "data=4"),
    "gan mlp, minibatch discrimination, packed and unrolled": (
        dict(network="mlp", variant="gan", minibatch_discrimination=True, pac=2, unroll=1, latent_dim=2),
        "data=4",
    ),
    "hinge fc, adaptive augmentation": (
        dict(network="fc", variant="hinge", dropout=0.0, ada=True, ada_interval=2, ada_images=40, ada_target=0.0),
        "data=4",
    ),
    **{name: (dict(network="mlp", latent_dim=2, **fields), "data=4") for name, fields in REMEDIES.items()},
}


def outcome(fields: dict, mesh: str | None) -> tuple:
    """Numbers after three iterations, the devices they lie on, whether anything is summed over devices, and whether all is finite."""
    fields = {"batch_size": 8, "n_critic": 2, **fields}
    if fields["network"] in ("dcgan", "fc"):
        fields.setdefault("dataset", pictures())
    run = tiny(**fields, mesh=mesh)
    program = run.program()
    state = program.initial_state()
    text = program.lower(state).compile().as_text()
    state, sums, finite = program.chunk(state, program.zero_sums(state), 3)
    pictured = np.asarray(program.picture(state))
    values = [np.asarray(leaf, float) for leaf in jax.tree.leaves((state._replace(key=state.step), dict(sums)))] + [pictured]
    devices = len(jax.tree.leaves(state.critic.params)[0].sharding.device_set)
    return values, devices, "all-reduce" in text, bool(finite.all())


def deviation(ours: list[np.ndarray], theirs: list[np.ndarray]) -> float:
    """The norm of the difference over the norm, of the whole."""
    apart = sum(float(((a - b) ** 2).sum()) for a, b in zip(ours, theirs, strict=True))
    return (apart / sum(float((b**2).sum()) for b in theirs)) ** 0.5


def main(cases: dict) -> None:
    report = {}
    for name, (fields, mesh) in cases.items():
        alone, _, _, _ = outcome(fields, None)
        sharded, devices, sums_over_devices, finite = outcome(fields, mesh)
        report[name] = {
            "deviation": deviation(sharded, alone),
            "devices": devices,
            "sums_over_devices": sums_over_devices,
            "finite": finite,
        }
    print(json.dumps(report))


if __name__ == "__main__":
    main(SLOW if sys.argv[1:] == ["slow"] else CASES)
