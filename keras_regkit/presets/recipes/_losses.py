"""The loss of a recipe: a name that fits its labels, or a loss object taken as it is."""

import keras

from keras_regkit._core.checks import did_you_mean
from keras_regkit.presets import _building as building

_FOCAL = {
    "binary_focal_crossentropy": keras.losses.BinaryFocalCrossentropy,
    "categorical_focal_crossentropy": keras.losses.CategoricalFocalCrossentropy,
}
_VALUES = {
    "mean_squared_error": keras.losses.MeanSquaredError,
    "mean_absolute_error": keras.losses.MeanAbsoluteError,
    "mean_squared_logarithmic_error": keras.losses.MeanSquaredLogarithmicError,
    "mean_absolute_percentage_error": keras.losses.MeanAbsolutePercentageError,
    "huber": keras.losses.Huber,
    "log_cosh": keras.losses.LogCosh,
}
_SHORT = {
    "mse": "mean_squared_error",
    "mae": "mean_absolute_error",
    "msle": "mean_squared_logarithmic_error",
    "mape": "mean_absolute_percentage_error",
    "logcosh": "log_cosh",
}
_TWO = ("binary_crossentropy", "binary_focal_crossentropy")
_ONE_HOT = ("categorical_crossentropy", "categorical_focal_crossentropy")
_INTEGER = ("sparse_categorical_crossentropy",)
# By the kind of the recipe's own loss. `one_hot`: the recipe makes the labels so.
NAMES = {
    "binary": _TWO,
    "multiclass": (*_INTEGER, *_ONE_HOT),
    "one_hot": _ONE_HOT,
    "regression": tuple(_VALUES),
}
_CLASSES = {
    **{name: type(building.make_loss(name, 0.0)) for name in ("binary_crossentropy", *_INTEGER, _ONE_HOT[0])},
    **_FOCAL,
    **_VALUES,
}


def kind_of(recipe):
    """Returns what the recipe's labels are: a key of `NAMES`."""
    if recipe.augmentation:
        return "one_hot"
    return recipe.given.get("task", "multiclass")


def is_named(loss):
    """Whether the loss is given by name."""
    return isinstance(loss, str)


def make(loss, kind, smoothing=0.0):
    """Returns the loss, and the metric that goes with it.

    Args:
        loss: A name, for a loss on logits, or a `keras.losses.Loss`.
        kind: A key of `NAMES`.
        smoothing: Label smoothing, for losses given by name.

    Raises:
        TypeError: the loss is neither a name nor a loss object.
        ValueError: it does not fit the labels, or takes probabilities.
    """
    if not is_named(loss):
        _check_object(loss, kind, smoothing)
        return loss, building.make_metric(_metric_of(loss, kind))
    name = _SHORT.get(loss.lower(), loss)
    if name not in NAMES[kind]:
        raise ValueError(
            f"`loss` must be one of {list(NAMES[kind])} in this recipe, or a loss object that fits its labels."
            f"{did_you_mean(name, NAMES[kind])} Received: {loss!r}"
        )
    if name in _FOCAL:
        made = _FOCAL[name](from_logits=True, label_smoothing=smoothing)
    elif name in _VALUES:
        made = _VALUES[name]()
    else:
        made = building.make_loss(name, smoothing)
    return made, building.make_metric(_metric_of(made, kind))


def _check_object(loss, kind, smoothing):
    if not isinstance(loss, keras.losses.Loss):
        raise TypeError(
            "`loss` must be a name or a loss object, such as keras.losses.Huber(); functions do not say whether they "
            f"take logits. Received: {loss!r}"
        )
    name = next((name for name, cls in _CLASSES.items() if isinstance(loss, cls)), None)
    of_classes = kind == "regression" and _logits(loss) is not None
    if of_classes or (name is not None and name not in NAMES[kind]):
        raise ValueError(
            f"`loss` must fit the labels of this recipe, as {list(NAMES[kind])} do. Received: {type(loss).__name__}"
        )
    if kind != "regression" and _logits(loss) is False:
        raise ValueError(
            "`loss` must take logits, which is what the model gives: make it with from_logits=True. "
            f"Received: {type(loss).__name__} with from_logits=False"
        )
    if smoothing:
        raise ValueError(
            "`label_smoothing` must be 0 where `loss` is an object, which is taken as it is: smooth with "
            f"losses.LabelSmoothing(loss, ...). Received: label_smoothing={smoothing}"
        )


def _logits(loss):
    """Returns whether the loss takes logits; None where it does not say."""
    inner = getattr(loss, "loss", None)
    own = loss.get_config().get("from_logits")
    return _logits(inner) if own is None and isinstance(inner, keras.losses.Loss) else own


def _metric_of(loss, kind):
    """Returns the name of the plain loss whose metric fits."""
    if kind in ("binary", "regression"):
        return building.LOSSES[kind]
    one_hot = kind == "one_hot" or any(isinstance(loss, _CLASSES[name]) for name in _ONE_HOT)
    return "categorical_crossentropy" if one_hot else "sparse_categorical_crossentropy"
