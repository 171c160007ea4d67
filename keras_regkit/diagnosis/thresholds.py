"""Every threshold of the diagnosis, in one place.

Two units are used. `*_NOISES` counts standard deviations of the epoch-to-epoch noise. `*_SHARE` is a share of the
*scale*, the improvement that the curves show: the higher of their two starting points (or the reference level) minus
the lowest point of both. A difference counts when it exceeds both, so a smooth curve does not turn tiny wiggles into a
verdict and a noisy one does not turn luck into one. Differences, not ratios of losses: a loss may be negative.
"""

# Fewer epochs than this have no trend at all.
MINIMUM_EPOCHS = 3
# From this many epochs on, the number of epochs no longer lowers the confidence.
ENOUGH_EPOCHS = 10

# Diverging: the train loss ends this far above its own minimum: in noises, as a share of what it had fallen before,
# and, where it never fell, as a share of its starting value.
DIVERGING_NOISES = 4.0
DIVERGING_SHARE = 0.3
DIVERGING_LEVEL = 0.01

# Overfitting, first kind: validation ends above its minimum, and the gap grew by as much.
RISE_NOISES = 2.0
RISE_SHARE = 0.015
# Overfitting, second kind: a wide gap that stays, measured over the tail.
GAP_NOISES = 3.0
GAP_SHARE = 0.2
# A loss that is never negative and on train less than half of what it is on validation: then a smaller gap is wide too.
HALF = 0.5
# A gap below GAP_SHARE but above this one is mentioned, and light levers are offered.
SMALL_GAP_SHARE = 0.08

# Underfitting: the train loss fell by less than this share of its starting value (or of the reference level) ...
FALL_SHARE = 0.1
REFERENCE_FALL_SHARE = 0.2
# ... while the gap is smaller than this share of that value.
UNDERFITTING_GAP_SHARE = 0.1

# Still improving: the straight line through validation's tail falls by this much; the best epoch lies in the tail.
IMPROVING_NOISES = 3.0
IMPROVING_SHARE = 0.04

# Noisy validation: the noise itself, as a share of the scale.
NOISY_SHARE = 0.1
# Training counts as unstable when its own noise passes this share.
UNSTABLE_SHARE = 0.08

# Validation easier: below train by this much, in this many of the later epochs. Raw curves get a wider margin, because
# dropout and the moving average alone lift their train loss.
EASIER_NOISES = 2.0
EASIER_SHARE = 0.03
RAW_EASIER_SHARE = 0.15
EASIER_EPOCHS_SHARE = 0.9

# Less capacity: the gap is this wide and the train loss this close to zero, both as shares of the scale.
HUGE_GAP_SHARE = 0.5
MEMORISED_SHARE = 0.05
# A network with this many parameters for each training row can memorise the rows.
MANY_PARAMETERS_PER_ROW = 10.0

# Confident mistakes: validation accuracy fell by no more than this while the loss rose.
ACCURACY_HELD = 0.01
# Below this many rows, a validation loss is a rough number.
FEW_VALIDATION_ROWS = 200

# What raw curves leave of the confidence.
RAW_CONFIDENCE = 0.8
