"""Label smoothing through the loss."""

import warnings

import keras

from keras_regkit._core.checks import Interval
from keras_regkit._core.warnings import NoEffectWarning
from keras_regkit.levers.cards._losses import as_object
from keras_regkit.levers.lever import Lever
from keras_regkit.losses import LabelSmoothing
from keras_regkit.surgery import copy, recompile

_SMOOTHED_BY_KERAS = (keras.losses.BinaryCrossentropy, keras.losses.CategoricalCrossentropy)


def _smooth(model, smoothing):
    new = smoothed(model.loss, smoothing)
    if keras.losses.serialize(new) == keras.losses.serialize(as_object(model.loss)):
        warnings.warn(f"The loss smooths by {smoothing} already: nothing changed", NoEffectWarning, stacklevel=4)
    return recompile(copy(model), loss=new)


def smoothed(loss, smoothing):
    """Returns `loss` with its label smoothing set to `smoothing`; a plain loss for 0.

    Raises:
        ValueError: the loss is not a cross-entropy, so there are no labels to smooth.
    """
    loss = as_object(loss)
    if isinstance(loss, LabelSmoothing):
        loss = loss.loss
    if type(loss) in _SMOOTHED_BY_KERAS:
        return type(loss).from_config({**loss.get_config(), "label_smoothing": smoothing})
    if type(loss) is keras.losses.SparseCategoricalCrossentropy:
        return LabelSmoothing(loss, smoothing) if smoothing else loss
    name = getattr(loss, "__name__", type(loss).__name__)
    raise ValueError(
        "'label_smoothing' needs a model compiled with one cross-entropy (binary, categorical or sparse categorical). "
        f"Received: {name}"
    )


LABEL_SMOOTHING = Lever(
    name="label_smoothing",
    title="Label smoothing",
    family="targets",
    strength="share of the label mass spread over all classes",
    bounds=Interval(0, 1, closed="left"),
    strengths=(0.05, 0.1),
    equation="y' = (1 − s) y + s / K",
    use_when="a classifier grows overconfident: the validation loss rises while accuracy holds, or labels are noisy",
    trade_off="probabilities become less extreme than the data; classification only",
    interactions=(("early_stopping", "monitor a clean loss: smoothing is part of `val_loss`"),),
    source="Szegedy et al. 2016, Rethinking the Inception Architecture, section 7",
    rewrite=_smooth,
    keywords=lambda strength, config: {"label_smoothing": strength},
)
