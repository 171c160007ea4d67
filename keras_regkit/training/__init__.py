"""Training methods that take more than one pass, or see the inputs, as models around the user's model."""

__all__ = []
