"""Every threshold of the diagnosis, in one place.

Two units are used. `*_NOISES` counts standard deviations of the epoch-to-epoch noise. `*_SHARE` is a share of the
*scale*, the improvement that the curves show: the higher of their two starting points (or the reference level) minus
the lowest point of both. A difference counts when it exceeds both, so a smooth curve does not turn tiny wiggles into a
verdict and a noisy one does not turn luck into one. Differences, not ratios of losses: a loss may be negative.

Where they come from: those under "Calibrated" are the ones with the most right verdicts on 320 simulated trainings
whose regime is known (groups 0 to 19 of docs/benchmarks/diagnosis-trainings.jsonl.gz: small networks on 32 to 1,024
rows, with noise from none to nearly all), each judged after 8, 16, 24 and 40 epochs, with and without a reference and
a reachable level. `python tests/benchmarks/diagnosis_fit.py` sets them anew and writes them here. How right they are on
other trainings is in docs/benchmarks. What those trainings have in common is in these numbers too. The rest was set by
hand.
"""

# Fewer epochs than this have no trend at all.
MINIMUM_EPOCHS = 3
# From this many epochs on, the number of epochs no longer lowers the confidence.
ENOUGH_EPOCHS = 10

# --- Calibrated: by tests/benchmarks/diagnosis_fit.py ---

# Diverging: the train loss ends this far above its own minimum: in noises, as a share of what it had fallen before,
# and, where it never fell, as a share of its starting value (or of the reference level).
DIVERGING_NOISES = 1.0
DIVERGING_SHARE = 0.4
DIVERGING_LEVEL = 0.01
# Whatever its noise: the train loss ends above its starting value (or the reference level) by this share.
DIVERGING_ABOVE = 0.1

# Overfitting, first kind: validation ends above its minimum, and the gap grew by as much.
RISE_NOISES = 3.0
RISE_SHARE = 0.02
# Overfitting, second kind: a wide gap that stays, measured over the tail.
GAP_NOISES = 2.0
GAP_SHARE = 0.3
# A loss that is never negative and on train less than half of what it is on validation: then a gap of this share
# is wide too.
REMEMBERED_GAP_SHARE = 0.25

# Underfitting: the train loss fell by less than this share of its starting value (or of the reference level) ...
FALL_SHARE = 0.3
REFERENCE_FALL_SHARE = 0.4
# ... while the gap is smaller than this share of that value.
UNDERFITTING_GAP_SHARE = 0.3

# Where a reachable loss is known: validation ends above it by this share of the room between it and the reference
# level; the train loss on this side of it is underfitting, and overfitting on the other.
EXCESS_SHARE = 0.22

# Still improving: straight lines through the tails of both curves fall by this much; the best epoch lies in the tail.
IMPROVING_NOISES = 1.0
IMPROVING_SHARE = 0.05
# ... and by this share of the reference level (or of train's start).
IMPROVING_LEVEL = 0.02

# Noisy validation: the noise itself, as a share of the scale.
NOISY_SHARE = 0.3

# Validation easier: below train by this much.
EASIER_NOISES = 2.0
EASIER_SHARE = 0.07

# Confidence of a verdict at its threshold, and what full clearness adds: a straight line through what was right.
CONFIDENCE_BASE = 0.35
CONFIDENCE_GAIN = 0.54

# --- Set by hand ---

# Overfitting, second kind: the loss on train is less than this share of that on validation: rows are remembered.
HALF = 0.5
# A gap above this share is mentioned where the fit is good, and light levers are offered.
SMALL_GAP_SHARE = 0.08
# Where a reachable loss is known: the room between it and the reference level is at least this share of the scale.
LEAST_ROOM = 0.1
# Training counts as unstable when its own noise passes this share.
UNSTABLE_SHARE = 0.08

# Validation easier: in this many of the later epochs. Raw curves get a wider margin, because dropout and the moving
# average alone lift their train loss.
EASIER_EPOCHS_SHARE = 0.9
RAW_EASIER_SHARE = 0.15

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
