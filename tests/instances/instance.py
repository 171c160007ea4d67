"""One row of the table: a component as it is tested."""

import dataclasses
from collections.abc import Callable, Mapping


@dataclasses.dataclass(frozen=True)
class Instance:
    """A component as it is tested.

    Args:
        id: Name of the test.
        kind: Which check it gets: layer, regularizer, constraint, loss, optimizer, training or callback.
        factory: The class.
        arguments: What it is made with; the config must give exactly these back.
        check: Further arguments of the check.
        ranges: The table of legal arguments; None for components of Keras, whose errors are not ours.
        exempt: Name of a rule that is not to be run -> reason.
        everywhere: Whether it is checked on every backend, and not on TensorFlow alone: another row has what may differ
            between backends.
    """

    id: str
    kind: str
    factory: type
    arguments: Mapping = dataclasses.field(default_factory=dict)
    check: Mapping = dataclasses.field(default_factory=dict)
    ranges: Mapping | None = None
    exempt: Mapping = dataclasses.field(default_factory=dict)
    everywhere: bool = True

    def make(self) -> Callable:
        """Returns a new component."""
        return self.factory(**self.arguments)
