"""Total variation of convolution kernels."""

import keras

from keras_regkit._core.checks import Interval
from keras_regkit.levers.cards.penalize import penalize_kernels
from keras_regkit.levers.lever import Lever
from keras_regkit.regularizers import TotalVariation

_CONVOLUTIONS = (keras.layers.Conv1D, keras.layers.Conv2D, keras.layers.Conv3D)

TOTAL_VARIATION = Lever(
    name="total_variation",
    title="Total variation",
    family="penalty",
    strength="λ, per unit of Σ |difference of neighbours| in the window of a convolution kernel, added to the loss",
    bounds=Interval(0),
    strengths=(1e-5, 1e-4),
    equation="loss + λ Σ_axes Σ |w_{i+1} − w_i|",
    use_when="large convolution kernels look noisy where they should be smooth, with a few sharp edges",
    trade_off="does nothing to windows of 1, and little that is wanted to windows of 3",
    interactions=(("l2", "a kernel has one penalty: it takes the place of L2"),),
    source="Rudin et al. 1992, Nonlinear Total Variation Based Noise Removal Algorithms, eq. 2.1",
    rewrite=lambda model, strength: penalize_kernels(
        model, lambda s, layer: TotalVariation(s), strength, lambda layer: isinstance(layer, _CONVOLUTIONS)
    ),
    usage='Conv2D(3, 1, activity_regularizer=TotalVariation(1e-4, axis="activity"))',
)
