"""What every layer must do."""

from collections.abc import Mapping, Sequence
from typing import Any

import keras
import numpy as np
from keras import ops

from keras_regkit._core.types import Data
from keras_regkit.testing import _models, _saving
from keras_regkit.testing._config import CONFIG_RULES, ConfigCase
from keras_regkit.testing._models import BATCH, POLICIES, is_float, same
from keras_regkit.testing._rules import expect, hold
from keras_regkit.testing.fresh_process import SavedModels

_SEEDS = range(1, 7)


def check_layer(
    layer: keras.layers.Layer,
    input_shape: Sequence[int] | None = None,
    inputs: Data | None = None,
    *,
    arguments: Mapping[str, Any] | None = None,
    training_only: bool = False,
    zero_strength: keras.layers.Layer | None = None,
    fresh_process: bool | SavedModels = True,
    exempt: Mapping[str, str] | None = None,
) -> None:
    """Checks that a layer does what Keras and its users count on.

    Use it in the tests of every layer of your own, once per canonical instance. It looks at the config, dtype
    policies, the `training` flag, seeds (when the config has a `seed`), masks (when the input is a sequence,
    `(steps, features)`), training with and without `jit_compile` (not on torch, where that is torch.compile),
    datasets, `clone_model` and saving.

    Args:
        layer: The layer, not yet built. It stays untouched: the checks work on copies made from its config.
        input_shape: Shape of one sample, as in `keras.Input(shape)`. Standard normal inputs are made.
        inputs: The inputs themselves instead: an array of at least 8 samples, or a list or dict of such.
        arguments: Dict of the arguments that `layer` was made with. When given, the config must hold exactly
            these. Defaults to None: the config must have every argument, whatever its value.
        training_only: Whether the layer acts only in training, as `Dropout` does: then it must pass its input
            through at inference, and change it in training. Defaults to False.
        zero_strength: The same kind of layer with its strength at zero: it must pass its input through, also
            in training. Defaults to None.
        fresh_process: True to load the saved layer in a fresh process (takes seconds), False not to, or a
            `SavedModels` that collects the files of many checks. Defaults to True.
        exempt: Dict from the name of a rule that does not fit to the reason. Defaults to None.

    Raises:
        AssertionError: a rule is broken. The message names the rule and what was seen.
        ValueError: neither or both of `input_shape` and `inputs` are given, or `exempt` names no rule.

    Example:

    >>> check_layer(keras.layers.GaussianNoise(0.5), (4,), training_only=True, fresh_process=False)
    """
    if (input_shape is None) == (inputs is None):
        raise ValueError(
            "check_layer needs `input_shape` or `inputs`, not both. "
            f"Received: input_shape={input_shape!r}, inputs={inputs!r}"
        )
    if input_shape is not None:
        inputs = np.random.default_rng(0).normal(size=(2 * BATCH, *input_shape)).astype("float32")
    case = LayerCase(layer, arguments, inputs, training_only, zero_strength, fresh_process)
    hold(case, LAYER_RULES, exempt)


class LayerCase(ConfigCase):
    """A layer, its inputs, and what is known of it."""

    def __init__(self, subject, arguments, inputs, training_only, zero_strength, fresh_process):
        super().__init__(subject, arguments)
        self.inputs = inputs
        self.training_only = training_only
        self.zero_strength = zero_strength
        self.fresh_process = fresh_process
        self._weights = None

    @property
    def is_random(self):
        return "seed" in self.subject.get_config()

    def seeded(self, seed):
        """Returns a new copy with this seed. All have the same weights, so that only what they draw differs."""
        layer = self.copy(seed=seed)
        layer(self.inputs, training=False)
        if self._weights is None:
            self._weights = layer.get_weights()
        layer.set_weights(self._weights)
        return layer

    def model(self, trainable=False):
        """Returns a model of a new copy; when `trainable`, behind Dense layers, so that its gradients reach weights."""
        inputs = _models.symbolic(self.inputs)
        x = keras.tree.map_structure(_dense, inputs) if trainable else inputs
        return keras.Model(inputs, self.copy()(x))

    def targets(self, model):
        return keras.tree.map_structure(lambda o: np.zeros((2 * BATCH, *o.shape[1:]), "float32"), model.output)

    def fit(self, jit_compile=False):
        """Fits two steps on every kind of dataset; with jit on one kind, since each may be compiled anew."""
        model = self.model(trainable=True)
        x = keras.tree.map_structure(lambda a: a[: 2 * BATCH], self.inputs)
        data = list(_models.datasets(x, self.targets(model)))
        _models.fit_two_steps(model, *(data[:1] if jit_compile else data), jit_compile=jit_compile)


def output_shape_is_known(case):
    """The shape of the symbolic output is the shape of the real one."""
    layer = case.copy()
    real = [o.shape for o in _models.to_numpy(layer(case.inputs))]
    model = case.model()
    for known, seen in zip([o.shape for o in keras.tree.flatten(model.output)], real, strict=True):
        fits = len(known) == len(seen) and all(k in (None, s) for k, s in zip(known, seen, strict=True))
        expect(fits, f"symbolic {known}, real {seen}")


def dtype_follows_policy(case):
    """Under float32, mixed_float16 and mixed_bfloat16 the outputs are finite and of the policy's compute dtype."""
    for policy in POLICIES:
        layer = case.copy(dtype=policy)
        for training in (False, True):
            outputs = layer(case.inputs, training=training)
            _models.expect_finite(outputs, f"under {policy}, training={training}, the output")
            for output in filter(is_float, keras.tree.flatten(outputs)):
                dtype = keras.backend.standardize_dtype(output.dtype)
                expect(dtype == layer.compute_dtype, f"under {policy}, training={training}, the output is {dtype}")


def inference_is_deterministic(case):
    """With `training=False` the same input gives the same output, call after call."""
    layer = case.copy()
    first = layer(case.inputs, training=False)
    expect(same(first, layer(case.inputs, training=False)), "two calls with training=False gave different outputs")


def inference_is_identity(case):
    """A layer that acts only in training passes its input through with `training=False`, and changes it in training."""
    if not case.training_only:
        return
    layer = case.copy()
    expect(same(layer(case.inputs, training=False), case.inputs), "training=False changed the input")
    changed = any(not same(layer(case.inputs, training=True), case.inputs) for _ in _SEEDS)
    expect(changed, f"training=True changed nothing in {len(_SEEDS)} calls")


def zero_strength_is_identity(case):
    """At zero strength the input passes through, with `training=True` too."""
    if case.zero_strength is None:
        return
    layer = type(case.zero_strength).from_config(case.zero_strength.get_config())
    for training in (False, True):
        expect(same(layer(case.inputs, training=training), case.inputs), f"training={training} changed the input")


def mask_passes_through(case):
    """In a sequence model the mask reaches the layers behind."""
    if keras.tree.is_nested(case.inputs) or case.inputs.ndim != 3 or case.inputs.shape[1] < 2:
        return
    x = np.array(case.inputs)
    x[:, 1:] = 0  # masked out
    mask = np.zeros(x.shape[:2], bool)
    mask[:, 0] = True
    pool = keras.layers.GlobalAveragePooling1D()
    for training in (False, True):
        outputs = case.copy()(keras.layers.Masking()(x), training=training)
        expect(len(outputs.shape) == 3, f"the output is no sequence: shape {tuple(outputs.shape)}")
        wanted = pool(ops.convert_to_tensor(_models.to_numpy(outputs)[0]), mask=mask)
        seen = f"with training={training}, a pooling layer behind it saw no mask, or another one"
        expect(same(pool(outputs), wanted), seen)


def seed_is_respected(case):
    """The same seed gives the same random output, seed 0 included."""
    for seed in (7, 0) if case.is_random else ():
        a, b = case.seeded(seed), case.seeded(seed)
        kept = a.get_config()["seed"]
        expect(type(kept) is int and kept == seed, f"seed={seed} was given, the config says {kept!r}")
        a, b = a(case.inputs, training=True), b(case.inputs, training=True)
        expect(same(a, b), f"two copies with seed={seed} gave different outputs")


def seeds_differ(case):
    """Different seeds give different random outputs."""
    if case.is_random:
        reference = case.seeded(0)(case.inputs, training=True)
        differ = any(not same(case.seeded(seed)(case.inputs, training=True), reference) for seed in _SEEDS)
        expect(differ, f"the seeds 0 to {max(_SEEDS)} all gave the same output")


def draws_are_fresh(case):
    """In training each call draws anew."""
    if case.is_random:
        layer = case.seeded(0)
        reference = layer(case.inputs, training=True)
        fresh = any(not same(layer(case.inputs, training=True), reference) for _ in _SEEDS)
        expect(fresh, f"{len(_SEEDS) + 1} calls with training=True all gave the same output")


def fits_without_jit(case):
    """`fit` with `jit_compile=False` takes two steps on a PyDataset (and on TensorFlow a tf.data.Dataset), finite."""
    case.fit(jit_compile=False)


def fits_with_jit(case):
    """`fit` with `jit_compile=True` takes two steps, all finite. Not run on torch."""
    if _models.can_jit():
        expect(case.subject.supports_jit, "the layer says supports_jit=False, which turns jit off for the whole model")
        case.fit(jit_compile=True)


def clone_is_equal(case):
    """`clone_model` makes a new model that computes the same."""
    _saving.expect_clone(case.model(), case.inputs)


def reloads(case):
    """A saved model loads and computes the same."""
    _saving.expect_reload(case.model(), case.inputs)


def reloads_in_fresh_process(case):
    """A saved model loads and computes the same in a process that imported only the layer's package."""
    _saving.expect_fresh_reload(case.fresh_process, case.subject, case.model(), case.inputs)


LAYER_RULES = (
    *CONFIG_RULES,
    output_shape_is_known,
    dtype_follows_policy,
    inference_is_deterministic,
    inference_is_identity,
    zero_strength_is_identity,
    mask_passes_through,
    seed_is_respected,
    seeds_differ,
    draws_are_fresh,
    fits_without_jit,
    fits_with_jit,
    clone_is_equal,
    reloads,
    reloads_in_fresh_process,
)


def _dense(x):
    """Dense over the last axis of floats; whatever else there is passes through."""
    return keras.layers.Dense(x.shape[-1])(x) if is_float(x) and len(x.shape) > 1 else x
