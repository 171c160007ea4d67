"""Several sets of weights of one architecture, as one model."""

from typing import Any

import keras
import numpy as np
from keras import ops

from keras_regkit._core.backend import compile_inference, to_tensors
from keras_regkit._core.checks import Interval, OneOf, check_arguments
from keras_regkit._core.inputs import input_batches
from keras_regkit._core.output_kind import last_activation, wired_models
from keras_regkit._core.progress import Progress
from keras_regkit.callbacks._member_means import activation_of, added, finished, started, takes_probabilities

_RANGES = {"batch_size": Interval(1, closed="left", integer=True), "verbose": OneOf(0, 1)}


@keras.saving.register_keras_serializable("keras_regkit")
class EnsembleModel(keras.Model):
    """Predicts with several sets of weights of one model, and returns the mean of what they predict.

    Use it for what `SnapshotEnsemble` collected, or for weights of equal models trained apart. It is a Keras model with
    `predict`, `evaluate` (once compiled) and `save`; it is not for training.

        p̄ = 1/M Σ_m p(x; w_m)

    For classes p are probabilities, and the output is of the kind that the members make: p̄ itself for members that end
    in softmax or sigmoid, and for members that make logits the logits of p̄, log p̄ after softmax and log p̄/(1 − p̄) after
    sigmoid, so that a loss with `from_logits=True` and the metrics stay right. Other outputs, of regression, are
    averaged as they are. `activation` tells which.

    Members run one after another in inference, so that memory is that of M sets of weights and one pass.

    How far the members agree is in `predict_members`; with `keras_regkit.uncertainty`

        Predictions.of(ensemble.predict_members(x))

    has mean, variance, entropy and mutual information; for members that make logits add `.as_probabilities()`.

    Args:
        model: A built model. It is held, not copied, and its own weights take no part.
        members: Number of members, at least 1. They start at zero: `set_member` gives them their weights.
        activation: What makes probabilities of the members' outputs: `"softmax"` (for one column sigmoid), `"sigmoid"`,
            or None where the outputs are to be averaged as they are. Defaults to `"auto"`: None, but for a model
            without softmax or sigmoid at its end whose compiled loss has `from_logits=True`. There it is sigmoid for
            binary losses, otherwise softmax. It cannot tell for a model that is not compiled. For several outputs a
            list, in the order of `keras.tree.flatten`.
        dtype: Dtype of the mean. Defaults to that of the model's weights.

    Attributes:
        activation: What was given or found.
        from_logits: True if the outputs are logits, False if they are probabilities, None if neither is known, or for
            several outputs or decisions. `calibration` and `TemperatureScaling` read it.

    Call arguments:
        inputs: What the model takes.

    Returns:
        Tensors in the structure of the model's outputs.

    Raises:
        ValueError, TypeError: an argument is out of range, or the model is not built.

    Reference:
        Huang et al. 2017, "Snapshot Ensembles: Train 1, get M for free", section 3.

    Example:

    >>> model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1, use_bias=False)])
    >>> ensemble = EnsembleModel(model, members=2)
    >>> ensemble.set_member(0, [np.array([[1.0]])])
    >>> ensemble.set_member(1, [np.array([[2.0]])])
    >>> ensemble.predict(np.array([[10.0]]), verbose=0)
    array([[15.]], dtype=float32)
    >>> ensemble.predict_members(np.array([[10.0]])).ravel()
    array([10., 20.], dtype=float32)

    Of logits, the probabilities 0.9 and 0.5 are averaged:

    >>> ensemble = EnsembleModel(model, members=2, activation="sigmoid")
    >>> ensemble.set_member(0, [np.log([[9.0]])])
    >>> mean = keras.ops.sigmoid(ensemble.predict(np.array([[1.0]]), verbose=0))
    >>> round(float(mean[0, 0]), 3)
    0.7
    """

    RANGES = {"members": Interval(1, closed="left", integer=True)}  # noqa: RUF012

    def __init__(
        self,
        model: keras.Model,
        members: int,
        activation: str | None = "auto",
        dtype: str | keras.DTypePolicy | None = None,
        **kwargs: Any,
    ):
        check_arguments(self.RANGES, members=members)
        for one in activation if isinstance(activation, (list, tuple)) else [activation]:
            check_arguments({"activation": OneOf("auto", "softmax", "sigmoid", None)}, activation=one)
        if not isinstance(model, keras.Model):
            raise TypeError(f"`model` must be a keras.Model. Received: {model!r} of type {type(model).__name__}")
        if not model.built:
            raise ValueError(f"`model` must be built. Received: {model.name!r}, which is not. Call it on a batch first")
        # Under a mixed policy the weights within would be rounded once more, on being read here.
        super().__init__(dtype=model.variable_dtype if dtype is None else dtype, autocast=False, **kwargs)
        self.model = model
        self.members = members
        self.activation = activation_of(model) if activation == "auto" else activation
        self._stacks = [
            self.add_weight(
                shape=(members, *weight.shape),
                initializer="zeros",
                dtype=weight.dtype,
                trainable=False,
                autocast=False,
                name=f"members_{index}",
            )
            for index, weight in enumerate(model.weights)
        ]
        self.built = True

    def set_member(self, index, weights):
        """Gives member `index` its weights.

        Args:
            index: 0 to `members` − 1.
            weights: List of arrays, as from `model.get_weights()`.

        Raises:
            ValueError: they do not fit the model, or there is no such member.
        """
        if not 0 <= index < self.members:
            raise ValueError(f"`index` must be one of {self.members} members, from 0 on. Received: {index}")
        wanted, given = ([tuple(w.shape) for w in group] for group in (self.model.weights, weights))
        if wanted != given:
            raise ValueError(f"`weights` must fit the model, with shapes {wanted}. Received: {given}")
        for stack, weight in zip(self._stacks, weights, strict=True):
            stack.assign(ops.slice_update(stack.value, (index, *[0] * weight.ndim), _cast(weight[None], stack.dtype)))

    def predict_members(self, x, batch_size=256, verbose=0):
        """Returns each member's outputs.

        Args:
            x: An array of inputs (or a list, tuple or dict of arrays), or a dataset.
            batch_size: Rows per batch, for arrays. Defaults to 256.
            verbose: 1 shows a progress bar once it has taken 2 seconds, 0 none. Defaults to 0.

        Returns:
            Array `(members, rows, ...)`; for several outputs, a structure of them.
        """
        check_arguments(_RANGES, batch_size=batch_size, verbose=verbose)
        one = compile_inference(self, lambda batch, index: self._run(batch, index[0]))
        progress, found, done = Progress(verbose, "pass"), [], 0
        for batch in input_batches((x, None) if isinstance(x, tuple) else x, batch_size, "x")():
            tensors, outputs = to_tensors(batch), []
            for index in range(self.members):
                output = one(tensors, ops.convert_to_tensor(np.array([index], "int32")))
                outputs.append(keras.tree.map_structure(ops.convert_to_numpy, output))
                done += 1
                progress.update(done)
            found.append(keras.tree.map_structure(lambda *arrays: np.stack(arrays), *outputs))
        progress.update(done, last=True)
        return keras.tree.map_structure(lambda *arrays: np.concatenate(arrays, axis=1), *found)

    @property
    def from_logits(self):
        if isinstance(self.activation, (list, tuple)):
            return None
        columns = _columns(self.model)
        if columns != 1 and "sigmoid" in (self.activation, last_activation(self.model)):
            return None  # several decisions, or so it may be
        if self.activation is not None:
            return True
        return False if takes_probabilities(self.model) else None

    def call(self, inputs):
        first = self._run(inputs, 0)
        leaves = keras.tree.flatten(first)
        kinds = self.activation if isinstance(self.activation, (list, tuple)) else [self.activation] * len(leaves)
        if len(kinds) != len(leaves):
            raise ValueError(f"`activation` must name one for each of {len(leaves)} outputs. Received: {kinds}")

        def add(index, states):
            outputs = keras.tree.flatten(self._run(inputs, index))
            share = 1 / ops.cast(index + 1, self.compute_dtype)
            return [added(k, state, y, share) for k, state, y in zip(kinds, states, outputs, strict=True)]

        states = [started(kind, y) for kind, y in zip(kinds, leaves, strict=True)]
        states = ops.fori_loop(1, self.members, add, states)
        outputs = [finished(kind, state, self.members) for kind, state in zip(kinds, states, strict=True)]
        return keras.tree.pack_sequence_as(first, outputs)

    def get_config(self):
        return {
            **super().get_config(),
            "model": keras.saving.serialize_keras_object(self.model),
            "members": self.members,
            "activation": self.activation,
        }

    @classmethod
    def from_config(cls, config, custom_objects=None):
        model = keras.saving.deserialize_keras_object(config["model"], custom_objects=custom_objects)
        return cls(**{**config, "model": model})

    def _run(self, inputs, index):
        """The outputs of one member."""
        values = {id(v): (v, v.value) for v in self.model.variables}
        for weight, stack in zip(self.model.weights, self._stacks, strict=True):
            values[id(weight)] = (weight, ops.take(stack.value, index, axis=0))
        with keras.StatelessScope(values.values()):
            outputs = self.model(inputs, training=False)
        return keras.tree.map_structure(lambda y: ops.cast(y, self.compute_dtype), outputs)


def _columns(model):
    """Number of columns of the only output; None if it cannot be seen."""
    if not isinstance(model, wired_models()):
        held = getattr(model, "model", None)  # of a wrapper
        return _columns(held) if isinstance(held, keras.Model) else None
    return model.outputs[0].shape[-1] if len(model.outputs) == 1 else None


def _cast(array, dtype):
    return ops.cast(ops.convert_to_tensor(np.ascontiguousarray(array)), dtype)
