"""The run folder: filled by `fit`, opened by `load`, measured by `evaluate`; sweeps of many."""

from jaxgan.runs.evaluate import evaluate
from jaxgan.runs.export import export
from jaxgan.runs.fit import finish, fit, is_finished, new_folder
from jaxgan.runs.load import load, load_all
from jaxgan.runs.run import Run

__all__ = ["Run", "evaluate", "export", "finish", "fit", "is_finished", "load", "load_all", "new_folder"]
