"""A model whose every prediction is an average over dropout masks."""

from typing import Any

import keras
from keras import ops

from keras_regkit._core.checks import Interval, check_arguments
from keras_regkit.uncertainty._sampling import SEED_LIMIT, check_model, sample, seed_states


@keras.saving.register_keras_serializable("keras_regkit")
class MonteCarlo(keras.Model):
    """Monte-Carlo dropout as a model: call it, and get the mean and the standard deviation over dropout masks.

    Use it where predictions with their uncertainty are served: it is a Keras model, with `predict` and `save`.
    Dropout layers drop as in training; batch normalization, noise and augmentation stay in inference; nothing in the
    model within changes. It is for predictions: train the model within, `monte_carlo.model`.

        mean = 1/S Σ_s f(x; m_s)        std² = 1/S Σ_s (f(x; m_s) − mean)²

    The passes run one after another, so that memory is that of a single one. A `NoEffectWarning` says when the model
    has no dropout.

    Args:
        model: A built model with dropout. It is held, not copied.
        samples: Number of passes S, at least 2. Defaults to 30.
        seed: Integer, at least 0, that makes a new wrapper start with the same masks. Defaults to None.
        dtype: Dtype of the statistics. Defaults to that of the model's weights.

    Call arguments:
        inputs: What the model within takes.

    Returns:
        A dict of `"mean"` and `"std"`, tensors shaped like the model's output; for several outputs, structures like
        theirs.

    Raises:
        ValueError, TypeError: an argument is out of range, or the model is not built.

    Reference:
        Gal and Ghahramani 2016, "Dropout as a Bayesian Approximation", equations 6 and 7 (without the noise τ⁻¹).

    Example:

    >>> import numpy as np
    >>> model = keras.Sequential([keras.Input((4,)), keras.layers.Dropout(0.5), keras.layers.Dense(1)])
    >>> predictions = MonteCarlo(model, samples=10, seed=0).predict(np.ones((3, 4)), verbose=0)
    >>> {name: array.shape for name, array in predictions.items()}
    {'mean': (3, 1), 'std': (3, 1)}
    """

    RANGES = {  # noqa: RUF012
        "samples": Interval(2, closed="left", integer=True),
        "seed": Interval(0, closed="left", integer=True, optional=True),
    }

    def __init__(
        self,
        model: keras.Model,
        samples: int = 30,
        seed: int | None = None,
        dtype: str | keras.DTypePolicy | None = None,
        **kwargs: Any,
    ):
        check_arguments(self.RANGES, samples=samples, seed=seed)
        if not isinstance(model, keras.Model):
            raise TypeError(f"`model` must be a keras.Model. Received: {model!r} of type {type(model).__name__}")
        check_model(model, stacklevel=2)
        # Under a mixed policy the weights within would be rounded once more, on being read here.
        super().__init__(dtype=model.variable_dtype if dtype is None else dtype, **kwargs)
        self.model = model
        self.samples = samples
        self.seed = seed
        self.seed_generator = keras.random.SeedGenerator(seed)
        self.built = True

    def call(self, inputs):
        generators = max(1, len(seed_states(self.model)))
        seeds = keras.random.randint(
            (self.samples, generators, 2), 0, SEED_LIMIT, dtype="int32", seed=self.seed_generator
        )
        values = [(variable, variable.value) for variable in self.model.variables]

        def one_sample(index):
            with keras.StatelessScope(values):
                outputs = sample(self.model, inputs, seeds[index])
            return keras.tree.map_structure(lambda y: ops.cast(y, self.compute_dtype), outputs)

        def add(index, moments):
            # Welford: one pass, and no difference of large squares.
            count = ops.cast(index + 1, self.compute_dtype)

            def updated(y, mean, squares):
                following = mean + (y - mean) / count
                return following, squares + (y - mean) * (y - following)

            leaves = [keras.tree.flatten(structure) for structure in (one_sample(index), *moments)]
            return tuple(map(list, zip(*(updated(*leaf) for leaf in zip(*leaves, strict=True)), strict=True)))

        first = one_sample(0)
        start = keras.tree.flatten(first)
        means, squares = ops.fori_loop(1, self.samples, add, (start, [ops.zeros_like(y) for y in start]))
        deviations = [ops.sqrt(y / self.samples) for y in squares]
        return {
            "mean": keras.tree.pack_sequence_as(first, means),
            "std": keras.tree.pack_sequence_as(first, deviations),
        }

    def get_config(self):
        return {
            **super().get_config(),
            "model": keras.saving.serialize_keras_object(self.model),
            "samples": self.samples,
            "seed": self.seed,
        }

    @classmethod
    def from_config(cls, config, custom_objects=None):
        model = keras.saving.deserialize_keras_object(config["model"], custom_objects=custom_objects)
        return cls(**{**config, "model": model})
