"""Putting the levers that helped together: forward while validation says so, and back where one is no longer needed."""

import dataclasses
import math
from typing import Any

from keras_regkit._core.checks import Interval
from keras_regkit._core.files import plain
from keras_regkit.studies.decision import Step
from keras_regkit.studies.design import BASELINE, Variant
from keras_regkit.studies.exclusive import clash
from keras_regkit.studies.result import StudyResult
from keras_regkit.studies.statistics import paired_difference
from keras_regkit.studies.study import Study

# Of a step's own two-sided p-value: about six to one that the lever is an improvement. A step decides what to ship, it
# does not claim an effect; that is left to the study's corrected verdicts and to the test set.
LEVEL = 0.3


@dataclasses.dataclass(frozen=True)
class Combination:
    """What `combine` chose, and every step to it.

    Args:
        winner: The chosen `Variant`; the baseline where no lever looked better.
        steps: A tuple of `Step`, in the order of the decisions.
        trials: The trials of the variants that were tried beyond those of the study's own.

    Example:

    >>> step = Step("l2=0.001", "baseline", -0.03, -0.05, -0.01, p=0.01, accepted=True)
    >>> print(Combination(BASELINE, (step,), ()))
    l2=0.001 against baseline: -0.03 [-0.05, -0.01] → taken
    Chosen: baseline
    """

    winner: Variant
    steps: tuple
    trials: tuple

    def to_dict(self) -> dict[str, Any]:
        """Returns the record in what JSON knows."""
        settings = {lever.name: strength for lever, strength in self.winner.settings}
        return plain(
            {
                "winner": self.winner.name,
                "settings": settings,
                "steps": [dataclasses.asdict(step) for step in self.steps],
                "trials": [trial.to_dict() for trial in self.trials],
            }
        )

    def __str__(self):
        return "\n".join([*map(str, self.steps), f"Chosen: {self.winner.name}"])


def combine(study: Study, result: StudyResult, *, verbose: int | str = "auto", level: float = LEVEL) -> Combination:
    """Greedy forward selection with a backward check, over the levers that looked better than the baseline.

    Forward, in rounds: every lever left is trained on top of those already taken, all in one plan and from the same
    seeds. The best is taken if its paired difference says so; those that do not look better are left out for good, and
    so are those that exclude what was taken (two penalties on the same weights). The first round is the study itself.

    Backward, after each step taken: every earlier lever has to show once more that it is needed, now that others are
    there. The one that is missed least is dropped, for good, and the rest are asked again.

    Levers that help only together are not found in this way: `factorial` and `search` look for them. Each step takes
    the best of several, so that its difference flatters; judge the winner on rows that took no part.

    Args:
        study: The `Study` that made `result`.
        result: Its `StudyResult`.
        verbose: As in `Study.run`. Defaults to `"auto"`.
        level: Two-sided p-value below which a difference is acted on, in (0, 1). Defaults to 0.3: about six to one
            that a lever taken is an improvement. A step decides what to ship; it does not claim an effect.

    Returns:
        A `Combination`: the winner, the steps, and the trials that came with them.

    Reference:
        Pudil et al. 1994, "Floating Search Methods in Feature Selection".

    Example:

    >>> import keras
    >>> import numpy as np
    >>> from keras_regkit import Study
    >>> x, y = np.ones((8, 3)), np.zeros((8, 1))
    >>> model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(4), keras.layers.Dense(1)])
    >>> model.compile("sgd", "mse")
    >>> study = Study(model, levers=["early_stopping"], train=(x, y), validation=(x, y), seeds=2, epochs=1)
    >>> combine(study, study.run(verbose=0), verbose=0).winner.name  # one epoch has no end to stop before
    'baseline'
    """
    Interval(0, 1, closed="neither").check("level", level)
    return _Search(study, level, verbose).run(result)


def promising(result, level=LEVEL):
    """Returns the summaries that beat the baseline on their own, the best first, one strength per lever."""
    better = [s for s in result.summaries[1:] if _accepts(s.difference, s.p, result.direction, level)]
    better = [s for s in better if not s.diverged]
    better.sort(key=lambda s: s.difference if result.direction == "min" else -s.difference)
    chosen = {}
    for summary in better:
        chosen.setdefault(tuple(summary.settings), summary)
    return list(chosen.values())


class _Search:
    """One run of `combine`: what is trained, compared and decided."""

    def __init__(self, study, level, verbose):
        self._study = study
        self._level = level
        self._verbose = verbose
        self._steps = []
        self._trials = {}
        self._settled = set()

    def run(self, result):
        by_name = {variant.name: variant for variant in self._study.variants}
        if foreign := [s.name for s in result.summaries[1:] if s.name not in by_name]:
            raise ValueError(
                f"`result` must be of the study's own variants, {list(by_name)}: `combine` puts them together itself. "
                f"Received besides: {foreign[:5]}"
            )
        current, left = BASELINE, [by_name[s.name] for s in promising(result, self._level)]
        while left := [lever for lever in left if not clash(current, lever)]:
            steps = self._compare(current, {lever: current.plus(lever) for lever in left}, "forward")
            # What passes but is not the best of its round is asked again in the next: it has not been decided on.
            self._steps += [step for step in steps.values() if not step.accepted]
            left = [lever for lever in left if steps[lever].accepted]
            if not left:
                break
            best = min(left, key=lambda lever: self._cost(steps[lever]))
            self._steps.append(steps[best])
            left.remove(best)
            grown = current.plus(best)
            self._settled.add((grown, current))
            current = self._shrink(grown)
        trials = tuple(t for (name, _), t in self._trials.items() if name not in by_name)
        return Combination(current, tuple(self._steps), trials)

    def _shrink(self, current):
        """Drops the levers that are no longer needed, one at a time."""
        while len(current.settings) > 1:
            smaller = {lever: current.without(lever) for lever, _ in current.settings}
            smaller = {lever: v for lever, v in smaller.items() if (current, v) not in self._settled}
            if not smaller:
                break
            steps = self._compare(current, smaller, "backward")
            self._settled |= {(current, v) for v in smaller.values()}
            droppable = [lever for lever, step in steps.items() if step.accepted]
            least = min(droppable, key=lambda lever: self._cost(steps[lever]), default=None)
            # Of several that could go, one does; the others are asked again without it.
            self._steps += [step for lever, step in steps.items() if lever is least or lever not in droppable]
            if least is None:
                break
            current = smaller[least]
        return current

    def _compare(self, current, tried, kind):
        """Trains what is new, in one plan, and returns a `Step` for each of `{key: Variant}`."""
        outcome = self._study.run_variants([current, *tried.values()], self._verbose)
        self._trials |= {(t.variant, t.seed): t for t in outcome.trials}
        return {key: self._step(outcome, variant, current, kind) for key, variant in tried.items()}

    def _step(self, outcome, variant, current, kind):
        ours, theirs = (
            [t.metrics.get(outcome.metric, math.nan) for t in outcome.trials if t.variant == name]
            for name in (variant.name, current.name)
        )
        d = paired_difference(ours, theirs, outcome.confidence)
        whole = d.pairs == len(ours)
        if kind == "forward":
            accepted = whole and _accepts(d.mean, d.p, outcome.direction, self._level)
        else:
            # A lever stays only if being without it looks worse.
            accepted = whole and not _accepts(-d.mean, d.p, outcome.direction, self._level)
        return Step(variant.name, current.name, d.mean, d.low, d.high, d.p, accepted, kind)

    def _cost(self, step):
        return step.difference if self._study.direction == "min" else -step.difference


def _accepts(difference, p, direction, level):
    better = difference < 0 if direction == "min" else difference > 0
    return better and math.isfinite(difference) and p < level
