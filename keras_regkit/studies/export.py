"""Trials as tables: pandas, CSV, Parquet, and TensorBoard's HParams. One row a trial, nothing averaged."""

import csv
import io

from keras_regkit._core.extras import require
from keras_regkit._core.files import write_atomically
from keras_regkit.studies.hparams import to_hparams

__all__ = ["Exports", "rows", "to_csv", "to_frame", "to_hparams", "to_parquet"]

_LEADING = ("variant", "seed")
_TRAILING = ("epochs", "best_epoch", "seconds")
_NESTED = ("settings", "metrics", "provenance")


def rows(trials):
    """Returns one flat dict per trial, all with the same keys, in the same order.

    The keys are `variant`, `seed`, `settings.<lever>`, `metrics.<metric>`, `epochs`, `best_epoch`, `seconds` and
    `provenance.<what>`. What a trial does not have, such as the strength of a lever that its variant leaves alone, is
    None; a metric that was not finite is NaN. Learning curves are not in the table; `to_hparams` has them.

    Args:
        trials: `Trial` records.

    Example:

    >>> from keras_regkit.studies import Trial
    >>> trials = [
    ...     Trial("baseline", 0, {"gap": 0.3}, {}, 2, 1, 0.8),
    ...     Trial("l2=0.1", 0, {"gap": 0.1}, {}, 2, 1, 0.8, settings={"l2": 0.1}),
    ... ]
    >>> [(row["variant"], row["settings.l2"], row["metrics.gap"]) for row in rows(trials)]
    [('baseline', None, 0.3), ('l2=0.1', 0.1, 0.1)]
    """
    trials = tuple(trials)
    names = {part: list(dict.fromkeys(name for t in trials for name in getattr(t, part))) for part in _NESTED}

    def nested(trial, part):
        return {f"{part}.{name}": getattr(trial, part).get(name) for name in names[part]}

    return [
        {
            **{name: getattr(t, name) for name in _LEADING},
            **nested(t, "settings"),
            **nested(t, "metrics"),
            **{name: getattr(t, name) for name in _TRAILING},
            **nested(t, "provenance"),
        }
        for t in trials
    ]


def to_frame(trials):
    """Returns a pandas `DataFrame` with one row per trial and the columns of `rows`.

    Args:
        trials: `Trial` records.

    Raises:
        ImportError: pandas is not installed.

    Example:

    >>> from keras_regkit.studies import Trial
    >>> frame = to_frame([Trial("baseline", seed, {"gap": 0.5 + seed}, {}, 2, 1, 0.8) for seed in range(2)])
    >>> float(frame.groupby("variant")["metrics.gap"].mean()["baseline"])
    1.0
    """
    pandas = require("pandas", extra="export", purpose="A table of trials")
    table = rows(trials)
    frame = pandas.DataFrame(table, columns=list(table[0]) if table else [*_LEADING, *_TRAILING])
    for column in frame.columns:
        if column.startswith(("settings.", "metrics.")):
            frame[column] = pandas.to_numeric(frame[column])  # also where every value is missing
    return frame.astype({"best_epoch": "Int64"})  # the integers that know of missing values


def to_csv(trials, path):
    """Writes the table of `rows` as CSV (UTF-8). What is missing is an empty cell, what was not finite is `nan`.

    Args:
        trials: `Trial` records.
        path: The file to write. It is whole or absent, whatever happens meanwhile.

    Raises:
        ValueError: there are no trials.

    Example:

    >>> import pathlib
    >>> from keras_regkit.studies import Trial
    >>> to_csv([Trial("l2=0.1", 0, {"gap": 0.25}, {}, 2, 1, 0.5, {"l2": 0.1})], "trials.csv")
    >>> print(pathlib.Path("trials.csv").read_text().strip())
    variant,seed,settings.l2,metrics.gap,epochs,best_epoch,seconds
    l2=0.1,0,0.1,0.25,2,1,0.5
    """
    table = rows(_some(trials))
    text = io.StringIO()
    writer = csv.DictWriter(text, list(table[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(table)
    write_atomically(path, text.getvalue())


def to_parquet(trials, path):
    """Writes the table of `to_frame` as Parquet.

    Args:
        trials: `Trial` records.
        path: The file to write. It is whole or absent, whatever happens meanwhile.

    Raises:
        ValueError: there are no trials.
        ImportError: pandas or pyarrow is not installed.

    Example:

    >>> from keras_regkit.studies import Trial
    >>> to_parquet([Trial("l2=0.1", 0, {"gap": 0.25}, {}, 2, 1, 0.5, {"l2": 0.1})], "trials.parquet")
    >>> import pandas
    >>> pandas.read_parquet("trials.parquet")["settings.l2"].tolist()
    [0.1]
    """
    require("pyarrow", extra="export", purpose="Parquet")
    content = io.BytesIO()
    to_frame(_some(trials)).to_parquet(content, engine="pyarrow", index=False)
    write_atomically(path, content.getvalue())


class Exports:
    """Gives a record that has `trials` the methods that export them.

    Example:

    >>> import dataclasses
    >>> from keras_regkit.studies import Trial
    >>> @dataclasses.dataclass(frozen=True)
    ... class Record(Exports):
    ...     trials: tuple
    >>> Record((Trial("baseline", 3, {"gap": 0.25}, {}, 2, 1, 0.5),)).to_frame()["seed"].tolist()
    [3]
    """

    def to_frame(self):
        """Returns a pandas `DataFrame`, one row per trial; see `keras_regkit.studies.export.rows`."""
        return to_frame(self.trials)

    def to_csv(self, path):
        """Writes the trials as CSV, one row each."""
        to_csv(self.trials, path)

    def to_parquet(self, path):
        """Writes the trials as Parquet, one row each."""
        to_parquet(self.trials, path)

    def to_hparams(self, folder):
        """Writes the trials for TensorBoard's HParams dashboard, one run each, with their learning curves."""
        to_hparams(self.trials, folder)


def _some(trials):
    trials = tuple(trials)
    if not trials:
        raise ValueError("There is nothing to export: no trial is finished")
    return trials
