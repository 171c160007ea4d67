"""What a study says while it runs: one line that changes."""

import contextlib
import math
import sys
import threading
import time

from keras_regkit._core.live_line import live_line, writable
from keras_regkit.studies.best_so_far import BestSoFar
from keras_regkit.studies.estimate import Estimate, in_words

_TICK = 0.25  # seconds between two looks at what has changed
_LINES = (10, 30, 60, 300)  # seconds between lines where a line cannot change; the last for ever


class Progress:
    """Says how many trials are finished, how long the rest will take and which variant leads.

        study 'x': 23/64 trials · 41 s left · best so far l2=0.01 0.3121 (baseline 0.3302)

    In a terminal or a notebook that is one line that changes. In a file or a pipe it is one line at the start, one at
    the end, and some on the way: after 10 seconds, then half a minute, then more rarely.

    Many trials may finish in a moment after a long silence, so the line is written by a clock (a thread of its own),
    not by the trials. Until there is something to estimate from, it shows the time that has passed.

    Args:
        study: Name of the study.
        metric: The metric to say.
        trials: Number of trials to train.
        total: Number of trials the result will hold; more than `trials` where some were finished before.
        verbose: 0 for silence, 1 or `"auto"` for the line, 2 for one line per trial.
        direction: `"min"` or `"max"`: which way is better.
        earlier: The trials that were finished before.
        file: Where to write. Defaults to standard output.

    Use it in a `with` statement, or call `close`.

    Example:

    >>> from keras_regkit.studies import Trial
    >>> with Progress("x", "val_data_loss", trials=1, total=1, verbose=2) as progress:
    ...     progress.report("compiling 1 program")
    ...     progress.finished(Trial("baseline", 0, {"val_data_loss": 0.3}, {}, 40, 30, 1.5))
    study 'x': 1 trial to train
    compiling 1 program
    1/1 baseline, seed 0: val_data_loss 0.3, 40 epochs, 1.5 s
    """

    def __init__(self, study, metric, trials, total, verbose, direction="min", earlier=(), file=None):
        self._study, self._metric = study, metric
        self._trials, self._total = trials, total
        self._verbose = verbose
        self._file = sys.stdout if file is None else file
        self._count, self._phase, self._done = 0, None, None
        self._start = time.monotonic()
        self._estimate = Estimate(self._start)
        self._best = BestSoFar(metric, direction)
        for trial in earlier:
            self._best.add(trial)
        self._lock = threading.RLock()
        self._over = threading.Event()
        self._line = self._clock = None
        self._shown = None  # the last texts of the line
        self._next, self._pauses = self._start, iter(_LINES)
        if verbose == 0:
            return
        self._line = live_line(self._file) if verbose != 2 else None
        if self._line is None:
            self._say(self._first_line())
            self._pause()
        if verbose != 2:
            self._clock = threading.Thread(target=self._run, name="keras_regkit-progress", daemon=True)
            self._tick()
            self._clock.start()

    def finished(self, trial):
        """Called with each finished `Trial`."""
        with self._lock:
            self._count += 1
            self._best.add(trial)
            if self._verbose == 2:
                value = trial.metrics.get(self._metric, math.nan)
                self._say(
                    f"{self._count}/{self._trials} {trial.variant}, seed {trial.seed}: {self._metric} {value:.4g}, "
                    f"{trial.epochs} epochs, {trial.seconds:.1f} s"
                )

    def report(self, phase=None, done=None, total=None):
        """Called by an engine that has more to say than which trials are finished. From any thread.

        Args:
            phase: What it is doing, such as `"compiling 2 programs"`. It is shown until the next report.
            done, total: How much of the work is done: of all epochs of all trials it was given, how many. What early
                stopping saves counts as done.

        Raises:
            ValueError: `done` without a positive `total`.
        """
        if (done is None) != (total is None) or (total is not None and not total > 0):
            raise ValueError(f"`done` and a positive `total` come together. Received: done={done!r}, total={total!r}")
        with self._lock:
            if self._verbose == 2 and phase and phase != self._phase:
                self._say(phase)
            self._phase = phase
            if done is not None:
                self._done = min(max(done / total, 0.0), 1.0)

    def close(self):
        """Ends the line. Called again, it does nothing."""
        if self._clock is None or self._over.is_set():
            return
        self._over.set()
        self._clock.join()  # from here on there is one thread
        self._phase = None
        self._show(self._texts(time.monotonic(), last=True))
        if self._line is not None:
            with _whoever_reads():
                self._line.close()

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.close()

    def _run(self):
        while not self._over.wait(_TICK):
            self._tick()

    def _tick(self):
        now = time.monotonic()
        with self._lock:
            share = max(self._count / self._trials, self._done or 0.0)
            if share:
                self._estimate.see(now, share)
            if self._line is not None:
                self._show(self._texts(now))
            elif now >= self._next:
                self._show(self._texts(now))
                self._pause()

    def _pause(self):
        self._next = time.monotonic() + next(self._pauses, _LINES[-1])

    def _show(self, texts):
        if texts == self._shown:
            return
        self._shown = texts
        if self._line is None:
            self._say(texts[0])
            return
        with _whoever_reads():
            self._line.show(*texts)

    def _say(self, text):
        with _whoever_reads():
            print(writable(text, self._file), file=self._file, flush=True)

    def _first_line(self):
        trials = f"{self._trials} trial" + "s" * (self._trials != 1)
        before = self._total - self._trials
        return f"study {self._study!r}: {trials} to train" + (
            f", {before} of {self._total} finished before" if before else ""
        )

    def _texts(self, now, last=False):
        """The line, and shorter ones for where it does not fit."""
        before = self._total - self._trials
        passed = in_words(now - self._start)
        left = self._estimate.left(now, partial=self._count == 0)
        trials = f"{before + self._count}/{self._total} trials"
        said = [
            passed if last or left is None or self._count == self._trials else f"{in_words(left)} left",
            self._phase,
            str(self._best),
        ]
        rest = " · ".join(part for part in said if part)
        name = f"study {self._study!r}: "
        full = f"{name}{trials} ({before} from before) · {rest}" if before else f"{name}{trials} · {rest}"
        return full, f"{name}{trials} · {rest}", f"{trials} · {rest}"


def _whoever_reads():
    """For writing to what may be closed or gone: the training goes on."""
    return contextlib.suppress(OSError, ValueError)
