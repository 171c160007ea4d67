"""What a rule can ask for."""

import functools

import keras
import numpy as np

from keras_regkit._core.optimizers import without_loss_scale
from keras_regkit._core.paths import layer_paths, weight_paths
from keras_regkit.diagnosis.audit import probes
from keras_regkit.diagnosis.audit.cannot_run import CannotRun
from keras_regkit.diagnosis.audit.finding import Finding
from keras_regkit.diagnosis.audit.rule import NEEDS
from keras_regkit.diagnosis.audit.samples import one_batch, take_sample
from keras_regkit.diagnosis.audit.wiring import read_wiring
from keras_regkit.diagnosis.reading import read_log


class Case:
    """A model, and what else was handed to an audit, read when first asked for and once.

    Whatever cannot be had raises `CannotRun` with the reason. Nothing that is asked for changes the model.

    Args:
        model: A Keras model, built and compiled or not.
        train, validation, test: Data as `fit` takes them, or `None`.
        history: A `History`, a dict of lists, the path of a log, or `None`.
        callbacks: List of callbacks, or `None`.
        fit_args: Dict of other arguments of `fit`, or `None`.
        groups: Dict from splits to one group for each row, or `None`.
        difference: Difference between two models that the validation rows are to tell, or `None`.
    """

    def __init__(
        self,
        model,
        *,
        train=None,
        validation=None,
        test=None,
        history=None,
        callbacks=None,
        fit_args=None,
        groups=None,
        difference=None,
    ):
        self.model = model
        self.data = {"train": train, "validation": validation, "test": test}
        self._history = history
        self._callbacks = callbacks
        self._fit_args = fit_args
        self._groups = groups
        self.difference = difference
        self._rule = None
        self._kept = {}
        self.notes = []

    def renewed(self, history=None):
        """Returns a case of the model as it is now, with the data that were read already.

        Args:
            history: As for the class, of the training since.
        """
        given = {"callbacks": self._callbacks, "fit_args": self._fit_args, "groups": self._groups}
        given["difference"] = self.difference
        case = Case(self.model, **self.data, history=history, **given)
        case._kept = {key: value for key, value in self._kept.items() if key.startswith(("sample", "batch"))}
        case._kept.pop("batch loss", None)
        return case

    # -- for the runner

    def for_rule(self, rule):
        """Makes findings come from `rule`; returns the case."""
        self._rule = rule
        return self

    def expect(self, needs):
        """Raises `CannotRun` for the first of `needs` that is not there."""
        given = {
            "model": True,
            "built": self.built,
            "compiled": self.compiled,
            "history": self._history is not None,
            "callbacks": self._callbacks is not None,
            "fit_args": self._fit_args is not None,
            "groups": self._groups is not None,
            **{name: data is not None for name, data in self.data.items()},
        }
        for need in needs:
            if not given[need]:
                raise CannotRun(NEEDS[need])

    # -- for the rules

    def finding(self, *, where, evidence, advice, severity=None):
        """Returns a `Finding` of the rule that runs.

        Args:
            where: A layer's or weight's path, an argument, or row counts.
            evidence: `{name: number or text}`.
            advice: What to do, a sentence or two.
            severity: Other than the rule's own.
        """
        rule = self._rule
        evidence = {name: _number(value) for name, value in evidence.items()}
        return Finding(rule.id, severity or rule.severity, rule.title, where, evidence, advice, rule.url)

    @property
    def built(self):
        """Whether the model has its weights."""
        return bool(self.model.built)

    @property
    def compiled(self):
        """Whether the model has an optimizer and a loss."""
        return bool(getattr(self.model, "compiled", False)) and getattr(self.model, "optimizer", None) is not None

    @functools.cached_property
    def layers(self):
        """`{path: layer}` for every layer, those of nested models and wrappers included, inputs left out."""
        return layer_paths(self.model)

    @functools.cached_property
    def paths(self):
        """`{id(layer): path}`."""
        return {id(layer): path for path, layer in self.layers.items()}

    @functools.cached_property
    def weights(self):
        """A record with `path`, `layer` and `variable` for each weight."""
        return weight_paths(self.model)

    @functools.cached_property
    def wiring(self):
        """The `Call`s of a Sequential or Functional model, in order."""
        return self.keep("wiring", lambda: read_wiring(self.model))

    @property
    def optimizer(self):
        """The optimizer that takes the steps, without loss scaling."""
        self.expect(("compiled",))
        return without_loss_scale(self.model.optimizer)

    @property
    def losses(self):
        """`{output name or None: loss}` as given to compile; strings are made `keras.losses` objects or functions."""
        self.expect(("compiled",))
        given = self.model.loss
        if given is None:
            return {}
        if isinstance(given, dict):
            named = given
        elif isinstance(given, (list, tuple)):
            names = getattr(self.model, "output_names", None) or range(len(given))
            named = dict(zip(names, given, strict=False))
        else:
            named = {None: given}
        return {
            name: keras.losses.get(loss) if isinstance(loss, str) else loss
            for name, loss in named.items()
            if loss is not None
        }

    @property
    def callbacks(self):
        """The callbacks, a list."""
        self.expect(("callbacks",))
        given = self._callbacks
        if isinstance(given, keras.callbacks.CallbackList):
            given = given.callbacks
        return list(given) if isinstance(given, (list, tuple)) else [given]

    @property
    def has_history(self):
        """Whether a history was given."""
        return self._history is not None

    @property
    def has_fit_args(self):
        """Whether arguments of `fit` were given."""
        return self._fit_args is not None

    @property
    def has_callbacks(self):
        """Whether callbacks were given."""
        return self._callbacks is not None

    @property
    def fit_args(self):
        """The other arguments of `fit`, a dict; empty if none were given."""
        return dict(self._fit_args or {})

    @property
    def groups(self):
        """`{split: one group for each row}`; empty if none were given."""
        return dict(self._groups or {})

    @property
    def history(self):
        """`{name: array of one value for each epoch}`, in which NaN and infinities stay.

        A curve that cannot be read is left out.
        """
        self.expect(("history",))
        return self.keep("history", lambda: _curves(self._history))

    @property
    def batch_size(self):
        """Rows of a batch: of the dataset, or the argument of fit, or its default of 32."""
        data = self.data["train"]
        if data is not None and not isinstance(data, tuple):
            return probes.rows_of(self.batch)
        return int(self.fit_args.get("batch_size") or 32)

    @property
    def steps_per_epoch(self):
        """Steps of an epoch; `None` where it cannot be known."""
        steps = self.fit_args.get("steps_per_epoch")
        if steps is None and self.data["train"] is not None:
            steps = probes.batches_in(self.data["train"], self.batch_size, self.fit_args.get("validation_split"))
        return None if steps is None else int(steps)

    @property
    def epochs(self):
        """Epochs that fit was, or is to be, asked for; `None` where it is not known."""
        epochs = self.fit_args.get("epochs")
        return None if epochs is None else int(epochs)

    def sample(self, name):
        """Returns a `Sample` of `"train"`, `"validation"` or `"test"`: all rows, or as many as can be looked at."""
        self.expect((name,))
        return self.keep(f"sample of {name}", lambda: self._sample(name))

    @property
    def batch(self):
        """The first batch of the training data, `(x, y, weight)` of NumPy arrays."""
        self.expect(("train",))
        size = int(self.fit_args.get("batch_size") or 32)
        return self.keep("batch", lambda: one_batch(self.data["train"], size, "train"))

    @property
    def predictions(self):
        """Outputs for `batch`: `.inference` and `.again` without, `.training` with `training=True`; NumPy arrays."""
        self.expect(("built", "train"))
        return self.keep("predictions", lambda: probes.predict(self.model, self.batch[0]))

    @property
    def batch_loss(self):
        """`(data loss, penalty, penalty of weights)` of `batch`, in inference mode."""
        self.expect(("built", "compiled", "train"))
        return self.keep("batch loss", lambda: probes.losses_of(self.model, self.batch))

    def _sample(self, name):
        sample = take_sample(self.data[name], name)
        if not sample.whole:
            total = "more" if sample.total is None else f"{sample.total:,}"
            how = "drawn at random" if sample.as_arrays else "the first ones"
            self.notes.append(f"`{name}`: {len(sample.rows):,} rows of {total} were looked at, {how}.")
        return sample

    def keep(self, key, make):
        """Returns what `make()` returned, or raises the `CannotRun` that it raised, the first time.

        For what several rules ask for.
        """
        if key not in self._kept:
            try:
                self._kept[key] = make(), None
            except CannotRun as error:
                self._kept[key] = None, str(error)
        value, reason = self._kept[key]
        if reason is not None:
            raise CannotRun(reason)
        return value


def _curves(history):
    try:
        log = read_log(history)
    except ValueError as error:
        raise CannotRun(str(error)) from error
    curves = {name: column[1] for name, column in log.columns.items() if not isinstance(column, str)}
    if not any(map(len, curves.values())):
        raise CannotRun("the history holds no values")
    return curves


def _number(value):
    """NumPy's numbers as Python's; what holds several as a tuple."""
    if isinstance(value, np.ndarray):
        value = value.tolist()
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, (list, tuple)):
        return tuple(map(_number, value))
    return value
