"""The regime of a training, from what a training shows only to those who made it.

Units are shares of what can be learned: the loss of the best constant minus the teacher's own, on fresh rows. Nothing
here reads the validation curve that is diagnosed.

| name | what it is | counts from |
|---|---|---|
| lost | share of what was learned of the train rows, or of half of what can be if more, that is lost at the end | 0.5 |
| later | what the loss on fresh rows still falls by if the training goes on for as long again | 0.07 |
| excess | loss on fresh rows minus the teacher's | 0.15 |
| variance | of it, what vanishes with eight times the rows, given the time to use them | |
| bias | of it, the rest: too few units, too strong a penalty, steps too long | |
| easier | by how much less the teacher loses on the validation rows than on the train rows | 0.15 |
| jumps | noise, from epoch to epoch, of another validation set of the same size | 0.10 |

The first that counts names the regime: diverging, still improving, underfitting or overfitting (whichever of bias and
variance is larger), validation easier than train, noisy validation; good fit if none does.
"""

import dataclasses
import math

import numpy as np

LOST, LATER, EXCESS, EASIER, JUMPS = 0.5, 0.07, 0.15, 0.15, 0.10


@dataclasses.dataclass(frozen=True)
class Truth:
    """What is true of a training.

    Args:
        regime: One of `keras_regkit.diagnosis.REGIMES`.
        margin: By which factor all quantities that decided are on their side of what counts; 1 is a toss-up.
        numbers: The quantities.
    """

    regime: str
    margin: float
    numbers: dict


def truth(record, end):
    """Returns the `Truth` of a training that is judged after `end` epochs."""
    q = record["true"][str(end)]
    if q is None:
        return Truth("diverging", math.inf, {})
    margins = []
    for regime, value, counts in (("diverging", q["lost"], LOST), ("still improving", q["later"], LATER)):
        margins.append(_margin(value / counts))
        if value >= counts:
            return Truth(regime, min(margins), q)
    margins.append(_margin(q["excess"] / EXCESS))
    if q["excess"] >= EXCESS:
        odds = max(q["variance"], 0) / max(q["bias"], 1e-9)
        return Truth("overfitting" if odds >= 1 else "underfitting", min(*margins, _margin(odds)), q)
    for regime, value, counts in (
        ("validation easier than train", q["easier"], EASIER),
        ("noisy validation", q["jumps"], JUMPS),
    ):
        margins.append(_margin(value / counts))
        if value >= counts:
            return Truth(regime, min(margins), q)
    return Truth("good fit", min(margins), q)


def quantities(record, end):
    """Returns what the table above names; None where the numbers are not finite."""
    train, test = (np.array(record[name][: 2 * end]) for name in ("train", "test"))
    again, rich = np.array(record["again"][:end]), np.array(record["rich"])
    if not all(np.isfinite(curve[:end]).all() for curve in (train, test, again)):
        return None
    known = record["known"]
    unit = known["trivial_test"] - known["irreducible_test"]
    now, window = _level(test, end), max(3, end // 4)
    # A curve that jumps is no better later because it jumps.
    after = [_level(test, epoch, window) for epoch in range(end + 1, len(test) + 1)]
    rich = min([known["trivial_test"], *rich[np.isfinite(rich)]])
    best = min(train[:end].min(), known["trivial_train"])
    room = known["trivial_train"] - known["irreducible_train"]
    learned = max(known["trivial_train"] - best, 0.5 * room, 0.1 * known["trivial_train"])
    found = {
        "lost": (_level(train, end) - best) / learned,
        "later": (min(now, _level(test, end, window)) - np.nanmin(after)) / unit,
        "excess": (now - known["irreducible_test"]) / unit,
        "variance": (now - rich) / unit,
        "bias": (rich - known["irreducible_test"]) / unit,
        "easier": (known["irreducible_train"] - known["irreducible_validation"]) / unit,
        "jumps": _jumps(again) / unit,
    }
    return {name: float(value) for name, value in found.items()}


def _margin(ratio):
    return ratio if ratio >= 1 else 1 / max(ratio, 1e-9)


def _level(curve, end, window=3):
    return float(np.median(curve[max(0, end - window) : end]))


def _jumps(curve):
    """Standard deviation of the differences from the mean of the two neighbours, in the second half."""
    curve = curve[len(curve) // 2 - 2 :]
    return float(np.std(curve[1:-1] - (curve[:-2] + curve[2:]) / 2) / np.sqrt(1.5))
