"""Our residual layers."""

RESIDUAL_LAYERS = []
