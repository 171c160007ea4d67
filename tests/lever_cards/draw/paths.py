"""Optimizers, averages and sharpness: where two weights go."""

import keras
import numpy as np

from keras_regkit import training
from keras_regkit.plots import _figure as fig
from lever_cards.draw import _look as look

_STEPS = 40
_EPOCHS, _BATCHES = 10, 12
_EYE = np.eye(2, dtype="float32")
_ZEROS = np.zeros((2, 1), "float32")


def optimizer(card):
    """Paths over a long valley, with the lever and without."""
    start, rate, steep = _STARTS.get(card.name, ((-1.5, 1.2), 0.11, 8.0))
    figure, (axes,) = look.panels(1, height=3.2)
    _contours(axes, lambda a, b: _valley(a, b, steep))
    loss = _loss(lambda a, b: _valley(a, b, steep))
    _draw(axes, _path(_two_weights(loss, start, rate)), fig.GREY, "without")
    # Strengths that the eye can tell apart over 40 steps.
    shown = _SHOWN.get(card.name, card.strengths)
    for k, strength in enumerate(shown):
        keras.utils.set_random_seed(1)
        model = card.apply(_two_weights(loss, start, rate), strength)
        _draw(axes, _path(model), look.COLOURS[k], f"{strength:g}")
    _finish(axes)
    note = ", larger than in use, to be seen" if card.name in _SHOWN else ""
    return figure, (
        f"{_STEPS} steps of two weights down a valley, without the lever and at "
        f"{' and '.join(f'{s:g}' for s in shown)}{note}."
    )


def sharpness(card):
    """Paths along a valley that grows flat."""
    figure, (axes,) = look.panels(1, height=3.2)
    _contours(axes, _flattening)
    loss, start = _loss(_flattening), (-1.0, 1.5)
    keras.utils.set_random_seed(1)
    model = _two_weights(loss, start, 0.1)
    wrapped, label = _wrapped(card.name, model)
    wrapped.compile(keras.optimizers.SGD(0.1), loss, run_eagerly=True)
    _draw(axes, _path(wrapped, model), fig.BLUE, label)
    _draw(axes, _path(_two_weights(loss, start, 0.1)), fig.GREY, "without")
    _finish(axes)
    return figure, (
        f"{_STEPS} steps into a valley whose floor has the loss 0 everywhere, steep on the left and flat on the right, "
        f"without and with {label}: larger than in use, to be seen."
    )


def average(card):
    """The path of noisy training, and the weights that the average leaves in the model."""
    rng = np.random.default_rng(2)
    true = np.array([[1.0], [0.5]], "float32")

    def rows(count):
        x = rng.normal(size=(count, 2)).astype("float32")
        return x, x @ true + rng.normal(size=(count, 1)).astype("float32")

    def batches():
        for _ in range(_BATCHES * _EPOCHS):
            yield rows(4)

    held = rows(256)
    keras.utils.set_random_seed(3)
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1, use_bias=False)])
    model.compile(keras.optimizers.SGD(0.1), "mse")
    model.set_weights([np.array([[-1.0], [1.6]])])
    seen, ends = [], []
    record = keras.callbacks.LambdaCallback(
        on_train_batch_end=lambda batch, logs: seen.append(look.array(model.weights[0])[:, 0]),
        on_epoch_end=lambda epoch, logs: ends.append(len(seen) - 1),
    )
    # Ten epochs are few: an average that looks back as far as those in use do would still hold the beginning.
    strength = {"ema": 0.9, "swa": 4}.get(card.name, card.strengths[-1])
    note = "" if strength in card.strengths else ", less than in use, as the training is short"
    if card.make_callbacks:
        added = card.callbacks(strength)
    else:
        from keras_regkit.callbacks import SnapshotEnsemble

        added = [SnapshotEnsemble(cycles=int(strength))]
    model.fit(
        batches(), epochs=_EPOCHS, steps_per_epoch=_BATCHES, validation_data=held, callbacks=[record, *added], verbose=0
    )
    seen = np.array(seen)
    figure, (axes,) = look.panels(1, height=3.2)
    axes.plot(*seen.T, color="#B5B5B5", linewidth=0.7)
    axes.plot(*seen[ends].T, "o", color=fig.GREY, markersize=4, label="ends of epochs")
    if card.make_callbacks:
        axes.plot(*look.array(model.weights[0])[:, 0], "*", color=fig.ORANGE, markersize=14, label=card.title)
    else:
        axes.plot(*seen[ends][1::2].T, "*", color=fig.ORANGE, markersize=11, label="snapshots")
    axes.plot(*true[:, 0], "+", color=fig.BLACK, markersize=12, markeredgewidth=2, label="true weights")
    reach = np.quantile(np.abs(seen[10:] - true[:, 0]), 0.995) * 1.15
    axes.set_xlim(true[0, 0] - 1.6 * reach, true[0, 0] + 1.6 * reach)
    axes.set_ylim(true[1, 0] - reach, true[1, 0] + reach)
    look.lines(axes, x="first weight", y="second weight")
    return figure, (
        f"Ten epochs of a noisy regression of two weights at a constant rate, and what the lever keeps (strength "
        f"{strength:g}{note})."
    )


_STARTS = {
    "adaptive_gradient_clipping": ((-1.5, 1.2), 0.11, 16.0),
    "gradient_noise": ((-1.5, 1.2), 0.06, 8.0),
    "proximal": ((-1.5, 1.2), 0.06, 8.0),
}
_SHOWN = {
    "weight_decay": (0.5, 2.0),
    "weight_decay_policy": (0.5, 2.0),
    "proximal": (1.0, 3.0),
    "adaptive_gradient_clipping": (0.3, 0.08),
    "gradient_noise": (1.0, 10.0),
}


def _wrapped(name, model):
    return {
        "sam": lambda: (training.SAM(model, rho=0.4), "ρ = 0.4"),
        "asam": lambda: (training.SAM(model, rho=0.5, adaptive=True), "ρ = 0.5, adaptive"),
        "sam_every": lambda: (training.SAM(model, rho=0.4, every=2), "ρ = 0.4 at every second step"),
        "adversarial_weight_perturbation": lambda: (
            training.AdversarialWeightPerturbation(model, gamma=0.25),
            "γ = 0.25",
        ),
    }[name]()


def _valley(a, b, steep):
    return 0.5 * (a - 1.0) ** 2 + 0.5 * steep * (b - 0.25) ** 2


def _flattening(a, b):
    """A valley of loss 0 that is steep on the left and flat on the right."""
    exp = keras.ops.exp if keras.ops.is_tensor(a) else np.exp
    return 0.5 * (0.5 + 7.0 / (1.0 + exp(1.8 * a))) * (b - 0.6) ** 2


def _loss(surface):
    """A loss that is the surface at the two weights, which the model gives as its outputs for unit inputs."""

    def loss(labels, outputs):
        outputs = keras.ops.reshape(outputs, (-1,))
        return surface(outputs[0], outputs[1]) + 0.0 * keras.ops.sum(labels)

    return loss


def _two_weights(loss, start, rate):
    """A model whose outputs for unit inputs are the two weights of its hidden layer."""
    hidden = keras.layers.Dense(1, use_bias=False, name="weights")
    output = keras.layers.Dense(1, use_bias=False, kernel_initializer="ones", trainable=False, name="output")
    model = keras.Sequential([keras.Input((2,)), hidden, output])
    hidden.kernel.assign(np.array(start, "float32")[:, None])
    model.compile(keras.optimizers.SGD(rate), loss, run_eagerly=True)
    return model


def _path(model, read=None):
    kernel = (read or model).layers[0].kernel
    seen = [look.array(kernel)[:, 0]]
    for _ in range(_STEPS):
        model.train_on_batch(_EYE, _ZEROS)
        seen.append(look.array(kernel)[:, 0])
    return np.array(seen)


def _contours(axes, surface):
    a, b = np.meshgrid(np.linspace(-2.0, 2.4, 90), np.linspace(-1.4, 1.7, 70))
    values = surface(a, b)
    axes.contour(a, b, values, levels=np.quantile(values, np.linspace(0.02, 0.95, 14)), colors=fig.LIGHT, linewidths=1)


def _draw(axes, path, colour, label):
    axes.plot(*path.T, "o-", color=colour, label=label, markersize=2.5, linewidth=1)
    axes.plot(*path[-1], "o", color=colour, markersize=7)


def _finish(axes):
    axes.set_xlim(-2.0, 2.4)
    axes.set_ylim(-1.4, 1.7)
    look.lines(axes, x="first weight", y="second weight")
    axes.grid(False)
