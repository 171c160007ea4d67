"""The file of trials: one JSON line each, only ever appended to."""

import json
import os

from keras_regkit.studies.trial import Trial

TRIALS = "trials.jsonl"
_STEP = 1 << 16


def read_trials(folder):
    """Returns the trials in a study's folder, in the order they were finished.

    A last line without its end is another process at work, or what a kill left: it is passed over, not cut, since
    reading changes nothing.

    Raises:
        ValueError: a whole line is no trial. The message names the file and the line.
    """
    path = folder / TRIALS
    if not path.exists():
        return []
    content = path.read_bytes()
    lines = content[: content.rfind(b"\n") + 1].split(b"\n")[:-1]
    return [_parse(line, path, number) for number, line in enumerate(lines, start=1)]


def cut_half_line(path):
    """Takes off what a kill left of the last line, and returns the length then: no line must be glued to a half one."""
    if not path.exists():
        return 0
    with path.open("r+b") as file:
        end = file.seek(0, os.SEEK_END)
        start, whole = end, 0
        while start and not whole:
            stop, start = start, max(0, start - _STEP)
            file.seek(start)
            whole = start + file.read(stop - start).rfind(b"\n") + 1
            if whole == start:
                whole = 0  # no end of a line in this piece
        if whole < end:
            file.truncate(whole)
    return whole


def _parse(line, path, number):
    try:
        record = json.loads(line)
        if "settings" not in record:  # format 1
            record["settings"] = _settings_in(record["variant"])
        return Trial.from_dict(record)
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise ValueError(
            f"{str(path)!r}, line {number}, is not a trial: {error!r}. Delete this line, and the trial is trained again"
        ) from error


def _settings_in(name):
    """Reads `{lever: strength}` off a name such as `"l2=0.001 + dropout=0.5"`; `{}` if it is no such name."""
    pairs = [part.partition("=") for part in name.split(" + ")]
    try:
        return {lever: float(strength) for lever, _, strength in pairs}
    except ValueError:
        return {}
