"""Fine-tuning from the top down: the layers train one group after another."""

import collections.abc
import itertools
import warnings
from collections.abc import Sequence
from typing import Any

import keras

from keras_regkit._core.checks import Interval, OneOf
from keras_regkit._core.optimizers import fit_optimizer_to_trainable, spared_from_decay, without_loss_scale
from keras_regkit._core.tracking import all_layers
from keras_regkit._core.trainable import set_flags
from keras_regkit._core.warnings import NoEffectWarning
from keras_regkit._core.where import select
from keras_regkit.callbacks._stages import stages_from_the_top


class GradualUnfreezing(keras.callbacks.Callback):
    """Trains the top of a pretrained model first, and unfreezes the layers below it stage by stage.

    Use it to fine-tune on little data: a new head sends large, meaningless gradients down at first, which would undo
    what the layers below have learned. Layers that no stage names stay frozen.

    In stage s the weights of stages 0 to s train:

        trainable(s) = stages[0] ∪ ... ∪ stages[s],    s = number of entries of `starts` that are ≤ epoch

    Keras takes no notice of `trainable` in a compiled step, so the step is compiled again when a stage begins. The
    optimizer goes on: its counter, learning rate and moments are carried over. Weights that are unfrozen have moments
    of zero while the counter is large; Adam's first steps on them are up to 6.5 times the learning rate (3.2 times the
    very first), since its correction for that looks at the counter. Give later stages a smaller rate.

    Penalties on frozen weights are not in the loss; they set in when the weights train. So does a pull towards the
    pretrained weights, put on beforehand: `surgery.attach(model, regularizers.L2SP(...), where=...)`.

    Args:
        stages: What trains, from the first stage on. A list with, for each stage, a regular expression searched in the
            layers' paths (`"block_12"`), a layer class (or a tuple of them), or a predicate `layer -> bool`; layers
            within a selected one are meant too. Or a whole number: the layers with weights are split into so many
            groups of about equal numbers of layers, the last layers first. Models within are looked into; any other
            layer, such as attention, is one.
        epochs: Epochs of each stage but the last, a whole number, or a list with the epoch that each stage after the
            first begins at, counted from 0. Defaults to 1.
        batch_norm: What batch normalization does at every stage. `"inference"`: it stays frozen, normalizes with its
            moving statistics, which stay still: right for small batches. `"train"`: it trains, statistics included,
            from the stage of its layer on. Or a list with one of the two for each stage. Defaults to `"inference"`.
        learning_rates: The learning rate of each stage, a list of positive numbers. Defaults to None: left to the
            optimizer and other callbacks.

    Attributes:
        stage: Number of the current stage, from 0. None before training.
        plan: List with a list of layer paths for each stage, from the model at hand. None before training.

    Raises:
        TypeError, ValueError: no stage at all, epochs that do not rise or are not one for each stage; when training
            begins, a stage that names no layer with weights, or none that an earlier one had not, and learning rates
            for an optimizer that follows a schedule.

    After training the `trainable` flags stay as the last stage that began has left them.

    A `NoEffectWarning` says when `fit` has too few epochs to reach the last stage, and when training ended before it,
    as early stopping may.

    Reference:
        Howard & Ruder 2018, "Universal Language Model Fine-tuning for Text Classification", section 3.3.

    Example:

    >>> body, head = keras.layers.Dense(4, name="body"), keras.layers.Dense(1, name="head")
    >>> model = keras.Sequential([keras.Input((3,)), body, head])
    >>> model.compile("adam", "mse")
    >>> unfreezing = GradualUnfreezing(["head", "body"], epochs=2)
    >>> history = model.fit(np.ones((8, 3)), np.ones((8, 1)), epochs=3, callbacks=[unfreezing], verbose=0)
    >>> unfreezing.stage, unfreezing.plan, body.trainable
    (1, [['head'], ['body']], True)
    """

    RANGES = {  # noqa: RUF012
        "epochs": Interval(1, integer=True),
        "batch_norm": OneOf("inference", "train"),
    }

    def __init__(
        self,
        stages: Sequence[Any],
        epochs: int | Sequence[int] = 1,
        batch_norm: str = "inference",
        learning_rates: Sequence[float] | None = None,
    ):
        super().__init__()
        number = _checked_stages(stages)
        self.stages = stages
        self.epochs = epochs
        self.batch_norm = batch_norm
        self.learning_rates = learning_rates
        self.stage = None
        self.plan = None
        self._starts = _checked_starts(epochs, number)
        self._batch_norms = _checked_policies(batch_norm, number)
        _check_rates(learning_rates, number)
        self._layers: list = []
        self._spares = None
        self._warned = False
        # The optimizer's variables, also of weights that do not train just now.
        self._memory: dict = {}
        self._made = None

    def on_train_begin(self, logs=None):
        model = self.model
        rate = without_loss_scale(model.optimizer).get_config().get("learning_rate")
        if self.learning_rates and not isinstance(rate, float):
            raise ValueError(
                "`learning_rates` needs an optimizer with one constant `learning_rate`, and this one follows a "
                f"schedule or has several. Use such an optimizer, or leave `learning_rates` out. Received: {rate!r}"
            )
        self._plan(model)
        epochs = self.params.get("epochs")
        self._warned = bool(epochs is not None and self._starts and epochs <= self._starts[-1])
        if self._warned:
            warnings.warn(
                f"Stages of GradualUnfreezing begin at the epochs {[0, *self._starts]}, and fit ends after {epochs}: "
                f"the last stages never train. Call fit with epochs > {self._starts[-1]}, or set `epochs` lower",
                NoEffectWarning,
                stacklevel=2,
            )
        if model.optimizer is not self._made:  # compiled again since, or the first fit
            self._memory, self._spares = {}, spared_from_decay(model)
        self.stage = None

    def on_epoch_begin(self, epoch, logs=None):
        stage = sum(start <= epoch for start in self._starts)
        if stage == self.stage:
            return
        self.stage = stage
        self._apply(self.model, stage)

    def on_train_end(self, logs=None):
        last = len(self._starts)
        if self.stage is None or self.stage == last or self._warned:
            return
        warnings.warn(
            f"Training ended in stage {self.stage} of GradualUnfreezing, before stage {last} began at epoch "
            f"{self._starts[-1]}: the last stages never trained. If EarlyStopping ended it, set its `patience` higher, "
            f"or its `start_from_epoch` to {self._starts[-1]}; or set `epochs` of GradualUnfreezing lower",
            NoEffectWarning,
            stacklevel=2,
        )

    def _plan(self, model):
        """Settles which layers each stage means, and refuses stages that mean none."""
        given = stages_from_the_top(model, self.stages) if isinstance(self.stages, int) else self.stages
        self._layers, self.plan, seen = [], [], {}
        for number, where in enumerate(given):
            selected = where if isinstance(where, dict) else _selected(model, where, f"stages[{number}]")
            meant = {id(part): part for layer in selected.values() for part in all_layers(layer)}
            weights = {id(w) for layer in meant.values() for w in layer.weights}
            if not weights - seen.keys():
                held = f"stage {seen[next(iter(weights))]} has already" if weights else "no weights"
                raise ValueError(
                    f"Every stage must name layers with weights of its own. Received: stages[{number}]={where!r}, "
                    f"which selects {list(selected)}: {held}"
                )
            seen.update({key: number for key in weights if key not in seen})
            self._layers.append(meant)
            self.plan.append(list(selected))

    def _apply(self, model, stage):
        everything = {id(part): part for part in all_layers(model)[1:]}
        train = self._batch_norms[stage] == "train"
        set_flags(model, everything, False, False)
        for meant in self._layers[: stage + 1]:
            set_flags(model, meant, True, train)
        fit_optimizer_to_trainable(model, self._memory, self._spares)
        self._made = model.optimizer
        if self.learning_rates:
            without_loss_scale(model.optimizer).learning_rate = self.learning_rates[stage]


def _selected(model, where, name):
    """Returns the layers that `where` selects; errors speak of `name`."""
    try:
        return select(model, where)
    except (TypeError, ValueError) as error:
        raise type(error)(str(error).replace("`where`", f"`{name}`")) from None


def _checked_stages(stages):
    """Returns how many stages there are."""
    if isinstance(stages, int) and not isinstance(stages, bool):
        return Interval(1, integer=True).check("stages", stages)
    if isinstance(stages, str | bytes) or not isinstance(stages, collections.abc.Sequence) or not stages:
        raise TypeError(
            "`stages` must be a list with what trains at each stage, such as ['head', 'block_2', 'block_1'], or a "
            f"whole number of groups. Received: {stages!r}"
        )
    return len(stages)


def _checked_starts(epochs, number):
    """Returns the epoch that each stage after the first begins at."""
    if isinstance(epochs, collections.abc.Sequence) and not isinstance(epochs, str):
        starts = list(epochs)
        rises = all(isinstance(e, int) and not isinstance(e, bool) for e in starts)
        rises = rises and all(a < b for a, b in itertools.pairwise([0, *starts]))
        if not rises or len(starts) != number - 1:
            raise ValueError(
                "`epochs` must be one whole number, or a list that rises from at least 1, with the first epoch of each "
                f"stage but stage 0 ({number - 1} here). Received: {epochs!r}"
            )
        return starts
    GradualUnfreezing.RANGES["epochs"].check("epochs", epochs)
    return [epochs * stage for stage in range(1, number)]


def _checked_policies(batch_norm, number):
    """Returns what batch normalization does at each stage."""
    policies = [batch_norm] * number if isinstance(batch_norm, str) else batch_norm
    if not isinstance(policies, collections.abc.Sequence) or len(policies) != number:
        raise ValueError(
            f"`batch_norm` must be 'inference' or 'train', or a list with one of them for each of {number} stages. "
            f"Received: {batch_norm!r}"
        )
    for policy in policies:
        GradualUnfreezing.RANGES["batch_norm"].check("batch_norm", policy)
    return list(policies)


def _check_rates(rates, number):
    if rates is None:
        return
    if not isinstance(rates, collections.abc.Sequence) or isinstance(rates, str) or len(rates) != number:
        raise ValueError(f"`learning_rates` must be a list with one for each of {number} stages. Received: {rates!r}")
    for rate in rates:
        Interval(0, closed="neither").check("learning_rates", rate)
