"""A study read back from its folder, without its model and its data."""

import dataclasses
import pathlib
from typing import Any

from keras_regkit._core.files import plain
from keras_regkit._core.types import PathLike
from keras_regkit.studies import manifest
from keras_regkit.studies.export import Exports
from keras_regkit.studies.trial_lines import read_trials


@dataclasses.dataclass(frozen=True)
class StoredStudy(Exports):
    """What the folder of a study holds.

    Args:
        folder: The folder.
        identity: What makes the study this study: `name`, fingerprints of `train`, `validation` and `model`, `epochs`,
            `batch_size`, `metric`, `backend`.
        trials: The finished trials, in the order they were finished; of one that was trained twice, the later.
        format: Number of the folder's format.
        written_by: The package and its version that made the folder.

    Example:

    >>> study = StoredStudy("runs/a", {"name": "a", "metric": "gap"}, (), 2, "keras_regkit 0.1.0")
    >>> study.name, study.metric
    ('a', 'gap')
    """

    folder: str
    identity: dict
    trials: tuple
    format: int
    written_by: str

    @property
    def name(self) -> str | None:
        """Name of the study."""
        return self.identity.get("name")

    @property
    def metric(self) -> str | None:
        """What its variants are compared by."""
        return self.identity.get("metric")

    def to_dict(self) -> dict[str, Any]:
        """Returns the record in what JSON knows."""
        return plain(dataclasses.asdict(self))


def load(folder: PathLike) -> StoredStudy:
    """Reads a study's folder: which study it is, and its finished trials. Neither model nor data are needed.

    Nothing is written or locked, so a study that runs at this moment can be looked at. For verdicts, make the `Study`
    again and call `run`: with everything finished it trains nothing.

    Args:
        folder: The `store` of a `Study`, or the folder `study` that `regularize` writes.

    Returns:
        A `StoredStudy`.

    Raises:
        FileNotFoundError: the folder does not exist, or is not the folder of a study.
        ValueError: the folder is in a format newer than this version of the package knows, or a file in it is damaged.
        OSError: it cannot be read.

    Example:

    >>> import json, pathlib
    >>> pathlib.Path("runs").mkdir()
    >>> _ = pathlib.Path("runs/study.json").write_text(json.dumps({"name": "mine", "metric": "gap"}))
    >>> load("runs").name, load("runs").trials
    ('mine', ())
    """
    folder = pathlib.Path(folder)
    if not (folder / manifest.MANIFEST).exists():
        raise FileNotFoundError(_no_study(folder))
    identity, number, written_by = manifest.read(folder)
    trials = {(t.variant, t.seed): t for t in read_trials(folder)}
    return StoredStudy(str(folder), identity, tuple(trials.values()), number, written_by)


def _no_study(folder):
    if not folder.exists():
        return f"`folder` must be the folder of a study. Received: {str(folder)!r}, which does not exist"
    inner = sorted(path.parent for path in folder.glob(f"*/{manifest.MANIFEST}"))
    hint = f" Did you mean {str(inner[0])!r}?" if inner else ""
    return f"`folder` must be the folder of a study. Received: {str(folder)!r}, which has no {manifest.MANIFEST}.{hint}"
