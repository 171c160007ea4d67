"""Penalties on weights and on activations, for `kernel_regularizer=` and its siblings."""

__all__ = []
