"""How many images a second are augmented, beside every library that is installed.

    pytest tests/benchmarks/test_image_augmentation.py --benchmark -n0 -s        (and with KERAS_BACKEND=jax)

Flip, rotation, zoom, translation, shear, brightness, contrast, saturation and hue, with parameters for each image.
"""

import time

import image_peers as peers
import keras
import numpy as np
import pytest
from measuring import interleaved, ratio, write_table

ROUNDS, BATCH = 7, 64
PEERS = {
    "keras_regkit": peers.ours,
    "Keras": peers.core,
    "KerasCV": peers.keras_cv,
    "torchvision v2": peers.torchvision,
    "kornia": peers.kornia,
    "albumentations": peers.albumentations,
    "albumentations, 2 processes": peers.in_two_processes("albumentations_pipeline"),
    "OpenCV": peers.opencv,
    "OpenCV, 2 processes": peers.in_two_processes("opencv_pipeline"),
}


def images(size, dtype):
    return np.random.default_rng(0).integers(0, 256, (BATCH, size, size, 3)).astype(dtype)


def row(name, times, reference, **more):
    return {
        "backend": keras.backend.backend(),
        **more,
        "library": name,
        "images a second": f"{BATCH / sorted(times)[len(times) // 2]:.0f}",
        **ratio(times, reference),
    }


@pytest.mark.parametrize("size", [224, 32])
def test_images_a_second(size):
    rows = []
    for dtype in ("float32", "uint8"):
        x, functions = images(size, dtype), {}
        for name, make in PEERS.items():
            try:
                functions[name] = make(x)
                functions[name]()
            except ImportError as error:
                print(f"without {name}: {error}")
                functions.pop(name, None)
        times = interleaved(functions, ROUNDS)
        rows += [
            row(name, t, times["keras_regkit"], pixels=f"{size} x {size}", dtype=dtype) for name, t in times.items()
        ]
    write_table(f"image-augmentation-{size}-{keras.backend.backend()}", rows)


def test_first_call():
    """Compiling, and what a second and a third batch size cost."""
    augment, rows = peers.pipeline_of_ours(), []
    for batch in (64, 48, 33):
        x = keras.ops.convert_to_tensor(images(224, "float32")[:batch])
        for call in ("first", "second"):
            start = time.perf_counter()
            peers.done(augment(x))
            rows.append({"batch": batch, "call": call, "ms": f"{1000 * (time.perf_counter() - start):.0f}"})
    write_table(f"image-augmentation-first-call-{keras.backend.backend()}", rows)


def test_in_tf_data():
    import tensorflow as tf

    x, functions = images(224, "float32"), {}
    dataset = tf.data.Dataset.from_tensors(x).repeat(4)
    for name, augment in {"keras_regkit": peers.pipeline_of_ours(), "Keras": peers.core_layers()}.items():
        mapped = dataset.map(lambda images, a=augment: a(images, training=True), tf.data.AUTOTUNE).prefetch(1)

        def run(mapped=mapped):
            for _ in mapped:
                pass

        functions[name] = run
    times = interleaved(functions, 3)
    rows = [row(name, [t / 4 for t in ts], [t / 4 for t in times["keras_regkit"]]) for name, ts in times.items()]
    write_table(f"image-augmentation-tf-data-{keras.backend.backend()}", rows)


def test_an_epoch_of_a_small_convnet():
    """`fit` on 1,024 images of 64 × 64 × 3 from tf.data: without augmentation, and with it in the pipeline."""
    import tensorflow as tf

    from keras_regkit import augmentation

    x = np.random.default_rng(0).integers(0, 256, (1024, 64, 64, 3)).astype("uint8")
    y = np.arange(len(x)) % 10
    plain = tf.data.Dataset.from_tensor_slices((x, y)).batch(BATCH).prefetch(2)
    theirs, floats = peers.core_layers(), plain.map(lambda x, y: (tf.cast(x, "float32"), y))
    datasets = {
        "no augmentation": plain,
        "keras_regkit": augmentation.pipeline(plain, peers.pipeline_of_ours(), seed=0),
        "Keras": floats.map(lambda x, y: (theirs(x, training=True), y), tf.data.AUTOTUNE).prefetch(2),
    }
    functions = {name: epoch(dataset) for name, dataset in datasets.items()}
    times = interleaved(functions, 5)
    rows = [
        {
            "backend": keras.backend.backend(),
            "augmentation": name,
            "s an epoch": f"{sorted(t)[2]:.2f}",
            **ratio(t, times["no augmentation"]),
        }
        for name, t in times.items()
    ]
    write_table(f"image-epoch-{keras.backend.backend()}", rows)


def epoch(dataset):
    """Returns a function that trains a small net for an epoch."""
    layers = keras.layers
    stack = [layers.Rescaling(1 / 255)]
    for filters in (16, 32, 64):
        stack += [layers.Conv2D(filters, 3, strides=2, use_bias=False), layers.BatchNormalization(), layers.ReLU()]
    model = keras.Sequential([keras.Input((64, 64, 3)), *stack, layers.GlobalAveragePooling2D(), layers.Dense(10)])
    model.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True), jit_compile=False)
    return lambda: model.fit(dataset, epochs=1, shuffle=False, verbose=0)


@pytest.mark.filterwarnings("ignore:Explicitly requested dtype int64")  # by Keras' own, on JAX
def test_policies_and_mixing():
    """RandAugment, and what mixes images, in ms a batch."""
    from keras_regkit.augmentation import image, mixing

    x = keras.ops.convert_to_tensor(images(224, "float32"))
    y = keras.ops.one_hot(np.arange(BATCH) % 10, 10)
    layers = keras.layers
    pairs = {
        "RandAugment": (image.RandAugment(), layers.RandAugment(), False),
        "RandomErasing": (image.RandomErasing(), layers.RandomErasing(), False),
        "MixUp": (mixing.MixUp(0.2), layers.MixUp(0.2), True),
        "CutMix": (mixing.CutMix(1.0), layers.CutMix(1.0), True),
        "mixing and erasing": (mixing.MixUpCutMix(erasing=image.RandomErasing()), core_mixing_and_erasing(), True),
    }
    rows = []
    for name, (ours, theirs, mixes) in pairs.items():
        times = interleaved(
            {library: once(layer, x, y, mixes) for library, layer in {"keras_regkit": ours, "Keras": theirs}.items()}, 5
        )
        for library, t in times.items():
            more = {"op": name, "library": library, "ms a batch": f"{1000 * sorted(t)[2]:.1f}"}
            rows.append({"backend": keras.backend.backend(), **more, **ratio(t, times["keras_regkit"])})
    write_table(f"image-policies-{keras.backend.backend()}", rows)


def core_mixing_and_erasing():
    """Keras' three layers, one behind the other: it has none that takes turns."""
    mix_up, cut_mix, erasing = keras.layers.MixUp(0.2), keras.layers.CutMix(1.0), keras.layers.RandomErasing()

    def call(inputs, training):
        mixed = cut_mix(mix_up(inputs, training=training), training=training)
        return {**mixed, "images": erasing(mixed["images"], training=training)}

    return call


def once(layer, x, y, mixes):
    """Returns a function that augments one batch, in a graph on TensorFlow."""
    inputs = {"images": x, "labels": y} if mixes else x

    def call(inputs):
        return layer(inputs, training=True)

    if keras.backend.backend() == "tensorflow":
        import tensorflow as tf

        call = tf.function(call)
    return lambda: peers.done(keras.tree.flatten(call(inputs))[0])
