"""Strengths that move: schedules over steps or epochs, for whatever takes a strength."""

__all__ = []
