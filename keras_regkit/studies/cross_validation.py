"""A study on every fold: does a lever help on rows like these, not only on this validation set?"""

import math
import pathlib
import time
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from keras_regkit._core.types import Array, Data, PathLike
from keras_regkit.studies.cross_validation_result import CrossValidationResult, SplitSize, SplitSummary
from keras_regkit.studies.design import BASELINE, NO_MATTER, Variant
from keras_regkit.studies.engines import with_one_engine
from keras_regkit.studies.split_data import SplitData
from keras_regkit.studies.statistics import corrected_difference, holm
from keras_regkit.studies.study import Study
from keras_regkit.studies.summarize import verdict_of
from keras_regkit.studies.types import Build, LeversLike, Seeds


def cross_validate(
    build: Build,
    *,
    levers: LeversLike | None = None,
    variants: Iterable[Variant] = (),
    x: Data,
    y: Array,
    sample_weight: Array | None = None,
    folds: int = 5,
    repeats: int = 1,
    seeds: Seeds = 2,
    groups: Array | None = None,
    stratify: bool | str = "auto",
    prepare: Callable[[Any], Callable[[Any], Any]] | None = None,
    split_seed: int = 0,
    confidence: float = 0.95,
    store: PathLike | None = None,
    name: str = "cross-validation",
    verbose: int | str = "auto",
    **options: Any,
) -> CrossValidationResult:
    """Compares a model with its variants on held-out folds: one study for each split, the same seeds in all.

    Use it where rows are few, and one validation set of them is a matter of luck. The intervals of a `Study` are over
    seeds, for the rows at hand; these are over splits, and tell what another sample of rows would give. As training
    parts overlap, they are widened by Nadeau and Bengio's correction (`corrected_difference`). Within a split the
    values of the seeds are averaged first.

    The fold that is held out is the study's validation data: a lever that watches it, such as early stopping, is a
    little flattered. `nested` keeps the choice and the judgement apart.

    Args:
        build: As in `Study`.
        levers: As in `Study`. May be None where `variants` are given.
        variants: More `Variant`s, such as `search(...).variant`.
        x, y, sample_weight: Arrays of equally many rows; x may be a nested structure.
        folds: Number of folds, ≥ 2. Defaults to 5.
        repeats: How often the rows are dealt anew, ≥ 1. Defaults to 1.
        seeds: Seeds within each split, as in `Study`. Defaults to 2.
        groups: One value per row; rows of one group (a patient, a customer) stay together. Defaults to None.
        stratify: True to give every fold its share of each class, False, or `"auto"`: where y holds classes.
        prepare: Function that is given the training rows' x and returns the function that transforms x, for example
            `lambda x: StandardScaler().fit(x).transform`. It never sees a held-out row. Defaults to None.
        split_seed: Seed of the splits. Defaults to 0.
        confidence: Level of the intervals and verdicts, in (0, 1). Defaults to 0.95.
        store: Folder with a study for each split; what is finished is kept, as in `Study`. Defaults to None.
        name: Name of the studies. Defaults to `"cross-validation"`.
        verbose: As in `Study.run`.
        **options: What else `Study` takes: `epochs`, `batch_size`, `metric`, `engine` ...

    Returns:
        A `CrossValidationResult`.

    Raises:
        ValueError, TypeError: fewer rows or groups than folds, targets that are no classes with `stratify=True`, and
            what `Study` refuses.

    Reference:
        Nadeau & Bengio 2003, "Inference for the Generalization Error"; Bouckaert & Frank 2004 for repeats.

    Example:

    >>> import keras
    >>> x, y = np.random.default_rng(0).normal(size=(12, 3)), np.arange(12) % 2
    >>> model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(4), keras.layers.Dense(1)])
    >>> model.compile("sgd", "mse")
    >>> result = cross_validate(model, levers={"l2": [0.1]}, x=x, y=y, folds=2, epochs=1, verbose=0)
    >>> [(split.fold, split.train, split.test) for split in result.splits]
    [(1, 6, 6), (2, 6, 6)]
    """
    start = time.perf_counter()
    data = SplitData(x, y, sample_weight, groups, stratify, prepare)
    splits = data.splits(folds, repeats, split_seed)
    variants = [v for v in variants if v != BASELINE]
    if levers is None and not variants:
        raise ValueError("`levers` or `variants` must say what to compare the model with. Received neither")
    results, options = [], with_one_engine(options)
    for split in splits:
        train, validation = data.take(split.train, split.test)
        study = Study(
            build,
            levers=NO_MATTER if levers is None else levers,
            train=train,
            validation=validation,
            seeds=seeds,
            confidence=confidence,
            store=pathlib.Path(store) / split.name if store is not None else None,
            name=f"{name}, {split.name}",
            **options,
        )
        results.append(study.run_variants([*(study.variants if levers is not None else ()), *variants], verbose))
    sizes = tuple(SplitSize(s.repeat, s.fold, len(s.train), len(s.test)) for s in splits)
    return CrossValidationResult(
        name=name,
        metric=study.metric,
        direction=study.direction,
        confidence=confidence,
        summaries=_summaries(results, sizes, study, confidence),
        splits=sizes,
        studies=tuple(results),
        seconds=time.perf_counter() - start,
        engine_notes=options["engine"].kept.sentences,
    )


def _summaries(results, sizes, study, confidence):
    names = [s.name for s in results[0].summaries]
    values = {name: [_mean(result, name) for result in results] for name in names}
    rows = [size.train for size in sizes], [size.test for size in sizes]
    baseline = values[BASELINE.name]
    differences = [corrected_difference(values[name], baseline, *rows, confidence) for name in names[1:]]
    adjusted = holm([d.p for d in differences]) if differences else []
    found = [_summary(results[0].summaries[0], baseline, None, None, "baseline")]
    for summary, d, p in zip(results[0].summaries[1:], differences, adjusted, strict=True):
        own = values[summary.name]
        lost = sum(math.isfinite(b) and not math.isfinite(v) for v, b in zip(own, baseline, strict=True))
        verdict = verdict_of(d, p, study.direction, 1 - confidence, lost, len(own))
        found.append(_summary(summary, own, d, p, verdict))
    return tuple(found)


def _mean(result, name):
    """Mean over the seeds of one split; NaN if one of them diverged."""
    return float(np.mean([t.metrics.get(result.metric, math.nan) for t in result.trials if t.variant == name]))


def _summary(summary, values, difference, p, verdict):
    finite = [v for v in values if math.isfinite(v)]
    return SplitSummary(
        name=summary.name,
        settings=summary.settings,
        mean=float(np.mean(finite)) if finite else math.nan,
        sd=float(np.std(finite, ddof=1)) if len(finite) > 1 else math.nan,
        difference=difference.mean if difference else 0.0,
        low=difference.low if difference else 0.0,
        high=difference.high if difference else 0.0,
        p=difference.p if difference else None,
        p_adjusted=p,
        verdict=verdict,
        splits=len(values),
        diverged=len(values) - len(finite),
    )
