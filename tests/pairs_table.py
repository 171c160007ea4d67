"""Writes docs/guides/all_pairs.md from the cards: `python tests/pairs_table.py`."""

import pathlib

from card_pages import FAMILIES

from keras_regkit import levers

PAGE = pathlib.Path(__file__).parents[1] / "docs" / "guides" / "all_pairs.md"


def page():
    """Returns the page as Markdown, one table for each family."""
    lines = [
        "# All pairs",
        "",
        "What the card of each lever says about others. [Combining levers](combining.md) has the rules behind it.",
    ]
    for family, title in FAMILIES.items():
        cards = [levers.get(name) for name in levers.names() if levers.get(name).family == family]
        rows = [f"| `{card.name}` | `{other}` | {_cell(text)} |" for card in cards for other, text in card.interactions]
        if rows:
            lines += ["", f"## {title}", "", "| lever | with | what to know |", "|---|---|---|", *rows]
    return "\n".join(lines) + "\n"


def _cell(text):
    return text.replace("|", "\\|")


if __name__ == "__main__":
    PAGE.write_text(page())
