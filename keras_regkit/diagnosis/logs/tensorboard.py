"""Event files of TensorBoard: those of Keras' callback, and scalars that other writers leave."""

import collections

import numpy as np

from keras_regkit._core.extras import require
from keras_regkit.diagnosis.logs.keras_names import keras_name
from keras_regkit.diagnosis.logs.log import Log

_SPLITS = {"train": "train", "validation": "val", "val": "val", "valid": "val", "eval": "val", "test": "test"}


def event_files(folder):
    """Returns the event files below `folder`, oldest first, by the name of the folder they lie in.

    Args:
        folder: A path.

    Returns:
        Dict of lists of paths; `""` for those directly within.
    """
    found = collections.defaultdict(list)
    # TensorBoard names a run by its folder; Keras makes two runs, train and validation.
    for path in sorted(folder.rglob("*tfevents*")):
        if path.is_file():
            found[path.parent.relative_to(folder).as_posix().removeprefix(".")].append(path)
    return dict(found)


def read_tensorboard(path):
    """Returns the `Log` of an event file, or of a folder of them as `keras.callbacks.TensorBoard(log_dir)` leaves it.

    Of Keras' callback the curves of epochs are read, from `train` and `validation`. Of other writers each scalar is
    read, under the name that Keras would have given it (`Loss/train` is `loss`); its points are numbered by step.

    Args:
        path: A folder or a file.

    Raises:
        ImportError: `tensorboard` is not installed.
        ValueError: no scalars in it, or several trainings.
    """
    runs = event_files(path) if path.is_dir() else {"": [path]}
    # The profiler and nested callbacks of Keras leave event files without scalars.
    scalars = {run: _scalars(files) for run, files in runs.items()}
    scalars = {run: values for run, values in scalars.items() if values}
    if not scalars:
        raise ValueError(
            f"'{path}' holds no scalars: expected event files of `keras.callbacks.TensorBoard`, with 'epoch_loss'. "
            f"Received: {sum(map(len, runs.values()))} event file(s) without any"
        )
    trainings = {run.rpartition("/")[0] if run.rpartition("/")[2] in _SPLITS else run for run in scalars}
    if len(trainings) > 1:
        raise ValueError(
            f"'{path}' holds several trainings: {sorted(trainings)[:6]}. Pass the folder of one, or a list, one for "
            "each seed."
        )
    columns = {}
    for run, tags in scalars.items():
        split = _SPLITS.get(run.rpartition("/")[2])
        for tag, points in tags.items():
            name = _name(tag, split, any(t.startswith("epoch_") for t in tags))
            if name is not None and points:
                steps = sorted(points)
                columns[name] = np.array(steps), np.array([points[step] for step in steps])
    return Log(columns)


def _name(tag, split, of_keras):
    if of_keras:
        if not tag.startswith("epoch_"):
            return None  # batch_loss and evaluation_loss_vs_iterations count other things
        name = tag.removeprefix("epoch_")
    else:
        name = keras_name(tag)
    if split == "test":
        return f"test_{name}"
    return f"val_{name}" if split == "val" and not name.startswith("val_") else name


def _scalars(files):
    """Returns `{tag: {step: value}}`; where a step was written twice, the last holds."""
    # TensorBoard's own reader knows the old form of scalars and the new; it keeps no histograms that we do not ask for.
    loader = require("tensorboard.backend.event_processing.event_file_loader", extra="export", purpose="Reading events")
    tensor_util = require("tensorboard.util.tensor_util", extra="export", purpose="Reading events")
    found = collections.defaultdict(dict)
    for file in files:
        for event in loader.EventFileLoader(str(file)).Load():
            for value in event.summary.value:
                # 1 and 2 are TensorFlow's numbers for float32 and float64.
                if value.HasField("tensor") and value.tensor.dtype in (1, 2) and not value.tensor.tensor_shape.dim:
                    found[value.tag][event.step] = float(tensor_util.make_ndarray(value.tensor))
    return found
