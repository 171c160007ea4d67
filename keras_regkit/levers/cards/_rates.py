"""What the cards of dropout layers share: one rate for all layers of a kind, put in where there are none."""

from keras_regkit.levers.cards._kernels import all_layers
from keras_regkit.levers.hidden import edited, only
from keras_regkit.surgery import replace
from keras_regkit.surgery.rebuild import check_rewritable


def set_everywhere(model, kind, changes, put):
    """Sets arguments of the layers of this kind that a model has; puts such layers in where it has none.

    Args:
        model: A Sequential or Functional model.
        kind: The class of the layers.
        changes: Dict of the arguments.
        put: Function without arguments that returns a copy of the model with new layers.
    """
    check_rewritable(model)
    present = [layer for layer in all_layers(model) if type(layer) is kind]
    return replace(model, only(present), lambda layer: edited(layer, **changes)) if present else put()
