"""Penalties on the units of a kernel, and kernels that keep their units elsewhere."""

from keras_regkit._core.kernel_axes import input_axes, kernel_kind


def misread_units(weight, regularizer):
    """Returns what is wrong and what to do, where a penalty takes the wrong axes for the units of a kernel; or None.

    A penalty on whole units says in `kernel_groups` whether it takes the last axis for the `"outputs"` or the one
    before it for the `"inputs"`.
    """
    groups = getattr(regularizer, "kernel_groups", None)
    kind = _kind(weight)
    # The last axis but one of a depthwise kernel does hold the inputs.
    if groups is None or kind == "auto" or (kind, groups) == ("depthwise", "inputs"):
        return None
    shape = tuple(weight.variable.shape)
    axes = input_axes(shape, kind) if groups == "outputs" else tuple(range(len(shape) - 1))
    inner = getattr(regularizer, "regularizer", regularizer)
    if hasattr(inner, "axis"):
        fix = f"give axis={axes}"
    else:
        fix = f"{type(inner).__name__} does not support it, leave it out with `where`"
    return f"{weight.path} of shape {shape} is a {_NAMES[kind]} kernel, {fix}"


_NAMES = {"depthwise": "depthwise", "conv_transpose": "transposed convolution"}


def _kind(weight):
    name = weight.variable.name
    if name == "depthwise_kernel":  # of a separable convolution
        return "depthwise"
    return kernel_kind(weight.layer) if name == "kernel" else "auto"
