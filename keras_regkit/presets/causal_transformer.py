"""A language model: a transformer that sees the past only."""

import keras

from keras_regkit._core.checks import Interval, OneOf
from keras_regkit.presets import _building as building
from keras_regkit.presets._transformer import BLOCK_RANGES, BlockMaker, add_positions, check_heads, embeddings

RANGES = {
    **building.COMPILE_RANGES,
    **BLOCK_RANGES,
    "length": building.SIZE,
    "vocabulary": Interval(2, integer=True),
    "tie_embeddings": OneOf(True, False),
}


def causal_transformer(
    length: int,
    vocabulary: int,
    *,
    width: int = 128,
    heads: int = 4,
    blocks: int = 2,
    feedforward: int | None = None,
    dropout: float = 0.1,
    attention_dropout: float = 0.1,
    embedding_dropout: float = 0.1,
    drop_path: float = 0.0,
    tie_embeddings: bool = True,
    l2: float = 0.0,
    label_smoothing: float = 0.0,
    weight_decay: float | None = None,
    optimizer: str | type[keras.optimizers.Optimizer] | keras.optimizers.Optimizer = "adam",
    learning_rate: float | keras.optimizers.schedules.LearningRateSchedule | None = None,
    clip_norm: float | None = None,
    seed: int | None = None,
    name: str = "causal_transformer",
) -> keras.Model:
    """Builds and compiles a small language model that predicts each token from those before it.

    Use it for texts, or any sequences of symbols, in rows of `length` tokens: `x = rows[:, :-1]`, `y = rows[:, 1:]`.
    Vectors for tokens and positions, the blocks of `transformer_encoder` with attention to the past only, and logits
    from the token vectors themselves. Compiled with `SparseCategoricalCrossentropy(from_logits=True)`, the mean over
    all tokens, and `accuracy`; exp(loss) is the perplexity.

    There is no padding token: fill the rows with text. Rows that are padded at the end need no mask either, for what
    comes later is never seen; leave their padding out of the loss with `fit(..., sample_weight=y != 0)`.

    The model is made of Keras' own layers, and with `drop_path` also of `keras_regkit.layers.DropPath`.

    On TensorFlow in `mixed_float16`, Keras' `LossScaleOptimizer` can miss an overflow in the gradient of an embedding,
    where a token comes more than once, and the weights become NaN: use `mixed_bfloat16`, or give the optimizer in a
    `LossScaleOptimizer` with a small `initial_scale`.

    Args:
        length: Number of tokens in a row, which is as far as the model can look back.
        vocabulary: Number of token ids.
        width: Size of the vectors. Defaults to 128.
        heads: Number of attention heads; `width` must be a multiple. Defaults to 4.
        blocks: Number of blocks. Defaults to 2.
        feedforward: Width of the hidden layer in each block. Defaults to None: four times `width`.
        dropout: Rate of what each branch adds and of the hidden layers, in [0, 1). Common practice is 0.1. Defaults to
            0.1.
        attention_dropout: Rate of the attention weights, in [0, 1). Defaults to 0.1.
        embedding_dropout: Rate of the vectors that enter the first block, in [0, 1). Defaults to 0.1.
        drop_path: Rate at which the last block's branches are dropped, in [0, 1), rising to it in a straight line.
            Defaults to 0.
        tie_embeddings: Whether the logits use the token vectors, instead of a matrix of their own. Fewer parameters,
            and a regularizer by itself. Defaults to True.
        l2: Strength of the L2 penalty on the kernels of the blocks, ≥ 0. Weight decay is more usual. Defaults to 0.
        label_smoothing: Share of label mass spread over the vocabulary, in [0, 1), see `mlp`. Typical: 0.1; it makes
            the perplexity worse. Defaults to 0.
        weight_decay: Decoupled weight decay of the optimizer, ≥ 0; biases and normalization are exempt. Typical: 0.01
            to 0.1. Defaults to None: the optimizer's own, none for Adam.
        optimizer: Name, class or instance of a Keras optimizer. Defaults to `"adam"`.
        learning_rate: Learning rate, > 0, or a `keras.optimizers.schedules` object. Defaults to the optimizer's own.
        clip_norm: Cap on the norm of the whole gradient, > 0. Typical: 1. None for no cap.
        seed: Seed of the initial weights and of what is dropped, an integer ≥ 0. Defaults to None.
        name: Name of the model. Defaults to `"causal_transformer"`.

    Returns:
        A compiled `keras.Model`; input `(batch, length)`, output `(batch, length, vocabulary)`: logits.

    Raises:
        ValueError, TypeError: for arguments outside their range, or a width that the heads cannot share.

    Reference:
        Radford et al. 2019, "Language Models are Unsupervised Multitask Learners", section 2.3; Press & Wolf 2017,
        "Using the Output Embedding to Improve Language Models" (tied embeddings).

    Example:

    >>> model = causal_transformer(6, 20, width=8, heads=2, blocks=1, seed=0)
    >>> one, other = model.predict(np.array([[4, 7, 2, 5, 5, 5], [4, 7, 2, 1, 8, 3]]), verbose=0)
    >>> bool(np.allclose(one[:3], other[:3])), bool(np.allclose(one[3:], other[3:]))
    (True, False)
    """
    building.check(
        RANGES,
        length=length,
        vocabulary=vocabulary,
        width=width,
        heads=heads,
        blocks=blocks,
        feedforward=feedforward,
        dropout=dropout,
        attention_dropout=attention_dropout,
        embedding_dropout=embedding_dropout,
        drop_path=drop_path,
        tie_embeddings=tie_embeddings,
        l2=l2,
        label_smoothing=label_smoothing,
        weight_decay=weight_decay,
        learning_rate=learning_rate,
        clip_norm=clip_norm,
        seed=seed,
    )
    check_heads(width, heads)
    seeds = building.seeds(seed)
    make = BlockMaker(seeds, width, heads, blocks, feedforward, dropout, attention_dropout, drop_path, l2)

    inputs = keras.Input((length,), dtype="int32", name="tokens")
    table = keras.layers.ReversibleEmbedding(
        vocabulary,
        width,
        tie_weights=tie_embeddings,
        embeddings_initializer=embeddings(next(seeds)),
        name="embedding",
    )
    x = add_positions(table(inputs), inputs, length, width, next(seeds))
    x = make.drop(x, embedding_dropout, "embedding_dropout")
    x = make.all_blocks(x, causal=True)
    model = keras.Model(inputs, table(x, reverse=True), name=name)
    return building.compile_for(model, "multiclass", optimizer, learning_rate, weight_decay, label_smoothing, clip_norm)
