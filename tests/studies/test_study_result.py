import json
import math

import pytest
from made_up_engine import MadeUpEngine
from tiny_studies import study, trial

from keras_regkit.studies import StudyResult, Trial, VariantSummary


def summary(name, mean, verdict, **changes):
    values = {
        "name": name, "settings": {}, "mean": mean, "sd": 0.1, "difference": mean - 1, "low": mean - 1.1,
        "high": mean - 0.9, "p": 0.01, "p_adjusted": 0.02, "verdict": verdict, "gap": 0.3, "epochs": 5.0,
        "seconds": 1.0, "seeds": 5, "diverged": 0,
    }  # fmt: skip
    return VariantSummary(**{**values, **changes})


def result(*summaries, direction="min", **changes):
    baseline = summary("baseline", 1.0, "baseline", difference=0.0, low=0.0, high=0.0, p=None, p_adjusted=None)
    values = {
        "name": "s",
        "metric": "val_data_loss",
        "direction": direction,
        "confidence": 0.95,
        "engine": "sequential",
    }
    return StudyResult(**{**values, "summaries": (baseline, *summaries), "trials": (trial(),), **changes})


LOW, LOWER, WORSE = summary("l2=0.1", 0.9, "helps"), summary("dropout=0.5", 0.7, "helps"), summary("l1=1", 2.0, "hurts")
LUCKY = summary("l2=1", 0.5, "no evidence")


def test_best_and_helping_where_lower_is_better():
    found = result(WORSE, LOW, LUCKY, LOWER)
    assert found.helping == (LOWER, LOW)
    assert found.best is LOWER
    assert found["l2=0.1"] is LOW
    assert result(WORSE, LUCKY).best.name == "baseline"


def test_best_and_helping_where_higher_is_better():
    high, higher = summary("l2=0.1", 1.1, "helps"), summary("l2=1", 1.2, "helps")
    found = result(high, higher, direction="max")
    assert found.helping == (higher, high)
    assert found.best is higher


def test_an_unknown_variant_names_those_there_are():
    with pytest.raises(KeyError, match=r"No variant 'l3'.*baseline.*l2=0.1"):
        result(LOW)["l3"]


def test_the_record_is_json_and_comes_back_equal():
    diverged = summary("l2=9", math.nan, "hurts", sd=math.nan, low=math.nan, high=math.inf, diverged=5)
    record = result(LOW, diverged).to_dict()
    assert json.loads(json.dumps(record, allow_nan=False)) == record
    assert record["summaries"][2]["mean"] is None
    assert record["summaries"][1] == {**record["summaries"][1], "name": "l2=0.1", "mean": 0.9, "verdict": "helps"}
    assert Trial.from_dict(record["trials"][0]) == trial()


def test_a_trial_that_diverged_comes_back_as_nan():
    found = Trial.from_dict(json.loads(json.dumps(trial(value=math.inf).to_dict(), allow_nan=False)))
    assert math.isnan(found.metrics["val_data_loss"])
    assert math.isnan(found.curves["val_data_loss"][0])


def test_the_text_is_a_table_that_fits():
    long = summary("weight_decay=0.01 + l2=0.001", 12.3456, "hurts", diverged=2, p_adjusted=1e-9)
    text = str(result(LOW, LOWER, WORSE, long))
    lines = text.splitlines()
    assert max(len(line) for line in lines) <= 128  # two levers, diverged: the longest there is
    header = next(line for line in lines if line.startswith("variant"))
    rows = lines[lines.index(header) + 2 : lines.index(header) + 7]
    for word, start in (("helps", "l2=0.1"), ("hurts (2 of 5 diverged)", "weight_decay")):
        row = next(r for r in rows if r.startswith(start))
        assert row.index(word) == header.index("verdict")
    assert "<0.001" in text
    assert "lower val_data_loss is better" in text
    assert "Helps: dropout=0.5, l2=0.1." in text
    assert "only large effects" in str(result(WORSE))


def test_the_html_is_escaped():
    found = result(summary("<b>&", 0.9, "helps"), metric="val_<i>")._repr_html_()
    assert "&lt;b&gt;&amp;" in found
    assert "val_&lt;i&gt;" in found
    assert "<b>" not in found
    assert "<i>" not in found


def test_a_level_of_most_studies_of_nothing_detects_nothing():
    found = study(engine=MadeUpEngine(lambda settings, epochs: 1.0, noise=0.1), confidence=0.1).run(verbose=0)
    assert math.isnan(found.detectable())
    assert math.isfinite(found.detectable(chance=0.95))
    assert found.baseline.name in str(found)  # nor does printing it ask for what cannot be told
    with pytest.raises(ValueError):
        found.detectable(seeds=0, chance=0.95)
