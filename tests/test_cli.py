"""The command line: what it prints, its exit status, and what it says of mistakes."""

import json
import pathlib

import keras
import numpy as np
import pandas as pd
import pytest

from keras_regkit import levers
from keras_regkit.cli import main
from keras_regkit.studies import Trial
from keras_regkit.studies.store import Store


@pytest.fixture(autouse=True)
def own_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("warnings.showwarning", lambda *args, **kwargs: None)


@pytest.fixture
def table(tmp_path):
    rng = np.random.default_rng(0)
    x = rng.normal(size=(80, 3))
    frame = pd.DataFrame(x, columns=["a", "b", "c"]).assign(y=np.where(x[:, 0] > 0, "high", "low"))
    frame.to_csv(tmp_path / "table.csv", index=False)
    return "table.csv"


def test_run_leaves_the_folder_and_prints_the_outcome(table, tmp_path, capsys):
    arguments = ["--target", "y", "--seeds", "2", "--epochs", "3", "--levers", "dropout=0.5", "--quiet"]
    assert main(["run", table, *arguments, "--output", "out"]) == 0
    assert "dropout=0.5" in capsys.readouterr().out
    assert (tmp_path / "out" / "model.keras").exists()


def test_progress_is_shown_unless_quiet(table, capsys):
    assert main(["run", table, "--target", "y", "--seeds", "2", "--epochs", "3", "--levers", "dropout=0.5"]) == 0
    assert "One knob at a time" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["run", "tabel.csv", "--target", "y"], "table.csv"),
        (["run", "table.csv", "--target", "z"], "'z'"),
        (["run", "table.csv", "--target", "y", "--levers", "l3"], "Available levers"),
        (["run", "table.csv", "--target", "y", "--levers", "l2=much"], "l2=1e-3"),
        (["run", "table.csv", "--target", "y", "--levers", "l2=-1"], "-1"),
        (["run", "table.csv", "--target", "y", "--levers", "dropout=1"], "dropout"),
        (["run", "table.csv", "--target", "y", "--seeds", "1"], "seeds"),
        (["diagnose", "no.csv"], "no.csv"),
        (["levers", "dropuot"], "Did you mean 'dropout'"),
        (["audit", "no.keras"], "no.keras"),
        (["audit"], "--explain"),
        (["audit", "--explain", "RK999"], "There is no rule 'RK999'"),
        (["export", "no", "--to", "csv"], "'no', which does not exist"),
    ],
)
def test_mistakes_are_one_line_without_a_traceback(table, arguments, message, capsys):
    assert main(arguments) == 2
    error = capsys.readouterr().err
    assert message in error
    assert "Traceback" not in error


def test_ctrl_c_says_how_to_continue(table, monkeypatch, capsys):
    def interrupted(self, setup, plan):
        raise KeyboardInterrupt
        yield

    monkeypatch.setattr("keras_regkit.studies.engine.SequentialEngine.run", interrupted)
    assert main(["run", table, "--target", "y", "--output", "out", "--quiet"]) == 130
    assert "repeat the same call" in capsys.readouterr().err


@pytest.fixture
def saved_model():
    layers = [keras.layers.Dense(4, name="hidden", kernel_regularizer="l2"), keras.layers.Dense(1)]
    model = keras.Sequential([keras.Input((3,)), *layers])
    model.compile("adamw", "mse")
    model.save("model.keras")
    return "model.keras"


def test_audit_lists_findings_and_what_it_could_not_look_at(saved_model, capsys):
    assert main(["audit", saved_model, "--html", "audit.html"]) == 0
    text = capsys.readouterr().out
    assert "RK104" in text
    assert "no training data were given" in text
    assert pathlib.Path("audit.html").read_text().startswith("<div")


def test_audit_reads_data_and_tells_an_error_by_its_exit_status(capsys):
    x = np.random.default_rng(0).normal(size=(40, 5, 5, 1)).astype("float32")
    np.savez("data.npz", x_train=x, y_train=x[:, 0, 0], x_val=x[:8], y_val=x[:8, 0, 0])
    penalty = keras.regularizers.OrthogonalRegularizer()
    conv = keras.layers.Conv2D(4, 3, kernel_regularizer=penalty)
    keras.Sequential([keras.Input((5, 5, 1)), conv]).save("conv.keras")
    assert main(["audit", "conv.keras", "--data", "data.npz", "--json", "--disable", "data"]) == 1
    record = json.loads(capsys.readouterr().out)
    assert [finding["id"] for finding in record["findings"] if finding["severity"] == "error"] == ["RK110"]
    assert record["exit_status"] == 1
    assert record["disabled"]
    assert all("no training data" not in reason for reason in record["skipped"].values())


def test_audit_is_told_which_difference_the_rows_are_to_tell(saved_model, capsys):
    x = np.random.default_rng(0).normal(size=(40, 3)).astype("float32")
    np.savez("data.npz", x_train=x[:20], y_train=x[:20, :1], x_val=x[20:], y_val=x[20:, :1])
    main(["audit", saved_model, "--data", "data.npz", "--difference", "0.01", "--json"])
    assert "RK609" in {finding["id"] for finding in json.loads(capsys.readouterr().out)["findings"]}
    assert main(["audit", saved_model, "--difference", "2"]) == 2
    assert "`difference` must be in (0, 1]" in capsys.readouterr().err


def test_audit_says_which_arrays_it_wants(saved_model, capsys):
    np.savez("data.npz", x=np.ones((4, 3)))
    assert main(["audit", saved_model, "--data", "data.npz"]) == 2
    assert "x_train" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("path", "message"), [("rows.csv", "`keras-regkit run`"), ("no.npz", "There is no file 'no.npz'")]
)
def test_audit_says_which_files_it_reads(saved_model, capsys, path, message):
    pathlib.Path("rows.csv").write_text("a,b\n1,2\n")
    assert main(["audit", saved_model, "--data", path]) == 2
    told = capsys.readouterr().err
    assert message in told
    assert "pickle" not in told


def test_audit_explains_a_rule(capsys):
    assert main(["audit", "--explain", "RK101"]) == 0
    assert "surgery.attach" in capsys.readouterr().out


def test_diagnose_reads_a_log_and_draws(tmp_path, capsys):
    x, y = np.random.default_rng(0).normal(size=(32, 4)), np.zeros((32, 1))
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    log = keras.callbacks.CSVLogger(str(tmp_path / "log.csv"))
    model.fit(x, y, validation_data=(x, y), epochs=6, verbose=0, callbacks=[log])
    assert main(["diagnose", "log.csv", "--plot", "curves.png"]) == 0
    assert "Confidence" in capsys.readouterr().out
    assert (tmp_path / "curves.png").read_bytes().startswith(b"\x89PNG")


def test_diagnose_takes_what_is_known_of_the_task(tmp_path, capsys):
    small = {
        "loss": [2.3, 1.9, 1.75, 1.66, 1.63, 1.62, 1.61, 1.61],
        "val_loss": [2.3, 2, 1.85, 1.8, 1.77, 1.76, 1.76, 1.75],
    }
    (tmp_path / "log.json").write_text(json.dumps(small))
    told = []
    for options in ([], ["--reference-loss", "2.303", "--reachable-loss", "0.3"]):
        assert main(["diagnose", "log.json", *options]) == 0
        told.append(capsys.readouterr().out)
    assert "underfitting" in told[1].lower()
    assert told[0] != told[1]


def test_levers_can_be_repeated_and_a_traceback_asked_for(table):
    with pytest.raises(ValueError, match="holds a strength twice"):
        main(["--traceback", "run", table, "--target", "y", "--levers", "l2=0.1", "--levers", "l2=0.1"])


def test_separator_can_be_written_as_a_tab(table, tmp_path, capsys):
    pd.read_csv(table).to_csv(tmp_path / "tabs.csv", index=False, sep="\t")
    # Gets past the reading, to the next mistake.
    assert main(["run", "tabs.csv", "--target", "z", "--separator", "\\t"]) == 2
    assert "'z'" in capsys.readouterr().err


def test_export_writes_a_study_as_it_is_asked_to(tmp_path, capsys):
    folder = tmp_path / "out" / "study"
    Store(folder, {"name": "mine"}).append(Trial("l2=0.1", 0, {"gap": 0.25}, {}, 1, 0, 0.5, {"l2": 0.1}))
    assert main(["export", "out/study", "--to", "csv"]) == 0
    assert "1 trials of study 'mine': study.csv" in capsys.readouterr().out
    assert pd.read_csv("study.csv")["settings.l2"].tolist() == [0.1]
    assert main(["export", "out/study", "--to", "parquet", "--output", "deep/t.parquet"]) == 0
    assert pd.read_parquet("deep/t.parquet")["metrics.gap"].tolist() == [0.25]
    assert main(["export", "out/study", "--to", "hparams"]) == 0
    assert (tmp_path / "study-hparams" / "l2=0.1-seed0").is_dir()
    assert main(["export", "out", "--to", "csv"]) == 2
    assert "Did you mean 'out/study'" in capsys.readouterr().err


def test_levers_lists_every_card(capsys):
    assert main(["levers"]) == 0
    listed = capsys.readouterr().out
    assert all(name in listed for name in levers.names())


def test_a_card_in_full(capsys):
    assert main(["levers", "dropout"]) == 0
    card = capsys.readouterr().out
    assert "Bernoulli" in card
    assert "Srivastava" in card


def test_no_command_shows_help(capsys):
    assert main([]) == 0
    assert "diagnose" in capsys.readouterr().out


@pytest.mark.parametrize("command", ["run", "demo", "diagnose", "levers", "export"])
def test_help_of_every_command(command, capsys):
    with pytest.raises(SystemExit) as exit_:
        main([command, "--help"])
    assert exit_.value.code == 0
    assert len(capsys.readouterr().out.splitlines()) > 4
