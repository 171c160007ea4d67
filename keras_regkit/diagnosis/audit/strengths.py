"""What a regularizer adds, as numbers."""

import keras

from keras_regkit._core.prox import without_strengths

ADAPTIVE = tuple(
    getattr(keras.optimizers, name)
    for name in (
        "Adam", "Adamax", "Nadam", "RMSprop", "Adagrad", "Adadelta", "Adafactor", "Lamb", "Lion", "Ftrl",
    )
)  # fmt: skip


def strength_of(regularizer, name):
    """Returns the strength `"l1"` or `"l2"` of a core regularizer, also in one that moves; 0 for any other.

    Keras keeps strengths in float32, in which 0.01 is 0.00999999977: six digits are meant.

    >>> strength_of(keras.regularizers.L1L2(l2=0.01), "l2"), strength_of(keras.regularizers.L1(0.5), "l2")
    (0.01, 0.0)
    """
    inner, _ = without_strengths(regularizer)
    kinds = (keras.regularizers.L1, keras.regularizers.L2, keras.regularizers.L1L2)
    if not isinstance(inner, kinds):
        return 0.0
    return float(f"{float(inner.get_config().get(name, 0.0)):.6g}")


def brief(regularizer):
    """Returns a regularizer in a few letters, such as `"L2(0.01)"`.

    >>> brief(keras.regularizers.L2(0.01)), brief(None)
    ('L2(0.01)', 'None')
    """
    if regularizer is None:
        return "None"
    names = [name for name in ("l1", "l2") if strength_of(regularizer, name)]
    numbers = ", ".join(f"{strength_of(regularizer, name):g}" for name in names)
    name = getattr(regularizer, "__name__", None) or type(regularizer).__name__
    return f"{name}({numbers})" if numbers else name


def learning_rate_of(optimizer):
    """Returns the learning rate of the next step, as a number.

    >>> learning_rate_of(keras.optimizers.SGD(0.1))
    0.1
    """
    return float(f"{float(keras.ops.convert_to_numpy(optimizer.learning_rate)):.6g}")


def weights_with_l2(case):
    """Returns `(weight, strength)` for the weights that train and have an L2 penalty.

    Args:
        case: A `Case`.
    """
    trained = {id(variable) for variable in case.model.trainable_variables}
    pairs = [(w, strength_of(w.variable.regularizer, "l2")) for w in case.weights if id(w.variable) in trained]
    return [(weight, l2) for weight, l2 in pairs if l2 > 0]
