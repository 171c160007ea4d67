"""Logs of other writers: real files where the writer is a dependency, documented forms by hand where it is not."""

import json

import keras
import numpy as np
import pytest

from keras_regkit.diagnosis import diagnose
from keras_regkit.diagnosis.logs.keras_names import keras_name
from keras_regkit.diagnosis.reading import read_log

on_tensorflow = pytest.mark.skipif(
    keras.backend.backend() != "tensorflow", reason="Keras' TensorBoard needs TensorFlow"
)


def _points(log, name):
    epochs, values = log.columns[name]
    return list(map(int, epochs)), list(map(float, values))


@pytest.fixture(scope="module")
def keras_run(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tensorboard")
    x = np.random.default_rng(0).standard_normal((16, 2)).astype("float32")
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    model.compile("sgd", "mse", metrics=["mae"])
    writer = keras.callbacks.TensorBoard(folder, histogram_freq=1, update_freq=1)
    history = model.fit(
        x, x.sum(1), validation_data=(x, x.sum(1)), epochs=4, verbose=0, callbacks=[writer], validation_freq=2
    )
    return folder, history


@on_tensorflow
def test_keras_event_files_hold_the_history(keras_run):
    folder, history = keras_run
    log = read_log(folder)
    assert set(log.columns) == {"loss", "mae", "learning_rate", "val_loss", "val_mae"}
    assert _points(log, "loss")[0] == [0, 1, 2, 3]
    assert _points(log, "val_loss")[0] == [1, 3]
    for name in ("loss", "mae", "val_loss", "val_mae"):
        assert _points(log, name)[1] == pytest.approx(history.history[name], rel=1e-5)


@on_tensorflow
def test_one_event_file_and_several_trainings(keras_run, tmp_path):
    folder, history = keras_run
    file = next((folder / "train").glob("*tfevents*"))
    assert _points(read_log(file), "loss")[1] == pytest.approx(history.history["loss"], rel=1e-5)
    for run in "ab":
        (tmp_path / run / "train").mkdir(parents=True)
        (tmp_path / run / "train" / file.name).write_bytes(file.read_bytes())
    with pytest.raises(ValueError, match=r"several trainings: \['a', 'b'\]"):
        read_log(tmp_path)


def test_event_file_of_another_writer(tmp_path):
    writing = pytest.importorskip("tensorboard.summary.writer.event_file_writer")
    from tensorboard.compat.proto import event_pb2, summary_pb2

    writer = writing.EventFileWriter(str(tmp_path))
    for step in range(3):
        for tag, value in (("Loss/train", 1 - 0.2 * step), ("Loss/val", 1 - 0.1 * step), ("lr", 0.1)):
            summary = summary_pb2.Summary(value=[summary_pb2.Summary.Value(tag=tag, simple_value=value)])
            writer.add_event(event_pb2.Event(step=step, summary=summary))
    writer.close()
    log = read_log(tmp_path)
    assert _points(log, "loss") == ([0, 1, 2], pytest.approx([1, 0.8, 0.6]))
    assert _points(log, "val_loss") == ([0, 1, 2], pytest.approx([1, 0.9, 0.8]))
    assert diagnose(tmp_path).curves.validation_name == "val_loss"


def test_event_files_without_scalars_are_refused(tmp_path):
    pytest.importorskip("tensorboard")
    (tmp_path / "events.out.tfevents.1.host").write_bytes(b"")
    with pytest.raises(ValueError, match="no scalars"):
        read_log(tmp_path)


# As lightning.pytorch.loggers.CSVLogger writes: union of all keys, one line a logging, empty where not logged.
LIGHTNING = """epoch,step,train_acc_epoch,train_acc_step,train_loss,val_loss
0,1,,0.4,1.0,
0,3,,0.5,0.8,
0,3,0.45,,,0.95
1,5,,0.6,0.6,
1,7,,0.7,0.4,
1,7,0.65,,,0.9
2,9,,0.8,0.3,
2,11,0.85,,,1.1
"""


def test_lightning_metrics_are_gathered_by_epoch(tmp_path):
    path = tmp_path / "metrics.csv"
    path.write_text(LIGHTNING)
    log = read_log(path)
    assert set(log.columns) == {"acc", "loss", "val_loss"}
    assert _points(log, "loss") == ([0, 1, 2], pytest.approx([0.9, 0.5, 0.3]))
    assert _points(log, "acc") == ([0, 1, 2], [0.45, 0.65, 0.85])
    assert _points(log, "val_loss") == ([0, 1, 2], [0.95, 0.9, 1.1])
    assert "logged at steps" in log.notes["loss"]
    assert "acc" not in log.notes
    assert diagnose(tmp_path) == diagnose(path)
    assert any("logged at steps" in caveat for caveat in diagnose(path).caveats)


def test_lightning_with_a_word_in_it_is_refused(tmp_path):
    path = tmp_path / "metrics.csv"
    path.write_text(LIGHTNING.replace("0.95", "high"))
    with pytest.raises(ValueError, match="line 4: the column 'val_loss' must hold numbers"):
        read_log(path)


def _state(per_epoch=4, epochs=3, every=2):
    """As transformers' Trainer writes: train losses every `every` steps, an evaluation each epoch, a summary."""
    entries = []
    for step in range(1, per_epoch * epochs + 1):
        if step % every == 0:
            entries.append({"epoch": step / per_epoch, "step": step, "loss": 1 / step, "grad_norm": 1.0})
        if step % per_epoch == 0:
            evaluation = {
                "eval_loss": 2 / step,
                "eval_accuracy": 0.5,
                "eval_runtime": 1.0,
                "eval_samples_per_second": 9,
            }
            entries.append({"epoch": step / per_epoch, "step": step, **evaluation})
    entries.append({"epoch": float(epochs), "step": per_epoch * epochs, "train_loss": 0.4, "total_flos": 1e9})
    return {"epoch": float(epochs), "global_step": per_epoch * epochs, "log_history": entries}


def test_trainer_state_has_a_point_an_evaluation(tmp_path):
    path = tmp_path / "trainer_state.json"
    path.write_text(json.dumps(_state()))
    log = read_log(path)
    assert set(log.columns) == {"loss", "val_loss", "val_accuracy"}
    assert _points(log, "loss") == (
        [0, 1, 2],
        pytest.approx([(1 / 2 + 1 / 4) / 2, (1 / 6 + 1 / 8) / 2, (0.1 + 1 / 12) / 2]),
    )
    assert _points(log, "val_loss") == ([0, 1, 2], pytest.approx([2 / 4, 2 / 8, 2 / 12]))
    assert diagnose(path).curves.validation_name == "val_loss"


def test_the_last_checkpoint_of_a_folder_is_read(tmp_path):
    for steps, epochs in ((4, 1), (12, 3)):
        (tmp_path / f"checkpoint-{steps}").mkdir()
        (tmp_path / f"checkpoint-{steps}" / "trainer_state.json").write_text(json.dumps(_state(epochs=epochs)))
    assert _points(read_log(tmp_path), "val_loss")[0] == [0, 1, 2]


def test_evaluations_within_epochs_are_counted_and_said(tmp_path):
    state = _state()
    for entry in state["log_history"]:
        entry["epoch"] *= 0.4
    path = tmp_path / "trainer_state.json"
    path.write_text(json.dumps(state))
    log = read_log(path)
    assert _points(log, "val_loss")[0] == [0, 1, 2]
    assert any("within epochs" in caveat for caveat in log.caveats)


@pytest.mark.parametrize("entries", [[], [{"loss": 1.0}], [{"step": 3, "eval_loss": 1.0}], ["loss"]])
def test_a_trainer_state_without_what_is_needed_is_refused(tmp_path, entries):
    path = tmp_path / "trainer_state.json"
    path.write_text(json.dumps({"log_history": entries}))
    with pytest.raises(ValueError, match="trainer_state"):
        read_log(path)


CURVES = {"loss": [1.0, 0.5, 0.3], "val_loss": [1.0, 0.7, 0.6]}


@pytest.mark.parametrize(
    "text",
    [
        json.dumps(CURVES),
        json.dumps({"history": CURVES, "params": {"epochs": 3}}),
        json.dumps([{"epoch": i, "loss": CURVES["loss"][i], "val_loss": CURVES["val_loss"][i]} for i in range(3)]),
        "\n".join(json.dumps({"train_loss": CURVES["loss"][i], "valid_loss": CURVES["val_loss"][i]}) for i in range(3)),
        # Killed while it wrote.
        "\n".join(json.dumps({k: v[i] for k, v in CURVES.items()}) for i in range(3)) + '\n{"loss": 0.',
    ],
    ids=["history", "saved history", "records", "lines", "cut lines"],
)
def test_json_in_every_shape(tmp_path, text):
    path = tmp_path / "log.json"
    path.write_text(text)
    log = read_log(path)
    assert _points(log, "loss") == ([0, 1, 2], CURVES["loss"])
    assert _points(log, "val_loss") == ([0, 1, 2], CURVES["val_loss"])


@pytest.mark.parametrize(
    ("text", "words"),
    [("", "is empty"), ("loss: 1", "is not JSON"), ("3", "no log that is known"), ('{"a": 1}', r"the keys \['a'\]")],
)
def test_other_json_is_refused(tmp_path, text, words):
    path = tmp_path / "log.json"
    path.write_text(text)
    with pytest.raises(ValueError, match=words):
        read_log(path)


def test_a_folder_without_a_log_says_what_was_looked_for(tmp_path):
    with pytest.raises(FileNotFoundError, match="TensorBoard"):
        read_log(tmp_path)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("train_loss", "loss"),
        ("training/accuracy", "accuracy"),
        ("valid_acc", "val_acc"),
        ("val_loss", "val_loss"),
        ("eval_f1", "val_f1"),
        ("Loss/train", "loss"),
        ("AUC/val", "val_AUC"),
        ("trainable", "trainable"),
        ("learning_rate", "learning_rate"),
        ("digits_loss", "digits_loss"),
    ],
)
def test_names_of_others_become_those_of_keras(name, expected):
    assert keras_name(name) == expected
