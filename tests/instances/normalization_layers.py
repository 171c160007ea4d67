"""Our normalization layers."""

from keras.layers import Conv2D, Conv2DTranspose, Dense, DepthwiseConv2D, EinsumDense

from instances.instance import Instance
from keras_regkit import layers

_SEQUENCE = {"input_shape": (5, 3)}
_IMAGE = {"input_shape": (6, 6, 3)}
_VECTOR = {"input_shape": (4,)}

_ROWS = [
    ("ghost-batch-norm", layers.GhostBatchNormalization, {"virtual_batch_size": 4}, _SEQUENCE),
    ("ghost-batch-norm-of-groups", layers.GhostBatchNormalization, {"groups": 2, "axis": 1}, _IMAGE),
    ("ghost-batch-norm-of-vectors", layers.GhostBatchNormalization, {"virtual_batch_size": 3}, _VECTOR),
    ("weight-norm", layers.WeightNormalization, {"layer": Dense(4, activation="tanh")}, _SEQUENCE),
    ("weight-norm-conv", layers.WeightNormalization, {"layer": Conv2D(4, 3, padding="same")}, _IMAGE),
    ("weight-norm-depthwise", layers.WeightNormalization, {"layer": DepthwiseConv2D(3, depth_multiplier=2)}, _IMAGE),
    ("weight-norm-transposed", layers.WeightNormalization, {"layer": Conv2DTranspose(4, 3)}, _IMAGE),
    ("weight-norm-einsum", layers.WeightNormalization, {"layer": EinsumDense("ab,bcd->acd", (2, 3))}, _VECTOR),
    ("weight-standardization", layers.WeightStandardization, {"layer": Dense(4), "epsilon": 1e-4}, _SEQUENCE),
    ("weight-standardization-conv", layers.WeightStandardization, {"layer": Conv2D(4, 3)}, _IMAGE),
    ("spectral-normalization", layers.SpectralNormalization, {"layer": Dense(4), "power_iterations": 2}, _SEQUENCE),
    ("spectral-normalization-conv", layers.SpectralNormalization, {"layer": Conv2D(4, 3, strides=2)}, _IMAGE),
    ("spectral-normalization-transposed", layers.SpectralNormalization, {"layer": Conv2DTranspose(4, 3)}, _IMAGE),
    (
        "filter-response-norm",
        layers.FilterResponseNormalization,
        {"epsilon": 1e-5, "threshold": False},
        _SEQUENCE,
    ),
    (
        "filter-response-norm-of-images",
        layers.FilterResponseNormalization,
        {"axis": 1, "learned_epsilon": True},
        _IMAGE,
    ),
]

NORMALIZATION_LAYERS = [
    Instance(name, "layer", cls, arguments, check, ranges=getattr(cls, "RANGES", None))
    for name, cls, arguments, check in _ROWS
]
