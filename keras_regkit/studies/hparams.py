"""Trials as event files for TensorBoard's HParams dashboard.

Written with the protocol buffers and the record writer of the `tensorboard` package alone: no backend is imported, so
a study on JAX or torch is exported as lightly as one on TensorFlow.
"""

import datetime
import io
import math
import pathlib

from keras_regkit._core.extras import require
from keras_regkit._core.files import write_atomically
from keras_regkit.studies.trial import Trial

# One name for good: an export that is repeated replaces what it wrote, where a second file would draw all points twice.
_FILE = "events.out.tfevents.0.keras_regkit"


def to_hparams(trials, folder):
    """Writes one TensorBoard run per trial, with its hyperparameters, final metrics and learning curves.

    Look at it with `tensorboard --logdir FOLDER`, tab HParams. The trials of one variant are one group, so the table
    shows a variant's mean over its seeds; the runs themselves are named `<variant>-seed<seed>`. Hyperparameters are the
    levers' strengths and `variant`. Curves are the scalars `epoch_...`. A metric that was not finite is left out, since
    the dashboard cannot average it, and its run is marked as failed.

    Args:
        trials: `Trial` records.
        folder: Where the event files go; made if it does not exist. Those of an earlier export are replaced.

    Raises:
        ValueError: there are no trials.
        ImportError: `tensorboard` is not installed.

    Example:

    >>> import pathlib
    >>> from keras_regkit.studies import Trial
    >>> to_hparams([Trial("l2=0.1", 0, {"gap": 0.25}, {"data_loss": [0.5]}, 1, 0, 0.5, {"l2": 0.1})], "events")
    >>> sorted(path.name for path in pathlib.Path("events").iterdir() if path.is_dir())
    ['l2=0.1-seed0']
    """
    trials = tuple(trials)
    if not trials:
        raise ValueError("There is nothing to export: no trial is finished")
    protos = _Protos()
    folder = pathlib.Path(folder)
    _write(folder / _FILE, [protos.event(0.0, 0, _experiment(protos, trials))], protos)
    for trial in trials:
        path = folder / Trial.file_name(trial.variant, trial.seed) / _FILE
        _write(path, list(_events(protos, trial)), protos)


class _Protos:
    """The message classes of the `tensorboard` package."""

    def __init__(self):
        def get(module):
            return require(f"tensorboard.{module}", extra="export", purpose="TensorBoard's HParams")

        self.api = get("plugins.hparams.api_pb2")
        self._metadata = get("plugins.hparams.metadata")
        self._plugin_data = get("plugins.hparams.plugin_data_pb2").HParamsPluginData
        self._summary = get("compat.proto.summary_pb2").Summary
        self._event = get("compat.proto.event_pb2").Event
        self.record_writer = get("summary.writer.record_writer").RecordWriter

    def plugin(self, tag, **content):
        """A summary that holds data of the HParams plugin."""
        metadata = self._metadata.create_summary_metadata(self._plugin_data(**content))
        null = self._metadata.NULL_TENSOR
        return self._summary(value=[self._summary.Value(tag=tag, metadata=metadata, tensor=null)])

    def scalar(self, tag, value):
        return self._summary(value=[self._summary.Value(tag=tag, simple_value=value)])

    def event(self, time, step, summary):
        return self._event(wall_time=time, step=step, summary=summary)

    def version(self):
        return self._event(wall_time=0.0, file_version="brain.Event:2")


def _experiment(protos, trials):
    """Declares every hyperparameter and metric: the dashboard else knows only those that its first runs have."""
    api = protos.api
    levers = dict.fromkeys(name for trial in trials for name in trial.settings)
    metrics = dict.fromkeys(name for trial in trials for name in trial.metrics)
    experiment = api.Experiment(
        hparam_infos=[
            api.HParamInfo(name="variant", type=api.DATA_TYPE_STRING),
            *(api.HParamInfo(name=name, type=api.DATA_TYPE_FLOAT64) for name in levers),
        ],
        metric_infos=[api.MetricInfo(name=api.MetricName(tag=name)) for name in metrics],
    )
    return protos.plugin("_hparams_/experiment", experiment=experiment)


def _events(protos, trial):
    end = _finished(trial)
    start = end - trial.seconds
    info = {"group_name": trial.variant, "start_time_secs": start}
    hparams = {"variant": {"string_value": trial.variant}}
    hparams |= {name: {"number_value": float(strength)} for name, strength in trial.settings.items()}
    opening = protos.plugin("_hparams_/session_start_info", session_start_info={**info, "hparams": hparams})
    yield protos.event(start, 0, opening)
    for name, values in trial.curves.items():
        for epoch, value in enumerate(values):
            time = start + trial.seconds * (epoch + 1) / len(values)
            yield protos.event(time, epoch, protos.scalar(f"epoch_{name}", value))
    finite = {name: value for name, value in trial.metrics.items() if math.isfinite(value)}
    for name, value in finite.items():
        yield protos.event(end, trial.epochs, protos.scalar(name, value))
    status = protos.api.STATUS_SUCCESS if len(finite) == len(trial.metrics) else protos.api.STATUS_FAILURE
    closing = {"status": status, "end_time_secs": end}
    yield protos.event(end, trial.epochs, protos.plugin("_hparams_/session_end_info", session_end_info=closing))


def _finished(trial):
    """When the trial ended, in seconds since 1970; for records of old, which do not say, so long after 1970 began."""
    finished = trial.provenance.get("finished")
    return datetime.datetime.fromisoformat(finished).timestamp() if finished else trial.seconds


def _write(path, events, protos):
    content = io.BytesIO()
    writer = protos.record_writer(content)
    for event in [protos.version(), *events]:
        writer.write(event.SerializeToString())
    write_atomically(path, content.getvalue())
