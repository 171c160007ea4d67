"""Recurrent cells that keep some of their state."""

from typing import Any

import keras
from keras import ops

from keras_regkit._core.checks import Interval
from keras_regkit._core.strength import Strength

# Size of the state that the noise is made from: digits to the base 256, whole numbers in every float dtype.
_DIGITS = 4


class _Seed(keras.random.SeedGenerator):
    """A seed that is given as a tensor: within a loop over time, no generator can move on."""

    def __init__(self, value):
        self.value = value

    def next(self, ordered=True):
        return self.value


@keras.saving.register_keras_serializable("keras_regkit")
class Zoneout(keras.layers.Layer):
    """Lets each unit of a recurrent cell keep its previous state at random, in training.

        s_t = m · s_(t−1) + (1 − m) · s'_t,         m ~ Bernoulli(rate) for each sample, unit and step
        s_t = rate · s_(t−1) + (1 − rate) · s'_t    at inference, the expected value

    with s' the state that the cell would go to: of its hidden state h with `rate_hidden`, and of the memory c of an
    LSTM with `rate_cell`. Use it in place of dropout on recurrent connections: information and gradients pass a unit
    that is kept, where a dropped one loses them.

    The cell has one state more than the one it wraps, the last, of which the noise is made. `keras.layers.RNN` makes it
    with the others; whoever passes an `initial_state` takes it from another RNN with Zoneout, or from
    `cell.get_initial_state(batch_size)[-1]`. Zeros, which `reset_state` of a stateful RNN leaves, are legal, and give
    the same noise each time.

    Args:
        cell: The cell to wrap: `keras.layers.LSTMCell`, `GRUCell`, `SimpleRNNCell`, or one of your own that is a layer,
            whose first state is its output. Dropout goes before the recurrent layer, not into the cell.
        rate_hidden: Share of the hidden units that keep their state, a number in [0, 1). The paper has 0.05 for LSTMs.
        rate_cell: The same for all further states: the memory of an LSTM, for which the paper has 0.5. Defaults to 0.0.
        seed: Integer seed. Defaults to None.

    The rates are weights, so that `callbacks.StrengthSchedule` can move them. They take no schedule of their own: it
    could not count steps within the loop over time.

    Call arguments:
        inputs: Inputs of one step, `(batch, features)`.
        states: List of the states of the previous step. Defaults to None: initial states.
        training: Whether to keep at random, or the mean.

    Returns:
        The output, which is the new hidden state, and the list of new states.

    Raises:
        TypeError, ValueError: a rate is no number in [0, 1); the cell is none, such as a whole recurrent layer, has
            dropout of its own, or holds several cells; when called, there are not as many states as in `state_size`.

    Reference:
        Krueger et al. 2017, "Zoneout: Regularizing RNNs by Randomly Preserving Hidden Activations", section 3.

    Example:

    >>> layer = keras.layers.RNN(Zoneout(keras.layers.LSTMCell(8), rate_hidden=0.05, rate_cell=0.5, seed=1))
    >>> layer(np.ones((2, 5, 3)), training=True).shape == (2, 8)
    True
    """

    RANGES = {  # noqa: RUF012
        "rate_hidden": Interval(0, 1, closed="left"),
        "rate_cell": Interval(0, 1, closed="left"),
    }

    monte_carlo = True

    def __init__(
        self,
        cell: keras.layers.Layer,
        rate_hidden: float,
        rate_cell: float = 0.0,
        seed: int | None = None,
        **kwargs: Any,
    ):
        _check_cell(cell)
        kwargs.setdefault("dtype", cell.dtype_policy)
        super().__init__(**kwargs)
        for name, rate in (("rate_hidden", rate_hidden), ("rate_cell", rate_cell)):
            self.RANGES[name].check(name, rate)
        self.cell = cell
        self._rate_hidden = Strength("rate_hidden", rate_hidden, self.RANGES["rate_hidden"], owner=self.name)
        self._rate_cell = Strength("rate_cell", rate_cell, self.RANGES["rate_cell"], owner=self.name)
        self.seed = seed
        self.seed_generator = keras.random.SeedGenerator(seed)
        self._sizes = list(keras.tree.flatten(cell.state_size))

    @property
    def rate_hidden(self):
        """The rate of the hidden state, as it was given."""
        return self._rate_hidden.given

    @property
    def rate_cell(self):
        """The rate of further states, as it was given."""
        return self._rate_cell.given

    @property
    def state_size(self):
        """Sizes of the states: those of the wrapped cell, and that of the noise."""
        return [*self._sizes, _DIGITS]

    @property
    def output_size(self):
        """Size of the output."""
        return self._sizes[0]

    def build(self, input_shape):
        if not self.cell.built:
            self.cell.build(input_shape)
            self.cell.built = True
        self.built = True

    def get_initial_state(self, batch_size=None):
        """Returns the states before the first step: those of the wrapped cell, and new noise."""
        return [*self._cell_state(batch_size), _digits(self._draw((batch_size, _DIGITS)), self.compute_dtype)]

    def call(self, inputs, states=None, training=False):
        if states is None:
            samples = ops.shape(inputs)[0]
            quiet = [*self._cell_state(samples), ops.zeros((samples, _DIGITS), self.compute_dtype)]
            states = self.get_initial_state(samples) if training else quiet
        *states, noise = self._checked(states)
        moved = self._step(inputs, states, training)
        rates = [self._rate_hidden.read(), *[self._rate_cell.read()] * (len(states) - 1)]
        if training:
            # What remains of the numbers that are drawn is the noise of the next step.
            drawn = self._draw((ops.shape(noise)[0], sum(self._sizes) + _DIGITS), noise)
            masks = _split(drawn, self._sizes)
            kept = [ops.cast(mask < rate, self.compute_dtype) for mask, rate in zip(masks, rates, strict=True)]
            noise = _digits(drawn[:, sum(self._sizes) :], noise.dtype)
        else:
            kept = [ops.cast(rate, self.compute_dtype) for rate in rates]
        new = [k * old + (1 - k) * now for k, old, now in zip(kept, states, moved, strict=True)]
        return new[0], [*new, noise]

    def compute_output_shape(self, input_shape):
        samples = input_shape[0]
        return (samples, self.output_size), [(samples, size) for size in self.state_size]

    def get_config(self):
        return {
            **super().get_config(),
            "cell": keras.saving.serialize_keras_object(self.cell),
            "rate_hidden": self.rate_hidden,
            "rate_cell": self.rate_cell,
            "seed": self.seed,
        }

    @classmethod
    def from_config(cls, config):
        return cls(**{**config, "cell": keras.saving.deserialize_keras_object(config["cell"])})

    def _step(self, inputs, states, training):
        takes_training = "training" in self.cell.call_signature_parameters
        _, moved = self.cell(inputs, states, **({"training": training} if takes_training else {}))
        return self._cast(moved)

    def _cell_state(self, batch_size):
        if hasattr(self.cell, "get_initial_state"):
            return self._cast(self.cell.get_initial_state(batch_size=batch_size))
        return [ops.zeros((batch_size, size), dtype=self.compute_dtype) for size in self._sizes]

    def _cast(self, states):
        # The cell may have a dtype policy of its own.
        return [ops.cast(state, self.compute_dtype) for state in keras.tree.flatten(states)]

    def _draw(self, shape, noise=None):
        """Returns uniform numbers: the next ones of the generator, or those that belong to its state and the noise."""
        seed = self.seed_generator
        if noise is not None:
            number = ops.sum(ops.cast(noise, "int32"), axis=0)
            words = ops.stack([(number[0] + 256 * number[1]) * 65536, number[2] + 256 * number[3]])
            state = ops.convert_to_tensor(seed.state)
            seed = _Seed(state + ops.cast(words, state.dtype))
        return keras.random.uniform(shape, seed=seed, dtype="float32")

    def _checked(self, states):
        states = list(states) if isinstance(states, list | tuple) else [states]
        if len(states) != len(self.state_size):
            raise ValueError(
                f"Zoneout needs {len(self.state_size)} states: those of {type(self.cell).__name__}, and last the one "
                f"of which the noise is made. Received: {len(states)}. Where an initial state is passed, take the "
                "last from `cell.get_initial_state(batch_size)[-1]`"
            )
        return states


def _check_cell(cell):
    if isinstance(cell, keras.layers.RNN):
        fitting = f"{type(cell.cell).__name__}({getattr(cell.cell, 'units', '...')})"
        raise ValueError(
            "`cell` must be a cell, which computes one step, not a recurrent layer. Pass the cell, and put the layer "
            f"around it: RNN(Zoneout({fitting}, ...)). Received: {cell.name!r} of type {type(cell).__name__}"
        )
    if not isinstance(cell, keras.layers.Layer) or not hasattr(cell, "state_size"):
        raise ValueError(
            "`cell` must be an RNN cell that is a keras layer, such as keras.layers.LSTMCell(8). "
            f"Received: {cell!r} of type {type(cell).__name__}"
        )
    if isinstance(cell, keras.layers.StackedRNNCells):
        raise ValueError(
            "`cell` must be a single cell. Wrap each of several: StackedRNNCells([Zoneout(...), Zoneout(...)]). "
            f"Received: {cell.name!r} with {len(cell.cells)} cells"
        )
    if getattr(cell, "dropout", 0) or getattr(cell, "recurrent_dropout", 0):
        raise ValueError(
            "`cell` must have no dropout of its own, whose masks RNN makes for the cells that it knows. Put a "
            f"LockedDropout before the layer instead. Received: {cell.name!r} with dropout={cell.dropout} and "
            f"recurrent_dropout={cell.recurrent_dropout}"
        )


def _digits(uniform, dtype):
    return ops.cast(ops.floor(uniform * 256), dtype)


def _split(drawn, sizes):
    parts, start = [], 0
    for size in sizes:
        parts.append(drawn[:, start : start + size])
        start += size
    return parts
