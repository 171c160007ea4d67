"""Normalization: of activations, and of kernels."""

import keras
import numpy as np

from keras_regkit.plots import _figure as fig
from lever_cards.draw import _look as look
from lever_cards.draw.noise import _kernel_of
from lever_cards.examples import run


def activations(card):
    """Features of different size and place, before and after."""
    rng = np.random.default_rng(0)
    names = run(card)
    if card.name == "filter_response_normalization":
        layer = type(next(one for one in names["model"].layers if "Filter" in type(one).__name__))()
        x = rng.normal(size=(64, 8, 8, 6)) * np.linspace(0.3, 3, 6) + np.linspace(-2, 2, 6)
    else:
        layer, x = (
            keras.layers.BatchNormalization(),
            rng.normal(size=(256, 6)) * np.linspace(0.3, 3, 6) + np.linspace(-4, 4, 6),
        )
    after = look.array(layer(look.tensor(x), training=True))
    figure, axes = look.panels(2, sharey=True)
    for axis, values, heading in zip(axes, (x, after), ("before", "after"), strict=True):
        axis.boxplot(values.reshape(-1, 6), showfliers=False, medianprops={"color": fig.ORANGE})
        look.lines(axis, heading, x="feature")
    return figure, (
        "Six features of a batch, before and after the layer with its first weights (boxes: the middle half)."
    )


def parts(card):
    """A batch that drifts: normalized as a whole, and in parts."""
    rng = np.random.default_rng(0)
    x = (rng.normal(size=(128, 1)) + 2.5 * np.sin(np.arange(128) / 20)[:, None]).astype("float32")
    ghost = next(layer for layer in run(card)["changed"].layers if "Ghost" in type(layer).__name__)
    layers = (("batch normalization", keras.layers.BatchNormalization()), (card.title, _fresh(ghost)))
    figure, axes = look.panels(3, sharey=True)
    axes[0].plot(x[:, 0], ".", color=fig.GREY, markersize=3)
    look.lines(axes[0], "before", x="row of the batch")
    for axis, (name, layer) in zip(axes[1:], layers, strict=True):
        axis.plot(look.array(layer(look.tensor(x), training=True))[:, 0], ".", color=fig.BLUE, markersize=3)
        look.lines(axis, name, x="row of the batch")
    return figure, f"One feature of a batch of 128 rows: normalized as a whole, and in parts of {card.strengths[-1]}."


def _fresh(layer):
    return type(layer).from_config({**layer.get_config(), "name": "fresh"})


def kernel(card):
    """The kernel that is stored, and the one that is used, as the stored one grows."""
    layer = next(one for one in run(card)["changed"].layers if isinstance(one, keras.layers.Wrapper))
    if card.name == "weight_standardization":  # the card puts it on convolutions; a matrix is easier to look at
        layer = type(layer)(keras.layers.Dense(16, "relu"))
        layer(keras.Input((8,)))
    stored = max((w for w in layer.trainable_weights if len(w.shape) == 2), key=lambda w: w.shape.num_elements())
    start = look.array(stored) + 0.15
    factors, used = (0.5, 1.0, 2.0, 4.0), []
    for factor in factors:
        stored.assign(factor * start)
        for _ in range(3):  # power iterations go on with each training call
            used.append(_kernel_of(layer)(True))
        used = [*used[:-3], used[-1]]
    figure, axes = look.panels(3)
    limit = float(np.abs(used[1]).max())
    look.heat(axes[0], start, "stored", limit=limit, x="units", y="inputs")
    look.scale(figure, look.heat(axes[1], used[1], "used", limit=limit, x="units", y="inputs"), axes[1])
    axes[2].plot(factors, [np.linalg.norm(f * start) for f in factors], "o-", color=fig.GREY, label="stored")
    axes[2].plot(factors, [np.linalg.norm(k) for k in used], "o-", color=fig.BLUE, label="used")
    look.lines(axes[2], "‖kernel‖", x="stored kernel times")
    return figure, (
        "The kernel that is stored, the one that the layer computes with, and their size as the stored one grows."
    )
