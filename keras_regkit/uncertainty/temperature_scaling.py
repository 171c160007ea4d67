"""Temperature scaling: one number that makes probabilities honest."""

import warnings
from typing import Any

import keras
import numpy as np
from keras import ops

from keras_regkit._core.backend import to_numpy
from keras_regkit._core.checks import Interval, OneOf, check_arguments
from keras_regkit._core.warnings import DataWarning
from keras_regkit.uncertainty._class_rows import log_softmax, logit_pairs
from keras_regkit.uncertainty._classifier import predicts_logits, read_classifier

# Beyond these the probabilities are as good as uniform, or as good as 0 and 1.
COLDEST, HOTTEST = 0.01, 100.0
# Probabilities that have been rounded to 0 or 1 in float32 have lost their logits.
_TINY, _ALMOST_ONE = 1e-37, 1 - 1e-7


def best_temperature(logits, labels, weights):
    """Returns the temperature T that minimizes the mean of −Σ_k y_k log softmax(z / T)_k.

    In b = 1/T that is convex, with slope E_p[z] − Σ_k y_k z_k: Newton's steps, within a bracket that halves wherever
    they leave it.

    Args:
        logits: float64 `(n, K)`.
        labels: Rows of label mass, float64 `(n, K)`.
        weights: float64 `(n,)`, with a sum of 1.

    Returns:
        T within [0.01, 100]; an end of it where there is no minimum inside.
    """
    z = logits - logits.max(1, keepdims=True)
    target = weights @ np.sum(labels * z, 1)

    def slope_and_curvature(b):
        p = np.exp(log_softmax(b * z))
        mean = np.sum(p * z, 1)
        return weights @ mean - target, weights @ (np.sum(p * z**2, 1) - mean**2)

    low, high = 1 / HOTTEST, 1 / COLDEST
    if slope_and_curvature(low)[0] >= 0:
        return HOTTEST
    if slope_and_curvature(high)[0] <= 0:
        return COLDEST
    b = 1.0
    for _ in range(200):
        slope, curvature = slope_and_curvature(b)
        low, high = (low, b) if slope > 0 else (b, high)
        step = b - slope / curvature if curvature > 0 else low
        following = step if low < step < high else (low + high) / 2
        if abs(following - b) <= 1e-12 * b:
            break
        b = following
    return float(1 / b)


@keras.saving.register_keras_serializable("keras_regkit")
class TemperatureScaling(keras.Model):
    """A classifier whose logits are divided by one number, the temperature, found on held-out data.

    Use it after training, when probabilities are too sure (T > 1 softens them) or not sure enough. What is predicted
    stays the same, only how sure; it costs nothing, and needs a few hundred held-out rows that were not trained on.

        p = softmax(z / T)        T = argmin −Σ_i log p_{y_i}

    The outputs are of the kind that the model within makes: logits z / T for logits, probabilities for a model that
    ends in softmax or, with one output, in sigmoid. There z is taken from the probabilities as log p or log p/(1 − p);
    what float32 has rounded to 0 or 1 cannot be softened again, so logits are the better ones.

    It is for predictions: train the model within, `scaled.model`.

    Args:
        model: A built classifier with one output: `(rows, classes)`, or one column for a yes or no. It is held, not
            copied.
        temperature: The temperature T to begin with, above 0. 1 changes nothing. Defaults to 1.0.
        from_logits: Whether the model's outputs are logits. Defaults to `"auto"`: a last layer with softmax or sigmoid
            makes probabilities; otherwise the compiled loss says it; without one, a last layer without activation makes
            logits.
        dtype: Dtype of the scaling. Defaults to that of the model's weights.

    Call arguments:
        inputs: What the model within takes.
        training: Handed to the model within.

    Returns:
        A tensor of the shape and kind of the model's output.

    Raises:
        ValueError, TypeError: an argument is out of range, the model is not built, has several outputs or several
            yes-or-no decisions, or `"auto"` cannot tell what it predicts.

    Reference:
        Guo et al. 2017, "On Calibration of Modern Neural Networks", section 4.2, equation 9.

    Example:

    >>> model = keras.Sequential([keras.Input((2,)), keras.layers.Activation("softmax")])
    >>> x, y = np.log([[0.99, 0.01]] * 4), np.array([0, 0, 0, 1])  # so sure, and right 3 times of 4
    >>> scaled = TemperatureScaling(model).fit_temperature((x, y))
    >>> scaled.predict(x[:1], verbose=0).round(3)
    array([[0.75, 0.25]], dtype=float32)
    """

    RANGES = {  # noqa: RUF012
        "temperature": Interval(0, closed="neither"),
        "from_logits": OneOf("auto", True, False),
    }

    def __init__(
        self,
        model: keras.Model,
        temperature: float = 1.0,
        from_logits: bool | str = "auto",
        dtype: str | keras.DTypePolicy | None = None,
        **kwargs: Any,
    ):
        check_arguments(self.RANGES, temperature=temperature, from_logits=from_logits)
        if not isinstance(model, keras.Model):
            raise TypeError(f"`model` must be a keras.Model. Received: {model!r} of type {type(model).__name__}")
        if not model.built:
            raise ValueError(f"The model must be built. Received: {model.name!r}, which is not")
        # Under a mixed policy the temperature would be rounded to 16 bits.
        super().__init__(dtype=model.variable_dtype if dtype is None else dtype, **kwargs)
        self.model = model
        self.from_logits = predicts_logits(model, from_logits)
        self._given = temperature
        self._divisor = self.add_weight(
            shape=(),
            initializer=keras.initializers.Constant(temperature),
            trainable=False,
            autocast=False,
            name="temperature",
        )
        self.built = True

    @property
    def temperature(self):
        """The temperature T, a float above 0. Assign another one to set it by hand."""
        return float(to_numpy(self._divisor))

    @temperature.setter
    def temperature(self, value):
        check_arguments(self.RANGES, temperature=value)
        self._divisor.assign(value)

    def fit_temperature(self, data, batch_size=256):
        """Sets the temperature to the one that minimizes the negative log-likelihood of held-out data.

        Args:
            data: `(x, y)` or `(x, y, sample_weight)` arrays, a `tf.data.Dataset`, a `keras.utils.PyDataset` or another
                iterable of batches, that the model was not trained on. Labels are integers, one-hot or soft.
            batch_size: Rows per batch, for arrays. Defaults to 256.

        Returns:
            The model itself. A `DataWarning` says when there is no best temperature between 0.01 and 100: every row
            is predicted right, or the predictions are no better than chance or far too sure where they are wrong.

        Raises:
            ValueError: the model gives NaN, or the labels do not fit.
            TypeError: `x` and `y` are given as two arguments.
        """
        if hasattr(batch_size, "shape") or isinstance(batch_size, (list, tuple)):
            raise TypeError(
                "`data` must be one argument: fit_temperature((x, y)), with x and y in a tuple. Received: two arguments"
            )
        check_arguments({"batch_size": Interval(1, closed="left", integer=True)}, batch_size=batch_size)
        outputs, labels, weights = read_classifier(self.model, data, batch_size)
        logits = logit_pairs(outputs if self.from_logits else _logits_of(outputs, np))
        found = best_temperature(logits, labels, weights)
        if found in (COLDEST, HOTTEST):
            hot = "the predictions are no better than chance, or far too sure where they are wrong"
            why = "every row is predicted right" if found == COLDEST else hot
            warnings.warn(
                f"No temperature in [{COLDEST:g}, {HOTTEST:g}] is best: {why}. It is set to {found:g}; use more "
                "held-out rows",
                DataWarning,
                stacklevel=2,
            )
        self.temperature = found
        return self

    def fit(self, *args, **kwargs):
        """Is refused: there is nothing here to train but the temperature."""
        raise NotImplementedError(
            "TemperatureScaling is for predictions, and its temperature is found by fit_temperature((x, y)) on "
            "held-out data. To train the model within, call scaled.model.fit(...)"
        )

    def call(self, inputs, training=None):
        outputs = ops.cast(self.model(inputs, training=training), self.compute_dtype)
        divisor = ops.cast(self._divisor, outputs.dtype)
        if self.from_logits:
            return outputs / divisor
        scaled = _logits_of(outputs, ops) / divisor
        return ops.sigmoid(scaled) if outputs.shape[-1] == 1 else ops.softmax(scaled)

    def get_config(self):
        return {
            **super().get_config(),
            "model": keras.saving.serialize_keras_object(self.model),
            "temperature": self._given,
            "from_logits": self.from_logits,
        }

    @classmethod
    def from_config(cls, config, custom_objects=None):
        model = keras.saving.deserialize_keras_object(config["model"], custom_objects=custom_objects)
        return cls(**{**config, "model": model})


def _logits_of(p, library):
    """Logits that give these probabilities; `library` is `keras.ops` or NumPy."""
    if p.shape[-1] == 1:
        p = library.clip(p, _TINY, _ALMOST_ONE)
        return library.log(p) - library.log1p(-p)
    return library.log(library.clip(p, _TINY, 1.0))
