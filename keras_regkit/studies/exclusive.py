"""Which levers take each other's place: of each group, a combination holds one at most."""

# By the family on the card, and why two of them do not add up.
_GROUPS = {
    "penalty": "shrinking",  # penalties and decay pull on the same weights
    "decay": "shrinking",
    "constraint": "constraint",  # a kernel has one place for a constraint: the second takes out the first
    "normalization": "normalization",  # each sets the scale that the other has just set
    "targets": "targets",  # a model has one loss: the second takes out the first
    "sharpness": "sharpness",  # each brings a training step of its own
    "averaging": "averaging",  # both write the weights that the model ends with
}


def group_of(lever):
    """Returns the name of the group of levers that exclude each other; a lever's own name where none do.

    >>> from keras_regkit import levers
    >>> [group_of(levers.get(name)) for name in ("l2", "weight_decay", "dropout")]
    ['shrinking', 'shrinking', 'dropout']
    """
    return _GROUPS.get(lever.family, lever.name)


def clash(variant, other):
    """Whether two variants have levers that exclude each other.

    >>> from keras_regkit.studies import Variant
    >>> from keras_regkit import levers
    >>> l2, decay, dropout = (Variant(((levers.get(n), 0.1),)) for n in ("l2", "weight_decay", "dropout"))
    >>> clash(l2, decay), clash(l2, dropout)
    (True, False)
    """
    return not {group_of(lever) for lever, _ in variant.settings}.isdisjoint(
        group_of(lever) for lever, _ in other.settings
    )
