"""Putting the levers that helped together, one after the other, while validation says so."""

import math

from keras_regkit.studies import Step, Variant
from keras_regkit.studies.design import BASELINE
from keras_regkit.studies.statistics import paired_difference

# Of a step's own two-sided p-value: about six to one that the lever is an improvement. A step decides what to ship, it
# does not claim an effect; that is left to the study's corrected verdicts and to the test set.
LEVEL = 0.3
_SAME_PULL = {"penalty", "decay"}  # families that shrink weights: one of them is enough


def combine(study, result, verbose):
    """Greedy forward selection over the levers that looked better than the baseline on their own.

    The best single lever starts. Each further one, best first, is trained on top of those already taken, with the same
    seeds, and stays if the paired difference says so.

    Args:
        study: The `Study` that made `result`.
        result: Its `StudyResult`.
        verbose: As in `Study.run`.

    Returns:
        `(winner, steps, trials)`: the chosen `Variant`, a tuple of `Step`, and the trials of the variants that were
        tried beyond those of `result`.
    """
    by_name = {variant.name: variant for variant in study.variants}
    current, steps, trials = BASELINE, [], {}
    for summary in promising(result):
        lever = by_name[summary.name]
        if _pulls_alike(current, lever):
            continue
        tried = current.plus(lever)
        outcome = study.run_variants([current, tried], verbose)
        step = _compare(outcome, tried, current)
        steps.append(step)
        trials |= {(t.variant, t.seed): t for t in outcome.trials if t.variant not in by_name}
        if step.accepted:
            current = tried
    return current, tuple(steps), tuple(trials.values())


def promising(result):
    """Returns the summaries that beat the baseline on their own, the best first, one strength per lever."""
    better = [s for s in result.summaries[1:] if _accepts(s.difference, s.p, result.direction) and not s.diverged]
    better.sort(key=lambda s: s.difference if result.direction == "min" else -s.difference)
    chosen = {}
    for summary in better:
        chosen.setdefault(tuple(summary.settings), summary)
    return list(chosen.values())


def _compare(result, tried, current):
    values = {
        name: [t.metrics[result.metric] for t in result.trials if t.variant == name]
        for name in (tried.name, current.name)
    }
    d = paired_difference(values[tried.name], values[current.name], result.confidence)
    accepted = _accepts(d.mean, d.p, result.direction) and d.pairs == len(values[tried.name])
    return Step(tried.name, current.name, d.mean, d.low, d.high, d.p, accepted)


def _accepts(difference, p, direction):
    better = difference < 0 if direction == "min" else difference > 0
    return better and math.isfinite(difference) and p < LEVEL


def _pulls_alike(variant: Variant, other: Variant):
    families = {lever.family for lever, _ in variant.settings} & _SAME_PULL
    return bool(families) and any(lever.family in _SAME_PULL for lever, _ in other.settings)
