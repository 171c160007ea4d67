"""Penalties for fine-tuning: the distance to where the weights were."""

from keras_regkit._core.checks import Interval
from keras_regkit.levers.cards.penalize import penalize_kernels
from keras_regkit.levers.lever import Lever
from keras_regkit.regularizers import L2SP


def _hold(model, strength):
    def make(strength, layer):
        old = layer.kernel_regularizer
        reference = old.reference if isinstance(old, L2SP) else _kernel(layer)  # the start stays the start
        return L2SP(strength, reference)

    return penalize_kernels(model, make, strength, suits=lambda layer: _kernel(layer) is not None)


def _kernel(layer):
    """The one kernel of the layer, a recurrent one's lies in its cell; None for layers that have several."""
    return getattr(layer, "kernel", getattr(getattr(layer, "cell", None), "kernel", None))


L2_SP = Lever(
    name="l2_sp",
    title="L2-SP, a pull towards the starting point",
    family="fine-tuning",
    strength="α, per unit of ‖w − w⁰‖² / 2, added to the loss",
    bounds=Interval(0),
    strengths=(1e-2, 1e-1),
    equation="loss + α/2 ‖w − w⁰‖², w⁰ the weights at the time the lever is applied",
    use_when="a pretrained model is fine-tuned on little data: apply it to the model as it was loaded",
    trade_off="the starting point is stored with the model; a start that fits badly holds training back",
    interactions=(
        ("l2", "pulls to 0, this one to the start; a kernel has one penalty: it takes the place of L2"),
        ("early_stopping", "keeps weights near the start too, all of them alike"),
    ),
    source="Li et al. 2018, Explicit Inductive Bias for Transfer Learning with Convolutional Networks, eq. 2",
    rewrite=_hold,
    usage="surgery.attach(model, lambda weight: L2SP(0.01, reference=weight))",
)

WEIGHTED_L2 = Lever(
    name="weighted_l2",
    title="Weighted L2, elastic weight consolidation",
    family="fine-tuning",
    strength="λ, per unit of Σ F (w − w⁰)² / 2, added to the loss",
    bounds=Interval(0),
    strengths=(1.0, 100.0),
    equation="loss + λ/2 Σ_i F_i (w_i − w⁰_i)², F_i the Fisher information of the earlier data",
    use_when="a model is trained on new data and must not forget the old, which are at hand once, for `F`",
    trade_off="a backward pass per example of the old data; importances and reference are stored with the model",
    interactions=(
        ("l2_sp", "the same pull with equal importances, for when there are no old data"),
        ("l2", "the case of equal importances around 0"),
    ),
    source="Kirkpatrick et al. 2017, Overcoming Catastrophic Forgetting in Neural Networks, eq. 3",
    usage="surgery.attach(model, lambda weight: WeightedL2(1.0, importance[weight.path], reference=weight))",
)
