"""One architecture's training, compiled for many members at once.

    state, best, found = round(state, best, keep, numbers, rows, data)

is an epoch of every member: `vmap` over Keras' own stateless training step, `scan` over the steps, members laid over
the host's devices by `shard_map`, so that no device ever waits for another.
"""

import functools

import jax
import jax.numpy as jnp
import numpy as np
from jax.sharding import Mesh, NamedSharding, PartitionSpec

from keras_regkit._core.data import count_rows
from keras_regkit.studies.population._jax_binding import bound
from keras_regkit.studies.population._jax_convolution import by_patches

MEMBERS = PartitionSpec("members")
ALL = PartitionSpec()
_ROWS, _BLOCKS = 1024, 16  # so many rows are evaluated at once, as GapMonitor does, or more in so many blocks
# Compiles in two thirds of the time, and what it compiles is as fast: loops over small products.
_OPTIONS = {"xla_backend_optimization_level": 1}


class Program:
    """The compiled functions that train a population.

    A member's state is `(trainable, others, optimizer)`, three lists of arrays; a population's has one more axis in
    front, of length `width`.

    Args:
        model: A compiled model on the JAX backend, its optimizer built.
        slots: Its slots.
        loss: The clean loss, or None for the model's own without its penalties.
        data: `(train, validation, sample)`, each `(x, y, sample_weight)` arrays.
        batch_size: Rows per training step.
        width: Number of members, a multiple of the number of devices.
        scores: Whether the metrics that the model was compiled with are wanted after each epoch.

    Attributes:
        bytes: Memory that an epoch takes; 0 before it is compiled.
    """

    def __init__(self, model, slots, loss, data, batch_size, width, scores):
        self._model, self._slots, self._loss = model, slots, loss
        self.width = width
        mesh = Mesh(np.array(jax.devices()), ("members",))
        self._members, self._all = NamedSharding(mesh, MEMBERS), NamedSharding(mesh, ALL)
        self._rows = NamedSharding(mesh, PartitionSpec(None, "members"))
        self._data = jax.device_put(data, self._all)
        self._batch_size = batch_size
        self.rows = count_rows(data[0])
        self._steps, self._rest = divmod(self.rows, batch_size)
        self._metrics = [v.value for v in model.metrics_variables]
        self._scores = scores
        self.bytes = 0

        def laid_out(function, ins, outs=MEMBERS, donate=()):
            mapped = jax.shard_map(function, mesh=mesh, in_specs=ins, out_specs=outs, check_vma=False)
            shardings = NamedSharding(mesh, outs)
            return jax.jit(mapped, donate_argnums=donate, out_shardings=shardings, compiler_options=_OPTIONS)

        m = MEMBERS
        self.round = laid_out(self._round, (m, m, m, m, PartitionSpec(None, "members"), m, ALL), donate=(0, 1))
        self.refill = laid_out(self._refill, (m, m, m), donate=(0,))
        self.score = laid_out(self._score_chosen, (m, m, m, m, ALL))

    def trace(self, state, numbers):
        """Traces an epoch before there is a population, from the state and the numbers of one member.

        The numbers are weakly typed, as those of Python are: beside float16 they are float16.

        Returns:
            A function without arguments that compiles it, which may run in another thread. Tracing may not: it puts
            tracers into the model.
        """

        def shape(array, axes=(), sharding=self._members, **more):
            return jax.ShapeDtypeStruct((*axes, *np.shape(array)), np.asarray(array).dtype, sharding=sharding, **more)

        many = functools.partial(jax.tree.map, lambda array: shape(array, (self.width,)))
        row = np.zeros((), "int32")
        lowered = self.round.lower(
            many(state),
            many(state[:2]),
            many(np.zeros((), bool)),
            [shape(number, (self.width,), weak_type=True) for number in numbers],
            shape(row, (self._steps, self.width, self._batch_size), self._rows),
            shape(row, (self.width, self._rest)),
            self._data,
        )

        def compile():
            self.round = lowered.compile()
            self.bytes = _bytes(self.round)

        return compile

    def put(self, population):
        """Lays arrays with a leading axis of members out over the devices."""
        return jax.device_put(population, self._members)

    def orders(self, orders):
        """Returns rows for `round` from the members' orders of rows, `(width, rows)`."""
        whole = orders[:, : self._steps * self._batch_size].reshape(len(orders), self._steps, self._batch_size)
        rest = orders[:, self._steps * self._batch_size :]
        return jax.device_put(whole.swapaxes(0, 1), self._rows), jax.device_put(rest, self._members)

    @property
    def data(self):
        """`(train, validation, sample)`, laid out over the devices."""
        return self._data

    @property
    def first_batch(self):
        """Number of rows of the first batch of an epoch."""
        return min(self._batch_size, self.rows)

    def step(self, state, numbers, rows, data):
        """Takes one training step of one member; returns its new state."""
        x, y, weight = jax.tree.map(lambda array: array[rows], data)
        with bound(self._slots, numbers), by_patches(self._model):
            # The metrics are not read, so nothing of them is computed.
            _, state = self._model.train_step((*state, self._metrics), (x, y, weight))
        return state[:3]

    def _round(self, state, best, keep, numbers, rows, rest, data):
        """Keeps what the last epoch ended with where `keep` says so, trains an epoch, and measures."""
        best = _where(keep, state[:2], best)
        step = jax.vmap(self.step, in_axes=(0, 0, 0, None))
        state, _ = jax.lax.scan(lambda now, at: (step(now, numbers, at, data[0]), None), state, rows)
        if self._rest:
            state = step(state, numbers, rest, data[0])
        return state, best, jax.vmap(self._measure, in_axes=(0, 0, None))(state, numbers, data)

    def _refill(self, state, new, where):
        return _where(where, new, state)

    def _score_chosen(self, state, best, restored, numbers, data):
        """Returns the final weights and what the compiled metrics say of them on the validation data."""
        weights = _where(restored, best, state[:2])
        return weights, jax.vmap(self._compiled_metrics, in_axes=(0, 0, None))(weights, numbers, data[1])

    def _measure(self, state, numbers, data):
        _, validation, sample = data
        data_loss, penalty = self._clean_loss(state, numbers, sample)
        val_data_loss, _ = self._clean_loss(state, numbers, validation)
        found = {"data_loss": data_loss, "penalty": penalty, "val_data_loss": val_data_loss}
        if self._scores:
            found |= self._compiled_metrics(state, numbers, validation)
        return found

    def _clean_loss(self, state, numbers, arrays):
        """Returns the mean loss on the data alone, and the mean penalty, in inference mode."""
        totals = jnp.zeros(2)
        for x, y, weight in _batches(arrays):
            with bound(self._slots, numbers), by_patches(self._model):
                y_pred, _, losses = self._model.stateless_call(*state[:2], x, return_losses=True, training=False)
                penalty = sum((jnp.sum(loss).astype("float32") for loss in losses), jnp.zeros(()))
                if self._loss is not None:
                    loss = self._loss(y, y_pred, sample_weight=weight)
                else:
                    loss, _ = self._model.compute_loss_and_updates(
                        *state[:2], self._metrics, x, y, weight, training=False
                    )
                    loss = loss - penalty
            totals += count_rows((x,)) * jnp.stack([loss, penalty])
        return totals / count_rows((arrays[0],))

    def _compiled_metrics(self, weights, numbers, arrays):
        logs, metrics = {}, self._metrics
        for batch in _batches(arrays):
            with bound(self._slots, numbers), by_patches(self._model):
                logs, state = self._model.test_step((*weights[:2], metrics), batch)
            metrics = state[2]
        return {f"val_{name}": value for name, value in logs.items() if name != "loss"}


def _bytes(compiled):
    """Memory that a compiled function takes on all devices: inputs, outputs, what is between; 0 if unknown."""
    sizes = compiled.memory_analysis()
    if sizes is None:
        return 0
    inputs, outputs = sizes.argument_size_in_bytes, sizes.output_size_in_bytes - sizes.alias_size_in_bytes
    return (inputs + outputs + sizes.temp_size_in_bytes) * jax.device_count()


def _batches(arrays):
    rows = count_rows(arrays)
    size = max(_ROWS, -(-rows // _BLOCKS))
    for start in range(0, rows, size):
        yield jax.tree.map(functools.partial(_slice, start, min(start + size, rows)), arrays)


def _slice(start, stop, array):
    return array[start:stop]


def _where(chosen, new, old):
    """Chooses member by member."""
    return jax.tree.map(lambda a, b: jnp.where(chosen.reshape((-1,) + (1,) * (a.ndim - 1)), a, b), new, old)


def built(model, x, y):
    """Builds what a compiled model builds with its first batch: loss, metrics, optimizer."""
    model.test_on_batch(*jax.tree.map(lambda array: array[:1], (x, y)))
    model.reset_metrics()
    model.optimizer.build(model.trainable_variables)
    return model
