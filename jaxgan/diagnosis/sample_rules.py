"""Rules on what is measured of samples: while training (`--metrics-every`), or by `python -m jaxgan.evaluate`."""

import math
import re

import numpy as np

from jaxgan.diagnosis.records import Facts, History, Series, Symptom, Unmeasured
from jaxgan.diagnosis.windows import WINDOW, averaged, noise, tail
from jaxgan.metrics.table import better, ending_of
from jaxgan.metrics.verdicts import LARGE, SURE

NOT_BETTER = 0.9  # of the first measurement: a generator that is not a tenth better has learnt nothing that counts
WORSE = 0.25  # by which samples have to be worse than at their best
BETTER = 0.1  # by which they have to be better than a third of the measurements ago
NOISE = 4.0  # deviations of a measurement that a change has to be larger than
MEASUREMENTS = 8  # below which no course is seen
RARE = 0.1  # of a class's share in the data: below it the class counts as missing
EXPECTED = 20.0  # samples of a mode or class, below which its absence may be chance
KNOWN = 0.9  # ADA's r_t at which the critic takes nearly every training sample for real

CHOSEN = ("fid_", "kid_", "sliced_wasserstein1_", "marginal_wasserstein1_")  # metrics of quality, the first that is measured
BY_TRAINING = "--metrics-every 5% measures them while training"
UNMEASURED = f"samples were measured fewer than {MEASUREMENTS} times: {BY_TRAINING}"


def quality(history: History, facts: Facts) -> tuple[str, Series] | None:
    """The metric that says how good samples are: that of `--best`, else the first of CHOSEN; lower is better, turned where it is not."""
    names = [name for name in history.named(*CHOSEN) if better(name) == "lower"]
    names.sort(key=lambda name: next(i for i, row in enumerate(CHOSEN) if name.startswith(row)))
    best = facts.config.get("best")
    if isinstance(best, str) and best in history.columns and better(best):
        names.insert(0, best)
    if not names:
        return None
    series = history.of(names[0])
    return names[0], Series(series.steps, series.values if better(names[0]) == "lower" else -series.values)


def generator_stuck(history: History, facts: Facts) -> Symptom | Unmeasured | None:
    """Half of the run is over, and the mean of the last three measurements is no tenth better than the first one."""
    found = quality(history, facts)
    if found is None or len(found[1].steps) < MEASUREMENTS:
        return Unmeasured(UNMEASURED)
    name, course = found
    if facts.config.get("init_from") is not None:
        return Unmeasured("the run began with the weights of another, which may be as good as it gets")
    if not _half_over(history, facts) or course.steps[0] != 0:
        return None
    first, last = float(course.values[0]), float(course.values[-WINDOW:].mean())
    if first - last > (1 - NOT_BETTER) * abs(first):
        return None
    return Symptom(f"{name} {_shown(name, last)} now, {_shown(name, first)} before the first step", 0)


def _shown(name: str, value: float) -> str:
    """A value of a course as the metric has it."""
    return f"{value if better(name) == 'lower' else -value:.3g}"


def _half_over(history: History, facts: Facts) -> bool:
    return history.last_step >= 0.5 * (facts.steps or history.last_step)


def got_worse(history: History, facts: Facts) -> Symptom | Unmeasured | None:
    """The last three measurements are all worse than the best three in a row were, by a quarter and by more than their noise."""
    found = quality(history, facts)
    if found is None or len(found[1].steps) < MEASUREMENTS:
        return Unmeasured(UNMEASURED)
    name, course = found
    means = averaged(course)
    at = int(means.values.argmin())
    best, last = float(means.values[at]), course.values[-WINDOW:]
    if last.min() - best <= max(WORSE * abs(best), NOISE * noise(_lately(course))):
        return None
    return Symptom(
        f"{name} {_shown(name, best)} about step {means.steps[at]:,}, {_shown(name, last.mean())} now", int(means.steps[at])
    )


def _lately(course: Series) -> Series:
    """The last two thirds: at first measurements change by more than their noise."""
    begin = len(course.steps) // 3
    return Series(course.steps[begin:], course.values[begin:])


def gets_better(history: History, facts: Facts) -> Symptom | Unmeasured | None:
    """The last third of the measurements is a tenth better than the third before, beyond its noise, and ends with the best three."""
    found = quality(history, facts)
    if found is None or len(found[1].steps) < MEASUREMENTS:
        return Unmeasured(UNMEASURED)
    name, course = found
    third = len(course.values) // 3
    before, last = course.values[-2 * third : -third], course.values[-third:]
    gain = float(before.mean() - last.mean())
    means = averaged(course).values
    if (
        gain <= max(BETTER * abs(float(before.mean())), NOISE * noise(_lately(course)) / math.sqrt(third))
        or means[-1] > means.min()
    ):
        return None
    middle = int(course.steps[-third])
    return Symptom(
        f"{name} {_shown(name, last.mean())} since step {middle:,}, {_shown(name, before.mean())} in the third before"
    )


# Modes and classes

MODES = re.compile(r"modes_pacgan_(\d{1,9}k?)", re.ASCII)
STACKED = re.compile(r"modes_stacked_(\d{1,9}k?)", re.ASCII)
SHARE = re.compile(r"class_share_(\d{1,9})_\w+?_(\d{1,9}k?)", re.ASCII)
NO_MODES = f"neither modes nor classes were counted: {BY_TRAINING}"


def modes_missing(history: History, facts: Facts) -> Symptom | Unmeasured | None:
    """Modes of a mixture hold no sample, or classes less than a tenth of their share, in each of the last three measurements."""
    seen = _last_three(history)
    modes = [name for name in seen if MODES.fullmatch(name) or STACKED.fullmatch(name)]
    shares = {int(match[1]): name for name in seen if (match := SHARE.fullmatch(name)) and ending_of(name) is None}
    if not facts.class_shares or not (modes or shares):
        return Unmeasured(NO_MODES)
    if not _half_over(history, facts):
        return None
    return _missing_modes(modes[0], seen, facts) if modes else _missing_classes(shares, seen, facts)


def _last_three(history: History) -> dict[str, np.ndarray]:
    """The last measurements, three where samples were measured while training; one where only evaluation.json has any."""
    measured = {name: history.of(name).values[-WINDOW:] for name in history.named("modes_", "class_share_", "high_quality_")}
    return measured or {name: np.array([value]) for name, value in history.evaluated.items()}


def _missing_modes(name: str, seen: dict[str, np.ndarray], facts: Facts) -> Symptom | None:
    match = MODES.fullmatch(name) or STACKED.fullmatch(name)
    assert match is not None
    there, counted = len(facts.class_shares), number_of(match[1])
    good = seen.get(f"high_quality_pacgan_{match[1]}", np.ones(1)).min()
    if not good * counted / there >= EXPECTED or not (seen[name] < there).all():
        return None
    covered = seen[name].max()
    return Symptom(f"{name} {covered:g} of {there:,}", sentence=f"samples show {covered:g} of {there:,} modes")


def _missing_classes(shares: dict[int, str], seen: dict[str, np.ndarray], facts: Facts) -> Symptom | None:
    missing = []
    for label, name in sorted(shares.items()):
        expected = facts.class_shares[label] if label < len(facts.class_shares) else 0.0
        counted = number_of(name.rpartition("_")[2])
        if expected * counted >= EXPECTED and (seen[name] < RARE * expected).all():
            missing.append((label, seen[name].max(), expected))
    if not missing:
        return None
    named = ", ".join(facts.class_name(label) for label, _, _ in missing)
    figures = ", ".join(
        f"{facts.class_name(label)}: {share:.1%}, {expected:.1%} in the data" for label, share, expected in missing
    )
    return Symptom(
        f"shares of samples: {figures}",
        sentence=f"{len(missing)} of {len(facts.class_shares):,} classes {'is' if len(missing) == 1 else 'are'} missing: {named}",
    )


def number_of(count: str) -> int:
    """10,000 of "10k"."""
    return int(count[:-1]) * 1000 if count.endswith("k") else int(count)


# Overfitting

GAP = re.compile(r"critic_train_minus_held_out_(\d{1,9}k?)_in_deviations", re.ASCII)
NO_HELD_OUT = (
    "the critic's scores of training and of held-out samples were not compared: where data are held out, --metrics-every 5% does"
    " (python -m jaxgan.evaluate RUN afterwards); --ada logs its own measure"
)


def knows_by_heart(history: History, facts: Facts) -> Symptom | Unmeasured | None:
    """Training samples score half a deviation higher than held-out ones; or ADA augments all it can, and the critic knows them still."""
    gap = _gap(history)
    known, chance = history.of("overfitting_r_t"), history.of("augment_probability")
    adaptive = len(tail(known).steps) > 0 and len(tail(known).steps) == len(tail(chance).steps)
    if gap is None and not adaptive:
        return Unmeasured(NO_HELD_OUT)
    if gap is not None:
        value, samples = gap
        if value >= max(LARGE, SURE * math.sqrt(2 / samples)):
            return Symptom(f"mean scores of training samples are {value:.2f} deviations above those of held-out ones")
    if adaptive and tail(chance).values.min() >= 1 and (r_t := float(np.median(tail(known).values))) >= KNOWN:
        return Symptom(
            f"overfitting_r_t {r_t:.2f} with augment_probability 1", advice="more data, --dropout, or a smaller critic"
        )
    return None


def _gap(history: History) -> tuple[float, int] | None:
    """The gap, in deviations, and of how many samples: the mean of the last three while training, else that of evaluation.json."""
    for name in history.named("critic_train_minus_held_out_"):
        if (match := GAP.fullmatch(name)) and len(values := history.of(name).values[-WINDOW:]):
            return float(values.mean()), number_of(match[1])
    for name, value in history.evaluated.items():
        if match := GAP.fullmatch(name):
            return value, number_of(match[1])
    return None
