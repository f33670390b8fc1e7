"""A finding in words, for terminals and pages alike."""

from typing import Any

from jaxgan.diagnosis.records import Diagnosis, Finding
from jaxgan.errors import printable

LISTED = 10  # replicas that are named


def headline(finding: Finding) -> str:
    """What is seen, where, and since when: "In 2 of 5 replicas (0, 3) the generator is stuck, since step 1,200."."""
    since = "" if not finding.since else f", since step {finding.since:,}"
    text = f"{where(finding)}{finding.sentence}{since}"
    return f"{text[:1].upper()}{text[1:]}."


def where(finding: Finding) -> str:
    """In which of several replicas; nothing of a lone run."""
    if finding.of == 1:
        return ""
    if len(finding.replicas) == finding.of:
        return f"in all {finding.of} replicas "
    named = ", ".join(map(str, finding.replicas[:LISTED])) + (", ..." if len(finding.replicas) > LISTED else "")
    return f"in {len(finding.replicas)} of {finding.of} replicas ({named}) "


def measured(finding: Finding) -> str:
    """The figure behind it; of several replicas it is said which one's it is."""
    return finding.figure if finding.of == 1 else f"{finding.figure} (replica {finding.replicas[0]})"


def not_looked_at(diagnosis: Diagnosis) -> list[str]:
    """What no rule could look at, a line a reason: "Whether samples got worse, whether it still gets better: not known, ..."."""
    by_reason: dict[str, list[str]] = {}
    for rule in diagnosis.not_seen:
        by_reason.setdefault(rule.reason, []).append(f"whether {rule.about.partition(':')[0]}")
    lines = (f"{', '.join(questions)}: not known, for {reason}" for reason, questions in by_reason.items())
    return [f"{line[:1].upper()}{line[1:]}." for line in lines]


def verdict(diagnosis: Diagnosis) -> str:
    """What to say where nothing is found; empty where something is."""
    if diagnosis.findings:
        return ""
    return TOO_EARLY if diagnosis.too_early else NOTHING


TOO_EARLY = "Too early to say how it goes."
NOTHING = "Nothing is found: no rule speaks."


def as_lines(diagnosis: Diagnosis) -> list[str]:
    """All of it for a terminal: each finding with its figure, advice and source, then what was not looked at."""
    lines = [verdict(diagnosis)] if not diagnosis.findings else []
    for finding in diagnosis.findings:
        lines += [headline(finding), f"  {measured(finding)}", f"  try {finding.advice}", f"  source: {finding.source}"]
    return [printable(line) for line in (*lines, *not_looked_at(diagnosis))]


def as_json(diagnosis: Diagnosis) -> dict[str, Any]:
    """The same as JSON values."""
    return {
        "findings": [finding._asdict() for finding in diagnosis.findings],
        "not_looked_at": [rule._asdict() for rule in diagnosis.not_seen],
        "too_early": diagnosis.too_early,
    }
