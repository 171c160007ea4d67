"""The record that all recipes are."""

import dataclasses
import html

import keras

from keras_regkit import surgery
from keras_regkit._core.checks import did_you_mean
from keras_regkit._core.tracking import all_layers
from keras_regkit._core.trainable import set_flags
from keras_regkit.callbacks import EarlyStopping, GradualUnfreezing, WeightAveraging
from keras_regkit.optimizers import LearningRateMultipliers, WeightDecayPolicy, layerwise_learning_rates, mix
from keras_regkit.presets.causal_transformer import causal_transformer
from keras_regkit.presets.convnet import convnet
from keras_regkit.presets.mlp import mlp
from keras_regkit.presets.recipes import _losses
from keras_regkit.presets.recipes._batches import Batches, one_hot
from keras_regkit.presets.resnet import resnet
from keras_regkit.regularizers import L2SP

BUILDERS = {"causal_transformer": causal_transformer, "convnet": convnet, "mlp": mlp, "resnet": resnet}
SECTIONS = ("model", "optimizer", "loss", "augmentation", "callbacks", "training")
BY_HAND = "set by hand"


@dataclasses.dataclass(frozen=True)
class Recipe:
    """Settings that go together, as plain values, each with its source.

    Use it to start from what is known to work: `image_classification`, `language_model`, `tabular` and `fine_tuning`
    make one. `print(recipe)` shows a table of names, values and sources; `with_` changes values; `build`, `compile` and
    `fit_arguments` turn them into Keras objects. The dicts hold plain values only, and can be read and used without
    these: `presets.resnet((32, 32, 3), 10, **recipe.model)`.

    Args:
        name: Name of the recipe.
        builder: Name of the builder in `presets`, or None where the model is yours.
        given: What it was asked for: shape, outputs, task.
        model: Arguments of the builder; for a model of yours, the penalties to attach.
        optimizer: Name and arguments of the optimizer.
        loss: Name of the loss, or a loss object that takes logits, and `label_smoothing`, for a name.
        augmentation: Strengths of the augmentation; empty for none.
        callbacks: Arguments of early stopping, averaging and unfreezing.
        training: `epochs` and `batch_size`.
        sources: Source of each value, by its name.

    Raises:
        ValueError: a value has no source, or two have the same name.

    Example:

    >>> from keras_regkit.presets.recipes import tabular
    >>> recipe = tabular(30, samples=500).with_(dropout=0.4)
    >>> recipe.model["dropout"], recipe.sources["dropout"]
    (0.4, 'set by hand')
    """

    name: str
    builder: str | None
    given: dict
    model: dict
    optimizer: dict
    loss: dict
    augmentation: dict
    callbacks: dict
    training: dict
    sources: dict

    def __post_init__(self):
        names = [name for section in SECTIONS for name in getattr(self, section)]
        if len(set(names)) < len(names) or set(names) != set(self.sources):
            odd = sorted({n for n in names if names.count(n) > 1} | (set(names) ^ set(self.sources)))
            raise ValueError(f"Every value of a recipe must have a name of its own and a source. Received: {odd}")

    def with_(self, **values):
        """Returns a recipe with other values, by name; their source becomes "set by hand".

        `loss` may be a name (`"huber"`, `"binary_focal_crossentropy"`; those of classes are made with
        `from_logits=True`) or a `keras.losses.Loss` (`losses.GeneralizedCrossEntropy(from_logits=True)`). An object is
        taken as it is, so `label_smoothing` becomes 0 with it; and it does not go into JSON.

        Raises:
            TypeError, ValueError: the recipe has no value of that name; the loss is none that fits its labels.
        """
        if "loss" in values and not _losses.is_named(values["loss"]) and "label_smoothing" in self.loss:
            values = {"label_smoothing": 0.0, **values}
        sections = {section: dict(getattr(self, section)) for section in SECTIONS}
        for name, value in values.items():
            if name not in self.sources:
                raise ValueError(
                    f"A value of this recipe must be one of {sorted(self.sources)}."
                    f"{did_you_mean(name, self.sources)} Received: {name!r}"
                )
            next(section for section in sections.values() if name in section)[name] = value
        if "loss" in values:
            loss = sections["loss"]
            _losses.make(loss["loss"], _losses.kind_of(self), loss.get("label_smoothing", 0.0))
        return dataclasses.replace(self, **sections, sources={**self.sources, **dict.fromkeys(values, BY_HAND)})

    def build(self, seed=None):
        """Returns a new model by the recipe's builder, compiled by the recipe.

        Args:
            seed: Seed of the initial weights and of dropout. Defaults to None.

        Raises:
            ValueError: the recipe is for a model of yours.
        """
        if self.builder is None:
            raise ValueError(f"The recipe {self.name!r} is for a model that exists. Use compile(model)")
        return self.compile(BUILDERS[self.builder](**self.given, **self.model, seed=seed))

    def compile(self, model):
        """Compiles a model by the recipe, in place, and returns it.

        A recipe for a model that exists makes all its layers trainable, those too that were frozen at any depth, so
        that each has its learning rate (unfreezing begins in `fit`), and attaches its penalties: a pull towards the
        weights of now on the kernels of all layers but the last, and L2 on those of the last.

        Raises:
            ValueError: the model is not built, or gives probabilities where the loss wants logits; the loss does not
                fit the labels.
        """
        kind = _losses.kind_of(self)
        loss, metric = _losses.make(self.loss["loss"], kind, self.loss.get("label_smoothing", 0.0))
        _check_model(model, kind)
        if self.builder is None:
            # A model that is trainable already does not hand its flag down again.
            set_flags(model, {id(layer): layer for layer in all_layers(model)}, True, True)
            _attach(model, self.model["l2_sp"], self.model["head_l2"])
        model.compile(optimizer=self._make_optimizer(model), loss=loss, metrics=[metric])
        return model

    def fit_arguments(self, x, y, validation_data=None, seed=None):
        """Returns what goes into `model.fit(**...)`: data, epochs and new callbacks.

        With augmentation, the training data become a `keras.utils.PyDataset` that shuffles and augments them; labels
        become one-hot. Without validation data there is nothing to stop early on, and that callback is left out.

        Args:
            x, y: Training inputs and labels (integers where there are classes), as arrays.
            validation_data: Tuple `(x, y)` of the same kind. Defaults to None.
            seed: Seed of shuffling and augmentation. Defaults to None.
        """
        arguments, train = {"epochs": self.training["epochs"]}, x
        if self.augmentation:
            classes, size = self.given["outputs"], self.training["batch_size"]
            labels = one_hot(y, classes)
            arguments["x"] = Batches(x, labels, size, self.augmentation, seed)
            # One of its own: what is drawn for the statistics must not change what is drawn for training.
            train = Batches(x, labels, size, self.augmentation, seed)
            if validation_data is not None:
                validation_data = (validation_data[0], one_hot(validation_data[1], classes))
        else:
            arguments.update(x=x, y=y, batch_size=self.training["batch_size"])
        arguments["callbacks"] = self.make_callbacks(validation_data is not None, train)
        return arguments if validation_data is None else {**arguments, "validation_data": validation_data}

    def make_callbacks(self, validated=True, train=None):
        """Returns new callbacks, without early stopping where `fit` is given no validation data.

        Args:
            validated: Whether there are validation data. Defaults to True.
            train: Training inputs, for the batch normalization of averages other than `"ema"`. Defaults to None.
        """
        made, kind = [], self.callbacks.get("averaging")
        if kind:
            # The moving average takes the statistics along, and needs no pass over the data.
            train = None if kind == "ema" else train
            made.append(WeightAveraging(kind, train=train, batch_size=self.training["batch_size"]))
        if self.callbacks.get("unfreeze_stages"):
            made.append(
                GradualUnfreezing(
                    self.callbacks["unfreeze_stages"],
                    epochs=self.callbacks["unfreeze_epochs"],
                    batch_norm=self.callbacks["batch_norm"],
                )
            )
        if validated and self.callbacks.get("patience") is not None:
            made.append(EarlyStopping(patience=self.callbacks["patience"]))
        return made

    def to_dict(self):
        """Returns the recipe as a dict that goes into JSON; `Recipe(**...)` makes it a recipe again."""
        return dataclasses.asdict(self)

    def __str__(self):
        rows = [(name, _told(value), self.sources[name]) for _, name, value in self._rows()]
        wide = [max(len(row[i]) for row in rows) for i in (0, 1)]
        given = ", ".join(f"{name}={value}" for name, value in self.given.items() if value is not None)
        lines, before = [f"{self.name} ({given})"], None
        for (section, _, _), (name, value, source) in zip(self._rows(), rows, strict=True):
            if section != before:
                lines.append(section)
                before = section
            lines.append(f"  {name:<{wide[0]}}  {value:<{wide[1]}}  {source}")
        return "\n".join(lines)

    def _repr_html_(self):
        cells = "".join(
            f"<tr><td>{section}</td><td>{name}</td><td>{html.escape(_told(value))}</td>"
            f"<td>{html.escape(self.sources[name])}</td></tr>"
            for section, name, value in self._rows()
        )
        return f"<table><tr><th></th><th>name</th><th>value</th><th>source</th></tr>{cells}</table>"

    def _rows(self):
        return [(section, name, value) for section in SECTIONS for name, value in getattr(self, section).items()]

    def _make_optimizer(self, model):
        arguments = dict(self.optimizer)
        base = type(keras.optimizers.get(arguments.pop("optimizer")))
        arguments["global_clipnorm"] = arguments.pop("clip_norm", None)
        decay = arguments.pop("layer_decay", None)
        mixins = [WeightDecayPolicy]
        if decay is not None:
            mixins.append(LearningRateMultipliers)
            # The ratio is meant from group to group; each layer takes its part of it.
            layers = len(layerwise_learning_rates(model, 1.0))
            stages = self.callbacks["unfreeze_stages"] or 1
            groups = stages if isinstance(stages, int) else len(stages)
            arguments["multipliers"] = layerwise_learning_rates(model, decay ** (groups / layers))
            arguments["multipliers_strict"] = False
        return mix(base, *mixins)(**arguments)


def _told(value):
    if isinstance(value, keras.losses.Loss):
        return type(value).__name__
    return f"{value:g}" if isinstance(value, float) else str(value)


def _check_model(model, kind):
    if not isinstance(model, keras.Model) or not model.built:
        raise ValueError(f"`model` must be a Keras model that is built. Received: {model!r}")
    activation = getattr(getattr(model.layers[-1], "activation", None), "__name__", "")
    if kind != "regression" and activation in ("softmax", "sigmoid"):
        raise ValueError(
            f"`model` must give logits. Received: {model.name!r}, whose last layer {model.layers[-1].name!r} has the "
            f"activation {activation!r}. Take it off, and apply it to predictions"
        )


def _attach(model, l2_sp, head_l2):
    head = next(layer for layer in reversed(model.layers) if layer.trainable_variables)
    new = {id(variable) for variable in head.trainable_variables}

    def choose(variable):
        if id(variable) in new:
            return keras.regularizers.L2(head_l2 / 2) if head_l2 else None
        return L2SP(l2_sp, reference=variable) if l2_sp else None

    if l2_sp or head_l2:
        surgery.attach(model, choose)
