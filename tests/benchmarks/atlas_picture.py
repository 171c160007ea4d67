"""Heat maps of the atlas: a row for each lever and strength, a column for each task.

    python tests/benchmarks/atlas_picture.py

draws docs/atlas/*.png from docs/atlas/effects.csv.
"""

import csv
import math
import pathlib

import matplotlib.pyplot as plt
import numpy as np

from keras_regkit import levers
from keras_regkit.studies.statistics import holm

FOLDER = pathlib.Path(__file__).parents[2] / "docs" / "atlas"
PICTURES = {
    "penalties": ("penalty", "decay", "constraint", "capacity"),
    "noise": ("noise", "normalization", "stopping", "averaging"),
    "training": ("targets", "gradients", "sharpness"),
    "augmentation": ("augmentation",),
}
END = 40  # percent, where colours end


def read():
    """Returns the rows of the atlas, with numbers, and in `shown` whether Holm's correction over all leaves them."""
    with (FOLDER / "effects.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    for row in rows:
        row.update({name: float(row[name]) for name in ("effect", "low", "high", "p")})
    finite = [row for row in rows if math.isfinite(row["p"])]
    for row, p in zip(finite, holm([row["p"] for row in finite]), strict=True):
        row["shown"] = p < 0.05
    return rows


def draw(rows, title):
    """Returns a figure with a line for each lever and strength of `rows`."""
    tasks = list(dict.fromkeys(row["task"] for row in read()))
    lines = list(dict.fromkeys((row["lever"], row["strength"]) for row in rows))
    effect = np.full((len(lines), len(tasks)), np.nan)
    figure, axes = plt.subplots(figsize=(2.6 + 0.95 * len(tasks), 1.2 + 0.21 * len(lines)), layout="constrained")
    for row in rows:
        at = lines.index((row["lever"], row["strength"])), tasks.index(row["task"])
        effect[at] = np.clip(row["effect"], -999, 999)
        known = math.isfinite(row["low"])
        text = f"{effect[at]:+.0f} ± {min((row['high'] - row['low']) / 2, 999):.0f}" if known else "diverged"
        strong = abs(effect[at]) > 0.6 * END
        look = {"weight": "bold"} if row.get("shown") else {"alpha": 0.75, "style": "italic"}
        axes.text(at[1], at[0], text, ha="center", va="center", size=7, color="white" if strong else "black", **look)
    colours = plt.get_cmap("RdBu_r").with_extremes(bad="0.93")
    image = axes.imshow(effect, cmap=colours, vmin=-END, vmax=END, aspect="auto")
    axes.set_xticks(range(len(tasks)), tasks, size=8)
    axes.set_yticks(range(len(lines)), [f"{lever}  {strength}" for lever, strength in lines], size=7.5)
    axes.tick_params(top=True, labeltop=True, bottom=False, labelbottom=False, length=0)
    axes.spines[:].set_visible(False)
    axes.set_title(title, size=10)
    bar = figure.colorbar(image, ax=axes, fraction=0.025, pad=0.01, extend="both")
    bar.set_label("test loss against no lever, % (blue: lower)", size=8)
    return figure


def main():
    rows = read()
    family = {name: levers.get(name).family for name in levers.names()}
    for name, families in PICTURES.items():
        chosen = [row for kind in families for row in rows if family[row["lever"]] == kind]
        figure = draw(chosen, f"{name.capitalize()}: change of the test loss in %, and 95% interval over seeds")
        figure.savefig(FOLDER / f"{name}.png", dpi=110)
        plt.close(figure)


if __name__ == "__main__":
    main()
