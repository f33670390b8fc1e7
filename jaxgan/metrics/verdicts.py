"""What figures say of overfitting, in words: does the generator copy its training data, and does the critic know them by heart?"""

import math
import re
from collections.abc import Mapping

MANY = 0.15  # of generated pictures nearer than the closest twentieth of held-out ones: three times what chance gives
MOSTLY = 0.6  # of pairs in which the generated picture is nearer
SURE = 3.0  # standard deviations from which on a difference is no chance
LARGE, NOTABLE = 0.5, 0.2  # of mean scores, in standard deviations of the held-out ones
NOT_KNOWN = "not known whether it copies or overfits: there are no held-out {}, or too few, to compare with"


def verdict_on_copies(nearer: float, z: float, closest: float) -> str:
    """From the figures of `jaxgan.metrics.neighbours.data_copying`.

    Copies: `closest` is at least 0.15, where 0.05 is what held-out pictures give. Leaning: in at least 60 % of pairs the generated picture is
    nearer, and `z` is at most -3. Else there is no sign of it.
    """
    if closest >= MANY:
        return (
            f"copies: {closest:.0%} of the generated pictures are nearer to a training picture than the closest 5% of held-out pictures"
            " are (5% would be without copying)"
        )
    if nearer >= MOSTLY and z <= -SURE:
        return (
            f"leans on its training pictures: in {nearer:.0%} of pairs the generated picture is nearer to a training picture than the"
            " held-out one is (50% would be without copying)"
        )
    if nearer <= 1 - MOSTLY and z >= SURE:
        return "no sign of copying: generated pictures are farther from training pictures than held-out pictures are"
    return "no sign of copying: generated pictures are no nearer to training pictures than held-out pictures are"


def verdict_on_critic(in_deviations: float, samples: int, kind: str = "pictures") -> str:
    """From the mean score of training samples less that of held-out ones, in standard deviations of the latter; as many of both.

    It overfits from 0.5 on, and begins to from 0.2 on, where that is more than 3 sqrt(2 / samples), which chance does not give.
    """
    chance = SURE * math.sqrt(2 / samples)
    apart = f"its mean scores are {in_deviations:.2f} standard deviations apart"
    if in_deviations >= max(LARGE, chance):
        return f"the critic tells training {kind} from held-out ones: it overfits ({apart})"
    if in_deviations >= max(NOTABLE, chance):
        return f"the critic begins to tell training {kind} from held-out ones ({apart})"
    return f"no sign that the critic overfits: it scores held-out {kind} as it does training {kind}"


def verdicts(figures: Mapping[str, float | None], kind: str = "pictures") -> list[str]:
    """The sentences that measured values allow, by their names in evaluation.json; `kind` is what the samples are called."""

    def value(pattern: str) -> tuple[float, str] | None:
        for name, number in figures.items():
            found = re.fullmatch(pattern, name)
            if found and isinstance(number, int | float) and math.isfinite(number):
                return number, found[1]
        return None

    copying = [value(rf"{row}_training_(\w+)") for row in ("nearer", "closest")]
    z, gap = value(r"data_copying_(\w+)"), value(r"critic_train_minus_held_out_(\d+k?)_in_deviations")
    said = []
    if copying[0] and copying[1] and z:
        said.append(verdict_on_copies(copying[0][0], z[0], copying[1][0]))
    if gap:
        said.append(verdict_on_critic(gap[0], int(gap[1].replace("k", "000")), kind))
    return said or ([NOT_KNOWN.format(kind)] if value(r"nearest_training_(\w+)") else [])
