import sys

import pytest
from tiny_studies import regressor, table

from keras_regkit.studies.bridges import hyper_model, optuna_objective


@pytest.mark.parametrize(
    ("module", "extra", "call"),
    [
        ("keras_tuner", "tuner", lambda: hyper_model(regressor, ["l2"])),
        ("optuna", "optuna", lambda: optuna_objective(regressor, ["l2"], train=table(), validation=table())),
    ],
)
def test_a_missing_tuner_is_named_with_its_extra(monkeypatch, module, extra, call):
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(ImportError, match=rf'needs `{module}`: pip install "keras-regkit\[{extra}\]"'):
        call()
