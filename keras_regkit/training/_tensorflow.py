"""The training methods on TensorFlow."""

import keras
import tensorflow as tf


def gradient(function, x):
    """As `_wrapper.gradient`."""
    with tf.GradientTape(watch_accessed_variables=False) as tape:
        tape.watch(x)
        value = function(x)
    return tape.gradient(value, x, unconnected_gradients=tf.UnconnectedGradients.ZERO)


def share_of_replica(value):
    """Returns the share of a replica in a mean over all of them: their gradients are summed."""
    return value / tf.distribute.get_strategy().num_replicas_in_sync


def sum_of_squares(tensors):
    """Returns the sum of the squares of all numbers in float tensors."""
    return 2 * tf.add_n([tf.nn.l2_loss(tensor) for tensor in tensors])  # one kernel each, no squares in memory


def two_pass_step(wrapper, data):
    """A training step of a `TwoPass` wrapper."""
    x, y, sample_weight = keras.utils.unpack_x_y_sample_weight(data)
    optimizer, weights = wrapper.optimizer, wrapper.trainable_variables
    strength = wrapper.strength.advance()
    before = [(variable, tf.identity(variable.value)) for variable in wrapper.state_of_pass()]

    def forward():
        y_pred = wrapper(x, training=True)
        loss = wrapper.compute_loss(x=x, y=y, y_pred=y_pred, sample_weight=sample_weight, training=True)
        return y_pred, loss, optimizer.scale_loss(loss)

    with tf.GradientTape() as tape:
        y_pred, loss, scaled = forward()
    wrapper.loss_tracker.update_state(loss * tf.distribute.get_strategy().num_replicas_in_sync, sample_weight=_rows(x))
    first = _dense(tape.gradient(scaled, [weight.value for weight in weights]))

    def uphill():
        moved = wrapper.perturbed([tf.convert_to_tensor(weight.value) for weight in weights], first, strength)
        # The gradient is taken in the scope too: strengths move on when they are differentiated, and have done so.
        with keras.StatelessScope([*zip(weights, moved, strict=True), *before], collect_losses=True):
            with tf.GradientTape(watch_accessed_variables=False) as tape:
                tape.watch(moved)
                scaled = forward()[2]
            return tape.gradient(scaled, moved)

    turn = optimizer.iterations % wrapper.every == 0
    gradients = uphill() if wrapper.every == 1 else _cond(turn, uphill, lambda: first)
    if not wrapper.scales_loss:
        found, plain = gradients, lambda: _cond(_finite(first), lambda: first, lambda: _zeros(first))
        # Rare, and not worth touching every gradient for in the other steps.
        gradients = _cond(_finite(found), lambda: found, plain)
    optimizer.apply_gradients(zip(gradients, weights, strict=True))
    return wrapper.compute_metrics(x, y, y_pred, sample_weight=sample_weight)


def _rows(x):
    return tf.shape(next(leaf for leaf in keras.tree.flatten(x) if leaf is not None))[0]


def _dense(gradients):
    """Those of embeddings are slices."""
    return [None if gradient is None else tf.convert_to_tensor(gradient) for gradient in gradients]


def _zeros(gradients):
    return [None if gradient is None else tf.zeros_like(gradient) for gradient in gradients]


def _finite(gradients):
    """Whether all numbers are finite: a sum that meets one that is not does not get rid of it."""
    sums = [tf.reduce_sum(tf.cast(gradient, "float32")) for gradient in _dense(gradients) if gradient is not None]
    return tf.math.is_finite(tf.add_n(sums))


def _cond(condition, yes, no):
    """`tf.cond` for lists of gradients, in which None stays None."""
    missing = []

    def without_none(branch):
        gradients = _dense(branch())
        missing[:] = [gradient is None for gradient in gradients]
        return [gradient for gradient in gradients if gradient is not None]

    found = iter(tf.cond(condition, lambda: without_none(yes), lambda: without_none(no)))
    return [None if absent else next(found) for absent in missing]
