"""What `show` draws of samples that are no images."""

import difflib

import keras
import numpy as np

from keras_regkit.augmentation._label_text import label_text
from keras_regkit.augmentation._sample_layer import SampleAugmentation
from keras_regkit.augmentation.augmented_dataset import is_texts
from keras_regkit.augmentation.sample_cells import HeatCell, LineCell, WordCell
from keras_regkit.augmentation.sample_grid import SampleGrid

_SHOWN_WORDS = 40
_SHOWN_FEATURES = 6


def kind_of(layer, samples):
    """Returns what the samples of a layer are called, such as `"series"`, or None where they are images."""
    if isinstance(layer, SampleAugmentation):
        return layer.key
    given = samples.get("text") if isinstance(samples, dict) else samples
    if isinstance(given, str) or is_texts(given) or getattr(getattr(given, "dtype", None), "kind", "") in "USOT":
        return "text" if given is not None else None
    return None


def sample_grid(layer, kind, samples, labels, rows, versions, class_names):
    """Returns the `SampleGrid` of samples of this kind, before and after the layer."""
    inputs = dict(samples) if isinstance(samples, dict) else {kind: samples}
    if kind not in inputs:
        raise ValueError(
            f"`samples` must be {kind}, or a dict with {kind!r}, for {type(layer).__name__}. Received: a dict with "
            f"{sorted(map(str, inputs))}"
        )
    if kind == "text":
        inputs[kind] = [inputs[kind]] if isinstance(inputs[kind], str) else list(inputs[kind])
    else:
        inputs = keras.tree.map_structure(_tensor, inputs)
        if len(inputs[kind].shape) == min(layer.ranks):
            inputs = keras.tree.map_structure(lambda part: part[None], inputs)
            labels = None if labels is None else np.asarray(labels)[None]
    # Single texts and samples alone go in bare: functions need know of no dicts.
    call = lambda: layer(inputs if isinstance(samples, dict) else inputs[kind], training=True)  # noqa: E731
    afters = [call() for _ in range(versions)]
    columns = [_values(part[kind] if isinstance(part, dict) else part, kind) for part in (inputs, *afters)]
    count = min(rows, len(columns[0]))
    titles = [""] * count if labels is None else [label_text(label, class_names) for label in labels[:count]]
    cells = tuple(tuple(_cells([column[row] for column in columns], kind, titles[row])) for row in range(count))
    return SampleGrid(cells, ("before", *[f"after, {k + 1}" for k in range(versions)]))


def _cells(versions, kind, title):
    """Yields a cell for each version of a sample; the first is as it came."""
    if kind in ("series", "audio", "spectrograms"):
        arrays = [np.asarray(version, "float32") for version in versions]
        # One scale for all of them, or a change of scale would not be seen.
        low, high = min(array.min() for array in arrays), max(array.max() for array in arrays)
        for array in arrays:
            if kind == "spectrograms":
                yield HeatCell(array if array.ndim == 2 else array[..., 0], float(low), float(high), title)
            else:
                lines = array.reshape(len(array), -1)[:, :_SHOWN_FEATURES]
                yield LineCell(lines, float(low), float(high), title)
    else:
        before = _words(versions[0], kind)
        for version in versions:
            words = _words(version, kind)
            changed = _changed(before, words, kind)
            more = len(words) > _SHOWN_WORDS
            words, changed = words[:_SHOWN_WORDS], changed[:_SHOWN_WORDS]
            yield WordCell((*words, "…") if more else words, (*changed, False) if more else changed, title)


def _words(sample, kind):
    if kind == "text":
        return tuple(sample.split())
    whole = np.asarray(sample).dtype.kind in "iub"
    return tuple(str(value) if whole else f"{value:.3g}" for value in np.asarray(sample).ravel().tolist())


def _changed(before, after, kind):
    if kind != "text":
        return tuple(a != b for a, b in zip(before, after, strict=True))
    changed = [True] * len(after)
    for block in difflib.SequenceMatcher(None, before, after, autojunk=False).get_matching_blocks():
        changed[block.b : block.b + block.size] = [False] * block.size
    return tuple(changed)


def _values(part, kind):
    if kind == "text":
        return [text.decode("utf-8", "replace") if isinstance(text, bytes) else str(text) for text in part]
    return keras.ops.convert_to_numpy(part)


def _tensor(value):
    return value if keras.ops.is_tensor(value) else keras.ops.convert_to_tensor(np.asarray(value))
