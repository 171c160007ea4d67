"""Losses: what a prediction costs, with the lever and without."""

import keras
import numpy as np
import tensorflow as tf

from keras_regkit.plots import _figure as fig
from lever_cards.draw import _look as look
from lever_cards.examples import run

_P = np.linspace(0.01, 0.99, 50)
_PREDICTIONS = np.stack([_P, (1 - _P) / 2, (1 - _P) / 2], -1).astype("float32")


def target(card):
    """The loss against the probability of the true class, and its slope."""
    label = np.zeros((len(_P), 1))
    figure, axes = look.panels(2)
    curves = [("cross-entropy", keras.losses.SparseCategoricalCrossentropy())]
    curves += [(f"{value:g}", run(card, value)["changed"].loss) for value in card.strengths]
    for k, (name, loss) in enumerate(curves):
        values = np.array([float(loss(label[:1], row[None])) for row in _PREDICTIONS])
        colour = fig.GREY if k == 0 else look.COLOURS[k - 1]
        axes[0].plot(_P, values, color=colour, label=name)
        axes[1].plot(_P, np.gradient(values, _P), color=colour)
    look.lines(axes[0], "loss", x="probability of the labelled class of 3")
    look.lines(axes[1], "its slope", x="probability of the labelled class of 3")
    axes[1].set_ylim(-8, 2)
    return figure, f"Plain cross-entropy (grey), and the loss at {look.strengths(card)}."


def early_learning(card):
    """The loss where the memory of earlier predictions agrees with the label, and where it does not."""
    loss_class = type(run(card)["model"].loss)
    indexed = np.array([[1, 0, 0, -1]], "float32")
    figure, (axes,) = look.panels(1, height=2.6)
    axes.plot(_P, -np.log(_P), color=fig.GREY, label="cross-entropy")
    for k, (remembered, name) in enumerate(((0.9, "remembers the label"), (0.05, "remembers another class"))):
        loss = loss_class(samples=1, classes=3, strength=3.0)
        before = tf.constant([[remembered, 0.98 - remembered, 0.02]], tf.float32)
        for _ in range(20):
            with tf.GradientTape() as tape:  # the memory moves when a gradient is taken
                tape.watch(before)
                value = loss(indexed, before)
            tape.gradient(value, before)
        rest = 1 - _P
        values = [
            float(loss(indexed, np.array([[p, 0.9 * r, 0.1 * r]], "float32"))) for p, r in zip(_P, rest, strict=True)
        ]
        axes.plot(_P, values, color=look.COLOURS[k], label=name)
    look.lines(axes, x="probability of the labelled class", y="loss")
    return figure, "The loss of one sample after 20 steps with the prediction that it remembers; strength 3."


def consistency(card):
    """The loss as predictions for three views part."""
    names = run(card)
    loss_class, index_labels = type(names["model"].loss), names["losses"].index_labels
    labels = index_labels(np.zeros(3, int), classes=2, index=np.zeros(3, int))
    apart = np.linspace(0, 0.29, 40)
    figure, (axes,) = look.panels(1, height=2.6)
    for k, value in enumerate((0.0, *card.strengths)):
        loss = loss_class(strength=value)
        views = [np.array([[p, 1 - p] for p in (0.7, 0.7 + d, 0.7 - d)], "float32") for d in apart]
        axes.plot(
            apart, [float(loss(labels, v)) for v in views], color=(fig.GREY, *look.COLOURS)[k], label=f"λ = {value:g}"
        )
    look.lines(axes, x="how far the predictions for two changed views are from that for the sample", y="loss")
    return figure, "The loss of a sample that is predicted with 0.7, as the predictions for its two changed views part."
