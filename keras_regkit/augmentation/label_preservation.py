"""Whether images still show what their labels say, as a trained classifier sees it."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import keras
import numpy as np

from keras_regkit._core.backend import compile_inference
from keras_regkit._core.checks import Interval, OneOf, check_arguments
from keras_regkit._core.data import is_arrays
from keras_regkit._core.inputs import input_batches
from keras_regkit._core.output_kind import config_of_loss, last_activation, makes_decisions
from keras_regkit._core.progress import Progress
from keras_regkit._core.types import Data
from keras_regkit.augmentation.mixing._layer import Mixing
from keras_regkit.augmentation.preservation_result import PreservationResult, PreservationRow

_RANGES = {
    "repeats": Interval(1, closed="left", integer=True),
    "batch_size": Interval(1, closed="left", integer=True),
    "confidence": Interval(0, 1, closed="neither"),
    "verbose": OneOf(0, 1),
}


def label_preservation(
    model: keras.Model,
    data: Data,
    layer: Callable[..., Any] | Mapping[str, Callable[..., Any]],
    strengths: Sequence[Any] | None = None,
    repeats: int = 3,
    batch_size: int = 128,
    confidence: float = 0.95,
    verbose: int = 1,
) -> PreservationResult:
    """Measures how often a trained classifier changes its mind when images are augmented.

    Use it before a longer training, with a model that was trained without augmentation or with little, to see which op
    goes how far: where a tenth of the predictions change, labels may no longer be true. It counts what the model sees,
    which is also where the model is weak: look at the images (`augmentation.show`) before an op is given up.

        changed = 1/(n R) · Σ_i Σ_r [decision(f(a_r(x_i))) ≠ decision(f(x_i))]

    Args:
        model: A built classifier with one output: classes, of which the largest decides; or yes-or-no outputs, each
            with the threshold 1/2 (0 for logits), of which any may change.
        data: Images as an array, a `tf.data.Dataset`, a `keras.utils.PyDataset` or another iterable of batches; where
            there are labels, `(x, y)`, they are not used.
        layer: A layer of `keras_regkit.augmentation.image`, or another layer or function of images and `training`; or a
            dict from names to such, to compare them. With `strengths`, a function of a strength that makes one (or a
            dict of such), for example the class itself: `RandomRotation`. Layers draw from their own seeds.
        strengths: List of strengths to try. Defaults to None: the layer as it is.
        repeats: Number of versions R of each image, at least 1. Defaults to 3.
        batch_size: Images per batch, for arrays. Defaults to 128.
        confidence: Of the intervals, strictly between 0 and 1. Defaults to 0.95.
        verbose: 1 shows a progress bar once it has taken 2 seconds, 0 none. Defaults to 1.

    Returns:
        A `PreservationResult`: for each op and strength the number and share of changed predictions, with an interval.

    Raises:
        TypeError: `layer` is no layer or function; a mixing layer, which changes labels on purpose; arguments are of
            the wrong type.
        ValueError: the model is not built or has several outputs; there are no images.

    Reference:
        Wilson 1927, "Probable Inference, the Law of Succession, and Statistical Inference", for the interval. Versions
        of one image go together, so the interval counts fewer samples than n R where images differ in how easily they
        change, and never fewer than n.

    Example:

    >>> images = np.random.default_rng(0).uniform(0, 255, (16, 4, 4, 1)).astype("float32")
    >>> bright = keras.Sequential([keras.Input((4, 4, 1)), keras.layers.GlobalAveragePooling2D(),
    ...                            keras.layers.Rescaling(1.0, -127.5)])
    >>> result = label_preservation(bright, images, {"none": keras.layers.Identity()}, verbose=0)
    >>> result.rows[0].changed, result.rows[0].total
    (0, 48)
    """
    check_arguments(_RANGES, repeats=repeats, batch_size=batch_size, confidence=confidence, verbose=verbose)
    if not isinstance(model, keras.Model) or not model.built:
        raise ValueError(f"`model` must be a built keras.Model. Received: {model!r:.80}")
    cases = list(_cases(layer, strengths))
    batches = input_batches(data[0] if is_arrays(data) else data, batch_size, "data")
    decide = _decider(model)
    predict = compile_inference(model, lambda x: model(x, training=False))

    def decisions(x):
        return decide(keras.ops.convert_to_numpy(keras.ops.cast(_single(predict(x), model), "float32")))

    progress, done = Progress(verbose, "batch"), 0
    changes: list[list[np.ndarray]] = [[] for _ in cases]
    for x in batches():
        before = decisions(x)
        for found, (_, _, case) in zip(changes, cases, strict=True):
            versions = [decisions(case(keras.ops.convert_to_tensor(x), training=True)) for _ in range(repeats)]
            found.append(np.mean([(after != before).any(-1) for after in versions], axis=0))
            done += 1
            progress.update(done)
    progress.update(done, last=True)
    rows = (
        PreservationRow.of(name, strength, np.concatenate(found), repeats, confidence)
        for (name, strength, _), found in zip(cases, changes, strict=True)
    )
    return PreservationResult(tuple(rows), repeats, confidence)


def _cases(layer, strengths):
    """Yields name, strength (or None), and layer."""
    named = layer if isinstance(layer, dict) else {None: layer}
    if strengths is not None and (isinstance(strengths, str) or not len(strengths)):
        raise ValueError(f"`strengths` must be a list of at least one strength. Received: {strengths!r}")
    for name, given in named.items():
        is_class = isinstance(given, type)
        if not callable(given) or (is_class and strengths is None):
            raise TypeError(
                "`layer` must be a layer, a function of images and `training`, or with `strengths` a function that "
                f"makes one. Received: {given!r:.80}"
            )
        if strengths is not None and isinstance(given, keras.layers.Layer):
            raise TypeError(
                "`layer` must be a function of a strength where `strengths` are given, such as the class "
                f"{type(given).__name__}. Received: a layer, {given.name!r}"
            )
        for strength in [None] if strengths is None else strengths:
            made = given if strength is None else given(strength)
            if isinstance(made, Mixing):
                raise TypeError(
                    f"`layer` must keep labels. Received: {type(made).__name__}, which mixes them on purpose"
                )
            yield name or _name_of(given), strength, made


def _name_of(given):
    return getattr(given, "__name__", None) or type(given).__name__


def _decider(model):
    """Returns a function from outputs to decisions, `(rows, columns)`."""
    activation, loss = last_activation(model), config_of_loss(getattr(model, "loss", None))
    columns = model.output_shape[-1] if isinstance(model.output_shape, tuple) else None
    if columns != 1 and activation != "sigmoid" and not makes_decisions(loss):
        return lambda outputs: outputs.argmax(-1).reshape(len(outputs), -1)
    probable = activation == "sigmoid" or (activation != "linear" and not loss.get("from_logits", True))
    probable = probable or loss.get("from_logits") is False
    threshold = 0.5 if probable else 0.0
    return lambda outputs: outputs.reshape(len(outputs), -1) > threshold


def _single(outputs, model):
    if not keras.ops.is_tensor(outputs):
        raise ValueError(f"`model` must have one output. Received: {model.name!r}, with several")
    return outputs
