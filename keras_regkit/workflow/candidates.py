"""Which levers a run studies: what the diagnosis advises, or what the user names."""

from keras_regkit import levers

_MOST = 5
# Tried where the diagnosis advises fewer than a handful: each is cheap and rarely hurts.
_STAPLES = ("early_stopping", "dropout", "less_capacity", "weight_decay")
# The template normalizes already, and BatchNormalization undoes the scale that max-norm would cap.
_IDLE = {"batch_norm", "max_norm"}
_LIGHTER = {"l2": (0.0,), "dropout": (0.0,)}  # for a template that holds the model back


def candidates(diagnosis, task):
    """Returns `{name: strengths}` of the levers to study.

    Bias comes before variance: where the template underfits, its own levers are turned down instead.

    Args:
        diagnosis: The `Diagnosis` of the template's curves.
        task: The task; label smoothing needs classes.
    """
    if diagnosis.regime == "underfitting":
        return dict(_LIGHTER)
    advised = [r.name for r in diagnosis.levers if r.card]
    idle = _IDLE | ({"label_smoothing"} if task == "regression" else set())
    advised = [name for name in advised if name not in idle]
    names = dict.fromkeys([*advised[: _MOST - 1], *_STAPLES, *advised])
    return {name: levers.get(name).strengths for name in list(names)[:_MOST]}
