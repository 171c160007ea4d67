"""Random mixtures of two residual branches."""

from typing import Any

import keras
from keras import ops

from keras_regkit._core.checks import OneOf, check_arguments


def with_gradient_of(forward, backward):
    """Returns the value of `forward`, with the gradient of `backward`."""
    return backward + ops.stop_gradient(forward - backward)


@keras.saving.register_keras_serializable("keras_regkit")
class ShakeShake(keras.layers.Layer):
    """Adds two branches of a residual block in random shares, others in the forward than in the backward pass.

        y = α · a + (1 − α) · b,                α ~ U(0, 1), in training
        ∂y/∂a = β,  ∂y/∂b = 1 − β,              β ~ U(0, 1), drawn apart from α
        y = (a + b) / 2                         at inference

    Use it in residual networks with two branches of the same build, `x + ShakeShake()([branch(x), other(x)])`, for long
    trainings: few layers regularize as strongly, and it wants several times the usual number of epochs.

    Args:
        mode: `"sample"` to draw for each sample ("image" in the paper, and its best), `"batch"` to draw once for all.
            Defaults to `"sample"`.
        seed: Integer seed. Defaults to None.

    Call arguments:
        inputs: List of two tensors of the same shape, `(batch, ...)`.
        training: Whether to draw the shares. Otherwise the mean is taken.

    Raises:
        ValueError: no such mode; when built, the inputs are not two tensors of the same shape.

    Reference:
        Gastaldi 2017, "Shake-Shake regularization", eq. 2 (Shake-Shake-Image).

    Example:

    >>> layer = ShakeShake(seed=0)
    >>> a, b = np.zeros((4, 2)), np.ones((4, 2))
    >>> np.array(layer([a, b])).tolist()[0]
    [0.5, 0.5]
    >>> shares = np.array(layer([a, b], training=True))
    >>> len(set(shares[:, 0].tolist()))
    4
    """

    RANGES = {"mode": OneOf("sample", "batch")}  # noqa: RUF012

    monte_carlo = True

    def __init__(self, mode: str = "sample", seed: int | None = None, **kwargs: Any):
        super().__init__(**kwargs)
        check_arguments(self.RANGES, mode=mode)
        self.mode = mode
        self.seed = seed
        self.seed_generator = keras.random.SeedGenerator(seed)
        self.supports_masking = True

    def build(self, input_shape):
        pair = isinstance(input_shape, list | tuple) and len(input_shape) == 2
        if not pair or not all(isinstance(shape, list | tuple) for shape in input_shape):
            raise ValueError(
                "ShakeShake needs a list of two tensors, [a, b], the outputs of two branches. Received: inputs of "
                f"shape {input_shape}"
            )
        a, b = input_shape
        if len(a) != len(b) or any(None not in (i, j) and i != j for i, j in zip(a, b, strict=True)):
            raise ValueError(
                "ShakeShake needs two branches that make the same shape. Received: inputs of shapes "
                f"{tuple(a)} and {tuple(b)}"
            )
        self.built = True

    def call(self, inputs, training=False):
        a, b = inputs
        if not training:
            return (a + b) * 0.5
        shape = (ops.shape(a)[0] if self.mode == "sample" else 1, *[1] * (len(a.shape) - 1))
        alpha, beta = (
            ops.cast(keras.random.uniform(shape, seed=self.seed_generator, dtype="float32"), a.dtype) for _ in range(2)
        )
        return with_gradient_of(b + alpha * (a - b), b + beta * (a - b))

    def compute_mask(self, inputs, previous_mask=None):
        masks = [mask for mask in keras.tree.flatten(previous_mask) if mask is not None]
        return ops.logical_and(*masks) if len(masks) == 2 else (masks[0] if masks else None)

    def compute_output_shape(self, input_shape):
        return input_shape[0]

    def get_config(self):
        return {**super().get_config(), "mode": self.mode, "seed": self.seed}
