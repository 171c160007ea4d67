"""A candidate of a space, from answers to single questions: which lever of a group, and how strong."""

from keras_regkit.studies.strength_range import StrengthRange

OFF = "off"


def suggest(space, choose, number):
    """Returns the `Variant` that the answers make.

    Levers that exclude each other are one question with several answers, "off" among them; strengths are asked for
    only of what is on.

    Args:
        space: The `Space`.
        choose: Function of a name and a list of options that returns one of them.
        number: Function of a name and a `StrengthRange` that returns a strength, and which is told as a third argument
            what the strength depends on: a pair of the group's name and the lever's.
    """
    settings = {}
    for group, members in space.groups.items():
        by_name = {lever.name: strengths for lever, strengths in members}
        name = choose(group, [OFF, *by_name], None)
        if name == OFF:
            continue
        strengths, condition = by_name[name], (group, name)
        question = f"{name} strength"
        if isinstance(strengths, StrengthRange):
            settings[name] = number(question, strengths, condition)
        elif len(strengths) == 1:
            settings[name] = strengths[0]
        else:
            settings[name] = choose(question, list(strengths), condition)
    return space.variant(settings)
