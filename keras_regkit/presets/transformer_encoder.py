"""A transformer that classifies sequences."""

import keras
from keras import ops

from keras_regkit._core.checks import Interval
from keras_regkit.presets import _building as building
from keras_regkit.presets._transformer import BLOCK_RANGES, BlockMaker, add_positions, check_heads, embeddings

RANGES = {
    **building.TASK_RANGES,
    **building.COMPILE_RANGES,
    **BLOCK_RANGES,
    "vocabulary": Interval(2, integer=True, optional=True),
    "mask_value": Interval(optional=True),
}


def transformer_encoder(
    input_shape: int | tuple[int, ...],
    outputs: int | None = None,
    task: str = "multiclass",
    *,
    vocabulary: int | None = None,
    mask_value: float | None = None,
    width: int = 64,
    heads: int = 4,
    blocks: int = 2,
    feedforward: int | None = None,
    dropout: float = 0.1,
    attention_dropout: float = 0.1,
    embedding_dropout: float = 0.1,
    drop_path: float = 0.0,
    l2: float = 0.0,
    label_smoothing: float = 0.0,
    weight_decay: float | None = None,
    optimizer: str | type[keras.optimizers.Optimizer] | keras.optimizers.Optimizer = "adam",
    learning_rate: float | keras.optimizers.schedules.LearningRateSchedule | None = None,
    clip_norm: float | None = None,
    seed: int | None = None,
    name: str = "transformer_encoder",
) -> keras.Model:
    """Builds and compiles a small transformer for sequences: texts as token ids, or steps with features.

    Use it to classify texts or series of up to some hundred steps. Vectors for tokens and positions, `blocks` times

        x = x + Dropout(Attention(LayerNorm(x)))
        x = x + Dropout(Dense(gelu(Dense(LayerNorm(x)))))

    then LayerNormalization, the mean over the steps, dropout and `Dense(outputs)`, which gives logits. Losses and
    metrics as in `mlp`. Normalizing before each branch lets it train without warm-up.

    Padded steps take no part: nothing attends to them, and they are left out of the mean. Padding is token 0, as
    `keras.layers.TextVectorization` makes it; with features, steps that are `mask_value` throughout.

    The model is made of Keras' own layers, and with `drop_path` also of `keras_regkit.layers.DropPath`.

    On TensorFlow in `mixed_float16`, Keras' `LossScaleOptimizer` can miss an overflow in the gradient of an embedding,
    where a token comes more than once, and the weights become NaN: use `mixed_bfloat16`, or give the optimizer in a
    `LossScaleOptimizer` with a small `initial_scale`.

    Args:
        input_shape: With a `vocabulary`, the length of the sequences of token ids; without, `(length, features)`.
        outputs: Width of the last layer: number of classes (`multiclass`, required), or of targets. Defaults to 1.
        task: `"binary"`, `"multiclass"` or `"regression"`. Defaults to `"multiclass"`.
        vocabulary: Number of token ids, padding included. Defaults to None: features.
        mask_value: The value that fills padded steps of features. Defaults to None: no padding.
        width: Size of the vectors. Defaults to 64.
        heads: Number of attention heads; `width` must be a multiple. Defaults to 4.
        blocks: Number of blocks. Defaults to 2.
        feedforward: Width of the hidden layer in each block. Defaults to None: four times `width`.
        dropout: Rate of what each branch adds, of the hidden layers, and before the last layer, in [0, 1). Common
            practice is 0.1. Defaults to 0.1.
        attention_dropout: Rate of the attention weights, in [0, 1). Defaults to 0.1.
        embedding_dropout: Rate of the vectors that enter the first block, in [0, 1). Defaults to 0.1.
        drop_path: Rate at which the last block's branches are dropped, in [0, 1), rising to it in a straight line.
            Typical: 0.05 to 0.2. Defaults to 0.
        l2: Strength of the L2 penalty on the kernels of the blocks, ≥ 0. Weight decay is more usual. Defaults to 0.
        label_smoothing: Share of label mass spread over all classes, in [0, 1), see `mlp`. Defaults to 0.
        weight_decay: Decoupled weight decay of the optimizer, ≥ 0; biases and normalization are exempt. Typical: 0.01
            to 0.1. Defaults to None: the optimizer's own, none for Adam.
        optimizer: Name, class or instance of a Keras optimizer. Defaults to `"adam"`.
        learning_rate: Learning rate, > 0, or a `keras.optimizers.schedules` object. Defaults to the optimizer's own.
        clip_norm: Cap on the norm of the whole gradient, > 0. Typical: 1. None for no cap.
        seed: Seed of the initial weights and of what is dropped, an integer ≥ 0. Defaults to None.
        name: Name of the model. Defaults to `"transformer_encoder"`.

    Returns:
        A compiled `keras.Model`; input `(batch, *input_shape)`, output `(batch, outputs)`.

    Raises:
        ValueError, TypeError: for arguments outside their range, or that contradict each other.

    Reference:
        Vaswani et al. 2017, "Attention Is All You Need", sections 3 and 5.4; Xiong et al. 2020, "On Layer
        Normalization in the Transformer Architecture", figure 1b.

    Example:

    >>> model = transformer_encoder(6, 3, vocabulary=20, width=8, heads=2, blocks=1, seed=0)
    >>> model.predict(np.array([[4, 7, 2, 0, 0, 0], [9, 1, 1, 8, 3, 5]]), verbose=0).shape
    (2, 3)
    """
    building.check(
        RANGES,
        outputs=outputs,
        task=task,
        vocabulary=vocabulary,
        mask_value=mask_value,
        width=width,
        heads=heads,
        blocks=blocks,
        feedforward=feedforward,
        dropout=dropout,
        attention_dropout=attention_dropout,
        embedding_dropout=embedding_dropout,
        drop_path=drop_path,
        l2=l2,
        label_smoothing=label_smoothing,
        weight_decay=weight_decay,
        learning_rate=learning_rate,
        clip_norm=clip_norm,
        seed=seed,
    )
    shape = building.sizes("input_shape", input_shape, "a length, or (length, features)")
    building.check_sequence(shape, vocabulary, mask_value, input_shape)
    check_heads(width, heads)
    outputs = building.check_outputs(outputs, task)
    building.check_smoothing(task, label_smoothing)
    seeds = building.seeds(seed)
    make = BlockMaker(seeds, width, heads, blocks, feedforward, dropout, attention_dropout, drop_path, l2)

    if vocabulary:
        inputs = keras.Input(shape, dtype="int32", name="tokens")
        table = keras.layers.Embedding(
            vocabulary, width, embeddings_initializer=embeddings(next(seeds)), name="embedding"
        )
        x, real = table(inputs), ops.not_equal(inputs, 0)
        x = add_positions(x, inputs, shape[0], width, next(seeds))
    else:
        inputs = keras.Input(shape, name="features")
        real = None if mask_value is None else ops.any(ops.not_equal(inputs, mask_value), axis=-1)
        initializer = keras.initializers.GlorotUniform(next(seeds))
        x = keras.layers.Dense(width, kernel_initializer=initializer, name="embedding")(inputs)
        x = add_positions(x, inputs[:, :, 0], shape[0], width, next(seeds))
    x = make.drop(x, embedding_dropout, "embedding_dropout")
    x = make.all_blocks(x, attention_mask=None if real is None else _visible(real))
    x = keras.layers.GlobalAveragePooling1D(name="pool")(x) if real is None else _mean(x, real)
    x = make.drop(x, dropout, "dropout")
    initializer = keras.initializers.GlorotUniform(next(seeds))
    x = keras.layers.Dense(outputs, kernel_initializer=initializer, name="outputs")(x)
    model = keras.Model(inputs, x, name=name)
    return building.compile_for(model, task, optimizer, learning_rate, weight_decay, label_smoothing, clip_norm)


def _visible(real):
    """Returns which steps may be attended to, `(batch, 1, length)`: the real ones, or all where there is none."""
    # A softmax over nothing is NaN on some backends, and an empty text would spoil the whole batch.
    none = ops.logical_not(ops.any(real, axis=1, keepdims=True))
    return ops.expand_dims(ops.logical_or(real, none), 1)


def _mean(x, real):
    """Returns the mean over the real steps; 0 where there is none."""
    real = ops.expand_dims(ops.cast(real, x.dtype), -1)
    return ops.sum(x * real, axis=1) / ops.maximum(ops.sum(real, axis=1), 1)
