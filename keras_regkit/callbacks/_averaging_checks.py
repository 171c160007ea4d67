"""What `WeightAveraging` cannot work with, told before anything is trained."""

from keras_regkit.callbacks._batch_statistics import trained_norms
from keras_regkit.callbacks._surroundings import averages_weights
from keras_regkit.callbacks.gap_monitor import GapMonitor


def check_fit(averaging, alike):
    """Checks the fit that a `WeightAveraging` is in, and how many of its kind are in it."""
    model, epochs = averaging.model, averaging.params.get("epochs")
    if getattr(model, "optimizer", None) is None:
        raise ValueError("WeightAveraging needs a model that is compiled with an optimizer. Received: one without")
    if averages_weights(model.optimizer):
        raise ValueError(
            "The optimizer averages the weights itself (`use_ema=True`), and would put its average in the place of "
            "this one. Leave out `use_ema`, or WeightAveraging"
        )
    if epochs is not None and averaging.start_from_epoch >= epochs:
        raise ValueError(
            f"`start_from_epoch` must be below the number of epochs, {epochs}, or nothing is averaged. "
            f"Received: {averaging.start_from_epoch}"
        )
    if len(alike) > 1:
        raise ValueError(
            "There can be one WeightAveraging in a fit, since the model holds one set of weights. Received: "
            f"{len(alike)}"
        )


def check_batch_norm(model, kind, train):
    """Checks that there are data for the statistics that an average cannot have otherwise."""
    norms = trained_norms(model)
    if norms and train is None and kind != "ema":
        raise ValueError(
            f"The statistics of batch normalization do not fit averaged weights, and kind={kind!r} cannot average "
            "them: give `train`, the training inputs, to estimate them anew. Received: train=None, and "
            f"{len(norms)} layers of batch normalization that train, {next(iter(norms))!r} the first"
        )


def find_gap_monitor(callbacks):
    """Returns the `GapMonitor` that measures `val_data_loss`."""
    for callback in callbacks:
        if isinstance(callback, GapMonitor) and callback.validation is not None:
            return callback
    raise ValueError(
        "`monitor='val_data_loss'` is what GapMonitor measures, on validation data of its own: put "
        "GapMonitor(train, validation=(x_val, y_val)) into the callbacks, or monitor 'val_loss'. Callbacks seen: "
        f"{[type(callback).__name__ for callback in callbacks]}"
    )


def check_monitor(monitor):
    """Checks what epochs are to be compared by."""
    if not isinstance(monitor, str) or not monitor.startswith("val_"):
        raise ValueError(
            "`monitor` must be measured on fit's validation data, such as 'val_loss' or 'val_accuracy'. "
            f"Received: {monitor!r}"
        )
