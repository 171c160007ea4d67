"""The training methods on JAX."""

import jax
import jax.numpy as jnp
import keras


def gradient(function, x):
    """As `_wrapper.gradient`."""
    return jax.grad(function)(x)


def share_of_replica(value):
    """Returns `value`: the batch is split behind the back of the program."""
    return value


def sum_of_squares(tensors):
    """Returns the sum of the squares of all numbers in float tensors."""
    return sum(jnp.sum(jnp.square(tensor)) for tensor in tensors)


def two_pass_step(wrapper, state, data):
    """A training step of a `TwoPass` wrapper."""
    weights, others, of_optimizer, of_metrics = state
    x, y, sample_weight = keras.utils.unpack_x_y_sample_weight(data)
    differentiated = jax.value_and_grad(wrapper.compute_loss_and_updates, has_aux=True)

    def passed(weights):
        arguments = (weights, others, of_metrics, x, y, sample_weight)
        (_, updates), gradients = differentiated(*arguments, training=True, optimizer_variables=of_optimizer)
        return updates, gradients

    (loss, y_pred, others_after, of_metrics_after), first = passed(weights)
    with keras.StatelessScope(zip(wrapper.non_trainable_variables, others_after, strict=True)) as scope:
        strength = wrapper.strength.advance()
    others_after = [scope.get_current_value(variable) for variable in wrapper.non_trainable_variables]

    def uphill():
        # From the state that the first pass started from, so with the masks of the first pass.
        return passed(wrapper.perturbed(weights, first, strength))[1]

    if wrapper.every == 1:
        gradients = uphill()
    else:
        with keras.StatelessScope(zip(wrapper.optimizer.variables, of_optimizer, strict=True)):
            step = keras.ops.convert_to_tensor(wrapper.optimizer.iterations)
        gradients = jax.lax.cond(step % wrapper.every == 0, uphill, lambda: first)
    if not wrapper.scales_loss:
        there, here = _finite(gradients), _finite(first)
        gradients = [
            jnp.where(there, found, jnp.where(here, plain, jnp.zeros_like(plain)))
            for found, plain in zip(gradients, first, strict=True)
        ]
    weights, of_optimizer = wrapper.optimizer.stateless_apply(of_optimizer, gradients, weights)

    variables = wrapper.metrics_variables
    with keras.StatelessScope(zip(variables, of_metrics_after, strict=True)) as scope:
        wrapper.loss_tracker.update_state(loss, sample_weight=_rows(x))
        logs = wrapper.compute_metrics(x, y, y_pred, sample_weight=sample_weight)
    of_metrics = [scope.get_current_value(variable) for variable in variables]
    return logs, (weights, others_after, of_optimizer, of_metrics)


def _rows(x):
    return next(leaf for leaf in keras.tree.flatten(x) if leaf is not None).shape[0]


def _finite(gradients):
    """Whether all numbers are finite: a sum that meets one that is not does not get rid of it."""
    return jnp.isfinite(sum(jnp.sum(gradient, dtype="float32") for gradient in gradients))
