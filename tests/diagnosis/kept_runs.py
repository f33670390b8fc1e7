"""Figures of real runs, kept: kept/NAME.json has the flags of `python -m jaxgan.train` that made it, and what its rules read.

Numbers are kept to four digits, and only those that rules look at.
"""

import json
from pathlib import Path

import numpy as np

from jaxgan.diagnosis import Diagnosis, Facts, diagnose, facts_of

FOLDER = Path(__file__).parent / "kept"


def kept(name):
    return json.loads((FOLDER / f"{name}.json").read_text())


def flags_of(name, folder: Path) -> list[str]:
    """The flags that made a kept run; data of its own are written to the folder."""
    flags = kept(name)["flags"].split()
    if "csv:FEW" in flags:
        rng = np.random.default_rng(0)
        for part, rows in (
            ("train", 60),
            ("test", 300),
        ):  # normal numbers: nothing tells the one from the other but the rows themselves
            header = ",".join(f"x{i}" for i in range(16))
            np.savetxt(folder / f"{part}.csv", rng.normal(size=(rows, 16)), "%.5f", ",", header=header, comments="")
    return [flag.replace("FEW", str(folder)) for flag in flags]


def facts_of_kept(run) -> Facts:
    return facts_of(run["config"], {"data": run["data"]})


def diagnosis_of(name, until: float = 1.0) -> Diagnosis:
    """Of a kept run, or of its first part."""
    run = kept(name)
    records = [record for record in run["records"] if record["step"] <= until * run["config"]["steps"]]
    return diagnose(records, facts_of_kept(run))


def names(diagnosis: Diagnosis) -> list[str]:
    return [finding.name for finding in diagnosis.findings]
