import pytest

from keras_regkit._core.checks import Interval, OneOf, check_arguments
from keras_regkit.testing import check_bad_arguments

RANGES = {"rate": Interval(0, 1, closed="left"), "mode": OneOf("a", "b")}


def good(rate=0.5, mode="a"):
    check_arguments(RANGES, rate=rate, mode=mode)


def accepts_one(rate=0.5, mode="a"):
    if isinstance(rate, bool) or rate != 1.0:
        good(rate, mode)


def raises_value_errors_only(rate=0.5, mode="a"):
    try:
        good(rate, mode)
    except TypeError as error:
        raise ValueError(str(error)) from error


def dies_of_it(rate=0.5, mode="a"):
    try:
        good(rate, mode)
    except TypeError as error:
        raise KeyError(rate) from error


def names_no_argument(rate=0.5, mode="a"):
    try:
        good(rate, mode)
    except (TypeError, ValueError) as error:
        raise type(error)(f"Received: {rate!r}, {mode!r}") from error


def tells_no_value(rate=0.5, mode="a"):
    try:
        good(rate, mode)
    except (TypeError, ValueError) as error:
        raise type(error)("`rate` or `mode` is wrong") from error


def test_good_component_passes():
    check_bad_arguments(good, RANGES)


@pytest.mark.parametrize(
    ("component", "message"),
    [
        (accepts_one, r"accepts_one\(rate=1.0\) must raise ValueError. It was accepted"),
        (raises_value_errors_only, r"\(rate=True\) must raise TypeError. Raised ValueError"),
        (dies_of_it, r"\(rate=True\) must raise TypeError. Raised KeyError"),
        (names_no_argument, "must name the argument"),
        (tells_no_value, "must tell the value received"),
    ],
)
def test_broken_component_is_caught(component, message):
    with pytest.raises(AssertionError, match=message):
        check_bad_arguments(component, RANGES)


def test_valid_arguments_must_be_accepted():
    with pytest.raises(ValueError, match="`rate` must be in"):
        check_bad_arguments(good, {}, rate=3.0)
