"""The audit during `fit`."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import keras
import numpy as np

from keras_regkit._core.checks import Interval, OneOf, check_arguments
from keras_regkit._core.types import Array, Data
from keras_regkit.diagnosis.audit import origin_of_nan
from keras_regkit.diagnosis.audit._run import run_rules
from keras_regkit.diagnosis.audit.audit import DIFFERENCE, make_case
from keras_regkit.diagnosis.audit.audit_result import Audit
from keras_regkit.diagnosis.audit.cannot_run import CannotRun
from keras_regkit.diagnosis.audit.finding import SEVERITIES
from keras_regkit.diagnosis.audit.rendering import one_line
from keras_regkit.diagnosis.audit.rule import audit_rules
from keras_regkit.diagnosis.audit.rules.training import gain_of

ROWS = 2048  # that are put through the model in the search for what is not finite
_BEFORE, _AFTER = "before training", "after training"


class Auditor(keras.callbacks.Callback):
    """Audits the model before, during and after `fit`, and says nothing unless something is found.

    Before the first step it does what `audit` does. At the end of an epoch it looks for dead units, for weights that
    have exploded, and for a loss that is no number. At the end it audits again what only shows after training: stale
    statistics, curves, callbacks. Each finding is told once.

    A loss that is NaN comes with the place where it began, if `train` is given. From a model whose weights are NaN
    throughout it cannot be told, so a copy of the last good state is kept (the size of the model and its optimizer).
    Training rows are put through that state, and at the end of `fit` training is replayed from it for up to 200
    steps, until a layer's output, a gradient or the loss is not finite; then the model is put back.

    Args:
        train, validation, test: Data, as for `audit`. `None` for none: rules that need them are skipped.
        callbacks: The list that `fit` gets, which a callback cannot see. Defaults to `None`.
        fit_args: Dict of other arguments of `fit`; epochs and steps are known without it. Defaults to `None`.
        groups, difference: The group of each row, and the difference that the validation rows are to tell, as for
            `audit`. Default to `None`.
        every: Epochs from one look to the next, at least 1: a look puts 256 rows through the model twice. A loss that
            is not finite is always seen. Defaults to 1.
        growth: By how many times a kernel's size may grow from where it began, at least 1. Defaults to 100.
        stop_on: `"error"` or `"warning"`: training stops at the next batch or epoch when there is one, or something
            worse. Defaults to `None`: it goes on.
        report: The least severity that is printed: `"error"`, `"warning"` or `"note"`. All are kept in `audit`.
            Defaults to `"warning"`.
        disable: Rules or families that are not to run, as for `audit`.
        verbose: 0 prints nothing, 1 what is found. Defaults to 1.

    Attributes:
        audit: The `Audit` of all that was found so far; also found as `audit` on the `History` that `fit` returns.
        found_at: `{(id, where): epoch}` of each finding; -1 before training, `None` after it.
        stopped_epoch: Epoch in which a finding stopped training, -1 before the first; `None` if none did.

    Raises:
        TypeError, ValueError: an argument is of the wrong kind or out of range.

    Example:

    >>> x, y = np.ones((8, 2)), np.full((8, 1), 1e30, "float32")
    >>> model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1, name="out")])
    >>> model.compile(keras.optimizers.SGD(1e10), "mse")
    >>> auditor = Auditor(train=(x, y), stop_on="error", disable="data", verbose=0)
    >>> history = model.fit(x, y, epochs=5, verbose=0, callbacks=[auditor])
    >>> [finding.id for finding in auditor.audit.errors], len(history.epoch)
    (['RK703'], 1)
    """

    RANGES = {  # noqa: RUF012
        "every": Interval(1, integer=True),
        "growth": Interval(1),
        "stop_on": OneOf(None, "error", "warning"),
        "report": OneOf(*SEVERITIES),
        "verbose": OneOf(0, 1),
        "difference": DIFFERENCE,
    }

    def __init__(
        self,
        train: Data | None = None,
        validation: Data | None = None,
        test: Data | None = None,
        *,
        callbacks: Sequence[keras.callbacks.Callback] | None = None,
        fit_args: Mapping[str, Any] | None = None,
        groups: Mapping[str, Array] | None = None,
        difference: float | None = None,
        every: int = 1,
        growth: float = 100.0,
        stop_on: str | None = None,
        report: str = "warning",
        disable: str | Collection[str] = (),
        verbose: int = 1,
    ):
        super().__init__()
        checked = {"every": every, "growth": growth, "stop_on": stop_on, "report": report, "verbose": verbose}
        check_arguments(self.RANGES, **checked, difference=difference)
        self.every = every
        self.growth = growth
        self.stop_on = stop_on
        self.report = report
        self.disable = disable
        self.verbose = verbose
        self._given = {
            "train": train, "validation": validation, "test": test, "callbacks": callbacks, "fit_args": fit_args,
            "groups": groups, "difference": difference,
        }  # fmt: skip
        self._reset()

    def on_train_begin(self, logs=None):
        self._reset()
        if self.model.built:
            self._begin()

    def on_epoch_end(self, epoch, logs=None):
        if not self._begun:
            self._begin()
        # A metric may be NaN by right, as F1 where there is no positive row.
        losses = {name: value for name, value in (logs or {}).items() if name.endswith("loss") and _is_number(value)}
        lost = [name for name, value in losses.items() if not np.isfinite(value)]
        if not lost and (epoch + 1) % self.every:
            return
        if lost and self._lost_at is None:
            self._lost_at = epoch
            self._tell(self._origin(epoch, lost[0]), epoch)
        elif not lost:
            rules = [rule for rule in audit_rules() if rule.family == "training"]
            self._case = self._case.renewed()
            found = run_rules(self._case, self._disabled(rules), rules)
            self._tell([*found.findings, *self._grown()], epoch)
            if any(finding.id == "RK703" for finding in found.findings):
                self._lost_at = epoch  # a ReLU may make zeros of NaN, so that the loss looks well
            elif self._lost_at is None:
                self._keep_state()

    def on_train_end(self, logs=None):
        if not self._begun and self.model.built:
            self._begin()
        if not self._begun:
            return
        if self._lost_at is not None:
            self._tell(self._replayed(), None)
        # What was looked at before, and training does not change, is not looked at twice.
        history = getattr(self.model, "history", None)
        history = history if getattr(history, "history", None) else None
        self._case = self._case.renewed(history=history)
        rules = [rule for rule in audit_rules() if rule.family not in ("data", "labels")]
        if self._lost_at is not None:
            rules = [rule for rule in rules if rule.family not in ("training", "normalization")]
        found = run_rules(self._case, self._disabled(rules), rules)
        self._checked |= set(found.checked)
        self._skipped |= found.skipped
        self._tell(found.findings, None)
        self._state = None
        if isinstance(getattr(self.model, "history", None), keras.callbacks.History):
            self.model.history.audit = self.audit

    def _reset(self):
        self._findings, self.found_at = {}, {}
        self._checked, self._skipped, self._switched_off, self._notes = set(), {}, (), ()
        self._begun, self._lost_at, self._state = False, None, None
        self._gains = {}
        self.stopped_epoch = None

    @property
    def audit(self):
        order = sorted(self._findings.values(), key=lambda finding: SEVERITIES.index(finding.severity))
        skipped = {id: reason for id, reason in self._skipped.items() if id not in self._checked}
        return Audit(tuple(order), tuple(sorted(self._checked)), skipped, self._switched_off, self._notes)

    def _begin(self):
        self._begun = True
        params = self.params or {}
        known = {"epochs": params.get("epochs"), "steps_per_epoch": params.get("steps")}
        known = {name: value for name, value in known.items() if value is not None}
        given = {**self._given, "fit_args": {**known, **(self._given["fit_args"] or {})}}
        self._case = make_case(self.model, **given)
        found = run_rules(self._case, self.disable)
        self._checked, self._skipped = set(found.checked), dict(found.skipped)
        self._switched_off, self._notes = found.disabled, found.notes
        self._gains = {weight.path: gain_of(weight) for weight in self._case.weights}
        self._tell(found.findings, -1)
        self._keep_state()

    def _disabled(self, rules):
        return [rule.id for rule in rules if rule.id in self._switched_off]

    def _keep_state(self):
        optimizer = getattr(self.model, "optimizer", None)
        if self._given["train"] is not None and optimizer is not None:
            self._state = origin_of_nan.state_of(self.model)

    def _batches(self):
        return self._case.sample("train").shuffled_batches(self._case.batch_size, ROWS)

    def _origin(self, epoch, name):
        """Findings about a loss that has just become non-finite."""
        where, evidence = name, {"what": "the loss"}
        if self._state is not None:
            try:
                where, evidence = origin_of_nan.look_through(self.model, self._state, self._batches()) or (
                    where,
                    evidence,
                )
            except CannotRun as reason:
                evidence = {**evidence, "not looked through, since": str(reason)}
        hint = "" if self._given["train"] is not None else " Auditor(train=...) names the layer."
        return [self._not_finite(where, {**evidence, "epoch": epoch}, hint)]

    def _replayed(self):
        """Findings of a replay, where looking through the rows had found nothing."""
        lost = [finding.evidence.get("what") for finding in self._findings.values() if finding.id == "RK703"]
        if self._state is None or not set(lost) <= {"the loss", "a weight"}:
            return []
        try:
            found = origin_of_nan.replay(self.model, self._state, self._batches())
        except Exception:  # a step outside fit is more than some models can take
            return []
        return [] if found is None else [self._not_finite(*found, "")]

    def _not_finite(self, where, evidence, hint):
        rule = next(rule for rule in audit_rules() if rule.id == "RK703")
        advice = "Look at the inputs, then the learning rate and clipnorm; compute losses from logits." + hint
        return self._case.for_rule(rule).finding(where=where, evidence=evidence, advice=advice)

    def _grown(self):
        rule = next(rule for rule in audit_rules() if rule.id == "RK702")
        if rule.id in self._switched_off:
            return
        for weight in self._case.weights:
            before, now = self._gains.get(weight.path), gain_of(weight)
            if before and now and np.isfinite(now) and now > self.growth * before:
                yield self._case.for_rule(rule).finding(
                    where=weight.path,
                    evidence={"gain": now, "gain before training": before, "times": now / before},
                    advice="Clip gradients (clipnorm), lower the learning rate, or bound the kernel.",
                )

    def _tell(self, findings, epoch):
        """Keeps findings that are new; prints them, and stops training, if they are severe enough."""
        when = {None: _AFTER, -1: _BEFORE}.get(epoch, f"epoch {epoch}")
        fresh = {}
        for finding in findings:
            key = (finding.id, finding.where)
            if key not in self._findings and key not in fresh:
                fresh[key] = finding
        self._findings |= fresh
        self.found_at |= dict.fromkeys(fresh, epoch)
        for finding in fresh.values():
            if self.verbose and _as_bad_as(finding, self.report):
                print(f"Auditor, {when}: {one_line(finding)}")
        bad = [finding for finding in fresh.values() if self.stop_on and _as_bad_as(finding, self.stop_on)]
        if bad and epoch is not None and self.stopped_epoch is None:
            self.stopped_epoch = epoch
            self.model.stop_training = True
            if self.verbose:
                print(f"Auditor, {when}: training stops ({', '.join(sorted({finding.id for finding in bad}))})")


def _as_bad_as(finding, severity):
    return SEVERITIES.index(finding.severity) <= SEVERITIES.index(severity)


def _is_number(value):
    return isinstance(value, (int, float, np.number))
