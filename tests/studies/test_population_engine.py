"""The population engine as a user meets it: from any backend, through a process of its own."""

import concurrent.futures
import dataclasses
import importlib.metadata
import multiprocessing
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
import types
import warnings

import keras
import numpy as np
import pytest
import tiny_studies
from tiny_studies import labels, noisy_regressor, numpy, regressor, study, table

from keras_regkit import levers, presets
from keras_regkit.studies import PopulationEngine, Variant, auto
from keras_regkit.studies.auto import ENOUGH, AutoEngine
from keras_regkit.studies.builder import Builder
from keras_regkit.studies.design import BASELINE, one_knob_at_a_time
from keras_regkit.studies.engine import SequentialEngine, Setup
from keras_regkit.studies.population import chunks, worker
from keras_regkit.studies.population.initial_states import InitialStates
from keras_regkit.studies.population.recruiting import recruit
from keras_regkit.studies.population.slots import program_of, slots

pytest.importorskip("jax")


def setup_of(build, **changes):
    arguments = {"train": table(), "validation": table(seed=1), "epochs": 2, "batch_size": 8, **changes}
    return Setup(Builder(build), metric="val_data_loss", direction="min", **arguments)


def plan_of(knobs, seeds=(0, 1)):
    return [(variant, seed) for variant in one_knob_at_a_time(knobs) for seed in seeds]


def by_pair(trials):
    found = {}
    for trial in trials:
        assert (trial.variant, trial.seed) not in found, "trained twice"
        found[trial.variant, trial.seed] = trial
    return found


@pytest.fixture(scope="module")
def kept(tmp_path_factory):
    """A study without noise: backends that draw alike weights must train alike."""
    made = study(
        regressor,
        levers={"l2": [0.1], "weight_decay": [0.5], "early_stopping": [1]},
        engine="population",
        store=tmp_path_factory.mktemp("population"),
        keep_weights=True,
        epochs=3,
    )
    return made, made.run(verbose=0)


def test_trials_are_those_of_fit(kept):
    _, result = kept
    knobs = {"l2": [0.1], "weight_decay": [0.5], "early_stopping": [1]}
    wanted = by_pair(SequentialEngine().run(setup_of(regressor, epochs=3), plan_of(knobs)))
    found = by_pair(result.trials)
    assert found.keys() == wanted.keys()
    for pair, trial in wanted.items():
        assert found[pair].epochs == trial.epochs
        assert found[pair].metrics.keys() == trial.metrics.keys()
        for name, values in trial.curves.items():
            np.testing.assert_allclose(found[pair].curves[name], values, rtol=1e-4, err_msg=f"{pair} {name}")
        for name, value in trial.metrics.items():
            assert found[pair].metrics[name] == pytest.approx(value, rel=1e-3, abs=1e-4), (pair, name)
    losses = {round(trial.metrics["val_data_loss"], 4) for trial in found.values()}
    assert len(losses) > 4  # seeds and variants do differ, or there was nothing to compare


def test_final_weights_come_back(kept):
    made, result = kept
    x, y = table(seed=1)
    for name in ("baseline", "early_stopping=1"):
        trial = next(t for t in result.trials if (t.variant, t.seed) == (name, 1))
        outputs = numpy(made.model(name, 1)(x, training=False))
        assert np.mean((outputs - y) ** 2) == pytest.approx(trial.metrics["val_data_loss"], rel=1e-5)


def test_trials_say_who_trained_them(kept):
    _, result = kept
    assert result.engine == "population"
    assert {t.provenance["engine"] for t in result.trials} == {"population"}
    assert {t.provenance["backend"] for t in result.trials} == {"jax"}
    # Of the worker's backend, not of the one that studies.
    assert {t.provenance["backend_version"] for t in result.trials} == {importlib.metadata.version("jax")}


def test_one_program_serves_variants_that_differ_in_numbers():
    knobs = {"l2": [0.1, 0.2], "dropout": [0.2, 0.4], "weight_decay": [0.1], "early_stopping": [1]}
    jobs, models, unfit = recruit(setup_of(noisy_regressor), plan_of(knobs), "data", lambda size, members: 2)
    assert not unfit
    # L2 on kernels that had none is another program; the rest is one.
    assert sorted(len(job.members) for job in jobs) == [4, 10]
    assert len(models) == 2
    assert program_of(noisy_regressor()) == program_of(noisy_regressor())
    assert program_of(noisy_regressor()) != program_of(regressor())


def test_describing_a_model_leaves_it_as_it_was():
    model = noisy_regressor()
    before = model.get_config(), keras.saving.serialize_keras_object(model.optimizer)
    program_of(model)
    assert (model.get_config(), keras.saving.serialize_keras_object(model.optimizer)) == before
    assert model.optimizer.weight_decay is None


def test_a_penalty_that_layers_share_has_a_number_in_each():
    penalty = keras.regularizers.L2(1e-4)
    model = regressor(*(keras.layers.Dense(3, kernel_regularizer=penalty) for _ in range(2)))
    # As a worker makes it anew, where nothing is shared.
    again = keras.models.model_from_json(model.to_json())
    again.compile(**keras.saving.deserialize_keras_object(model.get_compile_config()))
    assert [(s.attribute, s.get()) for s in slots(again)] == [(s.attribute, s.get()) for s in slots(model)]
    program_of(model)
    assert penalty.l2 == pytest.approx(1e-4)


def test_few_models_tell_the_initial_weights_of_many():
    built = []

    def build(seed):
        built.append(seed)
        return presets.mlp(3, task="regression", units=(8, 4), seed=seed)

    dropout, smaller = (Variant(((levers.get(n), s),)) for n, s in (("dropout", 0.3), ("less_capacity", 0.5)))
    seeds = range(6)
    states = InitialStates(Builder(build))
    found = {(v, s): states.start(v, s) for v in (BASELINE, dropout, smaller) for s in seeds}
    # The baseline once for each seed, dropout twice; other shapes are drawn anew for every seed.
    assert len(built) == 6 + 2 + 6
    assert sum(start.model is not None for (v, _), start in found.items() if v == dropout) == 2
    assert all(start.model is not None for (v, _), start in found.items() if v == smaller)
    for (variant, seed), start in found.items():
        fresh = InitialStates(Builder(build)).start(variant, seed)
        assert all(map(np.array_equal, start.weights, fresh.weights)), (variant.name, seed)


def test_rates_that_hang_on_a_late_seed_are_seen():
    def build(seed):
        return presets.mlp(3, task="regression", units=(8,), dropout=0.1 if seed < 2 else 0.3, seed=seed)

    l2 = Variant(((levers.get("l2"), 0.1),))
    states = InitialStates(Builder(build))
    found = {(v, s): states.start(v, s).numbers for v in (BASELINE, l2) for s in range(4)}
    for (variant, seed), numbers in found.items():
        assert numbers == InitialStates(Builder(build)).start(variant, seed).numbers, (variant.name, seed)
    assert found[l2, 1] != found[l2, 3]


def test_a_killed_worker_loses_nothing_and_nothing_is_trained_twice():
    engine, plan = PopulationEngine(), plan_of({"early_stopping": [1, 2]}, range(8))
    setup, found = setup_of(regressor, epochs=40), {}  # or all may be finished before the first is taken in
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        for trial in engine.run(setup, plan):
            assert (trial.variant, trial.seed) not in found
            found[trial.variant, trial.seed] = trial
            if len(found) == 1:
                os.kill(worker.shared_worker().process.pid, signal.SIGKILL)
    assert len(found) == len(plan)
    assert any("worker process ended" in str(w.message) for w in caught)


def test_no_more_programs_are_prepared_than_a_worker_keeps(monkeypatch):
    monkeypatch.setattr("keras_regkit.studies.population.recruiting.PROGRAMS", 1)
    prepared, plan = [], plan_of({"l2": [0.1]})
    jobs, _, _ = recruit(setup_of(regressor), plan, "data", lambda size, members: 1, prepared.append)
    assert [job.program for job in prepared] == [jobs[0].program] != [job.program for job in jobs]


def test_studies_that_share_a_worker_do_not_take_each_others_trials():
    setup = setup_of(regressor, epochs=20)
    first = PopulationEngine().run(setup, plan_of({"early_stopping": [1, 2]}, range(8)))
    found = [next(first)]
    with pytest.raises(RuntimeError, match="another study is still training"):
        list(PopulationEngine().run(setup, [(BASELINE, 99)]))
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "The worker process ended", RuntimeWarning)
        found += first
    assert len(by_pair(found)) == 24
    with concurrent.futures.ThreadPoolExecutor(2) as threads, warnings.catch_warnings():
        # What is tested is whose trials are whose, also if a worker should die.
        warnings.filterwarnings("ignore", "The worker process ended", RuntimeWarning)
        both = threads.map(lambda s: list(PopulationEngine().run(setup, [(BASELINE, s), (BASELINE, s + 1)])), (10, 20))
        assert [[trial.seed for trial in trials] for trials in both] == [[10, 11], [20, 21]]


def test_jobs_are_prepared_from_any_thread(monkeypatch):
    sent, broken = [], []
    monkeypatch.setattr(worker.Worker, "_send", lambda self, data, kind, job: sent.append(job))
    monkeypatch.setattr(threading, "excepthook", broken.append)
    start = threading.Thread.start

    def slowly(thread):  # a job that finds another one here finds it not yet started
        time.sleep(0.01)
        start(thread)

    monkeypatch.setattr(threading.Thread, "start", slowly)
    trains = worker.Worker(devices=1)
    try:
        with concurrent.futures.ThreadPoolExecutor(4) as threads:
            list(threads.map(lambda job: trains.prepare(job, None), range(8)))
        trains._preparing.join()
    finally:
        trains.close()
    assert not broken
    assert sorted(sent) == list(range(8))


def test_a_worker_without_memory_goes_on_with_half(monkeypatch):
    widths = []
    train = worker.Worker.train

    def short_of_memory(self, job, data, report=None):
        widths.append(job.width)
        if len(widths) == 1:
            raise worker.OutOfMemory("RESOURCE_EXHAUSTED")
        yield from train(self, job, data, report)

    monkeypatch.setattr(worker.Worker, "train", short_of_memory)
    engine, plan = PopulationEngine(), plan_of({"early_stopping": [1]}, range(4))
    with pytest.warns(RuntimeWarning, match="Going on with"):
        found = by_pair(engine.run(setup_of(regressor), plan))
    assert len(found) == len(plan)
    assert widths[1] < widths[0]


def test_no_more_train_at_once_than_memory_allows():
    setup, plan = setup_of(regressor), plan_of({"early_stopping": [1]}, range(4))
    engine = PopulationEngine(memory=1e-5, devices=2)  # enough for weights alone
    refusal = r"8 trainings at once take .* GiB, where 1e-05 are allowed.*Going on with 4"
    with pytest.warns(RuntimeWarning, match=refusal):
        found = by_pair(engine.run(setup, plan))
    assert len(found) == len(plan)
    assert engine.notes == {}


@pytest.mark.skipif(shutil.which("pgrep") is None, reason="looks processes up with pgrep")
def test_the_worker_of_a_killed_study_does_not_live_on(tmp_path):
    script = tiny_studies.__file__
    places = os.pathsep.join(place or os.getcwd() for place in sys.path)
    parent = subprocess.Popen(
        [sys.executable, script, str(tmp_path / "store"), "population"], env={**os.environ, "PYTHONPATH": places}
    )

    def workers():
        found = subprocess.run(
            ["pgrep", "-P", str(parent.pid), "-f", "_jax_worker"], capture_output=True, text=True, check=False
        )
        return [int(pid) for pid in found.stdout.split()]

    wait_for(workers)
    (pid,) = workers()
    parent.kill()
    parent.wait()
    wait_for(lambda: not alive(pid))


def wait_for(condition, seconds=120):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.1)


def alive(pid):
    try:
        with open(f"/proc/{pid}/stat") as file:
            return file.read().split()[2] != "Z"
    except FileNotFoundError:
        return False


def test_a_worker_that_always_dies_is_given_up_with_its_last_words(monkeypatch):
    def dying(self, job, data, report=None):
        raise worker.WorkerDied("The worker process ended (status -9). Its last words: none")
        yield

    monkeypatch.setattr("keras_regkit.studies.population.worker.Worker.train", dying)
    with (
        pytest.warns(RuntimeWarning, match="Going on with"),
        pytest.raises(RuntimeError, match="ended 3 times without finishing"),
    ):
        list(PopulationEngine().run(setup_of(regressor), plan_of({"l2": [0.1]})))


@keras.saving.register_keras_serializable("tests")
class GlobalNoise(keras.layers.Layer):
    """Noise from the global seed: what members of a population would share."""

    def call(self, x, training=False):
        return x + 0.1 * keras.random.normal(keras.ops.shape(x)) if training else x


def test_what_cannot_train_together_is_trained_apart_and_said():
    engine, setup, plan = (
        PopulationEngine(),
        setup_of(lambda: regressor(GlobalNoise())),
        plan_of({"early_stopping": [1]}),
    )
    if keras.backend.backend() == "jax":  # which refuses such a model in `fit` too
        with pytest.raises(ValueError, match="seeded random ops"):
            list(engine.run(setup, plan))
        return
    found = by_pair(engine.run(setup, plan))
    assert len(found) == 4
    assert set(engine.notes) == {"baseline", "early_stopping=1"}
    assert all("fit" in note for note in engine.notes.values())
    assert {t.provenance.get("engine") for t in found.values()} <= {"processes", "sequential"}
    list(engine.run(setup_of(regressor), [(BASELINE, 0)]))
    assert engine.notes == {}  # they are of the last plan


def test_what_cannot_be_sent_is_trained_here_and_said():
    engine = PopulationEngine()
    build = lambda: regressor(keras.layers.Lambda(lambda x: x * 2.0, name="double"))  # noqa: E731
    found = list(engine.run(setup_of(build), [(BASELINE, 0), (BASELINE, 1)]))
    assert [trial.provenance["engine"] for trial in found] == ["sequential"] * 2
    assert "'double' is a Lambda" in engine.notes["baseline"]


def test_members_on_all_devices_may_decompose_their_weights():
    # Where XLA has no thread to spare beside its devices, this never ends: its LAPACK splits matrices of this size.
    def wide():
        model = keras.Sequential([keras.Input((32,)), *(keras.layers.Dense(32) for _ in range(2))])
        model.compile("sgd", "mse")
        return model

    rows = np.random.default_rng(0).normal(size=(160, 32)).astype("float32")
    setup = setup_of(wide, train=(rows, rows), validation=(rows, rows), epochs=5)
    engine, found = PopulationEngine(devices=2), []
    trains = threading.Thread(
        target=lambda: found.extend(engine.run(setup, plan_of({"orthonormal": [1]}))), daemon=True
    )
    trains.start()
    trains.join(240)
    waited = trains.is_alive()
    if waited:
        worker.shared_worker(2).close()
    assert not waited, "the devices wait for each other"
    assert [trial.provenance["engine"] for trial in found] == ["population"] * 4


class Handed(keras.layers.Layer):
    """A layer that is given what no file can hold."""

    def __init__(self, scale, **kwargs):
        super().__init__(**kwargs)
        self.scale = scale

    def call(self, x):
        return self.scale(x)


@pytest.mark.parametrize("around", [list, lambda layers: [keras.Sequential(layers, name="inner")]])
def test_a_layer_that_cannot_be_written_down_is_named(around):
    engine = PopulationEngine()
    build = lambda: regressor(*around([Handed(lambda x: x * 2.0, name="odd")]))  # noqa: E731
    list(engine.run(setup_of(build), [(BASELINE, 0)]))
    assert "layer 'odd' (Handed) cannot be written down" in engine.notes["baseline"]


class Own(keras.Sequential):
    """A model with a training step of its own."""

    def train_step(self, *args):
        return super().train_step(*args)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"callbacks": list}, "callbacks"),
        ({"train": keras.utils.PyDataset(), "validation": table()}, "`train` is a PyDataset"),
        ({"train": (np.array([["a"]] * 4), np.ones((4, 1)))}, "numbers only"),
    ],
)
def test_a_study_that_is_none_for_populations_says_so(changes, reason):
    engine = AutoEngine()
    chosen, why = engine._choose(setup_of(regressor, **changes), [(BASELINE, 0)] * 99)
    assert chosen.name == "sequential"
    assert reason in why


def test_auto_takes_populations_for_large_plans_and_says_why():
    setup = setup_of(regressor)
    for plan, name in (([(BASELINE, 0)] * ENOUGH, "population"), ([(BASELINE, 0)], "sequential")):
        engine, why = AutoEngine()._choose(setup, plan)
        assert engine.name == name
        assert str(len(plan)) in why
    assert AutoEngine(executor=object)._executor is object


def test_auto_leaves_accelerators_and_large_models_to_fit(monkeypatch):
    plan = [(BASELINE, 0)] * ENOUGH
    monkeypatch.setattr(auto, "LARGE", 10)
    engine, why = AutoEngine()._choose(setup_of(regressor), plan)
    assert engine.name == "sequential"
    assert "gains nothing" in why
    monkeypatch.setattr(auto, "has_accelerator", lambda: True)
    engine, why = AutoEngine()._choose(setup_of(regressor), plan)
    assert engine.name == "sequential"
    assert "accelerator" in why


def test_auto_goes_on_as_it_began():
    setup = dataclasses.replace(setup_of(regressor), planned=ENOUGH)  # of which all but one are finished
    assert AutoEngine()._choose(setup, [(BASELINE, 0)])[0].name == "population"


def test_auto_goes_on_with_fit_where_fit_began():
    setup = dataclasses.replace(setup_of(regressor), planned=ENOUGH, begun="sequential")
    engine, why = AutoEngine()._choose(setup, [(BASELINE, 0)] * ENOUGH)
    assert engine.name == "sequential"
    assert "dropout masks" in why


def test_a_study_that_fit_began_grows_with_fit():
    few = study(levers={"l2": [0.1]}, seeds=2, epochs=1)
    assert few.run(verbose=0).engine == "sequential"
    more = few.run_variants(one_knob_at_a_time({"l2": [10.0**-i for i in range(1, 9)]}), verbose=0)
    assert {t.provenance["engine"] for t in more.trials} == {"sequential"}


def test_a_worker_that_does_not_start_leaves_the_study_to_fit(monkeypatch):
    monkeypatch.setattr(worker, "_MODULE", "keras_regkit.no_such_module")
    worker.close_workers()
    engine = PopulationEngine()
    found = by_pair(engine.run(setup_of(regressor), [(BASELINE, 0), (BASELINE, 1)]))
    assert len(found) == 2
    assert {t.provenance["engine"] for t in found.values()} == {"sequential"}
    assert "did not start" in engine.notes["baseline"]
    assert "no_such_module" in engine.notes["baseline"]


def test_a_training_step_of_ones_own_is_no_part_of_a_population():
    def build():
        model = Own([keras.Input((3,)), keras.layers.Dense(1)])
        model.compile("sgd", "mse")
        return model

    _, _, unfit = recruit(setup_of(build), [(BASELINE, 0)], "data", lambda size, members: 2)
    assert "training step of its own" in unfit[BASELINE, 0]


def test_an_executor_trains_the_pieces_and_a_dead_worker_costs_one_attempt(monkeypatch):
    plan, setup = plan_of({"early_stopping": [1]}, (0, 1, 2)), setup_of(regressor)
    calls = []

    def sometimes_dying(job, data, devices, folder, train=chunks.train_chunk):
        calls.append(len(job.members))
        if len(calls) == 1:
            raise worker.WorkerDied("gone")
        return train(job, data, devices, folder)

    monkeypatch.setattr(chunks, "train_chunk", sometimes_dying)
    with concurrent.futures.ThreadPoolExecutor(1) as executor:
        found = by_pair(PopulationEngine(executor=executor, chunk=4).run(setup, plan))
    assert len(found) == len(plan)
    assert sorted(calls) == [2, 4, 4]  # one piece was given out twice
    wanted = by_pair(PopulationEngine().run(setup, plan))
    for pair, trial in wanted.items():
        np.testing.assert_allclose(found[pair].curves["data_loss"], trial.curves["data_loss"], rtol=1e-5)


def test_processes_of_a_pool_train_pieces():
    # The models, data and callbacks travel to a process that has imported nothing yet, and the weights come back.
    plan, setup = plan_of({"early_stopping": [1]}, (0,)), setup_of(noisy_regressor)
    with concurrent.futures.ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as executor:
        found = by_pair(PopulationEngine(executor=executor).run(setup, plan))
    wanted = by_pair(PopulationEngine(devices=1).run(setup, plan))
    for pair, trial in wanted.items():
        np.testing.assert_allclose(found[pair].curves["data_loss"], trial.curves["data_loss"], rtol=1e-5)


class Interrupted(PopulationEngine):
    """As when somebody presses Ctrl-C as soon as a trial is there."""

    def run(self, setup, plan):
        for trial in super().run(setup, plan):
            yield trial
            signal.raise_signal(signal.SIGINT)


def test_ctrl_c_keeps_what_is_finished_and_the_study_goes_on():
    made = study(levers={"early_stopping": [1, 2]}, seeds=8, epochs=20, engine=Interrupted())
    with pytest.raises(KeyboardInterrupt, match="1 finished trials are kept"):
        made.run(verbose=0)
    (first,) = made.trials
    made._engine = PopulationEngine()
    result = made.run(verbose=0)
    assert len({(t.variant, t.seed) for t in result.trials}) == 24
    assert first in result.trials


def test_a_study_that_is_left_in_its_midst_ends_its_worker():
    engine, plan = PopulationEngine(), plan_of({"early_stopping": [1, 2]}, range(8))
    trials = engine.run(setup_of(regressor, epochs=40), plan)
    next(trials)
    process = worker.shared_worker().process
    trials.close()
    assert process.poll() is not None  # or its answers would be taken for those to the next job
    assert len(by_pair(engine.run(setup_of(regressor), plan[:2]))) == 2


def test_an_executor_that_breaks_keeps_what_is_finished(monkeypatch):
    given = []

    def breaking(job, data, devices, folder, train=chunks.train_chunk):
        given.append(job)
        if len(given) == 1:
            raise concurrent.futures.BrokenExecutor("the pool is gone")
        return train(job, data, devices, folder)

    monkeypatch.setattr(chunks, "train_chunk", breaking)
    found = []
    with (
        concurrent.futures.ThreadPoolExecutor(1) as executor,
        pytest.raises(RuntimeError, match=r"^2 trainings.*the pool is gone.*run the study again"),
    ):
        found.extend(PopulationEngine(executor=executor, chunk=2).run(setup_of(regressor), plan_of({"l2": [0.1]})))
    # The piece after the one that broke was all right.
    assert sorted((trial.variant, trial.seed) for trial in found) == [("l2=0.1", 0), ("l2=0.1", 1)]


def dying_once(number, marker, train=worker.Worker.train):
    """`Worker.train` that dies, with its process, after so many members, and never again."""

    def dying(self, job, data, report=None):
        for count, finished in enumerate(train(self, job, data, report)):
            if count == number and not os.path.exists(marker):
                open(marker, "w").close()
                self.close()
                raise worker.WorkerDied("killed")
            yield finished

    return dying


def test_what_a_dead_worker_had_finished_of_a_piece_is_not_trained_again(monkeypatch, tmp_path):
    sent = []
    train_chunk = chunks.train_chunk
    monkeypatch.setattr(
        chunks, "train_chunk", lambda job, *rest: sent.append(len(job.members)) or train_chunk(job, *rest)
    )
    monkeypatch.setattr(worker.Worker, "train", dying_once(3, tmp_path / "died"))
    plan = plan_of({"l2": [0.1]}, range(4))
    with concurrent.futures.ThreadPoolExecutor(1) as executor:
        found = list(PopulationEngine(executor=executor, chunk=8).run(setup_of(regressor), plan))
    assert sorted(sent) == [1, 4, 4]
    assert sorted((t.variant, t.seed) for t in found) == sorted((v.name, s) for v, s in plan)
    assert np.isfinite([t.metrics["val_data_loss"] for t in found]).all()


def test_an_executor_that_is_closed_is_said():
    executor = concurrent.futures.ThreadPoolExecutor(1)
    executor.shutdown()
    with pytest.raises(RuntimeError, match=r"^4 trainings could not be trained by the executor.*after shutdown"):
        list(PopulationEngine(executor=executor).run(setup_of(regressor), plan_of({"l2": [0.1]})))


def test_tasks_that_are_threads_have_a_worker_each(monkeypatch):
    both = threading.Barrier(2, timeout=60)

    class Made:
        alive = True

        def __init__(self, devices):
            pass

        def train(self, job, data):
            both.wait()
            yield types.SimpleNamespace(index=0, worker=self, width=job.width)

    monkeypatch.setattr(worker, "_shared", {})
    monkeypatch.setattr(worker, "Worker", Made)
    monkeypatch.setattr(chunks, "_keep", lambda *_: None)
    jobs, _, _ = recruit(setup_of(regressor), plan_of({"early_stopping": [1]}), "data", lambda size, members: 1)
    with concurrent.futures.ThreadPoolExecutor(2) as executor:
        found = [outcome[0] for _, outcome in chunks.spread(jobs, None, executor, 2, devices=4)]
    assert found[0].worker is not found[1].worker
    assert [one.width for one in found] == [4, 4]  # members are laid evenly over devices


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"memory": 0}, "`memory` must be in"),
        ({"devices": 0}, "`devices` must be in"),
        ({"chunk": 1.5}, "`chunk` must be an integer"),
        ({"executor": "dask"}, "concurrent.futures.Executor"),
    ],
)
def test_bad_arguments(arguments, message):
    with pytest.raises((TypeError, ValueError), match=message):
        PopulationEngine(**arguments)


def test_an_executor_needs_an_engine_that_hands_out():
    with pytest.raises(ValueError, match="hands work out"):
        study(engine="sequential", executor=concurrent.futures.ThreadPoolExecutor(1))


def test_labels_and_metrics_of_a_classifier():
    def build(seed):
        return presets.mlp(3, task="multiclass", outputs=3, units=(8,), dropout=0.0, seed=seed)

    train, validation = labels(classes=3), labels(seed=1, classes=3)
    made = study(
        build, train=train, validation=validation, levers={"label_smoothing": [0.1]}, metric="val_accuracy", epochs=1,
        engine="population",
    )  # fmt: skip
    result = made.run(verbose=0)
    assert all(0 <= t.metrics["val_accuracy"] <= 1 for t in result.trials)
    assert made.engine_notes == ()
