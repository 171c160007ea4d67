"""Our regularizers."""

REGULARIZERS = []
