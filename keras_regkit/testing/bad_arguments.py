"""Every illegal argument must raise what its range promises."""

from collections.abc import Callable, Mapping
from typing import Any


def check_bad_arguments(cls: Callable[..., Any], ranges: Mapping[str, Any], **valid: Any) -> None:
    """Checks that every illegal value of every argument is refused with a message that helps.

    Use it with the table of ranges that a component declares its arguments in; from this the illegal values
    are made.

    Args:
        cls: A class, or another function, that is called with the arguments.
        ranges: Dict from an argument's name to its range: an object with `bad_values()`, a list of pairs
            `(illegal value, type of the error it deserves)`.
        **valid: Legal values for the arguments that `cls` needs. With these alone the call must succeed.

    Raises:
        AssertionError: an illegal value is accepted, raises another error than promised, or raises a message
            without the argument's name or the value received.

    Example:

    >>> class AtLeastOne:
    ...     def bad_values(self):
    ...         return [(0, ValueError)]
    >>> def repeat(times):
    ...     if times < 1:
    ...         raise ValueError(f"`times` must be at least 1. Received: {times}")
    >>> check_bad_arguments(repeat, {"times": AtLeastOne()}, times=2)
    """
    name = cls.__name__
    cls(**valid)
    for argument, interval in ranges.items():
        for value, promised in interval.bad_values():
            call = f"{name}({argument}={value!r})"
            try:
                cls(**{**valid, argument: value})
            except promised as error:
                message = str(error)
            # Broad on purpose: any other error is what this check is there to report.
            except Exception as error:
                raise AssertionError(
                    f"{call} must raise {promised.__name__}. Raised {type(error).__name__}: {error}"
                ) from error
            else:
                raise AssertionError(f"{call} must raise {promised.__name__}. It was accepted")
            if argument not in message:
                raise AssertionError(f"{call} must name the argument in its message. Message: {message}")
            if repr(value) not in message and str(value) not in message:
                raise AssertionError(f"{call} must tell the value received in its message. Message: {message}")
