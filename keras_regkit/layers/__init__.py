"""Layers that regularize: noise, normalization, residual branches."""

__all__ = []
