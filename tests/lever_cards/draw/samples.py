"""Augmentation: samples before and after."""

import functools

import keras
import numpy as np

from keras_regkit import augmentation
from keras_regkit.augmentation.sample_cells import WordCell
from keras_regkit.augmentation.sample_grid import SampleGrid
from keras_regkit.plots import _figure as fig
from keras_regkit.plots import draw
from lever_cards.draw import _look as look
from lever_cards.examples import run

_CREDIT = "Photograph: danielbuechele, CC BY 2.0, from scikit-learn."
_VOCABULARY = ["the", "quick", "brown", "fox", "jumps", "over", "a", "lazy", "dog", "while", "nobody", "looks"]


def image(card):
    """A photograph, and three draws at each strength."""
    keras.utils.set_random_seed(1)
    if card.rewrite:
        layers = [(f"{s:g}", run(card, s)["changed"].layers[0]) for s in card.strengths]
    else:
        layers = [(f"{card.strengths[0]:g}", run(card)["layer"])]
    photo = _photo(96 if card.rewrite else 256)
    figure, axes = look.panels(4, len(layers), height=1.75 * len(layers))
    for row, (label, layer) in enumerate(layers):
        _picture(axes[4 * row], photo, "before")
        drawn = look.array(layer(np.stack([photo] * 6), training=True))
        differ = sorted(
            range(6), key=lambda k: np.abs(drawn[k] - photo).mean() < 1 if drawn.shape[1:] == photo.shape else 0
        )
        for axis, k in zip(axes[4 * row + 1 : 4 * row + 4], sorted(differ[:3]), strict=True):
            _picture(axis, drawn[k], f"at {label}")
    return figure, (
        f"A photograph before, and three draws at {look.strengths(card) if card.rewrite else layers[0][0]}. {_CREDIT}"
    )


def mixing(card):
    """Two photographs, and mixtures of them with their labels."""
    import tensorflow as tf

    run(card)
    keras.utils.set_random_seed(2)
    photos = np.stack([_photo(96, "china.jpg"), _photo(96, "flower.jpg")] * 8)
    dataset = tf.data.Dataset.from_tensor_slices((photos, np.arange(16) % 2)).batch(16)
    mixed, labels = next(iter(augmentation.pipeline(dataset, mix=_MIXERS[card.name](num_classes=2, seed=1))))
    mixed, labels = look.array(mixed), look.array(labels)
    order = np.argsort(np.abs(labels[:, 0] - 0.5))[:3]
    figure, axes = look.panels(5, height=1.6)
    for axis, k in zip(axes[:2], (0, 1), strict=True):
        _picture(axis, photos[k], f"label {np.eye(2, dtype=int)[k].tolist()}")
    for axis, k in zip(axes[2:], order, strict=True):
        _picture(axis, mixed[k], f"[{labels[k, 0]:.2f}, {labels[k, 1]:.2f}]")
    return figure, f"Two samples with their labels, and three mixtures of them. {_CREDIT}"


def series(card):
    """A series before and after, three times."""
    names = run(card)
    keras.utils.set_random_seed(1)
    before = names["series"].astype("float32")
    figure, axes = look.panels(3, sharey=True)
    for axis in axes:
        after = look.array(names["layer"](before, training=True))[0]
        for k in range(before.shape[-1]):
            axis.plot(before[0, :, k], color=look.COLOURS[k], alpha=0.3, linewidth=1)
            axis.plot(after[:, k], color=look.COLOURS[k], linewidth=1)
        look.lines(axis, "a draw", x="step")
    return figure, "Three features of a series, before (pale) and after, in three draws of the layer of the example."


def sound(card):
    """A sound before and after: its wave, and its spectrum over time."""
    names = run(card)
    keras.utils.set_random_seed(1)
    before = names["sound"]
    drawn = [look.array(names["layer"](before, training=True))[0] for _ in range(6)]
    drawn = sorted(drawn, key=lambda wave: np.allclose(wave, before[0], atol=1e-6))[:2]
    figure, axes = look.panels(3, 2, height=3.0)
    top = max(np.abs(wave).max() for wave in (before[0], *drawn)) * 1.05
    for column, (wave, heading) in enumerate(((before[0], "before"), (drawn[0], "a draw"), (drawn[1], "another"))):
        axes[column].plot(np.arange(len(wave)) / 16, wave, color=fig.BLUE, linewidth=0.4)
        axes[column].set_ylim(-top, top)
        look.lines(axes[column], heading)
        axes[column].set_xticklabels([])
        axes[column + 3].specgram(wave + 1e-6, NFFT=256, noverlap=128, Fs=16, vmin=-110, vmax=-20, cmap="magma")
        axes[column + 3].set_ylim(0, 4)
        look.lines(axes[column + 3], x="ms", y="kHz" if column == 0 else None)
        axes[column + 3].grid(False)
    return figure, (
        "Three notes: the wave above, its spectrum over time below; before, and two draws of the layer of the example."
    )


def spectrogram(card):
    """A spectrogram before and after."""
    names = run(card)
    keras.utils.set_random_seed(1)
    before = names["spectrogram"]
    figure, axes = look.panels(3, height=2.2)
    drawn = [look.array(names["layer"](before, training=True))[0] for _ in range(2)]
    for axis, values, heading in zip(axes, (before[0], *drawn), ("before", "a draw", "another"), strict=True):
        look.heat(axis, values.T[::-1], heading, positive=True, x="time", y="frequency")
    return figure, "A spectrogram before, and two draws of the layer of the example."


def tokens(card):
    """A text of token ids before and after, as words."""
    names = run(card)
    keras.utils.set_random_seed(1)
    ids = names["ids"]
    words = dict(zip(ids[0, 1:-3], _VOCABULARY, strict=False)) | {
        101: "[begin]",
        102: "[end]",
        0: "–",
        103: "[mask]",
        1: "[unknown]",
    }
    drawn = [look.array(names["layer"](ids, training=True))[0] for _ in range(8)]
    drawn = sorted(drawn, key=lambda row: np.array_equal(row, ids[0]))[:3]
    cells = [_cell(ids[0], ids[0], words), *(_cell(row, ids[0], words) for row in drawn)]
    grid = SampleGrid(((cells[0], cells[1]), (cells[2], cells[3])), ("before", "a draw"))
    figure = draw(grid)
    for axis in figure.axes[2:]:
        axis.set_title("a draw", fontsize=9)
    return figure, "A text before, and three draws of the layer of the example; what is new stands out."


def texts(card):
    """Texts before and after."""
    names = run(card)
    keras.utils.set_random_seed(1)
    before = names["texts"]
    drawn = [names["layer"](before, training=True) for _ in range(12)]
    drawn = iter(sorted(drawn, key=lambda texts: sum(a == b for a, b in zip(texts, before, strict=True))))
    return augmentation.show(lambda texts, training: next(drawn), before, rows=2, versions=2), (
        "Two texts before, and two draws of the layer of the example; what is new stands out."
    )


def table(card):
    """Rows of a table before and after."""
    names = run(card)
    keras.utils.set_random_seed(1)
    before = names["rows"]
    if "labels" in names:
        after, labels = look.array(names["changed"]), look.array(names["mixed_labels"])
        note = " Shares of the second class afterwards: " + ", ".join(f"{value:.2f}" for value in labels[:, 1]) + "."
    else:
        after, note = look.array(names["layer"](before, training=True)), ""
    figure, axes = look.panels(2, height=2.4)
    limit = float(np.abs(before).max())
    for axis, values, heading in zip(axes, (before, after), ("before", "after"), strict=True):
        look.heat(
            axis, values, heading, limit=limit * 1.6, x="columns; the fourth and the sixth are categories", y="rows"
        )
        for (row, column), value in np.ndenumerate(values):
            changed = not np.isclose(value, before[row, column])
            axis.text(
                column,
                row,
                f"{value:.1f}".replace("-", "−"),
                ha="center",
                va="center",
                fontsize=7.5,
                weight="bold" if changed else "normal",
            )
    return figure, f"Six rows before and after; what changed is bold.{note}"


def _cell(row, before, words):
    changed = [a != b for a, b in zip(row, before, strict=True)]
    return WordCell(tuple(words.get(int(i), f"[{i}]") for i in row), tuple(changed))


_MIXERS = {
    "mix_up": augmentation.mixing.MixUp,
    "cut_mix": augmentation.mixing.CutMix,
    "mix_up_cut_mix": augmentation.mixing.MixUpCutMix,
}


def _picture(axes, image, heading):
    axes.imshow(np.clip(image / 255, 0, 1), interpolation="nearest")
    axes.set_axis_off()
    look.title(axes, heading)


@functools.cache
def _photo(size, name="china.jpg"):
    from sklearn.datasets import load_sample_image

    photo = load_sample_image(name)[:, 100:527].astype("float32")[:426, :426]
    return look.array(keras.ops.image.resize(photo, (size, size), antialias=True))
