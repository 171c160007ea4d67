"""What a trained model reaches on data that took no part in its training."""

from keras_regkit._core.backend import without_retracing_warnings
from keras_regkit._core.data import as_arrays, as_batches, is_arrays
from keras_regkit._core.data_loss import DataLoss

_BATCH = 1024


def measure(model, data, loss=None):
    """Returns the clean loss (`"data_loss"`) and the compiled metrics of a model on `data`, as a dict of floats.

    Args:
        model: A built, compiled model.
        data: Data as `fit` takes them.
        loss: The loss to use for `"data_loss"`; None for the model's own without its penalties.
    """
    with without_retracing_warnings():
        data_loss, *_ = DataLoss(model, loss)(as_batches(data, _BATCH, "data")())
        if len(model.metrics) < 2:  # the loss alone, which is known by now
            found = {}
        elif is_arrays(data):
            x, y, weight = as_arrays(data, "data")
            found = model.evaluate(x, y, sample_weight=weight, batch_size=_BATCH, verbose=0, return_dict=True)
        else:
            found = model.evaluate(data, verbose=0, return_dict=True)
    return {"data_loss": data_loss, **{name: float(value) for name, value in found.items() if name != "loss"}}
