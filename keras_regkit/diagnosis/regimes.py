"""The names of the regimes: plain strings, so that records stay readable outside Python."""

UNDERFITTING = "underfitting"
GOOD_FIT = "good fit"
OVERFITTING = "overfitting"
NOISY_VALIDATION = "noisy validation"
DIVERGING = "diverging"
STILL_IMPROVING = "still improving"
VALIDATION_EASIER = "validation easier than train"

REGIMES = (
    UNDERFITTING,
    GOOD_FIT,
    OVERFITTING,
    NOISY_VALIDATION,
    DIVERGING,
    STILL_IMPROVING,
    VALIDATION_EASIER,
)
