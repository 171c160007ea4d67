"""The record: text, HTML, JSON."""

import dataclasses
import json

import pytest
from synthetic import clean

from keras_regkit.diagnosis import REGIMES, Curves, Diagnosis, Recommendation, diagnose


@pytest.mark.parametrize("kind", REGIMES)
def test_json_round_trip(kind):
    d = diagnose([clean(kind, seed=s) for s in range(2)], n_train=10)
    again = Diagnosis.from_dict(json.loads(json.dumps(d.to_dict(), allow_nan=False)))
    assert again == d
    assert str(again) == str(d)


def test_json_round_trip_with_non_finite_values():
    d = diagnose({"loss": [1, 0.5, float("nan"), float("inf")], "val_loss": [1, 0.5, 0.6, float("nan")]})
    assert d.curves.train == (1.0, 0.5, None, None)
    assert Diagnosis.from_dict(json.loads(json.dumps(d.to_dict(), allow_nan=False))) == d


def test_from_dict_refuses_other_records():
    with pytest.raises(ValueError, match="to_dict"):
        Diagnosis.from_dict({"regime": "good fit"})
    with pytest.raises(ValueError, match="to_dict"):
        Diagnosis.from_dict(None)


def test_record_is_frozen():
    d = diagnose(clean("good fit"))
    with pytest.raises(dataclasses.FrozenInstanceError):
        d.regime = "overfitting"


@pytest.mark.parametrize("kind", REGIMES)
def test_text_fits_a_terminal_and_tells_the_story(kind):
    d = diagnose(clean(kind), data_kind="image", n_train=100, n_validation=50)
    text = str(d)
    assert max(len(line) for line in text.splitlines()) <= 88
    assert text.lower().startswith(d.regime)
    assert f"Best epoch: {d.best_epoch}" in text
    joined = " ".join(text.split())
    for lever in d.levers:
        assert f"{lever.title}. {lever.why}" in joined
    places = [joined.index(lever.why) for lever in d.levers]
    assert places == sorted(places)


def test_html_is_escaped_and_complete():
    levers = (Recommendation("x", "<b>Title</b>", "a < b & c", card=False),)
    curves = Curves((0, 1, 2), (1.0, 1.0, 1.0), (0, 1, 2), (1.0, 1.0, 1.0), train_name="<loss>")
    d = Diagnosis("good fit", None, 0, {"train_end": 1.0, "odd": None}, ("<script>",), 0.5, levers, curves)
    html = d._repr_html_()
    assert "<script>" not in html
    assert "<b>Title" not in html
    assert "&lt;b&gt;Title" in html
    assert "a &lt; b &amp; c" in html
    assert "&lt;loss&gt;, last epoch" in html
    assert "n/a" in html
    assert html.count("<div") == html.count("</div>") == 1
