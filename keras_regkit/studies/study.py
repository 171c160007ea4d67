"""The study: turn one knob at a time, over the same seeds, and say what is shown."""

import collections.abc
import contextlib

import keras

from keras_regkit._core.checks import Interval, OneOf, check_arguments, did_you_mean
from keras_regkit._core.directions import direction as known_direction
from keras_regkit.levers.cards.label_smoothing import smoothed
from keras_regkit.studies import fingerprint
from keras_regkit.studies.builder import Builder
from keras_regkit.studies.design import BASELINE, one_knob_at_a_time
from keras_regkit.studies.engine import SequentialEngine, Setup
from keras_regkit.studies.result import StudyResult
from keras_regkit.studies.store import Store
from keras_regkit.studies.summarize import summarize

_ENGINES = {"sequential": SequentialEngine}


class Study:
    """Compares a model with variants of itself that differ in one lever each.

    Use it to learn whether a lever helps *your* model on *your* data. Every variant is trained from the same seeds as the
    baseline (same initial weights where the architecture is the same, same order of rows), so that differences are paired;
    verdicts are corrected for the number of variants. All variants are judged by the same clean loss: no penalties, no label
    smoothing, inference mode.

    Args:
        build: A function that returns a compiled model (one that takes `seed` is given it), or a compiled model, whose
            trainable layers are then drawn anew for each seed.
        levers: Names (`["l2", "dropout"]`), `{name: [strengths]}`, or `Lever` objects.
        train: Training data: `(x, y)` or `(x, y, sample_weight)` arrays, or a dataset as `fit` takes it. Arrays are
            shuffled the same way for every variant.
        validation: Validation data of the same kinds.
        seeds: Number of seeds, at least 2, or a list of them. Defaults to 5.
        epochs: Most epochs to train, ≥ 1. Defaults to 50.
        batch_size: Rows per training batch, for arrays. Defaults to 32.
        store: Folder in which every finished trial is written at once. Run the same study again after a crash, a kill or
            Ctrl-C, and it continues. None keeps results in memory only.
        metric: What to compare: `"val_data_loss"`, or `"val_"` and a metric the model was compiled with. Defaults to
            `"val_data_loss"`.
        mode: `"auto"`, `"min"` or `"max"`: which way is better. Defaults to `"auto"`, from the metric's name.
        confidence: Level of the intervals, in (0, 1). Defaults to 0.95.
        callbacks: Function without arguments that returns extra callbacks for one training.
        keep_weights: Whether the final weights of each trial are kept in the store. Defaults to False.
        engine: `"sequential"`, or an object with `name` and `run(setup, plan)`. Defaults to `"sequential"`.
        name: Name of the study, part of what a store recognizes it by. Defaults to `"study"`.

    Raises:
        ValueError, TypeError: unknown levers, strengths out of range, data of different lengths, a store that holds
            another study.

    Example:

    >>> import numpy as np
    >>> x, y = np.ones((8, 3)), np.zeros((8, 1))
    >>> model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(4), keras.layers.Dense(1)])
    >>> model.compile("sgd", "mse")
    >>> study = Study(model, levers={"l2": [0.1]}, train=(x, y), validation=(x, y), seeds=2, epochs=1)
    >>> [summary.name for summary in study.run(verbose=0).summaries]
    ['baseline', 'l2=0.1']
    """

    RANGES = {  # noqa: RUF012
        "epochs": Interval(1, integer=True),
        "batch_size": Interval(1, integer=True),
        "confidence": Interval(0, 1, closed="neither"),
        "mode": OneOf("auto", "min", "max"),
    }

    def __init__(
        self,
        build,
        *,
        levers,
        train,
        validation,
        seeds=5,
        epochs=50,
        batch_size=32,
        store=None,
        metric="val_data_loss",
        mode="auto",
        confidence=0.95,
        callbacks=None,
        keep_weights=False,
        engine="sequential",
        name="study",
    ):
        check_arguments(self.RANGES, epochs=epochs, batch_size=batch_size, confidence=confidence, mode=mode)
        if keep_weights and store is None:
            raise ValueError("`keep_weights=True` needs a folder to keep them in: store=...")
        self.name = name
        self.variants = tuple(one_knob_at_a_time(levers))
        self.seeds = _seeds(seeds)
        self.metric = metric
        self.direction = _direction(metric, mode)
        self.confidence = confidence
        self._engine = _engine(engine)
        self._builder = Builder(build)
        example = self._builder(self.seeds[0])
        # Applying every variant once now finds what cannot work before hours went into what can.
        for variant in self.variants:
            variant.apply(example)
        self._identity = {
            "name": name,
            "train": fingerprint.of_data(train, "train"),
            "validation": fingerprint.of_data(validation, "validation"),
            "model": fingerprint.of_model(example),
            "epochs": epochs,
            "batch_size": batch_size,
            "metric": metric,
            "backend": keras.backend.backend(),
        }
        self._store = Store(store, self._identity) if store is not None else None
        self._trials = self._store.load() if self._store else {}
        self._setup = Setup(
            builder=self._builder,
            train=train,
            validation=validation,
            epochs=epochs,
            batch_size=batch_size,
            metric=metric,
            loss=_clean_loss(example),
            callbacks=callbacks,
            weights_path=self._store.weights_path if keep_weights else None,
        )

    def run(self, verbose="auto"):
        """Trains what is not yet in the store, and returns the `StudyResult`.

        Args:
            verbose: 0 for silence, 1 or `"auto"` for a progress bar with an estimate.

        Raises:
            KeyboardInterrupt: at Ctrl-C. Finished trials are kept; the message says how to continue.
        """
        return self.run_variants(self.variants, verbose)

    def run_variants(self, variants, verbose="auto"):
        """Like `run`, for variants of your own making. The baseline is run too.

        Args:
            variants: `Variant` objects, for example `Variant(((lever, strength), (lever, strength)))`.
            verbose: As in `run`.
        """
        OneOf("auto", 0, 1, 2).check("verbose", verbose)
        variants = tuple(dict.fromkeys([BASELINE, *variants]))
        plan = [(v, s) for v in variants for s in self.seeds if not self._is_done(v, s)]
        self._run_plan(plan, len(variants) * len(self.seeds), verbose)
        trials = {(v.name, s): self._trials[v.name, s] for v in variants for s in self.seeds}
        return StudyResult(
            name=self.name,
            metric=self.metric,
            direction=self.direction,
            confidence=self.confidence,
            summaries=summarize(variants, self.seeds, trials, self.metric, self.direction, self.confidence),
            trials=tuple(trials.values()),
            engine=self._engine.name,
        )

    def model(self, variant, seed):
        """Returns the variant's trained model for `seed`, from the weights that the store keeps.

        Raises:
            ValueError: the study was not run with `keep_weights=True`, or this trial is not finished.
        """
        if self._setup.weights_path is None or not self._is_done(variant, seed):
            raise ValueError(
                f"No weights are kept for {variant.name!r}, seed {seed}. Run the study with keep_weights=True and a store"
            )
        model = variant.apply(self._builder(seed))
        model.load_weights(self._setup.weights_path(variant.name, seed))
        return model

    def _is_done(self, variant, seed):
        if (variant.name, seed) not in self._trials:
            return False
        path = self._setup.weights_path
        return path is None or path(variant.name, seed).exists()

    def _run_plan(self, plan, total, verbose):
        done = total - len(plan)
        bar = None
        if plan and verbose != 0:
            bar = keras.utils.Progbar(len(plan), width=20, unit_name="trial")
            resumed = f", {done} of {total} already in the store" if done else ""
            print(f"Study {self.name!r}: {len(plan)} trials to train{resumed}")
        try:
            with contextlib.closing(self._engine.run(self._setup, plan)) as trials:
                for count, trial in enumerate(trials, start=1):
                    self._check_metric(trial)
                    self._trials[trial.variant, trial.seed] = trial
                    if self._store:
                        self._store.append(trial)
                    if bar:
                        bar.update(count)
        except KeyboardInterrupt:
            kept = len(self._trials)
            where = f"kept in {str(self._store.folder)!r}" if self._store else "kept in this Study object"
            raise KeyboardInterrupt(
                f"Study {self.name!r} was interrupted. {kept} finished trials are {where}: run it again to continue"
            ) from None

    def _check_metric(self, trial):
        if self.metric not in trial.metrics:
            available = sorted(trial.metrics)
            raise ValueError(
                f"`metric` must be one of {available}.{did_you_mean(self.metric, available)} Received: {self.metric!r}"
            )


def _seeds(seeds):
    if isinstance(seeds, collections.abc.Iterable) and not isinstance(seeds, str):
        chosen = tuple(seeds)
        for seed in chosen:
            Interval(0, integer=True).check("seeds", seed)
        if len(set(chosen)) != len(chosen):
            raise ValueError(f"`seeds` must be distinct. Received: {list(chosen)}")
    else:
        chosen = tuple(range(Interval(1, integer=True).check("seeds", seeds)))
    if len(chosen) < 2:
        raise ValueError(f"`seeds` must be at least 2: one run cannot show its own noise. Received: {seeds!r}")
    return chosen


def _direction(metric, mode):
    found = known_direction(metric) if mode == "auto" else mode
    if found is None:
        raise ValueError(
            f"`mode` must be 'min' or 'max' for {metric!r}: which way is better cannot be told from its name"
        )
    return found


def _engine(engine):
    if isinstance(engine, str):
        OneOf(*_ENGINES).check("engine", engine)
        return _ENGINES[engine]()
    if not hasattr(engine, "run") or not hasattr(engine, "name"):
        raise TypeError(f"`engine` must be one of {list(_ENGINES)} or have `name` and `run`. Received: {engine!r}")
    return engine


def _clean_loss(model):
    """The baseline's loss without label smoothing, for all variants alike; None where it has no labels to smooth."""
    try:
        return smoothed(model.loss, 0.0)
    except ValueError:
        return None
