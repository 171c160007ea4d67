"""Penalties that do nothing, too much, or something else than they say."""

from keras_regkit.diagnosis.audit.rule import rule

_HOLDERS = ("kernel", "bias", "gamma", "beta", "embeddings", "recurrent_kernel", "depthwise_kernel", "pointwise_kernel")


@rule("RK101", family="penalties", title="A regularizer that does nothing", severity="error", needs=("built",))
def inert_regularizer(case):
    """A layer has a regularizer for a weight, and the weight has none.

    Keras hands the regularizer to the weight when the layer is built. One that is set later stays on the layer, shows
    in its config, and is never added to the loss.

    Why: The model trains without the penalty, and every log, config and summary says it has one.

    Do: Set it before the layer is built, or put it on the weight with `keras_regkit.surgery.attach`.

    Example: hidden/kernel: layer's kernel_regularizer L2, on the weight None

    Source: Keras 3, `Layer.add_weight`: regularizers are read once.
    """
    for weight in case.weights:
        if weight.variable.name not in _HOLDERS:
            continue
        argument = f"{weight.variable.name}_regularizer"
        regularizer = getattr(weight.layer, argument, None)
        if regularizer is not None and weight.variable.regularizer is None:
            yield case.finding(
                where=weight.path,
                evidence={f"{argument} of the layer": type(regularizer).__name__, "on the weight": "None"},
                advice="Put it on the weight with keras_regkit.surgery.attach, or set it before the layer is built.",
            )
