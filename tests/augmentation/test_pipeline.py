"""The tf.data pipeline: reproducible, for training, on every backend."""

import gc

import keras
import numpy as np
import pytest

from keras_regkit import strengths
from keras_regkit.augmentation import pipeline, time_series
from keras_regkit.augmentation.image import Compose, RandomContrast, RandomFlip
from keras_regkit.augmentation.mixing import CutMix, MixUp, MixUpCutMix

tf = pytest.importorskip("tensorflow")

IMAGES = np.random.default_rng(0).uniform(0, 255, (12, 6, 4, 3)).astype("float32")
IDS = np.arange(12) % 3


def dataset(*parts, batch=4):
    parts = parts or (IMAGES, IDS)
    return tf.data.Dataset.from_tensor_slices(parts[0] if len(parts) == 1 else parts).batch(batch)


def taken(data):
    return [tf.nest.map_structure(lambda tensor: tensor.numpy(), batch) for batch in data]


def same(a, b):
    return all(np.array_equal(p, q) for p, q in zip(tf.nest.flatten(a), tf.nest.flatten(b), strict=True))


@pytest.fixture(scope="module")
def augment():
    return Compose([RandomFlip(), RandomContrast(0.3)])


def test_the_seed_says_everything_however_many_threads(augment):
    mix = MixUpCutMix(num_classes=3)
    many = pipeline(dataset(), augment, mix=mix, seed=3, parallel=4)
    first, second = taken(many), taken(many)
    one = pipeline(dataset(), augment, mix=mix, seed=3, parallel=1, prefetch=0)
    assert same(first, taken(one))
    assert same(second, taken(one))
    assert not same(first, second)
    assert not same(first, taken(pipeline(dataset(), augment, mix=mix, seed=4)))
    assert all(not same(a[0], b[0]) for a, b in zip(first, second, strict=True))


def test_without_seed_runs_differ(augment):
    assert not same(taken(pipeline(dataset(), augment)), taken(pipeline(dataset(), augment)))


def test_the_layer_draws_nothing_itself(augment):
    state = keras.ops.convert_to_numpy(augment.seed_generator.state)
    taken(pipeline(dataset(), augment, seed=1))
    np.testing.assert_array_equal(keras.ops.convert_to_numpy(augment.seed_generator.state), state)


def test_two_layers_draw_apart():
    flips = Compose([RandomFlip("horizontal"), RandomFlip("horizontal")])
    (images,) = taken(pipeline(dataset(IMAGES, batch=12), flips, seed=1))
    # Two flips at random leave half of the images as they were: not all, and not none.
    unchanged = (images == IMAGES).all((1, 2, 3))
    assert 0 < unchanged.sum() < 12


@pytest.mark.parametrize(
    "parts",
    [
        (IMAGES,),
        (IMAGES, IDS),
        (IMAGES, IDS, np.ones(12, "float32")),
        ({"images": IMAGES, "labels": IDS, "name": IDS.astype(str)},),
        ({"images": IMAGES}, IDS),
    ],
    ids=["images", "tuple", "weights", "dict", "dict and labels"],
)
def test_the_structure_stays(parts):
    source = dataset(*parts)
    data = pipeline(source, RandomFlip("horizontal"), seed=0)
    tf.nest.assert_same_structure(data.element_spec, source.element_spec)
    assert int(data.cardinality()) == 3
    before, after = taken(source), taken(data)
    for a, b in zip(before, after, strict=True):
        a, b = (batch[0] if isinstance(batch, tuple) else batch for batch in (a, b))
        a, b = (batch["images"] if isinstance(batch, dict) else batch for batch in (a, b))
        # Each image as it was, or mirrored.
        kept, mirrored = ((b == image).all((1, 2, 3)) for image in (a, a[:, :, ::-1]))
        assert (kept | mirrored).all()
    labels = [batch[1] if isinstance(batch, tuple) else batch for batch in after]
    labels = [batch["labels"] if isinstance(batch, dict) else batch for batch in labels]
    if len(parts) > 1 or isinstance(parts[0], dict):
        np.testing.assert_array_equal(np.concatenate(labels), IDS)


def test_masks_move_with_their_images():
    masks = (IMAGES[..., :1] > 127).astype("int32")
    for data in (
        pipeline(dataset(IMAGES, masks), RandomFlip(), targets="segmentation_masks", seed=1),
        pipeline(dataset({"images": IMAGES, "segmentation_masks": masks}), RandomFlip(), seed=1),
    ):
        for batch in taken(data):
            images, moved = batch.values() if isinstance(batch, dict) else batch
            np.testing.assert_array_equal(moved, images[..., :1] > 127)


def test_mixing_alone_and_behind_images():
    data = taken(pipeline(dataset(), mix=CutMix(labels="pair"), seed=2))
    images, (ours, theirs, share) = data[0]
    np.testing.assert_array_equal(ours, IDS[:4])
    own = (images == IMAGES[:4]).all(-1).mean((1, 2))
    np.testing.assert_allclose(own, share, atol=1e-6)
    assert (theirs[share < 1] != ours[share < 1]).any()
    named = taken(pipeline(dataset({"images": IMAGES, "labels": IDS}), RandomFlip(), mix=MixUp(num_classes=3), seed=2))
    np.testing.assert_allclose(named[0]["labels"].sum(1), 1, atol=1e-6)


def test_short_last_batches_and_images_of_any_size():
    source = dataset(batch=5).map(lambda x, y: (tf.ensure_shape(tf.identity(x), (None, None, None, 3)), y))
    shapes = [images.shape for images, _ in taken(pipeline(source, RandomFlip(), mix=MixUp(num_classes=3), seed=0))]
    assert shapes == [(5, 6, 4, 3), (5, 6, 4, 3), (2, 6, 4, 3)]


def is_mixed(batches):
    return any(((labels > 0) & (labels < 1)).any() for _, labels in batches)


def test_mixing_stops_after_its_epochs():
    data = pipeline(dataset(), mix=MixUp(10.0, 3), mix_until_epoch=2, seed=0)
    gc.collect()  # what counts must not go with the function that made it
    next(iter(data))  # a look at the first batch is no epoch
    assert [is_mixed(taken(data)) for _ in range(4)] == [True, True, False, False]
    repeated = pipeline(dataset(), mix=MixUp(10.0, 3), mix_until_epoch=1, seed=0).repeat(2)
    batches = taken(repeated)
    assert [is_mixed(batches[:3]), is_mixed(batches[3:])] == [True, False]


def test_epochs_are_those_of_fit():
    seen = []

    class Look(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            seen.append(logs["loss"])

    # The loss of a model that predicts one half everywhere, and learns nothing, is that of the labels.
    model = keras.Sequential([keras.Input((6, 4, 3)), keras.layers.GlobalAveragePooling2D(), keras.layers.Dense(3)])
    model.layers[-1].set_weights([np.zeros((3, 3)), np.full(3, 0.5)])
    model.compile(keras.optimizers.SGD(0.0), "mse")
    data = pipeline(dataset(), mix=MixUp(50.0, 3), mix_until_epoch=2, seed=0)
    model.fit(data, epochs=4, callbacks=[Look()], shuffle=False, verbose=0)
    # (1 − ½)² = ¼ for plain labels, less for shares.
    assert [round(loss, 3) == 0.25 for loss in seen] == [False, False, True, True]


def test_a_schedule_counts_batches():
    mix = MixUp(strengths.Linear(0.005, 300.0, steps=2), num_classes=12)
    data = taken(pipeline(dataset(IMAGES, np.arange(12)), mix=mix, seed=1, parallel=2))
    # From next to no mixing to halves.
    assert np.sort(data[0][1], axis=1)[:, -1].min() > 0.9
    assert np.sort(data[2][1], axis=1)[:, -1].max() < 0.7
    if keras.backend.backend() != "tensorflow":
        with pytest.raises(ValueError, match="schedule for `alpha`, which cannot be read"):
            dataset(IMAGES, np.eye(12)).map(lambda x, y: mix((x, y)))


def test_layers_are_used_in_map_too(augment):
    mix = MixUpCutMix(num_classes=3, seed=1)
    data = dataset().map(lambda x, y: mix((augment(x, training=True), y), training=True))
    first, second = taken(data), taken(data)
    assert [labels.shape for _, labels in first] == [(4, 3)] * 3
    assert not same(first, second)
    plain = taken(dataset().map(lambda x, y: mix((x, y), training=False)))
    np.testing.assert_array_equal(plain[0][0], IMAGES[:4])
    np.testing.assert_array_equal(plain[0][1], np.eye(3)[IDS[:4]])


SERIES = np.random.default_rng(1).normal(size=(12, 30, 2)).astype("float32")
LENGTHS = np.array([30, 12, 7, 1] * 3, "int32")


def test_series_and_what_goes_along():
    augment = time_series.Compose([time_series.Permutation(3, 2), time_series.Rotation("flip")])
    parts = [
        (SERIES,),
        (SERIES, IDS),
        ({"series": SERIES, "lengths": LENGTHS, "name": IDS.astype(str)}, IDS, np.ones(12, "float32")),
        ({"series": SERIES, "lengths": LENGTHS, "labels": IDS},),
    ]
    for given in parts:
        source = dataset(*given)
        data = pipeline(source, augment, seed=0)
        tf.nest.assert_same_structure(data.element_spec, source.element_spec)
        before, after = (tf.nest.map_structure(lambda *a: np.concatenate(a), *taken(d)) for d in (source, data))
        x, new = (batch[0] if isinstance(batch, tuple) else batch for batch in (before, after))
        if isinstance(x, dict):
            assert all(np.array_equal(x[key], new[key]) for key in x if key != "series")
            valid = np.arange(30) < LENGTHS[:, None]
            np.testing.assert_array_equal(new["series"][~valid], x["series"][~valid])
            x, new = x["series"], new["series"]
        assert not np.array_equal(x, new)
        # The same numbers in another order, but for their signs.
        np.testing.assert_array_equal(np.sort(abs(new), axis=1), np.sort(abs(x), axis=1))
        if isinstance(before, tuple):
            assert same(before[1:], after[1:])


def test_every_op_on_series_works_beside_any_backend():
    x = {"series": SERIES, "lengths": LENGTHS}
    for op in (
        time_series.FrequencyMask(0.5),
        time_series.Jitter(),
        time_series.MagnitudeWarp(),
        time_series.TimeWarp(),
        time_series.WindowWarp(),
    ):
        for source in (dataset(x), dataset(x).map(lambda x: {**x, "series": unknown_steps(x["series"])})):
            new = np.concatenate([batch["series"] for batch in taken(pipeline(source, op, seed=2))])
            assert np.isfinite(new).all()
            assert not np.allclose(new, SERIES)
            np.testing.assert_array_equal(new[1, 12:], SERIES[1, 12:])


def unknown_steps(series):
    return tf.ensure_shape(tf.identity(series), (None, None, 2))


def test_strings():
    from keras_regkit.augmentation import text

    if not hasattr(text, "RandomDeletion"):
        pytest.skip("no layers for strings")
    words = np.array(["one two three four five six seven"] * 12)
    for source in (dataset(words, IDS), dataset({"text": words}, IDS)):
        batches = taken(pipeline(source, text.RandomDeletion(0.5), seed=1))
        x = [batch[0]["text"] if isinstance(batch[0], dict) else batch[0] for batch in batches]
        texts = [value.decode() for part in x for value in part]
        assert any(value != words[0] for value in texts)
        assert all(set(value.split()) <= set(words[0].split()) for value in texts)
        np.testing.assert_array_equal(np.concatenate([batch[1] for batch in batches]), IDS)
        assert same(batches, taken(pipeline(source, text.RandomDeletion(0.5), seed=1)))


@pytest.mark.parametrize(
    ("source", "arguments", "error", "message"),
    [
        (
            lambda: dataset(IMAGES),
            {"augment": time_series.Jitter()},
            ValueError,
            r"of series of shape .*\(None, 6, 4, 3",
        ),
        (lambda: dataset({"x": SERIES}), {"augment": time_series.Jitter()}, ValueError, "dicts with 'series'"),
        (
            lambda: dataset(SERIES, SERIES),
            {"augment": time_series.Jitter(), "targets": "segmentation_masks"},
            ValueError,
            "`targets` that move are those of images",
        ),
        (lambda: (IMAGES, IDS), {"augment": RandomFlip()}, TypeError, r"must be a batched tf\.data\.Dataset.*tuple"),
        (dataset, {}, ValueError, "`augment` or `mix` must be given"),
        (dataset, {"augment": MixUp()}, TypeError, "a mixing layer goes to mix="),
        (dataset, {"augment": keras.layers.RandomFlip()}, TypeError, r"other layers to dataset\.map"),
        (dataset, {"mix": RandomFlip()}, TypeError, "`mix` must be a MixUp"),
        (lambda: dataset().unbatch(), {"augment": RandomFlip()}, ValueError, r"batched: dataset\.batch\(64\)"),
        (
            lambda: dataset(IMAGES).unbatch(),
            {"augment": RandomFlip()},
            ValueError,
            r"dataset\.batch\(64\).*\(6, 4, 3\)",
        ),
        (lambda: dataset({"x": IMAGES}), {"augment": RandomFlip()}, ValueError, "dicts with 'images'"),
        (lambda: dataset(IMAGES), {"mix": MixUp()}, ValueError, "`mix` needs labels"),
        (dataset, {"mix": MixUp()}, ValueError, "num_classes"),
        (dataset, {"augment": RandomFlip(), "mix_until_epoch": 3}, ValueError, "needs `mix`"),
        (lambda: dataset().repeat(), {"mix": MixUp(), "mix_until_epoch": 3}, ValueError, "infinite"),
        (
            lambda: dataset().filter(lambda x, y: True),
            {"mix": MixUp(), "mix_until_epoch": 3},
            ValueError,
            "assert_cardinality.*unknown length",
        ),
        (dataset, {"mix": MixUp(), "targets": "bounding_boxes"}, ValueError, "not masks or boxes"),
        (dataset, {"augment": RandomFlip(), "targets": "y"}, ValueError, "`targets` must be one of"),
        (dataset, {"augment": RandomFlip(), "seed": 0.5}, TypeError, "`seed` must be an integer"),
        (dataset, {"augment": RandomFlip(), "parallel": 0}, ValueError, "`parallel` must be in"),
        (
            lambda: tf.data.Dataset.from_tensors(tf.ragged.constant([[1], [2, 3]])),
            {"augment": RandomFlip()},
            ValueError,
            "must yield dense tensors",
        ),
        (
            lambda: dataset().map(lambda x, y: (tf.numpy_function(lambda a: a, [x], tf.float32), y)),
            {"augment": RandomFlip()},
            ValueError,
            r"tf\.ensure_shape",
        ),
    ],
)
def test_bad_input(source, arguments, error, message):
    with pytest.raises(error, match=message):
        pipeline(source(), **arguments)


def test_masks_taken_for_labels_are_noticed():
    images, masks = np.zeros((8, 6, 5, 3), "uint8"), np.zeros((8, 6, 5), "uint8")
    dataset = tf.data.Dataset.from_tensor_slices((images, masks)).batch(4)
    with pytest.warns(UserWarning, match=r"If they are masks, say targets='segmentation_masks'"):
        pipeline(dataset, RandomFlip())
    pipeline(dataset, RandomFlip(), targets="segmentation_masks")
