"""Short names for what arguments of the public surface may be. Type checkers read them; running code does not."""

import os
from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

import keras

# A number, a schedule over training steps, or the config of one.
StrengthLike: TypeAlias = float | keras.optimizers.schedules.LearningRateSchedule | Mapping[str, Any]

# A number, which says what range it stands for, or a pair of numbers for the range between.
RangeLike: TypeAlias = float | Sequence[float]

# One axis or several; None for the usual ones.
Axis: TypeAlias = int | Sequence[int] | None

PathLike: TypeAlias = str | os.PathLike[str]

# Keras has no class for its tensors, which are those of the backend; and data are what `fit` takes: arrays, tuples of
# them, or one of a dozen kinds of datasets.
Tensor: TypeAlias = Any
Array: TypeAlias = Any
Data: TypeAlias = Any

# What `fit` returned, a dict of lists, or the path of a log.
HistoryLike: TypeAlias = keras.callbacks.History | Mapping[str, Any] | PathLike

# A pandas table; pandas is optional.
Frame: TypeAlias = Any
