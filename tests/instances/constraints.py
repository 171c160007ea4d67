"""Our constraints."""

from instances.instance import Instance
from keras_regkit import constraints

_BLOCKS_OF_FOUR = ((8, 3), (3, 3, 4, 5))  # the lengths of the input axis

_ROWS = [
    ("max-norm", constraints.MaxNorm, {"max_value": 0.5, "axis": None, "kind": "auto"}, {}),
    ("max-norm-of-axis", constraints.MaxNorm, {"max_value": 0.7, "axis": [0], "kind": "auto"}, {}),
    (
        "max-norm-depthwise",
        constraints.MaxNorm,
        {"max_value": 0.7, "axis": None, "kind": "depthwise"},
        {"shapes": ((3, 3, 2, 4),)},
    ),
    (
        "max-norm-transposed",
        constraints.MaxNorm,
        {"max_value": 0.7, "axis": None, "kind": "conv_transpose"},
        {"shapes": ((3, 3, 2, 4),)},
    ),
    ("l1-ball", constraints.L1Ball, {"radius": 0.8, "axis": None, "kind": "auto"}, {}),
    ("l2-ball", constraints.L2Ball, {"radius": 0.8, "axis": None, "kind": "auto"}, {}),
    ("simplex", constraints.Simplex, {"total": 1.5, "axis": None, "kind": "auto"}, {}),
    (
        "spectral-norm-cap",
        constraints.SpectralNorm,
        {"max_value": 0.5, "iterations": 10, "axis": None, "kind": "auto"},
        {},
    ),
    ("orthonormal", constraints.Orthonormal, {"axis": None, "kind": "auto"}, {}),
    ("nm-sparsity", constraints.NMSparsity, {"n": 2, "m": 4, "axis": -2}, {"shapes": _BLOCKS_OF_FOUR}),
    (
        "top-k-per-unit",
        constraints.TopKSparsity,
        {"density": 0.4, "per": "unit", "axis": None, "kind": "auto"},
        {},
    ),
    (
        "top-k-per-tensor",
        constraints.TopKSparsity,
        {"density": 0.25, "per": "tensor", "axis": None, "kind": "auto"},
        {},
    ),
]

CONSTRAINTS = [
    Instance(name, "constraint", cls, arguments, check, ranges=cls.RANGES) for name, cls, arguments, check in _ROWS
]
