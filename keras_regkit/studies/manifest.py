"""The manifest of a study's folder: which study lives there, in which format, and who wrote it."""

import json

from keras_regkit._core.files import write_json
from keras_regkit._version import __version__

MANIFEST = "study.json"

# 1: the identity alone, and trials without settings and provenance. 2: `format` and `written_by`, and trials with both.
FORMAT = 2
_ABOUT_THE_FILE = ("format", "written_by")
_DATA = {"train": "training data", "validation": "validation data"}


def write(folder, identity):
    """Writes the manifest of a new study, or the present one's anew in the present format."""
    write_json(folder / MANIFEST, {"format": FORMAT, "written_by": f"keras_regkit {__version__}", **identity})


def read(folder):
    """Returns `(identity, format, written_by)` of the study in `folder`.

    Raises:
        ValueError: the file is no manifest, or is in a format newer than this version of the package knows.
        FileNotFoundError: there is none.
    """
    path = folder / MANIFEST
    try:
        found = json.loads(path.read_bytes())
    except ValueError as error:
        raise ValueError(f"{str(path)!r} is not the manifest of a study, or was damaged: {error}") from error
    if not isinstance(found, dict):
        raise ValueError(f"{str(path)!r} is not the manifest of a study: it holds a {type(found).__name__}")
    number = found.get("format", 1)
    written_by = found.get("written_by", "an early version of keras_regkit")
    if not isinstance(number, int) or isinstance(number, bool) or number < 1:
        raise ValueError(f"{str(path)!r} is not the manifest of a study: its format is {number!r}")
    if number > FORMAT:
        raise ValueError(
            f"{str(folder)!r} was written by {written_by} in format {number}. This is keras_regkit {__version__}, "
            f"which reads formats 1 to {FORMAT}, and leaves the folder as it is. Upgrade this one (pip install "
            "--upgrade keras-regkit), or give the study a folder of its own with store=..."
        )
    return {key: value for key, value in found.items() if key not in _ABOUT_THE_FILE}, number, written_by


class OtherStudyError(ValueError):
    """A folder holds another study than the one at hand."""

    there: dict
    here: dict


def check_same(folder, there, here, number):
    """Checks that the study found in a folder is the one at hand.

    Args:
        folder: The folder, for the message.
        there, here: Identities: as found, and as wanted.
        number: Format of what was found. What an older one does not know of is not compared.

    Raises:
        OtherStudyError: they differ. The message says in what, and what to do.
    """
    keys = there if number < FORMAT else {*there, *here}
    differing = sorted(key for key in keys if there.get(key) != here.get(key))
    if not differing:
        return
    details = "; ".join(f"{key}: there {there.get(key)!r}, here {here.get(key)!r}" for key in differing)
    error = OtherStudyError(
        f"{str(folder)!r} holds another study, {there.get('name')!r}, and is left as it is ({details}). "
        f"{_about_data(differing)}Give this study a folder of its own with store=..., or delete that one"
    )
    error.there, error.here = there, here
    raise error


def _about_data(differing):
    changed = [words for key, words in _DATA.items() if key in differing]
    if not changed:
        return ""
    same = [words for key, words in _DATA.items() if key not in differing]
    also = f" (the {same[0]} did not)" if same else ""
    return (
        f"The {' and the '.join(changed)} changed{also}: values, their type, or the order of rows. What was trained on "
        "other data cannot be paired with new trials: restore the data to continue that study. "
    )
