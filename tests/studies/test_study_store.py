import json
import math
import os
import pathlib

import pytest
from tiny_studies import study, table, timeless, trial

from keras_regkit.studies.store import Store

IDENTITY = {"name": "s", "train": "abc", "epochs": 3}


def test_what_was_appended_is_loaded(tmp_path):
    first, second = trial(), trial("l2=0.1 + dropout=0.5", 3, math.nan)
    store = Store(tmp_path / "deep" / "store", IDENTITY)
    assert store.load() == {}
    store.append(first)
    store.append(second)
    found = Store(tmp_path / "deep" / "store", IDENTITY).load()
    assert found["baseline", 0] == first
    assert found["l2=0.1 + dropout=0.5", 3].to_dict() == second.to_dict()
    assert len(found) == 2


def test_a_last_line_cut_at_any_byte_is_dropped_and_the_next_one_is_whole(tmp_path):
    store = Store(tmp_path, IDENTITY)
    store.append(trial(seed=0))
    path = tmp_path / "trials.jsonl"
    kept = path.stat().st_size
    store.append(trial(seed=1))
    content = path.read_bytes()
    for cut in range(kept, len(content) + 1):
        path.write_bytes(content[:cut])
        whole = cut == len(content)
        assert [seed for _, seed in Store(tmp_path, IDENTITY).load()] == ([0, 1] if whole else [0])
        path.write_bytes(content[:cut])
        store.append(trial(seed=2))  # without a load in between, as after Ctrl-C in a notebook
        assert [seed for _, seed in Store(tmp_path, IDENTITY).load()] == ([0, 1, 2] if whole else [0, 2])


@pytest.mark.parametrize("damage", [b"{oops\n", b"[]\n", b"{}\n", b'"text"\n', b"\xff\xfe\n", b"\n"])
def test_a_damaged_line_is_named(tmp_path, damage):
    store = Store(tmp_path, IDENTITY)
    for seed in range(3):
        store.append(trial(seed=seed))
    path = tmp_path / "trials.jsonl"
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join([lines[0], damage, lines[2]]))
    with pytest.raises(ValueError, match=r"trials\.jsonl', line 2, is not a trial"):
        store.load()
    assert path.read_bytes().count(b"\n") == 3


def test_another_study_is_refused_by_name_and_left_alone(tmp_path):
    Store(tmp_path, IDENTITY).append(trial())
    before = {p.name: p.read_bytes() for p in tmp_path.iterdir()}
    with pytest.raises(ValueError, match=r"holds another study, 's'.*epochs: there 3, here 4.*train: there 'abc'"):
        Store(tmp_path, {**IDENTITY, "epochs": 4, "train": "xyz"})
    assert {p.name: p.read_bytes() for p in tmp_path.iterdir()} == before


def test_a_folder_with_other_things_is_refused(tmp_path):
    (tmp_path / "thesis.tex").write_text("")
    with pytest.raises(ValueError, match=r"holds other things: \['thesis.tex'\]"):
        Store(tmp_path, IDENTITY)
    assert [p.name for p in tmp_path.iterdir()] == ["thesis.tex"]


def test_a_manifest_half_written_by_a_kill_does_no_harm(tmp_path):
    (tmp_path / ".study.json.k3j4").write_text('{"name":')
    assert Store(tmp_path, IDENTITY).load() == {}


@pytest.mark.parametrize("content", [b"", b"{", b"[1]", b"\xff"])
def test_a_foreign_manifest_is_refused(tmp_path, content):
    (tmp_path / "study.json").write_bytes(content)
    with pytest.raises(ValueError, match=r"study\.json' is not the manifest of a study"):
        Store(tmp_path, IDENTITY)


def test_a_file_is_no_folder(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(ValueError, match=r"must be a folder.*which is a file"):
        Store(tmp_path / "file", IDENTITY)
    with pytest.raises(OSError, match="`store` must be a folder that can be written to"):
        Store(tmp_path / "file" / "below", IDENTITY)


@pytest.mark.skipif(not pathlib.Path("/proc/self").exists(), reason="needs a file system that takes no files")
def test_a_folder_that_cannot_be_made(tmp_path):
    with pytest.raises(OSError, match=r"`store` must be a folder that can be written to.*/proc/study"):
        Store("/proc/study", IDENTITY)


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_may_not_be_written_to(tmp_path):
    Store(tmp_path, IDENTITY)
    tmp_path.chmod(0o500)
    try:
        with pytest.raises(PermissionError, match="`store` must be a folder that can be written to"):
            Store(tmp_path, IDENTITY)
    finally:
        tmp_path.chmod(0o700)


def lines(folder):
    return [json.loads(line) for line in (folder / "trials.jsonl").read_text().splitlines()]


def test_more_seeds_and_levers_reuse_what_is_finished(tmp_path):
    small = study(store=tmp_path).run(verbose=0)
    large = study(store=tmp_path, levers={"l2": [0.1, 0.2]}, seeds=[1, 0, 5]).run(verbose=0)
    assert len(lines(tmp_path)) == 9  # 3 variants × 3 seeds, none of them twice
    by_key = {(t.variant, t.seed): t for t in large.trials}
    assert list(by_key) == [(v, s) for v in ("baseline", "l2=0.1", "l2=0.2") for s in (1, 0, 5)]
    assert [by_key[t.variant, t.seed] for t in small.trials] == list(small.trials)


@pytest.mark.parametrize(
    ("key", "change"),
    [
        ("train", {"train": table(seed=2)}),
        ("validation", {"validation": table(rows=23, seed=1)}),
        ("epochs", {"epochs": 3}),
        ("batch_size", {"batch_size": 4}),
        ("metric", {"metric": "gap"}),
        ("name", {"name": "other"}),
    ],
)
def test_a_store_of_another_study_is_refused(tmp_path, key, change):
    study(store=tmp_path)
    with pytest.raises(ValueError, match=f"holds another study, 'study'.*{key}: there"):
        study(store=tmp_path, **change)


def test_a_store_of_another_model_is_refused(tmp_path):
    import keras
    from tiny_studies import regressor

    def slower():
        model = regressor()
        model.compile(keras.optimizers.Adam(0.04), "mse")
        return model

    study(store=tmp_path)
    for build in (slower, lambda: regressor(keras.layers.Dropout(0.1))):
        with pytest.raises(ValueError, match=r"holds another study, 'study'.*\(model: there"):
            study(build, store=tmp_path)


def test_a_trial_whose_weights_are_gone_is_trained_again(tmp_path):
    first = study(store=tmp_path, keep_weights=True).run(verbose=0)
    weights = sorted((tmp_path / "weights").iterdir())
    assert len(weights) == 4
    weights[0].unlink()
    again = study(store=tmp_path, keep_weights=True)
    assert timeless(again.run(verbose=0).to_dict()) == timeless(first.to_dict())
    assert sorted((tmp_path / "weights").iterdir()) == weights
    assert len(lines(tmp_path)) == 5
    # The later line counts, and a third run finds nothing to do.
    study(store=tmp_path, keep_weights=True).run(verbose=0)
    assert len(lines(tmp_path)) == 5
