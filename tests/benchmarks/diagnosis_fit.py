"""Sets the thresholds of the diagnosis from the calibration half of the trainings.

    KERAS_BACKEND=jax python tests/benchmarks/diagnosis_fit.py

Walks through the thresholds in turn and takes of each the value with the most right verdicts, until nothing moves; then
writes them into `keras_regkit/diagnosis/thresholds.py`.
"""

import pathlib
import re
import sys
import time

import numpy as np
from diagnosis_runs import INFORMATION, calibration_half, told
from diagnosis_trainings import ENDS
from diagnosis_truth import truth

from keras_regkit.diagnosis import thresholds
from keras_regkit.diagnosis.curves import Curves, finite_or_none
from keras_regkit.diagnosis.judging import PRECEDENCE, clearness, judge

# Targets of the world are noisier than most of these: the fall below which a training underfits stays modest.
# No verdict rests on fewer than two standard deviations of the noise, where a gap or a rise could be luck.
GRID = {
    "DIVERGING_NOISES": (0.0, 1.0, 2.0, 3.0, 4.0),
    "DIVERGING_SHARE": (0.2, 0.3, 0.4, 0.5, 0.6),
    "DIVERGING_LEVEL": (0.01, 0.03, 0.1, 0.2),
    "DIVERGING_ABOVE": (0.03, 0.05, 0.1, 0.15, 0.2),
    "IMPROVING_NOISES": (0.5, 1.0, 1.5, 2.0, 3.0),
    "IMPROVING_SHARE": (0.03, 0.04, 0.05, 0.06, 0.07, 0.08, 0.1, 0.12, 0.15),
    "IMPROVING_LEVEL": (0.002, 0.005, 0.01, 0.02, 0.03, 0.05),
    "FALL_SHARE": (0.05, 0.1, 0.15, 0.2, 0.25, 0.3),
    "REFERENCE_FALL_SHARE": (0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4),
    "UNDERFITTING_GAP_SHARE": (0.03, 0.05, 0.08, 0.1, 0.15, 0.2, 0.25, 0.3),
    "RISE_NOISES": (2.0, 3.0, 4.0),
    "RISE_SHARE": (0.01, 0.015, 0.02, 0.03, 0.05, 0.08, 0.12),
    "GAP_NOISES": (2.0, 3.0, 4.0),
    "GAP_SHARE": (0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4),
    "REMEMBERED_GAP_SHARE": (0.08, 0.1, 0.12, 0.15, 0.2, 0.25),
    "EXCESS_SHARE": (0.1, 0.12, 0.15, 0.18, 0.22, 0.27),
    "EASIER_NOISES": (2.0, 3.0),
    "EASIER_SHARE": (0.02, 0.03, 0.05, 0.07, 0.1, 0.15),
    "NOISY_SHARE": (0.05, 0.08, 0.1, 0.12, 0.15, 0.2, 0.3),
}


class Calibration:
    """The curves of the calibration half, with their truth and weight."""

    def __init__(self, records):
        self.cases = []
        for record in records:
            for end in ENDS:
                true = truth(record, end)
                # A toss-up teaches little, and so does the fourth look at one training.
                weight = min(true.margin, 2.0) - 0.9
                self.cases.append((curves_of(record, end), [told(record, what) for what in INFORMATION], true, weight))

    def score(self):
        """Returns the weighted share of right verdicts, on regimes and on overfitting."""
        right = total = 0.0
        for curves, levels, true, weight in self.cases:
            for level in levels:
                regime = judge(curves, **level).regime
                over = (regime == "overfitting") == (true.regime == "overfitting")
                right += weight * ((regime == true.regime) + 0.5 * over) / 1.5
                total += weight
        return right / total

    def confidence(self):
        """Returns the line through right and wrong verdicts, by their clearness; at its ends within [0, 1]."""
        clear, right = [], []
        for curves, levels, true, _ in self.cases:
            for level in levels:
                verdict = judge(curves, **level)
                if verdict.signs:
                    name = next((name for name, _ in PRECEDENCE if verdict.signs[name].present), None)
                    clear.append(clearness(name, verdict.signs))
                    right.append(verdict.regime == true.regime)
        gain, base = np.polyfit(clear, right, 1)
        return {"CONFIDENCE_BASE": round(float(base), 2), "CONFIDENCE_GAIN": round(float(gain), 2)}


def curves_of(record, end):
    """Returns what the diagnosis judges."""
    epochs = tuple(range(end))
    train, validation = (finite_or_none(record[name][:end]) for name in ("train", "validation"))
    return Curves(epochs, train, epochs, validation, clean=True)


def descend(calibration, rounds=3):
    """Returns the chosen thresholds and the score, after walking along the grid."""
    best = calibration.score()
    print(f"as they are: {best:.4f}", flush=True)
    for _ in range(rounds):
        before = best
        for name, values in GRID.items():
            chosen = getattr(thresholds, name)
            for value in values:
                setattr(thresholds, name, value)
                score = calibration.score()
                # Ties stay as they are.
                if score > best + 1e-4:
                    best, chosen = score, value
            setattr(thresholds, name, chosen)
            print(f"{name} = {chosen}: {best:.4f}", flush=True)
        if best - before < 1e-3:
            break
    return {name: getattr(thresholds, name) for name in GRID}, best


def write(values):
    path = pathlib.Path(thresholds.__file__)
    text = path.read_text()
    for name, value in values.items():
        text = re.sub(rf"^{name} = .*$", f"{name} = {value}", text, flags=re.MULTILINE)
    path.write_text(text)


if __name__ == "__main__":
    start = time.perf_counter()
    calibration = Calibration(calibration_half())
    values, score = descend(calibration)
    values |= calibration.confidence()
    print(f"{score:.4f} after {time.perf_counter() - start:.0f} s", values)
    if "--dry" not in sys.argv:
        write(values)
