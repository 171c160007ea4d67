"""Dropping whole words of an embedding."""

from typing import Any

import keras
from keras import ops

from keras_regkit._core.checks import Interval
from keras_regkit._core.strength import Strength
from keras_regkit._core.types import StrengthLike
from keras_regkit.layers._survivors import survivors


@keras.saving.register_keras_serializable("keras_regkit")
class EmbeddingDropout(keras.layers.Wrapper):
    """Drops whole words of an embedding in training: all occurrences in the batch at once.

        y = E'[token],   E'_v = E_v · m_v / (1 − rate),   m_v ~ Bernoulli(1 − rate), one for each word v

    Use it in language models, against leaning on single words. The matrix itself is not touched, and only the rows in
    use are scaled: it costs one number per word of the vocabulary, not one per weight.

    Args:
        layer: The `keras.layers.Embedding` to wrap.
        rate: Share of the words dropped, in [0, 1): a number, or a schedule over training steps (of
            `keras_regkit.strengths`, or any `keras.optimizers.schedules` object).
        seed: Integer seed. Defaults to None.
        **kwargs: `name`, `trainable` and `dtype`, as for every layer. The dtype defaults to that of `layer`.

    Call arguments:
        inputs: Token ids of any shape, as `layer` takes them.
        training: Whether to drop anything.

    Returns:
        Tensor of shape `(*inputs.shape, output_dim)`, with the mask of `layer`.

    Raises:
        TypeError, ValueError: the rate, or a value that its schedule passes through, is not in [0, 1); `layer` is no
            Embedding.

    Reference:
        Gal & Ghahramani 2016, "A Theoretically Grounded Application of Dropout in Recurrent Neural Networks", section
        4.2; Merity et al. 2017, "Regularizing and Optimizing LSTM Language Models", section 4.3.

    Example:

    >>> layer = EmbeddingDropout(keras.layers.Embedding(10, 4), rate=0.5, seed=0)
    >>> y = ops.convert_to_numpy(layer(np.array([[3, 7, 3]]), training=True))
    >>> bool((y[0, 0] == y[0, 2]).all())
    True
    """

    RANGES = {"rate": Interval(0, 1, closed="left")}  # noqa: RUF012

    monte_carlo = True

    def __init__(self, layer: keras.layers.Layer, rate: StrengthLike, seed: int | None = None, **kwargs: Any):
        if not isinstance(layer, keras.layers.Embedding):
            raise ValueError(
                "`layer` must be a keras.layers.Embedding, whose words are dropped. Received: "
                f"{layer!r} of type {type(layer).__name__}. For other layers use Dropout behind them"
            )
        kwargs.setdefault("dtype", layer.dtype_policy)
        super().__init__(layer, **kwargs)
        self._rate = Strength("rate", rate, self.RANGES["rate"], owner=self.name)
        self.seed = seed
        self.seed_generator = keras.random.SeedGenerator(seed)
        self.supports_masking = layer.supports_masking
        self.autocast = False  # token ids that are floats would lose digits

    @property
    def rate(self):
        """The rate as it was given: a number or a schedule."""
        return self._rate.given

    def call(self, inputs, training=False):
        vectors = ops.cast(self.layer(inputs), self.compute_dtype)
        if not training:
            return vectors
        words = survivors((self.layer.input_dim, 1), self._rate.advance(), self.seed_generator, vectors.dtype)
        return vectors * ops.take(words, ops.cast(inputs, "int32"), axis=0)

    def compute_mask(self, inputs, previous_mask=None):
        return self.layer.compute_mask(inputs, previous_mask)

    def compute_output_shape(self, input_shape):
        return self.layer.compute_output_shape(input_shape)

    def get_config(self):
        return {**super().get_config(), "rate": self._rate.config(), "seed": self.seed}

    @classmethod
    def from_config(cls, config, custom_objects=None):
        # Keras takes the layer out of the dict that it is given.
        return super().from_config(dict(config), custom_objects=custom_objects)
