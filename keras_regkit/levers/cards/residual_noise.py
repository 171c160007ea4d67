"""Noise on residual branches. Which input of an addition is the branch is known where a model is written."""

from keras_regkit._core.checks import Interval
from keras_regkit.levers.lever import Lever

DROP_PATH = Lever(
    name="drop_path",
    title="Drop path",
    family="noise",
    strength="rate: the share of samples whose residual branch is dropped in a training step",
    bounds=Interval(0, 1, closed="left"),
    strengths=(0.1, 0.2),
    equation="y = x + b(x) · m / (1 − rate), m ~ Bernoulli(1 − rate) per sample, in training only",
    use_when="deep residual networks and transformers overfit; let the rate rise with depth (layers.depth_rates)",
    trade_off="saves no time; in shallow networks it mostly slows learning",
    interactions=(
        ("stochastic_depth", "the same noise that skips the computation too: use one of them"),
        ("dropout", "usually not needed on the same branch"),
    ),
    source="Huang et al. 2016, Deep Networks with Stochastic Depth, eq. 2",
    usage="x + layers.DropPath(0.1)(branch(x))",
)

STOCHASTIC_DEPTH = Lever(
    name="stochastic_depth",
    title="Stochastic depth",
    family="noise",
    strength="rate: the share of samples that skip the residual branch in a training step",
    bounds=Interval(0, 1, closed="left"),
    strengths=(0.2, 0.5),
    equation="y = x + (B / k) · b(x) for k = round(B · (1 − rate)) of B samples, y = x for the others",
    use_when="deep residual networks overfit and training takes long: at rate 0.5 a block costs about half",
    trade_off="the rate cannot move during training; batch normalization in the branch sees fewer samples",
    interactions=(
        ("drop_path", "the same noise without the saving, with a rate that can move"),
        ("batch_norm", "its statistics come from the kept samples only: keep batches large"),
    ),
    source="Huang et al. 2016, Deep Networks with Stochastic Depth, section 3",
    usage="layers.StochasticDepth(branch, rate=0.5)(x)  # in place of x + branch(x)",
)

SHAKE_SHAKE = Lever(
    name="shake_shake",
    title="Shake-shake",
    family="noise",
    strength="1 puts it in; it has no other strength",
    bounds=Interval(0, 1, integer=True),
    strengths=(1,),
    equation="y = α · a + (1 − α) · b, α ~ U(0, 1) per sample, another one in the backward pass; the mean in inference",
    use_when="residual networks with two branches, and time for several times the usual epochs",
    trade_off="very strong and slow to train; the network needs two branches per block",
    interactions=(("shake_drop", "the same idea for networks with one branch"),),
    source="Gastaldi 2017, Shake-Shake regularization, eq. 2",
    usage="x + layers.ShakeShake()([branch(x), other_branch(x)])",
)

SHAKE_DROP = Lever(
    name="shake_drop",
    title="ShakeDrop",
    family="noise",
    strength="rate: the share of samples whose branch is disturbed in a training step",
    bounds=Interval(0, 1, closed="left"),
    strengths=(0.3, 0.5),
    equation="y = x + (g + α − g·α) · b(x), g ~ Bernoulli(1 − rate), α ~ U(−1, 1); x + (1 − rate) · b(x) in inference",
    use_when="deep residual networks still overfit with drop path, and there is time for long training",
    trade_off="diverges where the branch does not end in batch normalization; slow to train",
    interactions=(
        ("drop_path", "weaker and safer: try it first"),
        ("batch_norm", "must stand at the end of the branch"),
    ),
    source="Yamada et al. 2019, ShakeDrop Regularization for Deep Residual Learning, section 3",
    usage="x + layers.ShakeDrop(0.5)(branch(x))",
)
