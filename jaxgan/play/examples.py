"""Things to try: settings that the page sets side by side by one press, with what to look at."""

from collections.abc import Mapping
from typing import Any, NamedTuple


class Example(NamedTuple):
    """A row of EXAMPLES."""

    title: str
    look_at: str
    data: str
    settings: tuple[Mapping[str, Any], ...]  # what is given beside the defaults of each variant
    seeds: int = 1


EXAMPLES: dict[str, Example] = {
    "first": Example(
        "GAN and WGAN-GP",
        "The same data, seed and latents. Watch the ground under the points: where it is flat, an arrow says little. Which exact W1 falls"
        " first, and which critic's loss tells you so?",
        "ring8",
        ({"variant": "gan"}, {"variant": "wgan_gp"}),
    ),
    "clip": Example(
        "How far to clip",
        "WGAN with three bounds on the critic's weights. The bound decides how steep the critic can be (steepest slope), and with it how"
        " fast the generator learns. The figure is a live number: change it while it trains.",
        "ring8",
        ({"variant": "wgan", "clip": 0.03}, {"variant": "wgan", "clip": 0.1}, {"variant": "wgan", "clip": 0.5}),
    ),
    "penalty": Example(
        "How heavy a penalty",
        "WGAN-GP with three weights of the gradient penalty. Compare the steepest slope, which the penalty holds near 1, and how sharply"
        " the ground follows the points.",
        "swiss_roll",
        tuple({"variant": "wgan_gp", "gradient_penalty_weight": weight} for weight in (0.01, 0.1, 10.0)),
    ),
    "remedies": Example(
        "Mode collapse and remedies",
        "A plain GAN on 25 modes, and beside it pac, several generators and unrolling. Compare the modes covered and the share of points in"
        " them; one seed proves nothing, so try others.",
        "grid25",
        (
            {"variant": "gan"}, {"variant": "gan", "pac": 4}, {"variant": "gan", "generators": 4}, {"variant": "gan", "unroll": 3},
        ),
    ),
    "seeds": Example(
        "Four seeds",
        "One setting from four seeds. How much of what you see is the setting, and how much is chance?",
        "ring8",
        ({"variant": "gan"},),
        4,
    ),
}  # fmt: skip
