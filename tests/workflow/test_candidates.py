"""Which levers a run studies, for each regime."""

import dataclasses

import pytest

from keras_regkit import diagnose
from keras_regkit.diagnosis import Recommendation
from keras_regkit.workflow.candidates import candidates

CURVES = {"data_loss": [1.0, 0.5, 0.3, 0.2, 0.1], "val_data_loss": [1.0, 0.6, 0.5, 0.6, 0.8]}


def diagnosis(regime, *names):
    advice = tuple(Recommendation(name, name, "why", card=True) for name in names)
    return dataclasses.replace(diagnose(CURVES), regime=regime, levers=advice)


def test_underfitting_turns_the_templates_own_levers_down():
    assert candidates(diagnosis("underfitting", "dropout"), "binary") == {"l2": (0.0,), "dropout": (0.0,)}


def test_what_is_advised_comes_first_and_staples_fill_up():
    names = list(candidates(diagnosis("overfitting", "l1", "dropout"), "binary"))
    assert names[:2] == ["l1", "dropout"]
    assert "early_stopping" in names
    assert len(names) == 5


@pytest.mark.parametrize(("task", "smooth"), [("binary", True), ("regression", False)])
def test_label_smoothing_needs_classes(task, smooth):
    names = candidates(diagnosis("overfitting", "label_smoothing", "batch_norm"), task)
    assert ("label_smoothing" in names) is smooth


def test_what_batch_normalization_makes_idle_is_not_studied():
    names = candidates(diagnosis("diverging", "batch_norm", "max_norm", "dropout"), "binary")
    assert not {"batch_norm", "max_norm"} & set(names)
