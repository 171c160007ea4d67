"""Mixtures of chains of ops, for predictions that hold when images are disturbed."""

from typing import Any

import keras

from keras_regkit._core.beta import beta
from keras_regkit._core.checks import Interval, check_arguments
from keras_regkit.augmentation._namespace import ops_for
from keras_regkit.augmentation.image._dirichlet import dirichlet
from keras_regkit.augmentation.image._policy import SHARED, Policy
from keras_regkit.augmentation.image._policy_blend import Blend
from keras_regkit.augmentation.image._policy_strengths import index_of, strengths
from keras_regkit.augmentation.image._policy_tables import AUG_MIX

MOST = 3
VIEWS = 3


@keras.saving.register_keras_serializable("keras_regkit")
class AugMix(Policy):
    """Mixes each image with what several random chains of ops make of it.

        x' = (1 − m) x + m Σ_k w_k chain_k(x),    w ~ Dirichlet(α, ..., α),    m ~ Beta(α, α)

    Use it for robustness and honest probabilities under corruptions and shifts, best together with
    `losses.JSDConsistency`, which wants three views of each image: see `views`.

    Each chain has `depth` ops, each drawn for the image from those below, with a level l drawn from 0.01 to
    severity / 10, and a sign. They are the paper's, and have nothing of what ImageNet-C and CIFAR-10-C test with:

        auto_contrast, equalize
        rotate                      ± ⌊30 · l⌋ degrees
        shear_x, shear_y            tangent ± 0.3 · l
        translate_x, translate_y    ± l / 3 of the side, whole pixels
        posterize                   4 − ⌊4 · l⌋ bits stay
        solarize                    inverts levels from 256 − ⌊256 · l⌋ on

    Two neighbouring ops of a chain that move pixels are one resampling, so what one of them moves out of the image the
    other may move in again. No gradients pass images that were equalized.

    Args:
        severity: Largest strength of an op, in [1, 10]. Defaults to 3.
        width: Number of chains, at least 1. Defaults to 3.
        depth: Ops of a chain, at least 1; None, the default, draws 1, 2 or 3 for each image and chain.
        alpha: α, above 0: the smaller, the closer a mixture is to one of its parts. Defaults to 1.
        value_range: Lowest and highest value of a pixel. Within a `Compose`, that of the `Compose` counts. Defaults to
            (0, 255).
        fill_mode: What lies outside of the image: `"constant"`, the default, `"nearest"`, `"reflect"` or `"wrap"`.
        fill_value: The constant, a pixel value. None, the default, is black, as published.
        interpolation: `"bilinear"`, the default, as published, or `"nearest"`.
        probability: Share of the images that are changed at all, in [0, 1]. Defaults to 1.
        data_format: `"channels_last"`, `"channels_first"` or None, the default: `keras.config.image_data_format()`.
        seed: Integer seed. Defaults to None.

    Call arguments:
        inputs: Images with 3 channels, `(batch, height, width, 3)` or without the batch, or a dict with `images` and
            optionally `labels`. Masks and boxes are refused: a mixture has no single place for them.
        training: Whether to do anything. Defaults to True outside of models.

    Raises:
        TypeError, ValueError: an argument is out of its range, the images have the wrong rank or channels, or there are
            masks or boxes.

    Reference:
        Hendrycks et al. 2020, "AugMix: A Simple Data Processing Method to Improve Robustness and Uncertainty",
        algorithm 1.

    Example:

    >>> images = np.random.default_rng(0).integers(0, 256, (4, 8, 8, 3)).astype("uint8")
    >>> layer = AugMix(seed=1)
    >>> tuple(layer(images).shape)
    (4, 8, 8, 3)
    >>> x, y = layer.views(images, np.array([0, 2, 1, 1]), num_classes=3)
    >>> tuple(x.shape), tuple(y.shape)
    ((12, 8, 8, 3), (12, 4))
    """

    RANGES = {  # noqa: RUF012
        "severity": Interval(1, 10),
        "width": Interval(1, closed="left", integer=True),
        "depth": Interval(1, closed="left", integer=True, optional=True),
        "alpha": Interval(0, closed="neither"),
        **SHARED,
    }
    fill_share = 0.0

    def __init__(
        self,
        severity: float = 3,
        width: int = 3,
        depth: int | None = None,
        alpha: float = 1.0,
        interpolation: str = "bilinear",
        **kwargs: Any,
    ):
        if kwargs.pop("bounding_box_format", None) is not None:
            raise ValueError("AugMix takes no bounding boxes: a mixture has no single place for them")
        super().__init__(interpolation=interpolation, **kwargs)
        check_arguments(self.RANGES, severity=severity, width=width, depth=depth, alpha=alpha)
        self.severity = severity
        self.width = width
        self.depth = depth
        self.alpha = alpha

    @property
    def own_draws(self):
        # m takes 3; each chain a weight, its depth, and an op, a level and a sign for each op.
        return 3 + self.width * (2 + 3 * (self.depth or MOST))

    def augment(self, inputs, numbers, ops):
        self._check_movable(inputs)
        return super().augment(inputs, numbers, ops)

    def stage(self, numbers, chosen, frame, clip_each):
        if not frame.training:
            return []
        ops, width = frame.ops, self.width
        m, weights, rest = beta(self.alpha, *numbers[:3], ops), numbers[3 : 3 + width], numbers[3 + width :]
        m = m if chosen is None else ops.where(chosen, m, ops.zeros_like(m))
        weights = [1 - m, *(m * weight for weight in dirichlet(self.alpha, weights, ops))]
        # All chains are one batch: the images as often as there are chains, one chain behind the other.
        each = len(rest) // width
        chain = self._chain([ops.concatenate(rest[k::each], axis=0) for k in range(each)], ops)
        return [Blend(tuple(self.passes(chain, frame)), ops.stack(weights, axis=-1), width)]

    def _chain(self, numbers, ops):
        """Yields the strengths of the slots of a chain, from what is drawn for it."""
        length, *rest = numbers
        for k in range(len(rest) // 3):
            which, number, sign = rest[3 * k : 3 * k + 3]
            level = (0.1 + (self.severity - 0.1) * number) / 10
            within = None if self.depth or k == 0 else length * MOST >= k
            yield strengths(AUG_MIX, index_of(which, len(AUG_MIX), ops), level, sign, None, within, ops)

    def views(self, images, labels, sample_weight=None, *, num_classes=None):
        """Returns each image as it is and twice mixed, in rows, and labels as `losses.JSDConsistency` wants them.

        For batches, before they come to `fit`:

            dataset.batch(32).map(augmix.views)          # one-hot labels
            dataset.batch(32).map(lambda x, y: augmix.views(x, y, num_classes=10))

        Shuffle before, not after: the three rows of an image must stay together.

        Args:
            images: `(batch, height, width, 3)`.
            labels: One-hot or soft labels `(batch, classes)`, or integers `(batch,)` or `(batch, 1)`.
            sample_weight: Weights `(batch,)`, or None.
            num_classes: Number of classes, for integer labels.

        Returns:
            Images `(3 · batch, height, width, 3)`, labels `(3 · batch, classes + 1)` with the column of
            `losses.index_labels`, and weights `(3 · batch,)` if there were any.
        """
        ops = ops_for((images, labels))
        images, labels = ops.convert_to_tensor(images), ops.convert_to_tensor(labels)
        if len(images.shape) != 4:
            raise ValueError(f"`views` takes a batch of images, of rank 4. Received: shape {tuple(images.shape)}")
        labels = _dense(labels, num_classes, ops)
        clean = self(images, training=False)
        rows = [_interleaved([clean, self(images, training=True), self(images, training=True)], ops)]
        index = -1 - ops.cast(ops.arange(ops.shape(images)[0], dtype="int32"), "float32")
        rows.append(_interleaved([ops.concatenate([labels, index[:, None]], axis=-1)] * VIEWS, ops))
        if sample_weight is not None:
            rows.append(_interleaved([ops.convert_to_tensor(sample_weight)] * VIEWS, ops))
        return tuple(rows)

    def _check_movable(self, inputs):
        present = [
            key for key in ("segmentation_masks", "bounding_boxes") if isinstance(inputs, dict) and key in inputs
        ]
        if present:
            raise ValueError(
                f"Layer {self.name!r} mixes images that were moved in different ways, so that masks and boxes have no "
                f"single place. Leave them out, or use RandAugment. Received: {present}"
            )

    def get_config(self):
        config = super().get_config()
        del config["bounding_box_format"]
        return {**config, "severity": self.severity, "width": self.width, "depth": self.depth, "alpha": self.alpha}


def _dense(labels, num_classes, ops):
    """Returns float32 labels `(batch, classes)`."""
    if len(labels.shape) == 2 and labels.shape[1] != 1:
        return ops.cast(labels, "float32")
    if num_classes is None or len(labels.shape) > 2:
        raise ValueError(
            "`views` takes labels of shape (batch, classes), or integers of shape (batch,) and then `num_classes` too. "
            f"Received: labels of shape {tuple(labels.shape)}, num_classes={num_classes}"
        )
    return ops.one_hot(ops.cast(ops.reshape(labels, (-1,)), "int32"), num_classes, dtype="float32")


def _interleaved(views, ops):
    """Returns the rows of all views, those of the first sample first."""
    return ops.reshape(ops.stack(views, axis=1), (-1, *ops.shape(views[0])[1:]))
