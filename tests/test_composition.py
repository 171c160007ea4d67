"""Levers that act during training work together: every pair of them, in one `fit`."""

import itertools

import keras
import numpy as np
import pytest
from pairwise import pairwise

from keras_regkit import callbacks, losses, optimizers, regularizers, training
from keras_regkit._core.backend import to_numpy

RANDOM = np.random.default_rng(0)
X = RANDOM.normal(size=(24, 4)).astype("float32")
Y = (X[:, 0] > 0).astype("int32") + (X[:, 1] > 1)
EPOCHS, BATCH = 3, 8

METHODS = {
    "no method": lambda model: model,
    "SAM": training.SAM,
    "ASAM every 2": lambda model: training.SAM(model, 0.5, adaptive=True, every=2),
    "AWP": training.AdversarialWeightPerturbation,
    "RDrop": training.RDrop,
    "JacobianPenalty": lambda model: training.JacobianPenalty(model, seed=0),
    "GradientPenalty": training.GradientPenalty,
    "VirtualAdversarial": lambda model: training.VirtualAdversarial(model, 0.5, seed=0),
    "ManifoldMixUp": lambda model: training.ManifoldMixUp(model, seed=0),
}
AVERAGES = {
    "no average": lambda: [],
    "ema": lambda: [callbacks.WeightAveraging("ema", decay=0.5, train=(X, Y))],
    "swa": lambda: [callbacks.WeightAveraging("swa", start_from_epoch=1, train=(X, Y))],
    "top-k": lambda: [callbacks.WeightAveraging("top-k", k=2, train=(X, Y))],
    "greedy soup": lambda: [callbacks.WeightAveraging("greedy soup", k=2, train=(X, Y))],
    "snapshots": lambda: [callbacks.SnapshotEnsemble(3)],
}
# By twos, so that there are fewer cases: each mixin still meets everything else.
MIXINS = {
    "no mixin": (),
    "Proximal": (optimizers.Proximal,),
    "decay and rates": (optimizers.WeightDecayPolicy, optimizers.LearningRateMultipliers),
    "Lookahead and centralization": (optimizers.Lookahead, optimizers.GradientCentralization),
    "clipping and noise": (optimizers.AdaptiveGradientClipping, optimizers.GradientNoise),
}
ARGUMENTS = {
    "decay and rates": {
        "weight_decay": 0.01,
        "multipliers": {"hidden/.*": 0.5},
        "multipliers_strict": False,  # the layer may be frozen
    },
    "Lookahead and centralization": {"sync_period": 3},  # of which an epoch is a multiple: it ends with slow weights
    "clipping and noise": {"seed": 0},
}
LOSSES = {
    "cross-entropy": lambda: "sparse_categorical_crossentropy",
    "LabelSmoothing": lambda: losses.LabelSmoothing("sparse_categorical_crossentropy", 0.1),
    "SymmetricCrossEntropy": losses.SymmetricCrossEntropy,
    "GeneralizedCrossEntropy": losses.GeneralizedCrossEntropy,
    "Bootstrapping": losses.Bootstrapping,
    "ConfidencePenalty": losses.ConfidencePenalty,
    "PolyLoss": losses.PolyLoss,
}
OTHERS = {
    "nothing else": lambda: [],
    "unfreezing": lambda: [callbacks.GradualUnfreezing(["head", "hidden|norm"], batch_norm="train")],
    "early stopping": lambda: [callbacks.EarlyStopping(patience=5)],
    "Keras' early stopping": lambda: [keras.callbacks.EarlyStopping(patience=5, restore_best_weights=True)],
    "lower rate on plateau": lambda: [keras.callbacks.ReduceLROnPlateau(patience=1, min_delta=10.0)],
}
POLICIES = ("float32", "mixed_float16", "mixed_bfloat16")
STEPS = ("plain steps", "accumulation", "two steps per execution")

FACTORS = [*map(list, (METHODS, AVERAGES, MIXINS, LOSSES, OTHERS)), list(POLICIES), list(STEPS)]
CASES = pairwise(FACTORS)


def some_cases():
    """Cases in which every choice is met, though not every pair: what other backends are tried with."""
    missing, chosen = set(itertools.chain(*FACTORS)), []
    while missing:
        chosen.append(max(CASES, key=lambda case: len(missing & set(case))))
        missing -= set(chosen[-1])
    return chosen


def build(loss, mixin, policy, steps):
    keras.utils.set_random_seed(0)
    model = keras.Sequential(
        [
            keras.Input((4,), dtype="float32"),
            keras.layers.Dense(6, name="hidden", dtype=policy, kernel_regularizer=regularizers.GroupLasso(0.01)),
            keras.layers.BatchNormalization(name="norm", dtype=policy),
            keras.layers.Dropout(0.2, seed=1, dtype=policy),
            keras.layers.Dense(3, name="head", dtype=policy),
            keras.layers.Activation("softmax", dtype="float32"),
        ]
    )
    model.dtype_policy = policy  # what compile looks at to scale the loss
    mixins = MIXINS[mixin]
    base = optimizers.mix(keras.optimizers.Adam, *mixins) if mixins else keras.optimizers.Adam
    accumulation = {"gradient_accumulation_steps": 3} if steps == "accumulation" else {}
    optimizer = base(1e-2, **ARGUMENTS.get(mixin, {}), **accumulation)
    if policy == "mixed_float16":
        # A scale that does not overflow at once: steps that are skipped would show nothing.
        optimizer = keras.optimizers.LossScaleOptimizer(optimizer, initial_scale=8.0)
    executed = 2 if steps == "two steps per execution" and keras.backend.backend() != "torch" else 1
    model.compile(optimizer, LOSSES[loss](), metrics=["accuracy"], steps_per_execution=executed)
    return model


@pytest.mark.every_case
@pytest.mark.parametrize(
    "case", CASES if keras.backend.backend() == "tensorflow" else some_cases(), ids=lambda case: ", ".join(case)
)
@pytest.mark.filterwarnings("ignore::keras_regkit._core.warnings.NoEffectWarning")
def test_every_pair_trains_together(case):
    method, average, mixin, loss, other, policy, steps = case
    if other == "lower rate on plateau" and average == "snapshots":
        pytest.skip("two callbacks cannot both set the learning rate")
    model = build(loss, mixin, policy, steps)
    before = [to_numpy(v) for v in model.trainable_variables]
    fitted = METHODS[method](model)
    used = [*OTHERS[other](), *AVERAGES[average]()]
    history = fitted.fit(
        X, Y, epochs=EPOCHS, batch_size=BATCH, validation_data=(X, Y), callbacks=used, verbose=0
    ).history
    values = np.array([history[key] for key in history if "loss" in key or "accuracy" in key], "float64")
    assert np.isfinite(values).all()
    after = [to_numpy(v) for v in model.trainable_variables]
    assert all(np.isfinite(w).all() for w in after)
    assert any(not np.array_equal(a, b) for a, b in zip(before, after, strict=True))
    inner = getattr(fitted.optimizer, "inner_optimizer", fitted.optimizer)
    taken = EPOCHS * len(X) // BATCH
    assert int(inner.iterations) == (taken // 3 if steps == "accumulation" else taken)
    # What validation saw is what is in the model, and the user's model is the wrapper's.
    kept = np.argmin(history["val_loss"]) if "stopping" in other else -1
    again = model.evaluate(X, Y, verbose=0, return_dict=True)
    assert again["loss"] == pytest.approx(history["val_loss"][kept], rel=2e-2 if policy != "float32" else 1e-4)
    np.testing.assert_allclose(*(keras.ops.convert_to_numpy(m(X, training=False)) for m in (model, fitted)), atol=1e-6)


def test_every_choice_is_tried_on_every_backend():
    assert set(itertools.chain(*some_cases())) == set(itertools.chain(*FACTORS))


def test_all_pairs_are_there():
    factors = [METHODS, AVERAGES, MIXINS, LOSSES, OTHERS, POLICIES, STEPS]
    for (i, first), (j, second) in itertools.combinations(enumerate(factors), 2):
        assert {(case[i], case[j]) for case in CASES} == {(a, b) for a in first for b in second}


def test_all_names_are_there():
    named = {name.split()[0] for name in METHODS}
    assert set(training.__all__) - {"AdversarialWeightPerturbation"} == named - {"no", "ASAM", "AWP"}
    classes = [item for item in map(vars(optimizers).get, optimizers.__all__) if isinstance(item, type)]
    mixins = {item for item in classes if not issubclass(item, keras.optimizers.Optimizer)}
    assert mixins == {mixin for chosen in MIXINS.values() for mixin in chosen}
