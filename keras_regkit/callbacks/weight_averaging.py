"""Averages of the weights over training, in the model whenever anyone looks."""

import os
import warnings

import keras

from keras_regkit._core.batch_moments import statistics_of
from keras_regkit._core.checks import Interval, OneOf, check_arguments, did_you_mean
from keras_regkit._core.directions import direction_of
from keras_regkit._core.types import Data, PathLike
from keras_regkit._core.warnings import NoEffectWarning
from keras_regkit.callbacks import _averaging_checks, _interrupt
from keras_regkit.callbacks._average_backup import AverageBackup, fits
from keras_regkit.callbacks._averages import ema_share, mean_share
from keras_regkit.callbacks._batch_statistics import BatchStatistics, trained_norms
from keras_regkit.callbacks._logged import scalar
from keras_regkit.callbacks._members import Members
from keras_regkit.callbacks._running_average import RunningAverage
from keras_regkit.callbacks._surroundings import list_that_calls


class WeightAveraging(keras.callbacks.Callback):
    """Averages the weights over training, evaluates the average at the end of each epoch, and leaves it in the model.

    When to use it: nearly always with a constant or cyclic learning rate, where it does what decaying the rate does,
    and often more; it costs no extra training. `"ema"` needs the least thought. `"swa"` goes with a high constant rate
    in the last quarter of training (set it with `keras.callbacks.LearningRateScheduler`). `"top-k"` and
    `"greedy soup"` choose epochs by validation.

    With w_t the weights after step or epoch t, θ the average:

        "ema"          θ ← θ + s_t (w_t − θ),  s_t = 1 − min(decay, (1 + t) / (10 + t)),  t = 0, 1, ... updates before
        "swa"          θ = 1/n Σ w_t, of the ends of the epochs from `start_from_epoch` on
        "top-k"        θ = 1/k Σ w_t, of the k epochs with the best `monitor`
        "greedy soup"  the same epochs, best first; each joins the mean only if `monitor` does not get worse for it

    Where the averaged weights are: from the end of each epoch's training steps until the next epoch begins, so in
    `fit`'s validation, in `on_epoch_end` of every callback (`EarlyStopping`, `ModelCheckpoint`, `ReduceLROnPlateau`),
    and after `fit`. Training goes on from the weights that it left; the optimizer does not notice. `val_loss` is
    therefore that of the average. To be before the others, the callback moves to the front of the list itself.

    Batch normalization: moving statistics belong to the weights they were measured with. Give `train`, and they are
    estimated anew for the average, exactly, in each epoch. Without it, `"ema"` averages the statistics alike; the other
    kinds raise. Frozen layers stay as they are.

    Memory: `"ema"` and `"swa"` keep one copy of the trainable weights (the average and the weights of training change
    places), in float32 for weights of half precision. `"top-k"` and `"greedy soup"` keep k + 1 copies, on the host.

    Args:
        kind: `"ema"`, `"swa"`, `"top-k"` or `"greedy soup"`. Defaults to `"ema"`.
        decay: Share of the old average in the new one, in [0, 1), for `"ema"`; it looks back over about
            1 / (1 − decay) updates. Defaults to 0.999.
        warm_up: Whether `"ema"` forgets faster while it is young, as in the equation. Otherwise the weights it starts
            from keep a share of decay^t. Defaults to True.
        update_every: Training steps between updates, at least 1, for `"ema"` and `"swa"`. Defaults to None: every step
            for `"ema"`, the end of every epoch for `"swa"`.
        start_from_epoch: First epoch that is averaged, counted from 0. Defaults to 0.
        k: How many epochs `"top-k"` and `"greedy soup"` choose from, at least 1. Defaults to 5.
        monitor: For `"top-k"` and `"greedy soup"`, what epochs are compared by: a quantity that `fit` measures on its
            validation data, so a name with `val_`, or `"val_data_loss"` of a `GapMonitor` with validation data, which
            must be among the callbacks. Each epoch's own weights are then validated too, quietly, and the soup's
            candidates. Defaults to `"val_loss"`.
        mode: `"min"` (lower is better), `"max"`, or `"auto"`, which knows the common names. Defaults to `"auto"`.
        train: Training data for batch normalization: inputs or `(x, y)`, arrays or a dataset. Defaults to None.
        batches: How many batches of `train` are used, at least 1. Defaults to None: all.
        batch_size: Rows per batch of `train`, for arrays. As in training is best. Defaults to 256.
        backup_dir: Folder for what is needed to resume after a kill. Defaults to None: that of
            `keras.callbacks.BackupAndRestore`, if it is among the callbacks. Emptied when training ends by itself.

    Attributes:
        updates: How many weights have gone into the average: updates, or epochs.
        members: For `"top-k"` and `"greedy soup"`, the epochs in the average, best first.
        scores: For these, dict from epoch to `monitor` of its own weights, for the epochs held.

    The first Ctrl-C ends training at the next batch with the average in the model, and raises `KeyboardInterrupt`.
    After any other exception, `put_average` brings the average into the model. A second `fit` starts from the weights
    in the model, with a new average.

    Raises:
        ValueError: for arguments out of range; when training begins, for an optimizer that averages by itself
            (`use_ema`), a `start_from_epoch` that `fit` does not reach, batch normalization without `train` (except
            for `"ema"`), a second WeightAveraging, a `"val_data_loss"` that no GapMonitor measures; for a `monitor`
            that is not measured.

    A `NoEffectWarning` says when training ended before anything was averaged; the model then keeps its last weights.

    Reference:
        Izmailov et al. 2018, "Averaging Weights Leads to Wider Optima and Better Generalization", algorithm 1 (SWA);
        Wortsman et al. 2022, "Model soups", recipe 1 (greedy soup); Polyak and Juditsky 1992 (averaging).

    Example:

    >>> model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1, kernel_initializer="zeros")])
    >>> model.compile(keras.optimizers.SGD(1.0), lambda y, p: p[:, 0], metrics=[])  # each step: weight − 1
    >>> averaging = WeightAveraging("swa")
    >>> history = model.fit(np.ones((2, 1)), np.ones(2), epochs=3, callbacks=[averaging], verbose=0)
    >>> float(model.get_weights()[0][0, 0]), averaging.updates  # (−1 − 2 − 3) / 3
    (-2.0, 3)
    """

    RANGES = {  # noqa: RUF012
        "kind": OneOf("ema", "swa", "top-k", "greedy soup"),
        "decay": Interval(0, 1, closed="left"),
        "warm_up": OneOf(True, False),
        "update_every": Interval(1, closed="left", integer=True, optional=True),
        "start_from_epoch": Interval(0, closed="left", integer=True),
        "k": Interval(1, closed="left", integer=True),
        "mode": OneOf("auto", "min", "max"),
        "batches": Interval(1, closed="left", integer=True, optional=True),
        "batch_size": Interval(1, closed="left", integer=True),
    }

    def __init__(
        self,
        kind: str = "ema",
        *,
        decay: float = 0.999,
        warm_up: bool = True,
        update_every: int | None = None,
        start_from_epoch: int = 0,
        k: int = 5,
        monitor: str = "val_loss",
        mode: str = "auto",
        train: Data | None = None,
        batches: int | None = None,
        batch_size: int = 256,
        backup_dir: PathLike | None = None,
    ):
        super().__init__()
        self._finalizing = None
        check_arguments(
            self.RANGES,
            kind=kind,
            decay=decay,
            warm_up=warm_up,
            update_every=update_every,
            start_from_epoch=start_from_epoch,
            k=k,
            mode=mode,
            batches=batches,
            batch_size=batch_size,
        )
        self.kind = kind
        self.decay = decay
        self.warm_up = warm_up
        self.update_every = update_every
        self.start_from_epoch = start_from_epoch
        self.k = k
        self.monitor = monitor
        self.mode = mode
        self.train = train
        self.batches = batches
        self.batch_size = batch_size
        self.backup_dir = _path(backup_dir)
        self._chooses = kind in ("top-k", "greedy soup")
        if self._chooses:
            _averaging_checks.check_monitor(monitor)
        self._direction = direction_of(monitor, mode) if self._chooses else None
        # Fails here rather than after the first epoch, should the data be of no use.
        self._statistics = BatchStatistics(train, batches, batch_size)
        self._list = self._average = None
        self._reset()

    @property
    def updates(self):
        return self._updates if self._average is None else self._average.updates

    def put_average(self):
        """Puts the average into the model: by hand, after an exception other than Ctrl-C."""
        if self._average is not None:
            self._enter(collect=False)
            self._finish()

    def set_model(self, model):
        super().set_model(model)
        self._list = list_that_calls(self)
        if self._list is not None:
            # Whoever looks at the weights at the end of an epoch is to see the average.
            self._list.callbacks.remove(self)
            self._list.callbacks.insert(0, self)

    def on_train_begin(self, logs=None):
        if self._average is not None:
            self._finish()  # a fit before this one died
        self._reset()
        _averaging_checks.check_fit(self, [c for c in self._callbacks_of_fit if isinstance(c, WeightAveraging)])
        self._check_batch_norm()
        if self._chooses and self.monitor == "val_data_loss":
            self._gap = _averaging_checks.find_gap_monitor(self._callbacks_of_fit)
        self._backup = self._make_backup()
        self._average = self._make_average()
        if self._chooses:
            self._patch_evaluate()
        _interrupt.watch(self)

    def on_epoch_begin(self, epoch, logs=None):
        # Only now is it known where `fit` starts: BackupAndRestore may have set it.
        if self._epoch is None:
            self._guarded(self._resume, epoch)
        self._epoch, self._collected = epoch, False
        self._leave()
        if epoch >= self.start_from_epoch:
            self._guarded(self._follow)
        if self.interrupted:
            _interrupt.settle(self)

    # The hooks before a batch, not those after it: defining the latter would keep Keras from running callbacks beside
    # the training step, and every step would wait for its numbers. `_model`, because on JAX `model` ends the state's
    # stay within compiled steps.
    def on_train_batch_begin(self, batch, logs=None):
        if self.interrupted:
            _interrupt.settle(self)
        waits = self._waits and self._model.built
        if waits or (self._followed is not None and self._followed is not self._model.optimizer):
            self._guarded(self._follow)

    def on_test_begin(self, logs=None):
        if self._average is not None and not self._chooses:
            self._enter()

    def on_test_batch_begin(self, batch, logs=None):
        if self.interrupted:
            _interrupt.settle(self)

    def on_epoch_end(self, epoch, logs=None):
        if self._gap is not None and not self._collected and self._average.model is not None:
            self._guarded(self._choose, self._gap_logs)  # fit has no validation of its own
        self._enter()
        if self._average.in_model:
            # Fit may end here, and an optimizer such as Lookahead would then put weights of its own in their place.
            self._finalizing = self.model.optimizer
            self._finalizing.finalize_variable_values = lambda variables: None
        if self._backup is not None and self._average.in_model:
            self._save(epoch)

    def on_train_end(self, logs=None):
        _interrupt.unwatch(self)
        self._finish()
        if self.interrupted:
            # Ctrl-C came after the last batch: nothing was cut short, but the press must not be lost.
            raise KeyboardInterrupt
        if self._backup is not None:
            self._backup.clear()
        if self._updates == 0 and self._epoch is not None:
            self._warn_of_no_effect()

    def on_interrupt(self):
        """Called once after Ctrl-C, before `KeyboardInterrupt` is raised."""
        self.put_average()

    def _reset(self):
        self.interrupted = False
        self.members = []
        self.scores = {}
        self._average = self._backup = None
        self._updates = 0
        self._epoch = None
        self._gap = None
        self._collected = False
        self._waits = False
        self._followed = None
        self._statistics.forget()

    @property
    def _callbacks_of_fit(self):
        """The callbacks of the fit, this one among them; none where that cannot be seen."""
        return [] if self._list is None else self._list.callbacks

    def _check_batch_norm(self):
        _averaging_checks.check_batch_norm(self.model, self.kind, self.train)
        self._statistics.check(self.model)

    def _gap_logs(self):
        return {"data_loss": self._gap.measure_validation()}

    def _make_backup(self):
        if self.backup_dir is not None:
            return AverageBackup(self.backup_dir)
        # What it saves are the averaged weights, and training must go on from its own.
        theirs = [c.backup_dir for c in self._callbacks_of_fit if isinstance(c, keras.callbacks.BackupAndRestore)]
        return AverageBackup(theirs[0]) if theirs else None

    def _make_average(self):
        if self._chooses:
            return Members(self.k, self._direction, greedy=self.kind == "greedy soup")
        if self.kind == "swa":
            return RunningAverage(mean_share, self.update_every)
        decay, warm_up = self.decay, self.warm_up
        return RunningAverage(lambda updates: ema_share(updates, decay, warm_up), self.update_every or 1)

    def _averaged(self):
        """Returns the variables to average."""
        variables = [v for v in self.model.trainable_variables if keras.backend.is_float_dtype(v.dtype)]
        if self.train is None:
            variables += [s for layer in trained_norms(self.model).values() for s in statistics_of(layer)]
        return variables

    def _follow(self):
        """Has the coming steps averaged."""
        model = self.model
        self._waits = not model.built
        if self._waits:
            return  # the first batch will build it
        self._check_batch_norm()
        self._average.start(model, self._averaged())
        if not self._chooses:
            self._average.follow_steps()
        self._followed = model.optimizer

    def _enter(self, collect=True):
        """Puts the average into the model, if there is one and it is not there."""
        model, average = self.model, self._average
        if average.in_model or average.model is None:
            return
        if not self._chooses:
            average.rest()
            if average.every is None and collect and not self._collected:
                average.collect()
                self._collected = True
        if average.updates == 0:
            return
        self._statistics.keep(model)
        average.put()
        self._statistics.estimate(model)

    def _leave(self):
        """Puts the weights of training back into the model."""
        self._let_finalize()
        if not self._average.in_model:
            return
        self._average.take()
        self._statistics.bring_back()

    def _finish(self):
        """Leaves the model as it is, and forgets the weights of training."""
        self._let_finalize()
        average, self._average = self._average, None
        if average is None:
            return
        self._updates = average.updates if average.in_model else 0
        self._followed = None
        self._statistics.forget()
        if self._chooses:
            self.members, self.scores = list(average.chosen), dict(average.scores)
            vars(self.model).pop("evaluate", None)
        else:
            average.stop()

    def _let_finalize(self):
        if self._finalizing is not None:
            vars(self._finalizing).pop("finalize_variable_values", None)
            self._finalizing = None

    def _patch_evaluate(self):
        """Has `fit`'s validation compare the epoch's own weights first, and measure the average then."""
        model, original = self.model, self.model.evaluate

        def evaluate(*args, **kwargs):
            given = kwargs.get("callbacks")
            of_this_fit = isinstance(given, keras.callbacks.CallbackList) and any(c is self for c in given.callbacks)
            if of_this_fit and self._average is not None and self._average.model is not None:
                quietly = {**kwargs, "callbacks": None, "verbose": 0}
                self._guarded(self._choose, self._gap_logs if self._gap else lambda: original(*args, **quietly))
            return original(*args, **kwargs)

        model.evaluate = evaluate

    def _choose(self, measure):
        """Takes in the epoch that has just trained; the average is in the model then.

        Args:
            measure: Function that returns the logs of validating the weights in the model.
        """
        model, average = self.model, self._average
        self._collected = True

        def score():
            logs, name = measure(), self.monitor.removeprefix("val_")
            if name not in logs:
                measured = [f"val_{key}" for key in logs]
                raise ValueError(
                    f"`monitor` must be measured in validation: one of {measured}."
                    f"{did_you_mean(self.monitor, measured)} Received: {self.monitor!r}"
                )
            return scalar(self.monitor, logs[name])

        def score_with_statistics():
            self._statistics.estimate(model)
            return score()

        own = score()
        self._statistics.keep(model)
        average.consider(self._epoch, own, score_with_statistics)
        if average.chosen:
            self._statistics.estimate(model)
        self.members, self.scores = list(average.chosen), dict(average.scores)

    def _save(self, epoch):
        average = self._average
        record = {"kind": self.kind, "monitor": self.monitor}
        members = {}
        if self._chooses:
            members = average.weights
            record |= {"scores": [average.scores[e] for e in members], "chosen": list(average.chosen)}
        self._backup.save(epoch, record, [*average.state(), *self._statistics.aside], members)

    def _resume(self, epoch):
        """Goes on from what was stored at the end of the epoch before."""
        stored = self._backup.load(epoch - 1) if self._backup is not None and epoch else None
        if stored is None or not self.model.built:
            return
        record, arrays, members = stored
        average = self._average
        average.start(self.model, self._averaged())
        statistics = self._statistics.variables(self.model)
        shapes = average.shapes() + [tuple(v.shape) for v in statistics]
        if record["kind"] != self.kind or not fits(arrays, shapes):
            raise ValueError(
                f"The folder holds the average of another training: expected kind {self.kind!r} and arrays of shapes "
                f"{shapes}. Use another folder. Received: kind {record['kind']!r} from {str(self._backup.folder)!r}"
            )
        if self._chooses and record["monitor"] != self.monitor:
            raise ValueError(
                f"The folder holds epochs that were chosen by {record['monitor']!r}, which are not to be compared with "
                f"{self.monitor!r}. Use another folder, or that monitor. Received: {str(self._backup.folder)!r}"
            )
        state, values = arrays[: len(arrays) - len(statistics)], arrays[len(arrays) - len(statistics) :]
        if self._chooses:
            scores = dict(zip(members, record["scores"], strict=True))
            average.set_state(state, members, scores, record["chosen"])
        else:
            average.set_state(state)
        for variable, value in zip(statistics, values, strict=True):
            variable.assign(value)

    def _guarded(self, function, *args):
        """Calls a function that may find fault with the fit; Ctrl-C is Python's own again if it does."""
        try:
            function(*args)
        except (ValueError, TypeError):
            _interrupt.unwatch(self)
            self._finish()
            raise

    def _warn_of_no_effect(self):
        if self._chooses:
            hint = "" if self._gap is not None else ". Pass `validation_data` to fit"
            why = f"no epoch had a finite `{self.monitor}`{hint}"
        elif self._epoch < self.start_from_epoch:
            why = f"training ended in epoch {self._epoch}, before start_from_epoch={self.start_from_epoch}"
        else:
            why = f"there were fewer steps than update_every={self.update_every}"
        warnings.warn(
            f"WeightAveraging averaged nothing: {why}. The model keeps its last weights",
            NoEffectWarning,
            stacklevel=2,
        )


def _path(value):
    if value is not None and (not isinstance(value, (str, os.PathLike)) or value == ""):
        raise TypeError(f"`backup_dir` must be a path or None. Received: {value!r} of type {type(value).__name__}")
    return value
