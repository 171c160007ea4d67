"""Batch normalization's statistics, estimated anew."""

from keras_regkit._core.checks import Interval
from keras_regkit.levers.lever import Lever

RECALIBRATE_BATCH_NORM = Lever(
    name="recalibrate_batch_norm",
    title="Recalibrated batch normalization",
    family="fine-tuning",
    strength="number of training rows that the statistics are estimated from",
    bounds=Interval(1, closed="left", integer=True),
    strengths=(10_000,),
    equation="mean = Σ n_b m_b / Σ n_b, variance = Σ n_b (v_b + (m_b − mean)²) / Σ n_b, over batches b",
    use_when="weights were changed by other means than training steps: averaged, pruned or projected",
    trade_off="a pass over the training data; data unlike those of prediction make it worse",
    interactions=(
        ("batch_norm", "without it there is nothing to estimate; frozen layers are left alone"),
        ("dropout", "is off meanwhile, so that the statistics are those of prediction"),
    ),
    source="Wu and Johnson 2021, Rethinking 'Batch' in BatchNorm, section 3.1",
    usage="surgery.recalibrate_batch_norm(model, x_train)",
)
