"""The front door of the room."""

from collections.abc import Sequence

import keras

from keras_regkit._core.checks import Interval, OneOf, check_arguments
from keras_regkit._core.types import HistoryLike
from keras_regkit.diagnosis import thresholds as at
from keras_regkit.diagnosis.choosing import choose_curves, mean_column
from keras_regkit.diagnosis.diagnosis import Diagnosis
from keras_regkit.diagnosis.inspecting import ModelFacts, inspect_model
from keras_regkit.diagnosis.judging import judge
from keras_regkit.diagnosis.reading import read_log
from keras_regkit.diagnosis.recommending import Situation, recommend

DATA_KINDS = ("tabular", "image", "audio", "text")
RANGES = {
    "data_kind": OneOf(None, *DATA_KINDS),
    "n_train": Interval(1, integer=True, optional=True),
    "n_validation": Interval(1, integer=True, optional=True),
    "reference_loss": Interval(optional=True),
    "reachable_loss": Interval(optional=True),
}


def diagnose(
    history: HistoryLike | Sequence[HistoryLike],
    *,
    model: keras.Model | None = None,
    data_kind: str | None = None,
    n_train: int | None = None,
    n_validation: int | None = None,
    metric: str | None = None,
    reference_loss: float | None = None,
    reachable_loss: float | None = None,
) -> Diagnosis:
    """Names the regime of a training from its learning curves and ranks the levers to try.

    Use it after `fit`, before changing anything. Add `keras_regkit.callbacks.GapMonitor` to the training when you can:
    its curves are clean, while Keras' `loss` is measured with dropout on, averaged over a moving model and, like
    `val_loss`, contains the penalties.

    Without a reference level, underfitting is a guess: a train loss that hardly fell may also have started near its
    floor. `reference_loss` makes it sharper; with a compiled classifier as `model` it is filled in. Curves alone cannot
    tell a network that is too small from targets that are too noisy: `reachable_loss` can.

    Args:
        history: What `fit` returned; a dict of lists such as `history.history`; the path of a log; or a list of these,
            one for each seed. Logs are files of `CSVLogger`, the folder or an event file of TensorBoard (needs the
            extra `export`), Lightning's `metrics.csv`, the `trainer_state.json` of transformers, and histories in
            JSON. Several seeds are judged by their mean curve, and the spread between them counts as noise. At least 3
            epochs with a validation value are needed, 10 or more are better.
        model: The trained `keras.Model`. The advice then starts from what it has ("raise dropout from 0.2").
        data_kind: `"tabular"`, `"image"`, `"audio"`, `"text"` or `None`. Without it a model with two-dimensional
            convolutions counts as `"image"`.
        n_train, n_validation: Numbers of rows, from 1.
        metric: Name of another curve to judge, such as `"accuracy"`. Defaults to GapMonitor's `data_loss` where it was
            logged, else `loss`.
        reference_loss: Value of the judged curve that a trivial predictor reaches: log(classes) for cross-entropy, the
            variance of the target for mean squared error.
        reachable_loss: Value of the judged curve that is known to be reachable on such data: by another model, by
            people, by the noise of the measurement. Below `reference_loss`, above it for a metric such as accuracy.

    Returns:
        A `Diagnosis`.

    Raises:
        ValueError: no usable pair of curves: empty, fewer than 3 epochs, no validation, only NaN, lengths that do not
            fit. The message names what arrived and how to get what is missing.
        TypeError: `history`, `model` or another argument is of the wrong kind.
        FileNotFoundError: there is no such log file.

    Example:

    >>> import keras_regkit as rk
    >>> falling = [1.0, 0.6, 0.4, 0.3, 0.25, 0.22, 0.2, 0.19, 0.185, 0.18]
    >>> rising = [1.0, 0.7, 0.6, 0.6, 0.65, 0.7, 0.75, 0.8, 0.85, 0.9]
    >>> d = rk.diagnose({"data_loss": falling, "val_data_loss": rising}, n_train=400)
    >>> d.regime, d.since
    ('overfitting', 3)
    >>> [lever.name for lever in d.levers if lever.card][:3]
    ['early_stopping', 'l2', 'dropout']
    """
    check_arguments(
        RANGES,
        data_kind=data_kind,
        n_train=n_train,
        n_validation=n_validation,
        reference_loss=reference_loss,
        reachable_loss=reachable_loss,
    )
    facts = ModelFacts() if model is None else inspect_model(model)
    logs = _logs(history)
    curves, caveats = choose_curves(logs, metric)
    reference = reference_loss
    if reference is None and curves.train_name in ("loss", "data_loss"):
        reference = facts.reference_loss
    verdict = judge(curves, reference, reachable_loss)
    accuracy_change = _accuracy_change(logs, verdict.best_epoch)
    penalty = _last(mean_column(logs, "penalty"))
    situation = Situation(
        curves=curves,
        verdict=verdict,
        facts=facts,
        known=model is not None,
        data_kind=data_kind,
        n_train=n_train,
        n_validation=n_validation,
        accuracy_held=None if accuracy_change is None else accuracy_change >= -at.ACCURACY_HELD,
        penalty=penalty,
    )
    further = {
        "accuracy_change_since_best": accuracy_change,
        "penalty_end": penalty,
        "runs": curves.runs if curves.runs > 1 else None,
        "parameters": facts.parameters,
        "n_train": n_train,
        "n_validation": n_validation,
    }
    if facts.parameters is not None and n_train is not None:
        further["parameters_per_row"] = facts.parameters / n_train
    return Diagnosis(
        regime=verdict.regime,
        since=verdict.since,
        best_epoch=verdict.best_epoch,
        evidence=verdict.numbers | {key: value for key, value in further.items() if value is not None},
        caveats=tuple(dict.fromkeys([*caveats, *_further_caveats(situation, reference_loss, reference)])),
        confidence=verdict.confidence,
        levers=recommend(situation),
        curves=curves,
    )


def _logs(history):
    if not isinstance(history, (list, tuple)):
        return [read_log(history)]
    if not history:
        raise ValueError(
            "`history` is an empty list: expected one History, dict or log file for each seed. Received: []"
        )
    return [read_log(one) for one in history]


def _accuracy_change(logs, best_epoch):
    """Returns how validation accuracy moved from the epoch of the best loss to the end, or `None`."""
    names = [name for name in logs[0].columns if name.startswith("val_") and _is_accuracy(name)]
    column = mean_column(logs, names[0]) if names and best_epoch is not None else None
    if column is None or best_epoch not in column[0]:
        return None
    epochs, values = column
    at_best = float(values[list(epochs).index(best_epoch)])
    end = values[-min(3, len(values)) :].mean()
    return float(end) - at_best


def _is_accuracy(name):
    return name.endswith(("accuracy", "_acc")) and "top_k" not in name


def _last(column):
    return None if column is None or not len(column[1]) else float(column[1][-1])


def _further_caveats(situation, given, reference):
    verdict, curves = situation.verdict, situation.curves
    out = []
    if verdict.also():
        out.append(f"Also seen, with lower precedence: {', '.join(verdict.also())}.")
    epochs = len(curves.paired()[0])
    if epochs < at.ENOUGH_EPOCHS:
        out.append(f"Only {epochs} epochs with a validation value: a trend is a guess.")
    if situation.n_validation is not None and situation.n_validation < at.FEW_VALIDATION_ROWS:
        out.append(
            f"{situation.n_validation} validation rows: the level of the validation curve is rough, whatever its noise."
        )
    if verdict.regime == "underfitting":
        if reference is None:
            out.append(
                "Underfitting without a reference level is a guess: pass `reference_loss=`, the loss of a trivial "
                "predictor. Targets that cannot be predicted look the same."
            )
        elif given is None:
            out.append(
                "The reference level assumes classes of equal size; unequal ones have a lower one. Targets that "
                "cannot be predicted look the same."
            )
    return out
