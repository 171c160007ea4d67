import os
import pathlib
import signal
import subprocess
import sys
import time

import keras
import pytest
import tiny_studies

SCRIPT = pathlib.Path(tiny_studies.__file__)


def kill_after(folder, trials):
    """Runs the study in a process of its own, and kills it when so many trials are in its store."""
    roots = [str(SCRIPT.parents[2]), os.environ.get("PYTHONPATH", "")]
    process = subprocess.Popen(
        [sys.executable, str(SCRIPT), str(folder)],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, roots))},
        stderr=subprocess.PIPE,
        text=True,
    )
    while count(folder) < trials:
        assert process.poll() is None, process.stderr.read()
        time.sleep(0.01)
    process.kill()
    process.communicate()
    assert process.returncode == -signal.SIGKILL


def count(folder):
    path = folder / "trials.jsonl"
    return path.read_bytes().count(b"\n") if path.exists() else 0


class CtrlC(keras.callbacks.Callback):
    """Sends the signal of Ctrl-C in the middle of the second training."""

    def __init__(self):
        super().__init__()
        self.trainings = 0

    def on_train_begin(self, logs=None):
        self.trainings += 1

    def on_epoch_end(self, epoch, logs=None):
        if self.trainings == 2 and epoch == 0:
            signal.raise_signal(signal.SIGINT)


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="needs POSIX signals")
def test_killed_interrupted_and_continued_it_ends_as_if_nothing_had_happened(tmp_path):
    folder = tmp_path / "store"
    kill_after(folder, trials=1)
    finished = count(folder)
    assert 1 <= finished < 7

    interrupt = CtrlC()
    with pytest.raises(KeyboardInterrupt) as caught:
        tiny_studies.resumable(folder, callbacks=lambda: [interrupt]).run(verbose=0)
    assert count(folder) == finished + 1
    kept = f"{finished + 1} finished trials are kept in '{folder}': run it again to continue"
    assert kept in str(caught.value)

    result = tiny_studies.resumable(folder).run(verbose=0)
    assert count(folder) == 8  # nothing was trained twice
    undisturbed = tiny_studies.resumable(None).run(verbose=0)
    assert tiny_studies.timeless(result.to_dict()) == tiny_studies.timeless(undisturbed.to_dict())


def test_an_interrupted_study_without_a_store_continues_in_its_object():
    interrupt = CtrlC()
    found = tiny_studies.study(callbacks=lambda: [interrupt])
    with pytest.raises(KeyboardInterrupt, match="1 finished trials are kept in this Study object: run it again"):
        found.run(verbose=0)
    assert len(found.run(verbose=0).trials) == 4
    assert interrupt.trainings == 5
