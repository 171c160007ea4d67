"""The linear rule for the rates of residual blocks."""

from keras_regkit._core.checks import Interval, check_arguments

RANGES = {"blocks": Interval(1, integer=True), "last": Interval(0, 1, closed="left")}


def depth_rates(blocks: int, last: float) -> tuple[float, ...]:
    """Returns a drop rate for each residual block, rising in a straight line to that of the last block.

        rate(l) = last · l / L,   l = 1 ... L

    Early blocks make features that all later ones need, so they are dropped least.

    Args:
        blocks: Number of residual blocks L, at least 1.
        last: Rate of the last one, in [0, 1).

    Returns:
        Tuple of `blocks` floats.

    Raises:
        TypeError, ValueError: an argument is out of its range.

    Reference:
        Huang et al. 2016, "Deep Networks with Stochastic Depth", eq. 4. (Some libraries begin at 0 instead: there the
        first of L blocks is never dropped.)

    Example:

    >>> depth_rates(4, last=0.2)
    (0.05, 0.1, 0.15000000000000002, 0.2)
    """
    check_arguments(RANGES, blocks=blocks, last=last)
    return tuple(last * block / blocks for block in range(1, blocks + 1))
