"""A study on disk: a manifest, and one JSON line per finished trial, written at once."""

import json
import os
import pathlib
import tempfile

from keras_regkit._core.files import plain, write_json
from keras_regkit.studies.trial import Trial

_MANIFEST = "study.json"
_TRIALS = "trials.jsonl"


class Store:
    """The trials of one study in a folder, safe against a kill at any moment.

    Args:
        folder: Where the study lives; made if it does not exist.
        identity: What makes this study this study (name, data fingerprint, model, epochs ...), as a flat dict. A folder
            that holds a study with another identity is refused. Variants and seeds do not belong to it: they may grow.

    Raises:
        ValueError: the folder holds another study, or things that are no study.
        OSError: the folder cannot be written to.
    """

    def __init__(self, folder, identity):
        self.folder = pathlib.Path(folder)
        identity = plain(identity)
        if self.folder.exists() and not self.folder.is_dir():
            raise ValueError(f"`store` must be a folder. Received: {str(folder)!r}, which is a file")
        _check_writable(self.folder)
        manifest = self.folder / _MANIFEST
        if manifest.exists():
            self._check(_read_manifest(manifest), identity)
            return
        # Hidden files do not count: a kill may leave the half of a manifest, and systems leave theirs.
        foreign = sorted(p.name for p in self.folder.iterdir() if not p.name.startswith("."))
        if foreign:
            raise ValueError(
                f"`store` must be a new or empty folder, or one that holds this study. {str(self.folder)!r} holds "
                f"other things: {foreign[:5]}"
            )
        write_json(manifest, identity)

    def load(self):
        """Returns the finished trials as `{(variant, seed): Trial}`. A line cut short by a kill is dropped.

        Raises:
            ValueError: a whole line is no trial. The message names the file and the line.
        """
        path = self.folder / _TRIALS
        if not path.exists():
            return {}
        _drop_half_line(path)
        trials = [_parse(line, path, number) for number, line in enumerate(path.read_bytes().splitlines(), start=1)]
        return {(trial.variant, trial.seed): trial for trial in trials}

    def append(self, trial):
        """Writes one finished trial, and returns when it is on disk."""
        path = self.folder / _TRIALS
        line = json.dumps(trial.to_dict(), allow_nan=False) + "\n"
        if path.exists():
            _drop_half_line(path)
        with path.open("ab") as file:
            file.write(line.encode())
            file.flush()
            os.fsync(file.fileno())

    def weights_path(self, variant, seed):
        """Where the final weights of a trial are kept."""
        safe = "".join(c if c.isalnum() or c in "._-=" else "_" for c in variant)
        return self.folder / "weights" / f"{safe}-seed{seed}.weights.h5"

    def _check(self, found, identity):
        differing = sorted(key for key in {*found, *identity} if found.get(key) != identity.get(key))
        if differing:
            details = "; ".join(f"{key}: there {found.get(key)!r}, here {identity.get(key)!r}" for key in differing)
            raise ValueError(
                f"{str(self.folder)!r} holds another study, {found.get('name')!r}, and is left as it is ({details}). "
                "Give this study a folder of its own with store=..., or delete that one"
            )


def _check_writable(folder):
    """Makes the folder, and tries it now rather than after the first training."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise type(error)(
            error.errno, f"`store` must be a folder that can be written to ({error.strerror})", str(folder)
        ) from error


def _read_manifest(path):
    try:
        found = json.loads(path.read_bytes())
    except ValueError as error:
        raise ValueError(f"{str(path)!r} is not the manifest of a study, or was damaged: {error}") from error
    if not isinstance(found, dict):
        raise ValueError(f"{str(path)!r} is not the manifest of a study: it holds a {type(found).__name__}")
    return found


def _drop_half_line(path):
    """Takes off what a kill left of the last line: the next one must not be glued to it."""
    with path.open("r+b") as file:
        content = file.read()
        whole = content.rfind(b"\n") + 1
        if whole < len(content):
            file.truncate(whole)


def _parse(line, path, number):
    try:
        return Trial.from_dict(json.loads(line))
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise ValueError(
            f"{str(path)!r}, line {number}, is not a trial: {error!r}. Delete this line, and the trial is trained again"
        ) from error
