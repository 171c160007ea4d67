"""What all training methods share: a model around the user's model, which trains it in another way.

A method is a class of its own on top of `Wrapper`. It adds to the loss of a training step by `training_loss`, with
`run_again` for further passes, `data_loss` for the loss of what they return, and `gradient` for input gradients:

    def training_loss(self, loss, x, y, y_pred, sample_weight):
        again = self.run_again(x)
        return self.penalize(loss, self.alpha * distance(y_pred, again))
"""

import importlib

import keras
from keras import ops


def of_backend(name):
    """Returns the function `name` of the file that is written for the active backend."""
    backend = keras.backend.backend()
    if backend not in ("tensorflow", "jax", "torch"):
        raise NotImplementedError(
            f"Training methods need the TensorFlow, JAX or torch backend. Active backend: {backend}"
        )
    return getattr(importlib.import_module(f"{__package__}._{backend}"), name)


def gradient(function, x):
    """Returns the gradient of a scalar with respect to `x`. It can itself be differentiated.

    Args:
        function: Function of `x` that returns a float scalar tensor.
        x: Float tensor, or a nested structure of them.

    Returns:
        Tensors in the structure of `x`; zeros where the scalar does not depend on it.

    Raises:
        ValueError: `x` holds integers, which have no gradient.
    """
    x = keras.tree.map_structure(ops.convert_to_tensor, x)
    for leaf in keras.tree.flatten(x):
        dtype = keras.backend.standardize_dtype(leaf.dtype)
        if not keras.backend.is_float_dtype(dtype):
            raise ValueError(
                f"The inputs must be floats: a gradient is taken with respect to them. Received: inputs of dtype "
                f"{dtype}. Cast them, or wrap the part of the model that comes after its embeddings"
            )
    return of_backend("gradient")(function, x)


class Wrapper(keras.Model):
    """A model that passes its inputs on to `model`, and trains it by a method of its own.

    The model within is held, not copied: it is trained in place, and can be used alone at any time. A compiled model is
    taken over with its optimizer, loss and metrics; compiling the wrapper compiles the model within alike, with the
    same optimizer object.

    Wrappers can be nested: `SAM(RDrop(model))`. Those that take their steps in a way of their own come outermost.

    Args:
        model: A built model.
        name: Name of the wrapper.
        dtype: Dtype policy. Defaults to that of `model`.

    Raises:
        TypeError: `model` is not a Keras model.
        ValueError: `model` is not built, or has a training step or loss of its own, which would not be run.
    """

    # What a method that adds a term to the loss shows it with.
    metric_of_term = None

    def __init__(self, model, **kwargs):
        check_model(type(self), model)
        dtype = kwargs.pop("dtype", None)
        # The model within casts its inputs itself, as far as it wants them cast.
        super().__init__(dtype=model.dtype_policy if dtype is None else dtype, autocast=False, **kwargs)
        self.model = model
        self.supports_masking = True
        self.built = True
        self._outermost = lambda: self
        self._penalties_off = False
        if model.compiled:
            _take_over_compilation(self, model)

    def training_loss(self, loss, x, y, y_pred, sample_weight):
        """Returns the loss of a training step. Override it.

        Args:
            loss: The compiled loss, with the penalties of the model.
            x, y, y_pred, sample_weight: As for `compute_loss`.
        """
        return loss

    def run_again(self, x, training=True, override=(), keep_seeds=True):
        """Runs the model within once more. Of the state that this changes, only random seeds are kept.

        Moving averages, metrics and counters stay as the first pass left them, and `add_loss` in the model is not
        counted again. Gradients flow to the weights.

        Args:
            x: Inputs.
            training: Whether dropout and batch statistics are on. Defaults to True.
            override: Pairs (variable, tensor): variables that shall have another value in this pass.
            keep_seeds: Whether the random generators move on. If not, the next pass draws the same numbers as this one.
                To be False in a function that a gradient is taken of. Defaults to True.

        Returns:
            The outputs, in the structure in which the model returns them.
        """
        values = {id(variable): (variable, variable.value) for variable in self._outermost()._all_variables()}
        values.update({id(variable): (variable, value) for variable, value in override})
        with keras.StatelessScope(values.values()) as scope:
            outputs = self.model(x, training=training)
        if keep_seeds:
            for seed in seed_states(self.model):
                seed.assign(scope.get_current_value(seed))
        return outputs

    def data_loss(self, y, y_pred, sample_weight=None):
        """Returns the compiled loss without any penalty: a float32 scalar. Metrics do not notice.

        Args:
            y, y_pred, sample_weight: As for `compute_loss`; with several outputs, structures like the model's.

        Raises:
            ValueError: the model was compiled without a loss.
        """
        outermost = self._outermost()
        if outermost.loss is None:  # all there is comes from `add_loss`, in the first pass alone
            raise ValueError(
                f"{type(self).__name__} needs the loss given to `compile`, and {self.model.name!r} was compiled "
                "without one. Compile it with a loss; what `add_loss` adds in the model stays part of the total"
            )
        with keras.StatelessScope([(v, v.value) for v in outermost._all_variables()]):
            outermost._penalties_off = True
            try:
                loss = keras.Model.compute_loss(outermost, y=y, y_pred=y_pred, sample_weight=sample_weight)
            finally:
                outermost._penalties_off = False
        return ops.cast(loss, "float32")

    def penalize(self, loss, penalty):
        """Returns `loss + penalty`, for a penalty that is a mean over the batch of this replica."""
        return loss + of_backend("share_of_replica")(ops.cast(penalty, loss.dtype))

    def call(self, inputs, training=None):
        return self.model(inputs, training=training)

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        loss = super().compute_loss(x=x, y=y, y_pred=y_pred, sample_weight=sample_weight, training=training)
        if not training:
            return loss
        for method in reversed(list(_nested(self))):
            # Only the outermost one has its loss and metrics built, and is known to compiled steps.
            method._outermost = lambda: self
            try:
                loss = method.training_loss(loss, x, y, y_pred, sample_weight)
            finally:
                method._outermost = lambda method=method: method
        return loss

    @property
    def losses(self):
        return [] if self._penalties_off else super().losses

    @property
    def metrics(self):
        # Keras leaves out the metrics of models within. Those of wrappers are updated by the steps of this one.
        within = [method.metric_of_term for method in _nested(self) if method is not self]
        return [*super().metrics, *(metric for metric in within if metric is not None)]

    def compile(self, optimizer="rmsprop", loss=None, *args, **kwargs):
        super().compile(optimizer, loss, *args, **kwargs)
        # The same optimizer, so that training goes on where it was with or without the wrapper.
        self.model.compile(self.optimizer, loss, *args, **kwargs)

    def compile_from_config(self, config):
        self.compile(**keras.saving.deserialize_keras_object(config))
        if self.optimizer is not None:
            self.optimizer.build(self.trainable_variables)

    def build(self, input_shape=None):
        self.built = True

    def compute_mask(self, inputs, previous_mask=None):
        return None  # the model within has put masks on its outputs, if they have any

    def compute_output_shape(self, input_shape):
        return self.model.compute_output_shape(input_shape)

    @property
    def output_names(self):
        return getattr(self.model, "output_names", None)

    def get_config(self):
        model = keras.saving.serialize_keras_object(self.model)
        model.pop("compile_config", None)  # it is the wrapper's
        return {**super().get_config(), "model": model}

    @classmethod
    def from_config(cls, config, custom_objects=None):
        model = keras.saving.deserialize_keras_object(config["model"], custom_objects=custom_objects)
        return cls(**{**config, "model": model})

    def _all_variables(self):
        return [*self.variables, *self.metrics_variables]


def check_model(method, model):
    """Raises if `model` cannot be trained by a wrapper, the class `method`."""
    if not isinstance(model, keras.Model):
        raise TypeError(f"`model` must be a keras.Model. Received: {model!r} of type {type(model).__name__}")
    if not model.built:
        raise ValueError(
            f"`model` must be built. Received: {model.name!r}, which is not. Start it with keras.Input(shape), or call "
            "it on a batch"
        )
    expected = Wrapper if isinstance(model, Wrapper) else keras.Model
    for name in ("train_step", "test_step", "compute_loss", "compute_metrics"):
        if getattr(type(model), name) is not getattr(expected, name):
            hint = "Move it into a loss, a metric or add_loss"
            if isinstance(model, Wrapper):
                inner, outer = type(model).__name__, method.__name__
                hint = f"Wrap the other way round: {inner}({outer}(model))"
                if getattr(method, name) is not getattr(Wrapper, name):
                    both = "Two of a kind" if inner == outer else f"{outer} and {inner}"
                    hint = f"{both} cannot be nested. Keep one: {outer}(model)"
            raise ValueError(
                f"`model` must not have a `{name}` of its own, which {method.__name__} would not run. Received: "
                f"{model.name!r} of type {type(model).__name__}. {hint}"
            )


def seed_states(model):
    """Returns the variables that hold the states of the model's random generators."""
    weights = {id(weight) for weight in model.weights}
    return [variable for variable in model.variables if id(variable) not in weights]


def _nested(wrapper):
    """Yields the wrapper and the wrappers within it, from the outside."""
    while isinstance(wrapper, Wrapper):
        yield wrapper
        wrapper = wrapper.model


def _take_over_compilation(wrapper, model):
    """Compiles `wrapper` with the very objects that `model` was compiled with; `model` stays as it is."""
    # The objects themselves: a config would not bring back functions that Keras cannot find by their names.
    arguments = {**model._compile_config.config, "optimizer": model.optimizer}
    # What scales the loss is part of the optimizer already, or was not wanted.
    keras.Model.compile(wrapper, **arguments, auto_scale_loss=False)
