"""The training methods on torch."""

import keras
import torch


def gradient(function, x):
    """As `_wrapper.gradient`."""
    with torch.enable_grad():
        x = keras.tree.map_structure(lambda leaf: leaf if leaf.requires_grad else leaf.detach().requires_grad_(), x)
        leaves = keras.tree.flatten(x)
        gradients = torch.autograd.grad(function(x), leaves, create_graph=True, allow_unused=True)
    gradients = [torch.zeros_like(x) if g is None else g for g, x in zip(gradients, leaves, strict=True)]
    return keras.tree.pack_sequence_as(x, gradients)


def share_of_replica(value):
    """Returns `value`: there is one replica."""
    return value


def sum_of_squares(tensors):
    """Returns the sum of the squares of all numbers in float tensors."""
    return sum(torch.linalg.vector_norm(tensor).square() for tensor in tensors)


def two_pass_step(wrapper, data):
    """A training step of a `TwoPass` wrapper."""
    x, y, sample_weight = keras.utils.unpack_x_y_sample_weight(data)
    optimizer, weights = wrapper.optimizer, wrapper.trainable_variables
    strength = wrapper.strength.advance()
    before = [(variable, variable.value.detach().clone()) for variable in wrapper.state_of_pass()]
    generators = _generators()

    def forward():
        y_pred = wrapper(x, training=True)
        loss = wrapper.compute_loss(x=x, y=y, y_pred=y_pred, sample_weight=sample_weight, training=True)
        return y_pred, loss, optimizer.scale_loss(loss)

    y_pred, loss, scaled = forward()
    wrapper.loss_tracker.update_state(loss.detach(), sample_weight=_rows(x))
    first = torch.autograd.grad(scaled, [weight.value for weight in weights], allow_unused=True)

    def uphill():
        with torch.no_grad():
            moved = wrapper.perturbed([weight.value.detach() for weight in weights], first, strength)
        moved = [weight.detach().requires_grad_() for weight in moved]
        after = _generators()
        _set_generators(generators)  # dropout layers without a seed draw from torch's own generator
        # The gradient is taken in the scope too: strengths move on when they are differentiated, and have done so.
        with keras.StatelessScope([*zip(weights, moved, strict=True), *before], collect_losses=True):
            gradients = torch.autograd.grad(forward()[2], moved, allow_unused=True)
        _set_generators(after)
        return gradients

    # From gradients that are not finite no way leads uphill, and torch's losses raise on what is not a number.
    turn = int(optimizer.iterations) % wrapper.every == 0
    gradients = uphill() if turn and _finite(first) else first
    if not wrapper.scales_loss and not _finite(gradients):
        gradients = first if _finite(first) else [None if g is None else torch.zeros_like(g) for g in first]
    with torch.no_grad():
        optimizer.apply(list(gradients), weights)
    return wrapper.compute_metrics(x, y, y_pred, sample_weight=sample_weight)


def _rows(x):
    return next(leaf for leaf in keras.tree.flatten(x) if leaf is not None).shape[0]


def _finite(gradients):
    """Whether all numbers are finite: a sum that meets one that is not does not get rid of it."""
    return bool(torch.isfinite(sum(gradient.float().sum() for gradient in gradients if gradient is not None)))


def _generators():
    """The states of torch's own generators: the one of the CPU, and those of GPUs."""
    return torch.get_rng_state(), torch.cuda.get_rng_state_all() if torch.cuda.is_available() else []


def _set_generators(states):
    torch.set_rng_state(states[0])
    if states[1]:
        torch.cuda.set_rng_state_all(states[1])
