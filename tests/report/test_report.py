"""The report is one file that says what the records hold, and nothing that a table's author put into a name."""

import base64
import contextlib
import dataclasses
import html
import html.parser
import io
import math
import re
import warnings
import xml.etree.ElementTree

import keras
import numpy as np
import pytest
from fake_decision import decision, study_result

from keras_regkit import report, tables
from keras_regkit.report import page as page_module
from keras_regkit.report.usage import usage

pytest.importorskip("matplotlib")
pytest.importorskip("jinja2")
pandas = pytest.importorskip("pandas")

EVIL = "<script>alert(1)</script>"
SKETCH = {"src": "data:image/svg+xml;base64,PHN2Zy8+", "width": 8, "height": 4}
VOID = {"meta", "img", "br", "hr", "link", "input"}


class Page(html.parser.HTMLParser):
    """The tags, attributes and text of a page; fails on tags that do not match."""

    def __init__(self, source):
        super().__init__()
        self.open, self.tags, self.images, self.links, self.ids, self.words = [], [], [], [], [], []
        self.captions = []
        self.feed(source)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        self.tags.append(tag)
        self.ids += [attributes["id"]] if "id" in attributes else []
        self.links += [attributes["href"]] if "href" in attributes else []
        self.images += [attributes] if tag == "img" else []
        assert not [name for name in attributes if name.startswith("on")]
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.words.append(data)
        if self.open and self.open[-1] == "figcaption":
            self.captions.append(data)

    @property
    def text(self):
        return re.sub(r"\s+", " ", " ".join(self.words))


@pytest.fixture
def drawn():
    """For tests that need real pictures."""


@pytest.fixture(autouse=True)
def _sketches(request, monkeypatch):
    """Drawing takes most of a report's time: tests of its words do without."""
    if "drawn" not in request.fixturenames:
        monkeypatch.setattr(page_module, "picture", lambda record, alt, **options: dict(SKETCH, alt=alt))


def written(tmp_path, record, schema=None):
    path = report.write(record, tmp_path / "new" / "report.html", schema)
    source = path.read_text(encoding="utf-8")
    return source, Page(source)


@pytest.fixture(scope="module")
def helped(tmp_path_factory):
    return written(tmp_path_factory.mktemp("report"), decision())


def test_the_file_is_alone_in_its_folder(tmp_path):
    path = report.write(decision(helped=False), str(tmp_path / "deep" / "report.html"))
    assert path == tmp_path / "deep" / "report.html"
    assert [p.name for p in path.parent.iterdir()] == ["report.html"]


def test_it_needs_nothing_from_outside(helped):
    source, page = helped
    assert not {"script", "link", "iframe", "object"} & set(page.tags)
    assert all(link.startswith("#") and link[1:] in page.ids for link in page.links)
    # Nothing is named by address, save inside the pictures, where it is the name of a format.
    assert not re.search(r"https?:|//\w|@import|url\(", re.sub(r"data:image/svg\+xml;base64,[\w+/=]+", "", source))


def test_pictures_are_inside_and_described(helped):
    _, page = helped
    assert len(page.images) == 5
    assert all(caption.count(".") <= 1 for caption in page.captions)
    assert len(page.captions) == len(page.images)
    for image in page.images:
        kind, data = image["src"].split(",")
        assert kind == "data:image/svg+xml;base64"
        assert xml.etree.ElementTree.fromstring(base64.b64decode(data)).tag == "{http://www.w3.org/2000/svg}svg"
        assert len(image["alt"]) > 20
        assert int(image["width"]) > int(image["height"]) > 0


def test_it_opens_with_the_conclusion(helped):
    _, page = helped
    assert decision().conclusion() in page.text
    assert page.text.index("Looked best on validation") < page.text.index("Key numbers")


@pytest.mark.parametrize(
    "words",
    [
        "Classification, two classes",
        "The target 'diagnosis' holds 2 classes.",
        "341 / 114 / 114",
        "0.2312",
        "0.1387",
        "−0.0925",
        "[−0.158, −0.0269]",
        "0.958 → 0.971",
        "Diagnosis of the template: overfitting",
        "Early stopping",
        "● helps",
        "■ hurts",
        "◇ no evidence",
        "of the template, what was combined with it, and what did best alone; a tick marks where a training stopped.",
        "only what also moves down predicts better.",
        "✓ taken",
        "– left out",
        "No row is in two parts: verified.",
        "The column 'id' is left out: it holds another value in every row.",
        'keras.saving.load_model("model.keras")',
        "the probability of 'malignant' (1 minus it: 'benign')",
        "Validation took part in choosing.",
        "A null result is a result",
        "1 min 33 s",
        "tensorflow 2.21.0",
    ],
)
def test_what_the_records_hold_is_said(helped, words):
    assert words in helped[1].text


def test_table_rows_are_the_summaries(helped):
    source, _ = helped
    body = source.split('<section id="study">')[1].split("<tbody>")[1].split("</tbody>")[0]
    rows = [
        [re.sub("<[^>]+>", "", c).strip() for c in re.findall(r"<td.*?</td>", row, re.S)] for row in body.split("</tr>")
    ]
    rows = [[html.unescape(cell) for cell in row] for row in rows if row]
    summaries = decision().result.summaries
    assert [row[0] for row in rows] == [s.name for s in summaries]
    assert {len(row) for row in rows} == {8}
    best = rows[[row[0] for row in rows].index("dropout=0.5")]
    s = decision().result["dropout=0.5"]
    assert float(best[2].replace("−", "-")) == pytest.approx(s.difference, rel=1e-2)
    assert best[4:6] == ["<0.001", "● helps"]


def test_a_note_is_said_once(helped):
    assert helped[1].text.count("have the same features as a row of an earlier part.") == 1


def test_nothing_helped(tmp_path):
    _, page = written(tmp_path, decision(helped=False))
    assert "No lever looked better than the template" in page.text
    assert "nothing was combined" in page.text
    assert "Test loss, winner" not in page.text


def test_names_cannot_become_markup(tmp_path):
    schema = tables.TableSchema(
        (tables.Column(EVIL, "numeric"), tables.Column("id", "dropped", f"Like {EVIL}.")), target=EVIL
    )
    record = decision(
        target=EVIL,
        classes=(EVIL, "b"),
        task_reason=f"The target {EVIL!r} holds 2 classes.",
        notes=(f"The column {EVIL!r} is left out.",),
        versions={"keras": EVIL},
    )
    split = record.split | {"group": EVIL, "groups": {"train": 3}}
    source, page = written(tmp_path, dataclasses.replace(record, split=split), schema)
    assert "script" not in page.tags
    assert "<script" not in source
    assert source.count("&lt;script&gt;") >= 8
    assert page.text.count(EVIL) >= 8


def test_curve_names_cannot_become_markup(tmp_path):
    record = decision()
    curves = dataclasses.replace(record.diagnosis.curves, train_name=EVIL)
    source, page = written(
        tmp_path, dataclasses.replace(record, diagnosis=dataclasses.replace(record.diagnosis, curves=curves))
    )
    assert "<script" not in source
    assert f"{EVIL}, last epoch" in page.text


def test_columns_are_listed_when_known(tmp_path):
    schema = tables.TableSchema(
        (tables.Column("age", "numeric"), tables.Column("id", "dropped", "It counts the rows.")), target="y"
    )
    _, page = written(tmp_path, decision(), schema)
    assert "All 2 columns" in page.text
    assert "It counts the rows." in page.text


def curves_of(page):
    """The variants whose learning curves are shown, from the picture's description."""
    alt = next(image["alt"] for image in page.images if "range over seeds" in image["alt"])
    return alt.split("of ", 2)[-1].rstrip(".").split(", ")


def test_curves_are_of_what_decided_and_what_helps(helped):
    shown = curves_of(helped[1])
    assert shown[:3] == ["baseline", "early_stopping=5 + dropout=0.5", "early_stopping=5"]
    assert set(shown[3:5]) == {"dropout=0.3", "dropout=0.5"}
    assert len(shown) == 6


def test_a_winner_without_trials_is_looked_for_in_the_folder(tmp_path):
    record = decision()
    kept = tuple(t for t in record.result.trials if " + " not in t.variant)
    record = dataclasses.replace(record, result=dataclasses.replace(record.result, trials=kept))
    _, page = written(tmp_path, record)
    assert curves_of(page)[:2] == ["baseline", "early_stopping=5"]
    assert "The winner’s own curves are in study/." in page.text


def test_without_any_trials_there_are_no_curves(tmp_path):
    record = decision()
    record = dataclasses.replace(record, result=dataclasses.replace(record.result, trials=()))
    _, page = written(tmp_path, record)
    assert len(page.images) == 4
    assert "Learning curves over seeds" not in page.text


def test_without_variants_there_is_nothing_to_compare(tmp_path):
    record = decision(helped=False)
    alone = dataclasses.replace(record.result, summaries=record.result.summaries[:1])
    _, page = written(tmp_path, dataclasses.replace(record, result=alone))
    assert len(page.images) == 3


def test_numbers_that_are_not_finite(tmp_path, drawn):
    result = study_result({"l2=0.01": math.nan, "dropout=0.3": 200.0})
    test = dataclasses.replace(decision().test, low=math.nan, high=math.nan)
    _, page = written(tmp_path, decision(result=result, test=test))
    assert "■ hurts (5 of 5 diverged)" in page.text
    assert "n/a ± n/a" in page.text
    assert not re.search(r"\bnan\b|\binf\b", page.text.replace(decision(test=test).conclusion(), ""))


@pytest.mark.parametrize(
    ("task", "classes", "words"),
    [
        ("regression", None, "in the unit of 'diagnosis'"),
        ("regression", None, "in units of the training target’s variance"),
        ("multiclass", ("a", "b", "c"), "one probability per class, in this order: a, b, c."),
    ],
)
def test_what_predict_returns(tmp_path, task, classes, words):
    assert words in written(tmp_path, decision(task=task, classes=classes))[1].text


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"duplicates": 0}, "✓ No row of validation or test has the same features"),
        ({"duplicates": 1}, "! 1 row of validation and test have"),
        ({"conflicts": 7}, "! 7 rows have the same features as another row, but another target."),
        ({"group": "patient", "groups": {"train": 9, "test": 3}}, "✓ Groups stay together: train 9, test 3 groups."),
        ({"group": "patient"}, "no group of 'patient', is in two parts"),
    ],
)
def test_checks_of_the_split(tmp_path, changes, words):
    record = decision()
    assert words in written(tmp_path, dataclasses.replace(record, split=record.split | changes))[1].text


def test_the_same_record_gives_the_same_bytes(tmp_path, drawn):
    first, second = (report.write(decision(), tmp_path / name).read_bytes() for name in ("a.html", "b.html"))
    assert first == second


def test_wrong_arguments(tmp_path):
    with pytest.raises(TypeError, match="`decision` must be a Decision"):
        report.write({}, tmp_path / "report.html")
    with pytest.raises(TypeError, match="`table_summary` must be a TableSchema"):
        report.write(decision(), tmp_path / "report.html", {"age": "numeric"})
    with pytest.raises(ValueError, match=r"must end in \.html"):
        report.write(decision(), tmp_path / "report.pdf")
    (tmp_path / "folder.html").mkdir()
    with pytest.raises(ValueError, match="which is a folder"):
        report.write(decision(), tmp_path / "folder.html")


FRAME = pandas.DataFrame(
    {
        "age": [20.0, 40.0, None, 30.0] * 3,
        "km/h": [1, 2, 3, 5] * 3,
        "site": ["a", "b", None, "a"] * 3,
        "y": [0, 1, 1, 0] * 3,
    }
)


@pytest.mark.parametrize("columns", [["age", "y"], ["age", "km/h", "y"], ["age", "km/h", "site", "y"]])
@pytest.mark.parametrize("known", [True, False], ids=["schema", "no schema"])
def test_the_code_runs_on_a_saved_model(tmp_path, monkeypatch, columns, known):
    """The block on the page is executed as it stands, beside a real `model.keras`."""
    texts = "site" in columns
    if texts and keras.backend.backend() != "tensorflow":
        pytest.skip("only TensorFlow has tensors of text")
    if "km/h" in columns and not known:
        pytest.skip("without a schema the page cannot know that the input has another name")
    frame = FRAME[columns]
    schema = tables.describe_columns(frame, "y")
    encoder = tables.TableEncoder(schema).fit(frame)
    target = tables.TargetEncoder("binary", (0, 1))
    core = keras.Sequential([keras.Input((len(encoder.feature_names),)), keras.layers.Dense(1)])
    model = tables.raw_row_model(core, encoder, target)
    model.save(tmp_path / "model.keras")
    frame.drop(columns="y").to_csv(tmp_path / "new_rows.csv", index=False)
    monkeypatch.chdir(tmp_path)
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed), warnings.catch_warnings():
        warnings.simplefilter("error")
        exec(compile(usage(schema if known else None), "usage", "exec"), {})
    expected = model.predict(tables.raw_inputs(frame, schema), verbose=0)[:5]
    numbers = [float(n) for n in re.findall(r"\[+(\d[\d.e+-]*) *\]", printed.getvalue())]
    np.testing.assert_allclose(numbers, expected.ravel(), rtol=1e-4)
