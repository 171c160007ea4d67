"""Layers that compute with a kernel made from their kernel variable."""

from typing import Any

import keras
from keras import ops

from keras_regkit._core.kernel_axes import layer_input_axes


class Reparametrized(keras.layers.Wrapper):
    """Base of the wrappers that let a layer compute with another kernel than the one it stores.

    A subclass says in `effective_kernel(training)` what the layer computes with, in float32. The variable stays as the
    optimizer leaves it, and gets its gradient through this computation; penalties and constraints of the layer act on
    the variable.

    Args:
        layer: The layer to wrap, with a `kernel`: Dense, EinsumDense, any convolution, or a layer of your own.
        **kwargs: `name`, `trainable` and `dtype`, as for every layer. The dtype defaults to that of `layer`.

    Raises:
        ValueError: `layer` is no layer; when built, it has no kernel.
    """

    def __init__(self, layer: keras.layers.Layer, **kwargs: Any):
        if isinstance(layer, keras.layers.Layer):
            kwargs.setdefault("dtype", layer.dtype_policy)
        super().__init__(layer, **kwargs)
        self.supports_masking = layer.supports_masking

    def build(self, input_shape):
        super().build(input_shape)
        kernel = getattr(self.layer, "kernel", None)
        if not isinstance(kernel, keras.Variable) or not _names_of(self.layer, kernel):
            raise ValueError(
                f"{type(self).__name__} needs a layer that computes with a weight named `kernel`, such as Dense or "
                f"Conv2D. Received: {self.layer.name!r} of class {type(self.layer).__name__}, which "
                "has none. Wrap the layers inside it that do"
            )
        self.input_axes = layer_input_axes(self.layer, kernel.shape)
        if not self.input_axes:
            raise ValueError(
                f"{type(self).__name__} needs a kernel that sums over inputs. Received: {self.layer.name!r} with the "
                f"equation {self.layer.equation!r}, which sums over none"
            )

    def stored_kernel(self):
        """Returns the value of the kernel variable in float32: sums over 16-bit weights lose digits and overflow."""
        kernel = ops.convert_to_tensor(self.layer.kernel)
        return ops.cast(kernel, keras.backend.result_type(kernel.dtype, "float32"))

    def effective_kernel(self, training):
        """Returns the kernel that the layer is to compute with."""
        raise NotImplementedError(f"{type(self).__name__} must make its kernel in `effective_kernel`")

    def call(self, inputs, training=None):
        kernel = ops.cast(self.effective_kernel(training), self.layer.compute_dtype)
        return ops.cast(_with_kernel(self.layer, kernel)(inputs), self.compute_dtype)

    def unwrapped(self):
        """Returns the plain layer, its kernel set to the one that this layer computes with at inference.

        Use it after training: the plain layer computes the same, and faster.
        """
        layer = type(self.layer).from_config(self.layer.get_config())
        layer.build_from_config(self.layer.get_build_config())
        layer.set_weights(self.layer.get_weights())
        layer.kernel.assign(ops.cast(self.effective_kernel(False), layer.kernel.dtype))
        return layer

    def compute_mask(self, inputs, previous_mask=None):
        return self.layer.compute_mask(inputs, previous_mask)

    def compute_output_shape(self, input_shape):
        return self.layer.compute_output_shape(input_shape)

    @classmethod
    def from_config(cls, config, custom_objects=None):
        # Keras takes the layer out of the dict that it is given.
        return super().from_config(dict(config), custom_objects=custom_objects)


def _names_of(layer, variable):
    """Under which of its attributes the layer stores the variable: `kernel`, or `_kernel` behind a property."""
    return [name for name, value in vars(layer).items() if value is variable]


def _with_kernel(layer, kernel):
    """Returns a stand-in for `layer` that shares all it has, but reads `kernel` in place of its kernel variable.

    The layer itself is not touched: nothing has to be put back after an error, and other threads may call it meanwhile.
    """
    twin = object.__new__(type(layer))
    vars(twin).update(vars(layer))
    vars(twin).update(dict.fromkeys(_names_of(layer, layer.kernel), kernel))
    return twin
