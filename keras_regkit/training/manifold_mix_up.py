"""Manifold mixup: hidden states of pairs of samples mixed, and their losses alike."""

from collections.abc import Sequence
from typing import Any

import keras
from keras import ops

from keras_regkit._core.beta import smaller_share
from keras_regkit._core.checks import Interval
from keras_regkit._core.cut_points import consumers_of_inputs, cut_points
from keras_regkit._core.layer_outputs import outputs_through
from keras_regkit._core.paths import layer_paths
from keras_regkit._core.strength import Strength
from keras_regkit._core.tracking import all_layers
from keras_regkit._core.types import StrengthLike
from keras_regkit._core.where import select
from keras_regkit.training._extra_pass import check_nesting, plain_model
from keras_regkit.training._inputs import as_declared, is_float
from keras_regkit.training._noise import Handover, in_further_pass
from keras_regkit.training._wrapper import Wrapper

INPUT = "input"


@keras.saving.register_keras_serializable("keras_regkit")
class ManifoldMixUp(Wrapper):
    """Trains a model on mixtures of two samples, mixed at a layer that is drawn anew for each batch.

    Use it with a classifier that is too sure of itself between the classes, or has noisy labels. It needs no one-hot
    labels: instead of the labels the losses are mixed, which for cross-entropies is the same.

        h ← λ h + (1 − λ) h_π at a random one of the places,    λ ~ Beta(α, α),    π a random order of the batch
        L = λ ℓ(y, f) + (1 − λ) ℓ(y_π, f)

    with ℓ the compiled loss; sample weights go with their labels, penalties count once. As (λ, π) and (1 − λ, π⁻¹) are
    equally likely and make the same mixtures, λ is taken to be the larger share, so that training metrics, which are
    against y, mean something; they are lower than without mixing all the same. The model within is not changed: mixing
    takes place while it runs in a training step, so it saves, predicts and is used alone as before.

    Without `layers`, the places are the inputs, if they are floats, and every point before a layer with a kernel that
    all paths through the model pass, so that never one branch is mixed and another is not. Padded sequences are better
    mixed behind their pooling.

    Args:
        model: A built model. It is held, and trained in place.
        alpha: α of the Beta distribution, above 0: a number, or a schedule over training steps (of
            `keras_regkit.strengths`, or any `keras.optimizers.schedules` object). Small ones mix little. Defaults to 2.
        layers: Places to mix at: a list of regular expressions, searched in the paths of layers
            (`"backbone/block_3/relu"`), whose outputs are mixed; `"input"` stands for the inputs. Defaults to None: as
            above. `["input"]` is plain mixup.
        seed: Integer seed of the draws. Defaults to None.
        name: Name of the wrapper. Defaults to `"manifold_mix_up"`.
        dtype: Dtype policy. Defaults to that of `model`.

    Call arguments:
        inputs: What the model within takes; it returns what that returns.

    Raises:
        TypeError, ValueError: alpha is not above 0; `layers` are no list of strings, or one of them selects no layer,
            or the inputs where those are integers; the model is not built, has a training step of its own, or is wired
            by its own `call` and no `layers` are named.

    Reference:
        Verma et al. 2019, "Manifold Mixup: Better Representations by Interpolating Hidden States", section 2 and
        equation 1.

    Example:

    >>> layers = [keras.Input((4,)), keras.layers.Dense(8, "relu", name="hidden"), keras.layers.Dense(2, "softmax")]
    >>> model = keras.Sequential(layers)
    >>> model.compile("sgd", "sparse_categorical_crossentropy")
    >>> wrapper = ManifoldMixUp(model, alpha=2.0, seed=0)
    >>> wrapper.places
    ('input', 'hidden')
    >>> history = wrapper.fit(np.ones((4, 4)), np.array([0, 1, 0, 1]), verbose=0)
    """

    RANGES = {"alpha": Interval(0, closed="neither")}  # noqa: RUF012

    changes_first_pass = True

    def __init__(
        self,
        model: keras.Model,
        alpha: StrengthLike = 2.0,
        layers: Sequence[str] | None = None,
        seed: int | None = None,
        **kwargs: Any,
    ):
        super().__init__(model, **kwargs)
        check_nesting(self)
        self._strength = Strength("alpha", alpha, self.RANGES["alpha"], owner=self.name)
        self.seed = seed
        self.seed_generator = keras.random.SeedGenerator(seed)
        places = _find_places(plain_model(self), layers)
        # Out of sight of Keras: the layers are the model's, and would be saved as the wrapper's too.
        self._places = lambda: places
        self._layers_given = None if layers is None else tuple(layers)
        self._drawn = Handover()

    @property
    def alpha(self):
        """α as it was given: a number or a schedule."""
        return self._strength.given

    @property
    def places(self):
        """Where hidden states are mixed: `"input"`, and the paths of layers."""
        return tuple(self._places())

    def call(self, inputs, training=None):
        if not training or in_further_pass():
            return super().call(inputs, training=training)
        leaves = as_declared(plain_model(self), inputs)
        drawn = self._uniform((3,))
        share = 1 - smaller_share(self._strength.advance(), drawn[0], drawn[1], ops)
        order = ops.argsort(self._uniform((ops.shape(leaves[0])[0],)))
        place = ops.floor(drawn[2] * len(self._places()))
        self._drawn.value = share, order
        mixers = [
            (layer, _Mixer(name, ops.where(place == number, share, 1.0), order))
            for number, (name, layer) in enumerate(self._places().items())
        ]
        for layer, mix in mixers:
            if layer is None:
                inputs = mix(keras.tree.pack_sequence_as(inputs, leaves))
        with outputs_through((layer, mix) for layer, mix in mixers if layer is not None):
            return super().call(inputs, training=training)

    def training_loss(self, loss, x, y, y_pred, sample_weight):
        drawn = self._drawn.take()
        if drawn is None:  # the predictions are not from a training pass
            return loss
        for each in keras.tree.flatten(self._outermost().loss):
            if getattr(each, "rows_in_groups", False):
                raise ValueError(
                    f"ManifoldMixUp mixes the rows of a batch in a random order, and {each.name!r} needs them in "
                    "groups: use one of the two"
                )
        share, order = drawn
        partners = keras.tree.map_structure(lambda leaf: _reordered(leaf, order), (y, sample_weight))
        change = self.data_loss(partners[0], y_pred, partners[1]) - self.data_loss(y, y_pred, sample_weight)
        return loss + ops.cast((1 - share) * change, loss.dtype)

    def get_config(self):
        layers = None if self._layers_given is None else list(self._layers_given)
        config = {"alpha": self._strength.config(), "layers": layers, "seed": self.seed}
        return {**super().get_config(), **config}

    def _uniform(self, shape):
        return keras.random.uniform(shape, dtype="float32", seed=self.seed_generator)


class _Mixer:
    """Mixes what a place puts out, once in a pass."""

    def __init__(self, name, share, order):
        self.name = name
        self.share = share
        self.order = order
        self.used = False

    def __call__(self, outputs):
        if self.used:
            raise ValueError(
                f"`layers` must select layers that are called once in a pass. Received: {self.name!r}, which is called "
                "more than once, so that states would be mixed twice. Select a layer before or after it"
            )
        self.used = True
        return keras.tree.map_structure(self._mixed, outputs)

    def _mixed(self, tensor):
        if not is_float(tensor) or not len(tensor.shape):
            return tensor
        share, rest = ops.cast(self.share, tensor.dtype), ops.cast(1 - self.share, tensor.dtype)
        return share * tensor + rest * _reordered(tensor, self.order)


def _reordered(tensor, order):
    return None if tensor is None else ops.take(tensor, order, axis=0)


def _find_places(model, layers):
    """Returns `{name: layer}` for the places to mix at, with None for the inputs."""
    if layers is None:
        return _places_of(model)
    if not isinstance(layers, (list, tuple)) or not layers or not all(isinstance(entry, str) for entry in layers):
        raise TypeError(
            f"`layers` must be None or a list of strings, regular expressions on the paths of layers or {INPUT!r}. "
            f"Received: {layers!r}"
        )
    places = {}
    for entry in layers:
        if entry == INPUT:
            if not _has_float_inputs(model):
                raise ValueError(
                    f"`layers` must not name {INPUT!r} for inputs that are integers, or go into an embedding. "
                    f"Received: {layers!r}. Name the embedding itself, or a layer behind it"
                )
            places[INPUT] = None
        else:
            places.update(_outer_ones(select(model, entry)))
    return places


def _outer_ones(selected):
    """Leaves out the parts of layers that are selected as a whole, such as the cell of a recurrent layer."""
    whole = [layer for layer in selected.values() if not isinstance(layer, keras.Model)]
    parts = {id(part) for layer in whole for part in all_layers(layer)[1:]}
    return {path: layer for path, layer in selected.items() if id(layer) not in parts}


def _places_of(model):
    found = cut_points(model)
    if found is None:
        raise ValueError(
            f"`layers` must be named for {model.name!r} of class {type(model).__name__}, which is wired by its own "
            f"`call`: a list of regular expressions on the paths of its layers, or {INPUT!r}. Received: None"
        )
    paths = {id(layer): path for path, layer in layer_paths(model).items()}
    places = {INPUT if layer is None else paths[id(layer)]: layer for layer in found}
    if not _has_float_inputs(model):
        places.pop(INPUT, None)
    if not places:
        raise ValueError(
            f"`layers` must be named for {model.name!r}: it has no point before a kernel that all paths pass, and no "
            "inputs that are floats. Received: None"
        )
    return places


def _has_float_inputs(model):
    inputs = getattr(model, "inputs", None) or []
    embedded = any(isinstance(layer, keras.layers.Embedding) for layer in consumers_of_inputs(model))
    return not embedded and all(is_float(tensor) for tensor in inputs)
