"""Learning curves made by formula, one kind for each regime."""

import numpy as np

EPOCHS = 40


def curves(kind, *, sigma=0.01, seed=0, n=EPOCHS):
    """Returns `(train, validation)` arrays of the given kind."""
    e = np.arange(n)
    rng = np.random.default_rng(seed)

    def falling(start, floor, pace=n / 12):
        return floor + (start - floor) * np.exp(-e / pace)

    train, validation = {
        "overfitting": (
            falling(1, 0.05),
            falling(1, 0.4) + 0.02 * np.maximum(0, e - n / 3) * 40 / n,
        ),
        "wide gap": (falling(1, 0.05), falling(1.05, 0.5)),
        "good fit": (falling(1, 0.2), falling(1.02, 0.24)),
        "underfitting": (falling(0.70, 0.66), falling(0.70, 0.67)),
        "noisy validation": (falling(1, 0.2), falling(1, 0.25) + 0.2 * np.where(e % 2, 1, -1)),
        "diverging": (falling(1, 0.3) + 3 * np.maximum(0, e / n - 0.5),) * 2,
        "still improving": (falling(1, 0, n / 2), falling(1.02, 0.05, n / 2)),
        "validation easier than train": (falling(1, 0.4), falling(0.8, 0.2)),
    }[kind]
    return train + sigma * rng.standard_normal(n), validation + sigma * rng.standard_normal(n)


def clean(kind, **options):
    """Returns the curves as GapMonitor logs them."""
    train, validation = curves(kind, **options)
    return {"data_loss": train.tolist(), "val_data_loss": validation.tolist()}
