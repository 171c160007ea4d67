"""What has gone wrong in training itself: units that are dead, weights that have exploded, numbers that are none."""

import keras
import numpy as np
from keras import ops

from keras_regkit._core.kernel_axes import layer_input_axes
from keras_regkit.diagnosis.audit import layer_probes
from keras_regkit.diagnosis.audit.cannot_run import CannotRun
from keras_regkit.diagnosis.audit.rule import rule
from keras_regkit.surgery.penalties import rank_of

DEAD_SHARE = 0.8  # deep networks with random weights, which are in order, come up to 0.7
FEWEST_ROWS = 32
ROWS = 256
GAIN = 100.0
_CUTTING = ("relu", "relu6")  # activations that can be zero for every input


@rule("RK701", family="training", title="Dead units", severity="warning", needs=("built", "train"))
def dead_units(case):
    """Four fifths of a layer's units, or more, are zero for every row that was looked at.

    Up to 256 rows of the training data are put through the model, without dropout.

    Why: A unit behind a ReLU that is zero everywhere has no gradient, so it stays dead: the layer is narrower than it
    looks. If all are dead, nothing before the layer learns any more.

    Do: A lower learning rate or a warm-up, He initialization, a normalization before the activation, or an activation
    with a slope on both sides (`leaky_relu`, `gelu`). Inputs far from zero mean do it too.

    Example: hidden: dead units 61, units 64, share 0.953

    Source: Maas, Hannun & Ng 2013, "Rectifier Nonlinearities Improve Neural Network Acoustic Models", section 2; Lu et
    al. 2020, "Dying ReLU and Initialization".
    """
    cutting = {path: layer for path, layer in case.layers.items() if _cuts(layer)}
    if not cutting:
        return
    sample = case.sample("train")
    if len(sample.rows) < FEWEST_ROWS:
        raise CannotRun(f"fewer than {FEWEST_ROWS} rows say little about units that are never used")
    x, _, _ = sample.shuffled_batches(ROWS, ROWS)[0]
    largest = layer_probes.in_order(
        case.model, x, cutting, lambda t: ops.max(ops.abs(t), axis=tuple(range(len(t.shape) - 1)))
    )
    for path, values in largest:
        dead = int(np.sum(values == 0))
        if dead >= DEAD_SHARE * values.size:
            yield case.finding(
                where=path,
                evidence={"dead units": dead, "units": int(values.size), "share": dead / values.size},
                advice="Lower the learning rate, normalize before the activation, or use one that is zero nowhere.",
                severity="error" if dead == values.size else None,
            )


@rule("RK702", family="training", title="Exploding weights", severity="warning", needs=("built",))
def exploding_weights(case):
    """A kernel multiplies the size of its inputs by a hundred or more.

        gain = √(fan in · mean of w²),   about 1 to 2 as initialized

    Why: Outputs and gradients grow from layer to layer until they overflow; float16 does so at 65,504. Kernels that
    batch normalization follows may grow harmlessly, since their size is divided out.

    Do: Clip gradients (`clipnorm`), lower the learning rate, bound the kernel (`constraints.L2Ball`,
    `constraints.SpectralNorm`), or penalize it.

    Example: hidden/kernel: gain 312, largest weight 87

    Source: Glorot & Bengio 2010, "Understanding the Difficulty of Training Deep Feedforward Neural
    Networks", section 4.2.
    """
    for weight in case.weights:
        gain = gain_of(weight)
        if gain is not None and np.isfinite(gain) and gain >= GAIN:
            largest = float(np.max(np.abs(ops.convert_to_numpy(weight.variable))))
            yield case.finding(
                where=weight.path,
                evidence={"gain": gain, "largest weight": largest},
                advice="Clip gradients (clipnorm), lower the learning rate, or bound the kernel (constraints.L2Ball).",
            )


@rule("RK703", family="training", title="NaN or infinity", severity="error", needs=("built",))
def not_finite(case):
    """A weight, an output of a layer, an input or a logged loss is NaN or infinite.

    Where one step was taken with such a gradient, all weights are lost, and the place where it began can no longer be
    told from the model. `Auditor` in `fit` keeps the weights of the last good epoch, and names the layer.

    Why: Nothing is learned from there on; `EarlyStopping` of Keras takes a NaN in the first epoch for the best value.

    Do: Look at the inputs first. Then a lower learning rate, `clipnorm`, a loss from logits instead of logarithms of
    probabilities, an epsilon in divisions.

    Example: hidden: what its output, non-finite numbers 128, weights that are not finite 0

    Source: Goodfellow, Bengio & Courville 2016, "Deep Learning", section 4.1.
    """
    advice = "Look at the inputs, then the learning rate and clipnorm; compute losses from logits."
    bad = [w.path for w in case.weights if not np.all(np.isfinite(_floats(w.variable)))]
    if bad:
        yield case.finding(
            where=bad[0],
            evidence={"what": "a weight", "weights that are not finite": len(bad), "of": len(case.weights)},
            advice=advice,
        )
    if case.data["train"] is not None and not bad:
        yield from _in_the_batch(case, advice)
    if case.has_history:
        for name, values in case.history.items():
            if name.endswith("loss") and not np.all(np.isfinite(values)):  # a metric may be NaN by right
                first = int(np.flatnonzero(~np.isfinite(values))[0])
                yield case.finding(
                    where=f"history: {name}", evidence={"first epoch": first, "epochs": len(values)}, advice=advice
                )


def gain_of(weight):
    """Returns by how much a kernel multiplies the size of independent inputs; `None` for what is no kernel."""
    if rank_of(weight) < 2 or "embedding" in weight.variable.name:
        return None
    values = _floats(weight.variable)
    axes = layer_input_axes(weight.layer, values.shape) if weight.variable.name == "kernel" else None
    fan_in = int(np.prod([values.shape[axis] for axis in axes])) if axes else int(np.prod(values.shape[:-1]))
    return float(np.sqrt(fan_in * np.mean(np.square(values))))


def first_not_finite(model, x, layers, values=None):
    """Returns `(path, number of non-finite outputs)` of the first layer that makes any, in training mode, or `None`."""

    def count(tensor):
        return ops.sum(ops.cast(ops.logical_not(ops.isfinite(tensor)), "float32"))

    counts = layer_probes.in_order(model, x, layers, count, training=True, values=values)
    return next(((path, int(number)) for path, number in counts if number > 0), None)


def _in_the_batch(case, advice):
    x = case.batch[0]
    inputs = [leaf for leaf in keras.tree.flatten(x) if np.issubdtype(leaf.dtype, np.floating)]
    missing = sum(int(np.sum(~np.isfinite(leaf))) for leaf in inputs)
    if missing:
        yield case.finding(
            where="train: inputs of the first batch",
            evidence={"what": "inputs", "non-finite numbers": missing},
            advice="Fill or drop missing values before training (tables.TableEncoder does).",
        )
        return
    found = first_not_finite(case.model, x, case.layers)
    if found:
        path, number = found
        yield case.finding(
            where=path,
            evidence={"what": "its output", "non-finite numbers": number, "weights that are not finite": 0},
            advice=advice,
        )


def _cuts(layer):
    if isinstance(layer, keras.layers.ReLU):
        return not getattr(layer, "negative_slope", 0)
    return getattr(getattr(layer, "activation", None), "__name__", None) in _CUTTING


def _floats(variable):
    return np.asarray(ops.convert_to_numpy(variable), "float64")
