"""Inputs whose numbers are wrong, or know too much."""

import keras
import numpy as np

from keras_regkit._core.batch_norms import batch_norms
from keras_regkit.diagnosis.audit.cannot_run import CannotRun
from keras_regkit.diagnosis.audit.outputs import labels_of
from keras_regkit.diagnosis.audit.rows import columns_of, given_splits
from keras_regkit.diagnosis.audit.rule import rule

_EXACT = 1e-4
_APART = 20  # times nearer to 0 and 1 than the training rows alone are
_SCALES = 1e4
_POSITIONS = 5000


@rule("RK608", family="data", title="Scaled with numbers of all rows", severity="error", needs=("train",))
def scaled_on_all_rows(case):
    """Training, validation and test rows together have mean 0 and one deviation in all columns (or least 0 and largest
    1), to the last digit, and the training rows alone have not.

    Why: The scaler has seen the held-out rows, so that their score is a little, and with few rows much, too good. With
    imputation, selection or PCA fitted the same way it is worse.

    Do: Fit scalers on the training rows: `Normalization().adapt(x_train)`, or a pipeline within the split.

    Example: train, validation: columns 30, largest mean of all rows 1e-08, of train 0.08

    Source: Kaufman et al. 2012, "Leakage in Data Mining".
    """
    splits = given_splits(case, at_least=2)
    samples = [case.sample(name) for name in splits]
    if not all(sample.whole for sample in samples):
        raise CannotRun("the data were sampled, so that their means are not exact")
    forms = list(zip(*(_tables(sample.x) for sample in samples), strict=False))
    if any(len({table.shape[1] for table in tables}) > 1 for tables in forms):
        raise CannotRun("the splits have different columns")
    # With and without test data: either may have been scaled together.
    for last in range(2, len(samples) + 1):
        for tables in forms:
            together = np.concatenate(tables[:last])
            found = _standardized(tables[0], together) or _between_0_and_1(tables[0], together)
            if found is None:
                continue
            yield case.finding(
                where=", ".join(splits[:last]),
                evidence=found,
                advice="Fit the scaler on the training rows alone: keras.layers.Normalization().adapt(x_train).",
            )
            return


@rule("RK613", family="data", title="Inputs that are not finite", severity="error", needs=("train",))
def inputs_not_finite(case):
    """An input is NaN or infinite.

    Why: One such row makes the loss NaN, and after a step every weight. In validation data it makes `val_loss` NaN.

    Do: Impute, drop the rows, or mask them.

    Example: train: rows 12, first row 3, columns column 4

    Source: Arithmetic.
    """
    for name in given_splits(case):
        sample = case.sample(name)
        rows, columns = np.zeros(len(sample.rows), bool), []
        for column in columns_of(sample.x):
            if not column.is_text and not np.isfinite(column.values).all():
                rows |= ~np.isfinite(column.values)
                columns.append(column.name)
        if columns:
            yield case.finding(
                where=name,
                evidence={
                    "rows": int(rows.sum()),
                    "first row": int(sample.rows[rows.argmax()]),
                    "columns": ", ".join(columns[:5]) + (f" and {len(columns) - 5} more" if len(columns) > 5 else ""),
                },
                advice="Impute or drop them, or mask the steps.",
            )


@rule("RK614", family="data", title="Inputs of very different size", severity="warning", needs=("train",))
def unscaled_columns(case):
    """The largest column of a table varies more than 10,000 times as much as the smallest, and nothing scales them.

    Why: One learning rate and one penalty for all weights fit none: an L2 penalty presses the weights of small columns
    down and leaves those of large ones free. Trainings crawl or diverge.

    Do: `keras.layers.Normalization`, adapted to the training rows, as the first layer.

    Example: train: deviation of column 3 52,000, of column 7 0.002, ratio 2.6e+07

    Source: LeCun et al. 1998, "Efficient BackProp", section 4.3.
    """
    columns = [c for c in columns_of(case.sample("train").x) if not c.is_text and not c.of_row]
    spreads = {c.name: float(np.nanstd(c.values)) for c in columns if np.isfinite(c.values).any()}
    spreads = {name: spread for name, spread in spreads.items() if np.isfinite(spread) and spread > 0}
    if len(spreads) < 2:
        raise CannotRun("the inputs are no table of two or more columns")
    kinds = (keras.layers.Normalization, keras.layers.LayerNormalization, keras.layers.Embedding)
    if any(isinstance(layer, kinds) for layer in case.layers.values()) or batch_norms(case.model):
        return
    least, most = min(spreads, key=spreads.get), max(spreads, key=spreads.get)
    if spreads[most] / spreads[least] > _SCALES:
        yield case.finding(
            where="train",
            evidence={
                f"deviation of {most}": spreads[most],
                f"of {least}": spreads[least],
                "ratio": spreads[most] / spreads[least],
            },
            advice="Start the model with keras.layers.Normalization, adapted to the training rows.",
        )


@rule("RK615", family="data", title="A column that is the target", severity="error", needs=("train",))
def column_is_target(case):
    """A column of the inputs equals the target, or a linear function of it, or sorts the rows as the target does.

    An exact copy is an error; |ρ| above 0.9999 (Spearman), or one value of a column for every class, a warning.

    Why: The model learns to copy. In use the column is not there, or is known only afterwards.

    Do: Remove the column, and ask how each input is known at the time of prediction.

    Example: train: column column 5, correlation 1

    Source: Kaufman et al. 2012, "Leakage in Data Mining".
    """
    y = case.sample("train").y
    if y is None or isinstance(y, (dict, list, tuple)):
        raise CannotRun("`train` has no single target")
    labels = labels_of(y)
    single = y.reshape(len(y), -1)
    if labels is None and (single.shape[1] != 1 or y.dtype.kind not in "biuf"):
        raise CannotRun("the targets are neither classes nor single numbers")
    target = labels.astype(float) if labels is not None else single[:, 0].astype(float)
    if len(target) < 20 or not np.isfinite(target).all() or len(np.unique(target)) < 2:
        raise CannotRun("too few rows, or a target that is the same for all")
    for column in columns_of(case.sample("train").x):
        if column.of_row or column.is_text or not np.isfinite(column.values).all():
            continue
        found = _copied(column.values, target, labels is not None)
        if found is not None:
            evidence, exact = found
            yield case.finding(
                where=f"train: {column.name}",
                evidence=evidence,
                advice="Remove the column, unless it is known at the time of prediction.",
                severity="error" if exact else "warning",
            )


def _tables(x):
    """Returns the inputs as tables of numbers: by column or position, and images and series by channel.

    Raises:
        CannotRun: there are no numbers.
    """
    leaves = [leaf for leaf in keras.tree.flatten(x) if leaf is not None and leaf.dtype.kind in "biuf"]
    if not leaves:
        raise CannotRun("the inputs hold no numbers")
    flat = [leaf.reshape(len(leaf), -1) for leaf in leaves]
    found = []
    if sum(part.shape[1] for part in flat) <= _POSITIONS:
        found.append(np.concatenate([part.astype("float64") for part in flat], 1))
    if len(leaves) == 1 and leaves[0].ndim > 2:
        axis = 1 if keras.config.image_data_format() == "channels_first" and leaves[0].ndim == 4 else -1
        channels = np.moveaxis(leaves[0], axis, -1)
        found.append(channels.reshape(-1, channels.shape[-1]).astype("float64"))
    return found


def _standardized(train, together):
    spread = together.std(0)
    used = spread > 0
    if not used.any() or not np.isfinite(together).all():
        return None
    # Mostly 1; scikit-learn's diabetes data, for one, have columns of length 1 instead.
    common = np.median(spread[used])
    whole = np.maximum(np.abs(together.mean(0)) / common, np.abs(spread / common - 1))[used]
    alone = np.maximum(np.abs(train.mean(0)) / common, np.abs(train.std(0) / common - 1))[used]
    scaled = whole < _EXACT
    if scaled.mean() > 0.5 and np.median(alone[scaled]) > _APART * max(np.median(whole[scaled]), 1e-6):
        return {
            "columns": int(scaled.sum()),
            "deviation of all": float(common),
            "largest distance from mean 0 and that deviation, all rows": float(whole[scaled].max()),
            "train alone": float(alone[scaled].max()),
        }
    return None


def _between_0_and_1(train, together):
    """Where the ends of a column are touched by one row each, and one of these is no training row."""
    low, high = together.min(0), together.max(0)
    exact = (np.abs(low) < 1e-6) & (np.abs(high - 1) < 1e-6) & (together.std(0) > 0)
    # Pixels and shares lie between 0 and 1 by nature, and touch the ends often.
    once = exact & ((together <= 1e-6).sum(0) == 1) & ((together >= 1 - 1e-6).sum(0) == 1)
    missed = once & ((train.min(0) > 1e-6) | (train.max(0) < 1 - 1e-6))
    if once.sum() >= 2 and once.mean() > 0.5 and missed.any():
        return {"columns from 0 to 1, all rows": int(once.sum()), "not in train alone": int(missed.sum())}
    return None


def _copied(values, target, classes):
    if values.std() == 0:
        return None
    r = float(np.corrcoef(values, target)[0, 1])
    if np.array_equal(values, target) or (abs(r) > 1 - 1e-9 and (not classes or len(np.unique(target)) > 2)):
        return {"correlation": r}, True
    if classes:
        levels = len(np.unique(values))
        pairs = len(np.unique(np.stack([values, target]), axis=1).T)
        if levels == pairs == len(np.unique(target)):
            return {"values of the column, one for each class": levels}, True
        return None
    rho = float(np.corrcoef(_ranks(values), _ranks(target))[0, 1])
    return ({"rank correlation": rho}, False) if abs(rho) > 0.9999 else None


def _ranks(values):
    unique, inverse, counts = np.unique(values, return_inverse=True, return_counts=True)
    last = np.cumsum(counts)
    return (last - (counts - 1) / 2)[inverse] if len(unique) else values
