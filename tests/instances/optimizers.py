"""Our optimizers."""

OPTIMIZERS = []
