"""What a training run shows and keeps: a progress bar, metrics.jsonl, TensorBoard's events, sample pictures, curves, findings,
the page.

The engine tells each listener what happens; a listener changes nothing in the run. Metrics come as one dict a replica,
samples as one array a replica; a lone run is a list of one.
"""

from jaxgan.report.listeners.findings import Findings
from jaxgan.report.listeners.metrics_file import Curves, MetricsFile
from jaxgan.report.listeners.page import Page
from jaxgan.report.listeners.progress_bar import ProgressBar, duration
from jaxgan.report.listeners.sample_pictures import CriticPictures, SamplePictures
from jaxgan.report.listeners.tensorboard import TensorBoard

__all__ = [
    "CriticPictures", "Curves", "Findings", "MetricsFile", "Page", "ProgressBar", "SamplePictures", "TensorBoard", "duration",
]  # fmt: skip
