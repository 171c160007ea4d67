"""A progress bar that stays out of sight for what is quick."""

import time

import keras

_QUIET_SECONDS = 2


class Progress:
    """Counts what is done, and shows it once it has taken 2 seconds.

    Args:
        verbose: Whether to show anything at all.
        unit: What is counted.
    """

    def __init__(self, verbose, unit):
        self._bar = keras.utils.Progbar(None, verbose=1, unit_name=unit) if verbose else None
        self._shown = False
        self._started = time.monotonic()

    def update(self, done, last=False):
        """Tells how much is done, and whether that is all."""
        late = time.monotonic() - self._started > _QUIET_SECONDS
        if self._bar and (late if not last else self._shown):
            self._bar.update(done, finalize=last)
            self._shown = True
