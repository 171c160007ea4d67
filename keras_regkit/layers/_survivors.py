"""The random mask that dropout layers multiply by."""

import keras
from keras import ops


def survivors(shape, rate, seed, dtype):
    """Returns a mask that is 1 / (1 − rate) with probability 1 − rate, and 0 otherwise.

    Its expected value is 1, so that what it multiplies keeps its own.

    Args:
        shape: Shape of the mask.
        rate: Probability of 0: a number, or a scalar tensor, in [0, 1).
        seed: A `keras.random.SeedGenerator`.
        dtype: Dtype of the mask. What is drawn is float32 whatever it is: in float16 the rate would be coarse.
    """
    kept = keras.random.uniform(shape, seed=seed, dtype="float32") >= rate
    return ops.where(kept, ops.cast(1.0 / (1.0 - rate), dtype), ops.cast(0.0, dtype))
