"""Makes the outputs that stand for PyTorch where there is none: `python -m tests.parity.store`, from the root.

One small file a setup of `small_setups.STORED`: the weights both sides begin with, and what PyTorch makes of them in
float64.
What float32 holds to one part in ten million is stored in float32.
"""

from pathlib import Path

import numpy as np
import torch

from tests.parity import twins
from tests.parity.small_setups import STORED, movement, random_iterations, small_setup, statistics

FOLDER = Path(__file__).parent / "stored"


def outputs(network: str, variant: str, options: dict) -> dict[str, np.ndarray]:
    """All that is stored of one setup; names are `player/what/name in the state dict`."""
    setup = small_setup(network, variant, **options)
    rules, iterations = twins.rules_of(setup), random_iterations(setup)
    there = [([twins.as_torch(draw) for draw in draws], twins.as_torch(last)) for draws, last in iterations]
    ([draw, *_], _), *_ = there

    def fresh():
        return [twins.shake(twin) for twin in twins.twins_of(setup)]

    def put(prefix, arrays, dtype=np.float64):
        stored.update({f"{prefix}/{name}": a.astype(dtype) if a.dtype.kind == "f" else a for name, a in arrays.items()})

    stored: dict[str, np.ndarray] = {}
    generator, critic = fresh()
    before = [twins.arrays(twin) for twin in (generator, critic)]
    put("generator/before", before[0], np.float32)
    put("critic/before", before[1], np.float32)

    with torch.no_grad():
        put("generator/train", {"samples": twins.lay_out(generator(draw.latent, draw.fake_label))}, np.float32)
        put("critic/train", {"score": critic(draw.real, draw.real_label)[:, 0].numpy()})
        put("generator/statistics", statistics(twins.arrays(generator)))
        put("critic/statistics", statistics(twins.arrays(critic)))
        put("generator/eval", {"samples": twins.lay_out(generator.eval()(draw.latent, draw.fake_label))}, np.float32)
        put("critic/eval", {"score": critic.eval()(draw.real, draw.real_label)[:, 0].numpy()})

    for name, value in twins.first_outcomes(setup, *fresh(), iterations).items():
        if name.endswith("gradients"):
            put(name, {key: np.linalg.norm(gradient) for key, gradient in value.items()})
        else:
            stored[name] = value

    generator, critic = fresh()
    twins.train(generator, critic, twins.optimizer_of(setup.config), setup.config.learning_rate, rules, there)
    for name, twin, began in (("generator", generator, before[0]), ("critic", critic, before[1])):
        put(f"{name}/movement", movement(twins.arrays(twin), began), np.float32)
        put(f"{name}/after", statistics(twins.arrays(twin)))
    return stored


def main() -> None:
    FOLDER.mkdir(exist_ok=True)
    for old in FOLDER.glob("*.npz"):
        old.unlink()
    for name, case in STORED.items():
        path = FOLDER / f"{name}.npz"
        np.savez_compressed(path, **outputs(*case))
        print(f"{path.name}: {path.stat().st_size / 1024:.0f} KiB")


if __name__ == "__main__":
    main()
