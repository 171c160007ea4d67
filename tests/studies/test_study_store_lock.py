"""One writer at a time, and nobody locked out by the dead."""

import errno
import json
import os
import signal
import socket
import sys

import pytest
from tiny_studies import study, trial
from writing_study import IDENTITY, MadeUp, start

from keras_regkit.studies import _byte_lock, load, lock
from keras_regkit.studies.lock import held
from keras_regkit.studies.store import Store

posix = pytest.mark.skipif(sys.platform == "win32", reason="needs POSIX signals and fork")


def no_locks(file):
    raise OSError(errno.ENOLCK, "No locks available")


@posix
@pytest.mark.slow
def test_a_second_process_is_told_who_writes_and_takes_over_when_that_one_is_killed(tmp_path):
    process, (_, worker) = start("hold", tmp_path)
    try:
        store = Store(tmp_path, IDENTITY)  # to exist is no crime
        assert len(store.load()) == 1  # nor is to read
        assert len(load(tmp_path).trials) == 1
        who = rf"process {process.pid} on '{socket.gethostname()}', since 20.*writes study 'written'"
        with pytest.raises(BlockingIOError, match=who), store.writing():
            pass
        process.kill()
        process.wait()
        # The worker that was forked from it still lives, and must not hold what its parent held.
        os.kill(int(worker), 0)
        with store.writing() as note:
            assert f"process {process.pid} on" in note
            assert "its place is taken" in note
            store.append(trial(seed=1))
        with store.writing() as note:
            assert note is None
        assert [t.seed for t in load(tmp_path).trials] == [0, 1]
    finally:
        process.kill()
        os.kill(int(worker), signal.SIGKILL)  # first: it holds the pipe too
        process.communicate()


@posix
@pytest.mark.slow
def test_kill_9_in_the_midst_of_a_line_loses_that_line_only(tmp_path):
    process, _ = start("die", tmp_path)
    assert process.wait() == -signal.SIGKILL
    process.stdout.close()
    content = (tmp_path / "trials.jsonl").read_bytes()
    assert not content.endswith(b"\n")  # or there is nothing to test
    store = Store(tmp_path, IDENTITY)
    assert [seed for _, seed in store.load()] == [0]
    assert (tmp_path / "trials.jsonl").read_bytes() == content  # reading changes nothing
    with store.writing() as note:
        assert "as after a kill" in note
        store.append(trial(seed=2))
    assert [t.seed for t in load(tmp_path).trials] == [0, 2]


def test_two_studies_of_one_process_do_not_write_at_once(tmp_path):
    seen = []

    def other_runs(variant, seed):
        with pytest.raises(BlockingIOError, match=rf"in use: this very process \({os.getpid()} on"):
            study(store=tmp_path, engine=MadeUp()).run(verbose=0)
        seen.append(seed)

    first = study(store=tmp_path, engine=MadeUp(other_runs))
    second = study(store=tmp_path, engine=MadeUp())
    first.run(verbose=0)
    assert len(seen) == 4
    # What the first has finished since the second was made is not trained again.
    assert second.run(verbose=0).trials == first.run(verbose=0).trials
    assert len((tmp_path / "trials.jsonl").read_text().splitlines()) == 4


def test_a_study_that_is_finished_needs_no_lock(tmp_path):
    finished = study(store=tmp_path, engine=MadeUp())
    finished.run(verbose=0)
    with held(tmp_path):
        assert len(finished.run(verbose=0).trials) == 4
        with pytest.raises(BlockingIOError):
            study(store=tmp_path, seeds=3, engine=MadeUp()).run(verbose=0)


def test_the_lock_is_given_back_after_an_error(tmp_path):
    with pytest.raises(KeyError), held(tmp_path):
        raise KeyError
    with held(tmp_path) as note:
        assert note is None
    assert not (tmp_path / ".lock.json").exists()


def test_a_note_on_a_dead_holder_is_printed_unless_silence_is_asked_for(tmp_path, capsys):
    dead = {"pid": 1, "host": "elsewhere", "since": "2026-01-01T00:00:00+00:00"}
    for verbose, printed in [(0, False), (2, True)]:
        found = study(store=tmp_path / str(verbose), engine=MadeUp())
        (tmp_path / str(verbose) / ".lock.json").write_text(json.dumps(dead))
        found.run(verbose=verbose)
        assert ("The last run, process 1 on 'elsewhere'" in capsys.readouterr().out) == printed


@pytest.mark.parametrize("content", ["", "[]", '{"pid": 1}'])
def test_a_holder_that_cannot_be_read_is_no_holder(tmp_path, content):
    (tmp_path / ".lock.json").write_text(content)
    with held(tmp_path) as note:
        assert note is None


@posix
def test_without_locks_in_the_file_system_the_holders_file_has_to_do(tmp_path, monkeypatch):
    monkeypatch.setattr(_byte_lock, "_lock", no_locks)
    with held(tmp_path):
        pass
    path = tmp_path / ".lock.json"
    me = {"pid": os.getpid(), "host": socket.gethostname(), "since": "now"}
    for holder, free in [(me, False), ({**me, "host": "elsewhere"}, False), ({**me, "pid": 2**22 + 1}, True)]:
        path.write_text(json.dumps(holder))
        if free:
            with held(tmp_path) as note:
                assert "its place is taken" in note
        else:
            with pytest.raises(BlockingIOError, match=r"delete '.*\.lock\.json'"), held(tmp_path):
                pass


@posix
def test_a_full_disk_does_not_keep_anybody_from_locking(tmp_path, monkeypatch):
    def full(path, record):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(lock, "write_json", full)
    with held(tmp_path), pytest.raises(BlockingIOError, match="in use"), held(tmp_path):
        pass
    monkeypatch.setattr(_byte_lock, "_lock", no_locks)
    with pytest.raises(OSError, match="No space left"), held(tmp_path):
        pass


@posix
def test_a_lock_that_cannot_be_tried_is_an_error_of_its_own(tmp_path, monkeypatch):
    def broken(file):
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(_byte_lock, "_lock", broken)
    with pytest.raises(OSError, match="Input/output error"), held(tmp_path):
        pass
