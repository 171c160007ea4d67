"""Weight decay that is saved with what it leaves out."""

from keras_regkit._core.checks import Interval
from keras_regkit.levers.cards._optimizers import set_mixin
from keras_regkit.levers.lever import Lever
from keras_regkit.optimizers import WeightDecayPolicy

WEIGHT_DECAY_POLICY = Lever(
    name="weight_decay_policy",
    title="Weight decay with a policy",
    family="decay",
    strength="share of each kernel, times the learning rate, taken off per step",
    bounds=Interval(0),
    strengths=(1e-2, 1e-1),
    equation="w ← w − lr · d · w for kernels; biases, normalization scales and embeddings are left alone",
    use_when="a model with weight decay is saved and trained on, or its embeddings must not decay",
    trade_off="its effect grows with the learning rate and the number of steps",
    interactions=(
        ("weight_decay", "sets the same decay; what Keras leaves out of it is forgotten in files, this is not"),
        ("l2", "the same pull twice: use one of them"),
        ("layerwise_learning_rates", "scale the decay of each layer with its rate"),
    ),
    source="Loshchilov & Hutter 2019, Decoupled Weight Decay Regularization, algorithm 2",
    rewrite=lambda model, strength: set_mixin(model, WeightDecayPolicy, weight_decay=strength),
    usage='model.compile(optimizers.WeightDecayPolicyAdamW(1e-3, weight_decay=0.05), "mse")',
)
