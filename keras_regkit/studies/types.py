"""Short names for what arguments of studies may be. Type checkers read them; running code does not."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, TypeAlias

import keras

from keras_regkit.levers import Lever

# A compiled model, or a function that returns a new one at each call.
Build: TypeAlias = keras.Model | Callable[..., keras.Model]

# Names, cards, or a dict from name to strengths.
LeversLike: TypeAlias = str | Lever | Iterable[str | Lever] | Mapping[str, Any]

# How many, or a list of which.
Seeds: TypeAlias = int | Sequence[int]
