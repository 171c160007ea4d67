"""The weights of single epochs, and the average of some of them."""

import numpy as np

from keras_regkit._core.backend import to_numpy
from keras_regkit.callbacks._averages import greedy_soup, mean_of, ranked


class Members:
    """The weights of the best epochs, as arrays in memory, and which of them make the average.

    Args:
        k: How many are held.
        mode: `"min"` or `"max"`, what a good score is.
        greedy: Whether one joins the average only if that does not get worse for it. If not, all do.
    """

    def __init__(self, k, mode, greedy):
        self.k = k
        self.mode = mode
        self.greedy = greedy
        self.model = None
        self.variables = []
        self.scores = {}  # epoch -> score of its weights alone
        self.weights = {}  # epoch -> arrays
        self.chosen = ()
        self.score = None
        self.in_model = False
        self._aside = None
        self._measured = {}  # epochs -> score of their average

    @property
    def updates(self):
        return len(self.chosen)

    def start(self, model, variables):
        """Begins to follow the variables that it does not yet follow: so far they had their present values."""
        self.model = model
        known = {id(v) for v in self.variables}
        fresh = [v for v in variables if id(v) not in known]
        self.variables += fresh
        for arrays in self.weights.values():
            arrays.extend(to_numpy(v) for v in fresh)

    def consider(self, epoch, score, score_of_model):
        """Takes in an epoch, whose weights are in the model, and chooses anew. The average is in the model afterwards.

        Args:
            epoch: Number of the epoch.
            score: Its score, or None, NaN or infinite for one that is to be left out.
            score_of_model: Function that returns the score of the weights in the model.
        """
        self._aside = [to_numpy(v) for v in self.variables]
        self.in_model = True
        if score is not None and np.isfinite(score):
            self.scores[epoch] = score
            kept = ranked(self.scores, self.mode, self.k)
            self.scores = {key: self.scores[key] for key in kept}
            if epoch in kept:
                self.weights[epoch] = self._aside
                self._choose(kept, score_of_model)
            self.weights = {key: self.weights[key] for key in kept}
        if self.chosen:
            self._assign(self.chosen)

    def put(self):
        """Puts the average into the model."""
        self._aside = [to_numpy(v) for v in self.variables]
        self._assign(self.chosen)
        self.in_model = True

    def take(self):
        """Puts the weights of training back into the model."""
        for variable, value in zip(self.variables, self._aside, strict=True):
            variable.assign(value)
        self._aside = None
        self.in_model = False

    def state(self):
        """Returns the weights of training, which are aside."""
        return list(self._aside)

    def set_state(self, state, weights, scores, chosen):
        """Goes on from a state: the weights of training are put into the model."""
        for variable, value in zip(self.variables, state, strict=True):
            variable.assign(value)
        self.weights, self.scores, self.chosen = weights, scores, tuple(chosen)

    def shapes(self):
        """Shapes of the arrays in `state`."""
        return [tuple(v.shape) for v in self.variables]

    def _choose(self, kept, score_of_model):
        if not self.greedy:
            self.chosen = tuple(kept)
            return

        def score_of(epochs):
            key = frozenset(epochs)
            if key not in self._measured:
                self._assign(epochs)
                self._measured[key] = score_of_model()
            return self._measured[key]

        self.chosen, self.score = greedy_soup(kept, self.scores, self.mode, score_of)
        self._measured = {key: score for key, score in self._measured.items() if key <= set(kept)}

    def _assign(self, epochs):
        for variable, mean in zip(self.variables, mean_of([self.weights[e] for e in epochs]), strict=True):
            variable.assign(mean.astype(to_numpy(variable).dtype))
