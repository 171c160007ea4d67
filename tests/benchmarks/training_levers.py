"""How each training lever is put on a plain model, and the strengths it is tried at."""

import dataclasses
from collections.abc import Callable

import keras
from training_tasks import Transfer

from keras_regkit import callbacks, losses, optimizers, regularizers, surgery, training

RATE = 1e-3
PLAIN_LOSS = "sparse_categorical_crossentropy"


@dataclasses.dataclass
class Setting:
    """A compiled model that one lever is set on, with what else it needs.

    Args:
        fitted: What `fit` is called on.
        callbacks: Function of a `Split` and a seed that returns new callbacks.
        labels: What is done to the training labels.
        predict: Function of the callbacks and inputs that returns probabilities; None for `fitted.predict`.
    """

    fitted: keras.Model
    callbacks: Callable = lambda split: []
    labels: Callable = lambda y: y
    predict: Callable | None = None


def plain(task, strength=None, dropout=0.0):
    model = task.model(dropout)
    model.compile(keras.optimizers.Adam(RATE), PLAIN_LOSS, metrics=["accuracy"])
    return model


def with_loss(make):
    """A lever that is a loss: `make(strength)`."""

    def setting(task, strength):
        model = task.model()
        model.compile(keras.optimizers.Adam(RATE), make(strength), metrics=["accuracy"])
        return Setting(model)

    return setting


def with_optimizer(make, regularize=None):
    """A lever that is an optimizer: `make(strength)`."""

    def setting(task, strength):
        model = task.model()
        if regularize:
            for layer in model.layers:
                layer.kernel.regularizer = regularize(strength)
        model.compile(make(strength), PLAIN_LOSS, metrics=["accuracy"])
        return Setting(model)

    return setting


def wrapped(make, dropout=0.0):
    """A lever that is a training method: `make(model, strength)`."""
    return lambda task, strength: Setting(make(plain(task, dropout=dropout), strength))


def called_back(make):
    """A lever that is a callback: `make(strength, split, task)`."""
    return lambda task, strength: Setting(plain(task), lambda split: [make(strength, split, task)])


def early_learning(task, strength):
    model = task.model()
    loss = losses.EarlyLearning(task.train, task.classes, strength)
    model.compile(keras.optimizers.Adam(RATE), loss, metrics=["accuracy"])
    loss.attach(model)
    return Setting(model, labels=lambda y: losses.index_labels(y, task.classes))


def snapshots(task, strength):
    model = plain(task)

    def make(split):
        return [callbacks.SnapshotEnsemble(strength, learning_rate=RATE)]

    def predict(made, x):
        return made[0].ensemble().predict(x, verbose=0)

    return Setting(model, make, predict=predict)


def attached_l2(task, strength):
    model = plain(task)
    surgery.attach(model, keras.regularizers.L2(strength))
    return Setting(model)


@dataclasses.dataclass
class TrainingLever:
    name: str
    strengths: tuple
    setting: Callable
    baseline: str = "plain"
    per_seed: bool = False  # whether a model is needed for each seed, which `setting` then is told


def gradual(task, strength):
    return Setting(plain(task), lambda split: [callbacks.GradualUnfreezing(3, epochs=strength)])


def head_alone(task, strength):
    model = plain(task)
    surgery.freeze(model, lambda layer: layer is not model.layers[-1])
    return Setting(model)


def layerwise(task, strength):
    model = task.model()
    multipliers = optimizers.layerwise_learning_rates(model, strength)
    optimizer = optimizers.mix(keras.optimizers.Adam, optimizers.LearningRateMultipliers)(RATE, multipliers=multipliers)
    model.compile(optimizer, PLAIN_LOSS, metrics=["accuracy"])
    return Setting(model)


def pulled_back(task, strength, seed):
    model = plain(task)
    for layer, kernel in zip(model.layers[:-1], task.first_weights(seed)[::2], strict=False):
        layer.kernel.regularizer = regularizers.L2SP(strength, kernel)
    return Setting(model)


def mixed(name, argument):
    """An optimizer with one mixin, of which the strength is `argument`."""
    mixin = getattr(optimizers, name)
    return lambda s: optimizers.mix(keras.optimizers.Adam, mixin)(RATE, **({argument: s} if argument else {}))


LEVERS = [
    TrainingLever("plain", (0,), lambda task, strength: Setting(plain(task))),
    TrainingLever("plain with dropout 0.2", (0,), lambda task, strength: Setting(plain(task, dropout=0.2))),
    TrainingLever("L2, for comparison", (1e-4, 1e-3, 1e-2), attached_l2),
    TrainingLever(
        "EarlyStopping, for comparison", (5,), called_back(lambda s, split, task: callbacks.EarlyStopping(patience=s))
    ),
    # What the loss sees.
    TrainingLever(
        "LabelSmoothing, uniform", (0.05, 0.1, 0.3), with_loss(lambda s: losses.LabelSmoothing(PLAIN_LOSS, s))
    ),
    TrainingLever(
        "LabelSmoothing, others", (0.05, 0.1, 0.3), with_loss(lambda s: losses.LabelSmoothing(PLAIN_LOSS, s, "others"))
    ),
    TrainingLever("SymmetricCrossEntropy", (0.3, 1.0, 3.0), with_loss(lambda s: losses.SymmetricCrossEntropy(0.1, s))),
    TrainingLever("GeneralizedCrossEntropy", (0.3, 0.5, 0.7), with_loss(losses.GeneralizedCrossEntropy)),
    TrainingLever("Bootstrapping, soft", (0.95, 0.8, 0.6), with_loss(lambda s: losses.Bootstrapping("soft", s))),
    TrainingLever("Bootstrapping, hard", (0.95, 0.8, 0.6), with_loss(lambda s: losses.Bootstrapping("hard", s))),
    TrainingLever("EarlyLearning", (1.0, 3.0, 7.0), early_learning),
    TrainingLever("ConfidencePenalty", (0.1, 0.3, 1.0), with_loss(losses.ConfidencePenalty)),
    TrainingLever("PolyLoss", (-0.5, 1.0, 2.0), with_loss(losses.PolyLoss)),
    # How the step is taken.
    TrainingLever(
        "ProximalAdam with L1",
        (1e-4, 1e-3, 1e-2),
        with_optimizer(lambda s: optimizers.ProximalAdam(RATE), keras.regularizers.L1),
    ),
    TrainingLever(
        "WeightDecayPolicyAdamW", (0.01, 0.1, 1.0), with_optimizer(lambda s: optimizers.WeightDecayPolicyAdamW(RATE, s))
    ),
    TrainingLever("Lookahead", (0.5, 0.2), with_optimizer(lambda s: optimizers.LookaheadAdam(RATE, slow_step=s))),
    TrainingLever(
        "AdaptiveGradientClipping", (0.1, 0.01, 0.001), with_optimizer(mixed("AdaptiveGradientClipping", "clipping"))
    ),
    TrainingLever("GradientCentralization", (1,), with_optimizer(mixed("GradientCentralization", None))),
    TrainingLever("GradientNoise", (0.001, 0.01, 0.1), with_optimizer(mixed("GradientNoise", "eta"))),
    # Steps of more than one pass.
    TrainingLever("SAM", (0.02, 0.05, 0.2), wrapped(training.SAM)),
    TrainingLever("ASAM", (0.2, 0.5, 2.0), wrapped(lambda model, s: training.SAM(model, s, adaptive=True))),
    TrainingLever("SAM, every 5", (0.05, 0.2, 0.5), wrapped(lambda model, s: training.SAM(model, s, every=5))),
    TrainingLever(
        "AdversarialWeightPerturbation", (0.005, 0.02, 0.05), wrapped(training.AdversarialWeightPerturbation)
    ),
    TrainingLever("RDrop", (0.3, 1.0, 5.0), wrapped(training.RDrop, dropout=0.2), "plain with dropout 0.2"),
    TrainingLever("JacobianPenalty", (0.001, 0.01, 0.1), wrapped(training.JacobianPenalty)),
    TrainingLever("GradientPenalty", (0.1, 1.0, 10.0), wrapped(training.GradientPenalty)),
    TrainingLever("VirtualAdversarial", (0.5, 1.0, 2.0), wrapped(training.VirtualAdversarial)),
    TrainingLever("ManifoldMixUp", (0.2, 1.0, 2.0), wrapped(training.ManifoldMixUp)),
    # Which weights are kept.
    TrainingLever(
        "WeightAveraging, ema",
        (0.9, 0.99, 0.999),
        called_back(lambda s, split, task: callbacks.WeightAveraging(decay=s)),
    ),
    TrainingLever(
        "WeightAveraging, swa",
        (0.25, 0.5, 0.75),  # share of the epochs before it starts
        called_back(lambda s, split, task: callbacks.WeightAveraging("swa", start_from_epoch=int(s * task.epochs))),
    ),
    TrainingLever(
        "WeightAveraging, top-k", (3, 10), called_back(lambda s, split, task: callbacks.WeightAveraging("top-k", k=s))
    ),
    TrainingLever(
        "WeightAveraging, greedy soup",
        (3, 10),
        called_back(lambda s, split, task: callbacks.WeightAveraging("greedy soup", k=s)),
    ),
    TrainingLever("SnapshotEnsemble", (2, 4), snapshots),
]

FINE_TUNING = [
    TrainingLever("plain", (0,), lambda task, strength: Setting(plain(task))),
    TrainingLever("head alone", (0,), head_alone),
    TrainingLever("GradualUnfreezing", (3, 10, 20), gradual),
    TrainingLever("layerwise_learning_rates", (0.7, 0.5, 0.3), layerwise),
    TrainingLever("L2, for comparison", (1e-3, 1e-2, 1e-1), attached_l2),
    TrainingLever("L2SP", (1e-3, 1e-2, 1e-1), pulled_back, per_seed=True),
]


def levers_for(task):
    """Returns the levers that are tried on a task."""
    return FINE_TUNING if isinstance(task, Transfer) else LEVERS
