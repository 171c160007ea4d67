"""One training that passes through several minima, and keeps them all."""

import os

import keras
from keras import ops

from keras_regkit._core.after_step import AfterStep, step_variable
from keras_regkit._core.backend import to_numpy
from keras_regkit._core.checks import Interval, check_arguments
from keras_regkit._core.types import PathLike
from keras_regkit.callbacks._cycles import cyclic_rate
from keras_regkit.callbacks._snapshots import Snapshots
from keras_regkit.callbacks._surroundings import list_that_calls
from keras_regkit.callbacks.ensemble_model import EnsembleModel


class SnapshotEnsemble(keras.callbacks.Callback):
    """Lets the learning rate fall to zero again and again, and keeps the weights of each time.

    When to use it: for a few points more, where M predictions per row are affordable and M trainings are not. Each
    cycle needs enough epochs to converge anew; with few epochs, few cycles.

    With T steps in each of M cycles, the rate t steps into a cycle is

        α(t) = α₀/2 (cos(π t / T) + 1)

    It is set at each step, within the compiled step. Where the number of steps in an epoch is not known beforehand
    (a dataset of unknown length), it is set once per epoch instead.

    Args:
        cycles: Number M of cycles, at least 1. `fit`'s `epochs` must be a multiple of it.
        learning_rate: Rate α₀ that each cycle starts with, positive; commonly 2 to 10 times the usual one. Defaults to
            None: that of the optimizer, which gets it back when training ends.
        folder: Folder for the snapshots, one file each, written when a cycle ends. Defaults to None: in memory.

    Attributes:
        members: Numbers of the cycles that snapshots were taken of.

    After a kill, `initial_epoch=snapshots.resume(model)` goes on from the last snapshot in `folder`, with a cycle begun
    anew; `keras.callbacks.BackupAndRestore` goes on from the last epoch, and the snapshots in `folder` count.

    Raises:
        ValueError: for arguments out of range; when training begins, for epochs that are no multiple of `cycles`, an
            optimizer that follows a schedule, another callback that sets the rate, a `folder` with snapshots of
            another training.

    Reference:
        Huang et al. 2017, "Snapshot Ensembles: Train 1, get M for free", equation 2.

    Example:

    >>> model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    >>> model.compile(keras.optimizers.SGD(0.1), "mse")
    >>> snapshots = SnapshotEnsemble(cycles=2)
    >>> x = np.ones((8, 2))
    >>> history = model.fit(x, x[:, :1], epochs=4, callbacks=[snapshots], verbose=0)
    >>> ensemble = snapshots.ensemble()
    >>> ensemble.members, ensemble.predict(x, verbose=0).shape, ensemble.predict_members(x).shape
    (2, (8, 1), (2, 8, 1))
    """

    RANGES = {  # noqa: RUF012
        "cycles": Interval(1, closed="left", integer=True),
        "learning_rate": Interval(0, closed="neither", optional=True),
    }

    def __init__(self, cycles: int, learning_rate: float | None = None, folder: PathLike | None = None):
        super().__init__()
        check_arguments(self.RANGES, cycles=cycles, learning_rate=learning_rate)
        if folder is not None and (not isinstance(folder, (str, os.PathLike)) or folder == ""):
            raise TypeError(f"`folder` must be a path or None. Received: {folder!r} of type {type(folder).__name__}")
        self.cycles = cycles
        self.learning_rate = learning_rate
        self.folder = folder
        self._snapshots = Snapshots(folder)
        self._hook = self._counter = self._own_rate = self._rate = self._list = None
        self._epochs_per_cycle = self._steps = None
        self._started = False

    @property
    def members(self):
        return self._snapshots.numbers()

    def ensemble(self, model=None, last=None):
        """Returns an `EnsembleModel` of the snapshots. Of a classifier it averages probabilities, also for logits.

        Args:
            model: The built model that the snapshots are of. Defaults to None: the one that was trained.
            last: How many snapshots, the last ones, at least 1. Defaults to None: all.

        Raises:
            ValueError: there are no snapshots, or fewer than `last`.
        """
        check_arguments({"last": Interval(1, closed="left", integer=True, optional=True)}, last=last)
        numbers = self.members if last is None else self.members[-last:]
        if not numbers or (last is not None and len(numbers) < last):
            raise ValueError(
                f"There must be {last or 'some'} snapshots: one is taken when a cycle ends. Received: {len(numbers)}"
            )
        model = self.model if model is None else model
        if model is None:
            raise ValueError("`model` must be given, since this callback has seen no fit. Received: None")
        ensemble = EnsembleModel(model, len(numbers))
        for index, number in enumerate(numbers):
            ensemble.set_member(index, self._snapshots.read(number))
        return ensemble

    def resume(self, model):
        """Puts the last snapshot into `model`, and returns the epoch that `fit` shall start with (0 without any)."""
        numbers, record = self.members, self._snapshots.record()
        if not numbers or record is None:
            return 0
        model.set_weights(self._snapshots.read(numbers[-1]))
        return len(numbers) * record["epochs_per_cycle"]

    def set_model(self, model):
        super().set_model(model)
        self._list = list_that_calls(self)
        # Now rather than when training begins: BackupAndRestore may bring back a rate from within a cycle.
        if not self._started:
            self._own_rate = _rate_of(getattr(model, "optimizer", None))

    def on_train_begin(self, logs=None):
        self._remove_hook()  # a fit before this one may have died
        self._check_fit()
        epochs, steps = self.params["epochs"], self.params.get("steps")
        self._epochs_per_cycle, self._steps = epochs // self.cycles, steps
        self._rate = self._own_rate if self.learning_rate is None else self.learning_rate
        self._started = False

    def on_epoch_begin(self, epoch, logs=None):
        done, within = divmod(epoch, self._epochs_per_cycle)
        if not self._started:
            self._snapshots.begin(done, {"cycles": self.cycles, "epochs_per_cycle": self._epochs_per_cycle})
            self._started = True
        model = self.model
        model.optimizer.learning_rate = cyclic_rate(self._rate, within, self._epochs_per_cycle)
        if self._steps:
            self._count_from(model, within * self._steps)

    def on_train_batch_begin(self, batch, logs=None):
        # `_model`, because on JAX `model` ends the state's stay within compiled steps.
        if self._hook is not None and self._hook.optimizer is not self._model.optimizer:
            self._hook.renew()

    def on_epoch_end(self, epoch, logs=None):
        model = self.model
        if self._hook is not None:
            self._hook.take_back()
        done, within = divmod(epoch + 1, self._epochs_per_cycle)
        if within == 0:
            self._snapshots.add(done - 1, model.get_weights())

    def on_train_end(self, logs=None):
        model = self.model
        self._remove_hook()
        self._started = False
        model.optimizer.learning_rate = self._own_rate

    def _remove_hook(self):
        if self._hook is not None:
            self._hook.remove()
        self._hook = self._counter = None

    def _count_from(self, model, position):
        """Has each step of this epoch set the next one's rate."""
        if self._hook is not None:
            self._counter.assign(position)
            self._hook.lend()
            return
        self._counter = counter = step_variable(model, float(position), "float32")
        rate, length = self._rate, self._steps * self._epochs_per_cycle

        def set_next_rate(stepped):
            # By batches and not by the optimizer's steps: a cycle must end where its epoch does.
            position = ops.add(counter, 1.0)
            counter.assign(position)
            model.optimizer.learning_rate.assign(cyclic_rate(rate, position, length, cos=ops.cos))

        self._hook = AfterStep(model, [counter], set_next_rate)
        self._hook.install()

    def _check_fit(self):
        if self._own_rate is None:
            raise ValueError(
                "SnapshotEnsemble sets the learning rate, and needs a model compiled with an optimizer that has one "
                "number for it. Use a constant `learning_rate` in the optimizer, without a schedule; MultiOptimizer "
                "has none of its own"
            )
        epochs = self.params["epochs"]
        if epochs % self.cycles:
            raise ValueError(
                f"`epochs` of fit must be a multiple of `cycles`, {self.cycles}, so that all cycles are equally long. "
                f"Received: {epochs}"
            )
        callbacks = [] if self._list is None else self._list.callbacks
        rivals = (keras.callbacks.ReduceLROnPlateau, keras.callbacks.LearningRateScheduler, SnapshotEnsemble)
        found = [type(c).__name__ for c in callbacks if isinstance(c, rivals) and c is not self]
        if found:
            raise ValueError(f"SnapshotEnsemble sets the learning rate; so does another callback. Leave out: {found}")


def _rate_of(optimizer):
    """Returns the learning rate, if it is a number."""
    try:
        rate = optimizer.learning_rate
    except AttributeError:
        return None
    return float(to_numpy(rate)) if isinstance(rate, keras.Variable) else None
