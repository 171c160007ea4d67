"""For every rule of the audit, what triggers it and what does not. Filled by the files `audit_cases_*.py`."""

import keras
import numpy as np

FAULTY, FINE = [], []


def faulty(id, *, where=None, count=None, **evidence):
    """Enters a function that returns the arguments of `audit` in which the rule finds something.

    Args:
        id: Of the rule.
        where: What the first finding's `where` must be. Any by default.
        count: Number of findings. At least one by default.
        **evidence: What the first finding's evidence must hold, among others; floats within a millionth.
    """

    def enter(function):
        FAULTY.append((id, function, where, count, evidence))
        return function

    return enter


def fine(id):
    """Enters a function that returns the arguments of `audit` in which the rule runs and finds nothing."""

    def enter(function):
        FINE.append((id, function))
        return function

    return enter


def chain(*stack, shape=(3,), optimizer="sgd", loss="mse", **compile_args):
    """Returns a compiled Sequential model; an uncompiled one for optimizer=None."""
    model = keras.Sequential([keras.Input(shape), *stack])
    if optimizer is not None:
        model.compile(optimizer, loss, **compile_args)
    return model


def rows(count=8, shape=(3,), targets=1, seed=0):
    """Returns `(x, y)` of normal numbers."""
    rng = np.random.default_rng(seed)
    return rng.normal(size=(count, *shape)).astype("float32"), rng.normal(size=(count, targets)).astype("float32")
