"""What a layer does to samples, before the eyes."""

from collections.abc import Callable, Sequence
from typing import Any

import keras
import numpy as np

from keras_regkit._core.checks import Interval, check_arguments
from keras_regkit._core.pictures import draw
from keras_regkit._core.types import Array, Data
from keras_regkit.augmentation._label_text import label_text
from keras_regkit.augmentation._show_samples import kind_of, sample_grid
from keras_regkit.augmentation.image import _boxes
from keras_regkit.augmentation.mixing._layer import Mixing
from keras_regkit.augmentation.sample_grid import GridCell, SampleGrid

_RANGES = {
    "rows": Interval(1, closed="left", integer=True),
    "versions": Interval(1, closed="left", integer=True),
}


def show(
    layer: Callable[..., Any],
    samples: Data,
    labels: Array | None = None,
    *,
    rows: int = 4,
    versions: int = 4,
    class_names: Sequence[str] | None = None,
    value_range: Sequence[float] | None = None,
    **options: Any,
) -> Any:
    """Draws samples before and after a layer, and returns the figure.

    Use it before training on what a layer makes: too much of it makes images that no camera would, and sound that no
    microphone. Series and waveforms are drawn as lines, up to six features of each; spectrograms as heat maps; of
    texts, ids and rows the first forty words or numbers are written, those that changed in another colour.

    Args:
        layer: A layer of `keras_regkit.augmentation`, or any layer or function of images or texts and `training`. It
            draws from its own seed, which moves on.
        samples: Images, `(batch, height, width, channels)` or one without the batch, or a dict with `images` and
            perhaps `labels`, `segmentation_masks` and `bounding_boxes`, which are drawn over them; or what else the
            layer takes: series, audio, spectrograms, rows, ids of tokens, a list of texts, or a dict with such.
        labels: Labels, shown above the samples: integers, or one-hot or soft rows. The mixing layers need them.
            Defaults to None.
        rows: Number of samples, at least 1: the first ones. Defaults to 4.
        versions: Number of versions of each sample, at least 1. Defaults to 4.
        class_names: List of names for the classes. Defaults to None: their numbers.
        value_range: For images, lowest and highest value of a pixel. Defaults to None: (0, 255), (0, 1) or (−1, 1), the
            first that holds all, of integers that of their dtype.
        **options: Of the drawing: `size`, width and height in inches.

    Returns:
        A matplotlib figure, which a notebook shows.

    Raises:
        ImportError: matplotlib is not installed.
        TypeError, ValueError: the samples have the wrong rank, or a layer needs labels, or an argument is out of range.

    Example:

    >>> figure = show(keras.layers.RandomFlip(seed=1), np.zeros((2, 8, 8, 3)), versions=3)
    >>> len(figure.axes)
    8
    """
    check_arguments(_RANGES, rows=rows, versions=versions)
    grid = make_grid(layer, samples, labels, rows, versions, class_names, value_range)
    return draw(grid, **options)


def make_grid(layer, samples, labels=None, rows=4, versions=4, class_names=None, value_range=None):
    """Returns the `SampleGrid` that `show` draws."""
    if isinstance(layer, Mixing):
        if isinstance(samples, tuple) and len(samples) > 1 and labels is None:
            samples, labels = samples[:2]
        if labels is None and not (isinstance(samples, dict) and "labels" in samples):
            raise ValueError(f"`labels` must be given: {type(layer).__name__} needs them too. Received: labels=None")
    kind = kind_of(layer, samples)
    if kind is not None:
        return sample_grid(layer, kind, samples, labels, rows, versions, class_names)
    given = dict(samples) if isinstance(samples, dict) else {"images": samples}
    if labels is not None:
        given["labels"] = labels
    given = keras.tree.map_structure(_array, given)
    if "images" not in given or given["images"].ndim not in (3, 4):
        shape = given["images"].shape if "images" in given else f"a dict with {sorted(given)}"
        raise ValueError(
            f"`images` must have the shape (batch, height, width, channels), or be one image. Received: {shape}. Only "
            "layers of keras_regkit.augmentation for other data, and functions of texts, take other samples"
        )
    if given["images"].ndim == 3:
        given = keras.tree.map_structure(lambda a: a[None], given)
    # Mixing layers find their partners among all that is given.
    inputs = {key: keras.ops.convert_to_tensor(value) for key, value in given.items() if key != "bounding_boxes"}
    if "bounding_boxes" in given:
        inputs["bounding_boxes"] = keras.tree.map_structure(keras.ops.convert_to_tensor, given["bounding_boxes"])
    afters = [_after(layer, inputs) for _ in range(versions)]
    count = min(rows, len(given["images"]))
    channels_first = (getattr(layer, "data_format", None) or keras.config.image_data_format()) == "channels_first"
    look = _Look(
        value_range or guess_range(given["images"]),
        channels_first,
        getattr(layer, "bounding_box_format", None) or "xyxy",
        class_names,
    )
    columns = [given, *afters]
    cells = tuple(tuple(look.cell(column, row) for column in columns) for row in range(count))
    return SampleGrid(cells, ("before", *[f"after, {k + 1}" for k in range(versions)]))


def guess_range(images):
    """Returns the value range that images probably have.

    >>> guess_range(np.array([0.0, 0.7]))
    (0, 1)
    """
    if images.dtype.kind == "u":
        return 0, int(np.iinfo(images.dtype).max)
    low, high = float(images.min(initial=0)), float(images.max(initial=0))
    return next(
        ((a, b) for a, b in ((0, 1), (-1, 1), (0, 255)) if images.dtype.kind == "f" and a <= low and high <= b),
        (min(low, 0), max(high, 255)),
    )


class _Look:
    """How arrays become cells of a grid."""

    def __init__(self, value_range, channels_first, box_format, class_names):
        self.low, self.high = value_range
        self.channels_first = channels_first
        self.box_format = box_format
        self.class_names = class_names

    def cell(self, arrays, row):
        image = arrays["images"][row].astype("float32")
        image = np.moveaxis(image, 0, -1) if self.channels_first else image
        image = np.clip((image - self.low) / (self.high - self.low), 0, 1)
        image = image if image.shape[-1] in (3, 4) else image[..., :1].repeat(3, -1)
        return GridCell(
            image,
            label_text(arrays["labels"][row], self.class_names) if "labels" in arrays else "",
            self.boxes(arrays["bounding_boxes"], row, image.shape) if "bounding_boxes" in arrays else (),
            self.mask(arrays["segmentation_masks"][row]) if "segmentation_masks" in arrays else None,
        )

    def boxes(self, boxes, row, shape):
        of_image = np.asarray(boxes["boxes"][row][None], "float32")
        edges = _boxes.edges(of_image, self.box_format, shape[0], shape[1], None)
        labels = boxes.get("labels")
        valid = np.ones(len(edges[0][0]), bool) if labels is None else np.reshape(labels[row] >= 0, (-1,))
        return tuple(tuple(float(edge[0, k]) for edge in edges) for k in np.flatnonzero(valid))

    def mask(self, mask):
        if mask.ndim == 3:
            mask = mask[0] if self.channels_first else mask[..., 0]
        return mask


def _after(layer, inputs):
    if isinstance(layer, Mixing):
        out = layer({key: inputs[key] for key in ("images", "labels") if key in inputs}, training=True)
        if layer.labels == "pair":
            out = {"images": out["images"]}
    elif set(inputs) <= {"images", "labels"}:
        out = {**inputs, "images": layer(inputs["images"], training=True)}
    else:
        out = layer(inputs, training=True)
    return keras.tree.map_structure(_array, out)


def _array(value):
    return keras.ops.convert_to_numpy(value) if keras.ops.is_tensor(value) else np.asarray(value)
