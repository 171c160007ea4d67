"""What is averaged, and with which shares: numbers in, numbers out."""

import numpy as np
from keras import ops


def ema_share(updates, decay, warm_up):
    """Share of the present weights in the next exponential average, after so many `updates` of it.

        1 − min(decay, (1 + t) / (10 + t)) = max(1 − decay, 9 / (10 + t))

    Args:
        updates: Tensor t, updates so far.
        decay: Number in [0, 1).
        warm_up: Whether early averages forget faster. If not, the share is 1 − decay throughout.
    """
    share = ops.full_like(updates, 1 - decay)
    return ops.maximum(share, 9 / (10 + updates)) if warm_up else share


def mean_share(updates):
    """Share of the present weights in the next plain mean, after so many `updates` of it."""
    return 1 / (updates + 1)


def mean_of(members):
    """Returns the mean of lists of arrays, computed in double precision."""
    return [
        np.mean([np.asarray(array, "float64") for array in arrays], axis=0) for arrays in zip(*members, strict=True)
    ]


def ranked(scores, mode, k):
    """Returns the (at most) `k` best keys of a dict of finite scores, best first; of equal ones the earlier first."""
    sign = 1 if mode == "min" else -1
    return sorted(scores, key=lambda key: (sign * scores[key], key))[:k]


def greedy_soup(keys, scores, mode, score_of):
    """Returns the keys whose average is kept: each, best first, joins if the average does not get worse for it.

    Args:
        keys: Candidates, best first.
        scores: Dict with the score of each alone.
        mode: `"min"` or `"max"`.
        score_of: Function of a tuple of keys that returns the score of their average.

    Returns:
        The tuple of keys and the score of their average.
    """
    soup, best = (keys[0],), scores[keys[0]]
    for key in keys[1:]:
        score = score_of((*soup, key))
        # A score that is NaN is worse than any.
        if (score <= best) if mode == "min" else (score >= best):
            soup, best = (*soup, key), score
    return soup, best
