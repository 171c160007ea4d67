"""What a rule, or the case it asks, raises where it cannot look."""


class CannotRun(Exception):
    """Something that a rule needs is not there. The message is the reason that the audit lists."""
