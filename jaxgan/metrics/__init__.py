"""Every metric by name: functions of samples, features, probabilities or scores, and the table of what their values mean.

    from jaxgan.metrics import fid
    fid(real, fake)  # (n, d) features or samples of either kind -> a number

`METRICS` says of each value's name what it means, which direction is better and how it is computed; `Metric` and `add_metric`
add one of your own.
"""

from jaxgan.metrics.arrays import ArrayData, Estimate, Progress
from jaxgan.metrics.classes import (
    class_distribution,
    conditional_accuracy,
    entropy_bits,
    inception_score,
    relative_entropy,
)
from jaxgan.metrics.correlation import CorrelationDifference, correlation_difference
from jaxgan.metrics.coverage import Coverage, lab_mode_coverage, mode_coverage
from jaxgan.metrics.critic import Gap, Score, Steepness, generalization_gap, scores, steepness
from jaxgan.metrics.divergence import Cells, Divergences, cells_of, divergences
from jaxgan.metrics.diversity import mean_ms_ssim, mean_pairwise_distance, ms_ssim
from jaxgan.metrics.frechet import Gaussian, fid, frechet_distance, gaussian
from jaxgan.metrics.kernel import kid, squared_mmd
from jaxgan.metrics.labels import label_accuracy, label_error
from jaxgan.metrics.manifold import Manifold, precision_recall_density_coverage, squared_distances
from jaxgan.metrics.neighbours import (
    Authenticity,
    Copying,
    Neighbours,
    authenticity,
    data_copying,
    nearest_neighbours,
    share_of_pairs,
)
from jaxgan.metrics.path_length import path_length, slerp  # the function takes the module's place as an attribute
from jaxgan.metrics.table import METRICS, Metric, add_metric, better, meaning_of, metric_of
from jaxgan.metrics.transport import Marginals, marginal_wasserstein, sliced_wasserstein, wasserstein1
from jaxgan.metrics.two_sample import TwoSample, classifier_two_sample_test, wilson
from jaxgan.metrics.verdicts import (
    verdict_on_authenticity,
    verdict_on_copies,
    verdict_on_critic,
    verdict_on_likeness,
    verdict_on_modes,
    verdict_on_variety,
    verdicts,
)

__all__ = [
    "METRICS", "ArrayData", "Authenticity", "Cells", "Copying", "CorrelationDifference", "Coverage", "Divergences", "Estimate", "Gap", "Gaussian",
    "Manifold", "Marginals", "Metric", "Neighbours", "Progress", "Score", "Steepness", "TwoSample", "add_metric", "authenticity", "better",
    "cells_of", "class_distribution", "classifier_two_sample_test", "conditional_accuracy", "correlation_difference",
    "data_copying", "divergences", "entropy_bits", "fid", "frechet_distance", "gaussian", "generalization_gap",
    "inception_score", "kid", "lab_mode_coverage", "label_accuracy", "label_error", "marginal_wasserstein", "mean_ms_ssim",
    "mean_pairwise_distance", "meaning_of", "metric_of", "mode_coverage", "ms_ssim", "nearest_neighbours", "path_length",
    "precision_recall_density_coverage", "relative_entropy", "scores", "share_of_pairs", "slerp", "sliced_wasserstein", "squared_distances",
    "squared_mmd", "steepness", "verdict_on_authenticity", "verdict_on_copies", "verdict_on_critic", "verdict_on_likeness", "verdict_on_modes", "verdict_on_variety", "verdicts", "wasserstein1", "wilson",
]  # fmt: skip
