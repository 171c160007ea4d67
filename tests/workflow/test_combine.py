"""The greedy combination, on a study whose outcomes are made up."""

import math

import pytest

from keras_regkit import levers
from keras_regkit.studies import StudyResult, Trial, Variant
from keras_regkit.studies.design import BASELINE
from keras_regkit.studies.summarize import summarize
from keras_regkit.workflow.combine import combine, promising

SEEDS = (0, 1, 2, 3)
NOISE = (0.0, 0.01, -0.01, 0.005)


class MadeUpStudy:
    """Answers like a Study; what a variant reaches is looked up."""

    metric, direction, confidence = "val_data_loss", "min", 0.95

    def __init__(self, levels):
        self.levels = levels
        self.variants = [BASELINE, *(Variant(((levers.get(n), s),)) for n, s in self._single())]
        self.asked = []

    def _single(self):
        for name in self.levels:
            if name != "baseline" and " + " not in name:
                lever, _, strength = name.partition("=")
                yield lever, float(strength) if "." in strength or "e" in strength else int(strength)

    def run_variants(self, variants, verbose=0):
        variants = list(dict.fromkeys([BASELINE, *variants]))
        self.asked.append([v.name for v in variants])
        trials = {
            (v.name, s): Trial(v.name, s, self._metrics(v, i), {}, 1, 0, 0.1)
            for v in variants
            for i, s in enumerate(SEEDS)
        }
        return StudyResult(
            "made up", self.metric, "min", 0.95,
            summarize(variants, SEEDS, trials, self.metric, "min", 0.95), tuple(trials.values()), "none",
        )  # fmt: skip

    def _metrics(self, variant, i):
        level = self.levels[variant.name]
        # Seeds differ a little in how much a lever does, or the paired test would have no noise at all.
        return {"val_data_loss": level + NOISE[i] * (1 + level), "gap": 0.1}


def run(levels):
    study = MadeUpStudy(levels)
    winner, steps, _ = combine(study, study.run_variants(study.variants), 0)
    return winner, steps, study


def test_the_best_lever_starts_and_a_second_that_helps_is_added():
    winner, steps, _ = run({"baseline": 1.0, "dropout=0.5": 0.5, "l2=0.01": 0.7, "dropout=0.5 + l2=0.01": 0.3})
    assert winner.name == "dropout=0.5 + l2=0.01"
    assert [s.accepted for s in steps] == [True, True]
    assert steps[1].difference == pytest.approx(-0.2, abs=0.01)


def test_a_lever_that_adds_nothing_is_left_out():
    winner, steps, _ = run({"baseline": 1.0, "dropout=0.5": 0.5, "l2=0.01": 0.7, "dropout=0.5 + l2=0.01": 0.6})
    assert winner.name == "dropout=0.5"
    assert [s.accepted for s in steps] == [True, False]


def test_trials_of_the_combination_are_handed_on():
    study = MadeUpStudy({"baseline": 1.0, "dropout=0.5": 0.5, "l2=0.01": 0.7, "dropout=0.5 + l2=0.01": 0.3})
    *_, trials = combine(study, study.run_variants(study.variants), 0)
    assert {trial.variant for trial in trials} == {"dropout=0.5 + l2=0.01"}
    assert len(trials) == len(SEEDS)


def test_nothing_helps_means_the_template():
    winner, steps, _ = run({"baseline": 1.0, "dropout=0.5": 1.2})
    assert winner == BASELINE
    assert steps == ()


def test_one_strength_per_lever_is_tried():
    study = MadeUpStudy({"baseline": 1.0, "dropout=0.3": 0.8, "dropout=0.5": 0.5})
    assert [s.name for s in promising(study.run_variants(study.variants))] == ["dropout=0.5"]


def test_two_levers_that_shrink_weights_are_not_stacked():
    winner, _, study = run({"baseline": 1.0, "l2=0.01": 0.5, "weight_decay=0.1": 0.6})
    assert winner.name == "l2=0.01"
    assert not any("+" in name for names in study.asked for name in names)


def test_a_variant_that_diverged_is_never_a_candidate():
    study = MadeUpStudy({"baseline": 1.0, "dropout=0.5": math.nan})
    assert promising(study.run_variants(study.variants)) == []
