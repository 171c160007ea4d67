"""Writes docs/levers from the cards: `python tests/card_pages.py`, after `--pictures [NAMES]` where a card is new.

Pages are text and are compared by a test. Pictures take minutes to draw, so they are kept, each with the mark of the
card that it was drawn from; a test tells which are of an older card.
"""

import argparse
import contextlib
import csv
import hashlib
import os
import pathlib
import tempfile

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

from lever_cards.examples import example, run
from lever_cards.stored import read, write

from keras_regkit import levers

FOLDER = pathlib.Path(__file__).parents[1] / "docs" / "levers"
EFFECTS = FOLDER.parent / "atlas" / "effects.csv"
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


def cards():
    """Returns all cards."""
    return [levers.get(name) for name in levers.names()]


def pages():
    """Returns `{file name: Markdown}`: an index, and a page for each lever."""
    effects = read_effects()
    return {"index.md": _index(), **{f"{card.name}.md": _page(card, effects.get(card.name, [])) for card in cards()}}


def mark(card):
    """Returns what a picture is marked with: it changes with whatever the picture is drawn from."""
    return hashlib.sha256(f"{example(card)}{card.strengths}".encode()).hexdigest()[:16]


def picture_path(card):
    """Returns where the picture of a card lies."""
    return FOLDER / "pictures" / f"{card.name}.png"


def read_effects(path=EFFECTS):
    """Returns `{lever: rows}` of the measured effects, or an empty dict where there are none.

    The file has the columns lever, task, metric, strength, seeds, effect, low and high: a row for each lever, task and
    strength, the change against the same training without the lever, and the ends of its 95% interval.
    """
    if not path.exists():
        return {}
    found = {}
    with path.open(newline="") as file:
        for row in csv.DictReader(file):
            found.setdefault(row["lever"], []).append(row)
    return found


def _index():
    lines = [
        "# Levers",
        "",
        f"{len(cards())} techniques, a page each: what it does, drawn; when it is best used, what it costs, what it",
        "goes with, and the paper. `keras-regkit levers NAME` shows the text in a terminal. Levers are set on a",
        "finished model by `levers.get(name).apply(model, strength)`, except for those marked *by hand*.",
    ]
    for family, title in FAMILIES.items():
        chosen = [card for card in cards() if card.family == family]
        lines += ["", f"## {title}", "", "| lever | best used when | trade-off |", "|---|---|---|"]
        lines += [f"| {_linked(card)} | {_cell(card.use_when)} | {_cell(card.trade_off)} |" for card in chosen]
    return "\n".join([*lines, "", "```{toctree}", ":hidden:", "", *levers.names(), "```"]) + "\n"


def _page(card, effects):
    told = read(picture_path(card))
    interactions = [f"- [`{other}`]({other}.md): {what}" for other, what in card.interactions]
    return "\n".join(
        [
            f"# {card.title}",
            "",
            f"`{card.name}`, of the family [{FAMILIES[card.family].lower()}](index.md).",
            "",
            f"**Best used when** {card.use_when}.",
            "",
            "```text",
            card.equation,
            "```",
            "",
            f"![What {card.name} does](pictures/{card.name}.png)",
            "",
            f"*{told.get('caption', '')}*",
            "",
            "## Strength",
            "",
            f"{_sentence(card.strength)} Legal: {card.bounds}. A study tries {_listed(card.strengths)}, light to heavy."
            if len(card.strengths) > 1
            else f"{_sentence(card.strength)} Legal: {card.bounds}. A study tries {_listed(card.strengths)}.",
            "",
            "## What it costs",
            "",
            _sentence(card.trade_off),
            "",
            "## Together with others",
            "",
            *interactions,
            "",
            "## How to apply it",
            "",
            *_applied(card, told.get("changes", "")),
            "",
            "```python",
            example(card).rstrip(),
            "```",
            "",
            "## Measured effect",
            "",
            *_measured(effects),
            "",
            "## Source",
            "",
            _sentence(card.source),
            "",
        ]
    )


def _applied(card, changes):
    if card.rewrite:
        lines = [f"`apply` returns a new compiled model, and leaves the given one as it is. Below, {changes}."]
        if card.keywords:
            said = ", ".join(f"{key}={value!r}" for key, value in card.keywords(card.strengths[-1], {}).items())
            lines += ["", f"In the template: `presets.mlp(..., {said})`."]
        return [*lines, *(["", f"By hand: `{card.usage}`."] if card.usage else [])]
    if card.make_callbacks:
        return ["It acts on `fit`, through callbacks.", *(["", f"By hand: `{card.usage}`."] if card.usage else [])]
    return ["It is set by hand, where the model or its data are written."]


def _measured(rows):
    if not rows:
        return ["Not measured yet by a study of ours."]
    seeds = " or ".join(sorted({row["seeds"] for row in rows}))
    lines = [
        "Change of the test loss against the same training without it, in percent; negative is better. With a 95%",
        f"interval over {seeds} seeds, from the [atlas](../atlas/index.md). An interval that holds 0 shows nothing.",
        "",
        "| task | strength | change | interval |",
        "|---|---|---|---|",
    ]
    for row in rows:
        told = ("diverged", "") if row["effect"] == "+inf" else (row["effect"], f"{row['low']} to {row['high']}")
        lines.append(f"| {row['task']} | {row['strength']} | {told[0]} | {told[1]} |")
    return lines


def _sentence(text):
    # A Greek letter is a symbol, which has no capital.
    return f"{text[0].upper() if text[0].isascii() else text[0]}{text[1:]}".rstrip(".") + "."


def _listed(values):
    return " and ".join(f"{value:g}" for value in values) if len(values) < 3 else ", ".join(f"{v:g}" for v in values)


def _linked(card):
    name = f"[`{card.name}`]({card.name}.md)"
    return name if card.rewrite or card.make_callbacks else f"{name} (by hand)"


def _cell(text):
    return text.replace("|", "\\|")


def draw_pictures(names):
    """Draws the pictures of these cards, having run their examples."""
    from lever_cards.changes import changes
    from lever_cards.draw import picture

    for card in (levers.get(name) for name in names):
        with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
            ran = run(card)
            told = {"changes": changes(ran)} if card.rewrite else {}
            figure, caption = picture(card)
        write(picture_path(card), figure, {"mark": mark(card), "caption": caption, **told})
        print(card.name)


def write_pages():
    """Writes all pages, and takes away those of cards that are no more."""
    new = pages()
    for old in FOLDER.glob("*.md"):
        if old.name not in new:
            old.unlink()
    for name, text in new.items():
        (FOLDER / name).write_text(text)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--pictures", nargs="*", metavar="NAME", help="draw these anew; all that are old, if none is named"
    )
    options = parser.parse_args()
    if options.pictures is not None:
        draw_pictures(options.pictures or [c.name for c in cards() if read(picture_path(c)).get("mark") != mark(c)])
    write_pages()
