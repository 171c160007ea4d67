"""From the target column to what a loss takes, and back."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from keras_regkit._core.checks import OneOf
from keras_regkit._core.extras import require

TASKS = OneOf("binary", "multiclass", "regression")


class TargetEncoder:
    """Encodes the target column so that it fits the outputs and the loss of its task.

    The shapes are those of the model's outputs, so that no loss broadcasts `(n,)` against `(n, 1)`.

    Args:
        task: `"binary"`, `"multiclass"` or `"regression"`.
        classes: The classes in order, as `infer_task` returns them; the second of a binary task is the positive one.
            None for a regression.

    Shapes:
        binary: `(n, 1)` float32, 0 or 1. multiclass: `(n,)` int32, the class's number, for the sparse losses.
        regression: `(n, 1)` float32, with the mean of the training rows 0 and their standard deviation 1.

    >>> encoder = TargetEncoder("binary", ("no", "yes")).fit(["no", "yes"])
    >>> encoder.transform(["yes", "no", "no"]).tolist()
    [[1.0], [0.0], [0.0]]
    >>> encoder.inverse([[0.9], [0.2]]).tolist()
    ['yes', 'no']
    """

    def __init__(self, task: str, classes: Sequence[Any] | None = None):
        TASKS.check("task", task)
        count = None if classes is None else len(classes)
        if (task == "regression") != (count is None) or (task == "binary" and count != 2):
            wanted = {"binary": "two classes", "multiclass": "the classes", "regression": "None"}
            raise ValueError(f"`classes` must be {wanted[task]} for task={task!r}. Received: {classes!r}")
        self.task = task
        self.classes = None if classes is None else tuple(classes)
        self.mean = None
        self.scale = None

    def fit(self, target):
        """Learns mean and scale of a regression from the training rows; returns the encoder."""
        if self.task == "regression":
            values = self._numbers(target)
            self.mean = float(values.mean())
            scale = float(values.std())
            self.scale = scale if scale > 1e-7 * max(1.0, abs(self.mean)) else 1.0
        return self

    def transform(self, target):
        """Returns the encoded target.

        Raises:
            RuntimeError: a regression's encoder was not fitted.
            ValueError: a value is missing, infinite, or no known class.
        """
        if self.task == "regression":
            self._check_fitted()
            return ((self._numbers(target) - self.mean) / self.scale).astype("float32")[:, None]
        index = {label: number for number, label in enumerate(self.classes)}
        values = list(target)
        unknown = {repr(value) for value in values if value not in index}
        if unknown:
            raise ValueError(
                f"The target must hold the classes {list(self.classes)[:10]} only. Received also: "
                f"{sorted(unknown)[:10]}. Remove these rows, or encode with all classes."
            )
        numbers = np.array([index[value] for value in values], "int32")
        return numbers.astype("float32")[:, None] if self.task == "binary" else numbers

    def inverse(self, values):
        """Returns labels or amounts for encoded targets, or for predicted probabilities and standardized values.

        Args:
            values: binary: `(n, 1)` or `(n,)`, 0 to 1, positive from 0.5 up. multiclass: `(n,)` class numbers or
                `(n, classes)` scores. regression: `(n, 1)` or `(n,)` standardized values.
        """
        values = np.asarray(values)
        if self.task == "regression":
            self._check_fitted()
            return values.astype("float64").reshape(len(values)) * self.scale + self.mean
        if self.task == "binary":
            numbers = (values.reshape(len(values)) >= 0.5).astype(int)
        else:
            numbers = values.argmax(axis=-1) if values.ndim == 2 else values.astype(int)
        return np.array([self.classes[number] for number in numbers], dtype=object)

    def get_config(self):
        """Returns the encoder, with what it learned, in what JSON knows."""
        classes = None if self.classes is None else list(self.classes)
        return {"task": self.task, "classes": classes, "mean": self.mean, "scale": self.scale}

    @classmethod
    def from_config(cls, config):
        """Returns the encoder that `get_config` described, also after a trip through JSON."""
        encoder = cls(config["task"], config["classes"])
        encoder.mean, encoder.scale = config["mean"], config["scale"]
        return encoder

    def _check_fitted(self):
        if self.mean is None:
            raise RuntimeError("The encoder has learned nothing yet. Call `fit` with the training rows first.")

    @staticmethod
    def _numbers(target):
        pandas = require("pandas", extra="app", purpose="Encoding the target")
        values = pandas.to_numeric(pandas.Series(target), errors="coerce").to_numpy("float64")
        if not np.isfinite(values).all():
            count = int((~np.isfinite(values)).sum())
            raise ValueError(
                f"The target must hold finite numbers. Received {count} values that are missing, infinite "
                "or no numbers. Remove these rows: `rows_with_target(frame, target)`."
            )
        return values
