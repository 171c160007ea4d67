"""The warnings that users may want to filter by kind."""


class NoEffectWarning(UserWarning):
    """Something was asked for, and nothing changed."""


class DataWarning(UserWarning):
    """The data were usable, but not as they arrived."""
