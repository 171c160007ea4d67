"""Early stopping that can say why it stopped and which epoch was kept."""

import os
import warnings
from collections.abc import Mapping, Sequence

import keras
import numpy as np

from keras_regkit._core import files
from keras_regkit._core.checks import Interval, OneOf, check_arguments
from keras_regkit._core.types import PathLike
from keras_regkit._core.warnings import NoEffectWarning
from keras_regkit.callbacks import _interrupt
from keras_regkit.callbacks._backup import Backup
from keras_regkit.callbacks._logged import absence, scalar
from keras_regkit.callbacks._monitors import Progress, make_monitors, monitor_names
from keras_regkit.callbacks._surroundings import averages_weights

_FOLLOWED = ("best_epoch", "best_value", "wait")


class EarlyStopping(keras.callbacks.Callback):
    """Stops training when a monitored quantity no longer improves, and keeps the best weights.

    When to use it: nearly always; it is the cheapest regularizer there is. It takes what Keras' own `EarlyStopping`
    takes, stops at the same epochs, and adds: the reason of the stop and the epoch that was kept, on the callback, in
    the `History` and in a file; several monitors; a target and a limit; a NaN never counts as best; the best weights
    come back after Ctrl-C too, and survive a kill when `backup_dir` is given. With noisy validation, raise `patience`
    before anything else.

    Args:
        monitor: Name of a logged quantity, or a list of names. The best epoch and its weights follow the first. What
            another callback logs (`GapMonitor`) needs that callback listed before this one. Defaults to `"val_loss"`.
        min_delta: Least change that counts as an improvement, in the monitor's unit, at least 0. One number for all
            monitors or a dict by name. Defaults to `0`.
        patience: Epochs without improvement after which training stops, at least 0. Defaults to `5`.
        verbose: 1 prints when training stops and which epoch is restored. Defaults to `0`.
        mode: `"min"` (lower is better), `"max"`, or `"auto"`, which knows the common names and asks about the others.
            One for all monitors or a dict by name. Defaults to `"auto"`.
        baseline: Value to be beaten within `patience` epochs. A number is for the first monitor; a dict is by name.
            Defaults to `None`.
        restore_best_weights: Whether the model ends with the weights of the best epoch, also when the epochs ran out
            or another callback ended training. Defaults to `True`.
        start_from_epoch: Epochs of warm-up, at least 0, in which only a NaN or an infinity stops training. If training
            ends there, the best of the warm-up is restored, with a warning. Defaults to `0`.
        policy: With several monitors, `"any"` stops when one of them has run out of patience, `"all"` when all have.
            Defaults to `"any"`.
        target: Value of the first monitor that is good enough: the first epoch to reach it is the best and the last.
            Defaults to `None`.
        divergence_threshold: Training stops when the first monitor is worse than this. Defaults to `None`.
        check_finite: Whether a NaN or an infinity in any monitor stops training at once. If `False`, such an epoch
            counts as one without improvement. Defaults to `True`.
        record_path: JSON file for the record, rewritten at the end of each epoch. Defaults to `None`.
        backup_dir: Folder for what is needed to resume. Use `keras.callbacks.BackupAndRestore` too (the folder may be
            the same): it restores the model, this callback its own memory. Deleted when training ends by itself, kept
            after an interruption. Defaults to `None`.

    Attributes:
        best_epoch: Epoch of the best value, counted from 0; `None` while there is none.
        best_value: The best value of the first monitor; also as `best`, its name in Keras.
        best_weights: List of arrays, copies; `None` without `restore_best_weights`.
        stopped_epoch: Epoch in which training was stopped; 0, as in Keras, if it was not.
        wait: Epochs since the first monitor improved.
        reason: `"no_improvement"`, `"target_reached"`, `"diverged"` (also an infinity), `"nan"`, `"interrupted"`
            (Ctrl-C), `"completed"` (the epochs ran out or another callback stopped training); `None` until then.
        history: Dict of lists, one entry per epoch: `epoch`, every monitor, `best_epoch`, `best_value`, `wait`.
        record: Plain dict of all this, also found as `early_stopping` on the `History` that `fit` returns. There
            `stopped_epoch` is `None` if training was not stopped, and `weights_epoch` is the epoch whose weights the
            model was left with.

    The first Ctrl-C ends training at the next batch, restores the best weights, writes the record and raises
    `KeyboardInterrupt`; a second one raises at once. This holds for `fit` in the main thread, unless the program
    handles Ctrl-C itself. After any other exception, `restore` brings the best weights back.

    Raises:
        ValueError: for arguments out of range; for a direction that is neither known nor given; after an epoch whose
            logs do not hold a monitor, unless validation did not run; for a `backup_dir` of other monitors or of
            another model.

    Reference: L. Prechelt, "Early Stopping - But When?", Neural Networks: Tricks of the Trade, 1998.

    >>> x, y = np.ones((8, 2)), np.zeros((8, 1))
    >>> model = keras.Sequential([keras.layers.Dense(1, kernel_initializer="zeros")])
    >>> model.compile("sgd", "mse")
    >>> stopping = EarlyStopping(patience=2)
    >>> history = model.fit(x, y, validation_data=(x, y), epochs=9, verbose=0, callbacks=[stopping])
    >>> stopping.best_epoch, stopping.best_value, stopping.stopped_epoch, stopping.reason
    (0, 0.0, 2, 'no_improvement')
    >>> history.early_stopping["weights_epoch"]
    0
    """

    RANGES = {  # noqa: RUF012
        "min_delta": Interval(0, closed="left"),
        "patience": Interval(0, closed="left", integer=True),
        "verbose": OneOf(0, 1),
        "mode": OneOf("auto", "min", "max"),
        "baseline": Interval(optional=True),
        "restore_best_weights": OneOf(True, False),
        "start_from_epoch": Interval(0, closed="left", integer=True),
        "policy": OneOf("any", "all"),
        "target": Interval(optional=True),
        "divergence_threshold": Interval(optional=True),
        "check_finite": OneOf(True, False),
    }

    def __init__(
        self,
        monitor: str | Sequence[str] = "val_loss",
        min_delta: float | Mapping[str, float] = 0,
        patience: int | Mapping[str, int] = 5,
        verbose: int = 0,
        mode: str | Mapping[str, str] = "auto",
        baseline: float | Mapping[str, float] | None = None,
        restore_best_weights: bool = True,
        start_from_epoch: int = 0,
        *,
        policy: str = "any",
        target: float | None = None,
        divergence_threshold: float | None = None,
        check_finite: bool = True,
        record_path: PathLike | None = None,
        backup_dir: PathLike | None = None,
    ):
        super().__init__()
        check_arguments(
            self.RANGES,
            patience=patience,
            verbose=verbose,
            restore_best_weights=restore_best_weights,
            start_from_epoch=start_from_epoch,
            policy=policy,
            target=target,
            divergence_threshold=divergence_threshold,
            check_finite=check_finite,
        )
        self.monitor = monitor
        self.min_delta = min_delta
        self.patience = patience
        self.verbose = verbose
        self.mode = mode
        self.baseline = baseline
        self.restore_best_weights = restore_best_weights
        self.start_from_epoch = start_from_epoch
        self.policy = policy
        self.target = target
        self.divergence_threshold = divergence_threshold
        self.check_finite = check_finite
        self.record_path = _path("record_path", record_path)
        self.backup_dir = _path("backup_dir", backup_dir)
        self._backup = None if backup_dir is None else Backup(backup_dir)
        self._names = monitor_names(monitor)
        self._reset()
        first = self._progress.best
        if None not in (target, divergence_threshold) and not first.improves(target, divergence_threshold):
            raise ValueError(
                f"With mode={first.mode!r}, `target` must be better than `divergence_threshold`. "
                f"Received: target={target}, divergence_threshold={divergence_threshold}"
            )

    @property
    def best_epoch(self):
        return self._progress.best.best_epoch

    @property
    def best_value(self):
        return self._progress.best.best_value

    best = best_value

    @property
    def wait(self):
        return self._progress.best.wait

    def restore(self):
        """Puts the best weights into the model: by hand, after an exception other than Ctrl-C.

        Returns:
            The epoch that the weights come from, or `None` if there are none.
        """
        if self.best_weights is None:
            return None
        self.model.set_weights(self.best_weights)
        return self._progress.held_epoch

    def on_train_begin(self, logs=None):
        self._reset()
        self._stored = self._backup.load(self._names) if self._backup else None
        if self.restore_best_weights and averages_weights(getattr(self.model, "optimizer", None)):
            warnings.warn(
                "The optimizer averages the weights (`use_ema=True`). The weights that EarlyStopping "
                "restores are those at the end of the best epoch, not their average, unless "
                "`keras.callbacks.SwapEMAWeights(swap_on_epoch=True)` is listed before it.",
                stacklevel=2,
            )
        history = getattr(self.model, "history", None)
        if isinstance(history, keras.callbacks.History):
            history.early_stopping = self.record
        _interrupt.watch(self)

    def on_epoch_begin(self, epoch, logs=None):
        # Only now is it known where `fit` starts: BackupAndRestore may be listed after this callback.
        if self._epoch is None:
            self._resume(epoch)
            self._write_record()
        self._epoch = epoch
        if self.interrupted:
            _interrupt.settle(self)

    # The hooks before a batch, not those after it: defining the latter would keep Keras from running callbacks beside
    # the training step, and every step would wait for its numbers.
    def on_train_batch_begin(self, batch, logs=None):
        if self.interrupted:
            _interrupt.settle(self)

    def on_test_batch_begin(self, batch, logs=None):
        if self.interrupted:
            _interrupt.settle(self)

    def on_epoch_end(self, epoch, logs=None):
        self._epoch = epoch
        if self._over:
            # A resumed run that had already ended: Keras gives it one epoch more, which counts for nothing.
            self.model.stop_training = True
            return
        try:
            values = self._values(logs or {})
        except (ValueError, TypeError):
            _interrupt.unwatch(self)
            raise
        self._take_in(epoch, values)
        if self.restore_best_weights and self._progress.held_epoch == epoch:
            # On torch `get_weights` gives views of the living weights, hence the copies.
            self.best_weights = [np.array(w, copy=True) for w in self.model.get_weights()]
        if self._over:
            self.model.stop_training = True
            if self.verbose:
                print(f"Epoch {epoch + 1}: early stopping ({self.reason})")
        if self._backup:
            series = {name: self.history[name] for name in self._names}
            held = self._progress.held_epoch if self.restore_best_weights else None
            self._backup.save(self.history["epoch"], series, held, self.best_weights)
        self._write_record()

    def on_train_end(self, logs=None):
        _interrupt.unwatch(self)
        self._finish(self.reason or "completed")
        if self.interrupted:
            # Ctrl-C came after the last batch: nothing was cut short, but the press must not be lost.
            raise KeyboardInterrupt
        if self._backup:
            self._backup.clear()

    def on_interrupt(self):
        """Called once after Ctrl-C, before `KeyboardInterrupt` is raised."""
        self.stopped_epoch = self._epoch or 0
        self._finish("interrupted")

    def _reset(self):
        self.best_weights = None
        self.stopped_epoch = 0
        self.reason = None
        self.interrupted = False
        self.history = {key: [] for key in ("epoch", *self._names, *_FOLLOWED)}
        self.record = {}
        self._progress = Progress(
            make_monitors(self._names, self.RANGES, self.mode, self.min_delta, self.baseline),
            patience=self.patience,
            policy=self.policy,
            target=self.target,
            divergence_threshold=self.divergence_threshold,
            check_finite=self.check_finite,
            start=self.start_from_epoch,
        )
        self._epoch = None
        self._over = False
        self._warned = False
        self._stored = None

    def _values(self, logs):
        """Returns the monitored values; None for what was not measured in this epoch."""
        for name in self._absent():
            if logs.get(name) is None:
                explanation = absence(name, list(logs), first=not self.history["epoch"])
                if not self._warned:
                    warnings.warn(explanation, stacklevel=2)
                self._warned = True
        return [scalar(name, logs.get(name)) for name in self._names]

    def _absent(self):
        """Returns the monitors that no epoch has shown so far."""
        return [n for n in self._names if all(value is None for value in self.history[n])]

    def _take_in(self, epoch, values):
        """Adds an epoch to the history and comes to a verdict."""
        reason = self._progress.see(epoch, values)
        row = {"epoch": epoch, **dict(zip(self._names, values, strict=True))}
        row |= {key: getattr(self, key) for key in _FOLLOWED}
        for key, value in row.items():
            self.history[key].append(value)
        if reason is not None:
            self._over, self.reason, self.stopped_epoch = True, reason, epoch

    def _resume(self, start):
        """Replays what was stored before epoch `start`."""
        stored, self._stored = self._stored, None
        if stored is None:
            return
        rows = zip(*(stored["values"][name] for name in self._names), strict=True)
        for epoch, values in zip(stored["epoch"], rows, strict=True):
            if epoch < start and not self._over:
                self._take_in(epoch, list(values))
        known = self.history["epoch"]
        if not self._over and known[-1:] != [start - 1]:
            warnings.warn(
                f"`backup_dir` holds epochs {stored['epoch']}, but training starts at epoch {start}, "
                f"so {'none' if not known else 'not all'} of the earlier epochs are remembered. Use "
                "`keras.callbacks.BackupAndRestore` along with it to restore the model.",
                stacklevel=2,
            )
        if self.restore_best_weights and self._progress.held_epoch is not None:
            self._load_weights(self._progress.held_epoch)
        if self._over:
            self.model.stop_training = True

    def _load_weights(self, epoch):
        try:
            self.best_weights = self._backup.weights(epoch, like=self.model)
        except ValueError:
            _interrupt.unwatch(self)
            raise
        if self.best_weights is None:
            warnings.warn(
                f"`backup_dir` no longer holds the weights of the best epoch, {epoch}. The search for "
                "the best starts anew.",
                stacklevel=2,
            )
            self._progress.forget_best()

    def _finish(self, reason):
        """Restores the best weights and completes the record."""
        self.reason = reason
        swallowed = self._progress.fall_back_on_warm_up()
        restored = self.restore()
        if restored is not None and self.verbose:
            print(f"Restoring model weights from the end of the best epoch: {restored + 1}.")
        if restored is None and reason != "interrupted":
            restored = self._epoch
        self._write_record(weights_epoch=restored)
        # Last of all, because a warning may be made an error.
        if swallowed:
            warnings.warn(
                f"Training ended before any epoch after the warm-up could be judged (start_from_epoch="
                f"{self.start_from_epoch}), so the best epoch of the warm-up, {self.best_epoch}, counts as best.",
                stacklevel=2,
            )
        if self.history["epoch"] and reason != "interrupted":
            self._warn_of_no_effect()

    def _warn_of_no_effect(self):
        message = ""
        if absent := self._absent():
            message = f"{absent} never appeared in the logs, so EarlyStopping did not watch it. "
        if self.best_epoch is None:
            message += f"There is no epoch with a finite `{self._names[0]}`, hence no best one"
            message += ": the model keeps its last weights." if self.restore_best_weights else "."
        if message:
            warnings.warn(message, NoEffectWarning, stacklevel=2)

    def _write_record(self, weights_epoch=None):
        stopped = self.reason not in (None, "completed")
        monitors = self._progress.monitors
        self.record.update(
            monitor=list(self._names),
            best_epoch=self.best_epoch,
            best_value=self.best_value,
            stopped_epoch=self.stopped_epoch if stopped else None,
            reason=self.reason,
            weights_epoch=weights_epoch,
            wait=self.wait,
            monitors={m.name: {key: getattr(m, key) for key in ("mode", *_FOLLOWED)} for m in monitors},
            history=self.history,
        )
        if self.record_path is not None:
            files.write_json(self.record_path, self.record)


def _path(argument, value):
    """Returns `value` as given; raises unless it is a path or None."""
    if value is not None and not isinstance(value, (str, os.PathLike)):
        raise TypeError(
            f"`{argument}` must be a path (str or os.PathLike) or None. "
            f"Received: {value!r} of type {type(value).__name__}"
        )
    if value == "":
        raise ValueError(f"`{argument}` must be a path or None. Received an empty string.")
    return value
