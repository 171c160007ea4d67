"""Penalties on a model that exists."""

import warnings
from collections.abc import Callable
from typing import Any

import keras

from keras_regkit._core.checks import Interval
from keras_regkit._core.warnings import NoEffectWarning
from keras_regkit._core.where import select
from keras_regkit.surgery.changes import Changes
from keras_regkit.surgery.layouts import misread_units
from keras_regkit.surgery.penalties import rank_of, same, selected_weights, set_regularizer, tell_parents, unsaved
from keras_regkit.surgery.recompile import forget_compiled

_MIN_RANK = Interval(0, closed="left", integer=True)


def attach(
    model: keras.Model,
    regularizer: Any,
    where: str | type | tuple[type, ...] | Callable[..., bool] | None = None,
    min_rank: int = 2,
    overwrite: bool = True,
) -> dict[str, Any]:
    """Puts a penalty on weights of an existing model, in place.

    Use it on a model that you did not write: a pretrained one, or one that a builder returned. Setting
    `layer.kernel_regularizer` on a built layer has no effect. The next `fit` uses the penalty, also of a model that was
    fit before; the optimizer keeps its state. Another model that shares the layers must be compiled again.

    Args:
        model: A built model of any kind.
        regularizer: A regularizer, its class, its name (those of this package too: `"GroupLasso"`), or a function
            `variable -> regularizer or None` that is asked about each selected weight; where it returns None the weight
            stays as it is.
        where: A regular expression searched in the layers' paths (`"backbone/block_3/conv"`), a layer class (or a tuple
            of them), or a predicate `layer -> bool`. The layers within a selected one are meant too. Defaults to all.
        min_rank: Smallest rank of the weights that are meant. Biases and the scales of normalization count as rank 1,
            however they are stored. Defaults to 2: kernels and embeddings; 1 adds biases and scales.
        overwrite: Whether a regularizer that a weight has already is replaced. Defaults to True; what was there is in
            `before` of the result.

    Returns:
        A dict from the weight's path to its new regularizer, with a dict `before`.

    Raises:
        ValueError: no weight is selected; or one has a regularizer and `overwrite` is False. The model is unchanged.
        TypeError: `regularizer` is no regularizer, name or function; `model` is no Keras model.
        Any error of the regularizer itself, which is tried on each weight first. The model is unchanged.

    Weights whose penalty is a function or method of their layer are left alone.

    A `NoEffectWarning` says when nothing changed, and when weights are frozen, whose penalty Keras leaves out. A
    `UserWarning` says where the penalty will not survive saving, because the layer has no argument for it, and where it
    takes the units of a depthwise or transposed kernel for others.

    Example:

    >>> model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(4, name="hidden"), keras.layers.Dense(1)])
    >>> changes = attach(model, keras.regularizers.L2(0.5), where="hidden")
    >>> list(changes)
    ['hidden/kernel']
    """
    _MIN_RANK.check("min_rank", min_rank)
    choose = _chooser(regularizer)
    weights = [weight for weight in selected_weights(model, where) if rank_of(weight) >= min_rank]
    if not weights:
        raise ValueError(_none_selected(model, where, min_rank))
    chosen = [(weight, new) for weight in weights if (new := choose(weight.variable)) is not None]
    changed = [(weight, new) for weight, new in chosen if not same(weight.variable.regularizer, new)]
    taken = [weight.path for weight, _ in changed if weight.variable.regularizer is not None]
    if taken and not overwrite:
        raise ValueError(f"The weights must have no regularizer where overwrite=False. Those that have one: {taken}")
    for weight, new in changed:
        _try(new, weight)
    before = {weight.path: weight.variable.regularizer for weight, _ in changed}
    for weight, new in changed:
        set_regularizer(weight, new)
    finish(model, [weight for weight, _ in changed])
    if not changed:
        warnings.warn(
            f"No weight of {model.name!r} got a regularizer that it did not have, of {[w.path for w in weights]}",
            NoEffectWarning,
            stacklevel=2,
        )
    misread = [text for weight, new in changed if (text := misread_units(weight, new))]
    if misread:
        warnings.warn(
            "The penalty looks for the units of a kernel where these kernels do not have them: " + "; ".join(misread),
            UserWarning,
            stacklevel=2,
        )
    trained = {id(variable) for variable in model.trainable_weights}
    frozen = [weight.path for weight, _ in chosen if id(weight.variable) not in trained]
    if frozen:
        warnings.warn(
            f"The penalties of frozen weights do not count until they are unfrozen: {frozen}",
            NoEffectWarning,
            stacklevel=2,
        )
    return Changes({weight.path: new for weight, new in changed}, before)


def finish(model, weights):
    """What is left to do after the regularizers of `weights` were set: saving, and what was compiled before."""
    if not weights:
        return
    tell_parents(model, weights)
    forget_compiled(model)
    lost = unsaved(model, weights)
    if lost:
        warnings.warn(
            f"The change will not survive saving, loading and cloning for {lost}: the config of their layers has no "
            "place for it. Make the change again after loading",
            UserWarning,
            stacklevel=3,
        )


def _chooser(regularizer):
    if isinstance(regularizer, str):
        # Keras looks for a bare name among its own regularizers only.
        package = regularizer if ">" in regularizer else f"keras_regkit>{regularizer}"
        found = keras.saving.get_registered_object(package)
        if isinstance(found, type) and issubclass(found, keras.regularizers.Regularizer):
            regularizer = found
    if _names_one(regularizer):
        found = keras.regularizers.get(regularizer)
        return lambda variable: found
    if callable(regularizer) and not isinstance(regularizer, (type, keras.layers.Layer)):

        def choose(variable):
            found = regularizer(variable)
            if found is not None and not _names_one(found):
                raise TypeError(
                    "`regularizer`, being a function, must return a regularizer, its name or None for a weight. "
                    f"Received: {type(found).__name__}"
                )
            return keras.regularizers.get(found)

        return choose
    raise TypeError(
        "`regularizer` must be a regularizer object, its name, or a function of a variable. To take penalties off use "
        f"surgery.detach. Received: {regularizer!r}"
    )


def _names_one(value):
    """Whether Keras makes a regularizer of `value`: one, its class, name or config."""
    if isinstance(value, type):
        return issubclass(value, keras.regularizers.Regularizer)
    return isinstance(value, (str, dict, keras.regularizers.Regularizer))


def _try(regularizer, weight):
    """Calls the regularizer on the weight, and raises its errors with the weight's path in front."""
    try:
        regularizer(weight.variable)
    except Exception as error:
        try:
            told = type(error)(f"{weight.path}: {error}")
        except TypeError:  # Some errors of the backends are made from more than a message.
            error.add_note(f"Raised by the regularizer for the weight {weight.path}")
            raise error from None
        raise told from error


def _none_selected(model, where, min_rank):
    ranks = {weight.path: rank_of(weight) for weight in selected_weights(model, None)}
    chosen = "" if where is None else f", which selects the layers {list(select(model, where))}"
    return (
        f"`where` and `min_rank` must select at least one weight of {model.name!r}. Received: where={where!r}{chosen}, "
        f"min_rank={min_rank}. Its weights and their ranks: {ranks}"
    )
