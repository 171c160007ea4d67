"""The command line: `keras-regkit run | demo | audit | diagnose | levers | export`."""

import argparse
import os
import pathlib
import sys
import warnings
import zipfile
from collections.abc import Sequence

from keras_regkit._core.warnings import DataWarning
from keras_regkit._version import __version__

__all__ = ["main"]

_DESCRIPTION = "Regularization for Keras: diagnose, pick one lever, validate, iterate."

_EXAMPLES = """\
examples:
  keras-regkit demo
  keras-regkit run patients.csv --target relapse
  keras-regkit audit model.keras --data data.npz
  keras-regkit diagnose log.csv --plot curves.png
  keras-regkit levers dropout
  keras-regkit export regkit-run/study --to csv

exit status: 0 done, 1 the audit found an error, 2 a mistake in the call or the data, 130 interrupted (repeat the
command to continue)
"""

_RUN_HELP = """\
Reads a table, trains the documented template (Dense + BatchNormalization + Dropout + L2), diagnoses its learning
curves, studies the levers that fit, one knob at a time over several seeds, combines those that helped, and looks
at the test rows once. Every finished training is on disk at once: after Ctrl-C or a crash, repeat the command.

The output folder then holds
  model.keras     takes raw rows; loads anywhere Keras does
  report.html     curves, intervals, and the path of decisions, in one file
  decision.json   the same, for programs
  study/          every training, one JSON line each
"""

_RUN_EXAMPLES = """\
examples:
  keras-regkit run patients.csv --target relapse
  keras-regkit run patients.csv --target relapse --group patient_id --seeds 10
  keras-regkit run houses.parquet --target price --task regression --output houses
  keras-regkit run mail.csv --target spam --levers dropout=0.3,0.5 --levers early_stopping
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the command line and returns its exit status.

    0 for success, 1 where an audit found an error, 2 for a mistake in the call, 130 for Ctrl-C.
    """
    parser = _parser()
    options = parser.parse_args(arguments)
    if options.command is None:
        parser.print_help()
        return 0
    # TensorFlow's start-up messages would bury everything said here.
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    warnings.showwarning = _show_warning
    try:
        return options.run(options)
    except (ValueError, TypeError, OSError, ImportError) as error:
        if options.traceback:
            raise
        # A mistake in the call has an error message of its own; a traceback would only hide it.
        print(f"keras-regkit: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt as interrupt:
        print(f"\n{interrupt}" if str(interrupt) else "\nInterrupted.", file=sys.stderr)
        return 130


def _run(options):
    from keras_regkit.report import print_decision
    from keras_regkit.workflow import regularize

    decision = regularize(
        options.data,
        options.target,
        separator="\t" if options.separator == "\\t" else options.separator,
        encoding=options.encoding,
        group=options.group,
        **_common(options),
    )
    print_decision(decision)
    return 0


def _demo(options):
    from keras_regkit._core.extras import require
    from keras_regkit.report import print_decision
    from keras_regkit.workflow import regularize

    datasets = require("sklearn.datasets", extra="app", purpose="The demo")
    bunch = datasets.load_breast_cancer(as_frame=True)
    table = bunch.frame.assign(target=bunch.target.map(dict(enumerate(bunch.target_names))))
    print_decision(regularize(table, "target", **_common(options)))
    return 0


def _diagnose(options):
    from keras_regkit.diagnosis import diagnose

    known = {"reference_loss": options.reference_loss, "reachable_loss": options.reachable_loss}
    diagnosis = diagnose(options.log, metric=options.metric, **known)
    print(diagnosis)
    if options.plot:
        diagnosis.plot().savefig(options.plot)
        print(f"Drawn: {options.plot}")
    return 0


def _audit(options):
    from keras_regkit import diagnosis

    if options.explain:
        print(diagnosis.find_rule(options.explain))
        return 0
    if options.model is None:
        raise ValueError("audit needs the path of a .keras file, or --explain RULE")
    import keras

    with warnings.catch_warnings():
        # Of an optimizer that has not taken a step there is nothing to load, which Keras warns of.
        warnings.filterwarnings("ignore", r"[\s\S]*Skipping variable loading for optimizer")
        model = keras.models.load_model(options.model)
    audit = diagnosis.audit(
        model,
        **(_parts(options.data) if options.data else {}),
        history=options.history,
        fit_args={name: value for name in _FIT_ARGS if (value := getattr(options, name)) is not None} or None,
        difference=options.difference,
        disable=options.disable,
    )
    if options.html:
        pathlib.Path(options.html).write_text(audit._repr_html_(), encoding="utf-8")
    print(audit.to_json() if options.json else audit)
    return audit.exit_status


_FIT_ARGS = ("batch_size", "epochs", "validation_split")


def _parts(path):
    """Returns `{"train": (x, y), ...}` of an .npz file with the arrays x_train, y_train, x_val and so on."""
    import numpy as np

    if not pathlib.Path(path).exists():
        raise ValueError(f"There is no file {path!r}, which --data names")
    if not zipfile.is_zipfile(path):  # NumPy would advise to unpickle it
        raise ValueError(
            "--data takes an .npz file of what the model gets, as numpy.savez(path, x_train=..., y_train=...) writes "
            f"it. For a table of its own there is `keras-regkit run`. Received: {path}"
        )
    found, known = {}, {"train": "train", "val": "validation", "validation": "validation", "test": "test"}
    with np.load(path) as arrays:
        for name, part in known.items():
            if f"x_{name}" in arrays.files:
                given = [arrays[key] for key in (f"x_{name}", f"y_{name}", f"w_{name}") if key in arrays.files]
                found[part] = tuple(given) if len(given) > 1 else given[0]
            if f"groups_{name}" in arrays.files:
                found.setdefault("groups", {})[part] = arrays[f"groups_{name}"]
        if not found:
            raise ValueError(
                "--data takes an .npz file with the arrays x_train, y_train, and x_val, y_val, x_test, y_test where "
                "there are any (w_train: sample weights; groups_train: a group for each row). "
                f"Received: {sorted(arrays.files)}"
            )
    return found


def _levers(options):
    from keras_regkit import levers

    if options.name:
        lever = levers.get(options.name)
        print(f"{lever.title} ({lever.name}, {lever.family})")
        rows = {
            "strength": f"{lever.strength}; in {lever.bounds}",
            "a study tries": ", ".join(f"{s:g}" for s in lever.strengths),
            "equation": lever.equation,
            "best used when": lever.use_when,
            "trade-off": lever.trade_off,
            "source": lever.source,
            "by hand": lever.usage,
            "on a model": f"levers.get({lever.name!r}).apply(model, strength)" if lever.rewrite else "",
        }
        rows |= {f"with {other}": note for other, note in lever.interactions}
        for label, text in rows.items():
            if not text:
                continue
            print(f"  {label:<20} {text}")
        return 0
    width = max(map(len, levers.names()))
    for name in levers.names():
        print(f"{name:<{width}}  {levers.get(name).use_when}")
    print("\nkeras-regkit levers NAME shows one card.")
    return 0


def _export(options):
    from keras_regkit import studies

    study = studies.load(options.study)
    endings = {"csv": ".csv", "parquet": ".parquet", "hparams": "-hparams"}
    output = options.output or pathlib.Path(options.study).resolve().name + endings[options.to]
    getattr(study, f"to_{options.to}")(output)
    print(f"{len(study.trials)} trials of study {study.name!r}: {output}")
    return 0


def _common(options):
    return {
        "task": options.task,
        "output": options.output,
        "levers": _parse_levers(options.levers),
        "seeds": options.seeds,
        "epochs": options.epochs,
        "batch_size": options.batch_size,
        "validation": options.validation,
        "test": options.test,
        "seed": options.seed,
        "verbose": 0 if options.quiet else 1,
    }


def _parse_levers(given):
    """`["l2=1e-3,1e-2", "dropout"]` → `{"l2": [0.001, 0.01], "dropout": (the card's strengths)}`; None for none."""
    if not given:
        return None
    from keras_regkit import levers

    chosen = {}
    for item in given:
        name, equals, values = item.partition("=")
        if not equals:
            chosen.setdefault(name, []).extend(levers.get(name).strengths)
            continue
        try:
            chosen.setdefault(name, []).extend(int(v) if v.strip().isdigit() else float(v) for v in values.split(","))
        except ValueError as error:
            raise ValueError(
                f"--levers takes NAME or NAME=STRENGTH,STRENGTH with numbers, such as l2=1e-3,1e-2. Received: {item!r}"
            ) from error
    return chosen


def _show_warning(message, category, filename, lineno, file=None, line=None):
    """What concerns the user's data is one plain line; anything else keeps Python's form."""
    if issubclass(category, DataWarning):
        print(f"Note: {message}", file=sys.stderr)
    else:
        print(warnings.formatwarning(message, category, filename, lineno, line), file=sys.stderr, end="")


def _parser():
    parser = argparse.ArgumentParser(
        prog="keras-regkit",
        description=_DESCRIPTION,
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"keras-regkit {__version__}")
    parser.add_argument("--traceback", action="store_true", help="show where an error came from")
    commands = parser.add_subparsers(dest="command", title="commands", metavar="COMMAND")

    run = commands.add_parser(
        "run",
        help="from a table to a measured fix",
        description=_RUN_HELP,
        epilog=_RUN_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    run.add_argument("data", help="a .csv, .tsv or .parquet file")
    run.add_argument("--target", required=True, help="the column to predict")
    run.add_argument("--group", help="a column whose rows must stay in one part, such as a patient's number")
    run.add_argument("--separator", help="what stands between two cells (default: by the file's ending)")
    run.add_argument("--encoding", default="utf-8", help="encoding of a text file (default: utf-8)")
    _add_common(run, epochs=50, output="regkit-run")
    run.set_defaults(run=_run)

    demo = commands.add_parser(
        "demo",
        help="the same on scikit-learn's breast-cancer table, in about a minute",
        description="Runs `keras-regkit run` on scikit-learn's breast-cancer table. Needs no network.",
    )
    _add_common(demo, epochs=40, output="regkit-demo")
    demo.set_defaults(run=_demo)

    diagnose = commands.add_parser(
        "diagnose",
        help="the diagnosis of an existing training log",
        description="Reads the CSV file that keras.callbacks.CSVLogger wrote and names the regime of the training, the "
        "evidence, and the levers to try, in order.",
    )
    diagnose.add_argument("log", help="a file written by CSVLogger")
    diagnose.add_argument("--metric", help="the curve to judge (default: data_loss if GapMonitor logged it, else loss)")
    diagnose.add_argument("--reference-loss", type=float, help="what a trivial predictor reaches: log(classes)")
    diagnose.add_argument("--reachable-loss", type=float, help="what is known to be reachable on such data")
    diagnose.add_argument("--plot", metavar="FILE", help="draw the curves into a .png, .svg or .pdf file")
    diagnose.set_defaults(run=_diagnose)

    audit = commands.add_parser(
        "audit",
        help="mistakes in a saved model and its data that raise no error",
        description="Looks for mistakes that raise no error: penalties that do nothing, stale statistics, rows that "
        "leak. Lists what it found with the evidence, and what it could not look at with the reason. The exit status "
        "is 1 if there is an error among the findings.",
    )
    audit.add_argument("model", nargs="?", help="a .keras file")
    audit.add_argument(
        "--data",
        metavar="FILE",
        help="an .npz file with x_train, y_train, x_val, y_val, x_test, y_test, or some of them; w_train for sample "
        "weights, groups_train for the group of each row",
    )
    audit.add_argument("--history", metavar="FILE", help="a file written by CSVLogger")
    audit.add_argument("--batch-size", type=int, help="as fit gets it")
    audit.add_argument("--epochs", type=int, help="as fit gets it")
    audit.add_argument("--validation-split", type=float, help="as fit gets it")
    audit.add_argument(
        "--difference",
        type=float,
        help="how little two models may differ and still be told apart by the validation rows, such as 0.01",
    )
    audit.add_argument(
        "--disable", action="append", default=[], metavar="RULE", help="a rule, or a family, that is not to run; repeat"
    )
    audit.add_argument("--json", action="store_true", help="print the record as JSON")
    audit.add_argument("--html", metavar="FILE", help="write it as a piece of HTML, too")
    audit.add_argument("--explain", metavar="RULE", help="show the page of a rule, such as RK101, and do nothing else")
    audit.set_defaults(run=_audit)

    levers = commands.add_parser(
        "levers", help="the list of levers, or one lever's card", description="Shows the cards."
    )
    levers.add_argument("name", nargs="?", help="a lever")
    levers.set_defaults(run=_levers)

    export = commands.add_parser(
        "export",
        help="the trainings of a study as a table or for TensorBoard",
        description="Writes one row (csv, parquet) or one TensorBoard run (hparams) for each finished training of a "
        "study. A study that is running can be exported too.",
    )
    export.add_argument("study", help="a study's folder, such as regkit-run/study")
    export.add_argument("--to", required=True, choices=("csv", "parquet", "hparams"), help="what to write")
    export.add_argument(
        "--output", help="the file, or for hparams the folder (default: named after the study's folder)"
    )
    export.set_defaults(run=_export)
    return parser


def _add_common(parser, *, epochs, output):
    parser.add_argument("--output", default=output, help=f"folder for the results (default: {output})")
    parser.add_argument(
        "--task",
        default="auto",
        choices=("auto", "classification", "binary", "multiclass", "regression"),
        help="what to predict (default: decided by the target column)",
    )
    parser.add_argument(
        "--levers",
        action="append",
        metavar="NAME[=STRENGTHS]",
        help="a lever to study, with its strengths; repeat for more (default: what the diagnosis advises)",
    )
    parser.add_argument("--seeds", type=int, default=5, help="seeds of every variant, at least 2 (default: 5)")
    parser.add_argument("--epochs", type=int, default=epochs, help=f"epochs of every training (default: {epochs})")
    parser.add_argument("--batch-size", type=int, default=32, help="rows per batch (default: 32)")
    parser.add_argument("--validation", type=float, default=0.2, help="share of rows to choose with (default: 0.2)")
    parser.add_argument("--test", type=float, default=0.2, help="share of rows for the final look (default: 0.2)")
    parser.add_argument(
        "--seed", type=int, default=0, help="seed of the split, and first seed of the trainings (default: 0)"
    )
    parser.add_argument("--quiet", action="store_true", help="no progress: what was found, at the end")


if __name__ == "__main__":
    sys.exit(main())
