"""The greedy combination, on a study whose outcomes are made up."""

import math

import pytest

from keras_regkit import levers
from keras_regkit.studies import StudyResult, Trial, Variant, combine, factorial
from keras_regkit.studies.combination import promising
from keras_regkit.studies.design import BASELINE
from keras_regkit.studies.summarize import summarize

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
        # Whatever order the levers were taken in.
        level = {frozenset(name.split(" + ")): level for name, level in self.levels.items()}[
            frozenset(variant.name.split(" + "))
        ]
        # Seeds differ a little in how much a lever does, or the paired test would have no noise at all.
        return {"val_data_loss": level + NOISE[i] * (1 + level), "gap": 0.1}


def run(levels):
    study = MadeUpStudy(levels)
    found = combine(study, study.run_variants(study.variants), verbose=0)
    return found.winner, found.steps, study


def test_the_best_lever_starts_and_a_second_that_helps_is_added():
    winner, steps, _ = run({"baseline": 1.0, "dropout=0.5": 0.5, "l2=0.01": 0.7, "dropout=0.5 + l2=0.01": 0.3})
    assert winner.name == "dropout=0.5 + l2=0.01"
    assert [s.accepted for s in steps if s.kind == "forward"] == [True, True]
    assert steps[1].difference == pytest.approx(-0.2, abs=0.01)


def test_a_lever_that_adds_nothing_is_left_out():
    winner, steps, _ = run({"baseline": 1.0, "dropout=0.5": 0.5, "l2=0.01": 0.7, "dropout=0.5 + l2=0.01": 0.6})
    assert winner.name == "dropout=0.5"
    assert [s.accepted for s in steps] == [True, False]


def test_trials_of_the_combination_are_handed_on():
    study = MadeUpStudy({"baseline": 1.0, "dropout=0.5": 0.5, "l2=0.01": 0.7, "dropout=0.5 + l2=0.01": 0.3})
    trials = combine(study, study.run_variants(study.variants), verbose=0).trials
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


# Three levers of groups of their own, and what is reached with any of them.
def levels(**changes):
    found = {
        "baseline": 1.0, "dropout=0.5": 0.5, "l2=0.01": 0.6, "max_norm=2": 0.7,
        "dropout=0.5 + l2=0.01": 0.4, "dropout=0.5 + max_norm=2": 0.45, "l2=0.01 + max_norm=2": 0.6,
        "dropout=0.5 + l2=0.01 + max_norm=2": 0.3,
    }  # fmt: skip
    return {**found, **changes}


def path(steps):
    return [(s.kind, s.variant, s.outcome) for s in steps]


def test_each_round_is_one_plan():
    winner, steps, study = run(levels())
    assert winner.name == "dropout=0.5 + l2=0.01 + max_norm=2"
    assert {"dropout=0.5 + l2=0.01", "dropout=0.5 + max_norm=2"} <= set(study.asked[2])
    assert path(steps) == [
        ("forward", "dropout=0.5", "taken"),
        ("forward", "dropout=0.5 + l2=0.01", "taken"),
        ("backward", "l2=0.01", "kept"),
        ("forward", "dropout=0.5 + l2=0.01 + max_norm=2", "taken"),
        ("backward", "l2=0.01 + max_norm=2", "kept"),
        ("backward", "dropout=0.5 + max_norm=2", "kept"),
    ]


def test_the_best_of_a_round_is_taken_not_the_next_in_the_list():
    _, steps, _ = run(levels(**{"dropout=0.5 + max_norm=2": 0.35}))
    assert path(steps)[1] == ("forward", "dropout=0.5 + max_norm=2", "taken")


def test_a_lever_that_others_made_needless_is_dropped_and_stays_out():
    winner, steps, _ = run(levels(**{"l2=0.01 + max_norm=2": 0.3}))
    assert winner.name == "l2=0.01 + max_norm=2"
    assert ("backward", "l2=0.01 + max_norm=2", "dropped") in path(steps)
    dropped = next(s for s in steps if s.outcome == "dropped")
    assert dropped.against == "dropout=0.5 + l2=0.01 + max_norm=2"
    assert dropped.difference == pytest.approx(0.0, abs=0.01)
    # What is left is asked again, in the smaller company.
    assert path(steps)[-2:] == [("backward", "max_norm=2", "kept"), ("backward", "l2=0.01", "kept")]


def test_a_lever_is_kept_where_being_without_it_diverges():
    winner, steps, _ = run(levels(**{"l2=0.01 + max_norm=2": math.nan}))
    assert ("backward", "l2=0.01 + max_norm=2", "kept") in path(steps)
    assert winner.name == "dropout=0.5 + l2=0.01 + max_norm=2"


def test_the_record_is_plain_and_prints():
    study = MadeUpStudy(levels())
    found = combine(study, study.run_variants(study.variants), verbose=0)
    record = found.to_dict()
    assert record["settings"] == {"dropout": 0.5, "l2": 0.01, "max_norm": 2}
    assert record["steps"][0]["kind"] == "forward"
    assert str(found).splitlines()[-1] == "Chosen: dropout=0.5 + l2=0.01 + max_norm=2"
    assert "l2=0.01 against dropout=0.5 + l2=0.01" in str(found)
    with pytest.raises(ValueError, match="`level` must be in"):
        combine(study, study.run_variants(study.variants), level=1.0)


def test_a_grid_has_every_combination_once():
    names = [v.name for v in factorial({"l2": [0.1, 0.2], "dropout": 0.5})]
    assert names == ["baseline", "dropout=0.5", "l2=0.1", "l2=0.1 + dropout=0.5", "l2=0.2", "l2=0.2 + dropout=0.5"]
    with pytest.raises(ValueError, match=r"Received: \['l2', 'weight_decay'\], of which a model can have one"):
        factorial(["l2", "dropout", "weight_decay"])


def test_variants_that_are_not_the_studys_own_are_refused():
    study = MadeUpStudy({"baseline": 1.0, "l2=0.1": 0.5, "dropout=0.5": 0.6, "l2=0.1 + dropout=0.5": 0.4})
    result = study.run_variants([*study.variants[1:], study.variants[1].plus(study.variants[2])])
    with pytest.raises(ValueError, match=r"study's own variants.*Received besides: \['l2=0.1 \+ dropout=0.5'\]"):
        combine(study, result, verbose=0)
