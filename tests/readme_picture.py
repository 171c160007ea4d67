"""Draws the picture of the README from a study: `python tests/readme_picture.py` (a few minutes on two cores).

Writes docs/pictures/study.png, and the figures behind it as study.csv: one row for each training.
"""

import io
import pathlib

import numpy as np
from sklearn.datasets import load_breast_cancer

import keras_regkit as rk

FOLDER = pathlib.Path(__file__).parents[1] / "docs" / "pictures"
LEVERS = {
    "early_stopping": 5,
    "l2": 1e-2,
    "dropout": 0.5,
    "weight_decay": 0.1,
    "label_smoothing": 0.1,
    "less_capacity": 0.75,
    "max_norm": 2.0,
    "l1": 1e-4,
}


def run(store=None):
    """Returns the study: the template on 80 patients, eight levers one at a time, ten seeds."""
    x, y = load_breast_cancer(return_X_y=True)
    order = np.random.default_rng(0).permutation(len(x))
    x, y = x[order], y[order]
    x = ((x - x[:80].mean(0)) / x[:80].std(0)).astype("float32")
    return rk.Study(
        lambda seed: rk.presets.mlp(30, task="binary", seed=seed),
        levers=LEVERS,
        train=(x[:80], y[:80]),
        validation=(x[80:], y[80:]),
        seeds=10,
        epochs=60,
        engine="population",
        name="breast cancer, 80 patients",
        store=store,
    ).run()


def picture(result):
    """Returns two pictures of the result, one above the other, as pixels."""
    figures = [
        result.plot(size=(9, 4.2)),
        result.plot(kind="curves", variants=["baseline", "dropout=0.5"], size=(9, 3.2)),
    ]
    from matplotlib import image

    pixels = []
    for figure in figures:
        buffer = io.BytesIO()
        figure.savefig(buffer, format="png", facecolor="white", dpi=110)
        buffer.seek(0)
        pixels.append(image.imread(buffer)[..., :3])
    return np.concatenate(pixels)


if __name__ == "__main__":
    from matplotlib import image

    FOLDER.mkdir(exist_ok=True)
    result = run()
    print(result)
    frame = result.to_frame()
    kept = ["variant", "seed", "metrics.data_loss", "metrics.val_data_loss", "metrics.val_accuracy", "epochs"]
    frame[kept].round(5).to_csv(FOLDER / "study.csv", index=False)
    image.imsave(FOLDER / "study.png", picture(result))
