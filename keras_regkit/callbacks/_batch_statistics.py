"""Batch normalization's moving statistics while other weights than those of training are in the model."""

import itertools

from keras_regkit._core.backend import to_numpy
from keras_regkit._core.batch_moments import check_momentum, moments_estimator, statistics_of, store_moments
from keras_regkit._core.batch_norms import batch_norms
from keras_regkit._core.inputs import input_batches


class BatchStatistics:
    """Keeps the statistics of training aside, and estimates those of the weights in the model.

    Args:
        train: Inputs or `(x, y)`, arrays or a dataset; None estimates nothing.
        batches: How many batches are used, or None.
        batch_size: Rows per batch, for arrays.
    """

    def __init__(self, train, batches, batch_size):
        pair = isinstance(train, tuple) and 2 <= len(train) <= 3
        self._inputs = None if train is None else input_batches(train[0] if pair else train, batch_size, "train")
        self._batches = batches
        self._aside = []
        self._estimator = ([], None)

    @property
    def estimates(self):
        return self._inputs is not None

    @property
    def aside(self):
        """Values of the statistics of training, while they are not in the model."""
        return [value for _, value in self._aside]

    def check(self, model):
        """Raises if statistics are to be estimated and cannot be."""
        if self.estimates:
            check_momentum(trained_norms(model))

    def variables(self, model):
        """Returns the variables that are kept and estimated."""
        if not self.estimates:
            return []
        return [variable for layer in trained_norms(model).values() for variable in statistics_of(layer)]

    def keep(self, model):
        """Puts a copy of the statistics aside."""
        self._aside = [(variable, to_numpy(variable)) for variable in self.variables(model)]

    def bring_back(self):
        """Puts them back into the model."""
        for variable, value in self._aside:
            variable.assign(value)
        self._aside = []

    def forget(self):
        """Lets the kept ones go, and what was compiled for a model."""
        self._aside, self._estimator = [], ([], None)

    def estimate(self, model):
        """Estimates the statistics anew, for the weights in the model."""
        norms = list(trained_norms(model).values()) if self.estimates else []
        if not norms:
            return
        layers, function = self._estimator
        if layers != norms:
            function = moments_estimator(model, norms)
            self._estimator = norms, function
        moments = function(lambda: itertools.islice(self._inputs(), self._batches))
        for layer, (mean, variance) in zip(norms, moments, strict=True):
            store_moments(layer, mean, variance)


def trained_norms(model):
    """Returns `{path: layer}` for the batch normalization whose statistics move; none while the model is not built."""
    if not model.built:
        return {}
    return {path: layer for path, layer in batch_norms(model).items() if layer.trainable}
