"""How long the rest of a study will take."""


class Estimate:
    """Estimates the time left from the shares of the work that were done by certain times.

        left = pace · (1 − share) − time since that share was reached,    pace = Δtime / Δshare since the first share

    The first share to be seen is paid for with what happens once (importing, compiling), so the pace is measured from
    there on; only while there is no second one does it begin at the start.

    Args:
        start: Time of the start, in seconds.

    Example:

    >>> estimate = Estimate(start=0.0)  # 10 seconds of compiling, then 2 seconds for each quarter
    >>> estimate.see(12.0, 0.25)
    >>> estimate.left(12.0)
    36.0
    >>> estimate.see(14.0, 0.5)
    >>> estimate.left(15.0)
    3.0
    """

    def __init__(self, start):
        self._start = start
        self._first = None
        self._last = None

    def see(self, now, share):
        """Tells what share of the work, in (0, 1], is done at the time `now`."""
        if self._first is None:
            self._first = (now, share)
        if self._last is None or share > self._last[1]:
            self._last = (now, share)

    def left(self, now, partial=False):
        """Returns the seconds that are left at the time `now`; None where that cannot be said.

        Args:
            now: The time.
            partial: Whether the first share was only a beginning: then nothing is said before the second.
        """
        if self._last is None:
            return None
        (began, done), (then, share) = self._first, self._last
        if share == done:
            if partial:
                return None
            began, done = self._start, 0.0
        left = (then - began) / (share - done) * (1 - share) - (now - then)
        return left if left > 0 else None


def in_words(seconds):
    """Returns a time in the unit that fits.

    >>> in_words(41.2), in_words(93), in_words(7322), in_words(59.7)
    ('41 s', '1 min 33 s', '2 h 2 min', '1 min 0 s')
    """
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"
