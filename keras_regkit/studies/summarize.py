"""From trials to summaries with verdicts."""

import math

import numpy as np

from keras_regkit.studies.result import HELPS, HURTS, NO_EVIDENCE, VariantSummary
from keras_regkit.studies.statistics import holm, paired_difference


def summarize(variants, seeds, trials, metric, direction, confidence):
    """Returns one `VariantSummary` per variant.

    Args:
        variants: The variants, the baseline first.
        seeds: The seeds.
        trials: `{(variant name, seed): Trial}`, all of them.
        metric, direction, confidence: As in `StudyResult`.
    """
    values = {v.name: [trials[v.name, s].metrics.get(metric, math.nan) for s in seeds] for v in variants}
    baseline = values[variants[0].name]
    differences = [paired_difference(values[v.name], baseline, confidence) for v in variants[1:]]
    adjusted = holm([d.p for d in differences]) if differences else []
    summaries = [_summary(variants[0], seeds, trials, values, None, None, "baseline")]
    for variant, difference, p in zip(variants[1:], differences, adjusted, strict=True):
        lost = sum(
            math.isfinite(b) and not math.isfinite(v) for v, b in zip(values[variant.name], baseline, strict=True)
        )
        verdict = verdict_of(difference, p, direction, 1 - confidence, lost, len(seeds))
        summaries.append(_summary(variant, seeds, trials, values, difference, p, verdict))
    return tuple(summaries)


def verdict_of(difference, p, direction, level, lost, seeds):
    """The verdict; `lost` counts the seeds (or splits) at which the variant diverged and the baseline did not."""
    if lost > seeds / 2:
        return HURTS  # a training that does not end is no improvement, whatever the rest of the seeds say
    if p >= level or difference.pairs < 2:
        return NO_EVIDENCE
    better = difference.mean < 0 if direction == "min" else difference.mean > 0
    if better and lost:
        return NO_EVIDENCE  # the seeds that diverged are not in the mean
    return HELPS if better else HURTS


def _summary(variant, seeds, trials, values, difference, p, verdict):
    own = [trials[variant.name, seed] for seed in seeds]
    finite = [x for x in values[variant.name] if math.isfinite(x)]
    gaps = [gap for t in own if math.isfinite(gap := t.metrics.get("gap", math.nan))]
    return VariantSummary(
        name=variant.name,
        settings={lever.name: strength for lever, strength in variant.settings},
        mean=float(np.mean(finite)) if finite else math.nan,
        sd=float(np.std(finite, ddof=1)) if len(finite) > 1 else math.nan,
        difference=difference.mean if difference else 0.0,
        low=difference.low if difference else 0.0,
        high=difference.high if difference else 0.0,
        p=difference.p if difference else None,
        p_adjusted=p,
        verdict=verdict,
        gap=float(np.mean(gaps)) if gaps else math.nan,
        epochs=float(np.mean([t.epochs for t in own])),
        seconds=float(np.mean([t.seconds for t in own])),
        seeds=len(seeds),
        diverged=len(own) - len(finite),
        pairs=difference.pairs if difference else 0,
        error=difference.error if difference else math.nan,
    )
