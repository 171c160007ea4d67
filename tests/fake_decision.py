"""A `Decision` as a real run makes one, from curves by formula: no training."""

import math
import pathlib

import numpy as np

from keras_regkit.diagnosis import diagnose
from keras_regkit.studies import Decision, Step, StudyResult, TestScore, Trial, one_knob_at_a_time
from keras_regkit.studies.statistics import paired_difference
from keras_regkit.studies.summarize import summarize

SEEDS = range(5)
LEVERS = {"early_stopping": [5], "l2": [1e-3, 1e-2], "dropout": [0.3, 0.5], "label_smoothing": [0.1]}
TEMPLATE = 0.24
# Where each variant's validation loss ends up, on average.
LEVELS = {
    "early_stopping=5": 0.155,
    "l2=0.001": 0.235,
    "l2=0.01": 0.29,
    "dropout=0.3": 0.18,
    "dropout=0.5": 0.16,
    "label_smoothing=0.1": 0.242,
    "early_stopping=5 + dropout=0.5": 0.135,
    "early_stopping=5 + dropout=0.5 + l2=0.001": 0.138,
}


def trial(variant, seed, level=TEMPLATE, epochs=50):
    """A training that ends at about `level`; `inf` or NaN for one that diverges."""
    rng = np.random.default_rng([seed, *variant.encode()])
    e = np.arange(epochs)
    shared = 0.015 * np.sin(seed)  # what all variants have in common at a seed
    wiggle = 0.008 * rng.standard_normal(epochs)
    train = 0.02 + 0.6 * np.exp(-e / 5)
    end = level if math.isfinite(level) else TEMPLATE
    rise = max(0.0, end - 0.1)
    validation = end - rise + shared + 0.55 * np.exp(-e / 5) + rise * e / epochs + wiggle
    if not math.isfinite(level):
        train[5:], validation[5:] = np.nan, np.nan
    last = float(validation[-1])
    return Trial(
        variant=variant,
        seed=seed,
        metrics={"data_loss": float(train[-1]), "val_data_loss": last, "gap": last - float(train[-1])},
        curves={"data_loss": train.tolist(), "val_data_loss": validation.tolist()},
        epochs=epochs,
        best_epoch=int(np.argmin(np.where(np.isfinite(validation), validation, np.inf))),
        seconds=1.5,
    )


def study_result(levels=None, *, levers=None, more=(), direction="min"):
    """A `StudyResult`; `levels` overrides where variants end, `more` names further variants with trials."""
    levels = LEVELS | (levels or {})
    variants = one_knob_at_a_time(levers or LEVERS)
    names = [*(v.name for v in variants), *more]
    epochs = {"early_stopping=5": 22}
    trials = {(n, s): trial(n, s, levels.get(n, TEMPLATE), epochs.get(n, 50) + s) for n in names for s in SEEDS}
    summaries = summarize(variants, SEEDS, trials, "val_data_loss", direction, 0.95)
    return StudyResult("template", "val_data_loss", direction, 0.95, summaries, tuple(trials.values()), "sequential")


def step(result, variant, against, accepted):
    """A `Step` from the trials of `result`."""
    values = [[t.metrics["val_data_loss"] for t in result.trials if t.variant == name] for name in (variant, against)]
    d = paired_difference(*values)
    return Step(variant, against, d.mean, d.low, d.high, d.p, accepted)


def decision(*, helped=True, **overrides):
    """A `Decision` on a table of 569 rows, where levers helped or nothing did."""
    winner = "early_stopping=5 + dropout=0.5" if helped else "baseline"
    if helped:
        result = study_result(more=[winner, f"{winner} + l2=0.001"])
        steps = (
            step(result, "early_stopping=5", "baseline", True),
            step(result, winner, "early_stopping=5", True),
            step(result, f"{winner} + l2=0.001", winner, False),
        )
        test = TestScore(
            114, 0.2312, 0.1387, -0.0925, -0.1581, -0.0269, {"accuracy": 0.958}, {"accuracy": 0.971}, 0.1411, "better"
        )
    else:
        result = study_result(dict.fromkeys(LEVELS, TEMPLATE))
        steps = ()
        test = TestScore(
            114, 0.2312, 0.2312, 0.0, 0.0, 0.0, {"accuracy": 0.958}, {"accuracy": 0.958}, 0.2296, "same model"
        )
    curves = [t.curves for t in result.trials if t.variant == "baseline"]
    record = {
        "target": "diagnosis",
        "task": "binary",
        "task_reason": "The target 'diagnosis' holds 2 classes.",
        "classes": ("benign", "malignant"),
        "rows": 569,
        "features": 31,
        "split": {
            "sizes": {"train": 341, "validation": 114, "test": 114},
            "stratified": True,
            "group": None,
            "groups": None,
            "disjoint": True,
            "duplicates": 2,
            "conflicts": 0,
            "seed": 0,
            "notes": ["2 rows of the validation and test parts have the same features as a row of an earlier part."],
        },
        "notes": (
            "The column 'id' is left out: it holds another value in every row.",
            "2 rows of the validation and test parts have the same features as a row of an earlier part.",
        ),
        "diagnosis": diagnose(curves, data_kind="tabular", n_train=341, n_validation=114),
        "result": result,
        "steps": steps,
        "winner": winner,
        "settings": {"early_stopping": 5, "dropout": 0.5} if helped else {},
        "test": test,
        "shipped_seed": 0,
        "output": pathlib.Path("regkit-run"),
        "seconds": 93.4,
        "versions": {"keras_regkit": "0.1.0", "python": "3.12.1", "keras": "3.15.1", "tensorflow": "2.21.0"},
    }
    return Decision(**(record | overrides))
