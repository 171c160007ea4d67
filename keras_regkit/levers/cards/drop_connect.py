"""DropConnect on the hidden kernels."""

from keras_regkit import layers
from keras_regkit._core.checks import Interval
from keras_regkit.levers.cards._kernels import FEEDFORWARD, kernel_layers, unwrap, wrap
from keras_regkit.levers.cards._rates import set_everywhere
from keras_regkit.levers.lever import Lever


def _set(model, rate):
    if not rate:
        return unwrap(model, layers.DropConnect)

    def put():
        return wrap(
            model,
            kernel_layers(model, FEEDFORWARD),
            lambda layer, name: layers.DropConnect(layer, rate, name=name),
            "drop_connect",
        )

    return set_everywhere(model, layers.DropConnect, {"rate": rate}, put)


DROP_CONNECT = Lever(
    name="drop_connect",
    title="DropConnect",
    family="noise",
    strength="rate: the share of weights dropped in a training step",
    bounds=Interval(0, 1, closed="left"),
    strengths=(0.1, 0.3),
    equation="w' = w · m / (1 − rate), m ~ Bernoulli(1 − rate) per weight, in training only",
    use_when="wide layers overfit and dropping whole units costs too much",
    trade_off="one mask for the whole batch, so gradients are noisier than with dropout; slower to converge",
    interactions=(("dropout", "much the same noise: use one of them"),),
    source="Wan et al. 2013, Regularization of Neural Networks using DropConnect, section 3",
    rewrite=_set,
)
