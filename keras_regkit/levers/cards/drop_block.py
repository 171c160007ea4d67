"""DropBlock behind the convolutions."""

import keras

from keras_regkit import layers
from keras_regkit._core.checks import Interval
from keras_regkit.levers.cards._kernels import kernel_layers
from keras_regkit.levers.cards._rates import set_everywhere
from keras_regkit.levers.hidden import only
from keras_regkit.levers.lever import Lever
from keras_regkit.surgery import insert_after
from keras_regkit.surgery.graph import feeders
from keras_regkit.surgery.rebuild import is_rewritable

_CONVOLUTIONS = (keras.layers.Conv1D, keras.layers.Conv2D, keras.layers.Conv3D)
# What stands between a convolution and the place for DropBlock: behind the activation.
_PASSED = (
    keras.layers.Activation,
    keras.layers.BatchNormalization,
    keras.layers.GroupNormalization,
    keras.layers.LayerNormalization,
    keras.layers.ReLU,
    keras.layers.LeakyReLU,
    layers.FilterResponseNormalization,
    layers.GhostBatchNormalization,
)
_BLOCK = 7


def _set(model, rate):
    def put():
        convolutions = {id(layer) for layer in kernel_layers(model, _CONVOLUTIONS)} if rate else ()
        ends = [end for layer, end in _ends(model) if id(layer) in convolutions and min(_map(end)) > 1]
        return insert_after(model, only(ends), lambda end: _block_behind(end, rate))

    return set_everywhere(model, layers.DropBlock, {"rate": rate}, put)


def _block_behind(layer, rate):
    size = min(_BLOCK, *_map(layer))
    # A block as large as the map would drop all of it or nothing.
    size = size - 1 if size == min(_map(layer)) else size
    return layers.DropBlock(rate, size, data_format=_data_format(layer), name=f"drop_block_after_{layer.name}")


def _ends(model):
    """Yields each layer, and the last of the normalizations and activations that follow it."""
    by_name, takers = {layer.name: layer for layer in model.layers}, {}
    for name, sources in feeders(model).items():
        for source in sources:
            takers.setdefault(source, []).append(name)
    for layer in model.layers:
        if is_rewritable(layer):
            yield from _ends(layer)
            continue
        end = layer
        while len(takers.get(end.name, ())) == 1 and isinstance(by_name.get(takers[end.name][0]), _PASSED):
            end = by_name[takers[end.name][0]]
        yield layer, end


def _map(layer):
    """Sizes of the feature map that the layer makes; large where they are not known."""
    shape = layer.output.shape
    sizes = shape[2:] if _data_format(layer) == "channels_first" else shape[1:-1]
    return [2 * _BLOCK if size is None else size for size in sizes] or [1]


def _data_format(layer):
    return getattr(layer, "data_format", None) or keras.config.image_data_format()


DROP_BLOCK = Lever(
    name="drop_block",
    title="DropBlock",
    family="noise",
    strength="rate: the share of each feature map that is dropped in a training step",
    bounds=Interval(0, 1, closed="left"),
    strengths=(0.05, 0.1),
    equation="y = x · M · count(M) / count_ones(M), M = 0 in blocks seeded at γ = rate · Π f / (b · (f − b + 1))",
    use_when="convolutional nets overfit and dropout does nothing there: neighbours tell each other what it drops",
    trade_off="wants longer training, and a rate that rises during it; too large for small maps at the end",
    interactions=(
        ("dropout", "keep that to the dense layers behind the convolutions"),
        ("drop_path", "the same networks can take both, at lower rates each"),
    ),
    source="Ghiasi, Lin & Le 2018, DropBlock, eq. 1",
    rewrite=_set,
)
