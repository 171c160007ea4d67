"""Early stopping: keep the weights of the best epoch."""

from keras_regkit._core.checks import Interval
from keras_regkit.callbacks import EarlyStopping
from keras_regkit.levers.lever import Lever


def _callbacks(patience, monitor, mode):
    return [EarlyStopping(monitor=monitor, mode=mode, patience=patience, restore_best_weights=True)]


EARLY_STOPPING = Lever(
    name="early_stopping",
    title="Early stopping",
    family="stopping",
    strength="patience in epochs; fewer stop sooner",
    bounds=Interval(0, integer=True),
    strengths=(5,),
    equation="ship w(t*), t* = argmin over epochs t of the validation loss",
    use_when="the validation loss has a minimum and rises after it: it costs nothing and comes first",
    trade_off=(
        "the validation set takes part in training, so judge the result on other data; little patience stops at noise"
    ),
    interactions=(
        ("l2", "both limit how far weights travel from where they began; with one, less is needed of the other"),
        ("label_smoothing", "monitor a clean loss: smoothing is part of `val_loss`"),
    ),
    source="Prechelt 1998, Early Stopping – But When?; Goodfellow et al. 2016, Deep Learning, section 7.8",
    make_callbacks=_callbacks,
)
