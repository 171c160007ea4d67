"""Covering arrays: few combinations in which every pair of choices meets."""

import itertools


def pairwise(factors):
    """Returns combinations of one choice for each factor, so that any two choices of different factors are together.

    Greedy: each combination starts from a pair that is still missing, and takes what covers most of the others.

    Args:
        factors: List of lists of names.

    Returns:
        List of tuples, one entry for each factor.
    """
    pairs = itertools.combinations(enumerate(factors), 2)
    missing = {((i, a), (j, b)) for (i, first), (j, second) in pairs for a in first for b in second}
    found = []
    while missing:
        chosen = dict(min(missing))
        for factor, choices in enumerate(factors):
            if factor not in chosen:
                chosen[factor] = max(choices, key=lambda c, f=factor: _covered({**chosen, f: c}, missing))
        combination = tuple(chosen[factor] for factor in range(len(factors)))
        missing -= set(itertools.combinations(enumerate(combination), 2))
        found.append(combination)
    return found


def _covered(chosen, missing):
    return len(missing.intersection(itertools.combinations(sorted(chosen.items()), 2)))
