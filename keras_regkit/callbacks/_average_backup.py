"""Weight averaging's memory on disk, to go on after a kill."""

import json
import pathlib

import numpy as np

from keras_regkit._core import files
from keras_regkit.callbacks._npz import pack, unpack


class AverageBackup:
    """States by epoch, and the weights of single epochs, in a folder.

    A state names the weights it needs and is written after them, so whatever moment the process dies in, a state finds
    its weights. The states of the last two epochs are kept: `BackupAndRestore` writes later in an epoch, and may
    restart one before the last state.

    Args:
        folder: Where the files lie; it may be shared with `BackupAndRestore`.
    """

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)

    def save(self, epoch, record, arrays, members):
        """Stores the state at the end of `epoch`.

        Args:
            record: What JSON can hold.
            arrays: List of arrays.
            members: Dict from epoch to list of arrays; what is on disk is not written again.
        """
        for number, weights in members.items():
            path = self._member(number)
            if number == epoch or not path.exists():
                files.write_atomically(path, pack(weights))
        files.write_atomically(self._arrays(epoch), pack(arrays))
        files.write_json(self._record(epoch), {**record, "members": list(members)})
        self._clean(epoch)

    def load(self, epoch):
        """Returns `(record, arrays, members)` as they were at the end of `epoch`, or None."""
        if not self._record(epoch).exists():
            return None
        record = json.loads(self._record(epoch).read_text())
        arrays = unpack(self._arrays(epoch).read_bytes())
        members = {number: unpack(self._member(number).read_bytes()) for number in record["members"]}
        return record, arrays, members

    def clear(self):
        """Removes the files, and the folder when nothing else is in it."""
        if not self.folder.exists():
            return
        # A kill in the middle of writing leaves a temporary file, hidden by a dot.
        for pattern in ("weight_averaging_*", ".weight_averaging_*"):
            for path in self.folder.glob(pattern):
                path.unlink(missing_ok=True)
        if not any(self.folder.iterdir()):
            self.folder.rmdir()

    def _clean(self, epoch):
        records = {path: json.loads(path.read_text()) for path in self.folder.glob("weight_averaging_epoch_*.json")}
        number = {path: int(path.stem.rpartition("_")[2]) for path in records}
        # States of later epochs are leftovers of a run that was resumed before them.
        kept = [path for path in records if epoch - 1 <= number[path] <= epoch]
        needed = {self._member(member) for path in kept for member in records[path]["members"]}
        for path in set(records) - set(kept):
            path.unlink(missing_ok=True)
            path.with_suffix(".npz").unlink(missing_ok=True)
        for path in set(self.folder.glob("weight_averaging_member_*.npz")) - needed:
            path.unlink(missing_ok=True)

    def _record(self, epoch):
        return self.folder / f"weight_averaging_epoch_{epoch}.json"

    def _arrays(self, epoch):
        return self.folder / f"weight_averaging_epoch_{epoch}.npz"

    def _member(self, epoch):
        return self.folder / f"weight_averaging_member_{epoch}.npz"


def fits(arrays, shapes):
    """Whether arrays have these shapes."""
    return [np.shape(array) for array in arrays] == [tuple(shape) for shape in shapes]
