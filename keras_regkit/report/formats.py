"""Numbers as a reader wants them."""

import math

MISSING = "n/a"


def number(value, digits=4):
    """Returns a number with `digits` significant digits, thousands apart; `"n/a"` where there is none.

    >>> number(0.123456), number(12345), number(float("nan")), number(None)
    ('0.1235', '12,345', 'n/a', 'n/a')
    """
    if value is None or not math.isfinite(value):
        return MISSING
    if isinstance(value, int):
        return f"{value:,}"
    return _true_minus(f"{value:.{digits}g}")


def signed(value, digits=3):
    """Returns a difference with its sign.

    >>> signed(-0.03251), signed(2.0)
    ('−0.0325', '+2')
    """
    return MISSING if value is None or not math.isfinite(value) else _true_minus(f"{value:+.{digits}g}")


def interval(pair):
    """Returns the two ends of an interval of a difference.

    >>> interval((-0.05, 0.1)), interval((float("nan"), float("nan")))
    ('[−0.05, +0.1]', 'n/a')
    """
    low, high = (signed(end) for end in pair)
    return MISSING if MISSING in (low, high) else f"[{low}, {high}]"


def probability(value):
    """Returns a p-value.

    >>> probability(0.00002), probability(0.04)
    ('<0.001', '0.040')
    """
    if value is None or not math.isfinite(value):
        return MISSING
    return "<0.001" if value < 0.001 else f"{value:.3f}"


def duration(seconds):
    """Returns a time in the unit that fits.

    >>> duration(3.21), duration(93.4), duration(7322)
    ('3.2 s', '1 min 33 s', '2 h 2 min')
    """
    if seconds < 60:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"


def _true_minus(text):
    # A hyphen lets a browser break the line between the sign and the number. Exponents keep theirs, for copying.
    return "−" + text[1:] if text.startswith("-") else text


FILTERS = {"number": number, "signed": signed, "interval": interval, "probability": probability, "duration": duration}
