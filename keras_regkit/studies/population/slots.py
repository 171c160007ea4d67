"""The numbers in a compiled model in which the members of one program may differ."""

import contextlib
import dataclasses

import keras

from keras_regkit._core.optimizers import without_loss_scale
from keras_regkit._core.strength import strengths_in
from keras_regkit._core.tracking import all_layers
from keras_regkit.studies import fingerprint

# Classes whose number enters the computation as it stands, and whose code asks of it at most whether it is zero.
_RATES = (
    keras.layers.Dropout,
    keras.layers.SpatialDropout1D,
    keras.layers.SpatialDropout2D,
    keras.layers.SpatialDropout3D,
)
_PENALTIES = (keras.regularizers.L1, keras.regularizers.L2, keras.regularizers.L1L2)
_SMOOTHED = (keras.losses.BinaryCrossentropy, keras.losses.CategoricalCrossentropy)
_ANY = 0.125  # stands for whatever number is in a slot, where two models are compared without their slots


@dataclasses.dataclass(frozen=True)
class Slot:
    """One number that an object of the model holds.

    Args:
        owner: The object.
        attribute: Its attribute.
        branches: Whether the owner's code branches on the number, so that a traced one must pass for "on".
        mirror: A dict in which the owner keeps the number a second time, or None.
        variable: Whether the owner keeps the number in a variable, so that it is part of a member's state.
    """

    owner: object
    attribute: str
    branches: bool
    mirror: dict | None = None
    variable: bool = False

    def get(self):
        """Returns the number; 0 stands for None."""
        return float(self.held() or 0.0)

    def held(self):
        """Returns what the owner holds: a number, or None."""
        value = getattr(self.owner, self.attribute)
        # Keras hands out the variable itself, which would be no memory of what it was.
        return float(keras.ops.convert_to_numpy(value)) if self.variable else value

    def put(self, value):
        """Sets the number, or what stands for it while a program is traced."""
        setattr(self.owner, self.attribute, value)
        if self.mirror is not None:
            self.mirror[self.attribute] = value


def slots(model):
    """Returns the slots of a compiled model, in an order that depends on its architecture alone."""
    found = []

    def add(owner, attribute, branches=True, **more):
        # Also where layers share a penalty: in a model made anew from its description each has its own.
        found.append(Slot(owner, attribute, branches, **more))

    for layer in all_layers(model):
        if type(layer) in _RATES and layer.rate:  # at rate 0 a layer has no seeds to draw with
            add(layer, "rate")
        if type(layer) is keras.layers.GaussianNoise and layer.stddev:
            add(layer, "stddev")
        for name, value in sorted(vars(layer).items()):
            if name.endswith("_regularizer") and type(value) in _PENALTIES:
                for attribute in ("l1", "l2"):
                    if hasattr(value, attribute):
                        add(value, attribute, branches=type(value) is keras.regularizers.L1L2)
            if name.endswith("_constraint") and type(value) is keras.constraints.MaxNorm:
                add(value, "max_value", branches=False)
    for loss in keras.tree.flatten(model.loss):
        if type(loss) in _SMOOTHED:
            add(loss, "label_smoothing", mirror=loss._fn_kwargs)
    optimizer = without_loss_scale(model.optimizer)
    add(optimizer, "weight_decay", branches=False)
    if not isinstance(_learning_rate(optimizer), dict):
        add(optimizer, "learning_rate", branches=False, variable=True)
    for strength in strengths_in(model).values():
        if strength.schedule is None:  # the number itself is a weight, and in the state of a member
            add(strength, "given", branches=False, variable=True)
    return found


def _learning_rate(optimizer):
    """The learning rate as the optimizer's config has it: a number, or the config of a schedule."""
    return optimizer.get_config().get("learning_rate", {})


@contextlib.contextmanager
def filled(found, values):
    """Within, the slots hold `values`; afterwards what they held before."""
    before = [slot.held() for slot in found]
    try:
        for slot, value in zip(found, values, strict=True):
            slot.put(value)
        yield
    finally:
        for slot, value in zip(found, before, strict=True):
            slot.put(value)


def program_of(model):
    """Returns a fingerprint that two models share if they differ in their slots, weights and seeds alone."""
    found = slots(model)
    with filled(found, [_ANY] * len(found)):
        return fingerprint.of_model(model)
