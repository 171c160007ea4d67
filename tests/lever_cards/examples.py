"""The code example of a card: whole, so that it can be copied, and run by the picture that is drawn from it."""

from lever_cards.by_hand import by_hand
from lever_cards.hosts import DATA, HOSTS, host_of

_NEEDS = (("keras.", "import keras"), ("np.", "import numpy as np"))
_ROOMS = ("augmentation", "callbacks", "constraints", "layers", "levers", "losses", "optimizers", "regularizers")
_MORE_ROOMS = ("surgery", "training", "uncertainty")


def example(card, strength=None):
    """Returns the code that shows a lever at work.

    Args:
        card: The card.
        strength: The strength, for levers that a card can set. Defaults to None: the heaviest of the card.
    """
    strength = card.strengths[-1] if strength is None else strength
    if card.rewrite:
        body = f"{HOSTS[host_of(card)]}\nchanged = levers.get({card.name!r}).apply(model, {strength!r})\n"
    elif card.make_callbacks:
        epochs = 12 if card.name == "swa" else 6
        fit = (
            f"model.fit(\n    x, y, validation_split=0.25, epochs={epochs}, verbose=0,\n"
            f"    callbacks={_callbacks(card, strength)},\n)\n"
        )
        body = f"{DATA}\n{HOSTS[host_of(card)]}\n{fit}"
    else:
        body = by_hand(card)
    return "\n".join([*imports(body), "", body.replace("'" + card.name + "'", f'"{card.name}"')])


def imports(body):
    """Returns the lines of imports that some code needs."""
    lines = [line for sign, line in _NEEDS if sign in body]
    rooms = [room for room in (*_ROOMS, *_MORE_ROOMS) if f"{room}." in body.replace(f"keras.{room}.", "")]
    return [
        *lines,
        *([""] if lines and rooms else []),
        *([f"from keras_regkit import {', '.join(rooms)}"] if rooms else []),
    ]


def run(card, strength=None):
    """Runs the example of a card, which may leave files in the working folder, and returns its names."""
    names = {}
    exec(compile(example(card, strength), f"<example of {card.name}>", "exec"), names)
    return names


def _callbacks(card, strength):
    return f"levers.get({card.name!r}).callbacks({strength!r})"
