import json
import math
import os
import pathlib

import numpy as np
import pytest

from keras_regkit._core import files


def test_content_is_written_and_replaced(tmp_path):
    path = tmp_path / "new" / "folder" / "text.txt"
    files.write_atomically(path, "première")
    assert path.read_text(encoding="utf-8") == "première"
    files.write_atomically(path, b"\x00\xff")
    assert path.read_bytes() == b"\x00\xff"
    assert [p.name for p in path.parent.iterdir()] == ["text.txt"]


@pytest.mark.parametrize("step", ["fsync", "replace"])
@pytest.mark.parametrize("error", [OSError, KeyboardInterrupt])
def test_interrupted_write_leaves_the_old_file_alone(tmp_path, monkeypatch, step, error):
    path = tmp_path / "record.json"
    files.write_atomically(path, "old")

    def fail(*args):
        raise error

    monkeypatch.setattr(os, step, fail)
    with pytest.raises(error):
        files.write_atomically(path, "new")
    assert path.read_text() == "old"
    assert [p.name for p in tmp_path.iterdir()] == ["record.json"]


def test_no_reader_sees_half(tmp_path, monkeypatch):
    path = tmp_path / "record.json"
    files.write_atomically(path, "old")
    seen = []
    replace = os.replace

    def look_then_replace(source, target):
        seen.append((pathlib.Path(source).read_text(), pathlib.Path(target).read_text()))
        replace(source, target)

    monkeypatch.setattr(os, "replace", look_then_replace)
    files.write_atomically(path, "new")
    assert seen == [("new", "old")]


def test_plain_keeps_to_what_json_knows():
    record = {
        1: np.float32(0.5),
        "array": np.array([[1, 2], [3, 4]]),
        "bad": [math.nan, math.inf, -math.inf, np.float64("nan")],
        "tuple": (np.int64(3), True, None, "text"),
        "path": pathlib.Path("folder") / "file",
        "nested": {"array": np.array([1.0, np.nan])},
    }
    assert files.plain(record) == {
        "1": 0.5,
        "array": [[1, 2], [3, 4]],
        "bad": [None, None, None, None],
        "tuple": [3, True, None, "text"],
        "path": os.path.join("folder", "file"),
        "nested": {"array": [1.0, None]},
    }


def test_written_json_is_strict(tmp_path):
    files.write_json(tmp_path / "record.json", {"loss": math.nan, "best": np.float32(2)})
    text = (tmp_path / "record.json").read_text()
    assert "NaN" not in text
    assert text.endswith("\n")
    assert json.loads(text) == {"loss": None, "best": 2.0}


def test_what_json_does_not_know_is_refused(tmp_path):
    with pytest.raises(TypeError):
        files.write_json(tmp_path / "record.json", {"model": object()})
    assert not (tmp_path / "record.json").exists()
