"""How a run goes, by its own figures: rules over its metrics that say what they see in plain words, with the figure behind it (layer 2).

`diagnose(records, facts_of(config, environment))` is a pure function of what a run folder holds. A rule is a function of one replica's
`History` and a row in `RULES`.
"""

from jaxgan.diagnosis.records import Diagnosis, Facts, Finding, History, NotSeen, Rule, Symptom, Unmeasured, facts_of
from jaxgan.diagnosis.rules import RULES, diagnose
from jaxgan.diagnosis.words import as_json, as_lines, headline, measured, not_looked_at, verdict

__all__ = [
    "RULES",
    "Diagnosis",
    "Facts",
    "Finding",
    "History",
    "NotSeen",
    "Rule",
    "Symptom",
    "Unmeasured",
    "as_json",
    "as_lines",
    "diagnose",
    "facts_of",
    "headline",
    "measured",
    "not_looked_at",
    "verdict",
]
