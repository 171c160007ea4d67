import math

import pytest
from made_up_engine import MadeUpEngine
from tiny_studies import noisy_regressor, regressor, table

from keras_regkit.studies.bridges import optuna_objective

optuna = pytest.importorskip("optuna")
pytestmark = [
    pytest.mark.filterwarnings("ignore::optuna.exceptions.ExperimentalWarning"),
    pytest.mark.filterwarnings("ignore::DeprecationWarning:sqlalchemy"),
]
SPACE = {"l2": (1e-4, 1e-1, "log"), "weight_decay": [0.01, 0.1], "dropout": (0.1, 0.6), "early_stopping": (2, 9)}
DATA = {"train": table(), "validation": table(seed=1)}


@pytest.fixture(autouse=True)
def quiet():
    optuna.logging.set_verbosity(optuna.logging.ERROR)


def level(settings, epochs):
    if settings.get("weight_decay") == 0.1:
        return math.nan
    return 1 - settings.get("dropout", 0) + settings.get("l2", 0)


def tuned(engine, trials=12, batch=None, study=None):
    objective = optuna_objective(regressor, SPACE, engine=engine, epochs=1, seeds=3, **DATA)
    study = study or optuna.create_study(direction=objective.direction, sampler=optuna.samplers.RandomSampler(seed=0))
    if batch:
        objective.optimize(study, trials, batch)
    else:
        study.optimize(objective, n_trials=trials)
    return objective, study


def test_the_value_is_the_mean_over_seeds_of_what_the_parameters_say():
    objective, study = tuned(MadeUpEngine(level))
    assert len(study.trials) == 12
    complete = [t for t in study.trials if t.state == optuna.trial.TrialState.COMPLETE]
    for trial in complete:
        variant = objective.variant(trial.params)
        settings = {lever.name: strength for lever, strength in variant.settings}
        assert trial.value == pytest.approx(level(settings, 1))
        assert trial.user_attrs["variant"] == variant.name
        assert trial.intermediate_values == {0: pytest.approx(trial.value)}
        assert not {"l2", "weight_decay"} <= set(settings)
        # Strengths are asked for only of what is on.
        assert ("l2 strength" in trial.params) == ("l2" in settings) == (trial.params["shrinking"] == "l2")
    failed = [t for t in study.trials if t not in complete]
    assert failed
    assert all(t.user_attrs["diverged"] == 3 for t in failed)
    assert study.best_value == min(t.value for t in complete)


def test_a_batch_is_one_plan():
    engine = MadeUpEngine(level)
    _, study = tuned(engine, trials=10, batch=8)
    assert len(study.trials) == 10
    assert len(engine.plans) == 2
    assert {t.state.name for t in study.trials} <= {"COMPLETE", "FAIL"}


def test_a_batch_that_is_interrupted_leaves_nobody_running():
    class Broken(MadeUpEngine):
        def run(self, setup, plan):
            raise RuntimeError("out of order")

    study = optuna.create_study()
    with pytest.raises(RuntimeError, match="out of order"):
        tuned(Broken(level), batch=4, study=study)
    assert {t.state.name for t in study.trials} == {"FAIL"}


def test_two_share_one_storage(tmp_path):
    pytest.importorskip("sqlalchemy")
    storage = optuna.storages.RDBStorage(f"sqlite:///{tmp_path / 'shared.db'}")
    for seed in (0, 1):
        study = optuna.create_study(
            study_name="levers", storage=storage, load_if_exists=True, sampler=optuna.samplers.RandomSampler(seed=seed)
        )
        tuned(MadeUpEngine(level), trials=3, batch=3, study=study)
    assert len(study.trials) == 6
    storage.engine.dispose()


def test_a_real_one():
    objective = optuna_objective(noisy_regressor, {"l2": [0.1]}, seeds=2, epochs=2, **DATA)
    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=0))
    study.optimize(objective, n_trials=1)
    assert study.best_value == pytest.approx(objective.study.run_variants([], 0).baseline.mean) or study.best_params
    assert len(study.trials[0].intermediate_values) == 2
