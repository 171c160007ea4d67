"""How far one step of an optimizer goes, for each unit of gradient: its metric.

With a gradient g that stays as it is, and averages that have settled, the step is `w ← w − steps · g`. A proximal step
of the same length then has its fixed points where the penalty and the loss balance. These are the only private names
of Keras' optimizers that are used here.
"""

import keras
from keras import ops


def _sgd(optimizer, index, rate, dtype):
    return rate * _gain(optimizer, dtype)


def _adam(optimizer, index, rate, dtype):
    # The average of the gradients is corrected for its start, so that only the correction of the squares remains.
    squares = (optimizer._velocity_hats if optimizer.amsgrad else optimizer._velocities)[index]
    return rate * ops.sqrt(1 - _power(optimizer.beta_2, optimizer, dtype)) / (ops.sqrt(squares) + optimizer.epsilon)


def _nadam(optimizer, index, rate, dtype):
    squares = optimizer._velocities[index] / (1 - _power(optimizer.beta_2, optimizer, dtype))
    return rate / (ops.sqrt(squares) + optimizer.epsilon)


def _adamax(optimizer, index, rate, dtype):
    return rate / (optimizer._u[index] + optimizer.epsilon)


def _rmsprop(optimizer, index, rate, dtype):
    squares = optimizer._velocities[index] + optimizer.epsilon
    if optimizer.centered:
        squares = squares - ops.square(optimizer._average_gradients[index])
    return rate / ops.sqrt(squares) * _gain(optimizer, dtype)


def _adagrad(optimizer, index, rate, dtype):
    return rate / ops.sqrt(optimizer._accumulators[index] + optimizer.epsilon)


def _gain(optimizer, dtype):
    """Σ_{i<t} μ^i: as many times as long is a step with momentum."""
    if not optimizer.momentum:
        return 1
    if optimizer.momentum == 1:
        return ops.cast(optimizer.iterations + 1, dtype)
    return (1 - _power(optimizer.momentum, optimizer, dtype)) / (1 - optimizer.momentum)


def _power(base, optimizer, dtype):
    return ops.power(ops.cast(base, dtype), ops.cast(optimizer.iterations + 1, dtype))


STEP_SIZES = {
    keras.optimizers.SGD: _sgd,
    keras.optimizers.Adam: _adam,
    keras.optimizers.Nadam: _nadam,
    keras.optimizers.Adamax: _adamax,
    keras.optimizers.RMSprop: _rmsprop,
    keras.optimizers.Adagrad: _adagrad,
}
# All others have a step for each weight.
ONE_STEP_FOR_ALL = (keras.optimizers.SGD,)


def step_sizes(optimizer_class, optimizer, variable, learning_rate):
    """Returns the lengths of the step that was just taken: a scalar, or one number for each weight.

    Args:
        optimizer_class: The class that took the step, one of `STEP_SIZES`.
        optimizer: The optimizer.
        variable: The variable that was moved.
        learning_rate: The learning rate of the step.
    """
    dtype = keras.backend.standardize_dtype(variable.dtype)
    index = optimizer._get_variable_index(variable)
    return ops.convert_to_tensor(STEP_SIZES[optimizer_class](optimizer, index, ops.cast(learning_rate, dtype), dtype))
