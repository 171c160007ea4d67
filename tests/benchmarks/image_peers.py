"""The same image augmentation in other libraries, each in its quickest form: flip, affine map, colours, per image.

Every function here takes a batch of images and returns one that augments it, or raises ImportError where the library is
missing. Ranges are those of `OURS` in `test_image_augmentation.py`.
"""

import concurrent.futures
import multiprocessing

import keras
import numpy as np


def ours(images):
    """Ours: in a graph on TensorFlow, as called elsewhere."""
    return called(pipeline_of_ours(), images)


def pipeline_of_ours():
    from keras_regkit.augmentation import image

    return image.Compose(
        [
            image.RandomFlip("horizontal"),
            image.RandomRotation(15 / 360),
            image.RandomZoom(0.2),
            image.RandomTranslation(0.1, 0.1),
            image.RandomShear(0.17),
            image.RandomBrightness(0.2),
            image.RandomContrast(0.2),
            image.RandomSaturation((0.4, 0.6)),
            image.RandomHue(0.05),
        ],
    )


def core_layers():
    layers = keras.layers
    return keras.Sequential(
        [
            layers.RandomFlip("horizontal"),
            layers.RandomRotation(15 / 360),
            layers.RandomZoom(0.2),
            layers.RandomTranslation(0.1, 0.1),
            layers.RandomShear(0.17),
            layers.RandomBrightness(0.2),
            layers.RandomContrast(0.2),
            layers.RandomSaturation((0.4, 0.6)),
            layers.RandomHue(0.05),
        ]
    )


def core(images):
    """Keras' own layers: in a graph on TensorFlow, as called elsewhere."""
    return called(core_layers(), images)


def called(augment, images):
    """Returns a function that augments a batch that lies ready."""
    images = keras.ops.convert_to_tensor(images)
    if keras.backend.backend() != "tensorflow":
        return lambda: done(augment(images, training=True))
    import tensorflow as tf

    compiled = tf.function(lambda x: augment(x, training=True))
    return lambda: done(compiled(images))


def keras_cv(images):
    """KerasCV's layers, in a graph."""
    if keras.backend.backend() != "tensorflow":
        raise ImportError("it is for TensorFlow")
    import keras_cv
    import tensorflow as tf

    layers = keras_cv.layers
    augment = keras.Sequential(
        [
            layers.RandomFlip("horizontal"),
            layers.RandomRotation(15 / 360),
            layers.RandomZoom(0.2),
            layers.RandomTranslation(0.1, 0.1),
            layers.RandomShear(0.17, 0.0),
            layers.RandomColorJitter((0, 255), 0.2, 0.2, 0.2, 0.05),
        ]
    )
    compiled = tf.function(lambda x: augment(x, training=True))
    images = tf.constant(images)
    return lambda: done(compiled(images))


def torchvision(images):
    """torchvision v2: one affine map and one jitter, image by image, as its parameters are those of a call."""
    import torch
    import torchvision.transforms.v2 as t

    augment = t.Compose(
        [
            t.RandomHorizontalFlip(),
            t.RandomAffine(15, (0.1, 0.1), (0.8, 1.2), (-10, 10), interpolation=t.InterpolationMode.BILINEAR),
            t.ColorJitter(0.2, 0.2, 0.2, 0.05),
        ]
    )
    channels_first = torch.from_numpy(np.ascontiguousarray(images.transpose(0, 3, 1, 2)))
    if images.dtype != np.uint8:
        channels_first = channels_first / 255
    return lambda: torch.stack([augment(image) for image in channels_first])


def kornia(images):
    """kornia: one affine map and one jitter of the whole batch, with parameters per image."""
    import torch
    from kornia import augmentation as k

    augment = torch.nn.Sequential(
        k.RandomHorizontalFlip(),
        k.RandomAffine(15.0, (0.1, 0.1), (0.8, 1.2), (-10.0, 10.0), p=1.0),
        k.ColorJiggle(0.2, 0.2, 0.2, 0.05, p=1.0),
    )
    channels_first = torch.from_numpy(np.ascontiguousarray(images.transpose(0, 3, 1, 2)).astype("float32")) / 255
    return lambda: augment(channels_first)


def albumentations(images):
    """albumentations, image by image in this process."""
    augment = albumentations_pipeline()
    images = in_units(images)
    return lambda: [augment(image=image)["image"] for image in images]


def albumentations_pipeline():
    import albumentations as a

    return a.Compose(
        [
            a.HorizontalFlip(),
            a.Affine(
                rotate=(-15, 15),
                scale=(0.8, 1.2),
                translate_percent=(-0.1, 0.1),
                shear={"x": (-10, 10), "y": (0, 0)},
                p=1.0,
            ),
            a.ColorJitter((0.8, 1.2), (0.8, 1.2), (0.8, 1.2), (-0.05, 0.05), p=1.0),
        ]
    )


def opencv(images):
    """OpenCV's bare warp and 3 × 4 colour matrix, image by image in this process: what a careful hand would write."""
    augment = opencv_pipeline()
    return lambda: [augment(image) for image in images]


def opencv_pipeline():
    import cv2

    cv2.setNumThreads(1)
    random = np.random.default_rng(0)

    def augment(image):
        height, width = image.shape[:2]
        matrix = cv2.getRotationMatrix2D((width / 2, height / 2), random.uniform(-15, 15), random.uniform(0.8, 1.2))
        matrix[:, 2] += random.uniform(-0.1, 0.1, 2) * (width, height)
        matrix[0, 1] += random.uniform(-0.17, 0.17)
        moved = cv2.warpAffine(image, matrix, (width, height), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT)
        colours = np.eye(3, 4) + random.uniform(-0.1, 0.1, (3, 4))
        return cv2.transform(moved, colours)

    return augment


def in_two_processes(pipeline):
    """Returns the same of a per-image `pipeline`, in two processes that hold the images and send none back."""

    def peer(images):
        pool = concurrent.futures.ProcessPoolExecutor(
            2, multiprocessing.get_context("spawn"), initializer=_start, initargs=(pipeline, in_units(images))
        )
        list(pool.map(_half, range(2)))
        return lambda: list(pool.map(_half, range(2)))

    return peer


_WORKER = {}


def _start(pipeline, images):
    _WORKER.update(augment=globals()[pipeline](), images=images, named=pipeline.startswith("albu"))


def _half(number):
    augment, images = _WORKER["augment"], _WORKER["images"][number::2]
    done = [augment(image=image)["image"] if _WORKER["named"] else augment(image) for image in images]
    return len(done)


def in_units(images):
    """albumentations takes floats between 0 and 1."""
    return images if images.dtype == np.uint8 else images / np.float32(255)


def done(tensor):
    """Waits for the numbers."""
    return tensor.block_until_ready() if hasattr(tensor, "block_until_ready") else tensor
