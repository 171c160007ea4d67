"""Members one after the other with `model.fit`: what a population cannot express, on one model that is traced once."""

import dataclasses
import pickle

import keras
import numpy as np

from keras_regkit.callbacks import GapMonitor
from keras_regkit.studies.engine import Setup, fit
from keras_regkit.studies.population.job import Finished
from keras_regkit.surgery.recompile import forget_compiled


def train(job, data, model, slots, state, weights, report):
    """Yields a `Finished` for each member of a job, as `_jax_pool.train` does.

    Args:
        job: The `Job`.
        data: Its `Data`.
        model: The compiled model.
        slots: The model's slots.
        state: Function of a member that returns its initial state.
        weights: Function of a member's final weights that returns them as they are to come back.
        report: Called with the number of member-epochs that were trained, and of those that are planned.
    """
    loss = keras.losses.deserialize(job.loss) if job.loss is not None else None
    setup = Setup(
        None, _given(data.train), _given(data.validation), job.epochs, job.batch_size, job.metric, "min", loss=loss
    )
    gap = GapMonitor(setup.train, setup.validation, loss=loss)
    numbers = None
    for i, member in enumerate(job.members):
        if member.numbers != numbers:
            numbers = member.numbers
            for slot, value in zip(slots, numbers, strict=True):
                if not slot.variable:
                    slot.put(value)
            forget_compiled(model)
        _assign(model, state(member))
        trial = fit(setup, model, gap, member.variant, member.seed, pickle.loads(member.callbacks))
        report((i + 1) * job.epochs, job.epochs * len(job.members))
        final = None
        if job.keep_weights:
            parts = (model.trainable_variables, model.non_trainable_variables)
            final = weights(*([np.array(v.value) for v in part] for part in parts))
        yield Finished(i, dataclasses.asdict(trial), final)


def _given(arrays):
    """`fit` takes no sample weight for an absent one."""
    return arrays if arrays[2] is not None else arrays[:2]


def _assign(model, state):
    parts = (model.trainable_variables, model.non_trainable_variables, model.optimizer.variables)
    for part, values in zip(parts, state, strict=True):
        for variable, value in zip(part, values, strict=True):
            variable.assign(value)
    model.reset_metrics()
    model.stop_training = False
