import numpy as np
import pytest
from tiny_studies import regressor, study, table

from keras_regkit import levers
from keras_regkit._core.warnings import NoEffectWarning
from keras_regkit.studies import Variant, one_knob_at_a_time


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"seeds": 1}, ValueError, "`seeds` must be at least 2"),
        ({"seeds": [4]}, ValueError, "`seeds` must be at least 2"),
        ({"seeds": []}, ValueError, "`seeds` must be at least 2"),
        ({"seeds": [1, 2, 1]}, ValueError, r"`seeds` must be distinct. Received: \[1, 2, 1\]"),
        ({"seeds": [-1, 2]}, ValueError, r"`seeds` must be in \[0, inf\)"),
        ({"seeds": "12"}, TypeError, "`seeds` must be an integer"),
        ({"seeds": 2.0}, TypeError, "`seeds` must be an integer"),
        ({"epochs": 0}, ValueError, r"`epochs` must be in \[1, inf\)"),
        ({"epochs": 1.5}, TypeError, "`epochs` must be an integer"),
        ({"batch_size": 0}, ValueError, "`batch_size` must be in"),
        ({"confidence": 1.0}, ValueError, "`confidence` must be in"),
        ({"levers": ["l3"]}, ValueError, r"Unknown lever 'l3'. Available levers: .*'l2'"),
        ({"levers": []}, ValueError, "must name at least one lever"),
        ({"levers": {"l2": [-0.1]}}, ValueError, r"`l2 strength` must be in \[0, inf\). Received: -0.1"),
        ({"levers": {"dropout": [1.0]}}, ValueError, r"`dropout strength` must be in \[0, 1\). Received: 1.0"),
        ({"levers": {"label_smoothing": [0.1]}}, ValueError, "needs a model compiled with one cross-entropy"),
        ({"keep_weights": True}, ValueError, "`keep_weights=True` needs a folder"),
        ({"mode": "up"}, ValueError, r"`mode` must be one of \['auto', 'min', 'max'\]"),
        ({"metric": "val_score"}, ValueError, "`mode` must be 'min' or 'max' for 'val_score'"),
        ({"metric": "val_score", "mode": "max"}, ValueError, r"`metric` must be one of .*Received: 'val_score'"),
        ({"metric": "val_mae"}, ValueError, r"`metric` must be one of \['data_loss', 'gap', .*'val_data_loss'\]"),
        ({"metric": "val_loss"}, ValueError, r"Did you mean 'val_data_loss'\? Received: 'val_loss'"),
        ({"callbacks": []}, TypeError, "`callbacks` must be a function"),
        ({"engine": "parallel"}, ValueError, r"`engine` must be one of \['auto', 'population', 'sequential'\]"),
        ({"engine": object()}, TypeError, "or have `name` and `run`"),
        ({"train": (table()[0], table(23)[1])}, ValueError, r"`train` must have equally many rows.*\[23, 24\]"),
        ({"validation": (table()[0], table(23)[1])}, ValueError, "`validation` must have equally many rows"),
        ({"validation": iter([table()])}, TypeError, "`validation` must be"),
        ({"validation": None}, TypeError, "`validation` must be"),
    ],
)
def test_bad_arguments_are_refused_before_anything_is_trained(tmp_path, arguments, error, message):
    if "keep_weights" not in arguments:
        arguments = {**arguments, "store": tmp_path / "store"}
    with pytest.raises(error, match=message):
        study(**arguments)
    assert not (tmp_path / "store").exists()


def test_verbose_is_checked():
    with pytest.raises(ValueError, match="`verbose` must be one of"):
        study().run(verbose=3)


def test_a_lever_that_changes_nothing_is_named_once_and_early(recwarn):
    found = study(levers={"l2": [0.0], "dropout": [0.0]}, epochs=1)
    said = [str(w.message) for w in recwarn.list if w.category is NoEffectWarning]
    assert [message.partition(":")[0] for message in said] == ["'l2=0'", "'dropout=0'"]
    recwarn.clear()
    result = found.run(verbose=0)
    assert not [w for w in recwarn.list if w.category is NoEffectWarning]
    assert result["l2=0"].mean == result.baseline.mean
    assert result["l2=0"].verdict == "no evidence"


def test_names_tell_strengths_apart():
    names = [v.name for v in one_knob_at_a_time({"l2": [0.1, 0.10000001, 1e-3, 3], "early_stopping": [5]})]
    assert names == ["baseline", "l2=0.1", "l2=0.10000001", "l2=0.001", "l2=3", "early_stopping=5"]


def test_a_combination_applies_all_its_levers():
    l2, dropout = levers.get("l2"), levers.get("dropout")
    both = Variant(((l2, 0.1),)).plus(Variant(((dropout, 0.5),)))
    assert both.name == "l2=0.1 + dropout=0.5"
    from keras import layers

    model = both.apply(regressor(layers.Dropout(0.1)))
    assert model.layers[1].rate == 0.5
    assert float(model.layers[0].kernel_regularizer.l2) == pytest.approx(0.1)


def test_numpy_seeds_are_seeds():
    assert study(seeds=np.arange(3)).seeds == (0, 1, 2)
