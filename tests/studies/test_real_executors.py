"""Pieces of populations on the executors that people have: loky, Dask and Ray, where they are installed."""

import contextlib
import os
import signal
import threading
import time

import numpy as np
import pytest
from tiny_studies import regressor, study

from keras_regkit.studies import PopulationEngine, RayExecutor

pytest.importorskip("jax")


@contextlib.contextmanager
def loky():
    executor = pytest.importorskip("loky").ProcessPoolExecutor(1)
    try:
        yield executor
    finally:
        executor.shutdown(kill_workers=True)


@contextlib.contextmanager
def dask():
    distributed = pytest.importorskip("distributed")
    with (
        distributed.LocalCluster(n_workers=1, threads_per_worker=1, dashboard_address=None) as cluster,
        distributed.Client(cluster) as client,
    ):
        yield client.get_executor()


@contextlib.contextmanager
def ray():
    found = pytest.importorskip("ray")
    found.init(num_cpus=1, include_dashboard=False, log_to_driver=False)
    try:
        yield RayExecutor(num_cpus=1)
    finally:
        found.shutdown()


@pytest.fixture(scope="module")
def here():
    return study(regressor, engine="population").run(verbose=0)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("start", [loky, dask, ray])
def test_trainings_come_back_as_from_here(start, here):
    with start() as executor:
        found = study(regressor, engine=PopulationEngine(executor=executor, chunk=2)).run(verbose=0)
    assert [(trial.variant, trial.seed) for trial in found.trials] == [(t.variant, t.seed) for t in here.trials]
    for trial, wanted in zip(found.trials, here.trials, strict=True):
        assert trial.provenance["engine"] == "population"
        np.testing.assert_allclose(trial.curves["val_data_loss"], wanted.curves["val_data_loss"], rtol=1e-5)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("start", [dask, ray])
def test_a_killed_process_of_theirs_loses_nothing_and_repeats_nothing_that_finished(start):
    def process():  # in here, so that it travels whole to where this file cannot be imported
        return os.getpid()

    with start() as executor:
        # Long enough for the second piece to be under way when the first is seen to be finished.
        made = study(regressor, epochs=3000, seeds=4, engine=PopulationEngine(executor=executor, chunk=4))
        pid, kept, over = executor.submit(process).result(60), {}, threading.Event()

        def kill():
            while len(made.trials) < 4 and not over.is_set():
                time.sleep(0.01)
            kept.update({(trial.variant, trial.seed): trial.provenance["finished"] for trial in made.trials})
            os.kill(pid, signal.SIGKILL)

        killer = threading.Thread(target=kill, daemon=True)
        killer.start()
        try:
            found = made.run(verbose=0)
        finally:
            over.set()
            killer.join()
        assert executor.submit(process).result(60) != pid
    assert len(kept) == 4, "it was killed between the pieces, and not in the second"
    assert len({(trial.variant, trial.seed) for trial in found.trials}) == len(found.trials) == 8
    assert kept.items() <= {(t.variant, t.seed): t.provenance["finished"] for t in found.trials}.items()
    assert {trial.provenance["engine"] for trial in found.trials} == {"population"}
