"""Freezing the first layers of a pretrained model."""

from keras_regkit._core.checks import Interval
from keras_regkit.levers.lever import Lever

FREEZE = Lever(
    name="freeze",
    title="Frozen layers",
    family="fine-tuning",
    strength="share of the layers that stay as they were pretrained, counted from the inputs",
    bounds=Interval(0, 1),
    strengths=(0.5, 0.9),
    equation="w ← w for frozen w, also the moving statistics of batch normalization",
    use_when="a pretrained model is fine-tuned on little data",
    trade_off="features that do not suit the new data stay; the optimizer starts anew after each change",
    interactions=(
        (
            "batch_norm",
            "frozen, it normalizes with its old statistics; left to train among frozen layers it drifts from them; "
            "surgery.batch_norm_report shows the mode of each",
        ),
        ("l2", "the penalty of frozen weights drops out of the loss"),
        ("dropout", "goes on dropping: freezing does nothing to it"),
    ),
    source="Yosinski et al. 2014, How transferable are features in deep neural networks?, section 4",
    usage='surgery.freeze(model, "backbone", batch_norm="inference")  # later, on a smaller learning rate, unfreeze',
)
