"""One piece of advice."""

import dataclasses


@dataclasses.dataclass(frozen=True)
class Recommendation:
    """A lever, or another thing to do, and why.

    Args:
        name: Identifier: the name of a lever card where `card` is true.
        title: What it is called in a sentence.
        why: Why it is advised here, with a hint at the strength.
        card: Whether `name` is a lever card that a study can turn.

    >>> from keras_regkit.diagnosis import Recommendation
    >>> Recommendation("dropout", "Dropout", "The gap persists.", card=True).name
    'dropout'
    """

    name: str
    title: str
    why: str
    card: bool
