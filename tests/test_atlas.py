"""The atlas of effects is whole, and speaks of levers and strengths that there are."""

import csv
import pathlib

from keras_regkit import levers

FOLDER = pathlib.Path(__file__).parents[1] / "docs" / "atlas"


def rows():
    with (FOLDER / "effects.csv").open(newline="") as file:
        return list(csv.DictReader(file))


def test_levers_and_strengths_are_those_of_the_cards():
    for row in rows():
        card = levers.get(row["lever"])
        assert row["strength"] in {f"{strength:g}" for strength in card.strengths}
        card.check(next(strength for strength in card.strengths if f"{strength:g}" == row["strength"]))


def test_intervals_hold_their_effects_and_nulls_are_told():
    found = [(float(row["low"]), float(row["effect"]), float(row["high"])) for row in rows() if row["low"] != "nan"]
    assert all(low <= effect <= high for low, effect, high in found)
    nulls = sum(low <= 0 <= high for low, _, high in found)
    assert 0 < nulls < len(found)


def test_every_task_is_on_the_page_with_its_seeds():
    page = (FOLDER / "index.md").read_text()
    table = page.split("| task |")[1].split("\n\n")[0]
    tasks = {row["task"] for row in rows()}
    assert len(tasks) >= 6
    assert [task for task in tasks if task not in table] == []
    assert {row["seeds"] for row in rows()} == {"10"}
    pictures = sorted(path.name for path in FOLDER.glob("*.png"))
    assert len(pictures) == 4
    assert [name for name in pictures if f"({name})" not in page] == []
