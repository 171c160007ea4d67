"""A training step of residual blocks: StochasticDepth, which skips the branch, against multiplying it by a mask.

    pytest tests/benchmarks/test_stochastic_depth.py --benchmark -n0 -s        (and with KERAS_BACKEND=jax)

Four blocks behind one another, of a transformer (64 tokens of width 128, batches of 32) and of a ResNet (16 × 16 × 64,
batches of 32). The peer is the same block with `x + DropPath(rate)(branch(x))`. Interleaved; medians over rounds.
"""

import keras
from keras import layers
from measuring import interleaved, ratio, write_table
from training_steps import mode, modes, noise, trainer

import keras_regkit as rk

ROUNDS, BLOCKS, BATCH, STEPS = 7, 4, 32, 6  # several steps a fit, whose own overhead counts against skipping


def transformer_branch():
    inputs = keras.Input((64, 128))
    x = layers.LayerNormalization()(inputs)
    x = inputs + layers.MultiHeadAttention(4, 32)(x, x)
    y = layers.Dense(512, activation="gelu")(layers.LayerNormalization()(x))
    return keras.Model(inputs, layers.Dense(128)(y))


def resnet_branch():
    convolution = [layers.Conv2D(64, 3, padding="same", use_bias=False), layers.BatchNormalization()]
    again = [layers.Conv2D(64, 3, padding="same", use_bias=False), layers.BatchNormalization()]
    return keras.Sequential([keras.Input((16, 16, 64)), *convolution, layers.ReLU(), *again])


KINDS = {"transformer": (transformer_branch, (64, 128)), "resnet": (resnet_branch, (16, 16, 64))}


def stacked(branch, shape, block):
    inputs = x = keras.Input(shape)
    for _ in range(BLOCKS):
        x = block(x, branch())
    return keras.Model(inputs, x)


def test_stochastic_depth():
    rows = []
    for kind, (branch, shape) in KINDS.items():
        x, y = noise(BATCH, *shape), noise(BATCH, *shape, seed=1)
        for jit in modes():
            versions = {
                "mask": lambda x, b: x + rk.layers.DropPath(0.5)(b(x)),
                "skip 0.5": lambda x, b: rk.layers.StochasticDepth(b, 0.5)(x),
                "skip 0.2": lambda x, b: rk.layers.StochasticDepth(b, 0.2)(x),
            }
            functions = {
                name: trainer(stacked(branch, shape, block), x, y, jit=jit, steps=STEPS)
                for name, block in versions.items()
            }
            times = interleaved(functions, ROUNDS)
            rows += [
                {
                    "block": kind,
                    "backend": mode(jit),
                    "version": name,
                    "ms per step": f"{1000 * sorted(t)[ROUNDS // 2] / STEPS:.0f}",
                    **ratio(t, times["mask"]),
                }
                for name, t in times.items()
            ]
    write_table(f"stochastic-depth-{keras.backend.backend()}", rows)
