"""Searching combinations of levers: choose on validation, then say from other seeds what the choice is worth."""

import time
from typing import Any

from keras_regkit._core.checks import Interval
from keras_regkit._core.types import Data, PathLike
from keras_regkit.studies.engines import with_one_engine
from keras_regkit.studies.held_out import name_held_out
from keras_regkit.studies.rungs import rungs as plan_rungs
from keras_regkit.studies.search_result import SearchResult
from keras_regkit.studies.searching import Searching
from keras_regkit.studies.space import Space
from keras_regkit.studies.types import Build, LeversLike, Seeds


def search(
    build: Build,
    space: Space | LeversLike | None = None,
    *,
    train: Data,
    validation: Data,
    test: Data | None = None,
    trials: int = 60,
    method: str = "random",
    seeds: Seeds = 2,
    fresh_seeds: int = 5,
    finalists: int = 3,
    epochs: int = 50,
    factor: float = 3,
    min_epochs: int = 5,
    structures: int | None = 8,
    draw: int = 0,
    store: PathLike | None = None,
    name: str = "search",
    verbose: int | str = "auto",
    **options: Any,
) -> SearchResult:
    """Looks for the combination of levers with the best validation metric, and says what it is really worth.

    Use it after one knob at a time: levers help and hinder each other, and strengths move when levers meet. Every
    round is handed to the engine as one plan, candidates × seeds.

    `method="random"` trains all candidates for all epochs. `method="halving"` trains all for a few epochs and goes on
    with the best third, and so on: with 60 candidates and 50 epochs 60 × 6, 20 × 17 and 7 × 50 epochs, a third of
    60 × 50. Each rung trains from scratch: going on with half-trained models would save a quarter of that, but
    schedules and patience would then be those of another training. Halving favours what learns fast: strong
    regularization may be given up too early. Raise `min_epochs` where that is to be feared.

    The mean of the best of 60 is flattered by luck. So the finalists are trained anew from `fresh_seeds` new seeds and
    the best of these is the winner; it is then trained once more from as many seeds that no choice has seen, beside the
    baseline, and that is the number to report (`result.honest`). Other seeds are not other rows: for what new rows
    would give, pass `test`, or use `nested`.

    Args:
        build: As in `Study`.
        space: A `Space`, or what it is made of: `{lever: (low, high, "log")}`, lists of strengths, names, or None for
            the levers of `presets.mlp`. Levers that your model cannot take, or that change nothing in it, are left out
            with a warning; of the default space without one (`result.notes` says which).
        train, validation: As in `Study`.
        test: Data of the same kinds, looked at once, with the winner's and the baseline's weights. Defaults to None.
        trials: Number of candidates, ≥ 1. Defaults to 60.
        method: `"random"` or `"halving"`. Defaults to `"random"`.
        seeds: Number of seeds of every candidate, or a list of them, at least 2. Defaults to 2.
        fresh_seeds: Number of new seeds for choosing among the finalists, and again for the estimate, ≥ 2. Defaults to
            5.
        finalists: How many candidates are trained anew, ≥ 1. Defaults to 3.
        epochs: Most epochs of a training. Defaults to 50.
        factor: Of halving: the share 1/factor goes on, > 1. Defaults to 3.
        min_epochs: Of halving: epochs of the first rung at least. Defaults to 5.
        structures: From how many different sets of levers the candidates come, ≥ 1. Strengths within a set differ, and
            share a compiled program; each further set is compiled anew. None for no limit. Defaults to 8.
        draw: Seed of the candidates. Defaults to 0.
        store: Folder for the studies of the rungs, one in each; a search that was interrupted goes on when it is
            repeated. `search.json` is written there at the end. Defaults to None.
        name: Name of the search, part of what its stores recognize it by. Defaults to `"search"`.
        verbose: As in `Study.run`.
        **options: What else `Study` takes: `batch_size`, `metric`, `mode`, `confidence`, `callbacks`, `engine` ...

    Returns:
        A `SearchResult`.

    Raises:
        ValueError, TypeError: an argument out of range, a space without a lever that the model can take.

    Reference:
        Bergstra & Bengio 2012, "Random Search for Hyper-Parameter Optimization"; Jamieson & Talwalkar 2016, "Non-
        stochastic Best Arm Identification"; Li et al. 2017, "Hyperband"; Kadra et al. 2021, "Well-tuned Simple Nets
        Excel on Tabular Datasets", for combinations of regularizers.

    Example:

    >>> import keras
    >>> import numpy as np
    >>> x, y = np.ones((8, 3)), np.zeros((8, 1))
    >>> model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(4), keras.layers.Dense(1)])
    >>> model.compile("sgd", "mse")
    >>> result = search(
    ...     model, {"l2": (1e-3, 1e-1, "log"), "dropout": [0.2, 0.5]}, train=(x, y), validation=(x, y), trials=2,
    ...     finalists=1, fresh_seeds=2, epochs=1, verbose=0,
    ... )
    >>> [candidate.name for candidate in result.candidates]
    ['l2=0.0109 + dropout=0.5', 'dropout=0.5']
    """
    start = time.perf_counter()
    plan = plan_rungs(method, trials, epochs, factor=factor, min_epochs=min_epochs, finalists=finalists)
    Interval(2, integer=True).check("fresh_seeds", fresh_seeds)
    Interval(1, integer=True, optional=True).check("structures", structures)
    for decided in ("levers", "keep_weights"):
        if decided in options:
            raise TypeError(f"`{decided}` is decided by the search. Received: {decided}={options[decided]!r}")
    if test is not None:
        name_held_out(options.get("metric", "val_data_loss"))
    named = space is not None
    space = space if isinstance(space, Space) else Space(space)
    shared = {**with_one_engine(options), "train": train, "validation": validation}
    searching = Searching(build, space, name=name, store=store, verbose=verbose, options=shared)
    searching.leave_out(warn=named)
    searching.draw(trials, seed=draw, structures=structures)
    searching.climb(plan, seeds, finalists)
    searching.choose(fresh_seeds, epochs)
    searching.estimate(fresh_seeds, epochs, test)
    return searching.result(method, time.perf_counter() - start)
