"""How much each weight matters: the diagonal of the empirical Fisher information."""

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
from keras import ops

from keras_regkit._core.backend import gradients_of
from keras_regkit._core.checks import Interval, check_arguments
from keras_regkit._core.data import count_rows, take_rows
from keras_regkit._core.types import Array, Data

RANGES = {"samples": Interval(1, integer=True, optional=True), "seed": Interval(0, integer=True)}


def fisher_information(
    model: keras.Model, data: Data, loss: str | Callable[..., Any] | None = None, samples: int = 1000, seed: int = 0
) -> dict[str, Array]:
    """Returns, for every trainable weight, how strongly single examples pull at it.

    Use it as the importance of `WeightedL2`, to keep a model from forgetting what it learned from `data`: weights with
    little information are free to move. Dropout is off, penalties are left out, and nothing in the model changes.

        F_i = 1/n Σ_k (∂ loss(y_k, model(x_k)) / ∂w_i)²

    With a negative log-likelihood as loss, such as a cross-entropy, this is the diagonal of the empirical Fisher
    information: with the labels of the data, not with labels drawn from the model. It takes one backward pass per
    example.

    Args:
        model: A built model.
        data: `(x, y)` or `(x, y, sample_weight)` arrays, or a dataset of batches of them. With sample weights the mean
            is weighted by them.
        loss: Name, function or object of `keras.losses`. Defaults to None, for the loss that the model was compiled
            with.
        samples: Number of examples, at least 1: drawn without replacement from arrays, the first ones of a dataset
            (whole batches of them); None for all. Defaults to 1000.
        seed: Seed of the draw, in [0, ∞). Defaults to 0.

    Returns:
        Dict from the path of each trainable weight to a float32 array of its shape.

    Raises:
        ValueError: there is no loss; the data are empty or endless, or their weights sum to zero.
        TypeError: the data cannot be read twice.

    Reference:
        Kirkpatrick et al. 2017, "Overcoming Catastrophic Forgetting in Neural Networks", eq. 3; for what sets it apart
        from the true Fisher: Kunstner et al. 2019, "Limitations of the Empirical Fisher Approximation", eq. 3.

    Example:

    >>> model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1, use_bias=False, kernel_initializer="zeros")])
    >>> x, y = np.array([[1.0], [2.0]], "float32"), np.array([[1.0], [1.0]], "float32")
    >>> fisher = fisher_information(model, (x, y), loss="mse")  # the gradients are −2 and −4
    >>> fisher[model.weights[0].path].tolist()
    [[10.0]]
    """
    check_arguments(RANGES, samples=samples, seed=seed)
    if loss is None and not model.compiled:
        raise ValueError("`loss` must be given for a model that is not compiled. Received: None")
    x, y, weights = take_rows(data, samples, seed, "data")
    rows = count_rows((x, y))
    examples = [keras.tree.map_structure(lambda a: a[row : row + 1], (x, y)) for row in range(rows)]  # noqa: B023
    function = _data_loss(model, keras.losses.get(loss) if isinstance(loss, str) else loss)
    with keras.StatelessScope([(v, v.value) for v in model.variables]):
        function(*examples[0])  # a compiled loss makes its variables when first called: not while it is traced
    gradients = gradients_of(model, function)
    shares = np.ones(rows) if weights is None else np.asarray(weights, "float64").reshape(rows, -1).mean(axis=1)
    if not shares.sum() > 0:
        raise ValueError("`data` must have sample weights with a sum above 0")
    totals = [np.zeros(v.shape) for v in model.trainable_variables]
    for example, share in zip(examples, shares, strict=True):
        for total, gradient in zip(totals, gradients(*example), strict=True):
            total += share * np.square(ops.convert_to_numpy(gradient).astype("float64"))
    paths = [v.path for v in model.trainable_variables]
    return {path: (total / shares.sum()).astype("float32") for path, total in zip(paths, totals, strict=True)}


def _data_loss(model, loss):
    """The loss of a batch as a function of `(x, y)`, penalties left out."""

    def function(x, y):
        y_pred = model(x, training=False)
        if loss is not None:
            return ops.mean(loss(y, y_pred))
        total = model.compute_loss(x=x, y=y, y_pred=y_pred, training=False)
        return ops.cast(total, "float32") - sum(ops.cast(ops.sum(value), "float32") for value in model.losses)

    return function
