"""Dropout kept on in prediction."""

from keras_regkit._core.checks import Interval
from keras_regkit.levers.lever import Lever

MONTE_CARLO_DROPOUT = Lever(
    name="monte_carlo_dropout",
    title="Monte-Carlo dropout",
    family="uncertainty",
    strength="number of passes that a prediction is averaged over",
    bounds=Interval(2, closed="left", integer=True),
    strengths=(30, 100),
    equation="mean = 1/S Σ_s f(x; m_s), std² = 1/S Σ_s (f(x; m_s) − mean)², m_s ~ dropout masks",
    use_when="a model trained with dropout must say how sure it is",
    trade_off="S passes for each prediction; the spread follows the dropout rate, so check it on held-out data",
    interactions=(
        ("dropout", "without it there is nothing to sample: all passes are the same"),
        ("batch_norm", "stays in inference, so that the statistics do not move"),
    ),
    source="Gal and Ghahramani 2016, Dropout as a Bayesian Approximation, equations 6 and 7",
    usage="uncertainty.mc_predict(model, x, samples=30).std",
)
