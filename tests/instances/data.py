"""The little data that instances of losses and callbacks are tried on."""

import numpy as np

_random = np.random.default_rng(0)
X = _random.normal(size=(16, 4)).astype("float32")
Y = X.sum(axis=1, keepdims=True)
CLASSES = np.arange(8) % 3
ONE_HOT = np.eye(3, dtype="float32")[CLASSES]
BINARY = (np.arange(8) % 2).astype("float32")[:, None]
PROBABILITIES = _random.dirichlet(np.ones(3), size=8).astype("float32")
SHARES = _random.uniform(0.1, 0.9, size=(8, 1)).astype("float32")
