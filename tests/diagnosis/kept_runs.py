"""Figures of real runs, kept: kept/NAME.json has the flags of `python -m jaxgan.train` that made it, and what its rules read.

Numbers are kept to four digits, and only those that rules look at.
"""

import json
from pathlib import Path

from jaxgan.diagnosis import Diagnosis, Facts, diagnose, facts_of

FOLDER = Path(__file__).parent / "kept"


def kept(name):
    return json.loads((FOLDER / f"{name}.json").read_text())


def facts_of_kept(run) -> Facts:
    return facts_of(run["config"], {"data": run["data"]})


def diagnosis_of(name, until: float = 1.0) -> Diagnosis:
    """Of a kept run, or of its first part."""
    run = kept(name)
    records = [record for record in run["records"] if record["step"] <= until * run["config"]["steps"]]
    return diagnose(records, facts_of_kept(run))


def names(diagnosis: Diagnosis) -> list[str]:
    return [finding.name for finding in diagnosis.findings]
