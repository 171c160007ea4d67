"""Optimizers that regularize: proximal steps, decay with a policy, gradient transforms, averaging of steps."""

__all__ = []
