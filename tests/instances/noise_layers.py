"""Our noise layers."""

NOISE_LAYERS = []
