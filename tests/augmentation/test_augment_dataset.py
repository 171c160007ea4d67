"""Copies beside their originals, and never across a split."""

import keras
import numpy as np
import pytest

from keras_regkit.augmentation import augment_dataset, image, mixing, time_series

X = np.random.default_rng(0).normal(size=(20, 12, 3)).astype("float32")
Y = np.arange(20) % 4
JITTER = time_series.Jitter(0.1)


@pytest.fixture(scope="module")
def record():
    return augment_dataset(X, Y, 4, JITTER, sample_weight=np.linspace(0, 1, 20), batch_size=7, seed=1, verbose=0)


def test_originals_come_first_and_labels_and_weights_go_along(record):
    assert len(record) == 80
    np.testing.assert_array_equal(record.x[:20], X)
    np.testing.assert_array_equal(record.source, np.tile(np.arange(20), 4))
    np.testing.assert_array_equal(record.is_original, np.arange(80) < 20)
    np.testing.assert_array_equal(record.y, Y[record.source])
    np.testing.assert_array_equal(record.sample_weight, np.linspace(0, 1, 20)[record.source])
    noise = (record.x - X[record.source])[20:]
    assert (noise != 0).any((1, 2)).all()
    assert abs(noise.std() - 0.1) < 4 * 0.1 / np.sqrt(2 * noise.size)
    assert len(np.unique(noise.reshape(60, -1), axis=0)) == 60
    assert [part.shape[0] for part in record.data] == [80] * 3
    assert repr(record) == "AugmentedDataset(80 rows, 20 of them originals)"


def test_the_seed_says_everything(record):
    again = augment_dataset(X, Y, 4, time_series.Jitter(0.1, seed=9), batch_size=7, seed=1)
    np.testing.assert_array_equal(again.x, record.x)
    other = augment_dataset(X, Y, 4, JITTER, batch_size=7, seed=2)
    assert not np.array_equal(other.x, record.x)
    first, second = (augment_dataset(X, layer=JITTER).x for _ in range(2))
    assert not np.array_equal(first, second)


def test_dtypes():
    assert augment_dataset(X.astype("float64"), layer=JITTER).x.dtype == np.float64
    whole = augment_dataset(np.arange(24).reshape(2, 4, 3).astype("uint8"), layer=time_series.Scaling(seed=0)).x
    assert whole.dtype == np.uint8
    halved = augment_dataset(np.arange(6, dtype="uint8").reshape(2, 3), layer=lambda x, training: x / 2)
    np.testing.assert_allclose(halved.x[2:], np.arange(6).reshape(2, 3) / 2)
    bare = augment_dataset(keras.ops.convert_to_tensor(X), layer=JITTER).data
    assert isinstance(bare, np.ndarray)


def test_dicts_and_lists_of_inputs():
    lengths = np.full(20, 5)
    whole = augment_dataset({"series": X, "lengths": lengths}, {"out": Y}, 2, JITTER, seed=0)
    np.testing.assert_array_equal(whole.x["lengths"], np.full(40, 5))
    np.testing.assert_array_equal(whole.x["series"][20:, 5:], X[:, 5:])
    assert (whole.x["series"][20:, :5] != X[:, :5]).all((1, 2)).any()
    np.testing.assert_array_equal(whole.y["out"], np.tile(Y, 2))
    named = augment_dataset({"wrist": X, "age": Y}, Y, 2, {"wrist": JITTER, "age": None}, seed=0)
    np.testing.assert_array_equal(named.x["age"], np.tile(Y, 2))
    assert (named.x["wrist"][20:] != X).any()
    listed = augment_dataset([X, Y], [Y, -Y], 2, [JITTER, None], seed=0)
    np.testing.assert_array_equal(listed.x[0], named.x["wrist"])
    np.testing.assert_array_equal(listed.y[1], np.tile(-Y, 2))
    train, validation = listed.split(0.2)
    assert train.x[0].shape == (32, 12, 3)
    assert len(validation.y[1]) == 4


def test_images_and_what_moves_with_them():
    images = np.random.default_rng(1).integers(0, 256, (6, 4, 4, 3)).astype("uint8")
    x = {"images": images, "segmentation_masks": (images[..., :1] > 127).astype("int32")}
    new = augment_dataset(x, factor=3, layer=image.RandomFlip(), seed=0).x
    assert new["images"].dtype == np.uint8
    np.testing.assert_array_equal(new["segmentation_masks"], new["images"][..., :1] > 127)


def test_texts():
    texts = ["one two", "three four five", "fünf"]

    def backwards(batch, training):
        return type(batch)(text[::-1] for text in batch)

    seen = augment_dataset(texts, [0, 1, 0], 3, backwards, batch_size=2)
    assert seen.x == [*texts, *[text[::-1] for text in texts] * 2]
    np.testing.assert_array_equal(seen.y, [0, 1, 0] * 3)
    train, validation = seen.split(0.34)
    assert len(validation.x) == 1
    assert sorted({*train.x, *validation.x}) == sorted(set(seen.x) - {validation.x[0][::-1]})
    with pytest.raises(ValueError, match=r"Received: 1 equal rows, first number 1 of `test`, which is number 2 of x"):
        augment_dataset(texts, layer=backwards, test=["new", "fünf"])


def test_text_layers():
    text = pytest.importorskip("keras_regkit.augmentation.text")
    if not hasattr(text, "RandomDeletion"):
        pytest.skip("no layers for strings")
    texts = ["one two three four five six seven"] * 5
    layer = text.RandomDeletion(0.5)
    first, second = (augment_dataset(given, layer=layer, seed=3).x for given in (texts, np.array(texts, object)))
    assert isinstance(first, list)
    assert first == second.tolist()
    assert all(set(new.split()) < set(texts[0].split()) for new in first[5:])


def test_a_split_keeps_sources_together(record):
    for seed in range(5):
        train, validation = record.split(0.3, seed=seed)
        assert not {*train.source} & {*validation.source}
        assert (len(train), len(validation)) == (14 * 4, 6)
        assert validation.is_original.all()
        np.testing.assert_array_equal(validation.x, X[validation.source])
        np.testing.assert_array_equal(train.y, Y[train.source])
    assert len({tuple(record.split(0.3, seed=seed)[1].source) for seed in range(5)}) > 1
    np.testing.assert_array_equal(record.split(0.3, seed=4)[1].source, validation.source)
    again, held_out = train.split(0.5)
    assert not {*again.source} & {*held_out.source}
    assert len(held_out) == 7


def test_classes_and_groups(record):
    _, validation = record.split(0.4, stratify=True)
    np.testing.assert_array_equal(np.bincount(validation.y), [2, 2, 2, 2])
    one_hot = augment_dataset(X, np.eye(4)[Y], layer=JITTER, seed=0)
    np.testing.assert_array_equal(one_hot.split(0.4, stratify=True)[1].y.sum(0), [2, 2, 2, 2])
    _, validation = record.split(0.4, stratify=Y % 2)
    assert np.bincount(validation.y % 2).tolist() == [4, 4]
    groups = np.arange(20) // 3
    for seed in range(6):
        train, validation = record.split(0.3, groups=groups, seed=seed)
        assert not {*groups[train.source]} & {*groups[validation.source]}
        assert 5 <= len(validation) <= 8


def test_splits_of_others_are_checked(record):
    selection = pytest.importorskip("sklearn.model_selection")
    for train, test in selection.GroupKFold(4).split(record.x, groups=record.source):
        record.check_split(train, test)
        record.check_split(np.isin(np.arange(80), train), test)
    train, test = next(selection.KFold(5, shuffle=True, random_state=0).split(record.x))
    with pytest.raises(ValueError, match=r"Parts 0 and 1 must not hold copies of the same row.*shared sources"):
        record.check_split(train, test)
    with pytest.raises(ValueError, match=r"Parts 1 and 2 .* Received: 1 shared sources, first 5"):
        record.check_split([1], [5, 7], [25])
    with pytest.raises(TypeError, match=r"at least two parts\. Received: 1"):
        record.check_split(train)
    with pytest.raises(ValueError, match=r"one for each of 80 rows"):
        record.check_split(np.ones(20, bool), test)


@pytest.mark.parametrize("name", ["validation", "test"])
def test_rows_that_are_held_out_are_refused(name):
    other = np.random.default_rng(5).normal(size=(6, 12, 3)).astype("float32")
    assert len(augment_dataset(X, layer=JITTER, **{name: other})) == 40
    for dtype in ("float32", "float64"):
        leaked = np.concatenate([other[:3], X[[17]], other[3:], X[[4]]]).astype(dtype)
        message = (
            rf"`{name}` must hold no row of x.*Received: 2 equal rows, first number 3 of `{name}`, which is number 17"
        )
        with pytest.raises(ValueError, match=message):
            augment_dataset(X, layer=JITTER, **{name: leaked})
    zeros = np.zeros((1, 12, 3))
    with pytest.raises(ValueError, match="1 equal rows"):
        augment_dataset(zeros, layer=JITTER, **{name: -zeros})
    # Rows of several inputs are equal where all of them are.
    pair = {"a": X, "b": Y}
    augment_dataset(pair, layer={"a": JITTER}, **{name: {"a": X[:1], "b": Y[:1] + 1}})
    with pytest.raises(ValueError, match="1 equal rows"):
        augment_dataset(pair, layer={"a": JITTER}, **{name: {"a": X[:1], "b": Y[:1]}})
    with pytest.raises(ValueError, match="inputs of the form of x, without labels"):
        augment_dataset(X, layer=JITTER, **{name: (other, np.zeros(6))})


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"layer": None}, TypeError, "`layer` must be a layer"),
        ({"layer": time_series.Jitter}, TypeError, "`layer` must be a layer"),
        ({"layer": mixing.MixUp()}, TypeError, r"MixUp, which mixes .*augmentation\.pipeline\(dataset, mix=layer\)"),
        ({"layer": [JITTER]}, TypeError, "several layers for one input go into a Compose"),
        ({"layer": keras.layers.GaussianNoise(0.1), "seed": 1}, TypeError, "leave `seed` out"),
        ({"x": [X, Y], "layer": JITTER}, TypeError, "list of 2 layers"),
        ({"x": [X, Y], "layer": [JITTER]}, ValueError, "Received: 1 for 2"),
        ({"x": {"a": X}, "layer": {"b": JITTER}}, ValueError, r"keys of x, \['a'\]. Received: \['b'\]"),
        ({"x": {"a": X}}, ValueError, "a dict with 'series'"),
        ({"y": Y[:5]}, ValueError, r"same number of rows. Received: \{'x': 20, 'y': 5\}"),
        ({"x": X[:0], "y": None}, ValueError, "at least one row"),
        ({"factor": 1}, ValueError, r"`factor` must be in \[2, inf\)"),
        ({"batch_size": 0}, ValueError, "`batch_size`"),
        (
            {"layer": lambda x, training: x[:, :3]},
            ValueError,
            r"keep the shapes of its inputs. Received: .*\(20, 3, 3\)",
        ),
    ],
)
def test_bad_input(arguments, error, message):
    with pytest.raises(error, match=message):
        augment_dataset(**{"x": X, "y": Y, "layer": JITTER, **arguments})


def test_bad_splits(record):
    with pytest.raises(ValueError, match="`groups` and `stratify` cannot both"):
        record.split(groups=Y, stratify=True)
    with pytest.raises(ValueError, match=r"must leave originals in both parts. Received: validation=0.01 for 20"):
        record.split(0.01)
    with pytest.raises(ValueError, match="in 1 groups"):
        record.split(0.5, groups=np.zeros(20))
    with pytest.raises(ValueError, match=r"`groups` must have one entry for each row.*\(5,\)"):
        record.split(groups=np.zeros(5))
    with pytest.raises(ValueError, match="`stratify=True` needs one array"):
        augment_dataset(X, layer=JITTER).split(stratify=True)
    with pytest.raises(ValueError, match="`validation` must be in"):
        record.split(1.0)
