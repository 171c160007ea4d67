"""Constraints: what a weight must look like after each step."""

__all__ = []
