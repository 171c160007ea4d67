"""Predictions of several models for the same rows."""

from collections.abc import Sequence

import keras
from keras import ops

from keras_regkit._core.backend import compile_inference, to_tensors
from keras_regkit._core.checks import Interval, OneOf, check_arguments
from keras_regkit._core.inputs import input_batches
from keras_regkit._core.progress import Progress
from keras_regkit._core.types import Data
from keras_regkit.uncertainty._stacked import as_float32, stacked
from keras_regkit.uncertainty.predictions import Predictions

_RANGES = {
    "batch_size": Interval(1, closed="left", integer=True),
    "verbose": OneOf(0, 1),
}


def ensemble_predict(
    models: keras.Model | Sequence[keras.Model], x: Data, batch_size: int = 256, verbose: int = 1
) -> Predictions:
    """Predicts with each of several models, and returns mean, spread and each one's predictions.

    Use it with models of the same task that were trained apart: from other seeds, folds or moments of a training. Where
    they disagree, none of them knows.

        mean = 1/S Σ_s f_s(x)        std² = 1/S Σ_s (f_s(x) − mean)²

    Args:
        models: At least 2 built models with outputs of the same shape; or one model that holds several and has
            `predict_members(x, batch_size, verbose)`, as `callbacks.EnsembleModel` has.
        x: An array of inputs (or a list, tuple or dict of arrays), a `tf.data.Dataset`, a `keras.utils.PyDataset`, or
            another iterable of batches.
        batch_size: Rows per batch, for arrays. Defaults to 256.
        verbose: 1 shows a progress bar once it has taken 2 seconds, 0 none. Defaults to 1.

    Returns:
        `Predictions`, as those of `mc_predict`; its `samples` are the models', in their order.

    Raises:
        ValueError: there are fewer than 2 models, one is not built, their outputs differ in shape, or there are no
            rows.
        TypeError: one is no model, or `x` is none of the above.

    Reference:
        Lakshminarayanan et al. 2017, "Simple and Scalable Predictive Uncertainty Estimation using Deep Ensembles",
        section 2.4.

    Example:

    >>> def constant(value):
    ...     bias = keras.initializers.Constant(value)
    ...     return keras.Sequential([keras.Input((2,)), keras.layers.Dense(1, None, True, "zeros", bias)])
    >>> predictions = ensemble_predict([constant(1.0), constant(3.0)], np.ones((4, 2)))
    >>> predictions.mean.ravel(), predictions.variance.ravel()
    (array([2., 2., 2., 2.], dtype=float32), array([1., 1., 1., 1.], dtype=float32))
    """
    check_arguments(_RANGES, batch_size=batch_size, verbose=verbose)
    if hasattr(models, "predict_members"):
        return Predictions.of(models.predict_members(x, batch_size=batch_size, verbose=verbose))
    models = _checked(models)
    passes = [compile_inference(m, lambda batch, m=m: as_float32(m(batch, training=False))) for m in models]
    batches = input_batches((x, None) if isinstance(x, tuple) else x, batch_size, "x")
    progress, found, done = Progress(verbose, "pass"), [], 0
    for batch in batches():
        tensors, outputs = to_tensors(batch), []
        for one_pass in passes:
            outputs.append(keras.tree.map_structure(ops.convert_to_numpy, one_pass(tensors)))
            done += 1
            progress.update(done)
        _check_alike(outputs)
        found.append(outputs)
    progress.update(done, last=True)
    return Predictions.of(stacked(found))


def _checked(models):
    models = list(models) if isinstance(models, (list, tuple)) else [models]
    for model in models:
        if not isinstance(model, keras.Model):
            raise TypeError(
                f"`models` must be a list of keras.Model. Received: {model!r} of type {type(model).__name__}"
            )
        if not model.built:
            raise ValueError(f"Every model must be built. Received: {model.name!r}, which is not")
    if len(models) < 2:
        raise ValueError(f"`models` must hold at least 2 models. Received: {len(models)}")
    return models


def _check_alike(outputs):
    shapes = [keras.tree.map_structure(lambda a: a.shape[1:], output) for output in outputs]
    if any(shape != shapes[0] for shape in shapes):
        raise ValueError(f"`models` must have outputs of the same shape. Received, without the rows: {shapes}")
