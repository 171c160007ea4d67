"""A residual block that computes its branch for the kept samples only."""

import contextlib
import inspect
from typing import Any

import keras
from keras import ops

from keras_regkit._core.checks import Interval, check_arguments
from keras_regkit._core.tracking import sublayers


@keras.saving.register_keras_serializable("keras_regkit")
class StochasticDepth(keras.layers.Layer):
    """A residual block whose branch runs on a random part of the batch, in training.

        y = x + (B / k) · branch(x)   for k = max(1, round(B · (1 − rate))) samples, drawn anew at each step
        y = x                         for the others
        y = x + branch(x)             at inference

    Use it for deep residual networks, where it regularizes as `DropPath` does and saves what dropping saves: at rate
    0.5 nearly half of the block's time. The number of kept samples is fixed, so that the step compiles to fixed shapes,
    and with it the rate; where a rate has to move, use `DropPath`. BatchNormalization within the branch sees the kept
    samples.

    Fixed and whole, the number moves in steps: of B samples round(B · (1 − rate)) run. A rate below 1 / (2 B) drops
    none at all, such as 0.05 in batches of 8, and `depth_rates` gives the early blocks rates like that. For small
    rates in small batches use `DropPath`, which draws for each sample.

    Args:
        branch: Layer or model that keeps the shape of its input, such as a `keras.Sequential`.
        rate: Share of the samples that skip the branch, in [0, 1). See `depth_rates`.
        seed: Integer seed of what is kept. Defaults to None.

    Call arguments:
        inputs: Tensor, `(batch, ...)`.
        mask: Mask of the inputs, handed to a branch that takes one.
        training: Whether to skip anything.

    Raises:
        TypeError, ValueError: the rate is not in [0, 1), the branch is no layer, or it changes the shape of its input.

    Reference:
        Huang et al. 2016, "Deep Networks with Stochastic Depth"; on a fixed number of samples as in Oquab et al. 2023,
        "DINOv2", section 5.

    Example:

    >>> block = StochasticDepth(keras.layers.Dense(3), rate=0.5, seed=0)
    >>> x = np.ones((8, 3), "float32")
    >>> changed = np.any(ops.convert_to_numpy(block(x, training=True)) != x, axis=1)
    >>> int(changed.sum())
    4
    """

    RANGES = {"rate": Interval(0, 1, closed="left")}  # noqa: RUF012

    monte_carlo = True

    def __init__(self, branch: keras.layers.Layer, rate: float, seed: int | None = None, **kwargs: Any):
        super().__init__(**kwargs)
        if not isinstance(branch, keras.layers.Layer):
            raise TypeError(
                "`branch` must be a keras layer or model; several layers go into a keras.Sequential. "
                f"Received: {branch!r} of type {type(branch).__name__}"
            )
        check_arguments(self.RANGES, rate=rate)
        self.branch = branch
        self.rate = rate
        self.seed = seed
        self.seed_generator = keras.random.SeedGenerator(seed)
        self.supports_masking = True
        self._takes_mask = "mask" in inspect.signature(branch.call).parameters

    def build(self, input_shape):
        if not self.branch.built:
            self._build_branch(input_shape)
        with contextlib.suppress(NotImplementedError):  # a layer may leave it out; then the first call tells
            self._check_shape(self.branch.compute_output_shape(input_shape), input_shape)
        self.built = True

    def call(self, inputs, mask=None, training=False):
        if not training or not self.rate:
            return inputs + self._run(inputs, mask, training)
        rows = ops.shape(inputs)[0]
        kept = _kept(rows, self.rate)
        scale = ops.cast(rows, inputs.dtype) / ops.cast(kept, inputs.dtype)
        chosen = ops.argsort(keras.random.uniform((rows,), seed=self.seed_generator))[:kept]
        x = ops.take(inputs, chosen, axis=0)
        mask = None if mask is None else ops.take(mask, chosen, axis=0)
        return ops.scatter_update(inputs, chosen[:, None], x + scale * self._run(x, mask, training))

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self):
        return {
            **super().get_config(),
            "branch": keras.saving.serialize_keras_object(self.branch),
            "rate": self.rate,
            "seed": self.seed,
        }

    @classmethod
    def from_config(cls, config):
        # Keras would mark a branch without a build of its own as built, and leave its layers as they are. See `build`.
        branch = {key: value for key, value in config["branch"].items() if key != "build_config"}
        return cls(**{**config, "branch": keras.saving.deserialize_keras_object(branch)})

    def _build_branch(self, input_shape):
        own = type(self.branch).build is not keras.layers.Layer.build
        if own or all(layer.built for layer in sublayers(self.branch)):
            self.branch.build(input_shape)
        else:
            # Which shapes its layers get, only its call knows.
            self.branch(keras.KerasTensor((None, *input_shape[1:]), dtype=self.compute_dtype))

    def _run(self, x, mask, training):
        y = self.branch(x, mask=mask, training=training) if self._takes_mask else self.branch(x, training=training)
        self._check_shape(y.shape, x.shape)
        return ops.cast(y, x.dtype)  # a branch with a dtype policy of its own

    def _check_shape(self, made, given):
        sizes = zip(tuple(made)[1:], tuple(given)[1:], strict=False)
        if len(made) != len(given) or any(a != b for a, b in sizes if a is not None and b is not None):
            raise ValueError(
                f"`branch` must keep the shape of its input, to be added to it. Received: {self.branch.name!r}, which "
                f"makes {tuple(made)} of {tuple(given)}"
            )


def _kept(rows, rate):
    """Number of samples that run, a Python integer where the batch size is one."""
    if isinstance(rows, int):
        return max(1, round(rows * (1 - rate)))
    return ops.maximum(1, ops.cast(ops.round(ops.cast(rows, "float32") * (1 - rate)), "int32"))
