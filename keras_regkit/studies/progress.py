"""What a study prints while it runs."""

import keras


class Progress:
    """Says how many trials are finished and how long the rest will take.

    Args:
        study: Name of the study.
        metric: The metric to print with `verbose=2`.
        trials: Number of trials to train.
        total: Number of trials the result will hold.
        verbose: 0 for silence, 1 or `"auto"` for a progress bar, 2 for one line per trial.
    """

    def __init__(self, study, metric, trials, total, verbose):
        self._metric = metric
        self._trials = trials
        self._lines = verbose == 2
        self._bar = None
        self._count = 0
        if verbose == 0:
            return
        before = f", {total - trials} of {total} finished before" if trials < total else ""
        print(f"Study {study!r}: {trials} trials to train{before}")
        if not self._lines:
            self._bar = keras.utils.Progbar(trials, width=20, unit_name="trial")

    def finished(self, trial):
        """Called with each finished `Trial`."""
        self._count += 1
        if self._bar:
            self._bar.update(self._count)
        elif self._lines:
            value = trial.metrics[self._metric]
            print(
                f"{self._count}/{self._trials} {trial.variant}, seed {trial.seed}: {self._metric} {value:.4g}, "
                f"{trial.epochs} epochs, {trial.seconds:.1f} s"
            )
