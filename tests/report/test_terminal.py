"""The outcome of a run in terminals of any width."""

import io

import pytest
from fake_decision import decision

from keras_regkit.report import print_decision


@pytest.mark.parametrize("width", [72, 80, 160])
def test_no_name_and_no_number_is_cut(width):
    made, file = decision(), io.StringIO()
    print_decision(made, file=file, width=width)
    text = file.getvalue()
    assert "…" not in text
    lines = text.splitlines()
    assert max(map(len, lines)) <= max(width, 100)  # the diagnosis has lines of its own
    study = text.split("One knob at a time")[1].split("Combination")[0].splitlines()
    for summary in made.result.summaries[1:]:
        (row,) = [line for line in study if line.startswith(f"{summary.name} ")]
        assert f"[{summary.low:+.3g}, {summary.high:+.3g}]" in row
        assert summary.verdict in row
    assert ("p (Holm)" in text) == (width == 160)
