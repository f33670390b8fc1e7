"""What figures say, in words: are generated samples like the real ones and as varied, are they copies, does the critic know its data by heart?"""

import math
import re
from collections.abc import Mapping

MANY = 0.15  # of generated pictures nearer than the closest twentieth of held-out ones: three times what chance gives
MOSTLY = 0.6  # of pairs in which the generated picture is nearer
SURE = 3.0  # standard deviations from which on a difference is no chance
LARGE, NOTABLE = 0.5, 0.2  # of mean scores, in standard deviations of the held-out ones
FEW_AUTHENTIC = 0.25  # of samples that are no near copies: a third would be without copying, even in one dimension
APART = 0.15  # of precision and recall, from which on it is said which of them is the worse
MOST = 0.7  # of either kind of sample
WITHOUT_FEATURES = ("points", "samples")  # which are compared as they are
NOT_KNOWN = "not known whether it copies or overfits: there are no held-out {}, or too few, to compare with"


def verdict_on_likeness(accuracy: float, low: float, high: float, kind: str = "pictures", features: str = "") -> str:
    """From the classifier two-sample test, whose accuracy is .5 where it is by chance: told apart where the interval lies above that."""
    where = f", in {features} features" if features else ""
    span = f"{accuracy:.0%} of cases ({low:.0%} to {high:.0%}; 50% would be chance{where})"
    if low > 0.5:
        return f"generated {kind} can be told from real ones: a classifier by nearest neighbours is right in {span}"
    return f"generated {kind} cannot be told from real ones: a classifier by nearest neighbours is right in {span}"


def verdict_on_variety(precision: float, recall: float, kind: str = "pictures") -> str:
    """From precision and recall: of two that are .15 apart the lower is the fault, of two below .7 both are."""
    shares = (
        f"{precision:.0%} of them lie among the real ones (precision), and {recall:.0%} of the real ones among them (recall)"
    )
    if recall <= precision - APART:
        return f"generated {kind} are less varied than the real ones: {shares}"
    if precision <= recall - APART:
        return f"many generated {kind} are unlike any real one: {shares}"
    if min(precision, recall) >= MOST:
        return f"generated {kind} are about as varied as the real ones: {shares}"
    return f"generated {kind} miss much of the real ones: {shares}"


def verdict_on_modes(modes: float, high_quality: float) -> str:
    """From the modes that at least one point lies near, and the share of points that lie near one."""
    return f"{modes:.0f} modes are drawn, and {high_quality:.0%} of the points lie near one"


def verdict_on_copies(
    nearer: float, z: float, closest: float, interval: tuple[float, float] | None = None, kind: str = "pictures"
) -> str:
    """From the figures of `jaxgan.metrics.neighbours.data_copying`, and the interval of `nearer` where it is known.

    Copies: `closest` is at least 0.15, where 0.05 is what held-out pictures give. Leaning: in at least 60 % of pairs the generated picture is
    nearer, and `z` is at most -3. Else there is no sign of it.
    """
    one = kind.removesuffix("s")
    span = "" if interval is None else f" ({interval[0]:.0%} to {interval[1]:.0%})"
    if closest >= MANY:
        return (
            f"copies: {closest:.0%} of the generated {kind} are nearer to a training {one} than the closest 5% of held-out {kind}"
            " are (5% would be without copying)"
        )
    if nearer >= MOSTLY and z <= -SURE:
        return (
            f"leans on its training {kind}: in {nearer:.0%}{span} of pairs the generated {one} is nearer to a training {one} than the"
            " held-out one is (50% would be without copying)"
        )
    counted = f": the generated one is the nearer in {nearer:.0%}{span} of pairs" if span else ""
    if nearer <= 1 - MOSTLY and z >= SURE:
        return f"no sign of copying: generated {kind} are farther from training {kind} than held-out {kind} are{counted}"
    return f"no sign of copying: generated {kind} are no nearer to training {kind} than held-out {kind} are{counted}"


def verdict_on_authenticity(share: float, low: float, high: float, kind: str = "pictures") -> str:
    """From the share of `jaxgan.metrics.authenticity`: copies below a quarter, where the interval does not reach a third either."""
    one = kind.removesuffix("s")
    told = (
        f"{share:.0%} ({low:.0%} to {high:.0%}) of the generated {kind} are farther from the nearest training {one} than that one is from"
        " its own nearest (33% to 50% would be without copying, more where they are unlike the data)"
    )
    if share < FEW_AUTHENTIC and high < 1 / 3:
        return f"copies: only {told}"
    return f"no sign of copying by the training {kind} alone: {told}; held-out {kind} would tell more (--held-out)"


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

    def value(row: str, ending: str = "") -> tuple[float, str] | None:
        for name, number in figures.items():
            found = re.fullmatch(rf"{row}_?(\w*?)_(\d+k?){ending}", name)
            if found and isinstance(number, int | float) and math.isfinite(number):
                return number, found[2] if row.startswith("critic") else found[1]
        return None

    def values(*names: tuple[str, str]) -> tuple[float, ...] | None:
        found = [value(*name) for name in names]
        return None if None in found else tuple(number for number, _ in filter(None, found))

    said = []
    test, ends = value("c2st"), ("", "_low", "_high")
    if told := values(*(("c2st", end) for end in ends)):
        features = test[1] if test else ""
        accuracy, low, high = told
        said.append(verdict_on_likeness(accuracy, low, high, kind, "" if features in WITHOUT_FEATURES else features))
    if both := values(("precision", ""), ("recall", "")):
        precision, recall = both
        said.append(verdict_on_variety(precision, recall, kind))
    if modes := values(("modes_pacgan", ""), ("high_quality_pacgan", "")):
        drawn, high_quality = modes
        said.append(verdict_on_modes(drawn, high_quality))
    copying = values(("nearer_training", ""), ("data_copying", ""), ("closest_training", ""))
    authentic = values(*(("authentic", end) for end in ends))
    if copying:
        interval = values(("nearer_training", "_low"), ("nearer_training", "_high"))
        nearer, z, closest = copying
        said.append(verdict_on_copies(nearer, z, closest, (interval[0], interval[1]) if interval else None, kind))
    elif authentic:
        share, low, high = authentic
        said.append(verdict_on_authenticity(share, low, high, kind))
    if gap := value("critic_train_minus_held_out", "_in_deviations"):
        said.append(verdict_on_critic(gap[0], int(gap[1].replace("k", "000")), kind))
    if not (copying or authentic or gap) and value("nearest_training"):
        said.append(NOT_KNOWN.format(kind))
    return said
