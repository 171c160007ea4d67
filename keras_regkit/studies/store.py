"""A study on disk: a manifest, and one JSON line per finished trial, written at once."""

import contextlib
import errno
import json
import os
import pathlib
import tempfile

from keras_regkit._core.files import plain
from keras_regkit.studies import lock, manifest
from keras_regkit.studies.trial import Trial
from keras_regkit.studies.trial_lines import TRIALS, cut_half_line, read_trials

_FULL = {errno.ENOSPC, errno.EDQUOT}


class Store:
    """The trials of one study in a folder, safe against a kill at any moment.

    Reading needs nobody's leave, and changes nothing. Whoever appends does so within `writing()`, which keeps a second
    process out.

    Args:
        folder: Where the study lives; made if it does not exist.
        identity: What makes this study this study (name, data fingerprint, model, epochs ...), as a flat dict. A folder
            that holds a study with another identity is refused. Variants and seeds do not belong to it: they may grow.

    Raises:
        ValueError: the folder holds another study, one in a newer format, or things that are no study.
        OSError: the folder cannot be written to.
    """

    def __init__(self, folder, identity):
        self.folder = pathlib.Path(folder)
        self.identity = plain(identity)
        self.unwritten = []
        self._format = manifest.FORMAT
        if self.folder.exists() and not self.folder.is_dir():
            raise ValueError(f"`store` must be a folder. Received: {str(folder)!r}, which is a file")
        _check_writable(self.folder)
        if (self.folder / manifest.MANIFEST).exists():
            found, self._format, _ = manifest.read(self.folder)
            manifest.check_same(self.folder, found, self.identity, self._format)
            return
        # Hidden files do not count: a kill may leave the half of a manifest, and systems leave theirs.
        foreign = sorted(p.name for p in self.folder.iterdir() if not p.name.startswith("."))
        if foreign:
            raise ValueError(
                f"`store` must be a new or empty folder, or one that holds this study. {str(self.folder)!r} holds "
                f"other things: {foreign[:5]}"
            )
        manifest.write(self.folder, self.identity)

    def load(self):
        """Returns the finished trials as `{(variant, seed): Trial}`. A line cut short by a kill is not among them.

        Raises:
            ValueError: a whole line is no trial. The message names the file and the line.
        """
        trials = [*read_trials(self.folder), *self.unwritten]
        return {(trial.variant, trial.seed): trial for trial in trials}

    @contextlib.contextmanager
    def writing(self):
        """Holds the folder for this process, and yields a note on a holder that died, or None.

        What could not be written the last time, because the disk was full, is written first.

        Raises:
            BlockingIOError: another process writes into the folder.
            OSError: the disk is still full.
        """
        with lock.held(self.folder, f"study {self.identity.get('name')!r}") as note:
            if self._format < manifest.FORMAT:
                # Trials of this version would be no trials to the older one: it must refuse the folder as a whole.
                manifest.write(self.folder, self.identity)
                self._format = manifest.FORMAT
            waiting, self.unwritten = self.unwritten, []
            while waiting:
                trial = waiting.pop(0)
                try:
                    self.append(trial)
                except BaseException:
                    self.unwritten += waiting
                    raise
            yield note

    def append(self, trial):
        """Writes one finished trial, and returns when it is on disk.

        Raises:
            OSError: it could not be written. It stays in `unwritten`, and what was written before stays as it was.
        """
        path = self.folder / TRIALS
        line = json.dumps(trial.to_dict(), allow_nan=False) + "\n"
        end = None
        self.unwritten.append(trial)  # until it is on disk, Ctrl-C in the midst of it included
        try:
            end = cut_half_line(path)
            _write(path, line.encode())
        except BaseException as error:
            if end is not None:
                with contextlib.suppress(OSError):  # else whoever writes next cuts the half line off
                    os.truncate(path, end)
            if isinstance(error, OSError):
                raise _not_written(error, self.folder, trial) from error
            raise
        self.unwritten.pop()

    def weights_path(self, variant, seed):
        """Where the final weights of a trial are kept."""
        return self.folder / "weights" / f"{Trial.file_name(variant, seed)}.weights.h5"


def _write(path, data):
    new = not path.exists()
    with path.open("ab") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    if new and os.name == "posix":
        # The file is safe; that there is such a file is for its folder to remember.
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        except OSError as error:
            if error.errno != errno.EINVAL:  # not every file system has this to offer
                raise
        finally:
            os.close(folder)


def holds_trials(folder):
    """Whether there is a study in the folder of which something is finished."""
    return (pathlib.Path(folder) / TRIALS).exists()


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


def _not_written(error, folder, trial):
    with contextlib.suppress(OSError, ValueError):
        finished = len({(t.variant, t.seed) for t in read_trials(folder)})
        full = " Make room on the disk, then" if error.errno in _FULL else " Mend this, then"
        return type(error)(
            error.errno,
            f"{trial.variant!r}, seed {trial.seed}, is trained, but could not be written ({error.strerror}). It is "
            f"still in memory, in the study's `trials`; {finished} trials finished before are whole on disk.{full} "
            "call `run` of the same Study object again: it writes this one first. A new process would train it again",
            str(folder / TRIALS),
        )
    return error
