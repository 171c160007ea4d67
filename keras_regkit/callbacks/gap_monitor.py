"""The honest gap between training and validation."""

import warnings
from collections.abc import Callable, Mapping
from typing import Any

import keras

from keras_regkit._core.backend import to_tensors
from keras_regkit._core.checks import Interval, check_arguments
from keras_regkit._core.data import as_batches, take_rows, weight_by_class
from keras_regkit._core.data_loss import DataLoss, as_loss
from keras_regkit._core.types import Data
from keras_regkit._core.warnings import NoEffectWarning


class GapMonitor(keras.callbacks.Callback):
    """Logs the training and validation loss on equal terms, so that their difference means something.

    The `loss` that `fit` reports is measured with dropout on, averaged over an epoch in which the model moved, and
    like `val_loss` it contains the penalties. At the end of each epoch this callback evaluates a fixed sample of the
    training data and the validation data in inference mode, takes the penalties out, and adds to the logs (so History,
    CSVLogger and TensorBoard show them, and callbacks later in the list can monitor them):

        data_loss       mean loss on the training sample, inference mode, no penalties
        penalty         Σ model.losses: regularizers and add_loss
        val_data_loss   mean loss on the validation data, inference mode, no penalties
        gap             val_data_loss − data_loss

    With `every=k` the entries appear after the first epoch and then after every k-th, as Keras does with
    `validation_freq`; `history` (also attached to fit's History as `history.gap_monitor`) tells which epochs they
    belong to.

    Args:
        train: Training data: `(x, y)` or `(x, y, sample_weight)`, a `tf.data.Dataset`, a `keras.utils.PyDataset` or
            another iterable of batches. From arrays the sample is drawn at random; from a dataset it is the first
            batches, read once, as they come (augmented, if the dataset augments).
        validation: Validation data of the same kinds. None takes `val_loss` from `fit`'s own validation and subtracts
            the penalty, which costs nothing; that is possible unless a penalty depends on the data (activity
            regularizers, `add_loss`) or `class_weight` or `loss` is given.
        samples: Size of the training sample in rows, ≥ 1; None for all. Defaults to 1024.
        every: Evaluate every so many epochs, ≥ 1. Defaults to 1.
        batch_size: Rows per evaluated batch, for arrays. Defaults to 1024.
        class_weight: Dict from class to weight, as in `fit`, applied to both sides. `fit` itself never applies it to
            validation. Defaults to None: neither side is weighted.
        loss: A loss to evaluate instead of the compiled one, a name, a function or an object: for example the plain
            cross-entropy under a model that is trained with label smoothing. Needs `validation`. Defaults to None.
        seed: Seed of the training sample. Defaults to 0.

    Attributes:
        history: Dict of lists: `epoch` (0-based) and the four entries above.

    Raises:
        ValueError: for validation that is needed and missing, infinite datasets, unequal lengths.
        TypeError: for data that can be read only once (a generator).

    Example:

    >>> import numpy as np
    >>> x, y = np.ones((8, 3)), np.zeros((8, 1))
    >>> model = keras.Sequential([keras.layers.Dense(1, kernel_regularizer="l2")])
    >>> model.compile("sgd", "mse")
    >>> history = model.fit(x, y, validation_data=(x, y), callbacks=[GapMonitor((x, y))], verbose=0)
    >>> sorted(history.history)
    ['data_loss', 'gap', 'loss', 'penalty', 'val_data_loss', 'val_loss']
    """

    RANGES = {  # noqa: RUF012
        "samples": Interval(1, integer=True, optional=True),
        "every": Interval(1, integer=True),
        "batch_size": Interval(1, integer=True),
        "seed": Interval(0, integer=True),
    }

    def __init__(
        self,
        train: Data,
        validation: Data | None = None,
        *,
        samples: int | None = 1024,
        every: int = 1,
        batch_size: int = 1024,
        class_weight: Mapping[int, float] | None = None,
        loss: str | Callable[..., Any] | None = None,
        seed: int = 0,
    ):
        super().__init__()
        check_arguments(self.RANGES, samples=samples, every=every, batch_size=batch_size, seed=seed)
        if validation is None and (class_weight is not None or loss is not None):
            given = "class_weight" if class_weight is not None else "loss"
            raise ValueError(
                f"`{given}` changes what is evaluated, so `val_loss` from fit cannot stand in for the "
                "validation loss. Pass the data: GapMonitor(train, validation=(x_val, y_val), ...)"
            )
        self.train = train
        self.validation = validation
        self.samples = samples
        self.every = every
        self.batch_size = batch_size
        self.class_weight = class_weight
        self.loss = as_loss(loss)
        self.seed = seed
        self.history = _empty_history()
        # Both fail here rather than after the first epoch, should the data be of no use.
        self._train_batches = as_batches(train, batch_size, "train")
        self._validation_batches = as_batches(validation, batch_size, "validation") if validation is not None else None
        self._sample = None
        self._data_loss = None
        self._evaluated = None  # what `_data_loss` was compiled for

    def measure(self, logs=None):
        """Evaluates the model now, and returns the four entries (two without validation) as a dict of floats."""
        data_loss, penalty, weight_penalty = self._data_loss(self._sample)
        entry = {"data_loss": data_loss, "penalty": penalty}
        val_data_loss = self._val_data_loss(logs, penalty, weight_penalty)
        if val_data_loss is not None:
            entry |= {"val_data_loss": val_data_loss, "gap": val_data_loss - data_loss}
        return entry

    def measure_validation(self):
        """Evaluates the model on the validation data now, and returns the loss that is logged as `val_data_loss`.

        Raises:
            ValueError: it has no validation data of its own.
        """
        if self._validation_batches is None:
            raise ValueError("GapMonitor has no validation data: GapMonitor(train, validation=(x_val, y_val))")
        return self._data_loss(self._weighted(b) for b in self._validation_batches())[0]

    def on_train_begin(self, logs=None):
        self.history = _empty_history()
        if self._sample is None:
            rows = take_rows(self.train, self.samples, self.seed, "train")
            self._sample = [to_tensors(self._weighted(batch)) for batch in as_batches(rows, self.batch_size, "train")()]
        compiled = (self.model, self.model.optimizer, self.model.loss)
        if self._evaluated is None or any(a is not b for a, b in zip(compiled, self._evaluated, strict=True)):
            self._data_loss = DataLoss(self.model, self.loss)
            self._evaluated = compiled

    def on_epoch_end(self, epoch, logs=None):
        # The first epoch counts: CSVLogger takes its columns from there.
        if len(self.history["epoch"]) > 0 and (epoch + 1) % self.every:
            return
        entry = self.measure(logs)
        if logs is not None:
            logs.update(entry)
        for key, values in self.history.items():
            values.append({"epoch": epoch, **entry}.get(key))
        if getattr(self.model, "history", None) is not None:
            self.model.history.gap_monitor = self.history

    def on_train_end(self, logs=None):
        if self.history["epoch"] and not any(v is not None for v in self.history["gap"]):
            warnings.warn(
                "GapMonitor saw no validation, so there is no gap. Pass validation_data=... to fit, or "
                "GapMonitor(train, validation=(x_val, y_val))",
                NoEffectWarning,
                stacklevel=2,
            )

    def _val_data_loss(self, logs, penalty, weight_penalty):
        if self._validation_batches is not None:
            return self.measure_validation()
        if logs is None or "val_loss" not in logs:
            return None
        if abs(penalty - weight_penalty) > 1e-6 * max(1.0, abs(penalty)):
            raise ValueError(
                "GapMonitor cannot take the penalty out of `val_loss`: part of it depends on the data "
                f"({penalty - weight_penalty:.3g} of {penalty:.3g}, from activity regularizers or add_loss). "
                "Pass the validation data: GapMonitor(train, validation=(x_val, y_val))"
            )
        return float(logs["val_loss"]) - penalty

    def _weighted(self, batch):
        return batch if self.class_weight is None else weight_by_class(batch, self.class_weight)


def _empty_history():
    return {key: [] for key in ("epoch", "data_loss", "penalty", "val_data_loss", "gap")}
