"""A study on disk: a manifest, and one JSON line per finished trial, written at once."""

import json
import os
import pathlib

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
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
        except (FileExistsError, NotADirectoryError) as error:
            raise ValueError(f"`store` must be a folder. Received: {str(folder)!r}, which is a file") from error
        manifest = self.folder / _MANIFEST
        if manifest.exists():
            self._check(json.loads(manifest.read_text()), identity)
        elif any(self.folder.iterdir()):
            raise ValueError(
                f"`store` must be a new or empty folder, or one that holds this study. {str(self.folder)!r} holds "
                f"other things: {sorted(p.name for p in self.folder.iterdir())[:5]}"
            )
        else:
            write_json(manifest, identity)

    def load(self):
        """Returns the finished trials as `{(variant, seed): Trial}`. A line cut short by a kill is dropped."""
        path = self.folder / _TRIALS
        if not path.exists():
            return {}
        content = path.read_bytes()
        whole = content[: content.rfind(b"\n") + 1]
        if len(whole) < len(content):
            # The next line must not be glued to the half of this one.
            with path.open("r+b") as file:
                file.truncate(len(whole))
        trials = [Trial.from_dict(json.loads(line)) for line in whole.splitlines()]
        return {(trial.variant, trial.seed): trial for trial in trials}

    def append(self, trial):
        """Writes one finished trial, and returns when it is on disk."""
        line = json.dumps(trial.to_dict(), allow_nan=False) + "\n"
        with (self.folder / _TRIALS).open("ab") as file:
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
