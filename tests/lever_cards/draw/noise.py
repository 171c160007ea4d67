"""Noise layers: draws of what they leave, and the mean of many."""

import keras
import numpy as np

from lever_cards.draw import _look as look
from lever_cards.examples import run

_DRAWS = 200


def mask(card):
    """Two draws, their mean over many, and inference."""
    keras.utils.set_random_seed(0)
    call, labels, what = _VIEWS[card.name](run(card))
    draws = np.stack([call(True) for _ in range(_DRAWS if card.name not in _SLOW else 40)])
    inference = call(False)
    figure, axes = look.panels(4, height=2.3)
    limit = float(np.quantile(np.abs(draws), 0.995)) or 1.0
    positive = bool(draws.min() >= 0)
    shown = (draws[0], draws[1], draws.mean(0), inference)
    for axis, values, heading in zip(
        axes, shown, ("a draw", "another", f"mean of {len(draws)}", "inference"), strict=True
    ):
        image = look.heat(axis, values, heading, limit=limit, positive=positive, x=labels[0], y=labels[1])
    look.scale(figure, image, axes[-1])
    return figure, f"{what}: two draws in training, their mean over {len(draws)}, and what inference gives."


def words(card):
    """Which tokens are hidden, in several draws."""
    keras.utils.set_random_seed(0)
    names = run(card)
    ids = np.repeat(names["ids"], 12, 0)
    changed = look.array(names["layer"](ids, training=True))
    figure, (axes,) = look.panels(1, height=2.6)
    state = np.where(ids == 0, 0.25, np.where(changed != ids, 1.0, 0.0))
    look.heat(axes, state, "", positive=True, limit=1.0, x="tokens", y="draws")
    for row, column in zip(*np.nonzero(changed != ids), strict=True):
        axes.text(column, row, changed[row, column], ha="center", va="center", color="white", fontsize=8)
    return figure, (
        "Twelve draws for one text: dark tokens were replaced by the id that is written there, pale ones are padding."
    )


def patches(card):
    """Which patches stay, in several draws."""
    keras.utils.set_random_seed(0)
    layer = run(card)["layer"]
    numbered = np.broadcast_to(np.arange(37, dtype="float32")[None, :, None], (4, 37, 2))
    kept = look.array(layer(numbered, training=True))[:, 1:, 0].astype(int) - 1
    figure, axes = look.panels(4, height=1.9)
    for axis, row in zip(axes, kept, strict=True):
        grid = np.zeros(36)
        grid[row] = 1
        look.heat(axis, grid.reshape(6, 6), "a draw", positive=True, limit=1.3)
        axis.set_aspect("equal")
    return figure, "Four draws over 6 × 6 patches: dark ones stay, the others do not go through the network."


def _ones(names, shown=lambda out: out[0], rows=12):
    layer = look.added(names)
    shape = layer.input.shape[1:]
    ones = look.tensor(np.ones((rows if len(shape) == 1 else 1, *shape)))
    return lambda training: shown(look.array(layer(ones, training=training)))


def _kernel_of(layer):
    """Returns a call that gives the kernel as the layer uses it: from unit inputs, through a ReLU, both ways."""
    eye = look.tensor(np.eye(layer.input.shape[-1]))

    def call(training):
        return look.array(layer(eye, training=training)) - look.array(layer(-eye, training=training))

    return call


def _branch(names):
    x = look.tensor(np.random.default_rng(0).normal(size=(12, 8)))
    model = names["model"]
    return lambda training: look.array(model(x, training=training)) - look.array(x)


def _shake(names):
    x = look.tensor(np.random.default_rng(0).normal(size=(12, 8)))
    return lambda training: look.array(names["model"](x, training=training))


def _zoneout(names):
    x = look.tensor(np.random.default_rng(0).normal(size=(1, 20, 4)))
    layer = look.added(names)

    def kept(training):
        moves = np.diff(look.array(layer(x, training=training))[0], axis=0)
        return (np.abs(moves) < 1e-7).astype(float)

    return kept


def _embedding(names):
    layer = look.added(names)
    return lambda training: look.array(layer(np.arange(20)[None], training=training))[0]


_FEATURES, _TIME, _UNITS = ("features", "samples"), ("features", "steps"), ("units", "inputs")
_VIEWS = {
    "dropout": lambda n: (_ones(n, lambda out: out), _FEATURES, "Inputs of 1 come out"),
    "drop_block": lambda n: (_ones(n, lambda out: out[0, :, :, 0]), ("width", "height"), "A map of ones comes out"),
    "locked_dropout": lambda n: (_ones(n), _TIME, "A sequence of ones comes out"),
    "drop_connect": lambda n: (_kernel_of(look.added(n)), _UNITS, "The kernel as it is used"),
    "concrete_dropout": lambda n: (_kernel_of(look.added(n)), _UNITS, "The kernel as it is used, a row for each input"),
    "embedding_dropout": lambda n: (_embedding(n), ("dimensions", "words"), "The embeddings of 20 words"),
    "zoneout": lambda n: (_zoneout(n), ("units", "steps"), "Units that keep their state at a step (dark)"),
    "drop_path": lambda n: (_branch(n), _FEATURES, "What the branch adds to each sample"),
    "stochastic_depth": lambda n: (_branch(n), _FEATURES, "What the branch adds to each sample"),
    "shake_drop": lambda n: (_branch(n), _FEATURES, "What the branch adds to each sample"),
    "shake_shake": lambda n: (_shake(n), _FEATURES, "The sum of input and mixed branches"),
}
_SLOW = ("zoneout", "drop_connect", "concrete_dropout", "drop_path", "stochastic_depth", "shake_drop", "shake_shake")
MASKED = tuple(_VIEWS)
