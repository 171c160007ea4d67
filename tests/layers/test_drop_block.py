"""DropBlock: where the blocks lie, how many there are, and the scale of the rest."""

import itertools

import keras
import numpy as np
import pytest
from drawing import close_to_share, drawn, modes, numbers, train, works_time_distributed

from keras_regkit import strengths
from keras_regkit.layers import DropBlock
from keras_regkit.layers.drop_block import seed_rate

LAST = {"data_format": "channels_last"}


def corners_of(sizes, blocks):
    return itertools.product(*[range(size - block + 1) for size, block in zip(sizes, blocks, strict=True)])


def block_at(corner, blocks):
    return tuple(slice(start, start + block) for start, block in zip(corner, blocks, strict=True))


def covered_by_blocks(dropped, blocks):
    """The cells of one map that lie in a block that is dropped as a whole."""
    covered = np.zeros_like(dropped)
    for corner in corners_of(dropped.shape, blocks):
        block = block_at(corner, blocks)
        covered[block] |= dropped[block].all()
    return covered


def drop_shares(sizes, blocks, rate):
    """The probability that each cell is dropped: that it is in one of the blocks that could cover it."""
    gamma = rate / np.prod(blocks) * np.prod(sizes) / np.prod(np.array(sizes) - blocks + 1)  # eq. 1, for any shape
    covering = np.zeros(sizes)
    for corner in corners_of(sizes, blocks):
        covering[block_at(corner, blocks)] += 1
    return 1 - (1 - gamma) ** covering


def test_seed_rate_of_the_paper():
    # keep_prob 0.9, blocks of 7 × 7 on 14 × 14 maps: 0.1 / 49 · 196 / 64.
    assert float(numbers(seed_rate(0.1, (14, 14), (7, 7)))) == pytest.approx(0.00625, rel=1e-6)


@pytest.mark.parametrize(
    ("sizes", "given", "blocks"),
    [((9,), 3, (3,)), ((6, 7), 2, (2, 2)), ((5, 6), (3, 1), (3, 1)), ((3, 4, 4), (1, 2, 3), (1, 2, 3))],
)
def test_blocks_lie_within_the_map_and_are_whole(sizes, given, blocks):
    x = np.ones((1500, *sizes, 1), "float32")
    y = drawn(DropBlock(0.3, given, seed=1, **LAST), x)
    dropped = y[..., 0] == 0
    for one in dropped[:50]:
        assert (covered_by_blocks(one, blocks) == one).all()
    shares = drop_shares(sizes, blocks, 0.3)
    for cell in np.ndindex(*sizes):
        assert close_to_share(dropped[(slice(None), *cell)], shares[cell])


def test_the_rest_is_scaled_by_what_was_kept_in_the_batch():
    x = np.random.default_rng(0).normal(size=(5, 8, 8, 3)).astype("float32")
    y = drawn(DropBlock(0.4, 3, seed=2, **LAST), x)
    dropped = y == 0
    assert 0 < dropped.mean() < 1
    np.testing.assert_allclose(y, np.where(dropped, 0, x / (1 - dropped.mean())), rtol=1e-5)


def test_expected_value_is_kept():
    # Over the map: its middle lies in more blocks than its edge, and is dropped more often.
    layer, x = DropBlock(0.2, 2, seed=3, **LAST), np.ones((64, 6, 6, 1), "float32")
    for _ in range(3):
        assert drawn(layer, x).mean() == pytest.approx(1.0, abs=1e-5)


def test_channels_share_blocks_unless_told_otherwise():
    x = np.ones((4, 8, 8, 16), "float32")
    shared = drawn(DropBlock(0.3, 3, seed=1, **LAST), x)
    assert (shared == shared[..., :1]).all()
    apart = drawn(DropBlock(0.3, 3, per_channel=True, seed=1, **LAST), x)
    assert (apart != apart[..., :1]).any()
    for channel in range(16):
        dropped = apart[0, ..., channel] == 0
        assert (covered_by_blocks(dropped, (3, 3)) == dropped).all()


@pytest.mark.parametrize("per_channel", [False, True])
def test_channels_first_is_the_same_with_other_axes(per_channel):
    x = np.random.default_rng(0).normal(size=(3, 6, 5, 4)).astype("float32")
    last = drawn(DropBlock(0.4, (3, 2), per_channel, "channels_last", seed=5), x)
    first = drawn(DropBlock(0.4, (3, 2), per_channel, "channels_first", seed=5), np.moveaxis(x, -1, 1))
    np.testing.assert_array_equal(np.moveaxis(first, 1, -1), last)


def test_identity_at_rate_zero_and_at_inference():
    x = np.random.default_rng(0).normal(size=(2, 8, 8, 3)).astype("float32")
    assert (drawn(DropBlock(0.0, 3, **LAST), x) == x).all()
    assert (numbers(DropBlock(0.9, 3, **LAST)(x, training=False)) == x).all()


def test_a_map_that_is_dropped_as_a_whole_is_zero():
    layer = DropBlock(0.9, 4, seed=1, **LAST)
    maps = [drawn(layer, np.ones((1, 4, 4, 2), "float32")) for _ in range(200)]
    assert all(np.isfinite(one).all() for one in maps)
    assert close_to_share([not one.any() for one in maps], 0.9)


def test_schedule_moves_the_rate():
    layer, x = DropBlock(strengths.Linear(0.0, 0.5, steps=2), 1, seed=1, **LAST), np.ones((2, 30, 30, 1), "float32")
    for expected in (0.0, 0.25, 0.5):
        assert close_to_share(drawn(layer, x) == 0, expected)


@pytest.mark.parametrize("jit_compile", modes())
def test_trains_on_maps_of_unknown_size(jit_compile):
    model = keras.Sequential(
        [
            keras.Input((None, None, 2)),
            keras.layers.Conv2D(3, 3, data_format="channels_last"),
            DropBlock(0.3, 2, seed=1, **LAST),
            keras.layers.GlobalAveragePooling2D(data_format="channels_last"),
            keras.layers.Dense(1),
        ]
    )
    for size in (6, 8):
        x = np.random.default_rng(0).normal(size=(6, size, size, 2)).astype("float32")
        train(model, x, x[:, 0, 0, :1], jit_compile=jit_compile)


def test_time_distributed():
    assert works_time_distributed(DropBlock(0.5, 2, seed=1, **LAST), np.ones((4, 3, 5, 5, 2), "float32"))


@pytest.mark.parametrize(
    ("arguments", "shape", "message"),
    [
        (
            {"block_size": 5},
            (2, 4, 6, 3),
            r"`block_size` must fit into the feature map, of size \(4, 6\).*block_size=5",
        ),
        ({"block_size": (2, 2)}, (2, 6, 3), r"of size \(6,\).*block_size=\(2, 2\)"),
        ({"block_size": 2}, (2, 6), "inputs of rank 3, 4 or 5"),
        ({"block_size": 4, "data_format": "channels_first"}, (2, 6, 3, 6), r"of size \(3, 6\)"),
    ],
)
def test_maps_that_do_not_fit(arguments, shape, message):
    with pytest.raises(ValueError, match=message):
        DropBlock(0.1, **{**LAST, **arguments}).build(shape)


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"rate": 1.0}, ValueError, r"`rate` must be in \[0, 1\)"),
        ({"rate": 0.1, "block_size": 0}, ValueError, "`block_size` must be 1 or more"),
        ({"rate": 0.1, "block_size": 2.0}, TypeError, "`block_size` must be an integer"),
        ({"rate": 0.1, "data_format": "channel_last"}, ValueError, "Did you mean 'channels_last'"),
    ],
)
def test_bad_arguments(arguments, error, message):
    with pytest.raises(error, match=message):
        DropBlock(**arguments)
