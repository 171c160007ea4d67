"""A picture of what a lever does: one drawing for each kind, which calls the lever itself."""

from lever_cards.draw import activities, functions, kernels, losses, noise, normal, paths, samples, whole

_BY_NAME = {
    **dict.fromkeys(("kl_sparsity", "decorrelation", "activity_l2", "temporal_activity_l2"), activities.activity),
    **dict.fromkeys(functions._WRAPPERS, functions.boundary),
    **dict.fromkeys(noise.MASKED, noise.mask),
    **dict.fromkeys(("mix_up", "cut_mix", "mix_up_cut_mix"), samples.mixing),
    **dict.fromkeys(("weight_normalization", "weight_standardization", "spectral_normalization"), normal.kernel),
    "early_learning": losses.early_learning,
    "freeze": whole.freezing,
    "ghost_batch_norm": normal.parts,
    "gradual_unfreezing": whole.unfreezing,
    "jsd_consistency": losses.consistency,
    "l2_sp": kernels.penalty,
    "layerwise_learning_rates": whole.rates,
    "mixed_mix_up": samples.table,
    "monte_carlo_dropout": functions.spread,
    "patch_dropout": noise.patches,
    "proximal": paths.optimizer,
    "recalibrate_batch_norm": functions.statistics,
    "spec_augment": samples.spectrogram,
    "temperature_scaling": functions.temperature,
    "weighted_l2": kernels.weighted,
    "word_dropout": noise.words,
}
_BY_FAMILY = {
    "averaging": paths.average,
    "capacity": whole.capacity,
    "constraint": kernels.constraint,
    "decay": paths.optimizer,
    "gradients": paths.optimizer,
    "normalization": normal.activations,
    "penalty": kernels.penalty,
    "sharpness": paths.sharpness,
    "stopping": whole.stopping,
    "targets": losses.target,
}
# Rooms of augmentation, by what the line of usage names.
_BY_ROOM = (
    ("image.", samples.image),
    ("time_series.", samples.series),
    ("audio.", samples.sound),
    ("tabular.", samples.table),
    ("on strings", samples.texts),
    ("translator", samples.texts),
    ("text.", samples.tokens),
)


def picture(card):
    """Returns `(matplotlib figure, caption)` of what a lever does.

    Raises:
        LookupError: nobody has said how this one is drawn.
    """
    by_room = next((draw for sign, draw in _BY_ROOM if sign in card.usage), None)
    draw = _BY_NAME.get(card.name) or _BY_FAMILY.get(card.family) or by_room
    if draw is None:
        raise LookupError(f"No drawing for lever {card.name!r}: add it to tests/lever_cards/draw/__init__.py")
    return draw(card)
