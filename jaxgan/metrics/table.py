"""The one table of values: what training logs and what evaluation measures, what each means, and which direction is better.

A measured value's name begins with the name of its row and then says what was compared: `fid_lab_10k` is the row `fid`, in
features of the lab's classifier, of 10,000 generated samples. What stands beside such a value has an ending of `ENDINGS`.
"""

import math
import re
from collections.abc import Callable, Iterable
from dataclasses import KW_ONLY, dataclass
from typing import Any, Literal

from jaxgan.checks import function, text
from jaxgan.errors import UserError, one_line, shortened, unknown
from jaxgan.metrics.classes import (
    class_distribution,
    conditional_accuracy,
    entropy_bits,
    inception_score,
    relative_entropy,
)
from jaxgan.metrics.correlation import correlation_difference
from jaxgan.metrics.coverage import lab_mode_coverage, mode_coverage
from jaxgan.metrics.critic import generalization_gap, scores, steepness
from jaxgan.metrics.divergence import divergences
from jaxgan.metrics.diversity import mean_ms_ssim, mean_pairwise_distance
from jaxgan.metrics.frechet import fid
from jaxgan.metrics.kernel import kid
from jaxgan.metrics.labels import label_accuracy, label_error
from jaxgan.metrics.manifold import precision_recall_density_coverage
from jaxgan.metrics.neighbours import authenticity, data_copying, nearest_neighbours
from jaxgan.metrics.path_length import path_length
from jaxgan.metrics.transport import marginal_wasserstein, sliced_wasserstein, wasserstein1
from jaxgan.metrics.two_sample import classifier_two_sample_test

Direction = Literal["higher", "lower"]

MEASURED, OTHERS = "Measured values", "Others"  # charts
LOSSES, SCORES, PENALTIES = "Losses", "Mean scores", "Penalties"
NORMS, NEAR_ZERO = "Gradient norms of the critic", "Gradient entries near zero, share"
WEIGHTS, SPEED = "Weights of the critic", "Generator steps a second"


@dataclass(frozen=True)
class Metric:
    """A row of `METRICS`.

    A metric of your own is a row with a function of real and generated samples: `Metric("energy", "energy distance",
    better="lower", function=energy_distance)`; `add_metric` puts it into the table.

    Raises:
        UserError: a name that is not made of letters, digits and underscores, or an unknown direction.
    """

    name: str
    meaning: str  # what the value says, its unit or range included, in a line of plain text
    _: KW_ONLY
    better: Direction | None = None  # None: more or less of it is neither better nor worse, or that is not known
    chart: str | None = MEASURED  # the title of the chart that draws it; None: it is not drawn
    panel: str = "other"  # the group of TensorBoard that shows it, where training logs it
    protocol: str = ""  # how the value is computed, in words
    function: Callable[..., Any] | None = None  # what computes it, alone or with others; your own takes (real, fake)
    source: str = ""  # the paper, with section or equation
    logged: bool = False  # whether it is logged as training goes, under exactly this name
    counts: bool = False  # a whole number of things, of which there are no fewer than none and, for all that is seen, no more than the most seen

    def __post_init__(self) -> None:
        if not re.fullmatch(r"\w+", text("metric name", self.name)):
            raise UserError(f"metric name '{one_line(self.name)}': only letters, digits and underscores are allowed")
        if self.better not in ("higher", "lower", None):
            raise unknown("direction", self.better, ("higher", "lower"), ", or None where there is none")
        if self.function is not None:
            function(f"function of the metric '{self.name}'", self.function, "(real, generated)")


def _logged(name: str, meaning: str, chart: str, panel: str = "other", protocol: str = "", source: str = "") -> Metric:
    protocol = protocol or "mean over the steps since the line before"
    return Metric(name, meaning, chart=chart, panel=panel, protocol=protocol, source=source, logged=True)


AT_STEP = "at the logged step, on one batch"
FIVE = "reach is the distance to the fifth neighbour of the sample's own kind"
NEIGHBOURHOODS = "Naeem et al. 2020, arXiv 2002.09797, eq. {}"
GRID = "points are counted in 50 x 50 cells, those outside in one more; the exact density is integrated over the same cells"
ARGMAX = "each sample counts for the class that the data set's classifier finds likeliest"
COPYING = "Meehan et al. 2020, arXiv 2004.05675, section 3.2"
NEAREST_LABELS = "a sample shows the mean label of the five real samples nearest in features, a tenth of them held out"
MARGINAL = "exact, the area between both distribution functions; of a constant feature in its own units"
CORRELATIONS = "Pearson's; features that are constant among the real samples are left out"
PACGAN = "Lin et al. 2017, arXiv 1712.04086, section {}"

LOGGED = (
    _logged("critic_loss", "what the critic minimises, penalties included", LOSSES, "losses"),
    _logged("generator_loss", "what the generator minimises", LOSSES, "losses"),
    _logged("score_real", "mean raw score the critic gives real samples", SCORES, "scores"),
    _logged("score_fake", "mean raw score the critic gives generated samples", SCORES, "scores"),
    _logged("gradient_penalty", "penalty on the critic's gradient, weight included", PENALTIES, "gradients"),
    _logged(
        "r1_penalty", "penalty on the critic's gradient at real samples, weight included", PENALTIES,
        source="Mescheder et al. 2018, arXiv 1801.04406, eq. 9",
    ),
    _logged(
        "r2_penalty", "penalty on the critic's gradient at generated samples, weight included", PENALTIES,
        source="Mescheder et al. 2018, arXiv 1801.04406, section 4.1",
    ),
    _logged(
        "consistency_penalty", "penalty on how far two dropout passes of the critic differ, weight included", PENALTIES,
        source="Wei et al. 2018, arXiv 1803.01541, eq. 4 and 5",
    ),
    _logged(
        "penalty_gradient_norm", "mean norm of the critic's gradient as the penalty saw it over the steps", NORMS, "gradients"
    ),
    _logged(
        "gradient_norm",
        "mean norm of the critic's gradient between real and generated samples, per unit of its input, at this step",
        NORMS, "gradients", AT_STEP + ", with the critic in evaluation mode",
    ),
    _logged(
        "critic_gradient_near_zero", "share, 0 to 1, of the critic's gradient entries near zero", NEAR_ZERO, "gradients",
        AT_STEP + ": entries of the loss's gradient that are smaller than 1e-6",
    ),
    _logged(
        "critic_gradient_sparsity", "share, 0 to 1, of the critic's gradient entries that are small on their own scale", NEAR_ZERO,
        "gradients", AT_STEP + ": entries of the loss's gradient of at most a thousandth of their mean size",
    ),
    _logged(
        "generator_gradient_near_zero", "share, 0 to 1, of the generator's gradient entries near zero", NEAR_ZERO, "gradients",
        AT_STEP + ": entries of the loss's gradient that are smaller than 1e-6",
    ),
    _logged(
        "generator_gradient_sparsity", "share, 0 to 1, of the generator's gradient entries that are small on their own scale", NEAR_ZERO,
        "gradients", AT_STEP + ": entries of the loss's gradient of at most a thousandth of their mean size",
    ),
    _logged("critic_weight_min", "smallest weight of the critic", WEIGHTS, "weights", "at the logged step"),
    _logged("critic_weight_max", "largest weight of the critic", WEIGHTS, "weights", "at the logged step"),
    _logged(
        "steps_per_second", "generator steps a second", SPEED, "speed",
        "over the steps since the line before, without the first chunk, which compiles, where there are others",
    ),
    _logged(
        "consistency", "mean distance between two dropout passes of the critic over a real batch", OTHERS,
        source="Wei et al. 2018, arXiv 1803.01541, eq. 4",
    ),
    _logged(
        "convergence", "BEGAN's measure of convergence, L(x) + |ratio L(x) - L(G(z))|, L the critic's reconstruction error", OTHERS,
        source="Berthelot et al. 2017, arXiv 1703.10717, section 3.4.1",
    ),
    _logged(
        "k", "BEGAN's weight, 0 to 1, of the generated samples in the critic's loss", OTHERS,
        source="Berthelot et al. 2017, arXiv 1703.10717, section 3.4",
    ),
    _logged(
        "pulling_away", "mean squared cosine between the critic's codes of a generated batch", OTHERS,
        source="Zhao et al. 2016, arXiv 1609.03126, eq. 4",
    ),
    _logged(
        "overfitting_r_t", "ADA's measure of overfitting, -1 to 1: the mean sign of the critic's verdict on real samples, 1 where it knows all",
        OTHERS, source="Karras et al. 2020, arXiv 2006.06676, eq. 1",
    ),
    _logged(
        "augment_probability", "probability, 0 to 1, with which ADA applies each kind of augmentation to each sample", OTHERS,
        source="Karras et al. 2020, arXiv 2006.06676, section 3.2",
    ),
    _logged(
        "generator_classification", "share, 0 to 1, of samples whose generator the critic recognises, of several generators", OTHERS,
        source="Hoang et al. 2017, arXiv 1708.02556, eq. 2",
    ),
)  # fmt: skip

MEASUREMENTS = (
    Metric(
        "fid", "Frechet distance between normal distributions fitted to features of real and generated samples",
        better="lower", function=fid, source="Heusel et al. 2017, arXiv 1706.08500, eq. 6",
        protocol="mean and unbiased covariance of all features, in float64; biased upwards where samples are few",
    ),
    Metric(
        "frechet", "Frechet distance as of the FID, in features of another network of natural pictures: no FID", better="lower",
        function=fid, source="Dowson and Landau 1982, eq. 4; as Heusel et al. 2017, arXiv 1706.08500, eq. 6",
        protocol="mean and unbiased covariance of all features, in float64; biased upwards where samples are few",
    ),
    Metric(
        "kid", "squared maximum mean discrepancy between features of real and generated samples", better="lower", function=kid,
        source="Binkowski et al. 2018, arXiv 1801.01401, section 4",
        protocol="kernel (x.y / d + 1)^3, unbiased; mean over 100 random subsets of at most 1,000 samples",
    ),
    Metric(
        "modes", "modes of the mixture that hold at least one sample of high quality", better="higher", function=mode_coverage, counts=True,
        source=PACGAN.format(4.1), protocol="high quality: within 3 standard deviations of the nearest centre",
    ),
    Metric(
        "modes_stacked", "classes of the stacked set, of 10 to the power of its channels, that at least one sample shows",
        better="higher", function=class_distribution, source=PACGAN.format(4.2), protocol=ARGMAX + ", channel by channel", counts=True,
    ),
    Metric(
        "high_quality", "share, 0 to 1, of samples that lie near a centre of the mixture", better="higher",
        function=mode_coverage, source=PACGAN.format(4.1), protocol="within 3 standard deviations of the nearest centre",
    ),
    Metric(
        "wasserstein1_exact", "exact Wasserstein-1 distance between real and generated samples, in the units of what is compared",
        better="lower", function=wasserstein1, source="Arjovsky et al. 2017, arXiv 1701.07875, section 2",
        protocol="linear programming over all pairs, at most 2,000 samples of each",
    ),
    Metric(
        "sliced_wasserstein1", "Wasserstein-1 distance of projections on a line, averaged over directions", better="lower",
        function=sliced_wasserstein, source="Bonneel et al. 2015, eq. 1", protocol="512 random directions, order 1",
    ),
    Metric(
        "marginal_wasserstein1", "Wasserstein-1 distance of each feature by itself, in standard deviations of the real one, mean over the features",
        better="lower", function=marginal_wasserstein, protocol=MARGINAL,
    ),
    Metric(
        "marginal_wasserstein1_worst", "the largest of the features' Wasserstein-1 distances, in standard deviations of the real one",
        better="lower", function=marginal_wasserstein, protocol=MARGINAL,
    ),
    Metric(
        "marginal_wasserstein1_feature", "Wasserstein-1 distance of this feature, in standard deviations of the real one", better="lower",
        chart=None, function=marginal_wasserstein, protocol=MARGINAL,
    ),
    Metric(
        "correlation_difference", "how far two features' correlation is from that of the real ones, 0 to 2, mean over the pairs",
        better="lower", function=correlation_difference, protocol=CORRELATIONS,
    ),
    Metric(
        "correlation_difference_largest", "how far the correlation of the worst pair of features is from that of the real ones, 0 to 2",
        better="lower", function=correlation_difference, protocol=CORRELATIONS,
    ),
    Metric(
        "inception_score", "how sure the classifier is of each sample and how many classes they cover, 1 to the number of classes",
        better="higher", function=inception_score, source="Salimans et al. 2016, arXiv 1606.03498, section 4",
        protocol="exp of the mean KL(p(y|x) || p(y)), mean over 10 parts",
    ),
    Metric(
        "precision", "share, 0 to 1, of generated samples within reach of a real one", better="higher",
        function=precision_recall_density_coverage, source="Kynkaanniemi et al. 2019, arXiv 1904.06991, eq. 1", protocol=FIVE,
    ),
    Metric(
        "recall", "share, 0 to 1, of real samples within reach of a generated one", better="higher",
        function=precision_recall_density_coverage, source="Kynkaanniemi et al. 2019, arXiv 1904.06991, eq. 2", protocol=FIVE,
    ),
    Metric(
        "density", "mean number of real samples that reach a generated one, divided by 5; can be more than 1",
        function=precision_recall_density_coverage, source=NEIGHBOURHOODS.format(5), protocol=FIVE,
    ),
    Metric(
        "coverage", "share, 0 to 1, of real samples whose reach holds a generated one", better="higher",
        function=precision_recall_density_coverage, source=NEIGHBOURHOODS.format(6), protocol=FIVE,
    ),
    Metric(
        "c2st", "accuracy, 0 to 1, of a classifier that tells generated samples from real ones (0.5 where it cannot)",
        better="lower", function=classifier_two_sample_test, source="Lopez-Paz and Oquab 2017, arXiv 1610.06545, section 3",
        protocol="majority of the nearest sqrt(n) neighbours, learned on half of the samples and tried on the other half",
    ),
    Metric(
        "class_entropy_bits", "entropy of the classes that samples show, in bits; at most log2 of their number", better="higher",
        function=entropy_bits, protocol=ARGMAX,
    ),
    Metric(
        "rarest_class_share", "share, 0 to 1, of samples that show the rarest class", better="higher",
        function=class_distribution, protocol=ARGMAX,
    ),
    Metric(
        "sure_share", "share, 0 to 1, of samples that the data set's classifier is sure of", better="higher",
        protocol="samples whose likeliest class has a probability of more than 0.9",
    ),
    Metric(
        "class_share", "share, 0 to 1, of samples that show this class", chart=None, function=class_distribution, protocol=ARGMAX
    ),
    Metric(
        "conditional_accuracy", "share, 0 to 1, of samples that show the class they were generated for", better="higher",
        function=conditional_accuracy, protocol=ARGMAX,
    ),
    Metric(
        "label_error", "mean distance of the label that a sample shows from the one it was generated for, in the labels' deviations",
        better="lower", function=label_error, protocol=NEAREST_LABELS,
    ),
    Metric(
        "label_accuracy", "balanced accuracy, .5 to 1, with which samples show the several labels that they were generated for",
        better="higher", function=label_accuracy, protocol=NEAREST_LABELS,
    ),
    Metric(
        "kl", "KL divergence of the samples from the exact density, in nats; large where samples lie outside the data",
        better="lower", function=divergences, protocol=GRID,
    ),
    Metric(
        "kl_stacked", "KL divergence of the classes that samples show from those of the data, in nats", better="lower",
        function=relative_entropy, source=PACGAN.format(4.2), protocol=ARGMAX + ", channel by channel",
    ),
    Metric(
        "reverse_kl", "KL divergence of the exact density from the samples, in nats; large where modes are missed",
        better="lower", function=divergences, protocol=GRID,
    ),
    Metric(
        "reverse_kl_pacgan", "KL divergence of the samples' shares of the modes from equal shares, in nats", better="lower",
        function=mode_coverage, source=PACGAN.format(4.1), protocol="each sample counts for its nearest centre",
    ),
    Metric(
        "jensen_shannon", "Jensen-Shannon divergence between samples and exact density, 0 to log 2 nats", better="lower",
        function=divergences, protocol=GRID,
    ),
    Metric(
        "outside", "share, 0 to 1, of samples beyond the grid that the divergences are taken over", better="lower",
        function=divergences, protocol=GRID,
    ),
    Metric(
        "lab_coverage", "share, 0 to 1, of k-means centres of the real samples with a generated one near; uniform noise reaches 1",
        function=lab_mode_coverage, protocol="nearer than 0.1 in the coordinates that the networks see, as lab 004 counts",
    ),
    Metric(
        "pairwise_distance", "mean distance between two generated samples: small where they look alike",
        function=mean_pairwise_distance, protocol="Euclidean, over all pairs",
    ),
    Metric(
        "ms_ssim", "mean structural similarity of two generated pictures, at most 1: high where they look alike", better="lower",
        function=mean_ms_ssim, source="Odena et al. 2016, arXiv 1610.09585, section 4.2",
        protocol="1,000 random pairs, up to five scales, as many as the pictures allow",
    ),
    Metric(
        "nearest_training", "mean distance from a generated sample to the nearest training sample", better="lower",
        function=nearest_neighbours, protocol="Euclidean, over the whole training set; far below that of held-out samples: copies",
    ),
    Metric(
        "nearer_training",
        "share, 0 to 1, of pairs of a generated and a held-out sample in which the generated one is nearer to a training sample",
        function=data_copying, source=COPYING, protocol="Euclidean distance to the nearest training sample; 0.5 where they are alike",
    ),
    Metric(
        "data_copying", "by how many standard deviations held-out samples are nearer to training samples than generated ones are",
        function=data_copying, source=COPYING, protocol="Mann and Whitney's U of the distances; far below 0: training samples are copied",
    ),
    Metric(
        "closest_training", "share, 0 to 1, of generated samples nearer to a training sample than the closest twentieth of held-out ones",
        better="lower", function=data_copying, protocol="Euclidean distance to the nearest training sample; 0.05 without copies",
    ),
    Metric(
        "authentic",
        "share, 0 to 1, of generated samples that are farther from the nearest training sample than that one is from its own nearest",
        function=authenticity, source="Alaa et al. 2021, arXiv 2102.08921, section 3.3",
        protocol="Euclidean; 1/3 (in one dimension) to 1/2 (in many) without copying, 0 of copies, near 1 where samples are unlike the data",
    ),
    Metric(
        "path_length", "perceptual path length: how far features move as the latent moves, squared", better="lower",
        function=path_length, source="Karras et al. 2018, arXiv 1812.04948, section 4.1",
        protocol="steps of 1e-4 on the great circle between two latents, the lowest and highest hundredth left out",
    ),
    Metric(
        "critic_real_minus_fake", "mean score of real samples less that of generated ones; no distance", function=scores,
        protocol="the critic in evaluation mode, as many samples of both",
    ),
    Metric(
        "critic_lipschitz_seen", "largest gradient norm of the critic that was seen: a lower bound of its Lipschitz constant",
        function=steepness, protocol="at real and generated samples and at one point between each two",
    ),
    Metric(
        "critic_gradient_norm", "mean gradient norm of the critic between real and generated samples", function=steepness,
        protocol="at one random point between each two",
    ),
    Metric(
        "critic_estimate_over_lipschitz", "difference of the mean scores divided by the largest gradient norm that was seen",
        source="Arjovsky et al. 2017, arXiv 1701.07875, eq. 2",
        protocol="critic_real_minus_fake / critic_lipschitz_seen: not sure to be below the Wasserstein-1 distance",
    ),
    Metric(
        "critic_train_minus_held_out", "mean score of training samples less that of held-out ones: about 0 without overfitting",
        function=generalization_gap, protocol="as many of both",
    ),
)  # fmt: skip

METRICS: dict[str, Metric] = {metric.name: metric for metric in (*LOGGED, *MEASUREMENTS)}
BUILT_IN = frozenset(METRICS)

ENDINGS = {  # of what stands beside a measured value and ranks nothing
    "_std": "standard deviation over the parts it is the mean of",
    "_low": "lower end of the 95 % interval",
    "_high": "upper end of the 95 % interval",
    "_of_real": "the same between two sets of real samples",
    "_of_held_out": "the same of held-out real samples",
    "_in_deviations": "in standard deviations of the held-out scores",
}
COUNT = re.compile(r"_\d+k?(_|$)")  # the number of samples, which the name of a measured value states


def add_metric(metric: Metric) -> Metric:
    """Put a row of your own into `METRICS`, and return it; it takes the place of an earlier one of its name.

    Raises:
        UserError: the name is that of a row of jaxgan's own.
    """
    if not isinstance(metric, Metric):
        raise UserError(f"add_metric takes a Metric, not {shortened(metric)}")
    if metric.name in BUILT_IN:
        raise UserError(f"metric '{metric.name}' is one of jaxgan's own: choose another name")
    METRICS[metric.name] = metric
    return metric


def metric_of(name: str) -> Metric | None:
    """The row of a value: that of its very name, else the longest that the name begins with, up to an underscore; None of an unknown one.

    A logged value has exactly the name of its row.
    """
    if text("name", name) in METRICS:
        return METRICS[name]
    words = name.split("_")
    rows = (METRICS.get("_".join(words[:length])) for length in range(len(words) - 1, 0, -1))
    return next((row for row in rows if row is not None and not row.logged), None)


def ending_of(name: str) -> str | None:
    """Which of `ENDINGS` a value's name has: it then stands beside a metric, and ranks nothing."""
    return None if name in METRICS else next((ending for ending in ENDINGS if name.endswith(ending)), None)


def better(name: str) -> Direction | None:
    """Which direction of a value is the better one; None of one that ranks nothing, or is unknown."""
    row = metric_of(name)
    return None if row is None or ending_of(name) else row.better


def range_of(name: str, most: float) -> tuple[float, float]:
    """The lowest and the highest value that is possible, as the row's meaning says it ("0 to 1"); infinite where none is said.

    A count is at least 0 and, for all that is seen, at most `most`, the highest value seen.
    """
    row = metric_of(name)
    said = (
        re.search(r"(-?[\d.]+) to (\d+)\b", row.meaning)
        if row is not None and ending_of(name) not in ("_std", "_in_deviations")
        else None
    )
    if said is not None:
        return float(said[1]), float(said[2])
    return (0.0, most) if row is not None and row.counts else (-math.inf, math.inf)


def meaning_of(name: str) -> str:
    """What a value says, in a line; empty for an unknown name."""
    row, ending = metric_of(name), ending_of(name)
    if row is None:
        return ""
    return f"{row.meaning}: {ENDINGS[ending]}" if ending else row.meaning


def is_measured(name: str) -> bool:
    """Whether a value was measured of samples, rather than logged by training."""
    row = metric_of(name)
    return COUNT.search(name) is not None if row is None else not row.logged


def chart_of(name: str) -> str | None:
    """The title of the chart that draws a value; None of one that is drawn beside another (the ends of an interval), or nowhere.

    A loss or a penalty without a row, as an objective of your own may log it, joins the others of its kind.
    """
    row = metric_of(name)
    if row is not None:
        chart = row.chart
    elif is_measured(name):
        chart = MEASURED
    else:
        chart = {"loss": LOSSES, "penalty": PENALTIES}.get(name.rpartition("_")[2], OTHERS)
    return None if chart == MEASURED and ending_of(name) in ("_low", "_high", "_of_real") else chart


def chart_titles() -> list[str]:
    """The titles of all charts, in the order of a page."""
    titles = dict.fromkeys(row.chart for row in METRICS.values() if row.chart not in (MEASURED, OTHERS, None))
    return [MEASURED, *(title for title in titles if title), OTHERS]


def panel_of(name: str) -> str:
    """The group of TensorBoard that a logged value belongs to."""
    row = metric_of(name)
    return row.panel if row is not None else "losses" if chart_of(name) == LOSSES else "other"


def in_order(names: Iterable[str]) -> list[str]:
    """Values' names in the order of the table; those of one row, and unknown ones at the end, as they come."""
    place = {name: i for i, name in enumerate(METRICS)}

    def rank(name: str) -> int:
        row = metric_of(name)
        return len(place) if row is None else place[row.name]

    return sorted(names, key=rank)
