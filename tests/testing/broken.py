"""Components with one fault each, for the checks to catch, and a good one that must pass."""

import keras
import numpy as np
from keras import ops

register = keras.saving.register_keras_serializable("broken")


@register
class GoodNoise(keras.layers.Layer):
    """Adds normal noise in training. The broken layers below differ from it in one thing."""

    def __init__(self, stddev, seed=None, **kwargs):
        super().__init__(**kwargs)
        self.stddev = stddev
        self.seed = seed
        self.seed_generator = keras.random.SeedGenerator(seed)
        self.supports_masking = True

    def call(self, inputs, training=False):
        if not training:
            return inputs
        noise = keras.random.normal(ops.shape(inputs), dtype=inputs.dtype, seed=self.seed_generator)
        return inputs + self.stddev * noise

    def compute_output_shape(self, input_shape):
        return input_shape

    def get_config(self):
        return {**super().get_config(), "stddev": self.stddev, "seed": self.seed}


@register
class LosesArgument(GoodNoise):
    def __init__(self, stddev=0.3, seed=None, **kwargs):
        super().__init__(stddev, seed, **kwargs)

    def get_config(self):
        config = super().get_config()
        del config["stddev"]
        return config


@register
class RoundsToFloat32(GoodNoise):
    def get_config(self):
        return {**super().get_config(), "stddev": float(np.float32(self.stddev))}


@register
class ChangesType(GoodNoise):
    def get_config(self):
        return {**super().get_config(), "stddev": float(self.stddev)}


@register
class NumpyInConfig(GoodNoise):
    def get_config(self):
        return {**super().get_config(), "stddev": np.float64(self.stddev)}


@register
class ConfigGrows(GoodNoise):
    def __init__(self, stddev, seed=None, **kwargs):
        super().__init__(stddev * 2, seed, **kwargs)


class NotRegistered(GoodNoise):
    pass


class RegisteredElsewhere(GoodNoise):
    """Registered by the test, not by this module: a fresh process does not know it."""


@register
class LiesAboutShape(GoodNoise):
    def compute_output_shape(self, input_shape):
        return (*input_shape[:-1], input_shape[-1] + 1)


@register
class AlwaysFloat32(GoodNoise):
    def call(self, inputs, training=False):
        return ops.cast(super().call(inputs, training), "float32")


@register
class OverflowsInFloat16(GoodNoise):
    def call(self, inputs, training=False):
        return super().call(inputs, training) + 0 * ops.sum(ops.ones_like(inputs) * 60000)


@register
class IgnoresTraining(GoodNoise):
    def call(self, inputs, training=False):
        return super().call(inputs, training=True)


@register
class ScalesAtInference(GoodNoise):
    def call(self, inputs, training=False):
        return super().call(inputs, training) if training else 0.9 * inputs


@register
class NeverActs(GoodNoise):
    def call(self, inputs, training=False):
        return inputs


@register
class ActsAtZero(GoodNoise):
    def call(self, inputs, training=False):
        return super().call(inputs, training) + (0.1 if training else 0.0)


@register
class DropsMask(GoodNoise):
    def compute_mask(self, inputs, mask=None):
        return None


@register
class ReplacesSeedZero(GoodNoise):
    def __init__(self, stddev, seed=None, **kwargs):
        super().__init__(stddev, seed or int(np.random.default_rng().integers(1, 2**31)), **kwargs)


@register
class IgnoresSeed(GoodNoise):
    def __init__(self, stddev, seed=None, **kwargs):
        super().__init__(stddev, seed, **kwargs)
        self.seed_generator = keras.random.SeedGenerator(1337)


@register
class DrawsFromGlobalSeed(GoodNoise):
    def call(self, inputs, training=False):
        if not training:
            return inputs
        return inputs + self.stddev * keras.random.normal(ops.shape(inputs), dtype=inputs.dtype)


@register
class RepeatsItsDraw(GoodNoise):
    def call(self, inputs, training=False):
        if not training:
            return inputs
        return inputs + self.stddev * keras.random.normal(ops.shape(inputs), dtype=inputs.dtype, seed=self.seed or 0)


@register
class BecomesNan(GoodNoise):
    def call(self, inputs, training=False):
        # The value is harmless; the gradient of the square root at 0 is not.
        return super().call(inputs, training) + ops.sqrt(0 * inputs)


@register
class NeedsValues(GoodNoise):
    """Looks at numbers where compiled code has none."""

    def call(self, inputs, training=False):
        if keras.backend.backend() == "tensorflow":
            # There is no XLA kernel for gamma draws.
            return super().call(inputs, training) + 0 * keras.random.gamma((), 1.0, dtype=inputs.dtype, seed=1)
        return super().call(inputs, training) if float(ops.max(ops.stop_gradient(inputs))) < 1e9 else inputs


@register
class RefusesJit(GoodNoise):
    def __init__(self, stddev, seed=None, **kwargs):
        super().__init__(stddev, seed, **kwargs)
        self.supports_jit = False


@register
class UntrackedState(keras.layers.Layer):
    def __init__(self, limit, **kwargs):
        super().__init__(**kwargs)
        self.limit = limit
        self.supports_masking = True
        self._shift = float(np.random.default_rng().uniform(-limit, limit))

    def call(self, inputs):
        return inputs + self._shift

    def get_config(self):
        return {**super().get_config(), "limit": self.limit}


@register
class LosesWeights(GoodNoise):
    def build(self, input_shape):
        self.shift = self.add_weight(shape=(), initializer=keras.initializers.RandomNormal())

    def call(self, inputs, training=False):
        return super().call(inputs, training) + ops.cast(self.shift, inputs.dtype)

    def save_own_variables(self, store):
        pass

    def load_own_variables(self, store):
        pass


@register
class JoinsInputs(keras.layers.Layer):
    """Good too: takes a dict of inputs."""

    def call(self, inputs):
        return ops.concatenate([inputs["a"], inputs["b"]], axis=-1)

    def compute_output_shape(self, input_shape):
        return (input_shape["a"][0], input_shape["a"][1] + input_shape["b"][1])


@register
class GoodL1(keras.regularizers.Regularizer):
    """The broken regularizers below differ from it in one thing."""

    def __init__(self, strength):
        self.strength = strength

    def __call__(self, x):
        return self.strength * ops.sum(ops.abs(x))

    def get_config(self):
        return {"strength": self.strength}


@register
class HalfPrecision(GoodL1):
    def __call__(self, x):
        return super().__call__(ops.cast(x, "float16"))


@register
class ComputesInPolicy(GoodL1):
    """Right under float32; overflows to infinity under mixed_float16."""

    def __call__(self, x):
        x = ops.cast(1000 * x, keras.config.dtype_policy().compute_dtype)
        return ops.cast(super().__call__(x), "float32") / 1000


@register
class PenaltyPerRow(GoodL1):
    def __call__(self, x):
        return self.strength * ops.sum(ops.abs(x), axis=-1)


@register
class NegativePenalty(GoodL1):
    def __call__(self, x):
        return -super().__call__(x)


@register
class RandomPenalty(GoodL1):
    def __call__(self, x):
        return super().__call__(x) * keras.random.uniform(())


@register
class PenaltyAtZeroStrength(GoodL1):
    def __call__(self, x):
        return super().__call__(x) + 1e-3


@register
class NanGradient(GoodL1):
    def __call__(self, x):
        return self.strength * ops.sqrt(ops.sum(ops.square(x)))


@register
class GoodClip(keras.constraints.Constraint):
    """The broken constraints below differ from it in one thing."""

    def __init__(self, limit):
        self.limit = limit

    def __call__(self, w):
        return ops.clip(w, -self.limit, self.limit)

    def get_config(self):
        return {"limit": self.limit}


@register
class Transposes(GoodClip):
    def __call__(self, w):
        return ops.transpose(super().__call__(w))


@register
class Widens(GoodClip):
    def __call__(self, w):
        return ops.cast(super().__call__(w), "float32")


@register
class DividesByZero(GoodClip):
    def __call__(self, w):
        return w / ops.sqrt(ops.sum(ops.square(w)))


@register
class Shrinks(GoodClip):
    def __call__(self, w):
        return 0.5 * w


@register
class GoodLoss(keras.losses.Loss):
    """The broken losses below differ from it in one thing."""

    def __init__(self, power=2, reduction="sum_over_batch_size", name="good_loss", dtype=None):
        super().__init__(name=name, reduction=reduction, dtype=dtype)
        self.power = power

    def call(self, y_true, y_pred):
        return ops.mean(ops.abs(y_true - y_pred) ** self.power, axis=-1)

    def get_config(self):
        return {**super().get_config(), "power": self.power}


@register
class HalfPrecisionLoss(GoodLoss):
    def __call__(self, y_true, y_pred, sample_weight=None):
        return ops.cast(super().__call__(y_true, y_pred, sample_weight), "float16")


@register
class OverflowsInPolicy(GoodLoss):
    def __call__(self, y_true, y_pred, sample_weight=None):
        big = ops.cast(1e6 * y_pred, keras.config.dtype_policy().compute_dtype)
        return super().__call__(y_true, ops.cast(big, "float32") / 1e6, sample_weight)


@register
class IgnoresWeights(GoodLoss):
    def __call__(self, y_true, y_pred, sample_weight=None):
        return super().__call__(y_true, y_pred)


@register
class MixesSamples(GoodLoss):
    def call(self, y_true, y_pred):
        return ops.mean(super().call(y_true, y_pred))


@register
class NanLossGradient(GoodLoss):
    def call(self, y_true, y_pred):
        return super().call(y_true, y_pred) + ops.sqrt(0 * ops.mean(y_pred, axis=-1))


class GoodCallback(keras.callbacks.Callback):
    """Adds an entry to the logs, every other epoch."""

    def on_epoch_end(self, epoch, logs=None):
        if logs is not None and epoch % 2 == 0:
            logs["half_loss"] = logs["loss"] / 2


class EatsLogs(keras.callbacks.Callback):
    def on_epoch_end(self, epoch, logs=None):
        logs.clear()


class LogsArrays(keras.callbacks.Callback):
    def on_epoch_end(self, epoch, logs=None):
        logs["weights"] = np.zeros(3)


class WorksOnce(keras.callbacks.Callback):
    used = False

    def on_train_begin(self, logs=None):
        if self.used:
            raise RuntimeError("used before")
        self.used = True


class WorksForOneModel(keras.callbacks.Callback):
    seen = None

    def on_train_begin(self, logs=None):
        self.seen = self.seen or self.model
        if self.seen is not self.model:
            raise RuntimeError("another model")


class BreaksWeights(keras.callbacks.Callback):
    def on_train_end(self, logs=None):
        self.model.set_weights([w * np.nan for w in self.model.get_weights()])


class CountsOnBatches(keras.callbacks.Callback):
    """Thinks that every epoch has the two batches that arrays of 16 rows have."""

    def on_train_batch_end(self, batch, logs=None):
        [None, None][batch]


class NeedsNoJit(keras.callbacks.Callback):
    def on_train_begin(self, logs=None):
        if self.model.jit_compile:
            raise RuntimeError("compiled")


class ReplacesHistory(keras.callbacks.Callback):
    def on_train_end(self, logs=None):
        self.model.history = keras.callbacks.History()
