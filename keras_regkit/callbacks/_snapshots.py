"""Snapshots of the weights, in memory or in a folder."""

import json
import pathlib

import numpy as np

from keras_regkit._core import files
from keras_regkit.callbacks._npz import pack, unpack


class Snapshots:
    """The weights at the ends of cycles, by number.

    Args:
        folder: Where they lie, or None for memory.
    """

    def __init__(self, folder):
        self.folder = None if folder is None else pathlib.Path(folder)
        self._held = {}

    def numbers(self):
        """Returns the numbers of the cycles that are complete, without a gap from 0 on."""
        found = set(self._held) if self.folder is None else {int(p.stem.rpartition("_")[2]) for p in self._files()}
        return [number for number in sorted(found) if found.issuperset(range(number))]

    def add(self, number, weights):
        """Stores the weights of one cycle."""
        # On torch `get_weights` gives views of the living weights, hence the copies.
        weights = [np.array(weight, copy=True) for weight in weights]
        if self.folder is None:
            self._held[number] = weights
        else:
            files.write_atomically(self._file(number), pack(weights))

    def read(self, number):
        """Returns the weights of one cycle."""
        return self._held[number] if self.folder is None else unpack(self._file(number).read_bytes())

    def begin(self, done, record):
        """Prepares for a training of which `done` cycles are complete.

        Raises:
            ValueError: the folder holds those of another training.
        """
        self._held = {number: weights for number, weights in self._held.items() if number < done}
        if self.folder is None:
            return
        later = [number for number in self.numbers() if number >= done]
        stored = self.record()
        if later or (done and stored not in (None, record)):
            raise ValueError(
                f"`folder` holds {len(self.numbers())} snapshots of another training, {stored}, and this one is "
                f"{record} with {done} cycles done. Go on from them with "
                "model.fit(..., initial_epoch=snapshots.resume(model)), or use another folder. "
                f"Received: {str(self.folder)!r}"
            )
        files.write_json(self.folder / "snapshots.json", record)

    def record(self):
        """Returns what `begin` wrote, or None."""
        path = None if self.folder is None else self.folder / "snapshots.json"
        return json.loads(path.read_text()) if path is not None and path.exists() else None

    def _file(self, number):
        return self.folder / f"snapshot_{number}.npz"

    def _files(self):
        return list(self.folder.glob("snapshot_*.npz"))
