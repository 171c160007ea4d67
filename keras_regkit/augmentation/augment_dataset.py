"""A dataset with augmented copies of its rows, made once and before training."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import keras
import numpy as np

from keras_regkit._core.checks import Interval, OneOf, check_arguments
from keras_regkit._core.progress import Progress
from keras_regkit._core.types import Array, Data
from keras_regkit.augmentation._layer import Augmentation
from keras_regkit.augmentation._row_hashes import equal_rows
from keras_regkit.augmentation.augmented_dataset import AugmentedDataset, is_texts, take_rows
from keras_regkit.augmentation.mixing._layer import Mixing

_RANGES = {
    "factor": Interval(2, closed="left", integer=True),
    "batch_size": Interval(1, closed="left", integer=True),
    "seed": Interval(0, closed="left", integer=True, optional=True),
    "verbose": OneOf(0, 1),
}


def augment_dataset(
    x: Data,
    y: Data | None = None,
    factor: int = 2,
    layer: Callable[..., Any] | Mapping[str, Any] | Sequence[Any] | None = None,
    *,
    sample_weight: Array | None = None,
    validation: Data | None = None,
    test: Data | None = None,
    batch_size: int = 256,
    seed: int | None = None,
    verbose: int = 1,
) -> AugmentedDataset:
    """Returns a dataset with augmented copies of its rows, which keep their labels.

        (x_i, y_i) ↦ (x_i, y_i), (a_1(x_i), y_i), …, (a_{f−1}(x_i), y_i)

    Use it where augmentation is slow, such as translation, or for learners outside of Keras. In training, a layer in
    the model or `augmentation.pipeline` makes other versions in every epoch, which is worth more than copies.

    The originals come first and in their order, then a copy of each, then the next: `record.x[:len(x)]` is x. Shuffle
    in training, as `fit` does: a batch with copies of one row has little to tell. Do not use the `validation_split` of
    `fit`: it takes the last rows, which are copies of the first. `record.split()` knows better, and
    `record.check_split()` checks the splits of others.

    Args:
        x: Inputs: an array, a list of texts, or a dict or list of such. One row for each sample.
        y: Labels, or a dict or list of such. Defaults to None.
        factor: Number of rows for each one of x, at least 2: itself, and `factor` − 1 copies. Defaults to 2.
        layer: A layer of `keras_regkit.augmentation`, or another layer or function of inputs and `training`, that keeps
            shapes. For a dict of inputs it takes the dict, or is a dict of layers by key; for a list of inputs it is a
            list of layers; inputs without a layer, or with None, stay as they are.
        sample_weight: Weights of the rows. Defaults to None.
        validation, test: Inputs that are held out, of the form of x: refused if one of their rows is one of x. Defaults
            to None.
        batch_size: Rows that are augmented at once. Defaults to 256.
        seed: Integer seed, at least 0, for layers of this package: the same copies in every call. Defaults to None:
            layers draw from their own seeds, which move on.
        verbose: 1 shows a progress bar once it has taken 2 seconds, 0 none. Defaults to 1.

    Returns:
        An `AugmentedDataset` with `x`, `y`, `sample_weight`, `source` and `is_original`.

    Raises:
        TypeError: there is no layer, a layer needs labels, as those that mix, or cannot be seeded; an argument is of
            the wrong type.
        ValueError: parts differ in their number of rows, a layer changes shapes, a row is held out and in x; an
            argument is out of its range.

    Example:

    >>> from keras_regkit.augmentation.time_series import Jitter
    >>> record = augment_dataset(np.zeros((4, 10, 2)), np.arange(4), factor=3, layer=Jitter(), seed=0)
    >>> record.x.shape, record.y.tolist()
    ((12, 10, 2), [0, 1, 2, 3, 0, 1, 2, 3, 0, 1, 2, 3])
    >>> train, validation = record.split(validation=0.25)
    >>> len(train), len(validation)
    (9, 1)
    """
    if isinstance(factor, keras.layers.Layer):
        raise TypeError(
            "`factor`, a number, comes before `layer`: augment_dataset(x, y, 2, layer), or layer=... by name. "
            f"Received: factor={factor!r}"
        )
    check_arguments(_RANGES, factor=factor, batch_size=batch_size, seed=seed, verbose=verbose)
    x, y, weight = (_arrays(part) for part in (x, y, sample_weight))
    layers = _layers_of(x, layer)
    _check_layers(layers, seed)
    count = _count({"x": x, "y": y, "sample_weight": weight})
    for name, held_out in (("validation", validation), ("test", test)):
        if held_out is not None:
            _check_held_out(x, _arrays(held_out), name)
    copies = _copies(x, layers, count * (factor - 1), min(batch_size, count), seed, verbose)
    source = np.tile(np.arange(count), factor)
    return AugmentedDataset(
        _joined(x, copies), take_rows(y, source), source, np.arange(len(source)) < count, take_rows(weight, source)
    )


def _arrays(part):
    """Returns arrays for tensors and lists of numbers; lists of texts stay."""
    if part is None or is_texts(part):
        return part
    if isinstance(part, dict):
        return {key: _arrays(value) for key, value in part.items()}
    # Several inputs; but numbers in NumPy's dress, and lists of numbers, are one.
    if isinstance(part, list | tuple) and any(np.ndim(v) if hasattr(v, "shape") else is_texts(v) for v in part):
        return type(part)(map(_arrays, part))
    return keras.ops.convert_to_numpy(part) if keras.ops.is_tensor(part) else np.asarray(part)


def _is_structure(part):
    return isinstance(part, dict) or (isinstance(part, list | tuple) and not is_texts(part))


def _layers_of(x, layer):
    """Returns the layer, or a dict of layers by key or position."""
    if layer is None:
        raise TypeError("`layer` must be a layer of keras_regkit.augmentation. Received: None")
    if isinstance(layer, list | tuple) and isinstance(x, list | tuple) and _is_structure(x):
        if len(layer) != len(x):
            raise ValueError(f"`layer` must be as many layers as inputs. Received: {len(layer)} for {len(x)}")
        return {key: one for key, one in enumerate(layer) if one is not None}
    if isinstance(layer, dict) and isinstance(x, dict):
        unknown = sorted(str(key) for key in layer if key not in x)
        if unknown:
            raise ValueError(f"`layer` must have keys of x, {sorted(map(str, x))}. Received: {unknown}")
        return {key: one for key, one in layer.items() if one is not None}
    if not callable(layer) or isinstance(layer, type):
        raise TypeError(
            "`layer` must be a layer of keras_regkit.augmentation, or a dict or list of layers for a dict or list of "
            f"inputs; several layers for one input go into a Compose. Received: {layer!r:.80}"
        )
    if isinstance(x, list | tuple) and _is_structure(x):
        raise TypeError(
            f"`layer` must be a list of {len(x)} layers, one for each input, with None for what stays. "
            f"Received: {layer!r:.80}"
        )
    return layer


def _check_layers(layers, seed):
    for layer in layers.values() if isinstance(layers, dict) else [layers]:
        if isinstance(layer, Mixing):
            raise TypeError(
                f"`layer` must keep labels. Received: {type(layer).__name__}, which mixes those of a batch. Mix in "
                "training: augmentation.pipeline(dataset, mix=layer)"
            )
        if not callable(layer) or isinstance(layer, type):
            raise TypeError(f"`layer` must hold layers, or None for inputs that stay. Received: {layer!r:.80}")
        if seed is not None and not isinstance(layer, Augmentation):
            raise TypeError(
                f"`seed` is for layers of keras_regkit.augmentation. Received: seed={seed} and {layer!r:.80}, which "
                "draws its own numbers. Seed it where it is made, and leave `seed` out"
            )


def _count(parts):
    counts = {}
    for name, part in parts.items():
        for leaf in _leaves(part):
            if np.ndim(leaf) == 0:
                raise ValueError(f"`{name}` must have a row for each sample. Received: a number, {leaf}")
            counts.setdefault(len(leaf), name)
    if len(counts) > 1:
        named = {name: count for count, name in counts.items()}
        raise ValueError(f"x, y and sample_weight must have the same number of rows. Received: {named}")
    if not counts or 0 in counts:
        raise ValueError("`x` must hold at least one row. Received: none")
    return next(iter(counts))


def _leaves(part):
    if part is None:
        return []
    if isinstance(part, dict):
        # In an order that does not depend on how the dict came about.
        return [leaf for key in sorted(part, key=str) for leaf in _leaves(part[key])]
    return [leaf for value in part for leaf in _leaves(value)] if _is_structure(part) else [part]


def _check_held_out(x, held_out, name):
    ours, theirs = _leaves(x), _leaves(held_out)
    if len(ours) != len(theirs) or any(np.shape(a)[1:] != np.shape(b)[1:] for a, b in zip(ours, theirs, strict=True)):
        shapes = [[np.shape(leaf) for leaf in leaves] for leaves in (ours, theirs)]
        raise ValueError(
            f"`{name}` must be inputs of the form of x, without labels. Received: shapes {shapes[1]} for {shapes[0]}"
        )
    rows, same = equal_rows([np.asarray(leaf) for leaf in ours], [np.asarray(leaf) for leaf in theirs])
    if rows:
        raise ValueError(
            f"`{name}` must hold no row of x, or copies of it would be trained on. Received: {len(rows)} equal rows, "
            f"first number {rows[0]} of `{name}`, which is number {same[0]} of x. Drop them from x, or split again"
        )


def _copies(x, layers, total, batch_size, seed, verbose):
    """Returns `total` augmented rows, of the form of x: lists of batches in the place of arrays."""
    random = None if seed is None else np.random.default_rng(seed)
    count, texts = len(_leaves(x)[0]), any(map(_holds_texts, _leaves(x)))
    batches, progress = [], Progress(verbose, "batch")
    for number, start in enumerate(range(0, total, batch_size)):
        rows = np.arange(start, start + batch_size)
        # A full batch to the end: one of another size would be compiled for itself. Texts are not, and may cost.
        rows = rows[rows < total] if texts else rows
        new = _augmented(layers, take_rows(x, rows % count), random)
        batches.append(take_rows(new, np.arange(min(len(rows), total - start))))
        progress.update(number + 1)
    progress.update(len(batches), last=True)
    return batches


def _augmented(layers, batch, random):
    """Returns a batch with its inputs augmented."""
    if isinstance(layers, dict):
        keys = batch if isinstance(batch, dict) else range(len(batch))
        new = {key: _augmented(layers[key], batch[key], random) if key in layers else batch[key] for key in keys}
        return new if isinstance(batch, dict) else type(batch)(new.values())
    given = _mapped(lambda leaf: leaf if _holds_texts(leaf) else keras.ops.convert_to_tensor(leaf), batch)
    if random is None:
        new = layers(given, training=True)
    else:
        numbers = lambda shape: keras.ops.convert_to_tensor(random.random(shape, dtype="float32"))  # noqa: E731
        new = layers.augment_with(numbers, given)
    new = _mapped(lambda leaf: keras.ops.convert_to_numpy(leaf) if keras.ops.is_tensor(leaf) else leaf, new)
    _check_same(batch, new, layers)
    return new


def _check_same(old, new, layer):
    shapes = [[np.shape(leaf) for leaf in _leaves(part)] for part in (old, new)]
    if shapes[0] != shapes[1]:
        raise ValueError(
            f"`layer` must keep the shapes of its inputs. Received: {shapes[1]} from {shapes[0]}, by {layer!r:.80}. "
            "Crop and resize in the model or its pipeline"
        )


def _holds_texts(leaf):
    return is_texts(leaf) or (isinstance(leaf, np.ndarray) and leaf.dtype.kind in "USOT")


def _mapped(function, part):
    if isinstance(part, dict):
        return {key: _mapped(function, value) for key, value in part.items()}
    return type(part)(_mapped(function, value) for value in part) if _is_structure(part) else function(part)


def _joined(x, copies):
    """Returns the rows of x, and those of its copies behind them."""
    if isinstance(x, dict):
        return {key: _joined(value, [batch[key] for batch in copies]) for key, value in x.items()}
    if _is_structure(x):
        return type(x)(_joined(value, [batch[key] for batch in copies]) for key, value in enumerate(x))
    if is_texts(x):
        return type(x)(text for part in (x, *copies) for text in part)
    rows = np.concatenate([x, *copies])
    # Layers compute in their own precision; whole numbers that became floats stay floats.
    return rows.astype(x.dtype) if x.dtype.kind == copies[0].dtype.kind == "f" else rows
