"""Labels that can be mixed: class ids become rows, everything else is a number already."""

import keras

from keras_regkit._core.backend import is_known


def are_ids(labels):
    """Whether labels are class ids, as far as dtype and shape tell."""
    return "int" in keras.backend.standardize_dtype(labels.dtype)


def check_labels(labels, num_classes, pair, name):
    """Raises `ValueError` where labels cannot be mixed.

    Args:
        labels: Tensor `(batch, ...)`.
        num_classes: Number of classes, or None.
        pair: Whether labels stay as they are, since losses are mixed and not they.
        name: Name of the layer.
    """
    shape, dtype = tuple(labels.shape), keras.backend.standardize_dtype(labels.dtype)
    if not shape:
        raise ValueError(f"Layer {name!r} takes batches. Received: a single label. Batch the dataset before")
    if are_ids(labels) and not pair:
        if num_classes is None:
            raise ValueError(
                f"Layer {name!r} cannot mix class ids: between 2 and 4 there is no 3. Say num_classes=... to have them "
                "made one-hot, or labels='pair' to mix losses instead; labels of 0 and 1 and one-hot rows are mixed as "
                f"they are once they are floats. Received: labels of dtype {dtype}, shape {shape}"
            )
        if len(shape) > 2 or (len(shape) == 2 and shape[1] != 1):
            raise ValueError(
                f"Layer {name!r} takes class ids of shape (batch,) or (batch, 1), and one-hot or multi-hot rows as "
                f"floats. Received: labels of dtype {dtype}, shape {shape}"
            )
    if "float" not in dtype and not are_ids(labels) and not pair:
        raise ValueError(
            f"Layer {name!r} mixes floats, and class ids where num_classes is given. Received: labels of dtype {dtype}"
        )
    if num_classes is not None and "float" in dtype and (len(shape) == 1 or shape[-1] not in (None, num_classes)):
        raise ValueError(
            f"Layer {name!r} has num_classes={num_classes}: labels must be integers, or one-hot rows of that many "
            f"floats. Received: labels of dtype {dtype}, shape {shape}. Cast class ids to integers; for regression and "
            "for labels of 0 and 1, leave num_classes out"
        )


def check_range(labels, num_classes, name):
    """Raises `ValueError` where class ids are out of range, as far as they can be read now."""
    if num_classes is None or not are_ids(labels) or not keras.ops.is_tensor(labels) or not is_known(labels):
        return
    ids = keras.ops.convert_to_numpy(labels)
    if ids.size and not (ids.min() >= 0 and ids.max() < num_classes):
        raise ValueError(
            f"Layer {name!r} has num_classes={num_classes}: class ids must be from 0 to {num_classes - 1}. "
            f"Received: ids from {ids.min()} to {ids.max()}"
        )


def dense(labels, num_classes, ops):
    """Returns labels as floats, class ids one-hot; an id that is out of range makes a row of NaN, not one of zeros."""
    if not are_ids(labels):
        return ops.cast(labels, dense_dtype(labels))
    ids = ops.cast(labels, "int32")
    ids = ids[:, 0] if len(ids.shape) == 2 else ids
    rows = ops.one_hot(ids, num_classes, dtype="float32")
    legal = (ids >= 0) & (ids < num_classes)
    return ops.where(legal[:, None], rows, float("nan"))


def dense_dtype(labels):
    """Returns the dtype of labels after mixing: their own, if they are floats."""
    dtype = keras.backend.standardize_dtype(labels.dtype)
    return dtype if "float" in dtype else "float32"


def dense_shape(shape, num_classes):
    """Returns the shape of labels after mixing."""
    is_column = len(shape) == 1 or (len(shape) == 2 and shape[1] == 1)
    return (shape[0], num_classes) if num_classes is not None and is_column else tuple(shape)
