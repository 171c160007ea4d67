"""A look at two members before many are trained: is the program of both what each would do alone?"""

import jax
import numpy as np

# Compiled once, run once: what compiles quickly is quicker.
_QUICK = {"xla_backend_optimization_level": 0, "xla_llvm_disable_expensive_passes": True}


class NotAlike(ValueError):
    """A member of a population does not train as it would alone."""


def probe(program, states, numbers):
    """Checks one step of two members together against the same step of each alone.

    Raises:
        NotAlike: they differ: something in the model, such as noise from the global seed, is shared by all members.
    """
    rows = np.arange(program.first_batch, dtype="int32")
    train = jax.tree.map(lambda array: np.asarray(array[: program.first_batch]), program.data[0])
    together = jax.tree.map(lambda *arrays: np.stack(arrays), *states)
    weak = [jax.ShapeDtypeStruct(number.shape, number.dtype, weak_type=True) for number in numbers]
    step = jax.jit(jax.vmap(program.step, in_axes=(0, None, None, None)))
    both = step.lower(together, weak, rows, train).compile(_QUICK)(together, numbers, rows, train)
    alone = jax.jit(program.step).lower(states[0], weak, rows, train).compile(_QUICK)
    for i, state in enumerate(states):
        wanted = alone(state, numbers, rows, train)
        for a, b in zip(jax.tree.leaves(wanted), jax.tree.leaves(both), strict=True):
            a, b = np.asarray(a, "float64"), np.asarray(b[i], "float64")
            if not np.allclose(a, b, rtol=1e-3, atol=1e-4 * max(1.0, np.abs(a).max()), equal_nan=True):
                raise NotAlike(
                    "A training step of two members at once differs from that of each alone (by "
                    f"{np.abs(a - b).max():.3g}): something in the model is shared by all"
                )
