"""Our normalization layers."""

NORMALIZATION_LAYERS = []
