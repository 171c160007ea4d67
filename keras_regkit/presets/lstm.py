"""A recurrent network with dropout that is locked over time."""

from collections.abc import Sequence

import keras

from keras_regkit._core.checks import Interval, OneOf
from keras_regkit.layers import EmbeddingDropout, LockedDropout
from keras_regkit.presets import _building as building

RANGES = {
    **building.TASK_RANGES,
    **building.COMPILE_RANGES,
    "vocabulary": Interval(2, integer=True, optional=True),
    "mask_value": Interval(optional=True),
    "embedding": building.SIZE,
    "dropout": building.RATE,
    "recurrent_dropout": building.RATE,
    "embedding_dropout": building.RATE,
    "l2": Interval(0),
    "return_sequences": OneOf(True, False),
}


def lstm(
    input_shape: int | tuple[int, ...],
    outputs: int | None = None,
    task: str = "multiclass",
    *,
    vocabulary: int | None = None,
    mask_value: float | None = None,
    embedding: int = 64,
    units: int | Sequence[int] = 64,
    return_sequences: bool = False,
    dropout: float = 0.2,
    recurrent_dropout: float = 0.0,
    embedding_dropout: float = 0.0,
    l2: float = 0.0,
    label_smoothing: float = 0.0,
    weight_decay: float | None = None,
    optimizer: str | type[keras.optimizers.Optimizer] | keras.optimizers.Optimizer = "adam",
    learning_rate: float | keras.optimizers.schedules.LearningRateSchedule | None = None,
    clip_norm: float | None = None,
    seed: int | None = None,
    name: str = "lstm",
) -> keras.Model:
    """Builds and compiles a recurrent network for sequences: series with features, or texts as token ids.

    Use it for short series, and for texts where data are few. Dropout keeps its mask for all steps of a sequence
    (`layers.LockedDropout`): a mask that changes from step to step breaks the memory. Per entry of `units`:

        LockedDropout(0.2) → LSTM(units, recurrent_dropout=0)

    then dropout and `Dense(outputs)` on the last state, or with `return_sequences` on each. Losses and metrics as in
    `mlp`. Padded steps are skipped: token 0, or steps of features that are `mask_value` throughout.

    Where there is dropout the model holds layers of `keras_regkit`, and its file loads where that was imported.

    On TensorFlow in `mixed_float16`, Keras' `LossScaleOptimizer` can miss an overflow in the gradient of an embedding,
    where a token comes more than once, and the weights become NaN: use `mixed_bfloat16`, or give the optimizer in a
    `LossScaleOptimizer` with a small `initial_scale`.

    Args:
        input_shape: With a `vocabulary`, the length of the sequences of token ids; without, `(length, features)`.
        outputs: Width of the last layer: number of classes (`multiclass`, required), or of targets. Defaults to 1.
        task: `"binary"`, `"multiclass"` or `"regression"`. Defaults to `"multiclass"`.
        vocabulary: Number of token ids, padding included. Defaults to None: features.
        mask_value: The value that fills padded steps of features. Defaults to None: no padding.
        embedding: Size of the token vectors. Defaults to 64.
        units: Units of the LSTM layers, one number or one per layer. Defaults to 64.
        return_sequences: Whether there is an output for each step, as a language model needs. Labels have a step axis
            then, and those of padded steps do not count. Defaults to False.
        dropout: Rate of the inputs of each LSTM and of the last layer, in [0, 1), with locked masks. Common practice
            is 0.2 to 0.5. Defaults to 0.2.
        recurrent_dropout: Rate of the state within the LSTM, in [0, 1), with locked masks. It rules out cuDNN, which is
            much faster on a GPU. Typical: 0.1 to 0.3. Defaults to 0.
        embedding_dropout: Rate at which whole words are dropped, in [0, 1). Typical: 0.1. Defaults to 0.
        l2: Strength of the L2 penalty on the kernels of the LSTM layers, ≥ 0. Defaults to 0.
        label_smoothing: Share of label mass spread over all classes, in [0, 1), see `mlp`. Defaults to 0.
        weight_decay: Decoupled weight decay of the optimizer, ≥ 0; biases are exempt. Defaults to None: the optimizer's
            own, none for Adam.
        optimizer: Name, class or instance of a Keras optimizer. Defaults to `"adam"`.
        learning_rate: Learning rate, > 0, or a `keras.optimizers.schedules` object. Defaults to the optimizer's own.
        clip_norm: Cap on the norm of the whole gradient, > 0. Typical: 0.25 to 1. None for no cap.
        seed: Seed of the initial weights and of what is dropped, an integer ≥ 0. Defaults to None.
        name: Name of the model. Defaults to `"lstm"`.

    Returns:
        A compiled `keras.Model`; input `(batch, *input_shape)`, output `(batch, outputs)`, with `return_sequences`
        `(batch, length, outputs)`.

    Raises:
        ValueError, TypeError: for arguments outside their range, or that contradict each other.

    Reference:
        Gal & Ghahramani 2016, "A Theoretically Grounded Application of Dropout in Recurrent Neural Networks", section
        4; Merity et al. 2017, "Regularizing and Optimizing LSTM Language Models", section 4.

    Example:

    >>> model = lstm((12, 3), task="regression", units=(8, 4), dropout=0.3, seed=0)
    >>> [layer.name for layer in model.layers]
    ['features', 'dropout_1', 'lstm_1', 'dropout_2', 'lstm_2', 'dropout', 'outputs']
    """
    building.check(
        RANGES,
        outputs=outputs,
        task=task,
        vocabulary=vocabulary,
        mask_value=mask_value,
        embedding=embedding,
        return_sequences=return_sequences,
        dropout=dropout,
        recurrent_dropout=recurrent_dropout,
        embedding_dropout=embedding_dropout,
        l2=l2,
        label_smoothing=label_smoothing,
        weight_decay=weight_decay,
        learning_rate=learning_rate,
        clip_norm=clip_norm,
        seed=seed,
    )
    shape = building.sizes("input_shape", input_shape, "a length, or (length, features)")
    building.check_sequence(shape, vocabulary, mask_value, input_shape)
    if embedding_dropout and vocabulary is None:
        raise ValueError(
            "`embedding_dropout` drops words, and needs a `vocabulary`. "
            f"Received: embedding_dropout={embedding_dropout}, vocabulary=None"
        )
    widths = building.sizes("units", units, "one LSTM layer at least, such as 64 or (128, 64)")
    outputs = building.check_outputs(outputs, task)
    building.check_smoothing(task, label_smoothing)
    seeds = building.seeds(seed)

    if vocabulary:
        inputs = keras.Input(shape, dtype="int32", name="tokens")
        x = _embed(inputs, vocabulary, embedding, embedding_dropout, seeds)
    else:
        inputs = keras.Input(shape, name="features")
        x = inputs if mask_value is None else keras.layers.Masking(mask_value, name="masking")(inputs)
    for i, width in enumerate(widths, start=1):
        x = _lock(x, dropout, next(seeds), f"dropout_{i}")
        x = keras.layers.LSTM(
            width,
            kernel_initializer=keras.initializers.GlorotUniform(next(seeds)),
            recurrent_initializer=keras.initializers.Orthogonal(seed=next(seeds)),
            kernel_regularizer=building.penalty(0, l2),
            recurrent_regularizer=building.penalty(0, l2),
            recurrent_dropout=recurrent_dropout,
            return_sequences=return_sequences or i < len(widths),
            seed=next(seeds),
            name=f"lstm_{i}",
        )(x)
    last = _lock if return_sequences else _drop
    x = last(x, dropout, next(seeds), "dropout")
    initializer = keras.initializers.GlorotUniform(next(seeds))
    x = keras.layers.Dense(outputs, kernel_initializer=initializer, name="outputs")(x)
    model = keras.Model(inputs, x, name=name)
    return building.compile_for(model, task, optimizer, learning_rate, weight_decay, label_smoothing, clip_norm)


def _embed(inputs, vocabulary, width, rate, seeds):
    table = keras.layers.Embedding(
        vocabulary,
        width,
        embeddings_initializer=keras.initializers.RandomUniform(seed=next(seeds)),
        mask_zero=True,
        name="embedding",
    )
    seed = next(seeds)
    return (EmbeddingDropout(table, rate, seed=seed, name="embedding_dropout") if rate else table)(inputs)


def _lock(x, rate, seed, name):
    return LockedDropout(rate, seed=seed, name=name)(x) if rate else x


def _drop(x, rate, seed, name):
    return keras.layers.Dropout(rate, seed=seed, name=name)(x) if rate else x
