"""What a model with dropout does not know: Monte-Carlo dropout."""

__all__ = []
