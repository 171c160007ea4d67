"""What a lever changed in the model of its example, in words."""

import math

# How a mixed optimizer is put together, which its name says.
_MADE_OF = ("name", "base", "mixins")


def changes(names):
    """Returns Markdown that says how `changed` differs from `model`.

    >>> import keras
    >>> old = keras.Sequential([keras.Input((2,)), keras.layers.Dense(3, name="a")])
    >>> new = keras.Sequential([keras.Input((2,)), keras.layers.Dense(4, name="a"), keras.layers.ReLU(name="b")])
    >>> changes({"model": old, "changed": new})
    '`units` of `a` changes; `b` (ReLU) is new'
    """
    before, after = ({layer.name: layer for layer in names[key].layers} for key in ("model", "changed"))
    found = []
    for name, layer in after.items():
        if name in before and (keys := _differ(before[name].get_config(), layer.get_config(), ("name",))):
            found.append(f"{', '.join(keys)} of `{name}` {'changes' if len(keys) == 1 else 'change'}")
    gone = [f"`{name}`" for name in before if name not in after]
    new = [f"`{name}` ({type(layer).__name__})" for name, layer in after.items() if name not in before]
    if new:
        found.append(f"{', '.join(gone)} becomes {', '.join(new)}" if gone else f"{', '.join(new)} is new")
    return "; ".join([*found, *_compiled(names["model"], names["changed"])])


def _compiled(model, changed):
    if not getattr(changed, "compiled", False):
        return
    if type(model.loss) is not type(changed.loss):
        yield f"the loss becomes `{type(changed.loss).__name__}`"
    keys = _differ(model.optimizer.get_config(), changed.optimizer.get_config(), _MADE_OF)
    if type(model.optimizer) is not type(changed.optimizer):
        yield f"the optimizer becomes `{type(changed.optimizer).__name__}`" + (
            f", with {', '.join(keys)}" if keys else ""
        )
    elif keys:
        yield f"{', '.join(keys)} of the optimizer changes"


def _differ(before, after, left_out):
    return [f"`{key}`" for key in after if key not in left_out and not _same(before.get(key), after[key])]


def _same(a, b):
    if isinstance(a, float) and isinstance(b, float):
        return math.isclose(a, b, rel_tol=1e-6)  # a rate comes back in single precision
    return a == b
