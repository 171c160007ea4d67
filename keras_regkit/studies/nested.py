"""Choosing within the training part, judging on rows that no choice has seen: what the whole procedure is worth."""

import contextlib
import math
import pathlib
import tempfile
import time
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from keras_regkit._core.checks import Interval, did_you_mean
from keras_regkit._core.types import Array, Data, PathLike
from keras_regkit.studies.combination import combine
from keras_regkit.studies.design import BASELINE, NO_MATTER, Variant
from keras_regkit.studies.engines import with_one_engine
from keras_regkit.studies.held_out import held_out_values, name_held_out
from keras_regkit.studies.nested_result import NestedFold, NestedResult
from keras_regkit.studies.search import search
from keras_regkit.studies.space import Space
from keras_regkit.studies.split_data import SplitData
from keras_regkit.studies.statistics import corrected_difference
from keras_regkit.studies.study import Study
from keras_regkit.studies.types import Build, LeversLike, Seeds


def nested(
    build: Build,
    *,
    levers: LeversLike | Space | None = None,
    x: Data,
    y: Array,
    sample_weight: Array | None = None,
    choose: str | Callable[[Study], Variant] = "best",
    search_options: Mapping[str, Any] | None = None,
    folds: int = 5,
    repeats: int = 1,
    validation: float = 0.2,
    seeds: Seeds = 2,
    groups: Array | None = None,
    stratify: bool | str = "auto",
    prepare: Callable[[Any], Callable[[Any], Any]] | None = None,
    split_seed: int = 0,
    confidence: float = 0.95,
    store: PathLike | None = None,
    name: str = "nested",
    verbose: int | str = "auto",
    **options: Any,
) -> NestedResult:
    """Says what choosing levers is worth on new rows: an outer loop that judges, and an inner one that chooses.

    For each outer fold, the other rows are parted into rows to train on and rows to validate on; the levers are chosen
    on these two alone, early stopping included; then the chosen variant and the baseline are measured, once, on the
    outer fold. What comes out is the worth of the *procedure*. Each fold may choose differently; the one to ship is
    what the procedure chooses on all rows.

    Args:
        build: As in `Study`.
        levers: As in `Study`; with `choose="search"` the space, as in `search`.
        x, y, sample_weight, groups, stratify, prepare, split_seed, confidence, name: As in `cross_validate`. `prepare`
            sees the rows to train on, not those to validate on.
        choose: `"best"`, the variant with the best mean if it beats the baseline's; `"combine"`, what `combine` makes
            of the study; `"search"`; or a function of a `Study` of the inner rows that returns a `Variant`. Defaults
            to `"best"`.
        search_options: Arguments for `search`, such as `{"trials": 20, "method": "halving"}`.
        folds: Number of outer folds, ≥ 2. Defaults to 5.
        repeats: How often the rows are dealt anew, ≥ 1. Defaults to 1.
        validation: Share of the inner rows to choose by, in (0, 0.5]: the nearest fold of 1/2, 1/3, 1/4 ... Defaults to
            0.2.
        seeds: Seeds of each variant, as in `Study`. Defaults to 2.
        store: Folder with the studies of each fold; what is finished is kept. Defaults to None.
        verbose: As in `Study.run`.
        **options: What else `Study` takes: `epochs`, `batch_size`, `metric`, `engine` ... The engine has to keep
            weights.

    Returns:
        A `NestedResult`.

    Raises:
        ValueError, TypeError: as in `cross_validate`; a metric that is not one of validation data.

    Reference:
        Varma & Simon 2006, "Bias in Error Estimation When Using Cross-validation for Model Selection"; Cawley & Talbot
        2010, "On Over-fitting in Model Selection".

    Example:

    >>> import keras
    >>> x, y = np.random.default_rng(0).normal(size=(12, 3)), np.arange(12) % 2
    >>> model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(4), keras.layers.Dense(1)])
    >>> model.compile("sgd", "mse")
    >>> result = nested(model, levers={"l2": [0.1]}, x=x, y=y, folds=2, validation=0.5, epochs=1, verbose=0)
    >>> [(fold.train, fold.validation, fold.test) for fold in result.folds]
    [(3, 3, 6), (3, 3, 6)]
    """
    start = time.perf_counter()
    Interval(0, 0.5, closed="right").check("validation", validation)
    metric = name_held_out(options.get("metric", "val_data_loss"))
    chooser = _chooser(choose, search_options)
    data = SplitData(x, y, sample_weight, groups, stratify, prepare)
    found, options = [], with_one_engine(options)
    for split in data.splits(folds, repeats, split_seed):
        inner, held = data.part(split.train, validation, split_seed)
        train, watched, test = data.take(inner, held, split.test)
        shared = {**options, "train": train, "validation": watched, "seeds": seeds, "confidence": confidence}
        label = f"{name}, {split.name}"
        with _folder(store, split.name) as (folder, kept):
            winner = chooser(build, levers, folder if kept else None, label, verbose, shared)
            judge = {"store": folder / "judge", "keep_weights": True, "name": f"{label}, judge"}
            study = Study(build, levers=NO_MATTER, **judge, **shared)
            study.run_variants([winner], verbose)
            values = [float(np.mean(held_out_values(study, v, test))) for v in (BASELINE, winner)]
        settings = {lever.name: strength for lever, strength in winner.settings}
        sizes = len(inner), len(held), len(split.test)
        found.append(NestedFold(split.repeat, split.fold, *sizes, winner.name, settings, *values))
    d = corrected_difference(
        [fold.chosen for fold in found],
        [fold.baseline for fold in found],
        [fold.train + fold.validation for fold in found],
        [fold.test for fold in found],
        confidence,
    )
    return NestedResult(
        name,
        metric,
        study.direction,
        confidence,
        tuple(found),
        *(d.mean, d.low, d.high, d.p),
        seconds=time.perf_counter() - start,
        engine_notes=options["engine"].kept.sentences,
    )


def _chooser(choose, search_options):
    """Returns the function that chooses a `Variant` on the inner rows."""
    if search_options is not None and choose != "search":
        raise ValueError(f"`search_options` are for choose='search'. Received: choose={choose!r}")
    if choose == "search":
        return lambda build, levers, folder, label, verbose, shared: (
            search(
                build,
                levers,
                store=folder / "search" if folder else None,
                name=label,
                verbose=verbose,
                **{**shared, **(search_options or {})},
            ).variant
        )
    decide = _DECISIONS.get(choose) if isinstance(choose, str) else callable(choose) and _silently(choose)
    if not decide:
        known = [*_DECISIONS, "search"]
        hint = did_you_mean(choose, known)
        raise ValueError(f"`choose` must be one of {known} or a function.{hint} Received: {choose!r}")

    def on_a_study(build, levers, folder, label, verbose, shared):
        store = folder / "choose" if folder else None
        variant = decide(Study(build, levers=levers, store=store, name=f"{label}, choose", **shared), verbose)
        if not isinstance(variant, Variant):
            raise TypeError(f"`choose` must return a Variant. It returned: {variant!r}")
        return variant

    return on_a_study


def _silently(choose):
    return lambda study, verbose: choose(study)


def _best(study, verbose):
    result = study.run(verbose)
    sign = 1 if study.direction == "min" else -1
    whole = [s for s in result.summaries if not s.diverged and math.isfinite(s.mean)]
    best = min(whole, key=lambda s: sign * s.mean, default=None)
    return next((v for v in study.variants if best and v.name == best.name), BASELINE)


def _combined(study, verbose):
    return combine(study, study.run(verbose), verbose=verbose).winner


_DECISIONS = {"best": _best, "combine": _combined}


@contextlib.contextmanager
def _folder(store, split):
    """Gives the split's folder and whether it is kept: weights need one in any case."""
    if store is not None:
        yield pathlib.Path(store) / split, True
        return
    with tempfile.TemporaryDirectory() as temporary:
        yield pathlib.Path(temporary), False
