"""Draws docs/pictures/house.svg from the floors that the imports are held to: `python tests/house_picture.py`."""

import pathlib

from test_architecture import FLOORS

PAGE = pathlib.Path(__file__).parents[1] / "docs" / "pictures" / "house.svg"
# What each floor is for; the floor is known by its first room.
FOR = {
    "_version": "what every room shares; backends are known here alone",
    "augmentation": "components, named as Keras names them: use a lever by hand",
    "levers": "one card for each technique",
    "presets": "start from levers that are set well",
    "diagnosis": "find the lever that is needed",
    "studies": "prove that it helps",
    "plots": "draw the records",
    "report": "one page of HTML",
    "workflow": "the whole loop",
    "cli": "the command line",
    "__init__": "the front door",
}
WIDTH, LEFT, LINE, GAP, ROOMS_A_LINE = 860, 20, 24, 8, 7


def picture():
    """Returns the drawing as SVG: a floor for each row of rooms, the ground at the bottom."""
    parts, y = [], 20
    for floor in reversed(FLOORS):
        lines = [floor[at : at + ROOMS_A_LINE] for at in range(0, len(floor), ROOMS_A_LINE)]
        height = LINE * len(lines) + 32
        parts.append(f'<rect x="{LEFT}" y="{y}" width="{WIDTH - 2 * LEFT}" height="{height}" class="floor"/>')
        parts.append(f'<text x="{LEFT + 12}" y="{y + 20}" class="for">{FOR[floor[0]]}</text>')
        for row, rooms in enumerate(lines):
            top = y + 26 + row * LINE
            for column, room in enumerate(rooms):
                x = LEFT + 12 + column * 115
                parts.append(f'<rect x="{x}" y="{top}" width="107" height="{LINE - 4}" rx="3" class="room"/>')
                parts.append(f'<text x="{x + 53}" y="{top + 14}" class="name">{room}</text>')
        y += height + GAP
    parts.append(f'<text x="{LEFT + 12}" y="{y + 16}" class="for">keras</text>')
    parts.append(f'<line x1="{LEFT}" y1="{y}" x2="{WIDTH - LEFT}" y2="{y}" class="ground"/>')
    style = (
        "text{font-family:sans-serif;fill:#333}.for{font-size:13px}.name{font-size:11px;text-anchor:middle}"
        ".floor{fill:#f4f7fa;stroke:#0072b2}.room{fill:#fff;stroke:#8a8a8a}.ground{stroke:#333;stroke-width:3}"
        ".paper{fill:#fff}"
    )
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {y + 30}" role="img">'
    title = "<title>The rooms of keras_regkit, floor by floor; imports go downwards only</title>"
    paper = f'<rect class="paper" width="{WIDTH}" height="{y + 30}"/>'
    return "\n".join([head, title, f"<style>{style}</style>", paper, *parts, "</svg>"]) + "\n"


if __name__ == "__main__":
    PAGE.parent.mkdir(exist_ok=True)
    PAGE.write_text(picture())
