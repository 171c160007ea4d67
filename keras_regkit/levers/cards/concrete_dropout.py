"""Dropout that learns its rates."""

from keras_regkit import layers
from keras_regkit._core.checks import Interval
from keras_regkit.levers.cards._kernels import FEEDFORWARD, kernel_layers, wrap
from keras_regkit.levers.cards._rates import set_everywhere
from keras_regkit.levers.lever import Lever


def _set(model, strength):
    def put():
        return wrap(
            model,
            kernel_layers(model, FEEDFORWARD),
            lambda layer, name: layers.ConcreteDropout(layer, dropout_regularizer=strength, name=name),
            "concrete_dropout",
        )

    return set_everywhere(model, layers.ConcreteDropout, {"dropout_regularizer": strength}, put)


CONCRETE_DROPOUT = Lever(
    name="concrete_dropout",
    title="Concrete dropout",
    family="noise",
    strength="weight of the entropy of the rate, per input feature of a layer; 1 / N for N samples in the paper",
    bounds=Interval(0),
    strengths=(1e-5, 1e-4),
    equation="y = f(x · m), m ~ concrete(p); loss + λ_w Σ w² / (1 − p) + λ · d · (p log p + (1 − p) log(1 − p))",
    use_when="each layer wants a rate of its own and there is no time to search for them",
    trade_off="rates move slowly and depend on the regularizers; they shrink as the data grow",
    interactions=(
        ("dropout", "takes its place: do not use both"),
        ("monte_carlo_dropout", "the rates are learned such that its spread is calibrated"),
    ),
    source="Gal, Hron & Kendall 2017, Concrete Dropout, section 3",
    rewrite=_set,
)
