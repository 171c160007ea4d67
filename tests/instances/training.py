"""Our training methods."""

TRAINING = []
