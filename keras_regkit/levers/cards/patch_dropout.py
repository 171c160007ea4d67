"""Training on part of the patches."""

from keras_regkit._core.checks import Interval
from keras_regkit.levers.lever import Lever

PATCH_DROPOUT = Lever(
    name="patch_dropout",
    title="Patch dropout",
    family="noise",
    strength="rate: the share of patches left out in a training step",
    bounds=Interval(0, 1, closed="left"),
    strengths=(0.25, 0.5),
    equation="y = class tokens and k = round((T − c) · (1 − rate)) random patches in their order, in training only",
    use_when="a vision transformer overfits or trains slowly: it is the one noise that makes steps cheaper",
    trade_off="details that fill few patches are missed; layers behind it must not depend on the number of tokens",
    interactions=(("drop_path", "the usual noise of vision transformers; both can be used"),),
    source="Liu et al. 2022, PatchDropout: Economizing Vision Transformers Using Patch Dropout, section 3",
    usage="layers.PatchDropout(0.5, class_tokens=1)  # behind the position embedding",
)
