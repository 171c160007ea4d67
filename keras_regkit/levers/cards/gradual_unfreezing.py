"""Gradual unfreezing: fine-tuning from the top down."""

from keras_regkit import callbacks
from keras_regkit._core.checks import Interval
from keras_regkit.levers.lever import Lever

GRADUAL_UNFREEZING = Lever(
    name="gradual_unfreezing",
    title="Gradual unfreezing",
    family="fine-tuning",
    strength="Number of stages that the layers are split into; one more is unfrozen each epoch",
    bounds=Interval(1, integer=True),
    strengths=(2, 3, 4),
    equation="trainable(s) = stages[0] ∪ ... ∪ stages[s]",
    use_when="A pretrained model gets a new head and is fine-tuned on little data.",
    trade_off="The step is compiled again at every stage; the lower layers get fewer epochs.",
    interactions=(
        ("freeze", "Freezing for good is the limit of one stage: the head alone."),
        ("l2_sp", "Attached beforehand, the pull sets in as soon as a layer is unfrozen."),
        ("batch_norm", "Frozen ones normalize with moving statistics; say at each stage whether they train."),
    ),
    source="Howard & Ruder 2018, Universal Language Model Fine-tuning for Text Classification, section 3.3",
    make_callbacks=lambda strength, monitor, mode: [callbacks.GradualUnfreezing(strength)] if strength > 1 else [],
    usage="model.fit(..., callbacks=[callbacks.GradualUnfreezing(['head', 'block_2', 'block_1'], epochs=2)])",
)
