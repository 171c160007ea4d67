"""A study watched in TensorBoard while it runs."""

import math
import pathlib

from keras_regkit._core.extras import require
from keras_regkit.studies.best_so_far import BestSoFar


class TrialScalars:
    """Writes the metric of each trial as it finishes, and that of the variant that leads.

    For a long study that is watched from elsewhere: `tensorboard --logdir FOLDER`, tab Time Series. The steps count
    finished trials. `trial/METRIC` is each trial's value, `best/METRIC` the mean of the variant that leads and
    `baseline/METRIC` the baseline's over the same seeds. What is not finite is left out, and counted in
    `diverged/METRIC`. After the end `StudyResult.to_hparams` shows more.

    Only the `tensorboard` package is imported, so this works on every backend.

    Args:
        folder: Where the event file goes; made if it does not exist. A study that is continued adds one.
        metric: The metric.
        direction: `"min"` or `"max"`: which way is better. Defaults to `"min"`.
        earlier: Trials that were finished before: they count, and are not written again.

    Use it in a `with` statement, or call `close`.

    Raises:
        ImportError: `tensorboard` is not installed.

    Example:

    >>> import os, tempfile
    >>> from keras_regkit.studies import Trial
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     with TrialScalars(folder, "val_data_loss") as scalars:
    ...         scalars.finished(Trial("baseline", 0, {"val_data_loss": 0.3}, {}, 40, 30, 1.5))
    ...     len(os.listdir(folder))
    1
    """

    def __init__(self, folder, metric, direction="min", earlier=()):
        summary = require("tensorboard.summary", extra="export", purpose="Writing for TensorBoard")
        self._metric = metric
        self._best = BestSoFar(metric, direction)
        self._step = self._diverged = 0
        for trial in earlier:
            self._count(trial)
        pathlib.Path(folder).mkdir(parents=True, exist_ok=True)
        self._writer = summary.Writer(str(folder))

    def finished(self, trial):
        """Called with each finished `Trial`. What was written can be looked at at once."""
        value = self._count(trial)
        if math.isfinite(value):
            self._write("trial", value)
        else:
            self._write("diverged", self._diverged)
        leader = self._best.leader()
        if leader is not None:
            _, own, baseline = leader
            self._write("best", own)
            self._write("baseline", baseline)
        self._writer.flush()

    def close(self):
        """Closes the event file."""
        self._writer.close()

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.close()

    def _count(self, trial):
        value = trial.metrics.get(self._metric, math.nan)
        self._step += 1
        self._diverged += not math.isfinite(value)
        self._best.add(trial)
        return value

    def _write(self, kind, value):
        self._writer.add_scalar(f"{kind}/{self._metric}", value, self._step)
