import keras
import pytest
from tiny_studies import regressor, table

from keras_regkit._core.data_loss import DataLoss
from keras_regkit.studies.bridges import hyper_model

keras_tuner = pytest.importorskip("keras_tuner")

SPACE = {"l2": (1e-4, 1e-1, "log"), "weight_decay": [0.01, 0.1], "dropout": (0.1, 0.6), "early_stopping": (2, 9)}


def test_exclusive_levers_are_one_choice_and_strengths_depend_on_it():
    hyper, hp = hyper_model(regressor, SPACE), keras_tuner.HyperParameters()
    assert hyper.variant(hp).name == "baseline"
    hp.values["shrinking"] = "l2"
    hp.values["dropout"] = "dropout"
    found = hyper.variant(hp)
    assert [lever.name for lever, _ in found.settings] == ["l2", "dropout"]
    spaces = {s.name: s for s in hp.space}
    assert spaces["shrinking"].values == ["off", "l2", "weight_decay"]
    assert (spaces["l2 strength"].min_value, spaces["l2 strength"].max_value) == (1e-4, 1e-1)
    assert spaces["l2 strength"].sampling == "log"
    assert spaces["l2 strength"].conditions[0].name == "shrinking"
    assert hyper.build(hp).layers[1].__class__.__name__ == "Dropout"


@pytest.fixture(scope="module")
def tuner(tmp_path_factory):
    tuner = keras_tuner.RandomSearch(
        hyper_model(regressor, {"l2": (0.01, 1.0, "log"), "early_stopping": [1]}), max_trials=2, seed=1,
        objective=keras_tuner.Objective("val_data_loss", "min"), directory=tmp_path_factory.mktemp("tuner"),
        executions_per_trial=2,
    )  # fmt: skip
    tuner.search(*table(), validation_data=table(seed=1), epochs=2, verbose=0)
    return tuner


def test_a_real_search_is_judged_by_the_clean_loss(tuner):
    trials = tuner.oracle.get_best_trials(2)
    assert trials[0].score <= trials[1].score
    for trial in trials:
        # With a penalty the two differ, and the lever is not judged by what it adds.
        history = trial.metrics.metrics
        assert {"val_data_loss", "data_loss", "gap", "val_loss"} <= set(history)
    # KerasTuner keeps the best epoch of all executions, and scores by the mean of their best.
    model = tuner.get_best_models(1)[0]
    loss, *_ = DataLoss(model)([(*table(seed=1), None)])
    wanted = keras.ops.mean((model(table(seed=1)[0]) - table(seed=1)[1]) ** 2)
    assert loss == pytest.approx(float(wanted), rel=1e-5)
    assert loss <= trials[0].score


def test_validation_data_are_asked_for():
    hyper = hyper_model(regressor, ["l2"])
    hp = keras_tuner.HyperParameters()
    with pytest.raises(ValueError, match="must be given `validation_data`"):
        hyper.fit(hp, hyper.build(hp), *table())
