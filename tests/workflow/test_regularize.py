"""The whole loop on small tables: what it leaves behind, what it decides, how it continues."""

import json
import pathlib
import subprocess
import sys

import keras
import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import load_diabetes, load_wine

import keras_regkit as rk

QUICK = {"levers": {"dropout": [0.5], "early_stopping": [2]}, "seeds": 2, "epochs": 4, "verbose": 0}


@pytest.fixture(scope="module")
def people():
    """Numbers with gaps, text with gaps, a useless column, and a target that depends on both kinds."""
    rng = np.random.default_rng(0)
    age = rng.normal(40, 10, 160)
    city = rng.choice(["Rome", "Oslo", "Kyiv"], 160)
    bought = (age / 10 + (city == "Rome") + rng.normal(size=160)) > 4.2
    income = rng.normal(size=160)  # keeps rows apart whose other cells are missing
    frame = pd.DataFrame(
        {"age": age, "city": city, "income": income, "constant": 1, "bought": np.where(bought, "yes", "no")}
    )
    frame.loc[::17, "age"] = np.nan
    frame.loc[::23, "city"] = None
    return frame


@pytest.fixture(scope="module")
def finished(people, tmp_path_factory):
    output = tmp_path_factory.mktemp("run") / "out"
    return rk.regularize(people, "bought", output=output, **QUICK)


def test_output_folder_is_complete(finished):
    names = {path.name for path in finished.output.iterdir()}
    assert names == {"model.keras", "report.html", "decision.json", "study"}


def test_every_training_is_done_once(finished):
    lines = (finished.output / "study" / "trials.jsonl").read_text().splitlines()
    keys = [(trial["variant"], trial["seed"]) for trial in map(json.loads, lines)]
    assert len(keys) == len(set(keys))


def test_decision_json_says_what_the_record_says(finished):
    stored = json.loads((finished.output / "decision.json").read_text())
    assert stored["winner"] == finished.winner
    assert stored["classes"] == ["no", "yes"]
    assert stored["test"]["baseline"] == pytest.approx(finished.test.baseline)
    assert "trials" not in stored["result"]


def test_printed_decision_names_the_parts(finished):
    text = str(finished)
    assert "binary" in text
    assert "dropout=0.5" in text
    assert "model.keras" in text
    assert finished.diagnosis.regime.lower() in text.lower()


@pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="only TensorFlow has tensors of text")
def test_model_takes_raw_rows_in_a_process_without_keras_regkit(finished, people, tmp_path):
    program = f"""
import sys, keras, numpy as np
model = keras.saving.load_model({str(finished.output / "model.keras")!r})
out = model.predict({{"age": np.array([[30.0], [np.nan]], "float32"), "income": np.zeros((2, 1), "float32"),
                     "city": keras.ops.convert_to_tensor([["Rome"], ["Nowhere"]])}}, verbose=0)
assert "keras_regkit" not in sys.modules
print(out.shape, bool(((out >= 0) & (out <= 1)).all()))
"""
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert "(2, 1) True" in result.stdout, result.stderr


def test_repeating_a_run_trains_nothing_and_decides_the_same(finished, people):
    lines = (finished.output / "study" / "trials.jsonl").read_bytes()
    again = rk.regularize(people, "bought", output=finished.output, **QUICK)
    assert (finished.output / "study" / "trials.jsonl").read_bytes() == lines
    assert again.test == finished.test
    assert again.winner == finished.winner


def test_what_is_refused_leaves_no_folder(people, tmp_path):
    with pytest.raises(ValueError, match="image"):
        rk.regularize(people, "bought", output=tmp_path / "out", **QUICK | {"levers": ["random_flip"]})
    assert not (tmp_path / "out").exists()


def test_another_target_in_the_same_folder_is_refused_by_name(finished, people):
    with pytest.raises(ValueError, match=r"this one is \"template on 'city'\""):
        rk.regularize(people.dropna(), "city", output=finished.output, **QUICK)


def test_other_data_in_the_same_folder_is_refused_by_name(finished, people):
    before = (finished.output / "decision.json").read_bytes()
    with pytest.raises(
        ValueError, match=r"another run, \"template on 'bought'\", .*the data are others.*--output NAME"
    ):
        rk.regularize(people.assign(age=people.age + 1).sample(frac=1, random_state=1), "bought",
                      output=finished.output, **QUICK)  # fmt: skip
    assert (finished.output / "decision.json").read_bytes() == before


def test_regression_predicts_in_the_targets_own_unit(tmp_path):
    table = load_diabetes(as_frame=True).frame
    decision = rk.regularize(table, "target", output=tmp_path / "out", **QUICK | {"epochs": 8})
    assert decision.task == "regression"
    assert decision.classes is None
    model = keras.saving.load_model(tmp_path / "out" / "model.keras")
    inputs = {name: table[name].to_numpy("float32").reshape(-1, 1) for name in table.columns.drop("target")}
    predicted = model.predict(inputs, verbose=0)
    # In units of the target, whose mean is 152: a standardized prediction would lie around 0.
    assert 100 < predicted.mean() < 200
    assert decision.test.baseline_metrics["mae"] > 10


def test_multiclass_gives_probabilities(tmp_path):
    decision = rk.regularize(load_wine(as_frame=True).frame, "target", output=tmp_path / "out", **QUICK)
    assert decision.task == "multiclass"
    model = keras.saving.load_model(tmp_path / "out" / "model.keras")
    assert model.output_shape == (None, 3)


def test_test_loss_is_that_of_the_shipped_model(finished, people):
    prepared_rows = finished.test.rows
    assert prepared_rows == finished.split["sizes"]["test"] == 32
    assert np.isfinite(finished.test.shipped)
    if finished.winner == "baseline":
        assert finished.test.verdict == "same model"
        assert finished.test.difference == 0


def test_groups_stay_together(people, tmp_path):
    frame = people.assign(household=np.arange(len(people)) // 4)
    decision = rk.regularize(frame, "bought", group="household", output=tmp_path / "out", **QUICK)
    assert decision.split["group"] == "household"
    assert decision.split["disjoint"] is True


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        ({"target": "buoght"}, ValueError, "Did you mean 'bought'"),
        ({"levers": {"dropuot": [0.5]}}, ValueError, "Did you mean 'dropout'"),
        ({"levers": {"dropout": [1.0]}}, ValueError, r"\[0, 1\).*1.0"),
        ({"levers": {"l2": [-1.0]}}, ValueError, "-1.0"),
        ({"seeds": 1}, ValueError, "seeds"),
        ({"epochs": 0}, ValueError, "epochs"),
        ({"test": 0.9}, ValueError, "test"),
        ({"task": "regresion"}, ValueError, "regression"),
    ],
)
def test_mistakes_in_the_call(people, tmp_path, change, error, message):
    arguments = {"target": "bought", "output": tmp_path / "out", **QUICK, **change}
    with pytest.raises(error, match=message):
        rk.regularize(people, **arguments)


def test_output_that_is_a_file_or_foreign_is_refused(people, tmp_path):
    file = tmp_path / "file"
    file.write_text("mine")
    with pytest.raises(ValueError, match="is a file"):
        rk.regularize(people, "bought", output=file, **QUICK)
    (tmp_path / "thesis.tex").write_text("mine")
    with pytest.raises(ValueError, match=r"thesis\.tex"):
        rk.regularize(people, "bought", output=tmp_path, **QUICK)


def test_output_that_cannot_be_written_is_refused_before_training(people):
    with pytest.raises(PermissionError, match="Choose another"):
        rk.regularize(people, "bought", output=pathlib.Path("/proc/regkit"), **QUICK)
