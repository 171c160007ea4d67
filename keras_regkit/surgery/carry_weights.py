"""Copying the weights of one layer into another."""


def carry_weights(source, target):
    """Gives `target` the weights of `source`, a layer of the same shapes."""
    target.set_weights(source.get_weights())
    # An adapted `Normalization` computes with tensors that it derived from its weights, not with the weights.
    if hasattr(target, "finalize_state"):
        target.finalize_state()
