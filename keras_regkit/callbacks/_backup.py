"""Early stopping's memory on disk, to go on after a kill."""

import json
import math
import pathlib

from keras_regkit._core import files
from keras_regkit.callbacks._npz import pack, unpack


class Backup:
    """The monitored values so far and the best weights, in a folder.

    Only values are stored, no verdicts: whoever resumes replays them. The state names the file of its weights and is
    written after it, so whatever moment the process dies in, a state finds its weights.

    Args:
        folder: Where the files lie; it may be shared with `BackupAndRestore`.
    """

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.state_path = self.folder / "early_stopping.json"
        self.weights_epoch = None

    def load(self, monitors):
        """Returns `{"monitor": [...], "epoch": [...], "values": {name: [...]}}`, or None.

        Raises:
            ValueError: the state was not made with these `monitors`.
        """
        self.weights_epoch = None
        if not self.state_path.exists():
            return None
        state = json.loads(self.state_path.read_text())
        if state["monitor"] != monitors:
            raise ValueError(
                f"`backup_dir` holds the state of an EarlyStopping that monitors {state['monitor']}, but this one "
                f"monitors {monitors}. Use the same monitors to resume, or another folder. "
                f"Received: backup_dir={str(self.folder)!r}"
            )
        state["values"] = {
            name: [None if value is None else float(value) for value in values]
            for name, values in state["values"].items()
        }
        return state

    def save(self, epochs, values, weights_epoch, weights):
        """Stores the state; the weights only when they are others than last time."""
        previous, self.weights_epoch = self.weights_epoch, weights_epoch
        if weights is not None and weights_epoch != previous:
            files.write_atomically(self._weights_path(weights_epoch), pack(weights))
        state = {
            "monitor": list(values),
            "epoch": list(epochs),
            "values": {name: [_exact(value) for value in row] for name, row in values.items()},
        }
        files.write_json(self.state_path, state)
        # The previous best stays for one epoch more: BackupAndRestore may restart one epoch before this state.
        keep = {self._weights_path(previous), self._weights_path(weights_epoch)}
        for path in self._weights_files():
            if path not in keep:
                path.unlink(missing_ok=True)

    def weights(self, epoch, like):
        """Returns the weights stored for `epoch`, or None; the next `save` goes on from them.

        Raises:
            ValueError: they do not fit the model `like`.
        """
        path = self._weights_path(epoch)
        if not path.exists():
            return None
        weights = unpack(path.read_bytes())
        stored, wanted = ([tuple(weight.shape) for weight in group] for group in (weights, like.weights))
        if like.built and stored != wanted:
            raise ValueError(
                f"`backup_dir` holds the weights of another model: expected weights of shapes {wanted}. Use another "
                f"folder. Received: {stored} from backup_dir={str(self.folder)!r}"
            )
        self.weights_epoch = epoch
        return weights

    def clear(self):
        """Removes the files, and the folder when nothing else is in it."""
        if not self.folder.exists():
            return
        self.state_path.unlink(missing_ok=True)
        # A kill in the middle of writing leaves a temporary file, hidden by a dot.
        for path in [*self._weights_files(), *self.folder.glob(".early_stopping*")]:
            path.unlink(missing_ok=True)
        if not any(self.folder.iterdir()):
            self.folder.rmdir()

    def _weights_path(self, epoch):
        return self.folder / f"early_stopping_epoch_{epoch}.npz"

    def _weights_files(self):
        return list(self.folder.glob("early_stopping_epoch_*.npz"))


def _exact(value):
    # JSON has no NaN, but whether a value was NaN or missing decides what a replay does.
    return value if value is None or math.isfinite(value) else repr(value)
