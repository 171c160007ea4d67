"""The study: turn one knob at a time, over the same seeds, and say what is shown."""

import concurrent.futures
import contextlib
import dataclasses
import warnings
from collections.abc import Callable, Sequence
from typing import Any

import keras

from keras_regkit._core.checks import Interval, OneOf, check_arguments
from keras_regkit._core.directions import direction_of
from keras_regkit._core.extras import require
from keras_regkit._core.types import Data, PathLike
from keras_regkit._core.warnings import NoEffectWarning
from keras_regkit.studies import fingerprint, provenance
from keras_regkit.studies.builder import Builder, check_starts
from keras_regkit.studies.design import BASELINE, Variant, one_knob_at_a_time
from keras_regkit.studies.engine import GAP_ENTRIES, Setup, build_variant
from keras_regkit.studies.engines import EngineNotes, make_engine
from keras_regkit.studies.measure import measure
from keras_regkit.studies.not_finite import warn_of_data
from keras_regkit.studies.progress import Progress
from keras_regkit.studies.result import StudyResult
from keras_regkit.studies.store import Store, holds_trials
from keras_regkit.studies.study_arguments import as_seeds, check_metric, clean_loss, compiled_metrics
from keras_regkit.studies.summarize import summarize
from keras_regkit.studies.tensorboard import TrialScalars
from keras_regkit.studies.types import Build, LeversLike, Seeds


class Study:
    """Compares a model with variants of itself that differ in one lever each.

    Use it to learn whether a lever helps *your* model on *your* data. Every variant is trained from the same seeds as
    the baseline (same initial weights where the architecture is the same, same order of rows), so that differences are
    paired; verdicts are corrected for the number of variants. All variants are judged by the same clean loss: no
    penalties, no label smoothing, inference mode.

    Each trial sets the global seeds of Python, NumPy and Keras. A layer that draws random numbers in training needs a
    seed generator of its own, as those of Keras have.

    Args:
        build: A function that returns a new compiled model at each call (one that takes `seed` is given it), or a
            compiled model, whose trainable layers are then drawn anew for each seed. The model must be built.
        levers: Names (`["l2", "dropout"]`), `{name: [strengths]}`, or `Lever` objects.
        train: Training data: `(x, y)` or `(x, y, sample_weight)` arrays, or a dataset as `fit` takes it. Arrays are
            shuffled the same way for every variant, and so are the batches of a `PyDataset`; other datasets come in
            an order of their own.
        validation: Validation data of the same kinds.
        seeds: Number of seeds, at least 2, or a list of them. Defaults to 5.
        epochs: Most epochs to train, ≥ 1. Defaults to 50.
        batch_size: Rows per training batch, for arrays. Defaults to 32.
        store: Folder in which every finished trial is written at once. Run the same study again after a crash, a kill
            or Ctrl-C, and it continues; with more levers or seeds, what is finished is reused. Another study is
            refused: other data (datasets are told apart by their shapes only), model, epochs, batch size, metric or
            name. What `callbacks` does is not seen, nor what frozen weights hold: change `name` with it. None keeps
            results in memory only.
        metric: What to compare: `"val_data_loss"`, or `"val_"` and a metric the model was compiled with. Defaults to
            `"val_data_loss"`.
        mode: `"auto"`, `"min"` or `"max"`: which way is better. Defaults to `"auto"`, from the metric's name.
        confidence: Level of the intervals, in (0, 1). Defaults to 0.95.
        callbacks: Function without arguments that returns extra callbacks for one training.
        keep_weights: Whether the final weights of each trial are kept in the store. Defaults to False.
        engine: `"population"` trains all as one compiled program on JAX, in a process of its own; `"sequential"` with
            `fit`, one after the other, here; `"auto"` decides by the plan, and `engine_notes` says why. Or an object
            with `name` and `run(setup, plan)`. Defaults to `"auto"`.
        executor: A `concurrent.futures.Executor` (Dask, loky, MPI) whose workers train pieces of the populations. None
            for this machine.
        name: Name of the study, part of what a store recognizes it by. Defaults to `"study"`.

    Raises:
        ValueError, TypeError: unknown levers, strengths out of range, data of different lengths, an unknown metric, a
            model that is not compiled or not built, a store that holds another study.
        OSError: the store cannot be written to.

    A `NoEffectWarning` says when a lever changes nothing in this model, and when the seeds do not vary its weights; a
    `DataWarning` that rows hold NaN or infinity.

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
        build: Build,
        *,
        levers: LeversLike,
        train: Data,
        validation: Data,
        seeds: Seeds = 5,
        epochs: int = 50,
        batch_size: int = 32,
        store: PathLike | None = None,
        metric: str = "val_data_loss",
        mode: str = "auto",
        confidence: float = 0.95,
        callbacks: Callable[[], Sequence[keras.callbacks.Callback]] | None = None,
        keep_weights: bool = False,
        engine: str | Any = "auto",
        executor: concurrent.futures.Executor | None = None,
        name: str = "study",
    ):
        require("scipy.stats", extra="studies", purpose="A study's statistics")  # before hours were spent, not after
        check_arguments(self.RANGES, epochs=epochs, batch_size=batch_size, confidence=confidence, mode=mode)
        if keep_weights and store is None:
            raise ValueError("`keep_weights=True` needs a folder to keep them in: store=...")
        if callbacks is not None and not callable(callbacks):
            raise TypeError(
                "`callbacks` must be a function that returns a list of new callbacks, for each training its own. "
                f"Received: {callbacks!r}"
            )
        for part, data in (("train", train), ("validation", validation)):
            warn_of_data(part, data)
        self.name = name
        self.variants = tuple(one_knob_at_a_time(levers))
        self.seeds = as_seeds(seeds)
        self.metric = metric
        self.direction = direction_of(metric, mode)
        self.confidence = confidence
        self._engine, self._engine_notes = make_engine(engine, executor), EngineNotes()
        self._builder = Builder(build)
        self._setup = Setup(
            builder=self._builder,
            train=train,
            validation=validation,
            epochs=epochs,
            batch_size=batch_size,
            metric=metric,
            direction=self.direction,
            callbacks=callbacks,
            planned=len(self.variants) * len(self.seeds),
        )
        # A study that has trials already may have them all.
        if hasattr(self._engine, "start") and not (store is not None and holds_trials(store)):
            self._engine.start(self._setup)
        example = self._builder(self.seeds[0])
        check_starts(example, self._builder(self.seeds[1]))
        # Trying everything once now finds what cannot work before hours went into what can.
        self._tried: set[Variant | tuple] = set()
        self._try_out(self.variants, example)
        if metric not in GAP_ENTRIES:
            check_metric(metric, [*GAP_ENTRIES, *compiled_metrics(example, validation, batch_size)])
        identity = {
            "name": name,
            "train": fingerprint.of_data(train, "train"),
            "validation": fingerprint.of_data(validation, "validation"),
            "model": fingerprint.of_model(example),
            "epochs": epochs,
            "batch_size": batch_size,
            "metric": metric,
            "backend": keras.backend.backend(),
        }
        self._store = Store(store, identity) if store is not None else None
        self._trials = self._store.load() if self._store else {}
        self._provenance = {
            **provenance.versions(),
            **{key: identity[key] for key in ("train", "validation", "model", "epochs", "batch_size")},
        }
        weights_path = self._store.weights_path if keep_weights and self._store is not None else None
        self._setup = dataclasses.replace(self._setup, loss=clean_loss(example), weights_path=weights_path)

    def run(self, verbose="auto", tensorboard=None):
        """Trains what is not yet in the store, and returns the `StudyResult`.

        Args:
            verbose: 0 for silence, 1 or `"auto"` for a line with an estimate, 2 for one line per trial.
            tensorboard: Folder in which TensorBoard finds the value of each trial as it finishes, and of the variant
                that leads. None for none.

        Raises:
            KeyboardInterrupt: at Ctrl-C. Finished trials are kept; the message says how to continue.
        """
        return self.run_variants(self.variants, verbose, tensorboard)

    def run_variants(self, variants, verbose="auto", tensorboard=None):
        """Like `run`, for variants of your own making. The baseline is run too.

        Args:
            variants: `Variant` objects, for example `Variant(((lever, strength), (lever, strength)))`.
            verbose, tensorboard: As in `run`.
        """
        OneOf("auto", 0, 1, 2).check("verbose", verbose)
        variants = tuple(dict.fromkeys([BASELINE, *variants]))
        if not self._tried.issuperset(map(_kind, variants)):
            self._try_out(variants, self._builder(self.seeds[0]))
        with self._writing(self._plan(variants), verbose):
            # Anew: another process may have finished some before it gave the store back.
            self._run_plan(self._plan(variants), len(variants) * len(self.seeds), verbose, tensorboard)
        trials = {(v.name, s): self._trials[v.name, s] for v in variants for s in self.seeds}
        return StudyResult(
            name=self.name,
            metric=self.metric,
            direction=self.direction,
            confidence=self.confidence,
            summaries=summarize(variants, self.seeds, trials, self.metric, self.direction, self.confidence),
            trials=tuple(trials.values()),
            engine=self._engine.name,
            engine_notes=self.engine_notes,
        )

    def model(self, variant, seed):
        """Returns the variant's trained model for `seed`, from the weights that the store keeps.

        Args:
            variant: A `Variant`, or the name of one of the study's own.
            seed: One of the study's seeds.

        Raises:
            ValueError: the study was not run with `keep_weights=True`, or this trial is not finished.
        """
        variant = {v.name: v for v in self.variants}.get(variant, variant)
        if not isinstance(variant, Variant):
            raise ValueError(f"`variant` must be one of {[v.name for v in self.variants]}. Received: {variant!r}")
        if self._setup.weights_path is None or not self._is_done(variant, seed):
            raise ValueError(
                f"No weights are kept for {variant.name!r}, seed {seed}. Run the study with keep_weights=True and a "
                "store"
            )
        model = build_variant(self._builder, variant, seed)
        model.optimizer.build(model.trainable_variables)  # the file holds its slots too
        model.load_weights(self._setup.weights_path(variant.name, seed))
        return model

    def evaluate(self, variant, seed, data):
        """Returns the metrics of the variant's trained model for `seed` on other data, such as a test set.

        Args:
            variant, seed: As in `model`, from whose kept weights they come.
            data: Data of the kinds that `train` may be.

        Returns:
            A dict: `"data_loss"`, the clean loss that all variants are judged by, and the metrics the model was
            compiled with, by their names.

        Raises:
            ValueError: no weights are kept for this trial.
        """
        return measure(self.model(variant, seed), data, loss=self._setup.loss)

    @property
    def engine_notes(self):
        """Why the engine trained as it did, one sentence each: of the plan, and of variants it made an exception of."""
        return self._engine_notes.sentences

    @property
    def trials(self):
        """The `Trial` records finished so far, whether in the store or, if that could not be written, in memory."""
        return tuple(self._trials.values())

    def _plan(self, variants):
        return [(v, s) for v in variants for s in self.seeds if not self._is_done(v, s)]

    @contextlib.contextmanager
    def _writing(self, plan, verbose):
        """Holds the store while there is something to write. A study that is finished can be read by many at once."""
        if self._store is None or not (plan or self._store.unwritten):
            yield
            return
        with self._store.writing() as note:
            if note and verbose != 0:
                print(note)
            self._trials.update(self._store.load())
            yield

    def _is_done(self, variant, seed):
        if (variant.name, seed) not in self._trials:
            return False
        path = self._setup.weights_path
        return path is None or path(variant.name, seed).exists()

    def _trust(self, variants):
        """Takes it as known that these can be applied: whoever made them has tried."""
        self._tried.update(map(_kind, variants))

    def _try_out(self, variants, example):
        """Applies each variant that was not tried before to `example`, and says what is wrong with which."""
        for variant in variants:
            if _kind(variant) in self._tried:
                continue
            with warnings.catch_warnings(record=True) as caught:
                warnings.simplefilter("always", NoEffectWarning)
                variant.apply(example)
                variant.callbacks(self.metric, self.direction)
            for warning in caught:
                about = warning.message
                if warning.category is NoEffectWarning:
                    about = NoEffectWarning(f"{variant.name!r}: {about}")
                warnings.warn(about, stacklevel=3)
            self._tried.add(_kind(variant))

    def _run_plan(self, plan, total, verbose, tensorboard):
        if not plan:
            return
        settings = provenance.settings_of(variant for variant, _ in plan)
        earlier = tuple(self._trials.values())
        progress = Progress(self.name, self.metric, len(plan), total, verbose, self.direction, earlier)
        watchers, trials = [progress], ()
        try:
            if tensorboard is not None:
                watchers.append(TrialScalars(tensorboard, self.metric, self.direction, earlier))
            trials = iter(
                self._engine.run(
                    dataclasses.replace(self._setup, report=progress.report, planned=total, begun=_engine_of(earlier)),
                    plan,
                )
            )
            for trial in trials:
                trial = provenance.stamp(trial, settings, {**self._provenance, "engine": self._engine.name})
                # What cannot be written is finished all the same: the store keeps it, to write it first the next time.
                self._trials[trial.variant, trial.seed] = trial
                if self._store:
                    self._store.append(trial)
                check_metric(self.metric, trial.metrics)
                for watcher in watchers:
                    watcher.finished(trial)
        except KeyboardInterrupt:
            where = f"kept in {str(self._store.folder)!r}" if self._store else "kept in this Study object"
            raise KeyboardInterrupt(
                f"Study {self.name!r} was interrupted. {len(self._trials)} finished trials are {where}: run it again "
                "to continue"
            ) from None
        finally:
            for watcher in watchers:
                watcher.close()
            if hasattr(trials, "close"):
                trials.close()
            self._engine_notes.take(self._engine)
        missing = [(v.name, s) for v, s in plan if (v.name, s) not in self._trials]
        if missing:
            raise RuntimeError(
                f"Engine {self._engine.name!r} must yield a trial for each variant and seed of its plan. "
                f"Missing: {missing[:5]}"
            )


def _engine_of(trials):
    """Name of the engine that trained most of what there is; None where nobody knows."""
    names = [trial.provenance["engine"] for trial in trials if trial.provenance.get("engine")]
    return max(set(names), key=names.count) if names else None


def _kind(variant):
    """What has to be tried only once: of a combination the set of its levers, which other strengths do not change."""
    return variant if len(variant.settings) < 2 else tuple(lever.name for lever, _ in variant.settings)
