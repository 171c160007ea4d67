"""Our regularizers."""

import numpy as np

from instances.instance import Instance
from keras_regkit import regularizers

_KERNEL = ((4, 3),)
_CONVOLUTIONS = ((3, 3, 2, 4), (5, 2, 3))
_WEIGHTS = np.linspace(-1, 1, 12, dtype="float32").reshape(4, 3)
_IMPORTANCE = np.arange(12, dtype="float32").reshape(4, 3)


def _row(id, cls, arguments, **check):
    zero = cls(**{**arguments, "strength": 0.0})
    return Instance(id, "regularizer", cls, arguments, {"zero_strength": zero, **check}, cls.RANGES)


REGULARIZERS = [
    _row("group-lasso", regularizers.GroupLasso, {"strength": 0.01, "groups": "outputs", "axis": None}),
    _row("group-lasso-of-inputs", regularizers.GroupLasso, {"strength": 0.01, "groups": "inputs", "axis": None}),
    _row(
        "group-lasso-along-axes",
        regularizers.GroupLasso,
        {"strength": 0.01, "groups": "outputs", "axis": [0, -2]},
        shapes=_CONVOLUTIONS,
    ),
    _row(
        "sparse-group-lasso",
        regularizers.SparseGroupLasso,
        {"strength": 0.01, "alpha": 0.3, "groups": "inputs", "axis": None},
    ),
    *[
        _row(
            f"orthogonal-{mode.replace('_', '-')}",
            regularizers.Orthogonal,
            {"strength": 0.01, "mode": mode, "iterations": 4},
        )
        for mode in ("soft", "double_soft", "mutual_coherence", "srip")
    ],
    _row("spectral-norm-penalty", regularizers.SpectralNorm, {"strength": 0.01, "iterations": 3}),
    _row("l2-sp", regularizers.L2SP, {"strength": 0.01, "reference": _WEIGHTS}, shapes=_KERNEL),
    _row(
        "weighted-l2",
        regularizers.WeightedL2,
        {"strength": 0.01, "importance": _IMPORTANCE, "reference": None},
        shapes=_KERNEL,
    ),
    _row(
        "weighted-l2-around-a-reference",
        regularizers.WeightedL2,
        {"strength": 0.01, "importance": _IMPORTANCE, "reference": _WEIGHTS},
        shapes=_KERNEL,
    ),
    _row("mcp", regularizers.MCP, {"strength": 0.01, "gamma": 3.0}),
    _row("scad", regularizers.SCAD, {"strength": 0.01, "a": 3.7}),
    _row("total-variation", regularizers.TotalVariation, {"strength": 0.01, "axis": "kernel"}, shapes=_CONVOLUTIONS),
    _row(
        "total-variation-of-activities",
        regularizers.TotalVariation,
        {"strength": 0.01, "axis": "activity"},
        shapes=_CONVOLUTIONS,
    ),
    _row("total-variation-along-an-axis", regularizers.TotalVariation, {"strength": 0.01, "axis": 0}),
    _row("hoyer", regularizers.Hoyer, {"strength": 0.01}),
    # Made for activities; a weight is an array as good as theirs.
    _row("kl-sparsity", regularizers.KLSparsity, {"strength": 0.01, "rho": 0.1}),
    _row("decorrelation", regularizers.Decorrelation, {"strength": 0.01}),
    _row("activity-l2", regularizers.ActivityL2, {"strength": 0.01}),
    _row("temporal-activity-l2", regularizers.TemporalActivityL2, {"strength": 0.01}, shapes=_CONVOLUTIONS),
]
