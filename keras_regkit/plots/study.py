"""Draws a `StudyResult`: the differences with their intervals, the curves behind them, or the gap."""

from keras_regkit._core.checks import Interval, OneOf
from keras_regkit.plots._draw import draw
from keras_regkit.plots._fans import draw_fans
from keras_regkit.plots._forest import draw_forest
from keras_regkit.plots._gap import draw_gap
from keras_regkit.studies.result import StudyResult

KINDS = OneOf("forest", "curves", "gap")


@draw.register
def draw_study(record: StudyResult, *, kind="forest", variants=None, rope=None, size=None):
    """Returns a figure of a study.

    Args:
        record: The `StudyResult`.
        kind: `"forest"` (the default): one row per variant, its paired difference to the baseline with the interval, a
            small dot for each seed, the p-value and the verdict. `"curves"`: learning curves, a panel for each variant:
            the median over seeds as far as at least half of them got, a band from the lowest to the highest (and the
            middle half, from 5 seeds on), and where training stopped or diverged. `"gap"`: what validation and train
            loss differ by against the metric, a small dot for each trial and a large one for each variant's mean.
        variants: For `kind="curves"`: name, or names, of the variants. Defaults to all, or to the baseline and the best
            11 of them.
        rope: For `kind="forest"`: half width, ≥ 0, of the region of practical equivalence, which is shaded: what you
            would not change a model for. Defaults to None: not drawn.
        size: Width and height in inches. Defaults to 8 by what is drawn needs.

    Raises:
        ValueError: an unknown `kind`, a variant without trials, `variants` or `rope` for a picture that has no
            place for them.

    >>> import numpy as np
    >>> import keras_regkit as rk
    >>> x, y = np.ones((8, 3)), np.zeros((8, 1))
    >>> study = rk.Study(
    ...     lambda seed: rk.presets.mlp(3, task="regression", seed=seed),
    ...     levers={"dropout": [0.4]}, train=(x, y), validation=(x, y), seeds=2, epochs=1,
    ... )
    >>> result = study.run(verbose=0)
    >>> [label.get_text() for label in result.plot().axes[0].get_yticklabels()]
    ['dropout=0.4']
    >>> [axes.get_title() for axes in result.plot(kind="curves").axes]
    ['baseline', 'dropout=0.4']
    >>> result.plot(kind="gap").axes[0].get_xlabel()
    'gap: validation − train loss'
    """
    KINDS.check("kind", kind)
    if variants is not None and kind != "curves":
        raise ValueError(
            f"`variants` chooses whose curves are drawn: use it with kind='curves'. Received: {variants!r} with "
            f"kind={kind!r}, which shows all variants"
        )
    if rope is not None:
        Interval(0).check("rope", rope)
        if kind != "forest":
            raise ValueError(f"`rope` is for differences: use it with kind='forest'. Received: {rope!r} with {kind!r}")
    if kind == "curves":
        return draw_fans(record, variants, size)
    return draw_gap(record, size) if kind == "gap" else draw_forest(record, rope, size)
