"""Examples of levers that are set by hand: what their one line of usage needs around it."""

from lever_cards.hosts import DATA, HOSTS, host_of

_SERIES = """\
time = np.linspace(0, 6, 160)
features = [np.sin(2 * time), 0.5 * np.cos(3 * time), np.sign(np.sin(time))]
series = np.stack(features, -1)[None]  # (batch, steps, features)
layer = {usage}
changed = layer(series.astype("float32"), training=True)
"""
_SOUND = """\
time = np.arange(8000) / 16000
notes = [np.sin(2 * np.pi * f * time) * np.exp(-6 * np.maximum(time - t, 0)) * (time > t) for f, t in {notes}]
sound = (0.3 * sum(notes))[None].astype("float32")  # (batch, samples)
layer = {usage}
changed = layer(sound, training=True)
"""
_NOTES = "[(440, 0.0), (660, 0.15), (1320, 0.3)]"
_SPECTROGRAM = """\
time, pitch = np.mgrid[:800, :80]
tone = np.exp(-((pitch - 40 - 25 * np.sin(time / 96)) ** 2) / 30)
spectrogram = tone[None].astype("float32")  # (batch, time, frequency)
layer = {usage}
changed = layer(spectrogram, training=True)
"""
_IDS = """\
ids = np.array([[101, 7, 31, 12, 45, 9, 27, 18, 33, 21, 14, 102, 0, 0]])  # 101 begins, 102 ends, 0 pads
layer = {usage}
changed = layer(ids, training=True)
"""
_TEXTS = """\
texts = ["The quick brown fox jumps over the lazy dog", "What a wonderful film, and not a minute too long"]
{before}layer = {usage}
changed = layer(texts, training=True)
"""
_THESAURUS = """\
thesaurus = {"quick": ["fast", "swift"], "lazy": ["idle"], "wonderful": ["marvellous", "great"], "film": ["movie"]}
"""
_TRANSLATOR = """\

def translator(texts, source, target):
    # Stands for a real one, such as augmentation.text.TransformersTranslator().
    return [text.replace("quick", "swift").replace("a minute", "one minute") for text in texts]

"""
_TABLE = """\
rng = np.random.default_rng(0)
rows = rng.normal(size=(6, 6)).round(1).astype("float32")
rows[:, [3, 5]] = rng.integers(0, 3, size=(6, 2))  # two columns of categories
layer = {usage}
"""
_CHANGED_ROWS = "changed = layer(rows, training=True)\n"
_MIXED_ROWS = "labels = np.eye(2)[[0, 1, 0, 1, 0, 1]]\nchanged, mixed_labels = layer((rows, labels), training=True)\n"
_DATASET = """\
import tensorflow as tf

images = np.random.default_rng(0).integers(0, 255, size=(32, 96, 96, 3)).astype("float32")
dataset = tf.data.Dataset.from_tensor_slices((images, np.arange(32) % 10)).batch(8)
changed = {usage}
"""
_IMAGE = """\
images = np.random.default_rng(0).integers(0, 255, size=(4, 256, 256, 3)).astype("float32")
layer = {usage}
changed = layer(images, training=True)
"""
_BLOCK = """\
x = keras.Input((8,))
branch = keras.layers.Dense(8)
{before}outputs = {usage}
model = keras.Model(x, outputs)
"""
_OTHER_BRANCH = "other_branch = keras.layers.Dense(8)\n"
_WRAPPED = "{data}\n{host}\nwrapped = {usage}\nwrapped.compile({arguments})\nwrapped.fit(x, y, epochs=2, verbose=0)\n"
_COMPILED = '"adam", "sparse_categorical_crossentropy", metrics=["accuracy"]'

_OTHERS = {
    "freeze": """\
body = [keras.layers.Dense(16), keras.layers.BatchNormalization(), keras.layers.ReLU()]
backbone = keras.Sequential(body, name="backbone")
model = keras.Sequential([keras.Input((8,)), backbone, keras.layers.Dense(3, "softmax", name="head")])
{usage}
model.compile("adam", "sparse_categorical_crossentropy")
""",
    "monte_carlo_dropout": "{data}\n{host}\nspread = {usage}\n",
    "recalibrate_batch_norm": "{data}\n{host}\nx_train = x\n{usage}\n",
    "simplex": 'layer = {usage}\nmodel = keras.Sequential([keras.Input((8,)), layer])\nmodel.compile("adam", "mse")\n',
    "filter_response_normalization": """\
model = keras.Sequential(
    [
        keras.Input((32, 32, 3)),
        keras.layers.Conv2D(8, 3, use_bias=False),
        {usage},  # in place of normalization and activation
        keras.layers.GlobalAveragePooling2D(),
        keras.layers.Dense(3, "softmax"),
    ]
)
""",
    "weighted_l2": """\
{data}
{host}
model.fit(x, y, verbose=0)  # the earlier task
importance = regularizers.fisher_information(model, (x, y))
WeightedL2 = regularizers.WeightedL2
{usage}
model.compile("adam", "sparse_categorical_crossentropy")  # for the next task
""",
    "word_dropout": """\
ids = np.array([[7, 31, 12, 45, 9, 27, 18, 33, 21, 14, 0, 0]])  # 0 pads
layer = {usage}
changed = layer(ids, training=True)
""",
    "patch_dropout": """\
patches = np.random.default_rng(0).normal(size=(2, 1 + 36, 16)).astype("float32")  # a class token and 6 x 6 patches
layer = {usage}
changed = layer(patches, training=True)
""",
    "early_learning": """\
x = np.random.default_rng(0).normal(size=(256, 8)).astype("float32")
y = np.arange(256) % 10
model = keras.Sequential([keras.Input((8,)), keras.layers.Dense(16, "relu"), keras.layers.Dense(10, "softmax")])
{usage}
model.loss.attach(model)
model.fit(x, losses.index_labels(y, classes=10), verbose=0)
""",
    "jsd_consistency": """\
{data}
views = np.concatenate(np.stack([x, x + 0.1, x - 0.1], axis=1))  # each row, and two changed versions of it
labels = losses.index_labels(np.repeat(y, 3), classes=3, index=np.repeat(np.arange(len(y)), 3))
{host}
{usage}
model.fit(views, labels, batch_size=96, shuffle=False, verbose=0)
""",
    "temperature_scaling": """\
{data}
{host}
model.fit(x[:192], y[:192], epochs=3, verbose=0)
held_out = (x[192:], y[192:])
scaled = {usage}
""",
    "snapshot_ensemble": """\
{data}
{host}
snapshots = callbacks.SnapshotEnsemble(cycles=5)
model.fit(x, y, epochs=10, batch_size=64, callbacks=[snapshots], verbose=0)
ensemble = snapshots.ensemble()
""",
}


def by_hand(card):
    """Returns the example of a card that has its line of usage alone, without imports."""
    usage, comment = card.usage, ""
    if "  # " in usage:
        usage, _, comment = usage.partition("  # ")
    text = _template(card)
    if "layer = {usage}" in text or "outputs = {usage}" in text:
        usage = f"{usage}  # {comment}" if comment else usage
    usage = usage.replace('"wordnet"', "thesaurus")
    fill = {"{usage}": usage, "{host}": HOSTS[host_of(card)], "{data}": DATA, "{notes}": _NOTES}
    for sign, part in fill.items():
        text = text.replace(sign, part)
    return text


def _template(card):
    usage = card.usage
    if card.name in _OTHERS:
        return _OTHERS[card.name]
    if usage.startswith("training."):
        return _WRAPPED.replace("{arguments}", _COMPILED)
    if "mixing." in usage:
        return _DATASET
    if "image." in usage:
        return _IMAGE
    if "time_series." in usage:
        return _SERIES
    if "audio." in usage:
        return _SPECTROGRAM if card.name == "spec_augment" else _SOUND
    if "tabular." in usage:
        return _TABLE + (_MIXED_ROWS if "MixUp" in usage else _CHANGED_ROWS)
    if "text." in usage and "on strings" not in usage and "translator" not in usage:
        return _IDS
    if "text." in usage:
        before = _TRANSLATOR if "translator" in usage else _THESAURUS if "wordnet" in usage else ""
        return _TEXTS.replace("{before}", before)
    return _BLOCK.replace("{before}", _OTHER_BRANCH if "other_branch" in usage else "")
