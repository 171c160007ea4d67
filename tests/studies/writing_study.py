"""A process that writes trials into a store, for tests that kill it. No training: `trial` makes them up."""

import os
import pathlib
import signal
import subprocess
import sys
import time

from tiny_studies import trial

from keras_regkit.studies import store as store_module
from keras_regkit.studies.store import Store

IDENTITY = {"name": "written", "train": "abc", "epochs": 3}


class MadeUp:
    """An engine that trains nothing; `meanwhile` is called before each trial."""

    name = "made up"

    def __init__(self, meanwhile=lambda variant, seed: None):
        self._meanwhile = meanwhile
        self.made = []

    def run(self, setup, plan):
        for variant, seed in plan:
            self._meanwhile(variant, seed)
            self.made.append((variant.name, seed))
            yield trial(variant.name, seed, value=1.0 + seed)


def start(mode, folder):
    """Starts the process and returns it once it has said that it holds the store, with what it said."""
    roots = [str(pathlib.Path(__file__).parents[2]), os.environ.get("PYTHONPATH", "")]
    process = subprocess.Popen(
        [sys.executable, __file__, mode, str(folder)],
        # Nothing is trained: the backend that is imported soonest will do.
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, roots)), "KERAS_BACKEND": "numpy"},
        stdout=subprocess.PIPE,
        text=True,
    )
    return process, process.stdout.readline().split()


def hold(folder):
    """Writes one trial, then sits on the store, beside a forked worker that outlives it."""
    store = Store(folder, IDENTITY)
    with store.writing():
        store.append(trial(seed=0))
        worker = os.fork()
        if worker == 0:
            time.sleep(120)
            os._exit(0)
        print("holds", worker, flush=True)
        time.sleep(120)


def die_within_a_line(folder):
    """Is killed by `kill -9` when half of its second line is written."""

    def half(path, data):
        with path.open("ab") as file:
            file.write(data[: len(data) // 2])
        os.kill(os.getpid(), signal.SIGKILL)

    store = Store(folder, IDENTITY)
    with store.writing():
        store.append(trial(seed=0))
        store_module._write = half
        store.append(trial(seed=1))


def fill(folder):
    """Writes until the system allows no larger file, which cuts a line in its midst; then says what it was told."""
    import resource

    store = Store(folder, IDENTITY)
    with store.writing():
        store.append(trial(seed=0))
        length = (folder / "trials.jsonl").stat().st_size
        limits = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (length + length // 2, limits[1]))
        try:
            store.append(trial(seed=1))
        except OSError as error:
            print(type(error).__name__, error.errno, (folder / "trials.jsonl").stat().st_size - length, flush=True)
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    with store.writing():
        pass


if __name__ == "__main__":
    {"hold": hold, "die": die_within_a_line, "fill": fill}[sys.argv[1]](pathlib.Path(sys.argv[2]))
