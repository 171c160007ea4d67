"""Writes docs/guides/all_levers.md from the cards: `python tests/levers_table.py`."""

import pathlib

from keras_regkit import levers

PAGE = pathlib.Path(__file__).parents[1] / "docs" / "guides" / "all_levers.md"
FAMILIES = {
    "stopping": "Stopping",
    "penalty": "Penalties",
    "decay": "Decay",
    "constraint": "Constraints",
    "noise": "Noise",
    "normalization": "Normalization",
    "targets": "Targets",
    "gradients": "Gradients",
    "sharpness": "Sharpness and robustness",
    "averaging": "Averaging",
    "capacity": "Capacity",
    "fine-tuning": "Fine-tuning",
    "uncertainty": "Uncertainty",
    "augmentation": "Augmentation",
}


def page():
    """Returns the page as Markdown, one table for each family."""
    lines = [
        "# All levers",
        "",
        "One card each: `keras-regkit levers NAME` shows equation, strengths, interactions and source. Levers are set",
        "on a finished model by `levers.get(name).apply(model, strength)`, except for those marked *by hand*.",
    ]
    for family, title in FAMILIES.items():
        cards = [levers.get(name) for name in levers.names() if levers.get(name).family == family]
        lines += ["", f"## {title}", "", "| lever | best used when | trade-off |", "|---|---|---|"]
        lines += [f"| {_name(card)} | {_cell(card.use_when)} | {_cell(card.trade_off)} |" for card in cards]
    return "\n".join(lines) + "\n"


def _name(card):
    return f"`{card.name}`" if card.rewrite or card.make_callbacks else f"`{card.name}` (by hand)"


def _cell(text):
    return text.replace("|", "\\|")


if __name__ == "__main__":
    PAGE.write_text(page())
