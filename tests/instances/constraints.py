"""Our constraints."""

CONSTRAINTS = []
