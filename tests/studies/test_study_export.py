"""Trials as tables and event files, read back with the tools they are made for."""

import csv
import math
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from tiny_studies import study, table, trial
from writing_study import MadeUp

from keras_regkit._core.warnings import DataWarning
from keras_regkit.studies import StoredStudy, Trial, compare, export, load

FINISHED = {"backend": "jax", "finished": "2026-01-02T03:04:05+00:00"}


def made(variant, seed, value, settings, provenance=FINISHED):
    metrics = {"data_loss": 0.5, "val_data_loss": value}
    curves = {"data_loss": [0.9, 0.5], "val_data_loss": [1.0, value]}
    best = 1 if math.isfinite(value) else None
    return Trial(variant, seed, metrics, curves, 2, best, 0.75, settings, provenance)


TRIALS = (
    made("baseline", 0, 0.4, {}),
    made("baseline", 1, 0.6, {}),
    made("l2=0.1", 0, 0.1 + 0.2, {"l2": 0.1}),
    made("l2=0.1", 1, math.nan, {"l2": 0.1}, {"backend": "torch"}),
    made("l2=0.1 + dropout=0.5", 0, 0.25, {"l2": 0.1, "dropout": 0.5}, {}),
)
COLUMNS = [
    *("variant", "seed", "settings.l2", "settings.dropout", "metrics.data_loss", "metrics.val_data_loss"),
    *("epochs", "best_epoch", "seconds", "provenance.backend", "provenance.finished"),
]


def check_frame(frame):
    assert list(frame.columns) == COLUMNS
    assert frame["variant"].tolist() == [t.variant for t in TRIALS]
    assert frame["seed"].tolist() == [0, 1, 0, 1, 0]
    np.testing.assert_array_equal(frame["settings.l2"], [np.nan, np.nan, 0.1, 0.1, 0.1])
    np.testing.assert_array_equal(frame["settings.dropout"], [np.nan] * 4 + [0.5])
    np.testing.assert_allclose(frame["metrics.val_data_loss"], [0.4, 0.6, 0.1 + 0.2, np.nan, 0.25], rtol=1e-15)
    assert frame["best_epoch"].isna().tolist() == [False, False, False, True, False]
    assert frame["provenance.backend"].isna().tolist() == [False] * 4 + [True]


def test_frame_and_parquet(tmp_path):
    frame = export.to_frame(TRIALS)
    check_frame(frame)
    assert str(frame.dtypes["best_epoch"]) == "Int64"
    assert str(frame.dtypes["settings.dropout"]) == "float64"
    export.to_parquet(TRIALS, tmp_path / "deep" / "t.parquet")
    check_frame(pd.read_parquet(tmp_path / "deep" / "t.parquet"))


def test_csv_tells_what_is_missing_from_what_was_not_finite(tmp_path):
    export.to_csv(TRIALS, tmp_path / "t.csv")
    check_frame(pd.read_csv(tmp_path / "t.csv"))
    with (tmp_path / "t.csv").open(newline="") as file:
        cells = list(csv.DictReader(file))
    assert cells[0]["settings.l2"] == ""
    assert cells[3]["metrics.val_data_loss"] == "nan"
    assert float(cells[2]["metrics.val_data_loss"]) == 0.1 + 0.2  # to the last bit


def test_nothing_to_export(tmp_path):
    assert list(export.to_frame([]).columns) == ["variant", "seed", "epochs", "best_epoch", "seconds"]
    for write in (export.to_csv, export.to_parquet, export.to_hparams):
        with pytest.raises(ValueError, match="no trial is finished"):
            write([], tmp_path / "x")
    assert not list(tmp_path.iterdir())


@pytest.fixture(scope="module")
def dashboard(tmp_path_factory):
    """What TensorBoard itself reads from the event files: `(accumulators by run, experiment, session groups)`."""
    pytest.importorskip("tensorboard")
    from tensorboard import context
    from tensorboard.backend.event_processing import data_provider, plugin_event_multiplexer
    from tensorboard.plugins import base_plugin
    from tensorboard.plugins.hparams import api_pb2, backend_context, get_experiment, list_session_groups

    folder = tmp_path_factory.mktemp("events")
    for _ in range(2):  # the second replaces the first
        export.to_hparams(TRIALS, folder)
    multiplexer = plugin_event_multiplexer.EventMultiplexer()
    multiplexer.AddRunsFromDirectory(str(folder))
    multiplexer.Reload()
    provider = data_provider.MultiplexerDataProvider(multiplexer, str(folder))
    backend = backend_context.Context(base_plugin.TBContext(data_provider=provider))
    request = api_pb2.GetExperimentRequest()
    experiment = get_experiment.Handler(context.RequestContext(), backend, "", request).run()
    columns = [api_pb2.ColParams(hparam=name) for name in ("variant", "l2", "dropout")]
    columns += [api_pb2.ColParams(metric=api_pb2.MetricName(tag=name)) for name in ("data_loss", "val_data_loss")]
    request = api_pb2.ListSessionGroupsRequest(
        start_index=0,
        slice_size=100,
        allowed_statuses=[api_pb2.STATUS_SUCCESS, api_pb2.STATUS_FAILURE],
        aggregation_type=api_pb2.AGGREGATION_AVG,
        col_params=columns,
    )
    groups = list_session_groups.Handler(context.RequestContext(), backend, "", request).run().session_groups
    return multiplexer, experiment, {group.name: group for group in groups}


def test_the_hparams_plugin_shows_a_variant_a_group_and_a_trial_a_run(dashboard):
    _, experiment, groups = dashboard
    assert sorted(info.name for info in experiment.hparam_infos) == ["dropout", "l2", "variant"]
    assert [info.name.tag for info in experiment.metric_infos] == ["data_loss", "val_data_loss"]
    assert sorted(groups) == ["baseline", "l2=0.1", "l2=0.1 + dropout=0.5"]
    both = groups["l2=0.1 + dropout=0.5"].hparams
    assert (both["l2"].number_value, both["dropout"].number_value) == (0.1, 0.5)
    assert groups["baseline"].hparams["variant"].string_value == "baseline"
    assert "l2" not in groups["baseline"].hparams

    def mean(name):
        return {m.name.tag: m.value for m in groups[name].metric_values}["val_data_loss"]

    assert mean("baseline") == pytest.approx(0.5)
    assert mean("l2=0.1") == pytest.approx(0.3)  # of the seed that did not diverge
    sessions = {session.name: session for group in groups.values() for session in group.sessions}
    assert sorted(sessions) == [
        *("baseline-seed0", "baseline-seed1", "l2=0.1-seed0", "l2=0.1-seed1", "l2=0.1___dropout=0.5-seed0"),
    ]
    assert {name for name, session in sessions.items() if session.status == 2} == {"l2=0.1-seed1"}  # STATUS_FAILURE
    first = sessions["baseline-seed0"]
    assert first.end_time_secs - first.start_time_secs == pytest.approx(0.75)


def test_curves_are_scalars_by_epoch_and_once(dashboard):
    multiplexer, _, _ = dashboard

    def curve(tag):
        events = multiplexer.Tensors("l2=0.1-seed0", tag)
        return [(e.step, pytest.approx(float(e.tensor_proto.float_val[0]))) for e in events]

    assert curve("epoch_val_data_loss") == [(0, 1.0), (1, 0.3)]
    assert curve("val_data_loss") == [(2, 0.3)]


def test_event_files_are_written_without_a_backend():
    code = (
        "import sys; from keras_regkit.studies.hparams import _Protos; before = set(sys.modules); p = _Protos(); "
        "p.plugin('_hparams_/experiment', experiment=p.api.Experiment()); "
        "print(sorted({m.partition('.')[0] for m in set(sys.modules) - before} & {'tensorflow', 'jax', 'torch'}))"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip().splitlines()[-1] == "[]"


@pytest.fixture(scope="module")
def stored(tmp_path_factory):
    """A study's result and its folder; its engine knows better about the backend than the study does."""

    class Elsewhere(MadeUp):
        def run(self, setup, plan):
            for t in super().run(setup, plan):
                yield Trial(**{**vars(t), "provenance": {"backend": "abacus"}})

    folder = tmp_path_factory.mktemp("stored")
    return study(store=folder, engine=Elsewhere(), name="first").run(verbose=0), folder


def test_every_trial_says_where_it_comes_from(stored):
    result, folder = stored
    found = load(folder)
    assert found.trials == result.trials
    assert [t.settings for t in found.trials] == [{}, {}, {"l2": 0.1}, {"l2": 0.1}]
    provenance = found.trials[0].provenance
    assert {"keras_regkit", "keras", "backend_version", "numpy", "python", "finished"} < set(provenance)
    assert provenance["numpy"] == np.__version__
    assert provenance["engine"] == "made up"
    assert provenance["backend"] == "abacus"
    for key in ("train", "validation", "model", "epochs", "batch_size"):
        assert provenance[key] == found.identity[key]
    assert provenance["train"] != provenance["validation"]


def test_results_and_read_records_export_alike(stored, tmp_path):
    result, folder = stored
    pd.testing.assert_frame_equal(result.to_frame(), load(folder).to_frame())
    result.to_csv(tmp_path / "a.csv")
    load(str(folder)).to_csv(tmp_path / "b.csv")
    assert (tmp_path / "a.csv").read_bytes() == (tmp_path / "b.csv").read_bytes()


def test_a_folder_without_a_study_is_refused(stored, tmp_path):
    with pytest.raises(FileNotFoundError, match="which does not exist"):
        load(tmp_path / "no")
    (tmp_path / "out").mkdir()
    with pytest.raises(FileNotFoundError, match=r"has no study\.json\.$"):
        load(tmp_path / "out")
    study(store=tmp_path / "out" / "study", engine=MadeUp())
    with pytest.raises(FileNotFoundError, match=r"Did you mean '.*study'\?"):
        load(tmp_path / "out")


def test_runs_beside_one_another(stored, tmp_path):
    result, folder = stored
    second = study(store=tmp_path, levers={"l2": [0.1], "dropout": [0.5]}, epochs=3, seeds=3, engine=MadeUp())
    second.run(verbose=0)
    found = compare([folder, load(tmp_path)])
    assert found.runs == ("first", "study")
    assert found.variants == ("baseline", "l2=0.1", "dropout=0.5")
    assert found.cells["dropout=0.5"]["first"] is None
    values = np.array([1.0, 2.0, 3.0])  # 1 + seed
    cell = found.cells["baseline"]["study"]
    assert cell == {"mean": values.mean(), "sd": values.std(ddof=1), "seeds": 3, "diverged": 0}
    assert found.differing["epochs"] == ["2", "3"]
    assert found.differing["backend"][0] == "abacus"
    assert "train" not in found.differing
    frame = found.to_frame()
    assert frame.loc["baseline", ("study", "mean")] == 2.0
    assert math.isnan(frame.loc["dropout=0.5", ("first", "mean")])
    assert "baseline     1.5 ± 0.71 (2)  2 ± 1 (3)\n" in str(found)
    assert "<td>2 ± 1 (3)</td>" in found._repr_html_()
    with_result = compare([result, folder])
    assert with_result.runs == ("1: first", "2: first")
    assert with_result.cells["l2=0.1"]["1: first"] == with_result.cells["l2=0.1"]["2: first"]


@pytest.mark.parametrize(("part", "words"), [("train", "training data"), ("validation", "validation data")])
def test_runs_on_other_data_are_noticed(stored, tmp_path, part, words):
    other = study(store=tmp_path, engine=MadeUp(), **{part: table(seed=9)})
    other.run(verbose=0)
    with pytest.warns(DataWarning, match=rf"\['first', 'study'\] do not share their {words}:"):
        found = compare([stored[1], tmp_path])
    assert part in found.differing


def test_what_cannot_be_compared(stored, tmp_path):
    with pytest.raises(ValueError, match="at least two studies"):
        compare([stored[1]])
    with pytest.raises(ValueError, match="at least two studies"):
        compare(str(stored[1]))
    other = study(store=tmp_path, metric="gap", engine=MadeUp())
    other.run(verbose=0)
    with pytest.raises(ValueError, match=r"different metrics, \['val_data_loss', 'gap'\]: give one"):
        compare([stored[1], tmp_path])
    assert compare([stored[1], tmp_path], metric="gap").metric == "gap"
    with pytest.raises(ValueError, match=r"`metric` must be one of .*Received: 'val_acc'"):
        compare([stored[1], tmp_path], metric="val_acc")


def test_members_that_diverged_are_counted_and_not_averaged():
    record = StoredStudy("a", {"name": "a", "metric": "val_data_loss"}, TRIALS, 2, "")
    other = StoredStudy("b", {"name": "b", "metric": "val_data_loss"}, (trial(),), 2, "")
    cell = compare([record, other]).cells["l2=0.1"]["a"]
    assert (cell["mean"], cell["seeds"], cell["diverged"]) == (pytest.approx(0.3), 2, 1)
