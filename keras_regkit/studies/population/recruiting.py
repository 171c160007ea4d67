"""From a plan to jobs: models are built and described, those that differ in numbers alone share a job."""

import dataclasses
import json
import math
import pickle
import sys

import keras

from keras_regkit._core.data import as_arrays, is_arrays, take_rows
from keras_regkit._core.optimizers import spared_from_decay, without_loss_scale
from keras_regkit._core.tracking import all_layers
from keras_regkit.studies.population.initial_states import InitialStates
from keras_regkit.studies.population.job import PROGRAMS, Data, Job, Member
from keras_regkit.studies.population.slots import program_of
from keras_regkit.studies.population.watching import WATCHERS

# As GapMonitor draws its sample, so that both engines measure `data_loss` on the same rows.
SAMPLED_ROWS, SAMPLE_SEED = 1024, 0


class Unfit(ValueError):
    """A study, or a variant, that cannot be trained as part of a population. The message says why."""


def check_study(setup):
    """Raises `Unfit` if nothing of the study can be trained as a population."""
    for name in ("train", "validation"):
        data = getattr(setup, name)
        if not is_arrays(data):
            raise Unfit(f"`{name}` is a {type(data).__name__}: a population takes arrays, which all members share")
        for array in keras.tree.flatten(as_arrays(data, name)):
            if array is not None and array.dtype.kind not in "fiub":
                raise Unfit(f"`{name}` holds {array.dtype}: JAX knows numbers only")
    if setup.callbacks is not None:
        raise Unfit("`callbacks` of one's own see one model in one process")


def check_model(model):
    """Raises `Unfit` if this model's training is more than Keras' own step, or cannot be written down."""
    if type(model).train_step is not keras.Model.train_step or type(model).fit is not keras.Model.fit:
        raise Unfit(f"{type(model).__name__} has a training step of its own")
    optimizer = without_loss_scale(model.optimizer)
    if getattr(optimizer, "use_ema", False):
        raise Unfit("the optimizer averages weights (`use_ema`), which `fit` puts in place at its end")
    for layer in all_layers(model):
        if isinstance(layer, keras.layers.Lambda):
            raise Unfit(f"layer {layer.name!r} is a Lambda, whose function cannot be sent to another process")
        if type(layer).__module__ == "__main__":
            raise Unfit(
                f"layer {layer.name!r} is a {type(layer).__name__} of `__main__`, which no other process can import: "
                "move the class to a module"
            )


def data_of(setup, key):
    """Returns the `Data` of a study."""
    train, validation = (as_arrays(getattr(setup, name), name) for name in ("train", "validation"))
    return Data(key, train, validation, take_rows(setup.train, SAMPLED_ROWS, SAMPLE_SEED, "train"))


def recruit(setup, plan, data_key, width, prepare=None, memory=math.inf):
    """Builds the models of a plan.

    Args:
        setup: The study's `Setup`.
        plan: Pairs `(variant, seed)`.
        data_key: Key of the study's `Data`.
        width: Function of the bytes of a member's state and the number of members that returns the job's width.
        prepare: Called with the jobs of the first programs, each as soon as its first member is built, or None.
        memory: Bytes that the members that train at once may take.

    Returns:
        `(jobs, models, unfit)`: a list of `Job`, a model of each by its `program`, and a dict from pairs of the plan to
        the reason why they are in none.
    """
    states = InitialStates(setup.builder)
    jobs, models, unfit, refused, keys = {}, {}, {}, {}, {}
    for variant, seed in plan:
        if variant in refused:
            unfit[variant, seed] = refused[variant]
            continue
        try:
            callbacks = _pickled(variant.callbacks(setup.metric, setup.direction))
            start = states.start(variant, seed)
            if start.model is not None:
                check_model(start.model)
                keys[variant] = program_of(start.model), _spared(start.model)
                models.setdefault(keys[variant][0], (start.model, _describe(start.model)))
        except Unfit as error:
            unfit[variant, seed] = refused[variant] = str(error)
            continue
        member = Member(variant.name, seed, start.numbers, start.weights, start.optimizer, callbacks)
        key = keys[variant]
        if key not in jobs:
            jobs[key] = _job(setup, key, models[key[0]][1], data_key, memory), []
            # No more than a worker keeps: one beyond would push out the first, which is the next to be trained.
            if prepare is not None and len(jobs) <= PROGRAMS:
                prepare(_with(jobs[key][0], [member], width, len(plan)))
        jobs[key][1].append(member)
    jobs = [_with(job, members, width, len(members)) for job, members in jobs.values()]
    return jobs, {program: model for program, (model, _) in models.items()}, unfit


def _spared(model):
    """Positions of the weights that are left out of weight decay, as all that are no matrices where nothing decays."""
    variables = model.trainable_variables
    if not without_loss_scale(model.optimizer).weight_decay:
        return tuple(i for i, variable in enumerate(variables) if len(variable.shape) < 2)
    spares = spared_from_decay(model)
    return tuple(i for i, variable in enumerate(variables) if spares(variable))


def _pickled(callbacks):
    for callback in callbacks:
        if type(callback) not in WATCHERS:
            raise Unfit(f"{type(callback).__name__} acts on the model that `fit` trains")
    return pickle.dumps(callbacks)


@dataclasses.dataclass(frozen=True)
class _Description:
    """A model, as a worker makes it anew."""

    model: str
    compiled: dict
    policy: dict
    imports: tuple


def _on_any_backend(config):
    """On torch, Keras puts optimizers of torch's in place of its own, and writes that down."""
    if isinstance(config, dict):
        config = {key: _on_any_backend(value) for key, value in config.items()}
        if "backend.torch.optimizers" in str(config.get("module")):
            config |= {"module": "keras.optimizers", "registered_name": None}
    return config


def _culprit(model):
    """The innermost layer that cannot be written down by itself, or else the model."""
    for layer in reversed(list(all_layers(model))):
        try:
            if layer is not model:
                json.dumps(keras.saving.serialize_keras_object(layer))
        except (NotImplementedError, TypeError, ValueError):
            return f"layer {layer.name!r} ({type(layer).__name__})"
    return f"model {model.name!r}"


def _describe(model):
    try:
        text, compiled = model.to_json(), _on_any_backend(model.get_compile_config())
    except (NotImplementedError, TypeError, ValueError) as error:
        raise Unfit(f"{_culprit(model)} cannot be written down: {error}") from error
    parts = [*all_layers(model), without_loss_scale(model.optimizer), *keras.tree.flatten(model.loss)]
    modules = {type(part).__module__ for part in parts}
    modules = {name for name in modules if not name.startswith(("keras.", "builtins")) and name in sys.modules}
    policy = keras.dtype_policies.serialize(model.dtype_policy)
    return _Description(text, compiled, policy, tuple(sorted(modules)))


def _job(setup, key, description, data_key, memory):
    return Job(
        program=key[0],
        model=description.model,
        compiled=description.compiled,
        policy=description.policy,
        spared=key[1],
        loss=keras.losses.serialize(setup.loss) if setup.loss is not None else None,
        imports=("keras_regkit", *description.imports),
        data_key=data_key,
        members=(),
        epochs=setup.epochs,
        batch_size=setup.batch_size,
        metric=setup.metric,
        keep_weights=setup.weights_path is not None,
        floatx=keras.config.floatx(),
        width=0,
        memory=memory,
    )


def _with(job, members, width, expected):
    size = sum(array.nbytes for array in members[0].weights)
    return dataclasses.replace(job, members=tuple(members), width=width(size, expected))
