"""The cards of our optimizers, put into models and taken out."""

import warnings

import keras
import numpy as np
import pytest

from keras_regkit import levers, optimizers
from keras_regkit._core.warnings import NoEffectWarning
from keras_regkit.optimizers.mix import parts
from keras_regkit.presets import mlp

# Card -> mixin, two strengths, the strength at which it is off, and the argument that the strength sets.
CARDS = {
    "proximal": (optimizers.Proximal, 0.1, 0.2, 0, None),
    "weight_decay_policy": (optimizers.WeightDecayPolicy, 0.1, 0.2, None, "weight_decay"),
    "lookahead": (optimizers.Lookahead, 0.5, 0.8, 1, "slow_step"),
    "adaptive_gradient_clipping": (optimizers.AdaptiveGradientClipping, 0.1, 0.2, None, "clipping"),
    "gradient_centralization": (optimizers.GradientCentralization, 1, None, 0, None),
    "gradient_noise": (optimizers.GradientNoise, 0.1, 0.2, 0, "eta"),
    "layerwise_learning_rates": (optimizers.LearningRateMultipliers, 0.5, 0.8, 1, "multipliers"),
}


def model():
    return mlp(6, units=(4, 3), batch_norm=False, seed=0)


@pytest.mark.parametrize("name", CARDS)
def test_the_optimizer_is_mixed_and_keeps_its_configuration(name):
    mixin, strength, other, off, argument = CARDS[name]
    card, start = levers.get(name), model()
    new = card.apply(start, strength)
    assert isinstance(new.optimizer, mixin)
    assert not isinstance(start.optimizer, mixin)
    assert parts(type(new.optimizer)) == (parts(type(start.optimizer))[0], [mixin])
    before, after = start.optimizer.get_config(), new.optimizer.get_config()
    assert after["learning_rate"] == pytest.approx(before["learning_rate"])
    if other is not None:
        changed = card.apply(new, other)
        assert parts(type(changed.optimizer))[1] == [mixin]
        if argument:
            assert changed.optimizer.get_config()[argument] != after[argument]
    if off is not None:
        assert not isinstance(card.apply(new, off).optimizer, mixin)
    x = np.random.default_rng(0).normal(size=(8, 6)).astype("float32")
    assert np.isfinite(new.fit(x, x[:, :1] > 0, verbose=0).history["loss"][0])


@pytest.mark.parametrize("name", [name for name in CARDS if name != "proximal"])
def test_the_same_again_warns(name):
    _, strength, _, off, _ = CARDS[name]
    card = levers.get(name)
    for start, again in ((card.apply(model(), strength), strength), (model(), off)):
        if again is not None:
            # Recorded, and looked through: on JAX, Keras warns of NumPy meanwhile.
            with warnings.catch_warnings(record=True) as seen:
                warnings.simplefilter("always")
                card.apply(start, again)
            told = [str(w.message) for w in seen if issubclass(w.category, NoEffectWarning)]
            assert len(told) == 1
            assert "already: nothing changed" in told[0]


def test_cards_go_together():
    new = model()
    for name, (_, strength, *_) in CARDS.items():
        new = levers.get(name).apply(new, strength)
    assert set(parts(type(new.optimizer))[1]) == {mixin for mixin, *_ in CARDS.values()}
    assert {type(layer.kernel_regularizer) for layer in new.layers[:-1] if hasattr(layer, "kernel_regularizer")} <= {
        keras.regularizers.L1,
        keras.regularizers.L1L2,
        type(None),
    }
