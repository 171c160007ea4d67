"""A model that takes the rows of a table as they are."""

import warnings
from typing import Any

import keras
from keras import layers, ops

from keras_regkit._core.types import Frame
from keras_regkit._core.warnings import DataWarning
from keras_regkit.tables.table_encoder import TableEncoder, category_texts, numeric_matrix
from keras_regkit.tables.table_schema import TableSchema
from keras_regkit.tables.target_encoder import TargetEncoder

LOSSES = {
    "binary": ("binary_crossentropy", "accuracy"),
    "multiclass": ("sparse_categorical_crossentropy", "accuracy"),
    "regression": ("mean_squared_error", "mean_absolute_error"),
}
OWN = ("keras", "builtins", "numpy")  # packages that are wherever Keras is


def raw_row_model(
    core: keras.Model, encoder: TableEncoder, target_encoder: TargetEncoder, *, name: str = "raw_rows"
) -> keras.Model:
    """Puts the preprocessing in front of `core`, and the meaning of its outputs behind it.

    Use it to save a trained model in one `.keras` file that takes raw rows. Beside the layers of `core`, it is made of
    core Keras layers only, so it loads where `keras_regkit` is not installed. It shares its weights with `core`.

    A table with categories needs the TensorFlow backend to run, because JAX and torch have no tensors of text. On
    these, the model can be built and saved, with a warning.

    Args:
        core: A built Functional or Sequential model, from the encoded matrix to logits or a standardized value.
        encoder: The fitted `TableEncoder`.
        target_encoder: The fitted `TargetEncoder`.
        name: Name of the model.

    Returns:
        A compiled `keras.Model`, for `predict(raw_inputs(frame, schema))` and `evaluate`. Inputs: a dict of
        `(batch, 1)` tensors, one per column: float32 with NaN for missing, or text with `""` for missing. Outputs:
        probabilities `(batch, 1)` or `(batch, classes)`, or `(batch, 1)` in the target's own unit.

    Raises:
        ValueError: `core` is no Functional or Sequential model, or does not fit the encoders.
        RuntimeError: an encoder was not fitted.

    >>> import pandas
    >>> from keras_regkit.tables import TableEncoder, TargetEncoder, describe_columns
    >>> frame = pandas.DataFrame({"age": [20.0, 40.0, None, 30.0], "y": [1.0, 2.0, 3.0, 4.0]})
    >>> encoder = TableEncoder(describe_columns(frame, "y")).fit(frame)
    >>> core = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    >>> model = raw_row_model(core, encoder, TargetEncoder("regression").fit(frame["y"]))
    >>> model.predict(raw_inputs(frame, encoder.schema), verbose=0).shape
    (4, 1)
    """
    _check_core(core, encoder, target_encoder)
    schema = encoder.schema
    if schema.categories and not _has_text_tensors():
        warnings.warn(
            f"The table has categories ({', '.join(schema.categories[:5])}), and the "
            f"{keras.backend.backend()!r} backend has no tensors of text: save this model, and load it "
            "under KERAS_BACKEND=tensorflow to run it. In this process, run the model in it on "
            "`encoder.transform(frame)`.",
            DataWarning,
            stacklevel=2,
        )
    names = schema.input_names
    inputs = {
        column: keras.Input((1,), name=names[column], dtype="string" if text else "float32")
        for column in schema.features
        for text in [column in schema.categories]
    }
    features = _numeric_features(inputs, encoder) + _category_features(inputs, encoder)
    matrix = layers.Concatenate(dtype="float32", name="encoded")(features) if len(features) > 1 else features[0]
    # The same layers in a new, uncompiled model: a nested compiled one would take its loss into the file.
    network = keras.Model(core.inputs[0], core.outputs[0], name="network")
    outputs = _meaning(network(matrix), target_encoder)
    model = keras.Model({names[column]: tensor for column, tensor in inputs.items()}, outputs, name=name)
    loss, metric = LOSSES[target_encoder.task]
    # For `evaluate`. Plain SGD keeps no variables of its own that the file would have to carry.
    model.compile(optimizer=keras.optimizers.SGD(), loss=loss, metrics=[metric])
    foreign = sorted(_foreign_parts(model.get_config()))
    if foreign:
        warnings.warn(
            f"A file of this model loads only where these can be imported: {foreign}. Build `core` of core "
            "Keras parts only to have a file that loads anywhere.",
            UserWarning,
            stacklevel=2,
        )
    return model


def raw_inputs(frame: Frame, schema: TableSchema) -> dict[str, Any]:
    """Returns the rows of `frame` as the inputs of a `raw_row_model`.

    Args:
        frame: A DataFrame with the columns of `schema`; others are left aside.
        schema: The `TableSchema` the model was made for.

    Returns:
        A dict from input name to an array `(rows, 1)`; with categories, tensors instead of arrays.

    Raises:
        ValueError: a column is missing or holds what it cannot hold.
        RuntimeError: the table has categories and the backend has no tensors of text.

    >>> import pandas
    >>> from keras_regkit.tables import describe_columns
    >>> frame = pandas.DataFrame({"age": [20, 40, 30], "y": [1.0, 2.0, 3.0]})
    >>> raw_inputs(frame, describe_columns(frame, "y"))["age"].ravel()
    array([20., 40., 30.], dtype=float32)
    """
    names = schema.input_names
    numbers = numeric_matrix(frame, schema)
    inputs = {names[c]: numbers[:, i : i + 1] for i, c in enumerate(schema.numeric)}
    if not schema.categories:
        return inputs
    if not _has_text_tensors():
        raise RuntimeError(
            f"The table has categories ({', '.join(schema.categories[:5])}), and the "
            f"{keras.backend.backend()!r} backend has no tensors of text. Run under "
            "KERAS_BACKEND=tensorflow, or run the core model on `encoder.transform(frame)`."
        )
    for column, texts in category_texts(frame, schema).items():
        inputs[names[column]] = texts.astype(str)[:, None]
    # `predict` takes text as tensors only, and a call wants all inputs of one kind.
    return {name: ops.convert_to_tensor(values) for name, values in inputs.items()}


def _foreign_parts(config):
    """Returns the classes in a model's config that are not Keras' own, as dotted names."""
    if isinstance(config, dict):
        module, found = config.get("module"), set()
        if isinstance(module, str) and "class_name" in config and module.split(".")[0] not in OWN:
            found.add(f"{module}.{config['class_name']}")
        return found.union(*map(_foreign_parts, config.values()))
    if isinstance(config, (list, tuple)):
        return set().union(*map(_foreign_parts, config))
    return set()


def _numeric_features(inputs, encoder):
    columns = encoder.schema.numeric
    if not columns:
        return []
    tensors = [inputs[column] for column in columns]
    numbers = layers.Concatenate(name="numbers")(tensors) if len(tensors) > 1 else tensors[0]
    missing = ops.isnan(numbers)
    mask = ops.cast(missing, "float32")
    medians = layers.Rescaling([encoder.medians[c] for c in columns], dtype="float32", name="medians")
    filled = ops.where(missing, 0.0, numbers) + medians(mask)
    # First the mean, then the scale, as the encoder does: in one step, a mean far from 0 would cost digits. (The layer
    # `Normalization` does not divide by less than 1e-7.)
    means, scales = ([values[c] for c in columns] for values in (encoder.means, encoder.scales))
    center = layers.Rescaling(1.0, [-mean for mean in means], dtype="float32", name="centered")
    scale = layers.Rescaling([1 / scale for scale in scales], dtype="float32", name="standardized")
    features = [scale(center(filled))]
    if encoder.indicated:
        features.append(ops.take(mask, [columns.index(c) for c in encoder.indicated], axis=1))
    return features


def _category_features(inputs, encoder):
    features = []
    for column, vocabulary in encoder.vocabularies.items():
        lookup = layers.StringLookup(vocabulary=vocabulary, output_mode="one_hot")
        one_hot = ops.cast(lookup(inputs[column]), "float32")
        # Slot 0 is the unknown's.
        first = 0 if column in encoder.unknown else 1
        features.append(ops.take(one_hot, list(range(first, len(vocabulary) + 1)), axis=1))
    return features


def _meaning(outputs, target_encoder):
    if target_encoder.task == "regression":
        return layers.Rescaling(target_encoder.scale, target_encoder.mean, dtype="float32", name="target")(outputs)
    activation = "sigmoid" if target_encoder.task == "binary" else "softmax"
    return layers.Activation(activation, dtype="float32", name="probability")(outputs)


def _check_core(core, encoder, target_encoder):
    if not isinstance(core, keras.Model) or not getattr(core, "inputs", None):
        raise ValueError(f"`core` must be a Functional model, or a Sequential one that was built. Received: {core!r}")
    width = len(encoder.feature_names)
    if len(core.inputs) != 1 or tuple(core.inputs[0].shape[1:]) != (width,):
        raise ValueError(
            f"`core` must take the encoder's matrix, of shape (batch, {width}). It takes: "
            f"{[tuple(i.shape) for i in core.inputs]}"
        )
    outputs = len(target_encoder.classes) if target_encoder.task == "multiclass" else 1
    if len(core.outputs) != 1 or tuple(core.outputs[0].shape[1:]) != (outputs,):
        raise ValueError(
            f"`core` must give outputs of shape (batch, {outputs}) for task={target_encoder.task!r}. It "
            f"gives: {[tuple(o.shape) for o in core.outputs]}"
        )
    if target_encoder.task == "regression" and target_encoder.mean is None:
        raise RuntimeError("`target_encoder` has learned nothing yet. Call its `fit` first.")


def _has_text_tensors():
    return keras.backend.backend() == "tensorflow"
