"""Levers on the whole training or the whole model: curves, and a bar for each layer."""

import keras
import numpy as np

from keras_regkit.plots import _figure as fig
from lever_cards.draw import _look as look
from lever_cards.examples import run


def stopping(card):
    """A training that overfits, and the epochs that early stopping ends at and goes back to."""
    keras.utils.set_random_seed(0)
    rng = np.random.default_rng(0)
    x = rng.normal(size=(220, 10)).astype("float32")
    y = (x[:, 0] + 1.2 * rng.normal(size=220) > 0).astype("float32")
    model = keras.Sequential([keras.Input((10,)), keras.layers.Dense(64, "relu"), keras.layers.Dense(1, "sigmoid")])
    model.compile(keras.optimizers.Adam(0.02), "binary_crossentropy", jit_compile=False)
    (stop,) = card.callbacks(card.strengths[0])
    seen = {"loss": [], "val_loss": []}
    epochs, stopped = 40, None

    class Watch(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            nonlocal stopped
            for key in seen:
                seen[key].append(logs[key])
            if stopped is None and self.model.stop_training:
                stopped = epoch
            self.model.stop_training = False  # to show what it spares

    model.fit(
        x[:60],
        y[:60],
        batch_size=60,
        epochs=epochs,
        validation_data=(x[60:], y[60:]),
        callbacks=[stop, Watch()],
        verbose=0,
    )
    figure, (axes,) = look.panels(1, height=2.8)
    axes.plot(seen["loss"], color=fig.BLUE, label="training loss")
    axes.plot(seen["val_loss"], color=fig.ORANGE, label="validation loss")
    best = int(np.argmin(seen["val_loss"][: stopped + 1]))
    axes.axvline(stopped, color=fig.GREY, linestyle="--", label=f"stops, patience {card.strengths[0]}")
    axes.plot(best, seen["val_loss"][best], "*", color=fig.BLACK, markersize=12, label="weights that are kept")
    look.lines(axes, x="epoch", y="loss")
    return figure, "A training on 60 noisy rows, carried on to show what would have come after the stop."


def capacity(card):
    """Weights of each layer, before and after."""
    counts = [_counts(run(card, strength)) for strength in card.strengths]
    figure, (axes,) = look.panels(1, height=2.6)
    bars = [
        ("before", counts[0][0]),
        *((f"{s:g}", after) for s, (_, after) in zip(card.strengths, counts, strict=True)),
    ]
    places = np.arange(len(bars[0][1]))
    for k, (label, values) in enumerate(bars):
        axes.bar(places + 0.25 * (k - 1), list(values.values()), 0.23, color=(fig.GREY, *look.COLOURS)[k], label=label)
    axes.set_xticks(places, list(bars[0][1]))
    look.lines(axes, y="weights")
    return figure, f"Numbers of weights in each layer of the example's model, before and at {look.strengths(card)}."


def freezing(card):
    """Weights of each layer that train, and those that do not."""
    model = run(card)["model"]
    figure, (axes,) = look.panels(1, height=2.2)
    names = [layer.name for layer in model.layers]
    train = [sum(int(np.prod(w.shape)) for w in layer.trainable_weights) for layer in model.layers]
    rest = [sum(int(np.prod(w.shape)) for w in layer.non_trainable_weights) for layer in model.layers]
    axes.barh(names, train, color=fig.BLUE, label="train")
    axes.barh(names, rest, left=train, color=fig.GREY, label="frozen")
    look.lines(axes, x="weights")
    return figure, "Numbers of weights in the example's model that train, and that are frozen."


def unfreezing(card):
    """Which layers train in which epoch."""
    names = run(card)
    model = names["model"]
    (callback,) = card.callbacks(card.strengths[0])
    layers = [layer for layer in model.layers if layer.weights]
    seen = []
    watch = keras.callbacks.LambdaCallback(
        on_epoch_begin=lambda epoch, logs: seen.append([one.trainable for one in layers])
    )
    for layer in layers:
        layer.trainable = True
    model.fit(names["x"][:32], names["y"][:32], epochs=3, callbacks=[callback, watch], verbose=0)
    figure, (axes,) = look.panels(1, height=2.2)
    look.heat(axes, np.array(seen).T.astype(float), "", positive=True, limit=1.3, x="epoch")
    axes.set_yticks(range(len(layers)), [layer.name for layer in layers], fontsize=8)
    axes.set_xticks(range(len(seen)))
    return figure, f"Layers of the example's model that train (dark), epoch by epoch, at {card.strengths[0]}."


def rates(card):
    """The learning rate of each layer."""
    figure, (axes,) = look.panels(1, height=2.4)
    for k, strength in enumerate(card.strengths):
        changed = run(card, strength)["changed"]
        layers = [layer for layer in changed.layers if layer.weights]
        places = np.arange(len(layers)) + 0.4 * (k - 0.5)
        axes.bar(
            places,
            [_multiplier(changed.optimizer, layer) for layer in layers],
            0.36,
            color=look.COLOURS[k],
            label=f"{strength:g}",
        )
        axes.set_xticks(range(len(layers)), [layer.name for layer in layers])
    look.lines(axes, y="times the rate")
    return figure, f"What each layer's learning rate is multiplied by, at {look.strengths(card)}."


def _multiplier(optimizer, layer):
    import re

    path = layer.weights[0].path
    found = [value for pattern, value in optimizer.multipliers.items() if re.search(pattern, path)]
    return found[0] if found else 1.0


def _counts(names):
    return [
        {layer.name: sum(int(np.prod(w.shape)) for w in layer.weights) for layer in model.layers if layer.weights}
        for model in (names["model"], names["changed"])
    ]
