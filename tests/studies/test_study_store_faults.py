"""A full disk, a folder that cannot be read, formats of other versions, other data."""

import errno
import json
import os
import shutil
import sys
from types import SimpleNamespace

import keras
import pytest
from tiny_studies import study, table, trial
from writing_study import IDENTITY, MadeUp, start

from keras_regkit.studies import load
from keras_regkit.studies import store as store_module
from keras_regkit.studies.store import Store


class FullDisk:
    """Lets so many lines through, and then half of one."""

    def __init__(self, monkeypatch, lines, error=errno.ENOSPC):
        self.left, self._write, self._error = lines, store_module._write, error
        monkeypatch.setattr(store_module, "_write", self)

    def __call__(self, path, data):
        self.left -= 1
        if self.left < 0:
            self._write(path, data[: len(data) // 2])
            raise OSError(self._error, os.strerror(self._error))
        self._write(path, data)


def seeds(folder):
    return [json.loads(line)["seed"] for line in (folder / "trials.jsonl").read_text().splitlines()]


def test_a_full_disk_loses_nothing_and_says_what_is_where(tmp_path, monkeypatch):
    disk = FullDisk(monkeypatch, lines=2)
    engine = MadeUp()
    found = study(store=tmp_path, engine=engine)
    with pytest.raises(OSError, match="No space left on device") as caught:
        found.run(verbose=0)
    message = str(caught.value)
    assert caught.value.errno == errno.ENOSPC
    assert "'l2=0.1', seed 0, is trained, but could not be written" in message
    assert "in the study's `trials`; 2 trials finished before are whole on disk" in message
    assert str(tmp_path / "trials.jsonl") in message
    assert seeds(tmp_path) == [0, 1]  # the half line is cut at once
    assert [(t.variant, t.seed) for t in found.trials] == [("baseline", 0), ("baseline", 1), ("l2=0.1", 0)]

    with pytest.raises(OSError, match=r"'l2=0.1', seed 0, is trained, but could not be written"):
        found.run(verbose=0)  # still full
    assert len(found.trials) == 3

    disk.left = 100
    result = found.run(verbose=0)
    assert seeds(tmp_path) == [0, 1, 0, 1]
    assert len(engine.made) == 4  # nothing was trained twice
    assert load(tmp_path).trials == result.trials


@pytest.mark.parametrize("engine", ["sequential", "population"])
def test_a_disk_too_full_for_weights_costs_one_training(tmp_path, monkeypatch, engine):
    if engine == "population":
        pytest.importorskip("jax")
    free = iter([10**9, 10**9, 100])
    monkeypatch.setattr(shutil, "disk_usage", lambda path: SimpleNamespace(free=next(free, 10**9)))
    found = study(store=tmp_path, engine=engine, keep_weights=True)
    with pytest.raises(OSError, match=r"is trained, but its weights could not be kept \(No space left") as caught:
        found.run(verbose=0)
    assert caught.value.errno == errno.ENOSPC
    kept = (tmp_path / "trials.jsonl").read_text()
    assert len(found.trials) == len(kept.splitlines()) == 2
    assert len(list((tmp_path / "weights").iterdir())) == 2
    result = found.run(verbose=0)
    assert (tmp_path / "trials.jsonl").read_text().startswith(kept)
    assert len(seeds(tmp_path)) == 4
    for one in result.trials:
        measured = found.evaluate(one.variant, one.seed, table(seed=1))["data_loss"]
        assert measured == pytest.approx(one.curves["val_data_loss"][-1], rel=1e-5)


def test_weights_are_kept_whole_or_not_at_all(tmp_path, monkeypatch):
    save = keras.Model.save_weights

    def half(model, path):
        save(model, path)
        raise OSError("the disk was pulled out")

    monkeypatch.setattr(keras.Model, "save_weights", half)
    found = study(store=tmp_path, engine="sequential", keep_weights=True)
    with pytest.raises(OSError, match=r"'baseline', seed 0.*\(the disk was pulled out\)"):
        found.run(verbose=0)
    assert not list((tmp_path / "weights").iterdir())


def test_what_waits_to_be_written_is_written_though_nothing_is_left_to_train(tmp_path, monkeypatch):
    disk = FullDisk(monkeypatch, lines=3)
    found = study(store=tmp_path, engine=MadeUp())
    with pytest.raises(OSError, match="No space left"):
        found.run(verbose=0)
    disk.left = 1
    found.run(verbose=0)
    assert seeds(tmp_path) == [0, 1, 0, 1]


def test_ctrl_c_within_a_line_leaves_no_half_line_and_forgets_no_trial(tmp_path, monkeypatch):
    store = Store(tmp_path, IDENTITY)
    store.append(trial(seed=0))
    write = store_module._write

    def interrupted(path, data):
        write(path, data[:10])
        raise KeyboardInterrupt

    monkeypatch.setattr(store_module, "_write", interrupted)
    with pytest.raises(KeyboardInterrupt):
        store.append(trial(seed=1))
    monkeypatch.undo()
    assert seeds(tmp_path) == [0]
    assert [seed for _, seed in store.load()] == [0, 1]
    with store.writing():
        pass
    assert seeds(tmp_path) == [0, 1]


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="needs POSIX limits")
def test_a_file_that_the_system_lets_grow_no_further(tmp_path):
    process, (kind, number, left) = start("fill", tmp_path)
    assert process.wait() == 0
    process.stdout.close()
    assert (kind, int(number), int(left)) == ("OSError", errno.EFBIG, 0)
    assert seeds(tmp_path) == [0, 1]


def test_a_line_longer_than_one_step_of_the_search_for_its_start(tmp_path):
    store = Store(tmp_path, IDENTITY)
    store.append(trial(seed=0))
    path = tmp_path / "trials.jsonl"
    whole = path.read_bytes()
    path.write_bytes(whole + b"x" * 200_000)
    assert len(store.load()) == 1
    store.append(trial(seed=1))
    assert path.read_bytes().startswith(whole)
    assert seeds(tmp_path) == [0, 1]
    path.write_bytes(b"x" * 200_000)
    store.append(trial(seed=1))
    assert seeds(tmp_path) == [1]


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may read anything")
def test_a_folder_that_may_not_be_read(tmp_path):
    Store(tmp_path, IDENTITY).append(trial())
    (tmp_path / "trials.jsonl").chmod(0)
    with pytest.raises(PermissionError, match=r"trials\.jsonl"):
        load(tmp_path)


def test_trials_that_cannot_be_read_are_an_error_and_not_an_empty_study(tmp_path):
    store = Store(tmp_path, IDENTITY)
    (tmp_path / "trials.jsonl").mkdir()
    with pytest.raises(OSError, match=r"trials\.jsonl"):
        load(tmp_path)
    with pytest.raises(OSError, match=r"trials\.jsonl"):
        store.load()


def old_line(**record):
    """A line as version 1 of the format has it."""
    keys = ("variant", "seed", "metrics", "curves", "epochs", "best_epoch", "seconds")
    return json.dumps({key: {**trial().to_dict(), **record}[key] for key in keys}) + "\n"


def test_a_folder_of_the_first_format_is_read_continued_and_then_of_the_present_one(tmp_path):
    (tmp_path / "study.json").write_text(json.dumps(IDENTITY))
    (tmp_path / "trials.jsonl").write_text(old_line() + old_line(variant="l2=0.1 + dropout=0.5", seed=4))
    found = load(tmp_path)
    assert (found.format, found.written_by, found.identity) == (1, "an early version of keras_regkit", IDENTITY)
    assert [t.settings for t in found.trials] == [{}, {"l2": 0.1, "dropout": 0.5}]
    assert [t.provenance for t in found.trials] == [{}, {}]

    store = Store(tmp_path, IDENTITY)
    assert json.loads((tmp_path / "study.json").read_text()) == IDENTITY  # to look is not to change
    with store.writing():
        store.append(trial(seed=1))
    assert load(tmp_path).format == 2
    assert load(tmp_path).identity == IDENTITY
    assert len(Store(tmp_path, IDENTITY).load()) == 3


def test_the_first_format_is_not_compared_in_what_it_does_not_know(tmp_path):
    (tmp_path / "study.json").write_text(json.dumps(IDENTITY))
    Store(tmp_path, {**IDENTITY, "new": 1})
    with pytest.raises(ValueError, match="epochs: there 3, here 4"):
        Store(tmp_path, {**IDENTITY, "epochs": 4, "new": 1})


def test_a_newer_format_is_refused_with_both_versions_named_and_left_alone(tmp_path):
    manifest = json.dumps({"format": 3, "written_by": "keras_regkit 9.9", **IDENTITY})
    (tmp_path / "study.json").write_text(manifest)
    for attempt in (lambda: Store(tmp_path, IDENTITY), lambda: load(tmp_path)):
        with pytest.raises(
            ValueError, match=r"by keras_regkit 9\.9 in format 3\. This is keras_regkit \d.*1 to 2.*Upg"
        ):
            attempt()
    assert [p.name for p in tmp_path.iterdir()] == ["study.json"]
    assert (tmp_path / "study.json").read_text() == manifest


@pytest.mark.parametrize("number", ["2", 0, True, None, 1.5])
def test_a_format_that_is_no_number_is_no_format(tmp_path, number):
    (tmp_path / "study.json").write_text(json.dumps({"format": number, **IDENTITY}))
    with pytest.raises(ValueError, match="not the manifest of a study: its format is"):
        load(tmp_path)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"train": table(seed=2)}, r"The training data changed \(the validation data did not\).*restore the data"),
        ({"validation": table(seed=2)}, r"The validation data changed \(the training data did not\)"),
        ({"train": table(seed=2), "validation": table(seed=3)}, "The training data and the validation data changed:"),
    ],
)
def test_data_that_changed_are_named_with_what_to_do(tmp_path, change, message):
    study(store=tmp_path, engine=MadeUp()).run(verbose=0)
    with pytest.raises(ValueError, match=f"{message}.*store="):
        study(store=tmp_path, engine=MadeUp(), **change)
    with pytest.raises(ValueError, match="epochs: there 2, here 3") as caught:
        study(store=tmp_path, engine=MadeUp(), epochs=3)
    assert "data changed" not in str(caught.value)
