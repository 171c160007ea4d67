"""The README's figures are those of the tables that it links to, and its version is the package's."""

import csv
import pathlib
import re

import pytest

import keras_regkit

ROOT = pathlib.Path(__file__).parents[1]
README = (ROOT / "README.md").read_text()
MEASURED = README.split("## What was measured")[1].split("\n## ")[0]
WORDS_A_MINUTE = 240

_CLEAR = {"trainings": "144, clear by 2.0", "told beside the curves": "the loss of a constant"}
# What is written, the table, what its row holds, the column, and how it is rounded.
FIGURES = [
    ("loss 0.561 ", "regularize", {"table": "diabetes"}, "regularize", ".3f"),
    ("against 0.665.", "regularize", {"table": "diabetes"}, "template", ".3f"),
    ("4.6% of studies", "study-statistics", {"noise": "normal", "case": "12 variants, Holm"}, "share", ".1%"),
    ("all 270 |", "audit-seeded-bugs", {"rule": "all"}, "found", "text"),
    ("0.819 of", "diagnosis-regimes", _CLEAR, "regime right", "text"),
    ("0.083 s,", "population-template", {"what": "one training more"}, "population", "text"),
    ("4.29 s with", "population-template", {"what": "one training more"}, "fit on TensorFlow", "text"),
    ("16.8 s against", "population-template", {"what": "64 trainings, whole process"}, "population", "text"),
    ("280 s (computed", "population-template", {"what": "64 trainings, whole process"}, "fit on TensorFlow", "text"),
    *(
        (said, "image-augmentation-224-tensorflow", {"dtype": dtype, "library": library}, "images a second", ",.0f")
        for said, dtype, library in [
            ("2,259;", "float32", "keras_regkit"),
            ("Keras 149,", "float32", "Keras"),
            ("KerasCV 134,", "float32", "KerasCV"),
            ("two processes 1,769", "float32", "OpenCV, 2 processes"),
            ("3,794;", "uint8", "keras_regkit"),
            ("two processes 4,029", "uint8", "OpenCV, 2 processes"),
        ]
    ),
    ("plain 22.35%", "training-levers-digits-noisy", {"lever": "plain"}, "test error %", ".2f"),
    (
        "early stopping 10.88%",
        "training-levers-digits-noisy",
        {"lever": "EarlyStopping, for comparison"},
        "test error %",
        ".2f",
    ),
    ("6.77% |", "training-levers-digits-noisy", {"lever": "EarlyLearning"}, "test error %", ".2f"),
    ("1.94 times", "two-pass-methods-tensorflow", {"backend": "tensorflow", "method": "SAM"}, "ratio", ".2f"),
    ("1.08 to", "weight-averaging-tensorflow", {"model": "mlp 3 x 64", "average": "every step"}, "ratio", ".2f"),
    ("to 1.17 times", "weight-averaging-tensorflow", {"model": "mlp 3 x 512", "average": "every step"}, "ratio", ".2f"),
    ("0.014 s |", "import-time", {"import": "keras_regkit, after keras"}, "median s", "text"),
]


def table(name):
    with (ROOT / "docs" / "benchmarks" / f"{name}.csv").open() as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize(("said", "name", "where", "column", "form"), FIGURES, ids=lambda value: str(value)[:24])
def test_figures_are_those_of_the_tables(said, name, where, column, form):
    row = next(row for row in table(name) if where.items() <= row.items())
    value = row[column].split(" ")[0] if form == "text" else format(float(row[column]), form)
    assert value.rstrip("%") in said
    line = next(line for line in MEASURED.splitlines() if said in line)
    assert f"docs/benchmarks/{name}.csv" in line


def test_every_answer_links_to_what_measured_it():
    answers = [line for line in MEASURED.splitlines() if line.startswith("| ")][1:]
    assert len(answers) > 6
    assert [line for line in answers if "](docs/benchmarks/" not in line] == []


def test_losses_that_are_told_are_those_of_the_tables():
    regularized = {row["table"]: row["verdict"] for row in table("regularize")}
    assert [name for name, verdict in regularized.items() if verdict == "better"] == ["diabetes"]
    wine = {row["lever"]: row["verdict"] for row in table("training-levers-wine-small")}
    assert "better" not in wine.values()
    assert [lever for lever, verdict in wine.items() if verdict == "worse"] == ["LabelSmoothing, others"]
    noisy = [row for row in table("training-levers-digits-noisy") if row["lever"] != "plain"]
    assert min(noisy, key=lambda row: float(row["test error %"]))["lever"] == "EarlyLearning"


def test_the_picture_is_told_as_it_is():
    with (ROOT / "docs" / "pictures" / "study.csv").open() as file:
        trials = list(csv.DictReader(file))
    assert f"these {len(trials)} trainings" in README
    losses = {}
    for trial in trials:
        losses.setdefault(trial["variant"], {})[trial["seed"]] = float(trial["metrics.val_data_loss"])
    base = losses.pop("baseline")
    assert len(base) == 10
    assert len(losses) == 8
    mean = {name: sum(loss[seed] - base[seed] for seed in base) / len(base) for name, loss in losses.items()}
    assert min(mean, key=mean.get) == "dropout=0.5"


def test_citation_has_the_version():
    assert re.findall(r"version = \{(.+)\}", README) == [keras_regkit.__version__]


def test_it_is_read_in_a_few_minutes():
    prose = re.sub(r"^```.*?^```", "", README, flags=re.M | re.S)
    prose = "\n".join(line for line in prose.splitlines() if not line.startswith("|"))
    words = re.sub(r"\]\([^)]*\)", "]", prose).split()
    assert len(words) < 2.5 * WORDS_A_MINUTE
