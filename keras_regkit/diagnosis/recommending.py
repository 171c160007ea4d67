"""From a regime to the levers, in the order to try them.

The workflow is: name the regime; mend bias before variance; turn one lever at a time, the cheapest and gentlest first;
measure on data that was not used to choose; stop when the gap is no longer worth closing.

| regime | in this order |
|---|---|
| diverging | lower learning rate, gradient clipping, batch norm |
| underfitting | less regularization, more capacity, longer training |
| still improving | longer training, with early stopping as the net |
| noisy validation | early stopping with more patience, more validation data, lower learning rate |
| validation easier than train | check the split, less regularization |
| overfitting | early stopping, light L2 on the large layers, batch norm if training is unstable, dropout if the gap persists, label smoothing if the mistakes are confident, augmentation and mixup for images and audio, less capacity if the network memorised the rows, max-norm beside dropout, weight decay instead of L2, L1 for tables with many idle columns |
| good fit | early stopping if the best epoch lies behind; L2 or dropout if a small gap is left |

| lever | best used when |
|---|---|
| early stopping | always; it costs nothing and says how long to train |
| L2 | the large dense or convolutional layers hold most of the weights |
| weight decay | the optimizer is adaptive (Adam), where L2 inside the loss is rescaled by the step sizes |
| L1, L1L2 | many inputs are irrelevant and small weights should be near zero |
| batch norm | training is deep or unstable and batches are not tiny |
| dropout | a gap persists with early stopping and light L2; wide dense layers |
| max-norm | dropout is high and the learning rate large |
| label smoothing | classification whose validation loss rises while its accuracy holds |
| augmentation, mixup | images and audio, where changed copies keep their label |
| less capacity | the train loss is near zero and the gap is huge |
"""  # noqa: E501

import dataclasses

from keras_regkit.diagnosis import regimes
from keras_regkit.diagnosis import thresholds as at
from keras_regkit.diagnosis.curves import Curves
from keras_regkit.diagnosis.inspecting import ModelFacts
from keras_regkit.diagnosis.judging import Verdict
from keras_regkit.diagnosis.recommendation import Recommendation

_CARDS = {
    "early_stopping": "Early stopping",
    "l2": "L2 penalty",
    "weight_decay": "Decoupled weight decay",
    "l1": "L1 penalty",
    "l1_l2": "L1 and L2 penalty",
    "batch_norm": "Batch normalization",
    "dropout": "Dropout",
    "max_norm": "Max-norm constraint",
    "label_smoothing": "Label smoothing",
    "less_capacity": "Less capacity",
}
_ADVICE = {
    "augmentation": "Augmentation",
    "check_split": "Check the split",
    "gradient_clipping": "Gradient clipping",
    "less_regularization": "Less regularization",
    "longer_training": "Longer training",
    "lower_learning_rate": "Lower learning rate",
    "mixup": "Mixup",
    "more_capacity": "More capacity",
    "more_validation_data": "More validation data",
}

# Above these, more of the same lever is no longer a light touch.
_HIGH_DROPOUT = 0.5
_HIGH_L2 = 1e-2
_DROPOUT_STEP = 0.15

_HIDDEN = "after the hidden layers: 0.2 to 0.5"
_DROPOUT_PLACES = {
    "text": "after the embeddings and the hidden layers: 0.2 to 0.5",
    "image": "before the dense head (0.2 to 0.5), SpatialDropout2D at 0.1 to 0.2 between convolutions",
}


@dataclasses.dataclass(frozen=True)
class Situation:
    """All that the advice depends on.

    Args:
        curves, verdict: What was judged, and how.
        facts: What the model says about itself; empty defaults without a model.
        known: Whether there is a model behind `facts`.
        data_kind, n_train, n_validation: As given to `diagnose`.
        accuracy_held: Whether validation accuracy held after the best loss; `None` without an accuracy curve.
        penalty: The last value of GapMonitor's penalty curve, or `None`.
    """

    curves: Curves
    verdict: Verdict
    facts: ModelFacts
    known: bool
    data_kind: str | None = None
    n_train: int | None = None
    n_validation: int | None = None
    accuracy_held: bool | None = None
    penalty: float | None = None

    def share(self, name):
        """Returns a measured number as a share of the scale."""
        scale = self.verdict.numbers.get("scale") or 0.0
        return self.verdict.numbers.get(name, 0.0) / scale if scale > 0 else 0.0

    def shows(self, name):
        """Whether the sign of that name is present, whatever regime was named."""
        return name in self.verdict.signs and self.verdict.signs[name].present

    @property
    def image_like(self):
        return self.data_kind in ("image", "audio") or (self.data_kind is None and self.facts.convolutional)


def recommend(situation):
    """Returns the ranked `Recommendation`s for a `Situation`."""
    ranked = _RULES[situation.verdict.regime](situation)
    if situation.shows("easier") and not any(r.name == "check_split" for r in ranked):
        ranked.append(_check_split(situation))
    return tuple(ranked)


def _diverging(s):
    rate = s.facts.learning_rate
    start = f"from {rate:g} to {rate / 10:.2g}" if rate else "by a factor of 3 to 10"
    look = (
        " First look for NaN, infinite or unscaled inputs and targets."
        if "first_non_finite_epoch" in s.verdict.numbers
        else ""
    )
    out = [_advice("lower_learning_rate", f"Steps are too long: lower the rate {start}.{look}")]
    if s.facts.clipping is None:
        out.append(
            _advice(
                "gradient_clipping",
                "One bad batch then cannot throw the weights away: `clipnorm=1.0` in the optimizer.",
            )
        )
    if not s.facts.batch_norm:
        out.append(
            _card(
                "batch_norm",
                "Keeps the scale of the activations in hand, between each large layer and its activation.",
            )
        )
    return out


def _underfitting(s):
    out = []
    if s.facts.regularized or not s.known:
        out.append(_advice("less_regularization", _loosen(s)))
    size = f" It has {s.facts.parameters:,} parameters." if s.facts.parameters is not None else ""
    out.append(
        _advice(
            "more_capacity",
            f"The train loss stays high and the gap is small: wider or more layers, or better inputs.{size}",
        )
    )
    out.append(
        _advice(
            "longer_training",
            "Only if the train loss still moves; then a learning rate 3 times higher may do the same.",
        )
    )
    return out


def _loosen(s):
    held = []
    if any(s.facts.dropout):
        held.append(f"dropout {_rates(s.facts.dropout)}")
    if s.facts.l2:
        held.append(f"L2 {_rates(s.facts.l2)}")
    if s.facts.other_penalties:
        held.append(_and(s.facts.other_penalties))
    if s.facts.l1:
        held.append(f"L1 {_rates(s.facts.l1)}")
    if s.facts.weight_decay:
        held.append(f"weight decay {s.facts.weight_decay:g}")
    if s.facts.max_norm:
        held.append("a weight constraint")
    if s.facts.label_smoothing:
        held.append(f"label smoothing {s.facts.label_smoothing:g}")
    what = f"The model has {_and(held)}: halve or remove" if held else "If there is any, halve or remove"
    weight = f" The penalties add {s.penalty:.3g} to the loss." if s.penalty else ""
    return f"Bias comes before variance. {what}, the strongest first.{weight}"


def _still_improving(s):
    out = [
        _advice(
            "longer_training",
            "Validation still falls beyond noise at the last epoch: train 2 to 3 times as long, then judge again.",
        ),
        _card("early_stopping", "Lets the longer run end by itself: patience 5 to 10, best weights restored."),
    ]
    if s.shows("wide_gap") and not s.facts.other_penalties:
        out.append(_l2(s, "A wide gap has opened already."))
    return out


def _noisy(s):
    rows = ""
    if s.n_validation is not None:
        few = s.n_validation < at.FEW_VALIDATION_ROWS
        rows = f" {s.n_validation:,} rows are {'few' if few else 'what it has now'}."
    out = [
        _card(
            "early_stopping",
            "With more patience, 15 to 20 epochs, so that one lucky or unlucky epoch does not decide.",
        ),
        _advice(
            "more_validation_data",
            f"Noise falls with the square root of the rows: four times as many halve it; or cross-validate.{rows}",
        ),
    ]
    rate = s.facts.learning_rate
    if s.share("train_noise") > at.UNSTABLE_SHARE:
        step = f"from {rate:g} to {rate / 3:.2g}" if rate else "by a factor of 3"
        out.append(
            _advice("lower_learning_rate", f"The train curve jumps as well: lower the rate {step}, or decay it.")
        )
    return out


def _easier(s):
    out = [_check_split(s)]
    if s.facts.regularized or not s.known:
        reason = (
            "Dropout and penalties lift the raw train loss; if GapMonitor still shows it, they are too strong."
            if not s.curves.clean
            else "If the split is sound, the training is held back too much."
        )
        out.append(_advice("less_regularization", reason))
    return out


def _overfitting(s):
    gap_persists = s.shows("wide_gap")
    out = [_early_stopping(s)]
    out += _l2_if_light(s)
    if s.share("train_noise") > at.UNSTABLE_SHARE and not s.facts.batch_norm:
        out.append(_card("batch_norm", "Training is unstable too: its curve jumps from epoch to epoch."))
    out += _dropout_if_room(s, "The gap is wide and stays." if gap_persists else "If the gap persists.")
    confident = s.shows("rising") and s.accuracy_held
    if confident and s.facts.task != "regression" and not s.facts.label_smoothing:
        out.append(
            _card(
                "label_smoothing",
                "Validation loss rises while accuracy holds: the mistakes are too confident. Start at 0.1.",
            )
        )
    if s.image_like:
        out += _more_data(s)
    huge = s.share("gap_end") > at.HUGE_GAP_SHARE and _memorised(s)
    if huge or _parameters_per_row(s) > at.MANY_PARAMETERS_PER_ROW:
        out.append(_less_capacity(s, huge))
    if not s.facts.max_norm and (any(s.facts.dropout) or not s.known):
        out.append(_card("max_norm", "Beside dropout, it lets the learning rate stay high. Start at 3 to 4."))
    if _decay_fits(s):
        out.append(_weight_decay(s))
    if s.data_kind == "tabular" and not s.facts.other_penalties:
        out.append(
            _card("l1", "If many columns are likely idle: first layer only, 1e-5 to 1e-4. Adam leaves no exact zeros.")
        )
        out.append(_card("l1_l2", "The same where idle columns are correlated: 1e-5 each."))
    return out


def _good_fit(s):
    out = []
    left = s.verdict.numbers.get("epochs", 0) - 1 - (s.verdict.best_epoch or 0)
    if left > 0:
        out.append(_early_stopping(s))
    if s.share("gap_end") > at.SMALL_GAP_SHARE:
        out += _l2_if_light(s)
        out += _dropout_if_room(s, "A small gap is left.")
    return out


_RULES = {
    regimes.DIVERGING: _diverging,
    regimes.UNDERFITTING: _underfitting,
    regimes.STILL_IMPROVING: _still_improving,
    regimes.NOISY_VALIDATION: _noisy,
    regimes.VALIDATION_EASIER: _easier,
    regimes.OVERFITTING: _overfitting,
    regimes.GOOD_FIT: _good_fit,
}


def _early_stopping(s):
    best, last = s.verdict.best_epoch, s.curves.epochs[-1]
    if best is None or best >= last:
        return _card("early_stopping", "Costs nothing: patience 5, best weights restored.")
    return _card(
        "early_stopping",
        f"Validation was best at epoch {best} of 0 to {last}: patience 5, best weights restored.",
    )


def _l2_if_light(s):
    if s.facts.other_penalties:
        return []  # a kernel has one regularizer, and theirs was chosen
    if s.facts.weight_decay or (s.facts.l2 and max(s.facts.l2) >= _HIGH_L2):
        return []
    return [_l2(s, "The first penalty to try.")]


def _l2(s, reason):
    where = f"on the large layers ({', '.join(s.facts.largest[:3])})" if s.facts.largest else "on the large layers"
    if s.facts.l2:
        now = max(s.facts.l2)
        return _card("l2", f"{reason} Raise L2 {where} from {now:g} to {min(10 * now, _HIGH_L2):g}.")
    return _card("l2", f"{reason} Light, {where}: 1e-5 to 1e-3, from 1e-4.")


def _dropout_if_room(s, reason):
    rates = [rate for rate in s.facts.dropout if rate > 0]
    if not rates:
        return [
            _card("dropout", f"{reason} Add it {_DROPOUT_PLACES.get(s.data_kind, _HIDDEN)}, none before the output.")
        ]
    highest = max(rates)
    if highest >= _HIGH_DROPOUT:
        return []
    to = min(_HIGH_DROPOUT, round(highest + _DROPOUT_STEP, 2))
    return [_card("dropout", f"{reason} Raise dropout from {highest:g} to {to:g}.")]


def _more_data(s):
    audio = s.data_kind == "audio"
    how = (
        "Shift in time, mix in noise, mask bands of the spectrogram."
        if audio
        else "Core layers such as `keras.layers.RandomFlip` and `RandomRotation`, as far as the label allows."
    )
    mix = "`keras.layers.MixUp(0.2)` in the input pipeline, for one-hot labels"
    mix += "; audio as spectrograms of rank 4." if audio else "."
    return [
        _advice("augmentation", f"More variety attacks the cause of the gap. {how}"),
        _advice("mixup", f"Blends pairs of samples: {mix}"),
    ]


def _less_capacity(s, huge):
    reasons = []
    if huge:
        reasons.append("The train loss is near zero and the gap is huge: the rows were memorised.")
    ratio = _parameters_per_row(s)
    if ratio > at.MANY_PARAMETERS_PER_ROW:
        reasons.append(f"{s.facts.parameters:,} parameters for {s.n_train:,} rows are {ratio:.0f} for each.")
    return _card("less_capacity", f"{' '.join(reasons)} Halve the units.")


def _memorised(s):
    end = s.verdict.numbers["train_end"]
    best = 1.0 if s.curves.higher_is_better else 0.0
    return abs(end - best) <= at.MEMORISED_SHARE * s.verdict.numbers["scale"]


def _parameters_per_row(s):
    if s.facts.parameters is None or not s.n_train:
        return 0.0
    return s.facts.parameters / s.n_train


def _decay_fits(s):
    adaptive = not s.known or "adam" in s.facts.optimizer or "lion" in s.facts.optimizer
    return adaptive and not s.facts.l2


def _weight_decay(s):
    now = s.facts.weight_decay
    if now:
        return _card("weight_decay", f"Raise it from {now:g} to {3 * now:g}; no L2 beside it.")
    return _card(
        "weight_decay",
        "Instead of L2, not beside it, with Adam: 1e-4 to 1e-2, biases and norm scales left out.",
    )


def _check_split(s):
    rows = (
        f" {s.n_validation:,} validation rows may also be an easy sample."
        if s.n_validation is not None and s.n_validation < at.FEW_VALIDATION_ROWS
        else ""
    )
    return _advice(
        "check_split",
        "Look for rows that are in both parts, for groups or times split apart, and for other processing of the train "
        f"rows; `validation_split` takes the last rows, unshuffled.{rows}",
    )


def _card(name, why):
    return Recommendation(name, _CARDS[name], why, card=True)


def _advice(name, why):
    return Recommendation(name, _ADVICE[name], why, card=False)


def _rates(values):
    return ", ".join(f"{value:g}" for value in dict.fromkeys(values))


def _and(parts):
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"
