"""What TensorBoard reads back is what was finished."""

import math
import subprocess
import sys

import pytest
from tiny_studies import trial

from keras_regkit.studies.tensorboard import TrialScalars

pytest.importorskip("tensorboard")


def read(folder):
    """The scalars of a folder, `{tag: [(step, value)]}`, read by TensorBoard's own loader."""
    loader = pytest.importorskip("tensorboard.backend.event_processing.event_file_loader")
    found = {}
    for path in sorted(folder.iterdir()):
        for event in loader.EventFileLoader(str(path)).Load():
            for value in event.summary.value:
                found.setdefault(value.tag, []).append((event.step, pytest.approx(value.tensor.float_val[0])))
    return found


def test_trials_and_the_leader(tmp_path):
    with TrialScalars(tmp_path / "new" / "events", "val_data_loss") as scalars:
        for variant, seed, value in (
            ("baseline", 0, 0.5),
            ("baseline", 1, 0.7),
            ("l2=0.1", 0, 0.25),
            ("l2=1", 0, math.nan),
            ("l2=0.1", 1, 0.35),
        ):
            scalars.finished(trial(variant, seed, value))
            # Whoever looks meanwhile sees it.
            assert len(read(tmp_path / "new" / "events")["trial/val_data_loss"]) >= 1
    assert read(tmp_path / "new" / "events") == {
        "trial/val_data_loss": [(1, 0.5), (2, 0.7), (3, 0.25), (5, 0.35)],
        "diverged/val_data_loss": [(4, 1.0)],
        "best/val_data_loss": [(5, 0.3)],
        "baseline/val_data_loss": [(5, 0.6)],
    }


def test_a_study_that_goes_on_counts_on(tmp_path):
    earlier = [trial("baseline", seed, 0.5) for seed in (0, 1)] + [trial("l2=0.1", 0, 0.75)]
    with TrialScalars(tmp_path, "val_data_loss", "max", earlier) as scalars:
        scalars.finished(trial("l2=0.1", 1, 0.75))
    assert read(tmp_path) == {
        "trial/val_data_loss": [(4, 0.75)],
        "best/val_data_loss": [(4, 0.75)],
        "baseline/val_data_loss": [(4, 0.5)],
    }


def test_without_tensorboard_it_is_said_how_to_get_it(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "tensorboard.summary", None)
    with pytest.raises(ImportError, match=r"keras-regkit\[export\]"):
        TrialScalars(tmp_path, "val_data_loss")


def test_it_brings_no_backend():
    code = "import sys, tensorboard.summary; print([m for m in ('tensorflow', 'jax', 'torch') if m in sys.modules])"
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert said.stdout.strip() == "[]"
