"""What a run on pictures of one's own does by default: a size, networks and a schedule that fit the pictures, their number and the device.

On a processor that is something to see within minutes and the whole within an evening; `python -m jaxgan.data` measures it for one machine.
The papers' settings, made for accelerators, are `--recipe paper`.
"""

from typing import Any

from jaxgan.data import Dataset, names_own_files
from jaxgan.objectives import R3GAN, Game, Recipe, Variant
from jaxgan.settings.options import Config

NAME = "own_pictures"
LARGEST = {"cpu": 32}  # pixels of the longer side that pictures are brought down to, by the device's platform
LARGEST_ELSEWHERE = 128
WIDTH = {"cpu": 32}  # of the networks at 32 pixels; half as wide at twice as many
WIDTH_ELSEWHERE = 64
NARROWEST = 16
FEW = 1000  # pictures: with fewer a critic comes to know them by heart (experiments/results/colour_pictures.md)
STEPS = 12_000
BATCH = 64
EPOCHS = 1000  # of the critic, at most: of fewer pictures fewer steps, for a critic soon knows them by heart
FEWEST_STEPS = 4000
PICTURES = 80  # drawn in the course of a run
MEASURED: dict[str, Any] = {  # of r3gan, by experiments/colour_pictures.py
    "learning_rate": 4e-4, "beta1": 0.0, "beta2": 0.99, "schedule": "cosine", "schedule_end": 0.1,
}  # fmt: skip


def largest_size(config: Config, platform: str) -> int | None:
    """Pixels of the longer side that the pictures are brought down to; None where a size or another recipe is asked for."""
    if config.image_size is not None or config.recipe not in (None, NAME) or not names_own_files(config.dataset):
        return None
    return LARGEST.get(platform, LARGEST_ELSEWHERE)


def steps_for(size: int | None, n_critic: int) -> int:
    """Generator steps for so many pictures, a multiple of those between two that are drawn."""
    steps = STEPS if size is None else min(STEPS, max(FEWEST_STEPS, EPOCHS * size // (BATCH * n_critic)))
    return steps // PICTURES * PICTURES


def own_pictures(variant: Variant, dataset: Dataset, platform: str) -> Recipe:
    """The recipe for these pictures on this platform; what it does not set is the paper's."""
    side = max(dataset.sample_shape[:2])
    width = WIDTH.get(platform, WIDTH_ELSEWHERE) if side <= 32 else max(NARROWEST, WIDTH.get(platform, WIDTH_ELSEWHERE) // 2)
    paper: dict[str, Any] = dict(next((recipe.settings for recipe in variant.recipes if recipe.name == "paper"), {}))
    n_critic = min(2, paper.get("n_critic", 1))
    steps = steps_for(dataset.size, n_critic)
    networks = {"network": "fc"} if variant.dropout else {"network": "dcgan", "hidden_dim": width, "upsampling": "nearest"}
    settings: dict[str, Any] = {
        **networks,
        **(MEASURED if variant is R3GAN else {}),
        "batch_size": BATCH,
        "n_critic": n_critic,
        "ema": 0.995,  # an average over some hundred steps: a longer one would show the first weights for a thousand
        "steps": steps,
        "sample_every": steps // PICTURES,
    }
    return Recipe(NAME, f"{dataset.name} on {platform}: jaxgan.settings.own_pictures", settings, "images")


def advice(config: Config, dataset: Dataset, game: Game) -> tuple[str, ...]:
    """What is to be said of few pictures, which nothing keeps the critic from knowing by heart."""
    if config.recipe != NAME or dataset.size is None or dataset.size >= FEW or config.augment or config.ada:
        return ()
    flag = "--ada" if game.objective.real_margin is not None else "--augment colour,translation,cutout"
    return (f"{dataset.size:,} pictures are few: {flag} keeps a critic from knowing them by heart",)
