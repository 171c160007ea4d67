"""The block that the two transformers share."""

import keras
from keras import ops

from keras_regkit._core.checks import Interval
from keras_regkit.layers import DropPath, depth_rates
from keras_regkit.presets import _building as building

BLOCK_RANGES = {
    "width": building.SIZE,
    "heads": building.SIZE,
    "blocks": building.SIZE,
    "feedforward": Interval(1, integer=True, optional=True),
    "dropout": building.RATE,
    "attention_dropout": building.RATE,
    "embedding_dropout": building.RATE,
    "drop_path": building.RATE,
    "l2": Interval(0),
}


def check_heads(width, heads):
    """Refuses a width that the heads cannot share."""
    if width % heads:
        raise ValueError(f"`width` must be a multiple of `heads`. Received: width={width}, heads={heads}")


def embeddings(seed):
    """Returns the initializer of token and position vectors."""
    return keras.initializers.RandomNormal(stddev=0.02, seed=seed)


def add_positions(x, like, length, width, seed):
    """Adds a learned vector for each position.

    Args:
        x: Tensor, `(batch, length, width)`.
        like: Tensor of numbers, `(batch, length)`; only its shape counts.
        length, width: Size of the table.
        seed: Seed of its initial values.
    """
    # Counting ones keeps the positions within the graph of the model, so that no layer of ours is needed.
    positions = ops.cumsum(ops.ones_like(like, dtype="int32"), axis=1) - 1
    table = keras.layers.Embedding(length, width, embeddings_initializer=embeddings(seed), name="positions")
    return keras.layers.Add(name="add_positions")([x, table(positions)])


class BlockMaker:
    """Makes pre-normalized transformer blocks.

        x = x + DropPath(Dropout(Attention(LayerNorm(x))))
        x = x + DropPath(Dropout(Dense(gelu(Dense(LayerNorm(x))))))

    Args:
        seeds: Iterator of seeds; yields None where there is none.
        width, heads, blocks: Size of the vectors, number of attention heads and of blocks.
        feedforward: Width of the hidden layer; None for four times `width`.
        dropout, attention_dropout, drop_path: Rates: of what each branch adds and of the hidden layer, of the attention
            weights, and of the last block's branches.
        l2: Strength of the penalty on the kernels.
    """

    def __init__(self, seeds, width, heads, blocks, feedforward, dropout, attention_dropout, drop_path, l2):
        self.seeds, self.width, self.heads, self.blocks = seeds, width, heads, blocks
        self.feedforward = feedforward or 4 * width
        self.dropout, self.attention_dropout, self.drop_path, self.l2 = dropout, attention_dropout, drop_path, l2

    def all_blocks(self, x, attention_mask=None, causal=False):
        """Returns `x` after all blocks and a last LayerNormalization."""
        for i, rate in enumerate(depth_rates(self.blocks, self.drop_path), start=1):
            y = self._norm(x, f"norm_{i}_1")
            y = self._attend(y, attention_mask, causal, f"attention_{i}")
            x = self._add(x, y, rate, f"{i}_1")
            y = self._norm(x, f"norm_{i}_2")
            y = self._dense(self.feedforward, "gelu", f"feedforward_{i}_1")(y)
            y = self.drop(y, self.dropout, f"feedforward_dropout_{i}")
            y = self._dense(self.width, None, f"feedforward_{i}_2")(y)
            x = self._add(x, y, rate, f"{i}_2")
        return self._norm(x, "norm_last")

    def drop(self, x, rate, name):
        """Drops units of `x`; draws a seed whether or not there is anything to drop."""
        seed = next(self.seeds)
        return keras.layers.Dropout(rate, seed=seed, name=name)(x) if rate else x

    def _attend(self, x, attention_mask, causal, name):
        layer = keras.layers.MultiHeadAttention(
            self.heads,
            self.width // self.heads,
            dropout=self.attention_dropout,
            kernel_regularizer=building.penalty(0, self.l2),
            seed=next(self.seeds),
            name=name,
        )
        y = layer(x, x, attention_mask=attention_mask, use_causal_mask=causal)
        # The layer hands one initializer to all its kernels; with a seed they would start from the same numbers.
        for kernel in (variable for variable in layer.trainable_variables if variable.name == "kernel"):
            seed = next(self.seeds)
            if seed is not None:
                kernel.assign(keras.initializers.GlorotUniform(seed)(kernel.shape, kernel.dtype))
        return y

    def _add(self, x, y, rate, suffix):
        y = self.drop(y, self.dropout, f"dropout_{suffix}")
        seed = next(self.seeds)
        if rate:
            y = DropPath(rate, seed=seed, name=f"drop_path_{suffix}")(y)
        return keras.layers.Add(name=f"add_{suffix}")([x, y])

    def _norm(self, x, name):
        return keras.layers.LayerNormalization(epsilon=1e-5, name=name)(x)

    def _dense(self, units, activation, name):
        return keras.layers.Dense(
            units,
            activation,
            kernel_initializer=keras.initializers.GlorotUniform(next(self.seeds)),
            kernel_regularizer=building.penalty(0, self.l2),
            name=name,
        )
