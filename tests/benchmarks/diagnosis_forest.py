"""What a forest of trees makes of the same curves: how much of the regime is in them for any reader.

    KERAS_BACKEND=jax python tests/benchmarks/diagnosis_forest.py

Learns from the calibration half, each training judged after 8, 16, 24 and 40 epochs, and is held against the other.
Curves that are not finite are left out: there is nothing to learn about them.
"""

import numpy as np
from diagnosis_runs import calibration_half, held_out_half
from diagnosis_trainings import ENDS
from diagnosis_truth import truth
from sklearn.ensemble import ExtraTreesClassifier

from keras_regkit.diagnosis import signs


def features(record, end, reachable):
    """Returns falls, rises, gaps and noise of a training's curves, in units of what was learned, or could be."""
    train, validation = (np.array(record[name][:end]) for name in ("train", "validation"))
    known = record["known"]
    smooth = signs.smooth(train), signs.smooth(validation)
    half, late = end // 2, 3 * end // 4

    def shape(unit):
        found = [(s[a - 1] - s[b - 1]) / unit for a, b in ((half, end), (late, end), (half, late)) for s in smooth]
        found += [signs.noise(train) / unit, signs.noise(validation) / unit]
        found += [(smooth[1][i] - smooth[0][i]) / unit for i in (0, -1)]
        return [*found, *((s[-1] - s.min()) / unit for s in smooth)]

    out = shape(signs.scale(train, validation, known["trivial_train"]))
    out += [np.argmin(smooth[1]) / end, np.mean((validation < train)[half:]), end]
    out += [s[i] / known["trivial_train"] for s in smooth for i in (0, -1)]
    if reachable:
        room = known["trivial_train"] - known["irreducible_train"]
        out += shape(room)
        out += [(np.median(curve[-3:]) - known["irreducible_train"]) / room for curve in (train, validation)]
    return np.clip(out, -1e3, 1e3)


def cases(records, ends):
    for record in records:
        for end in ends or [record["settings"]["end"]]:
            if np.isfinite([record["train"][:end], record["validation"][:end]]).all():
                yield record, end, truth(record, end)


if __name__ == "__main__":
    for reachable in (False, True):
        parts = []
        for records, ends in ((calibration_half(), ENDS), (held_out_half(), None)):
            found = list(cases(records, ends))
            x = np.array([features(record, end, reachable) for record, end, _ in found])
            parts.append((x, np.array([true.regime for *_, true in found]), np.array([t.margin for *_, t in found])))
        (x, y, _), (held_x, held_y, margins) = parts
        guess = ExtraTreesClassifier(500, min_samples_leaf=2, random_state=0).fit(x, y).predict(held_x)
        for margin in (1.0, 1.5, 2.0):
            clear = margins >= margin
            right = (guess == held_y)[clear].mean()
            over = ((guess == "overfitting") == (held_y == "overfitting"))[clear].mean()
            print(f"reachable {reachable}, {clear.sum()} clear by {margin}: regime {right:.3f}, overfitting {over:.3f}")
