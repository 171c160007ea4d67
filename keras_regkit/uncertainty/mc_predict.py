"""Predictions with dropout on, many times over."""

import random

import keras
import numpy as np
from keras import ops

from keras_regkit._core.backend import compile_inference, to_tensors
from keras_regkit._core.checks import Interval, OneOf, check_arguments
from keras_regkit._core.inputs import input_batches
from keras_regkit._core.progress import Progress
from keras_regkit._core.types import Data
from keras_regkit.uncertainty._sampling import SEED_LIMIT, check_model, sample, seed_states
from keras_regkit.uncertainty._stacked import as_float32, stacked
from keras_regkit.uncertainty.predictions import Predictions

_RANGES = {
    "samples": Interval(2, closed="left", integer=True),
    "batch_size": Interval(1, closed="left", integer=True),
    "seed": Interval(0, closed="left", integer=True, optional=True),
    "verbose": OneOf(0, 1),
}


def mc_predict(
    model: keras.Model, x: Data, samples: int = 30, batch_size: int = 256, seed: int | None = None, verbose: int = 1
) -> Predictions:
    """Predicts many times with dropout on, and returns mean, spread and samples: Monte-Carlo dropout.

    Use it to see how sure a model trained with dropout is of each prediction. Dropout layers drop as in training, those
    within attention and recurrent layers too; batch normalization, noise and augmentation stay in inference. Nothing in
    the model changes: no statistics, seeds or step counters.

        mean = 1/S Σ_s f(x; m_s)        std² = 1/S Σ_s (f(x; m_s) − mean)²

    with masks m_s drawn anew for each sample s and each batch. One batch is in the works at a time, and it is compiled
    once for all samples. For a model that is to be called again and again, or saved, use `MonteCarlo`.

    Args:
        model: A built model of any kind.
        x: An array of inputs (or a list, tuple or dict of arrays), a `tf.data.Dataset`, a `keras.utils.PyDataset`, or
            another iterable of batches.
        samples: Number of samples, at least 2. Defaults to 30.
        batch_size: Rows per batch, for arrays. Defaults to 256.
        seed: Integer that makes the samples repeatable, at least 0. Defaults to None: others each time.
        verbose: 1 shows a progress bar once it has taken 2 seconds, 0 none. Defaults to 1.

    Returns:
        `Predictions`, a record with NumPy arrays `mean`, `std` (rows, ...) and `samples` (samples, rows, ...), and for
        classes `entropy` and `mutual_information`.

    Raises:
        ValueError: an argument is out of range, the model is not built, or there are no rows.
        TypeError: `x` is none of the above.

    A `NoEffectWarning` says when the model has no dropout. A layer of your own takes part if it has an attribute
    `monte_carlo = True`; its `call` must take `training`.

    Reference:
        Gal and Ghahramani 2016, "Dropout as a Bayesian Approximation", equations 6 and 7 (without the noise τ⁻¹).

    Example:

    >>> model = keras.Sequential([keras.Input((4,)), keras.layers.Dropout(0.5), keras.layers.Dense(1)])
    >>> predictions = mc_predict(model, np.ones((3, 4)), samples=10, seed=0)
    >>> predictions.mean.shape, predictions.samples.shape, bool((predictions.std > 0).all())
    ((3, 1), (10, 3, 1), True)
    """
    check_arguments(_RANGES, samples=samples, batch_size=batch_size, seed=seed, verbose=verbose)
    check_model(model, stacklevel=2)
    # As Keras draws the seeds that it is not given: keras.utils.set_random_seed decides.
    generator = np.random.default_rng(random.randint(1, 10**9) if seed is None else seed)
    one_pass = compile_inference(model, lambda batch, seeds: as_float32(sample(model, batch, seeds)))
    shape = (max(1, len(seed_states(model))), 2)
    batches = input_batches((x, None) if isinstance(x, tuple) else x, batch_size, "x")
    progress, drawn, done = Progress(verbose, "pass"), [], 0
    for batch in batches():
        tensors = to_tensors(batch)
        passes = []
        for _ in range(samples):
            seeds = generator.integers(0, SEED_LIMIT, size=shape, dtype="int32")
            passes.append(keras.tree.map_structure(ops.convert_to_numpy, one_pass(tensors, seeds)))
            done += 1
            progress.update(done)
        drawn.append(passes)
    progress.update(done, last=True)
    return Predictions.of(stacked(drawn))
