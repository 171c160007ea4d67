"""A diagnosis as text for a terminal and as a small piece of HTML."""

import html
import textwrap

_WIDTH = 88

# Numbers whose name alone would not be understood.
_LABELS = {
    "accuracy_change_since_best": "validation accuracy, change since the best epoch",
    "epochs": "epochs logged",
    "first_non_finite_epoch": "first epoch with NaN or infinity",
    "gap_at_best": "gap at the best epoch",
    "gap_end": "gap at the end",
    "n_train": "train rows",
    "n_validation": "validation rows",
    "parameters": "parameters of the model",
    "parameters_per_row": "parameters for each train row",
    "penalty_end": "penalties at the end",
    "reachable_loss": "reachable: given",
    "reference_loss": "reference: a trivial predictor",
    "rise_since_best": "validation, worse than at its best by",
    "runs": "runs averaged",
    "scale": "scale (improvement seen)",
    "train_noise": "noise of train, epoch to epoch",
    "validation_noise": "noise of validation, epoch to epoch",
}


def as_text(diagnosis):
    """Returns the text that `print` shows, no line wider than 88 columns."""
    lines = textwrap.wrap(_headline(diagnosis), _WIDTH)
    lines += ["", "Numbers"]
    rows = list(_rows(diagnosis))
    width = max((len(label) for label, _ in rows), default=0)
    lines += [f"  {label:<{width}}  {number:>10}" for label, number in rows]
    if diagnosis.levers:
        lines += ["", "Try, in this order"]
    for rank, lever in enumerate(diagnosis.levers, start=1):
        lines += _wrap(f"{rank:>3}. {lever.title}. {lever.why}", indent=5)
    if diagnosis.caveats:
        lines += ["", "Mind"]
    for caveat in diagnosis.caveats:
        lines += _wrap(f"  - {caveat}", indent=4)
    return "\n".join(lines)


def as_html(diagnosis):
    """Returns one self-contained `<div>`."""
    escape = html.escape
    rows = "".join(
        f"<tr><td style='text-align:left'>{escape(label)}</td><td style='text-align:right'>{escape(number)}</td></tr>"
        for label, number in _rows(diagnosis)
    )
    levers = "".join(f"<li><b>{escape(lever.title)}</b>. {escape(lever.why)}</li>" for lever in diagnosis.levers)
    caveats = "".join(f"<li>{escape(caveat)}</li>" for caveat in diagnosis.caveats)
    parts = [
        f"<p><b>{escape(_headline(diagnosis))}</b></p>",
        f"<table>{rows}</table>",
        f"<p>Try, in this order</p><ol>{levers}</ol>" if levers else "",
        f"<p>Mind</p><ul>{caveats}</ul>" if caveats else "",
    ]
    return f"<div style='max-width:44em'>{''.join(parts)}</div>"


def _headline(diagnosis):
    since = "" if diagnosis.since is None else f" since epoch {diagnosis.since}"
    best = "" if diagnosis.best_epoch is None else f" Best epoch: {diagnosis.best_epoch} (counted from 0)."
    name = diagnosis.regime[0].upper() + diagnosis.regime[1:]
    return f"{name}{since}.{best} Confidence {diagnosis.confidence:.2f} (a heuristic)."


def _rows(diagnosis):
    """Yields `(label, number)` of the evidence, as text."""
    curves = diagnosis.curves
    named = {
        "train_start": f"{curves.train_name}, first epoch",
        "train_end": f"{curves.train_name}, last epoch",
        "validation_best": f"{curves.validation_name}, best epoch",
        "validation_end": f"{curves.validation_name}, last epoch",
    }
    for key, value in diagnosis.evidence.items():
        label = named.get(key) or _LABELS.get(key) or key.replace("_", " ")
        yield label, "n/a" if value is None else _number(value)


def _number(value):
    return f"{value:,}" if isinstance(value, int) else f"{value:.4g}"


def _wrap(text, indent):
    return textwrap.wrap(text, _WIDTH, subsequent_indent=" " * indent, break_long_words=True, break_on_hyphens=False)
