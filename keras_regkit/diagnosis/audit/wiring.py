"""Which layer's output goes into which, with nested models entered."""

import dataclasses

import keras

from keras_regkit._core.cut_points import calls_of, output_positions
from keras_regkit.diagnosis.audit.cannot_run import CannotRun


@dataclasses.dataclass
class Call:
    """One call of a layer.

    Args:
        layer: The layer; `None` for an operation that is none, such as an addition.
        before: The calls whose output it takes. Empty for those that take the model's inputs.
        after: The calls that take its output.
        takes_inputs: Whether an input of the model goes into it as it is.
        is_output: Whether an output of the model comes from it.
    """

    layer: keras.layers.Layer | None
    before: list = dataclasses.field(default_factory=list, repr=False)
    after: list = dataclasses.field(default_factory=list, repr=False)
    takes_inputs: bool = False
    is_output: bool = False


def read_wiring(model):
    """Returns the `Call`s of a Sequential or Functional model in an order that runs, those of nested models in place.

    A nested model that is wired by its own `call` counts as one layer.

    Raises:
        CannotRun: the model itself is wired by its own `call`, or cannot be read.
    """
    found = []
    ends = _enter(model, [None], found)
    if ends is None:
        raise CannotRun("the order of layers is known for Sequential and Functional models only")
    for call in ends:
        if call is not None:
            call.is_output = True
    return found


def _enter(model, entries, found):
    """Adds the calls of `model`, which takes what `entries` make (None: the inputs); returns those that make outputs.

    None for a model that cannot be read.
    """
    try:
        calls = calls_of(model)
    except Exception as error:  # configs are made by users' code
        raise CannotRun(f"the order of layers cannot be read from the config: {error}") from error
    if not calls:
        return None
    made = {-1: entries}
    for position, (layer, sources) in enumerate(calls):
        before = list({id(call): call for source in sources for call in made[source]}.values())
        inner = None if layer is None else _enter(layer, before, found)
        made[position] = [_add(layer, before, found)] if inner is None else inner
    return [call for position in sorted(output_positions(model, calls)) for call in made[position]]


def _add(layer, before, found):
    call = Call(layer, [source for source in before if source is not None], takes_inputs=None in before)
    for source in call.before:
        source.after.append(call)
    found.append(call)
    return call
