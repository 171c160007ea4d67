"""How a search spends its epochs: all candidates in full, or few epochs for many and many for few."""

import math

from keras_regkit._core.checks import Interval, OneOf, check_arguments

METHODS = ("random", "halving")
RANGES = {
    "method": OneOf(*METHODS),
    "trials": Interval(1, integer=True),
    "factor": Interval(1, closed="neither"),
    "epochs": Interval(1, integer=True),
    "min_epochs": Interval(1, integer=True),
    "finalists": Interval(1, integer=True),
}


def rungs(method, trials, epochs, *, factor=3, min_epochs=5, finalists=3):
    """Returns `[(epochs, candidates), ...]`, the last rung with all epochs.

        candidates_r = ⌈trials / factor^r⌉        epochs_r = ⌈epochs / factor^(R−1−r)⌉        r = 0 … R−1

    with as many rungs R as `min_epochs` and `finalists` leave room for; one rung where the method is `"random"`.

    Reference:
        Jamieson & Talwalkar 2016, "Non-stochastic Best Arm Identification and Hyperparameter Optimization", algorithm
        1; Li et al. 2017, "Hyperband", whose most aggressive bracket this is.

    >>> rungs("halving", trials=60, epochs=50)
    [(6, 60), (17, 20), (50, 7)]
    >>> rungs("random", trials=60, epochs=50)
    [(50, 60)]
    """
    check_arguments(
        RANGES,
        method=method,
        trials=trials,
        epochs=epochs,
        factor=factor,
        min_epochs=min_epochs,
        finalists=finalists,
    )
    last = 0
    if method == "halving":
        while trials / factor ** (last + 1) > finalists and epochs / factor ** (last + 1) >= min_epochs:
            last += 1
    return [
        (math.ceil(epochs / factor ** (last - r)), max(min(finalists, trials), math.ceil(trials / factor**r)))
        for r in range(last + 1)
    ]
