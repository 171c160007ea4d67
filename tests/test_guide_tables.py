"""Tables of levers in the guides: the names are cards, and what is copied from a card is what the card says."""

import pathlib
import re

import pairs_table
import pytest

from keras_regkit import diagnosis, levers

GUIDES = pathlib.Path(__file__).parents[1] / "docs" / "guides"
FIRST = ["early_stopping", *(name for name in levers.names() if levers.get(name).keywords)]


def rows(page):
    return [line for line in (GUIDES / page).read_text().splitlines() if line.startswith("|")]


def test_all_pairs_are_those_of_the_cards():
    assert pairs_table.PAGE.read_text() == pairs_table.page(), "run `python tests/pairs_table.py` to write it anew"


def test_the_first_ten_are_as_on_their_cards():
    cards = [levers.get(name) for name in FIRST]
    expected = [f"| `{card.name}` | {card.use_when} | {card.trade_off} |" for card in cards]
    assert [row for row in rows("choosing.md") if row in expected] == expected


@pytest.mark.parametrize("page", ["choosing.md", "combining.md"])
def test_names_in_tables_are_levers(page):
    names = re.findall(r"`([a-z][a-z0-9_]*)`", "\n".join(rows(page)))
    assert len(names) > 15
    assert set(names) <= set(levers.names())


def test_the_regimes_of_the_workflow_are_those_of_the_diagnosis():
    listed = [row.split(" | ")[0].strip("| ") for row in rows("workflow.md")][2:]
    assert sorted(listed) == sorted(diagnosis.REGIMES)
