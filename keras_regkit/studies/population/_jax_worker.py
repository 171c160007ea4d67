"""The process that trains populations: it is handed jobs, and hands back what is finished.

Started by `Worker`, with Keras on JAX whatever the backend of the process that studies.
"""

import concurrent.futures
import contextlib
import dataclasses
import importlib
import os
import traceback
from multiprocessing.connection import Client

import jax
import keras
import numpy as np

from keras_regkit._core.optimizers import without_loss_scale
from keras_regkit._core.strength import strengths_of_loss
from keras_regkit.callbacks._strengths import hold_strengths_of_loss
from keras_regkit.studies import provenance
from keras_regkit.studies.engine import GAP_ENTRIES
from keras_regkit.studies.population import _jax_fit, _jax_pool
from keras_regkit.studies.population._jax_probe import probe
from keras_regkit.studies.population._jax_program import Program, built
from keras_regkit.studies.population.job import PROGRAMS
from keras_regkit.studies.population.slots import slots


class Workshop:
    """Keeps data and compiled programs from one job to the next.

    Args:
        program: Class of the programs.
    """

    def __init__(self, program=Program):
        self._program = program
        self._data = {}
        self._programs = {}

    def add(self, data):
        """Takes in the arrays of a study. Those of the one before are let go."""
        self._data = {data.key: data}
        self._programs.clear()

    def forget(self):
        """Lets all programs go: they take too much memory."""
        self._programs.clear()

    def train(self, job, report):
        """Yields a `Finished` for each member of `job`."""
        trained = self._trained(job, report)
        for finished in trained.train(job, self._data[job.data_key], lambda *done: report("training", *done)):
            # The versions are those of this process: the one that studies may have others, and another backend.
            yield dataclasses.replace(finished, record={**finished.record, "provenance": provenance.versions()})

    def prepare(self, job):
        """Compiles what a job will need, before its members are known."""
        self._trained(job, lambda *news: None)

    def _trained(self, job, report):
        key = (job.program, job.spared, job.data_key, job.batch_size, str(job.loss), job.metric, job.together)
        there = self._programs.pop(key, None)
        # Compiling takes longer than most populations train: a program of another width will do, within limits.
        if there is None or not job.width / 4 <= there.width <= 2 * job.width or there.bytes > job.memory:
            report("compiling", None, None)
            there = _Trained(job, self._data[job.data_key], self._program)
        self._programs[key] = there
        while len(self._programs) > PROGRAMS:
            del self._programs[next(iter(self._programs))]
        return there


class _Trained:
    """A model made anew from its description, and what trains it."""

    def __init__(self, job, data, program):
        if job.floatx != keras.config.floatx():
            keras.config.set_floatx(job.floatx)
        if job.floatx == "float64":
            jax.config.update("jax_enable_x64", True)
        for name in job.imports:
            importlib.import_module(name)
        model = keras.models.model_from_json(job.model)
        model.dtype_policy = keras.dtype_policies.deserialize(job.policy)
        model.compile(**keras.saving.deserialize_keras_object(job.compiled))
        spared = [model.trainable_variables[i] for i in job.spared]
        if spared:
            without_loss_scale(model.optimizer).exclude_from_weight_decay(var_list=spared)
        loss_strengths = [s.number for loss in keras.tree.flatten(model.loss) for s in strengths_of_loss(loss)]
        sent = [*model.trainable_variables, *model.non_trainable_variables, *loss_strengths]
        hold_strengths_of_loss(model)
        self.width = job.width
        self._model = built(model, *data.train[:2])
        places = {id(variable): place for place, variable in enumerate(sent)}
        self._trainable = [(places[id(v)], v.dtype) for v in self._model.trainable_variables]
        self._others = [(places[id(v)], v.dtype) for v in self._model.non_trainable_variables]
        self._optimizer = [np.asarray(v.value) for v in self._model.optimizer.variables]
        self._slots = slots(self._model)
        rate = getattr(without_loss_scale(self._model.optimizer), "_learning_rate", None)
        self._rates = [
            (number, next(i for i, v in enumerate(self._model.optimizer.variables) if v is rate))
            for number, slot in enumerate(self._slots)
            if slot.attribute == "learning_rate"
        ]
        self._program = self._compiled(job, data, program) if job.together else None
        self.bytes = 0 if self._program is None else self._program.bytes

    def train(self, job, data, report):
        """Yields a `Finished` for each member of `job`."""
        if self._program is not None:
            return _jax_pool.train(self._program, job, self.state, self.weights, report)
        return _jax_fit.train(job, data, self._model, self._slots, self.state, self.weights, report)

    def _compiled(self, job, data, program):
        loss = keras.losses.deserialize(job.loss) if job.loss is not None else None
        arrays = jax.tree.map(_as_input, (data.train, data.validation, data.sample))
        scores = job.metric not in GAP_ENTRIES
        program = program(self._model, self._slots, loss, arrays, job.batch_size, job.width, scores)
        states = [self.state(member) for member in (job.members * 2)[:2]]
        numbers = [np.asarray(number, _float()) for number in job.members[0].numbers]
        # XLA compiles without holding the interpreter: the two take hardly longer than one.
        with concurrent.futures.ThreadPoolExecutor(1) as beside:
            compiled = beside.submit(program.trace(states[0], numbers))
            probe(program, states, numbers)
        compiled.result()
        if program.bytes > job.memory and job.width > jax.device_count():
            needed, allowed = program.bytes / 2**30, job.memory / 2**30
            raise MemoryError(f"{job.width} trainings at once take {needed:.1f} GiB, where {allowed:.3g} are allowed")
        return program

    def state(self, member):
        """Returns the initial state of a member."""
        trainable, others = (
            [np.asarray(member.weights[place]).astype(dtype) for place, dtype in part]
            for part in (self._trainable, self._others)
        )
        optimizer = list(self._optimizer if member.optimizer is None else member.optimizer)
        optimizer = [np.asarray(new).astype(old.dtype) for new, old in zip(optimizer, self._optimizer, strict=True)]
        for number, place in self._rates:
            optimizer[place] = np.asarray(member.numbers[number], optimizer[place].dtype)
        return trainable, others, optimizer

    def weights(self, trainable, others):
        """Returns a member's final weights in the order in which the initial ones came."""
        values = dict(zip((place for place, _ in self._trainable + self._others), [*trainable, *others], strict=True))
        return tuple(values[place] for place in sorted(values))


def _float():
    return jax.dtypes.canonicalize_dtype("float64")


def _as_input(array):
    return array.astype(keras.config.floatx()) if np.issubdtype(array.dtype, np.floating) else array


def serve(connection):
    """Answers messages until the other side is gone."""
    workshop = Workshop()
    while True:
        try:
            kind, content = connection.recv()
        except EOFError:
            return
        if kind == "data":
            workshop.add(content)
            continue
        if kind == "prepare":
            # What is wrong with it will be said when it comes with its members.
            with contextlib.suppress(Exception):
                workshop.prepare(content)
            continue
        try:
            for finished in workshop.train(content, lambda *news: connection.send(("report", news))):
                connection.send(("finished", finished))
        except Exception as error:
            memory = isinstance(error, MemoryError) or "RESOURCE_EXHAUSTED" in str(error)
            if memory:
                workshop.forget()
            connection.send(("memory" if memory else "refused", f"{type(error).__name__}: {error}"))
            traceback.print_exc()
        else:
            connection.send(("done", None))


def main(address, devices):
    """Connects to the process that started this one."""
    jax.config.update("jax_num_cpu_devices", int(devices))
    jax.config.update("jax_platforms", "cpu")
    with Client(address, authkey=bytes.fromhex(os.environ.pop("KERAS_REGKIT_WORKER_KEY"))) as connection:
        serve(connection)
