"""The rules, a row each: what is seen, what to try, and what the rule rests on; and the diagnosis that they make together."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from jaxgan.diagnosis.records import Diagnosis, Facts, Finding, NotSeen, Rule, Symptom, Unmeasured, histories
from jaxgan.diagnosis.sample_rules import generator_stuck, gets_better, got_worse, knows_by_heart, modes_missing
from jaxgan.diagnosis.training_rules import critic_wins, diverges, gradients_vanish, penalty_fails

EARLY = 0.2  # of the run's steps, before which only what is not finite is told: at first every run looks bad

RULES = (
    Rule(
        "diverges",
        "the training diverges",
        "a lower --learning-rate (and --critic-learning-rate), or a penalty (--variant wgan_gp, r3gan); go on from the last good checkpoint",
        "Mescheder et al. 2018, arXiv 1801.04406; experiments/results/fit_distribution.md (SGD at too high a rate)",
        diverges,
        from_the_start=True,
    ),
    Rule(
        "critic_wins",
        "the critic wins by far: it tells nearly every sample, and the generator learns little from it",
        "a lower --critic-learning-rate, fewer --n-critic, --ada (few pictures), or a critic with a penalty (--variant wgan_gp, r3gan)",
        "Arjovsky and Bottou 2017, arXiv 1701.04862, theorems 2.4 and 2.6",
        critic_wins,
    ),
    Rule(
        "gradients_vanish",
        "the generator's gradients vanish",
        "a larger --clip (wgan), --variant gan in place of gan_minimax, or a critic with a penalty (--variant wgan_gp, r3gan)",
        "the labs' own measure; experiments/results/gan_dcgan_wgan_mnist.md: 99.8 % with a clip of .001, at most 26 % in runs that learn",
        gradients_vanish,
    ),
    Rule(
        "penalty_fails",
        "the penalty does not hold the critic's gradient",
        "a larger --gradient-penalty-weight, or a lower --critic-learning-rate",
        "Gulrajani et al. 2017, arXiv 1704.00028, section 4; experiments/results/wgan_gp_monitor.md: .98 to 1.24 throughout a good run",
        penalty_fails,
    ),
    Rule(
        "generator_stuck",
        "the generator is stuck: samples are no better than at the beginning",
        "another --learning-rate, more --n-critic with wgan and wgan_gp, or --variant r3gan",
        "experiments/results/fashion_structures.md: WGAN and WGAN-GP with one critic step ended no better than they began",
        generator_stuck,
    ),
    Rule(
        "modes_missing",
        "modes are missing",
        "--conditional where there are labels, --pac 2, or --variant r3gan or wgan_gp",
        "Lin et al. 2017, arXiv 1712.04086, section 4.1; experiments/results/remedies.md",
        modes_missing,
    ),
    Rule(
        "knows_by_heart",
        "the critic knows its training data by heart",
        "--ada or --augment (pictures), --dropout, more data, or fewer steps (--best)",
        "Karras et al. 2020, arXiv 2006.06676, section 2 and figure 1",
        knows_by_heart,
    ),
    Rule(
        "got_worse",
        "samples got worse",
        "the best checkpoint: sample and evaluate take --best; a lower --learning-rate, or --schedule cosine, for the next run",
        "Karras et al. 2020, arXiv 2006.06676, figure 1; Mescheder et al. 2018, arXiv 1801.04406",
        got_worse,
    ),
    Rule(
        "gets_better",
        "it still gets better",
        "go on: python -m jaxgan.train --out RUN --resume --steps with twice as many",
        "experiments/results/mode_coverage.md: with ten times the steps R3GAN covers all modes",
        gets_better,
        only_at_end=True,
    ),
)


def diagnose(
    records: Iterable[Mapping[str, Any]],
    facts: Facts,
    evaluated: Sequence[Mapping[str, Any]] = (),
    rules: Sequence[Rule] = RULES,
) -> Diagnosis:
    """What a run's own figures show.

    Args:
        records: the lines of metrics.jsonl (`RunFolder.read_metrics`).
        facts: what config.json and environment.json say (`facts_of`).
        evaluated: the values of evaluation.json, a mapping a replica.
        rules: those that look.

    Returns:
        a finding for each rule that speaks in any replica, and the rules that could look in none.
    """
    replicas = histories(records, evaluated, facts.replicas)
    last = max(history.last_step for history in replicas)
    early = not last or last < EARLY * (facts.steps or 0)
    findings, not_seen = [], []
    for rule in rules:
        if early and not rule.from_the_start:
            continue
        if rule.only_at_end and facts.steps and last < facts.steps:
            continue
        with np.errstate(all="ignore"):  # figures of a damaged file may be of any size
            answers = {history.replica: rule.look(history, facts) for history in replicas}
        symptoms = {replica: answer for replica, answer in answers.items() if isinstance(answer, Symptom)}
        unmeasured = [answer for answer in answers.values() if isinstance(answer, Unmeasured)]
        if symptoms:
            findings.append(_finding(rule, symptoms, len(replicas)))
        elif len(unmeasured) == len(replicas):
            not_seen.append(NotSeen(rule.name, rule.sentence, unmeasured[0].reason))
    return Diagnosis(tuple(findings), tuple(not_seen), early)


def _finding(rule: Rule, symptoms: Mapping[int, Symptom], of: int) -> Finding:
    """One finding of all replicas that show it; with the figures of the first of them."""
    first = next(iter(symptoms.values()))
    return Finding(
        rule.name,
        first.sentence or rule.sentence,
        first.figure,
        first.since,
        first.advice or rule.advice,
        rule.source,
        tuple(symptoms),
        of,
    )
