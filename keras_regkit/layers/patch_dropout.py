"""Training a vision transformer on part of the patches."""

from typing import Any

import keras
from keras import ops

from keras_regkit._core.checks import Interval, check_arguments


@keras.saving.register_keras_serializable("keras_regkit")
class PatchDropout(keras.layers.Layer):
    """Keeps a random part of the tokens of each sample in training, and all of them at inference.

        y = [x_1 ... x_c, k of x_(c+1) ... x_T in their order],   k = max(1, round((T − c) · (1 − rate)))

    with T tokens, of which the first c = `class_tokens` always stay, and the k others are drawn anew for each sample.

    Use it in a vision transformer, right after the position embedding: it regularizes, and the blocks behind it train
    on shorter sequences (at rate 0.5 in about half the time). Nothing is scaled.

    The sequences are shorter in training than at inference, so the number of tokens is None in the symbolic output
    shape; layers behind it must not depend on it (attention, norms, dense layers on features and pooling do not). The
    number that is kept is fixed, so that the step compiles to fixed shapes, and with it the rate: it takes no schedule.

    A mask is not handed on, and Keras warns of it: models wire their masks when they are built, before it is known
    which tokens will be kept.

    Args:
        rate: Share of the tokens dropped, in [0, 1).
        class_tokens: Number of tokens at the start that are always kept. Defaults to 1, a class token.
        seed: Integer seed. Defaults to None.

    Call arguments:
        inputs: Tokens, `(batch, tokens, features)`.
        training: Whether to drop anything. Otherwise the inputs pass through.

    Returns:
        Tensor of shape `(batch, class_tokens + k, features)` in training, that of the inputs at inference.

    Raises:
        TypeError, ValueError: an argument is out of its range; when built, the inputs are no token sequences, or
        shorter
            than `class_tokens` + 1.

    Reference:
        Liu et al. 2022, "PatchDropout: Economizing Vision Transformers Using Patch Dropout", section 3.

    Example:

    >>> layer = PatchDropout(0.5, class_tokens=1, seed=0)
    >>> tokens = np.arange(9.0).reshape(1, 9, 1)
    >>> layer(tokens, training=True).shape == (1, 5, 1)
    True
    >>> layer(tokens).shape == (1, 9, 1)
    True
    """

    RANGES = {  # noqa: RUF012
        "rate": Interval(0, 1, closed="left"),
        "class_tokens": Interval(0, integer=True),
    }

    monte_carlo = True

    def __init__(self, rate: float, class_tokens: int = 1, seed: int | None = None, **kwargs: Any):
        super().__init__(**kwargs)
        check_arguments(self.RANGES, rate=rate, class_tokens=class_tokens)
        self.rate = rate
        self.class_tokens = class_tokens
        self.seed = seed
        self.seed_generator = keras.random.SeedGenerator(seed)

    def build(self, input_shape):
        if len(input_shape) != 3:
            raise ValueError(
                "PatchDropout needs tokens, inputs of shape (batch, tokens, features). Received: inputs of shape "
                f"{tuple(input_shape)}. Put it after the patch embedding"
            )
        tokens = input_shape[1]
        if tokens is not None and tokens <= self.class_tokens:
            raise ValueError(
                f"`class_tokens` must be less than the number of tokens, {tokens}, so that there are others to drop. "
                f"Received: class_tokens={self.class_tokens}"
            )
        self.built = True

    def call(self, inputs, training=False):
        if not training or not self.rate:
            return inputs
        samples, tokens, _ = ops.shape(inputs)
        patches = tokens - self.class_tokens
        noise = keras.random.uniform((samples, patches), seed=self.seed_generator, dtype="float32")
        chosen = ops.argsort(noise, axis=1)[:, : _kept(patches, self.rate)]
        chosen = ops.cast(ops.sort(chosen, axis=1), "int32") + self.class_tokens
        if self.class_tokens:
            always = ops.broadcast_to(ops.arange(self.class_tokens, dtype="int32"), (samples, self.class_tokens))
            chosen = ops.concatenate([always, chosen], axis=1)
        return ops.take_along_axis(inputs, chosen[:, :, None], axis=1)

    def compute_output_shape(self, input_shape):
        return (input_shape[0], input_shape[1] if not self.rate else None, input_shape[2])

    def get_config(self):
        return {
            **super().get_config(),
            "rate": self.rate,
            "class_tokens": self.class_tokens,
            "seed": self.seed,
        }


def _kept(patches, rate):
    """Number of patches that stay, a Python integer where their number is one."""
    if isinstance(patches, int):
        return max(1, round(patches * (1 - rate)))
    return ops.maximum(1, ops.cast(ops.round(ops.cast(patches, "float32") * (1 - rate)), "int32"))
