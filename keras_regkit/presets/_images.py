"""What the builders for images share: the input, and convolutions with batch normalization."""

import keras

from keras_regkit.presets import _building as building


def image_shape(input_shape, halvings):
    """Returns the shape of an image, which must survive being halved so many times."""
    shape = building.sizes("input_shape", input_shape, "the shape of an image, such as (32, 32, 3)")
    if len(shape) != 3:
        raise ValueError(
            "`input_shape` must be the shape of an image, with an axis for its channels, such as (28, 28, 1) for "
            f"grey ones. Received: {input_shape!r}"
        )
    smallest = min(shape[1:] if channels_first() else shape[:2])
    if smallest < 2**halvings:
        raise ValueError(
            f"`input_shape` must be at least {2**halvings} pixels wide and high, to be halved {halvings} times. "
            f"Received: {input_shape!r}. Ask for fewer `filters`"
        )
    return shape


def channels_first():
    """Whether Keras' image format has the channels before the pixels."""
    return keras.config.image_data_format() == "channels_first"


class ConvolutionMaker:
    """Makes 3 × 3 convolutions and what stands around them, with seeds and a penalty of their own.

    Args:
        seeds: Iterator of seeds.
        l2: Strength of the L2 penalty on each kernel.
        activation: Name of the activation.
        batch_norm: Whether to normalize; without it the convolutions have a bias.
    """

    def __init__(self, seeds, l2, activation, batch_norm=True):
        self.seeds, self.l2, self.activation, self.batch_norm = seeds, l2, activation, batch_norm

    def convolve(self, x, filters, name, size=3, strides=1):
        """Convolves `x`, without activation."""
        return keras.layers.Conv2D(
            filters,
            size,
            strides,
            padding="same",
            use_bias=not self.batch_norm,
            kernel_initializer=keras.initializers.HeNormal(next(self.seeds)),
            kernel_regularizer=building.penalty(0, self.l2),
            name=name,
        )(x)

    def activate(self, x, suffix):
        """Normalizes `x`, if that is wanted, and activates it."""
        if self.batch_norm:
            axis = 1 if channels_first() else -1
            x = keras.layers.BatchNormalization(axis=axis, name=f"batch_norm_{suffix}")(x)
        return keras.layers.Activation(self.activation, name=f"activation_{suffix}")(x)

    def head(self, x, dropout, outputs):
        """Averages over the pixels, drops, and gives logits."""
        x = keras.layers.GlobalAveragePooling2D(name="pool")(x)
        seed = next(self.seeds)
        if dropout:
            x = keras.layers.Dropout(dropout, seed=seed, name="dropout")(x)
        initializer = keras.initializers.GlorotUniform(next(self.seeds))
        return keras.layers.Dense(outputs, kernel_initializer=initializer, name="outputs")(x)
