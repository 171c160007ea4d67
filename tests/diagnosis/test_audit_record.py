"""The audit as a whole: what it returns, what it says it could not look at, and whatever it is handed."""

import json

import keras
import numpy as np
import pytest
from audit_table import chain, rows
from keras import layers
from keras.regularizers import L2

import keras_regkit as rk
from keras_regkit.diagnosis import Audit, Finding, audit, audit_rules, find_rule
from keras_regkit.diagnosis.audit import samples
from keras_regkit.diagnosis.audit._run import run_rules
from keras_regkit.diagnosis.audit.audit import make_case
from keras_regkit.diagnosis.audit.rule import Rule, rule


@pytest.fixture(scope="module")
def found():
    """An audit with an error, a warning and a note in ten layers."""
    stack = [layers.Dense(3, name=f"d{i}") for i in range(9)]
    model = chain(*stack, layers.Dense(1, kernel_regularizer=L2(0.5), name="last"), optimizer="adamw")
    for layer in stack:
        layer.kernel_regularizer = L2(0.5)
    return audit(model)


def test_it_stands_at_the_front_door():
    assert rk.audit is audit


def test_errors_come_first_and_tell_the_exit_status(found):
    assert [finding.severity for finding in found.findings] == ["error"] * 9 + ["warning", "note"]
    assert (found.exit_status, found.clean) == (1, False)
    assert len(found.errors) == 9
    assert len(found.warnings) == 1


def test_every_rule_ran_or_says_why_not(found):
    assert set(found.checked) | set(found.skipped) == {rule.id for rule in audit_rules()}
    assert found.skipped["RK107"] == "no training data were given (train=)"
    assert found.skipped["RK503"]


def test_its_text_groups_places_and_reasons(found):
    text = str(found)
    assert text.startswith("9 errors, 1 warning, 1 note.")
    assert "d0/kernel: kernel regularizer of the layer L2(0.5), of the weight None" in text
    assert "and 4 more" in text
    assert "d8/kernel" not in text
    assert text.count("no training data were given") == 1
    assert max(map(len, text.splitlines())) <= 100


def test_its_html_is_one_element_and_escapes(found):
    assert found._repr_html_().count("<div style") == 1
    bad = Finding("RK101", "note", "<b>", "<i>", {"<u>": "<s>"}, "<a>", "")
    page = Audit((bad,), ("RK101",), {"RK102": "<q>"})._repr_html_()
    assert not any(tag in page for tag in ("<i>", "<u>", "<s>", "<a>", "<q>"))


def test_it_goes_through_json(found):
    record = json.loads(found.to_json())
    assert record["exit_status"] == 1
    assert record["findings"][0]["evidence"] == {"kernel_regularizer of the layer": "L2(0.5)", "of the weight": "None"}
    assert record["findings"][0]["url"] == find_rule("RK101").url


def test_rules_and_families_can_be_switched_off():
    model = chain(layers.Dense(1, kernel_regularizer="l2"), optimizer="adamw")
    assert {finding.id for finding in audit(model).findings} == {"RK104", "RK106", "RK111"}
    assert {finding.id for finding in audit(model, disable="RK104").findings} == {"RK106", "RK111"}
    result = audit(model, disable=["penalties", "RK301"])
    assert result.clean
    assert {"RK101", "RK112", "RK301"} <= set(result.disabled)
    assert "Switched off: RK101" in str(result)
    with pytest.raises(ValueError, match="Did you mean 'penalties'"):
        audit(model, disable="penalty")


def test_a_rule_that_fails_takes_nothing_else_down():
    def fails(case):
        yield case.finding(where="here", evidence={}, advice="none")
        raise ZeroDivisionError("by zero")

    broken = Rule("RK199", "penalties", "t", "note", ("model",), "", "", "", "", "", fails)
    result = run_rules(make_case(chain(layers.Dense(1))), chosen=[broken, find_rule("RK101")])
    assert result.skipped == {"RK199": "failed with ZeroDivisionError: by zero"}
    assert result.checked == ("RK101",)
    assert len(result.findings) == 1


def test_two_rules_of_one_id_or_a_wrong_one_are_refused():
    for id, family in (("RK101", "penalties"), ("R101", "penalties"), ("RK201", "penalties")):
        with pytest.raises(ValueError):
            rule(id, family=family, title="t", severity="note")(lambda case: ())


def test_warnings_of_keras_stay_inside(recwarn):
    model = chain(layers.Dense(1))
    audit(model, train=rows())
    assert not recwarn.list


def test_a_rule_prints_its_page():
    text = str(find_rule("RK104"))
    assert "Source: Loshchilov" in text
    with pytest.raises(ValueError, match="There is no rule 'RK1'"):
        find_rule("RK1")


class Subclassed(keras.Model):
    def __init__(self):
        super().__init__()
        self.hidden = layers.Dense(4, activation="relu", kernel_regularizer="l2")
        self.norm = layers.BatchNormalization()
        self.drop = layers.Dropout(0.5)
        self.out = layers.Dense(1)

    def call(self, inputs, training=None):
        return self.out(self.drop(self.norm(self.hidden(inputs), training=training), training=training))


def compiled(model, loss="mse"):
    model.compile("adam", loss, metrics=["mae"])
    return model


def two_outputs():
    inputs = {"a": keras.Input((3,), name="a"), "b": keras.Input((3,), name="b")}
    hidden = layers.Concatenate()(list(inputs.values()))
    outputs = {"p": layers.Dense(1, name="p")(hidden), "q": layers.Dense(2, name="q")(hidden)}
    return compiled(keras.Model(inputs, outputs), {"p": "mse", "q": "mse"})


def called(model):
    model(rows()[0])
    return model


def batches(count=4):
    return [rows(seed=i) for i in range(count)]


class Forever(keras.utils.PyDataset):
    num_batches = None

    def __getitem__(self, index):
        return rows(seed=index)


X, Y = rows(40)
TEXT = np.array([["a", "b", "c"]] * 40)
MODELS = {
    "unbuilt": lambda: keras.Sequential([layers.Dense(1)]),
    "unbuilt_compiled": lambda: compiled(keras.Sequential([layers.Dense(1)])),
    "uncompiled": lambda: keras.Sequential([keras.Input((3,)), layers.Dense(1)]),
    "empty": lambda: keras.Sequential(),
    "subclassed_unbuilt": lambda: compiled(Subclassed()),
    "subclassed": lambda: compiled(called(Subclassed())),
    "no_loss": lambda: chain(layers.Dense(1), loss=None),
    "mixed_precision": lambda: compiled(
        keras.Sequential([keras.Input((3,)), layers.Dense(4, dtype="mixed_float16"), layers.Dense(1)])
    ),
}
ARGUMENTS = {
    "nothing": {},
    "arrays": {"train": (X, Y), "validation": rows(seed=1), "test": rows(seed=2)},
    "inputs_alone": {"train": X, "validation": (X,)},
    "list_of_arrays": {"train": [X, Y]},
    "lists_of_numbers": {"train": (X.tolist(), Y.tolist())},
    "batches": {"train": batches(), "validation": batches(1)},
    "without_end": {"train": Forever(), "validation": Forever()},
    "read_once": {"train": iter(batches())},
    "no_batches": {"train": [], "validation": ()},
    "no_rows": {"train": (X[:0], Y[:0])},
    "one_row": {"train": (X[:1], Y[:1]), "validation": (X[:1], Y[:1])},
    "strings": {"train": (TEXT, Y)},
    "other_width": {"train": (np.ones((8, 7)), np.ones((8, 1)))},
    "unequal_lengths": {"train": (X, Y[:7])},
    "integers": {"train": (X.astype("int64"), Y.astype("int64")[:, 0])},
    "missing": {"train": (np.full_like(X, np.nan), np.full_like(Y, np.nan))},
    "constant": {"train": (np.zeros_like(X), np.zeros_like(Y)), "validation": (np.zeros_like(X), np.zeros_like(Y))},
    "empty_history": {"history": {}},
    "history_of_a_fit_that_never_was": {"history": keras.callbacks.History()},
    "history_of_nan": {"history": {"loss": [float("nan")] * 4, "val_loss": [float("nan")] * 4}},
    "history_of_one_epoch": {"history": {"loss": [1.0], "val_loss": [1.0]}},
    "history_of_other_lengths": {"history": {"loss": [1.0] * 7, "val_loss": [1.0] * 3, "note": ["a"] * 7}},
    "no_callbacks": {"callbacks": []},
    "one_callback": {"callbacks": keras.callbacks.EarlyStopping(), "fit_args": {"epochs": 3}},
    "odd_fit_args": {"fit_args": {"epochs": None, "batch_size": None, "validation_split": 0.5, "verbose": 2}},
}


@pytest.mark.parametrize("arguments", ARGUMENTS.values(), ids=ARGUMENTS)
@pytest.mark.filterwarnings("ignore:.*invalid value encountered:RuntimeWarning")
def test_whatever_it_is_handed_it_finds_or_says_why_not(arguments, monkeypatch):
    monkeypatch.setattr(samples, "ROWS", 100)  # of data without end
    for name, make in MODELS.items():
        result = audit(make(), **arguments)
        faults = {id: reason for id, reason in result.skipped.items() if reason.startswith("failed with")}
        assert not faults, name
        assert set(result.checked) | set(result.skipped) == {rule.id for rule in audit_rules()}
        assert result.to_json()
        assert str(result)
        assert result._repr_html_()


def test_several_inputs_and_outputs():
    data = ({"a": X, "b": X}, {"p": Y, "q": np.tile(Y, 2)})
    result = audit(two_outputs(), train=data, validation=data)
    assert not [reason for reason in result.skipped.values() if reason.startswith("failed with")]
    assert {"RK107", "RK305", "RK703"} <= set(result.checked)


def test_data_frames():
    pd = pytest.importorskip("pandas")
    frame = pd.DataFrame(X, columns=["a", "b", "c"])
    result = audit(chain(layers.Dense(1)), train=(frame, frame["a"]), validation=(frame.assign(a="text"), frame["a"]))
    assert not [reason for reason in result.skipped.values() if reason.startswith("failed with")]
    assert "RK305" in result.checked


def test_many_rows_are_sampled_and_it_says_so():
    x = np.random.default_rng(0).normal(size=(12_000, 3)).astype("float32")
    result = audit(chain(layers.Dense(1)), train=(x, x[:, :1]))
    assert "`train`: 10,000 rows of 12,000 were looked at, drawn at random." in result.notes
    assert "Mind" in str(result)


def test_it_changes_nothing():
    model = compiled(called(Subclassed()))
    model.fit(X, Y, verbose=0)
    states = [keras.ops.convert_to_numpy(v) for v in (*model.variables, *model.optimizer.variables)]
    penalties = [v.regularizer for v in model.variables]
    audit(model, train=(X, Y), validation=(X, Y))
    after = [keras.ops.convert_to_numpy(v) for v in (*model.variables, *model.optimizer.variables)]
    for old, new in zip(states, after, strict=True):
        np.testing.assert_array_equal(old, new)
    assert [v.regularizer for v in model.variables] == penalties


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"train": 3}, TypeError, "`train` must be"),
        ({"validation": "data.csv"}, TypeError, "`validation` must be"),
        ({"history": 3}, TypeError, "`history` must be"),
        ({"history": "no.csv"}, FileNotFoundError, "no.csv"),
        ({"callbacks": ["early_stopping"]}, TypeError, "`callbacks` must be"),
        ({"fit_args": 3}, TypeError, "`fit_args` must be"),
        ({"disable": "RK999"}, ValueError, "RK999"),
    ],
)
def test_what_is_no_argument_is_refused(arguments, error, message):
    with pytest.raises(error, match=message):
        audit(chain(layers.Dense(1)), **arguments)


def test_what_is_no_model_is_refused():
    with pytest.raises(TypeError, match="`model` must be"):
        audit(layers.Dense(1))
