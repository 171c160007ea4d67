"""Temperature scaling after training."""

from keras_regkit._core.checks import Interval
from keras_regkit.levers.lever import Lever

TEMPERATURE_SCALING = Lever(
    name="temperature_scaling",
    title="Temperature scaling",
    family="uncertainty",
    strength="temperature T that logits are divided by; 1 changes nothing, and held-out data say which is best",
    bounds=Interval(0, closed="neither"),
    strengths=(1.5, 2.0),
    equation="p = softmax(z / T), T = argmin −Σ_i log p_{y_i} on held-out data",
    use_when="a trained classifier is right less often than it says",
    trade_off="held-out rows are needed to find T; what is predicted stays the same",
    interactions=(
        ("label_smoothing", "softens predictions too: find T afterwards, it may be below 1"),
        ("monte_carlo_dropout", "averages make predictions less sure: scale the average, not the parts"),
    ),
    source="Guo et al. 2017, On Calibration of Modern Neural Networks, equation 9",
    usage="uncertainty.TemperatureScaling(model).fit_temperature(held_out)",
)
