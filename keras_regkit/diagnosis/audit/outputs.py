"""What each output of a model is held against: its loss, its targets, its metrics, its activation."""

import dataclasses

import keras
import numpy as np

from keras_regkit._core.output_kind import config_of_loss, last_activation, makes_decisions, wired_models
from keras_regkit.diagnosis.audit.cannot_run import CannotRun

SPARSE, CATEGORICAL, BINARY, REGRESSION, UNKNOWN = "sparse", "categorical", "binary", "regression", "unknown"
_REGRESSION = ("meansquared", "meanabsolute", "huber", "logcosh", "mse", "mae", "mape", "msle")


@dataclasses.dataclass(frozen=True)
class Output:
    """One output of a model.

    Args:
        name: Its name; `None` for the only one.
        loss: As given to compile, names made functions.
        kind: `"sparse"`, `"categorical"`, `"binary"`, `"regression"` or `"unknown"`: what the loss takes.
        from_logits: Whether the loss takes logits; `None` where that cannot be seen.
        activation: Name of the activation that makes the output; `None` where that cannot be seen.
        units: Size of its last axis; `None` where that cannot be known.
    """

    name: str | None
    loss: object
    kind: str
    from_logits: bool | None
    activation: str | None
    units: int | None

    @property
    def where(self):
        """How findings name it."""
        return "compile(loss=)" if self.name is None else f"compile(loss=) of output {self.name!r}"


def outputs_of(case):
    """Returns the `Output`s of a compiled model that have a loss.

    Raises:
        CannotRun: the model is not compiled, or has no loss.
    """
    activations, units = _ends(case.model)
    found = []
    for name, loss in case.losses.items():
        config = config_of_loss(loss)
        single = name is None
        found.append(
            Output(
                name,
                loss,
                kind_of_loss(loss, config),
                config.get("from_logits"),
                activations.get(None if single else name, activations.get(None) if len(activations) == 1 else None),
                units.get(None if single else name),
            )
        )
    if not found:
        raise CannotRun("the model is compiled without a loss")
    return found


def kind_of_loss(loss, config=None):
    """Returns what targets a loss takes, as the constants of this module name it."""
    config = config_of_loss(loss) if config is None else config
    # A loss around another one (smoothing) is of the kind of the inner one.
    words = f"{config.get('kind') or ''} {config.get('name') or ''} {_name(loss)}".lower().replace("_", "")
    if config.get("sparse") or "sparse" in words:
        return SPARSE
    if makes_decisions(config) or "binary" in words:
        return BINARY
    if "categorical" in words:
        return CATEGORICAL
    if any(word in words for word in _REGRESSION):
        return REGRESSION
    return UNKNOWN


def with_kind(case, kind):
    """Returns the `Output`s whose loss is of that kind.

    Raises:
        CannotRun: there are none.
    """
    found = [output for output in outputs_of(case) if output.kind == kind]
    if not found:
        raise CannotRun(f"no loss takes {'class numbers' if kind == SPARSE else 'one-hot labels'}")
    return found


def targets(case, output, split="train"):
    """Returns the targets of one output in a split, as an array.

    Raises:
        CannotRun: there are none, or they cannot be told apart.
    """
    y = case.sample(split).y
    if y is None:
        raise CannotRun(f"`{split}` has no targets")
    if isinstance(y, dict):
        if output.name not in y:
            raise CannotRun(f"`{split}` has no targets for the output {output.name!r}")
        y = y[output.name]
    elif isinstance(y, (list, tuple)):
        names = list(getattr(case.model, "output_names", None) or [])
        if output.name not in names or len(names) != len(y):
            raise CannotRun(f"the targets of `{split}` cannot be told apart by output")
        y = y[names.index(output.name)]
    y = np.asarray(y)
    if y.ndim == 0:
        raise CannotRun(f"`{split}` has no array of targets")
    return y


def predictions_of(case, output):
    """Returns what the model predicts for one batch, for one output, as an array."""
    made = case.predictions.inference
    if isinstance(made, dict):
        made = made.get(output.name)
    elif isinstance(made, (list, tuple)):
        names = list(getattr(case.model, "output_names", None) or [])
        made = made[names.index(output.name)] if output.name in names else None
    if made is None:
        raise CannotRun(f"the predictions of the output {output.name!r} cannot be told apart")
    return np.asarray(made, "float64")


def labels_of(y):
    """Returns the class of each row as integers, or `None` where targets are no classes.

    Whole numbers count as classes if there are few; vectors if they are one-hot, or shares of classes that sum to 1.
    """
    y = np.asarray(y)
    if y.ndim == 2 and y.shape[1] == 1:
        y = y[:, 0]
    if y.dtype.kind in "OUS":
        return np.unique(y.astype(str), return_inverse=True)[1]
    if y.dtype.kind not in "biuf" or not np.isfinite(y).all():
        return None
    if y.ndim == 2:
        shares = (y >= 0).all() and np.allclose(y.sum(1), 1, atol=1e-3)
        return y.argmax(1) if shares else None
    if y.ndim != 1 or not np.array_equal(y, np.round(y)):
        return None
    few = len(np.unique(y)) <= max(2, min(len(y) // 5, 200)) or (y.dtype.kind in "biu" and len(np.unique(y)) <= 50)
    return y.astype("int64") if few else None


def compiled_metrics(case):
    """Returns `[(output name or None, name, config)]` of the metrics given to compile; `config` is empty for a name.

    Raises:
        CannotRun: the model is not compiled, or its arguments cannot be read back.
    """
    case.expect(("compiled",))
    try:
        config = case.model.get_compile_config() or {}
    except Exception as error:  # metrics are users' code
        raise CannotRun(f"the arguments of compile cannot be read: {type(error).__name__}: {error!s:.100}") from error
    found = []
    names = list(getattr(case.model, "output_names", None) or [])
    for argument in ("metrics", "weighted_metrics"):
        given = config.get(argument)
        if isinstance(given, dict) and "class_name" not in given:
            pairs = [(name, metric) for name, part in given.items() for metric in _several(part)]
        elif isinstance(given, (list, tuple)) and len(names) > 1 and len(given) == len(names):
            pairs = [(name, m) for name, part in zip(names, given, strict=True) for m in _several(part)]
        else:
            pairs = [(None, metric) for metric in _several(given)]
        for name, metric in pairs:
            if isinstance(metric, str):
                found.append((name, metric, {}))
            elif isinstance(metric, dict):
                inner = metric.get("config") if isinstance(metric.get("config"), dict) else {}
                found.append((name, str(inner.get("name") or metric.get("class_name")), {**metric, "config": inner}))
    return found


def _several(part):
    if part is None:
        return []
    return [m for item in part for m in _several(item)] if isinstance(part, (list, tuple)) else [part]


def _ends(model):
    """Returns `{output name: activation}` and `{output name: units}`; the key is None for a single output."""
    names = list(getattr(model, "output_names", None) or [])
    tensors = keras.tree.flatten(model.outputs) if getattr(model, "outputs", None) else []
    if len(tensors) <= 1:
        units = tensors[0].shape[-1] if tensors and len(tensors[0].shape) > 1 else None
        activation = _activation(model)
        return dict.fromkeys((None, *names), activation), dict.fromkeys((None, *names), units)
    activations = {}
    if isinstance(model, wired_models()) and not isinstance(model, keras.Sequential):
        ends = model.get_config().get("output_layers")
        ends = list(ends.values()) if isinstance(ends, dict) else ends
        for name, end in zip(names, ends or (), strict=False):
            if isinstance(end, (list, tuple)) and end and isinstance(end[0], str):
                activations[name] = _activation(model.get_layer(end[0]))
    units = {name: t.shape[-1] for name, t in zip(names, tensors, strict=False) if len(t.shape) > 1}
    # Dicts of outputs are compiled by their keys, which need not be the layers' names.
    if isinstance(getattr(model, "output", None), dict):
        keys = list(model.output)
        if len(keys) == len(names):
            activations |= {key: activations.get(name) for key, name in zip(keys, names, strict=True)}
            units |= {key: units.get(name) for key, name in zip(keys, names, strict=True)}
    return activations, units


def _activation(layer):
    try:
        return last_activation(layer)
    except Exception:  # a model whose config its author did not write cannot be looked into
        return None


def _name(loss):
    return str(getattr(loss, "name", None) or getattr(loss, "__name__", None) or type(loss).__name__)
