"""The front door of the room."""

import contextlib
import os
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import keras
import numpy as np

from keras_regkit._core.checks import Interval
from keras_regkit._core.data import count_rows
from keras_regkit._core.types import Array, Data, HistoryLike
from keras_regkit._core.where import expect_model
from keras_regkit.diagnosis.audit._run import run_rules
from keras_regkit.diagnosis.audit.audit_result import Audit
from keras_regkit.diagnosis.audit.case import Case
from keras_regkit.diagnosis.audit.rows import SPLITS
from keras_regkit.diagnosis.reading import read_log

DIFFERENCE = Interval(0, 1, closed="right", optional=True)


def audit(
    model: keras.Model,
    *,
    train: Data | None = None,
    validation: Data | None = None,
    test: Data | None = None,
    history: HistoryLike | None = None,
    callbacks: Sequence[keras.callbacks.Callback] | None = None,
    fit_args: Mapping[str, Any] | None = None,
    groups: Mapping[str, Array] | None = None,
    difference: float | None = None,
    disable: str | Iterable[str] = (),
) -> Audit:
    """Looks for mistakes that raise no error: a penalty that does nothing, statistics that are stale, rows that leak.

    Use it before a long training, with what `fit` is about to get, and after one that disappoints. With the model alone
    it looks at how it is put together; with `train` it also runs one batch; with data at the rows. What could not be
    looked at is listed with the reason, so that a clean audit says what it has checked. Nothing is changed: no weight,
    no statistic, no seed.

    Args:
        model: A `keras.Model` of any kind; unbuilt and uncompiled ones are looked at as far as they go.
        train, validation, test: Data as `fit` takes them: `(x, y)` or `(x, y, sample_weight)` arrays, or a dataset of
            batches that can be read again. Of more than 10,000 rows a sample is looked at, and the audit says so.
        history: What `fit` returned, a dict of lists, or the path of a log, as `diagnose` reads them.
        callbacks: The list that `fit` gets.
        fit_args: Dict of the other arguments of `fit`, such as `{"epochs": 50, "validation_split": 0.2}`.
        groups: Dict from `"train"`, `"validation"`, `"test"` to one group for each row (a patient, a customer, a
            video), whose rows should be in one split.
        difference: The difference between two models that is claimed, or that the validation rows are to tell, in
            (0, 1]: of accuracies (0.01 is a point), or as a share of the squared error. Defaults to None: not said.
        disable: Rules that are not to run, by id (`"RK105"`) or family (`"data"`); a string or several.

    Returns:
        An `Audit`. `print` it, or read its `findings`; `exit_status` is 1 if there is an error among them.

    Raises:
        TypeError: an argument is of the wrong kind.
        ValueError: `disable` names no rule, `groups` no split, or not as many groups as there are rows; `difference`
            is not in (0, 1].
        FileNotFoundError: there is no such log file.

    Example:

    >>> import keras
    >>> import keras_regkit as rk
    >>> model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(4, name="hidden"), keras.layers.Dense(1)])
    >>> model.get_layer("hidden").kernel_regularizer = keras.regularizers.L2(0.01)  # after the layer was built
    >>> found = rk.audit(model)
    >>> found.findings[0].id, found.findings[0].where, found.exit_status
    ('RK101', 'hidden/kernel', 1)
    """
    case = make_case(
        model,
        train=train,
        validation=validation,
        test=test,
        history=history,
        callbacks=callbacks,
        fit_args=fit_args,
        groups=groups,
        difference=difference,
    )
    return run_rules(case, disable)


def make_case(
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
    """Returns the `Case` of the arguments of `audit`, after looking at their kinds."""
    expect_model(model)
    for name, data in {"train": train, "validation": validation, "test": test}.items():
        _expect_data(name, data)
    if history is not None:
        _expect_history(history)
    if fit_args is not None and not isinstance(fit_args, Mapping):
        raise TypeError(f"`fit_args` must be a dict of arguments of fit. Received: {fit_args!r:.80}")
    _expect_callbacks(callbacks)
    data = {"train": train, "validation": validation, "test": test}
    data = {name: _arrays_as_pair(part) for name, part in data.items()}
    if groups is not None:
        groups = _groups(groups, data)
    DIFFERENCE.check("difference", difference)
    return Case(
        model,
        **data,
        history=history,
        callbacks=callbacks,
        fit_args=fit_args,
        groups=groups,
        difference=difference,
    )


def _groups(groups, data):
    """Returns the groups as arrays, one group for each row of the split that they are of."""
    if not isinstance(groups, Mapping) or not set(groups) <= set(SPLITS):
        raise (ValueError if isinstance(groups, Mapping) else TypeError)(
            f"`groups` must be a dict from some of {list(SPLITS)} to one group for each row. Received: {groups!r:.80}"
        )
    found = {name: np.asarray(group) for name, group in groups.items()}
    for name, group in found.items():
        part = data[name]
        rows = count_rows(part) if isinstance(part, tuple) else None
        if group.ndim != 1 or rows not in (None, len(group)):
            wanted = "one group for each row" if rows is None else f"one group for each of its {rows} rows"
            raise ValueError(f"`groups[{name!r}]` must hold {wanted}. Received: an array of shape {group.shape}")
    return found


def _expect_data(name, data):
    if data is None or (isinstance(data, (Iterable, keras.utils.PyDataset)) and not isinstance(data, (str, bytes))):
        return
    raise TypeError(
        f"`{name}` must be (x, y) arrays, a tf.data.Dataset, a PyDataset or another iterable of batches. "
        f"Received: {data!r:.80} of type {type(data).__name__}"
    )


def _arrays_as_pair(data):
    """An array alone is inputs without targets; a list of two or three arrays is what it looks like."""
    if hasattr(data, "shape"):
        return (data, None)
    if isinstance(data, tuple) and len(data) == 1:
        return (data[0], None)
    if isinstance(data, list) and 2 <= len(data) <= 3 and all(hasattr(part, "shape") for part in data):
        return tuple(data)
    if isinstance(data, tuple):
        return tuple(np.asarray(part) if _is_list_of_numbers(part) else part for part in data)
    return data


def _is_list_of_numbers(part):
    """Whether a part of the data is one array, written as lists."""
    while isinstance(part, list) and part:
        part = part[0]
    return isinstance(part, (int, float, str))


def _expect_history(history):
    if isinstance(history, (str, os.PathLike)) or not isinstance(history, (keras.callbacks.History, Mapping)):
        with contextlib.suppress(ValueError):  # an empty one is a reason why rules cannot run
            read_log(history)


def _expect_callbacks(callbacks):
    if callbacks is None or isinstance(callbacks, keras.callbacks.CallbackList):
        return
    items = callbacks if isinstance(callbacks, (list, tuple)) else [callbacks]
    wrong = [item for item in items if not isinstance(item, keras.callbacks.Callback)]
    if wrong:
        raise TypeError(f"`callbacks` must be a list of keras callbacks. Received: {wrong[0]!r:.80} in it")
