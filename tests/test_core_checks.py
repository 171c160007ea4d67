import math

import keras
import numpy as np
import pytest

from keras_regkit._core.checks import Interval, OneOf, check_arguments, did_you_mean

CLOSED = ("both", "left", "right", "neither")


@pytest.mark.parametrize(
    ("closed", "ends"), [("both", (1, 1)), ("left", (1, 0)), ("right", (0, 1)), ("neither", (0, 0))]
)
def test_ends_belong_to_the_interval_as_declared(closed, ends):
    interval = Interval(0, 1, closed=closed)
    assert (0 in interval, 1 in interval) == tuple(map(bool, ends))
    assert 0.5 in interval
    assert -0.1 not in interval
    assert 1.1 not in interval


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_only_finite_numbers_belong(value):
    assert value not in Interval()
    with pytest.raises(ValueError, match="`x` must be in"):
        Interval().check("x", value)


@pytest.mark.parametrize(
    ("interval", "text"),
    [
        (Interval(0, 1), "[0, 1]"),
        (Interval(0, 1, closed="left"), "[0, 1)"),
        (Interval(0, 0.5, closed="neither"), "(0, 0.5)"),
        (Interval(1), "[1, inf)"),
        (Interval(), "(-inf, inf)"),
    ],
)
def test_interval_is_written_as_in_mathematics(interval, text):
    assert str(interval) == text


@pytest.mark.parametrize("value", [0, 0.25, np.float32(0.5), np.int64(0)])
def test_legal_value_comes_back_as_given(value):
    assert Interval(0, 1).check("x", value) is value


@pytest.mark.parametrize("value", [True, "0.5", None, [0.5], 0.5j])
def test_wrong_kind_is_a_type_error_that_names_it(value):
    with pytest.raises(TypeError, match=rf"`x` must be a number in \[0, 1\]\..* of type {type(value).__name__}"):
        Interval(0, 1).check("x", value)


def test_wrong_number_is_a_value_error_that_names_it():
    with pytest.raises(ValueError, match=r"`rate` must be in \[0, 1\)\. Received: 1\.0"):
        Interval(0, 1, closed="left").check("rate", 1.0)


def test_integers():
    interval = Interval(1, integer=True)
    assert interval.check("n", 3) == 3
    assert interval.check("n", np.int32(3)) == 3
    with pytest.raises(TypeError, match="an integer"):
        interval.check("n", 3.0)


def test_none_only_where_it_is_optional():
    assert Interval(0, 1, optional=True).check("x", None) is None
    with pytest.raises(TypeError, match="or None"):
        Interval(0, 1, optional=True).check("x", "much")


@pytest.mark.parametrize("closed", CLOSED)
@pytest.mark.parametrize("integer", [False, True])
@pytest.mark.parametrize("optional", [False, True])
@pytest.mark.parametrize("ends", [(0, 3), (-math.inf, 3), (0, math.inf), (-math.inf, math.inf)])
def test_bad_values_are_refused_with_the_promised_error(ends, closed, integer, optional):
    interval = Interval(*ends, closed=closed, integer=integer, optional=optional)
    bad = interval.bad_values()
    assert any(value is True for value, _ in bad)
    for value, error in bad:
        with pytest.raises(error, match="`x` must be"):
            interval.check("x", value)


def test_bad_values_hold_the_open_ends():
    values = [value for value, _ in Interval(0, 1, closed="neither").bad_values()]
    assert {0.0, 1.0, -1.0, 2.0} <= {v for v in values if type(v) is float and math.isfinite(v)}


def test_one_of():
    options = OneOf("min", "max", None)
    assert options.check("mode", "min") == "min"
    assert options.check("mode", None) is None
    with pytest.raises(ValueError, match=r"`mode` must be one of.*Did you mean 'max'\? Received: 'maxi'"):
        options.check("mode", "maxi")
    for value, error in options.bad_values():
        with pytest.raises(error):
            options.check("mode", value)


def test_check_arguments_checks_each_by_its_own_range():
    ranges = {"rate": Interval(0, 1), "mode": OneOf("a", "b")}
    check_arguments(ranges, rate=0.5, mode="a")
    with pytest.raises(ValueError, match="`mode`"):
        check_arguments(ranges, rate=0.5, mode="c")
    with pytest.raises(KeyError):
        check_arguments(ranges, unknown=1)


@pytest.mark.parametrize(("name", "text"), [("dropuot", " Did you mean 'dropout'?"), ("xyz", ""), (None, ""), (3, "")])
def test_did_you_mean(name, text):
    assert did_you_mean(name, ["dropout", "l2", None]) == text


def test_a_schedule_where_none_is_taken_is_told_where_to_go():
    with pytest.raises(TypeError, match=r"cannot move; a penalty can, in regularizers\.Scheduled"):
        Interval(0).check("strength", keras.optimizers.schedules.CosineDecay(0.1, 10))
