"""The whole loop, from a table that overfits to a measured fix."""

import contextlib
import dataclasses
import importlib.metadata
import importlib.util
import pathlib
import platform
import tempfile
import time

import keras

from keras_regkit import presets, report, tables
from keras_regkit._core.checks import Interval, check_arguments
from keras_regkit._core.extras import require
from keras_regkit._core.files import write_atomically, write_json
from keras_regkit._core.types import Frame, PathLike
from keras_regkit._version import __version__
from keras_regkit.diagnosis import diagnose
from keras_regkit.levers import parse
from keras_regkit.studies import Decision, Study, combine
from keras_regkit.studies.design import BASELINE
from keras_regkit.studies.manifest import OtherStudyError
from keras_regkit.studies.types import LeversLike
from keras_regkit.workflow.candidates import candidates
from keras_regkit.workflow.folder import claim
from keras_regkit.workflow.held_out import score
from keras_regkit.workflow.prepare import prepare

RANGES = {
    "seeds": Interval(2, integer=True),
    "epochs": Interval(3, integer=True),  # fewer make no curve to diagnose
    "batch_size": Interval(1, integer=True),
    "seed": Interval(0, 2**32 - 1, integer=True),
}


def regularize(
    data: PathLike | Frame,
    target: str,
    *,
    task: str = "auto",
    group: str | None = None,
    output: PathLike = "regkit-run",
    levers: LeversLike | None = None,
    seeds: int = 5,
    epochs: int = 50,
    batch_size: int = 32,
    validation: float = 0.2,
    test: float = 0.2,
    seed: int = 0,
    separator: str | None = None,
    encoding: str = "utf-8",
    verbose: int | str = "auto",
) -> Decision:
    """Trains the template on a table, finds what it suffers from, tries the levers that fit, and saves the best model.

    The loop: read and split the table; train `presets.mlp` from several seeds; diagnose its curves; study the levers
    that the diagnosis advises, one knob at a time; combine those that helped, while validation says so; look at the
    test set once; save. Every finished training is on disk at once: run the same call again after a crash or Ctrl-C,
    and it continues where it was.

    Args:
        data: Path of a CSV, TSV or Parquet file, or a pandas DataFrame.
        target: Name of the column to predict.
        task: `"binary"`, `"multiclass"`, `"regression"`, `"classification"`, or `"auto"` to decide from the target.
        group: Name of a column whose rows must stay in one part (a patient, a customer). Defaults to None.
        output: Folder for `model.keras`, `report.html`, `decision.json` and `study/`. Defaults to `"regkit-run"`.
        levers: What to study: names, or `{name: [strengths]}`. Defaults to what the diagnosis advises.
        seeds: Number of seeds of every variant, ≥ 2. Defaults to 5.
        epochs: Epochs of every training, ≥ 3. Defaults to 50.
        batch_size: Rows per batch, ≥ 1. Defaults to 32.
        validation, test: Shares of the rows for choosing and for the final look, in (0, 1). Default to 0.2 each.
        seed: Seed of the split and first seed of the trainings. Defaults to 0.
        separator, encoding: Of a text file. Default to the ending's usual separator, and UTF-8.
        verbose: 0 for silence; 1 or `"auto"` for progress. Defaults to `"auto"`.

    Returns:
        A `Decision`: `print(decision)`, `decision.plot()`.

    Raises:
        ValueError, FileNotFoundError, PermissionError: the data or the output folder cannot be used. The message says
            what arrived and how to fix it, before anything is trained.
        KeyboardInterrupt: at Ctrl-C; what is finished is kept.

    Example:

    >>> import tempfile, warnings
    >>> import pandas
    >>> table = pandas.DataFrame({"x": [i % 10 for i in range(60)], "y": [i % 10 > 4 for i in range(60)]})
    >>> with warnings.catch_warnings(), tempfile.TemporaryDirectory() as folder:
    ...     warnings.simplefilter("ignore")  # the rows repeat, and regularize says so
    ...     decision = regularize(table, "y", output=folder, levers={"dropout": 0.5}, seeds=2, epochs=3, verbose=0)
    >>> decision.task
    'binary'
    """
    start = time.perf_counter()
    check_arguments(RANGES, seeds=seeds, epochs=epochs, batch_size=batch_size, seed=seed)
    if levers is not None:
        parse(levers)  # unknown names and strengths out of range are found before hours were spent
    require("scipy.stats", extra="app", purpose="A study's statistics")
    require("jinja2", extra="app", purpose="The report")
    require("matplotlib", extra="app", purpose="The report")
    say = print if verbose != 0 else (lambda message: None)

    prepared = prepare(
        data,
        target,
        task=task,
        group=group,
        validation=validation,
        test=test,
        seed=seed,
        separator=separator,
        encoding=encoding,
    )
    is_new = not pathlib.Path(output).exists()
    folder = claim(output)
    say(f"Target {target!r}: {prepared.task} ({prepared.task_reason}). Rows: {prepared.split.sizes}")

    def study(levers):
        try:
            return Study(
                _template(prepared),
                levers=levers,
                train=prepared.train,
                validation=prepared.validation,
                seeds=range(seed, seed + seeds),
                epochs=epochs,
                batch_size=batch_size,
                store=folder / "study",
                keep_weights=True,
                # Each of the plans that follow is small, but they share their programs.
                engine="population" if importlib.util.find_spec("jax") else "sequential",
                name=f"template on {target!r}",
            )
        except OtherStudyError as error:
            raise ValueError(
                f"{str(folder)!r} holds another run, {error.there.get('name')!r}, which this one cannot continue: "
                f"{'; '.join(_differences(error.there, error.here))}. Choose another folder (output=..., on the "
                "command line --output NAME), or delete that one"
            ) from error

    with _left_as_it_was(folder, is_new), _said_how_to_continue(folder):
        one_knob = study(levers) if levers is not None else None  # what cannot be studied is said before training
        say("1/4 The template")
        baseline = (one_knob or study(["dropout"])).run_variants([], verbose)
        diagnosis = _diagnose(baseline, prepared, seed)
        say(f"    {diagnosis.regime}")
        if diagnosis.regime == "still improving":
            say(
                f"    {epochs} epochs were too few to judge levers by: run it again with epochs={3 * epochs}, on the "
                f"command line --epochs {3 * epochs}, and another output"
            )
        chosen = levers if levers is not None else candidates(diagnosis, prepared.task)
        say(f"2/4 One knob at a time: {', '.join(lever.name for lever, _ in parse(chosen))}")
        one_knob = one_knob or study(chosen)
        result = one_knob.run(verbose)
        say("3/4 Combining what looked better")
        combination = combine(one_knob, result, verbose=verbose)
        winner = combination.winner
        result = dataclasses.replace(result, trials=result.trials + combination.trials)
        compared = "the template" if winner == BASELINE else f"{winner.name} against the template"
        say(f"4/4 The test set, once: {compared}")
        test_score = score(one_knob, winner, prepared)
        core = one_knob.model(winner, seed)
        _save(tables.raw_row_model(core, prepared.encoder, prepared.target_encoder), folder / "model.keras")
        decision = Decision(
            target=target,
            task=prepared.task,
            task_reason=prepared.task_reason,
            classes=prepared.target_encoder.classes,
            rows=len(prepared.frame),
            features=prepared.train[0].shape[1],
            split=prepared.split.summary(),
            notes=prepared.notes,
            diagnosis=diagnosis,
            result=result,
            steps=combination.steps,
            winner=winner.name,
            settings={lever.name: strength for lever, strength in winner.settings},
            test=test_score,
            shipped_seed=seed,
            output=folder,
            seconds=time.perf_counter() - start,
            versions=_versions(),
        )
        report.write(decision, folder / "report.html", table_summary=prepared.encoder.schema)
        write_json(folder / "decision.json", decision.to_dict())
    return decision


def _differences(there, here):
    """Yields in what two runs differ, in words: fingerprints say nothing to a reader."""
    for what in ("epochs", "batch_size", "backend", "metric"):
        if there.get(what) != here.get(what):
            yield f"its `{what}` is {there.get(what)!r}, here it is {here.get(what)!r}"
    if any(there.get(part) != here.get(part) for part in ("train", "validation")):
        yield "the data are others, or split by another seed"
    elif there.get("model") != here.get("model"):
        yield "the template is another"
    if there.get("name") != here.get("name"):
        yield f"this one is {here.get('name')!r}"


def _save(model, path):
    """Saves so that a kill leaves the earlier file, not half of the new one."""
    with tempfile.TemporaryDirectory() as folder:
        model.save(pathlib.Path(folder) / path.name)
        write_atomically(path, (pathlib.Path(folder) / path.name).read_bytes())


def _template(prepared):
    features = prepared.train[0].shape[1]

    def build(seed):
        return presets.mlp(features, outputs=prepared.outputs, task=prepared.task, seed=seed)

    return build


def _diagnose(baseline, prepared, seed):
    return diagnose(
        [trial.curves for trial in baseline.trials],
        model=_template(prepared)(seed),
        data_kind="tabular",
        n_train=len(prepared.train[0]),
        n_validation=len(prepared.validation[0]),
        # The target of a regression is standardized: predicting its mean costs 1.
        reference_loss=1.0 if prepared.task == "regression" else None,
    )


@contextlib.contextmanager
def _left_as_it_was(folder, is_new):
    """Takes a folder away that was made for what was then refused, before anything was written into it."""
    try:
        yield
    except Exception:
        if is_new:
            with contextlib.suppress(OSError):
                folder.rmdir()
        raise


@contextlib.contextmanager
def _said_how_to_continue(folder):
    try:
        yield
    except KeyboardInterrupt:
        raise KeyboardInterrupt(
            f"Interrupted. Everything finished is in {str(folder)!r}: repeat the same call, with the same output, to "
            "continue"
        ) from None


def _versions():
    packages = ("keras", keras.backend.backend(), "numpy", "scikit-learn", "pandas")
    found = {name: _version(name) for name in packages}
    return {"keras_regkit": __version__, "python": platform.python_version(), **found}


def _version(package):
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        # TensorFlow comes under several names (tensorflow-cpu); the module knows its own version.
        return getattr(require(package, extra="app", purpose="The record of versions"), "__version__", "unknown")
