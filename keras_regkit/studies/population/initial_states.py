"""The state that each variant starts from at each seed, with as few models built as will tell."""

import dataclasses

import keras
import numpy as np

from keras_regkit._core.backend import to_numpy
from keras_regkit._core.strength import strengths_of_loss
from keras_regkit.studies.design import BASELINE
from keras_regkit.studies.engine import build_variant
from keras_regkit.studies.population.slots import slots


@dataclasses.dataclass(frozen=True)
class Start:
    """What a member starts from.

    Args:
        weights: Initial values of trainable and other weights, in the model's order; the strengths of its loss last.
        optimizer: Initial values of the optimizer's variables; None where they are zeros.
        numbers: Values of the slots.
        model: The model, where one was built.
    """

    weights: tuple
    optimizer: tuple | None
    numbers: tuple
    model: object = None


class InitialStates:
    """Builds models until it knows how a variant's initial weights come about, and then no more.

    Most levers leave the initial weights as they are. A variant is built for its first two seeds. If each of its
    weights equals the baseline's at both, or is the same at both (zeros, ones), then so it is at the other seeds, and
    the baseline's weights, built once for each seed, serve all such variants. Where the baseline's rates or strengths
    turn out to hang on the seed, every variant is built for every further seed.

    Args:
        builder: The study's `Builder`.
    """

    def __init__(self, builder):
        self._builder = builder
        self._baselines = {}
        self._built = {}
        self._rules = {}
        self._numbers = set()  # of the baselines

    def start(self, variant, seed):
        """Returns the `Start` of a variant at a seed."""
        built = self._built.setdefault(variant, {})
        if len(built) < 2:
            built[seed] = _start(build_variant(self._builder, variant, seed))
            if variant == BASELINE:
                self._baselines[seed] = built[seed].weights
                self._numbers.add(built[seed].numbers)
            return built[seed]
        if variant not in self._rules:
            self._rules[variant] = self._rule(built)
        rule = self._rules[variant]
        baseline = None if rule is None else self._baseline(seed)
        if rule is None or len(self._numbers) > 1:
            return _start(build_variant(self._builder, variant, seed))
        first = next(iter(built.values()))
        weights = tuple(baseline[i] if alike else first.weights[i] for i, alike in enumerate(rule))
        return Start(weights, None, first.numbers)

    def _rule(self, built):
        """For each weight, whether it is the baseline's, as opposed to fixed; None if some are neither."""
        (one, start), (other, second) = built.items()
        if start.optimizer is not None or start.numbers != second.numbers:
            return None
        baselines = self._baseline(one), self._baseline(other)
        if [a.shape for a in baselines[0]] != [a.shape for a in start.weights]:
            return None
        pairs = list(zip(start.weights, second.weights, strict=True))
        alike = [all(map(_equal, pair, both)) for pair, both in zip(pairs, zip(*baselines, strict=True), strict=True)]
        fixed = [_equal(*pair) for pair in pairs]
        return alike if all(a or f for a, f in zip(alike, fixed, strict=True)) else None

    def _baseline(self, seed):
        if seed not in self._baselines:
            model = self._builder(seed)
            # A variant's last act of building; what draws from the global seed later draws alike.
            keras.utils.set_random_seed(seed)
            self._baselines[seed] = _weights(model)
            self._numbers.add(_numbers(model))
        return self._baselines[seed]


def _start(model):
    model.optimizer.build(model.trainable_variables)
    state = [to_numpy(v) for v in model.optimizer.variables]
    moved = any(array.any() for array in state if array.ndim)
    optimizer = tuple(np.array(a) for a in state) if moved else None
    return Start(_weights(model), optimizer, _numbers(model), model)


def _numbers(model):
    return tuple(slot.get() for slot in slots(model))


def _weights(model):
    strengths = [s.number for loss in keras.tree.flatten(model.loss) for s in strengths_of_loss(loss)]
    variables = [*model.trainable_variables, *model.non_trainable_variables, *strengths]
    # Copies: what a backend hands out may be its own memory.
    return tuple(np.array(to_numpy(v)) for v in variables)


def _equal(a, b):
    return a.dtype == b.dtype and np.array_equal(a, b)
