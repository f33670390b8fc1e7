"""What a run on pictures of one's own does by default: a size, networks and a schedule that fit the pictures, their number and the device.

On a processor that is something to see within minutes and the whole within an evening; `python -m jaxgan.data` measures it for one machine.
The papers' settings, made for accelerators, are `--recipe paper`.
"""

import dataclasses
from typing import Any

from jaxgan.data import Dataset, names_own_files
from jaxgan.objectives import R3GAN, Game, Recipe, Variant
from jaxgan.settings.options import Config
from jaxgan.settings.schedule import asked_steps

NAME = "own_pictures"
SIZED = (NAME, "projected")  # the recipes that bring pictures of one's own down to a size that fits the device
LARGEST = {"cpu": 32}  # pixels of the longer side that pictures are brought down to, by the device's platform
LARGEST_ELSEWHERE = 128
WIDTH = {"cpu": 32}  # of the networks at 32 pixels; half as wide at twice as many
WIDTH_ELSEWHERE = 64
NARROWEST = 16
FEW = 1000  # pictures: with fewer a critic comes to know them by heart (experiments/results/colour_pictures.md)
BATCH = 64
SEEN = 720_000  # real pictures in all generator steps' batches, at most: 11,250 steps of 64
FEWEST_SEEN = 240_000
EPOCHS = 1000  # of the critic, at most: of fewer pictures fewer steps, for a critic soon knows them by heart
DRAWN = 75  # pictures in the course of a run
MEASURED: dict[str, Any] = {  # of r3gan, by experiments/colour_pictures.py
    "learning_rate": 4e-4, "beta1": 0.0, "beta2": 0.99, "schedule": "cosine", "schedule_end": 0.1,
}  # fmt: skip
SMALL_BATCH = {"cpu": 16}  # of r3gan: more and smaller steps see as many pictures, on a processor in as much time
SMALL_RATE = 3e-4
WARMUP = 30  # a thirtieth of small steps: without it a critic that begins too fast may come to tell nothing apart
AVERAGED = 45  # small steps that an average goes back over are a 45th of all, and a thousand at most


def largest_size(config: Config, platform: str) -> int | None:
    """Pixels of the longer side that the pictures are brought down to; None where a size or another recipe is asked for."""
    if config.image_size is not None or config.recipe not in (None, *SIZED) or not names_own_files(config.dataset):
        return None
    return LARGEST.get(platform, LARGEST_ELSEWHERE)


def steps_for(size: int | None, n_critic: int, batch_size: int) -> int:
    """Generator steps for so many pictures, a multiple of those between two that are drawn."""
    seen = SEEN if size is None else min(SEEN, max(FEWEST_SEEN, EPOCHS * size // max(1, n_critic)))
    return max(1, seen // (batch_size * DRAWN)) * DRAWN


def own_pictures(config: Config, variant: Variant, dataset: Dataset, platform: str) -> Recipe:
    """The recipe for these pictures on this platform; what it does not set is the paper's.

    Args:
        config: what is asked for; steps go by its batch size, and what is a share of them by its steps or epochs.
    """
    side = max(dataset.sample_shape[:2])
    width = WIDTH.get(platform, WIDTH_ELSEWHERE) if side <= 32 else max(NARROWEST, WIDTH.get(platform, WIDTH_ELSEWHERE) // 2)
    paper: dict[str, Any] = dict(next((recipe.settings for recipe in variant.recipes if recipe.name == "paper"), {}))
    networks = {"network": "fc"} if variant.dropout else {"network": "dcgan", "hidden_dim": width, "upsampling": "nearest"}
    small = SMALL_BATCH.get(platform) if variant is R3GAN else None
    small = small if config.batch_size in (None, small) else None
    batch_size = config.batch_size or small or BATCH
    n_critic = min(2, paper.get("n_critic", 1)) if config.n_critic is None else config.n_critic
    steps = steps_for(dataset.size, n_critic, batch_size)
    asked = dataclasses.replace(config, batch_size=batch_size, n_critic=n_critic, critic_data=config.critic_data or "fresh")
    whole = asked_steps(asked, dataset.size) or steps
    settings: dict[str, Any] = {
        **networks,
        **(MEASURED if variant is R3GAN else {}),
        "batch_size": batch_size,
        "n_critic": n_critic,
        "ema": 0.995,  # an average over some hundred steps: a longer one would show the first weights for a thousand
        "steps": steps,
        "sample_every": max(1, whole // DRAWN),
    }
    if small:
        averaged = max(1, min(1000, whole // AVERAGED))
        settings |= {"learning_rate": SMALL_RATE, "warmup_steps": whole // WARMUP, "ema": round(1 - 1 / averaged, 4)}
    return Recipe(NAME, f"{dataset.name} on {platform}: jaxgan.settings.own_pictures", settings, "images")


def advice(config: Config, dataset: Dataset, game: Game) -> tuple[str, ...]:
    """What is to be said of few pictures, which nothing keeps the critic from knowing by heart."""
    if config.recipe != NAME or dataset.size is None or dataset.size >= FEW or config.augment or config.ada:
        return ()
    flag = "--ada" if game.objective.real_margin is not None else "--augment colour,translation,cutout"
    return (f"{dataset.size:,} pictures are few: {flag} keeps a critic from knowing them by heart",)
