"""The record that sampled predictions are."""

import dataclasses

import keras
import numpy as np

from keras_regkit._core.types import Array
from keras_regkit.uncertainty._class_rows import as_pairs, entropy, looks_like_probabilities, probabilities


@dataclasses.dataclass(frozen=True, eq=False, repr=False)
class Predictions:
    """Predictions drawn at random, or made by several models. For several outputs each field is a structure like them.

    What classifies has three more: `entropy`, `expected_entropy` and `mutual_information`, in nats, of shape
    `(rows, ...)` without the axis of classes. One column is the probability of "yes".

        entropy H[1/S Σ_s p_s]  =  expected_entropy 1/S Σ_s H[p_s]  +  mutual_information

    The expected entropy is what the samples agree to be unsure of, noise in the data; the mutual information is how
    much they disagree, which more data would mend. They need probabilities; for logits write
    `predictions.as_probabilities().entropy`.

    Args:
        mean: Array `(rows, ...)`: mean over the samples.
        std: Array `(rows, ...)`: standard deviation over the samples (divided by their number).
        samples: Array `(samples, rows, ...)`: each sample.

    Reference:
        Gal et al. 2017, "Deep Bayesian Active Learning with Image Data", section 4.

    Example:

    >>> Predictions(np.zeros((3, 1)), np.zeros((3, 1)), np.zeros((10, 3, 1)))
    Predictions(samples=10, shape=(3, 1))
    >>> sure_but_apart = Predictions.of(np.array([[[1.0, 0.0]], [[0.0, 1.0]]]))
    >>> sure_but_apart.variance, sure_but_apart.entropy.round(4), sure_but_apart.mutual_information.round(4)
    (array([[0.25, 0.25]]), array([0.6931]), array([0.6931]))
    """

    mean: np.ndarray
    std: np.ndarray
    samples: np.ndarray

    @classmethod
    def of(cls, samples: Array) -> "Predictions":
        """Returns the record of an array `(samples, rows, ...)`, or of a structure of them."""
        return cls(
            mean=keras.tree.map_structure(lambda a: a.mean(0, dtype="float64").astype(a.dtype), samples),
            std=keras.tree.map_structure(lambda a: a.std(0, dtype="float64").astype(a.dtype), samples),
            samples=samples,
        )

    @property
    def variance(self) -> Array:
        """Array `(rows, ...)`: variance over the samples (divided by their number)."""
        return keras.tree.map_structure(np.square, self.std)

    @property
    def entropy(self) -> Array:
        """Array `(rows, ...)`: entropy of the mean probabilities, in nats."""
        return keras.tree.map_structure(lambda a: entropy(_pairs(a).mean(0)), self.samples)

    @property
    def expected_entropy(self) -> Array:
        """Array `(rows, ...)`: mean of the entropy of each sample, in nats."""
        return keras.tree.map_structure(lambda a: entropy(_pairs(a)).mean(0), self.samples)

    @property
    def mutual_information(self) -> Array:
        """Array `(rows, ...)`: entropy of the mean less the mean entropy, in nats; at least 0."""
        return keras.tree.map_structure(lambda h, e: np.maximum(h - e, 0), self.entropy, self.expected_entropy)

    def as_probabilities(self) -> "Predictions":
        """Returns the record of the probabilities that these logits stand for: softmax, sigmoid for one column."""
        return self.of(keras.tree.map_structure(lambda a: probabilities(a).astype(a.dtype), self.samples))

    def __repr__(self):
        shapes = keras.tree.map_structure(lambda a: a.shape, self.samples)
        first = keras.tree.flatten(self.samples)[0].shape
        rest = first[1:] if isinstance(self.samples, np.ndarray) else shapes
        return f"Predictions(samples={first[0]}, shape={rest})"


def _pairs(samples):
    """Probabilities with a column per class, as float64; raises for what are none."""
    if not looks_like_probabilities(samples):
        raise ValueError(
            "Entropy needs class probabilities: numbers in [0, 1] that sum to 1, or one column of them. Received "
            f"numbers from {samples.min():.4g} to {samples.max():.4g}. For logits use predictions.as_probabilities()"
        )
    return as_pairs(samples.astype("float64"))
