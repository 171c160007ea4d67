"""Augmentation on JAX."""

import jax


def compiled(function):
    """Compiles `function(spec, *tensors)`, once for each `spec` and each shape."""
    return jax.jit(function, static_argnums=0)
