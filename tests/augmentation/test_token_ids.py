"""Ids of tokens: what is protected, how much changes, and what comes out, against NumPy."""

import keras
import numpy as np
import pytest
import scipy.stats

from keras_regkit.augmentation.text import Compose, SpanCutoff, TokenDropout, TokenMask, TokenSwap
from keras_regkit.augmentation.text.token_dropout import without

PAD, UNKNOWN, MASK, START, END, SIZE = 0, 1, 2, 3, 4, 60
SPECIAL = [START, END]
LAYERS = {
    "deletion": TokenDropout(0.4, special_ids=SPECIAL, seed=1),
    "replacement": TokenDropout(0.4, replacement_id=UNKNOWN, special_ids=SPECIAL, seed=1),
    "span": SpanCutoff(0.4, replacement_id=UNKNOWN, special_ids=SPECIAL, seed=1),
    "swap": TokenSwap(0.7, window=3, special_ids=SPECIAL, seed=1),
    "mask": TokenMask(MASK, SIZE, rate=0.5, special_ids=SPECIAL, seed=1),
}
ROWS, STEPS = 500, 20


def array(x):
    return keras.ops.convert_to_numpy(x)


def texts(rows=ROWS, steps=STEPS, seed=0, full=False):
    """Returns ids [START, tokens, END, padding]; all tokens of a text are different."""
    random = np.random.default_rng(seed)
    ids = np.full((rows, steps), PAD, "int32")
    for row in ids:
        count = steps if full else random.integers(3, steps + 1)
        row[:count] = [START, *random.permutation(np.arange(5, SIZE))[: count - 2], END]
    return ids


def is_free(ids):
    return ~np.isin(ids, [PAD, *SPECIAL])


def protected(ids):
    return [[token for token in row if token in SPECIAL] for row in ids.tolist()]


@pytest.mark.parametrize("name", LAYERS)
def test_special_tokens_and_padding_are_never_touched(name):
    # As many examples as tests are worth; one compilation for all of them, since their shape is the same.
    given = pytest.importorskip("hypothesis")
    from hypothesis import strategies
    from hypothesis.extra.numpy import arrays

    layer = LAYERS[name]

    @given.settings(max_examples=40, deadline=None, derandomize=True)
    @given.given(
        arrays("int32", (3, 7), elements=strategies.integers(0, 8) | strategies.integers(0, SIZE - 1)),
        arrays("bool", (3, 7)),
    )
    def check(ids, mask):
        for inputs in (ids, {"token_ids": ids, "mask": mask}):
            known = np.ones_like(mask) if inputs is ids else mask
            new = layer(inputs)
            new = array(new["token_ids"] if isinstance(new, dict) else new)
            assert new.shape == ids.shape
            assert new.dtype == ids.dtype
            assert (new[~known | (ids == PAD)] == ids[~known | (ids == PAD)]).all()
            if name == "deletion":
                assert protected(np.where(known, new, PAD)) == protected(np.where(known, ids, PAD))
                for row, was, valid in zip(new, ids, known, strict=True):
                    left, before = list(row[valid & (row != PAD)]), list(was[valid & (was != PAD)])
                    # A part of what was there, in order.
                    rest = iter(before)
                    assert all(token in rest for token in left)
                    assert any(is_free(np.array(left))) == any(is_free(np.array(before)))
            else:
                special = np.isin(ids, SPECIAL)
                assert (new[special] == ids[special]).all()
                assert not np.isin(new[~special & known & (ids != PAD)], [PAD, *SPECIAL]).any()
            if name == "swap":
                assert (np.sort(new, axis=1) == np.sort(ids, axis=1)).all()

    check()


def test_deletion_closes_the_gap():
    random = np.random.default_rng(3)
    ids = random.integers(0, 9, (200, 8)).astype("int64")
    tokens = ids != PAD
    tokens[:, 2] = False
    dropped = tokens & (random.random(ids.shape) < 0.4)
    new = array(without(keras.ops.convert_to_tensor(ids), dropped, tokens, PAD, keras.ops))
    for row, was, valid, gone in zip(new, ids, tokens, dropped, strict=True):
        kept = was[valid & ~gone]
        wanted = was.copy()
        wanted[valid] = [*kept, *[PAD] * (valid.sum() - len(kept))]
        np.testing.assert_array_equal(row, wanted)


def test_the_share_of_dropped_tokens():
    ids = texts(full=True)
    replaced = array(TokenDropout(0.3, replacement_id=UNKNOWN, special_ids=SPECIAL, seed=2)(ids))
    count = is_free(ids).sum()
    # Within 4 standard deviations of a binomial share.
    assert abs((replaced == UNKNOWN).sum() / count - 0.3) < 4 * np.sqrt(0.21 / count)
    np.testing.assert_array_equal(replaced[replaced != UNKNOWN], ids[replaced != UNKNOWN])
    deleted = array(TokenDropout(0.3, special_ids=SPECIAL, seed=2)(ids))
    assert abs((deleted == PAD).sum() / count - 0.3) < 4 * np.sqrt(0.21 / count)


def test_one_token_is_left():
    ids = texts(rows=600, steps=5, full=True)
    new = array(TokenDropout(1.0, special_ids=SPECIAL, seed=1)(ids))
    assert (new[:, 0] == START).all()
    assert (new[:, 2] == END).all()
    assert (new[:, 3:] == PAD).all()
    which = (ids[:, 1:4] == new[:, 1:2]).argmax(axis=1)
    assert (ids[:, 1:4] == new[:, 1:2]).any(axis=1).all()
    assert scipy.stats.chisquare(np.bincount(which, minlength=3)).pvalue > 1e-3
    # Where there is nothing but special tokens, nothing happens.
    np.testing.assert_array_equal(array(TokenDropout(1.0, special_ids=SPECIAL)(np.array([[3, 4, 0]]))), [[3, 4, 0]])


def test_spans_are_contiguous_and_as_long_as_asked():
    ids = texts(seed=4)
    new = array(SpanCutoff(0.3, replacement_id=UNKNOWN, special_ids=SPECIAL, seed=1)(ids))
    for row, was in zip(new, ids, strict=True):
        cut = np.flatnonzero(row == UNKNOWN)
        n = is_free(was).sum()
        assert len(cut) == 3 * n // 10
        assert len(cut) == 0 or np.ptp(cut) == len(cut) - 1
    # Every start is as likely as any other.
    ids = texts(rows=3000, steps=12, full=True)
    new = array(SpanCutoff(0.5, special_ids=SPECIAL, seed=2)(ids))
    starts = (new == PAD).argmax(axis=1) - 1
    assert scipy.stats.chisquare(np.bincount(starts, minlength=6)).pvalue > 1e-3


def test_a_span_goes_on_behind_a_special_token():
    new = array(SpanCutoff(1.0, special_ids=SPECIAL, seed=1)(np.array([[3, 7, 8, 4, 9, 4, 0]])))
    assert new.tolist() == [[3, 0, 0, 4, 0, 4, 0]]


@pytest.mark.parametrize("window", [1, 2, 5])
def test_swaps_are_pairs_within_the_window(window):
    ids = texts(seed=5, full=True)
    new = array(TokenSwap(0.6, window=window, special_ids=SPECIAL, seed=1)(ids))
    moved = 0
    for row, was in zip(new, ids, strict=True):
        to = np.array([np.flatnonzero(row == token)[0] for token in was])
        np.testing.assert_array_equal(to[to], np.arange(STEPS))
        distances = np.abs(to - np.arange(STEPS))
        assert len(set(distances) - {0}) <= 1
        assert distances.max() <= window
        moved += (distances > 0).sum()
    # 0.6 of those that have a partner: of the d tokens at either end, half of the starts leave one alone.
    free = STEPS - 2
    wanted = 0.6 * (1 - (window + 1) / 2 / free)
    assert abs(moved / (ROWS * free) - wanted) < 0.03


def test_every_distance_and_every_pair_comes_up():
    ids = texts(rows=4000, steps=12, full=True, seed=6)
    to = array(TokenSwap(1.0, window=3, special_ids=SPECIAL, seed=2)(ids))
    distances = []
    for row, was in zip(to, ids, strict=True):
        place = np.array([np.flatnonzero(row == token)[0] for token in was])
        distances.append(np.abs(place - np.arange(12)).max())
    assert scipy.stats.chisquare(np.bincount(distances, minlength=4)[1:]).pvalue > 1e-3
    # In the middle all tokens move alike: each has a partner.
    assert (to[:, 4:8] != ids[:, 4:8]).all()
    same = (to[:, 1] == ids[:, 1]).mean()
    assert abs(same - 0.5) < 0.05


def test_masks_are_shared_out_as_in_bert():
    ids = np.random.default_rng(7).integers(5, SIZE, (4000, 30)).astype("int32")
    new = array(TokenMask(MASK, SIZE, special_ids=SPECIAL, seed=1)(ids))
    masked, other = new == MASK, (new != ids) & (new != MASK)
    n = ids.size
    assert abs(masked.mean() - 0.12) < 4 * np.sqrt(0.12 * 0.88 / n)
    # Of the random ids, one of 55 is the one that was there.
    share = 0.015 * 54 / 55
    assert abs(other.mean() - share) < 4 * np.sqrt(share / n)
    # Special ids, the mask and padding are no random ids; all others are, alike.
    drawn = np.bincount(new[other], minlength=SIZE)
    assert (drawn[[PAD, MASK, *SPECIAL]] == 0).all()
    assert scipy.stats.chisquare(drawn[5:]).pvalue > 1e-3
    assert drawn[UNKNOWN] > 0


def test_random_ids_at_the_ends_of_the_uniform_numbers():
    layer = TokenMask(2, 7, rate=1.0, mask_token_rate=0.0, random_token_rate=1.0, special_ids=[6, 3], pad_id=0)
    last = np.nextafter(np.float32(1), np.float32(0))
    numbers = keras.ops.convert_to_tensor([[0, 0, 0, 0.34, last]], dtype="float32")
    ids = array(layer._random_ids(numbers, "int16", keras.ops))
    assert ids.tolist() == [[1, 1, 1, 4, 5]]
    assert ids.dtype == "int16"


@pytest.mark.parametrize("dtype", ["uint8", "int16", "int32", "int64"])
def test_dtypes_are_kept(dtype):
    if dtype == "int64" and keras.backend.backend() == "jax":
        pytest.skip("JAX has no int64 unless asked")
    ids = texts(rows=4, steps=8).astype(dtype)
    for layer in LAYERS.values():
        new = layer(ids)
        assert keras.backend.standardize_dtype(new.dtype) == dtype
        assert (array(new)[ids == PAD] == PAD).all()


@pytest.mark.parametrize("name", LAYERS)
def test_masks_of_keras_and_lengths_protect_too(name):
    ids = np.random.default_rng(1).integers(5, SIZE, (60, 10)).astype("int32")
    lengths = np.random.default_rng(2).integers(1, 11, 60)
    mask = np.arange(10)[None] < lengths[:, None]
    layer = type(LAYERS[name]).from_config({**LAYERS[name].get_config(), "pad_id": PAD if name == "deletion" else None})
    for new in (layer({"token_ids": ids, "lengths": lengths})["token_ids"], layer(ids, mask=mask)):
        new = array(new)
        np.testing.assert_array_equal(new[~mask], ids[~mask])
        assert (new != ids).any()


def test_a_model_with_an_embedding_trains():
    model = keras.Sequential(
        [
            keras.Input((STEPS,), dtype="int32"),
            Compose([TokenDropout(0.2, special_ids=SPECIAL), TokenSwap(0.2), TokenMask(MASK, SIZE)], seed=1),
            keras.layers.Embedding(SIZE, 4, mask_zero=True),
            keras.layers.GlobalAveragePooling1D(),
            keras.layers.Dense(1),
        ]
    )
    model.compile("sgd", "mse", jit_compile=keras.backend.backend() != "torch")
    ids = texts(rows=8)
    history = model.fit(ids, np.ones((8, 1), "float32"), batch_size=4, epochs=2, verbose=0)
    assert np.isfinite(history.history["loss"]).all()
    np.testing.assert_array_equal(array(model.layers[0](ids, training=False)), ids)


@pytest.mark.parametrize("bad", [-1, SIZE])
def test_ids_out_of_vocabulary_are_refused(bad):
    ids = texts(rows=4, steps=6)
    ids[2, 1] = bad
    layer = TokenMask(MASK, SIZE)
    wanted = rf"takes ids of tokens, from 0 to 59, since vocabulary_size=60\. Received: ids from {min(bad, 0)} to"
    for chain in (layer, Compose([layer])):
        with pytest.raises(ValueError, match=wanted):
            chain(ids)
    if bad < 0:
        with pytest.raises(ValueError, match="ids of tokens, 0 or more"):
            TokenSwap()(ids)


def test_bad_arguments():
    with pytest.raises(ValueError, match=r"`mask_id` must be within the vocabulary, below vocabulary_size=5.* 5"):
        TokenMask(5, 5)
    with pytest.raises(ValueError, match=r"`special_ids` must be within the vocabulary.*Received: \[9\]"):
        TokenSwap(special_ids=[9], vocabulary_size=5)
    with pytest.raises(ValueError, match="`mask_token_rate` and `random_token_rate` must not be more than 1 together"):
        TokenMask(2, 5, mask_token_rate=0.8, random_token_rate=0.3)
    with pytest.raises(ValueError, match="`vocabulary_size` must leave ids to put in"):
        TokenMask(2, 3, special_ids=[1])
    for cls in (TokenDropout, SpanCutoff):
        with pytest.raises(ValueError, match="`pad_id` must be an id where `replacement_id` is None"):
            cls(pad_id=None)


def test_ids_that_the_dtype_cannot_hold():
    ids = np.full((2, 6), 44, "uint8")
    for layer in (
        TokenMask(300, 301, random_token_rate=0.0),
        TokenMask(3, 301),
        TokenDropout(replacement_id=300),
        SpanCutoff(pad_id=300),
    ):
        with pytest.raises(ValueError, match=r"puts in ids up to 300, .* Received: uint8\. Cast them"):
            layer(ids)
        assert array(layer(ids.astype("int32"))).dtype == np.int32
    # 300 is 44 in eight bits: a special id that cannot be there protects no other.
    assert (array(TokenDropout(1.0, replacement_id=1, special_ids=[300])(ids)) == 1).all()


def test_wrong_inputs():
    with pytest.raises(TypeError, match=r"takes token_ids of dtype int\. Received: float32"):
        TokenSwap()(np.ones((2, 3), "float32"))
    with pytest.raises(ValueError, match=r"takes token_ids of shape .*Received: shape \(2, 3, 1\)"):
        TokenSwap()(np.ones((2, 3, 1), "int32"))


@pytest.mark.skipif(keras.backend.backend() != "tensorflow", reason="elsewhere Keras itself refuses ragged tensors")
def test_ragged_texts_are_refused():
    tf = pytest.importorskip("tensorflow")
    ragged = tf.data.Dataset.from_tensors(tf.ragged.constant([[5, 6], [7]]))
    with pytest.raises(TypeError, match=r"Received: a ragged one. Pad it before, with `ragged.to_tensor\(\)`"):
        ragged.map(TokenSwap())


def test_tf_data_with_texts_of_any_length():
    tf = pytest.importorskip("tensorflow")
    ids = texts(rows=12)
    chain = Compose(list(LAYERS.values()), seed=1)
    data = tf.data.Dataset.from_generator(lambda: iter(ids), output_signature=tf.TensorSpec((None,), "int32"))
    seen = np.concatenate([batch.numpy() for batch in data.padded_batch(4).map(chain)])
    assert seen.shape == ids.shape
    assert seen.dtype == "int32"
    assert (seen != ids).any()
    assert (seen[ids == PAD] == PAD).all()
    assert protected(seen) == protected(ids)
