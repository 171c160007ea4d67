"""Methods of more than one pass: the function that is learned with them and without."""

import functools

import keras
import numpy as np

from keras_regkit import training, uncertainty
from keras_regkit.plots import _figure as fig
from lever_cards.draw import _look as look

_EPOCHS = 120


def boundary(card):
    """Probabilities over the plane, learned from few points without the lever and with it."""
    make, label = _WRAPPERS[card.name]
    figure, axes = look.panels(2, height=2.9, sharey=True)
    x, y = _points()
    for axis, values, heading in zip(axes, (_plain(), _learn(make)), ("without", label), strict=True):
        image = axis.imshow(
            values,
            extent=(-1.8, 2.8, -1.4, 1.8),
            origin="lower",
            cmap="RdBu_r",
            vmin=0,
            vmax=1,
            aspect="auto",
            alpha=0.8,
        )
        axis.contour(*_grid(), values, levels=[0.5], colors=fig.BLACK, linewidths=1)
        for k in (0, 1):
            axis.plot(*x[y == k].T, "o", color=(fig.BLUE, fig.ORANGE)[k], markersize=4, markeredgecolor="white")
        look.lines(axis, heading, legend=False)
        axis.grid(False)
    look.scale(figure, image, axes[1])
    return figure, (
        f"Probability of the orange class after {_EPOCHS} steps on these points, two of them mislabelled, without the "
        f"lever and with {label}."
    )


def spread(card):
    """Predictions of a model with dropout, and how far they spread where there are no data."""
    keras.utils.set_random_seed(0)
    rng = np.random.default_rng(0)
    x = np.concatenate([rng.uniform(-1, 0, 40), rng.uniform(0.5, 1, 30)])[:, None].astype("float32")
    y = np.sin(4 * x) + 0.1 * rng.normal(size=x.shape).astype("float32")
    layers = [
        keras.layers.Dense(64, "relu"),
        keras.layers.Dropout(0.1),
        keras.layers.Dense(64, "relu"),
        keras.layers.Dropout(0.1),
    ]
    model = keras.Sequential([keras.Input((1,)), *layers, keras.layers.Dense(1)])
    model.compile(keras.optimizers.Adam(0.01), "mse", jit_compile=False)
    model.fit(x, y, batch_size=70, epochs=200, verbose=0)
    grid = np.linspace(-2, 2, 90, dtype="float32")[:, None]
    figure, axes = look.panels(len(card.strengths), sharey=True)
    for axis, samples in zip(axes, card.strengths, strict=True):
        found = uncertainty.mc_predict(model, grid, samples=samples, seed=0, verbose=0)
        mean, std = found.mean[:, 0], found.std[:, 0]
        axis.fill_between(grid[:, 0], mean - 2 * std, mean + 2 * std, color=fig.SKY, alpha=0.4, label="mean ± 2 std")
        axis.plot(grid, mean, color=fig.BLUE)
        axis.plot(x, y, ".", color=fig.BLACK, markersize=4)
        look.lines(axis, f"{samples} samples", x="input")
    return figure, (
        "A regression with dropout 0.1: mean and spread of predictions with dropout on. They part where there are no "
        "data."
    )


def temperature(card):
    """Probabilities at several temperatures."""
    z = np.linspace(-6, 6, 80)
    model = keras.Sequential([keras.Input((2,)), keras.layers.Activation("softmax")])
    figure, (axes,) = look.panels(1, height=2.6)
    for k, value in enumerate((1.0, *card.strengths)):
        scaled = uncertainty.TemperatureScaling(model, temperature=value)
        p = look.array(scaled(look.tensor(np.stack([z, 0 * z], -1))))[:, 0]
        axes.plot(z, p, color=(fig.GREY, *look.COLOURS)[k], label=f"T = {value:g}")
    look.lines(axes, x="logit of one class over the other", y="probability")
    return figure, "What a model with two classes says at several temperatures: less sure, and never another class."


def statistics(card):
    """Moving statistics of batch normalization before and after."""
    from keras_regkit import surgery

    rng = np.random.default_rng(0)
    x = (rng.normal(size=(256, 8)) * 2 + 1).astype("float32")
    keras.utils.set_random_seed(0)
    model = keras.Sequential([keras.Input((8,)), keras.layers.Dense(12), keras.layers.BatchNormalization(momentum=0.9)])
    for start in range(0, 256, 32):
        model(x[start : start + 32], training=True)
    layer = model.layers[1]
    true = look.array(model.layers[0](x)).mean(0)
    before = look.array(layer.moving_mean)
    surgery.recalibrate_batch_norm(model, x)
    figure, (axes,) = look.panels(1, height=2.8)
    axes.axline((0, 0), slope=1, color=fig.LIGHT)
    axes.plot(true, before, "o", color=fig.GREY, label="moving average, after 8 steps")
    axes.plot(true, look.array(layer.moving_mean), "o", color=fig.BLUE, label="measured anew")
    look.lines(axes, x="mean of a unit over all data", y="mean that is used in inference")
    return figure, "The means that a batch normalization uses in inference, for each of its units."


@functools.cache
def _plain():
    return _learn(None)


def _learn(make):
    keras.utils.set_random_seed(1)
    layers = [
        keras.layers.Dense(48, "relu", name="one"),
        keras.layers.Dropout(0.2),
        keras.layers.Dense(48, "relu", name="two"),
    ]
    model = keras.Sequential([keras.Input((2,)), *layers, keras.layers.Dense(2, "softmax")])
    trained = make(model) if make else model
    trained.compile(keras.optimizers.Adam(0.02), "sparse_categorical_crossentropy", jit_compile=False)
    x, y = _points()
    trained.fit(x, y, batch_size=len(x), epochs=_EPOCHS, verbose=0)
    a, b = _grid()
    return look.array(model(np.stack([a.ravel(), b.ravel()], -1)))[:, 1].reshape(a.shape)


@functools.cache
def _points():
    rng = np.random.default_rng(4)
    angle = rng.uniform(0, np.pi, 30)
    y = np.arange(30) % 2
    x = np.where(
        y[:, None] == 0,
        np.stack([np.cos(angle), np.sin(angle)], -1),
        np.stack([1 - np.cos(angle), 0.5 - np.sin(angle)], -1),
    )
    y[[4, 9]] = 1 - y[[4, 9]]
    return (x + 0.12 * rng.normal(size=x.shape)).astype("float32"), y


@functools.cache
def _grid():
    return np.meshgrid(np.linspace(-1.8, 2.8, 60, dtype="float32"), np.linspace(-1.4, 1.8, 50, dtype="float32"))


_WRAPPERS = {
    "r_drop": (lambda model: training.RDrop(model, alpha=2.0), "α = 2"),
    "jacobian_penalty": (lambda model: training.JacobianPenalty(model, strength=0.05), "λ = 0.05"),
    "gradient_penalty": (lambda model: training.GradientPenalty(model, strength=0.5), "λ = 0.5"),
    "virtual_adversarial": (lambda model: training.VirtualAdversarial(model, epsilon=0.5), "ε = 0.5"),
    "manifold_mix_up": (lambda model: training.ManifoldMixUp(model, alpha=2.0), "α = 2"),
}
