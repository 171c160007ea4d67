"""Penalties put on models that exist, and taken off."""

from functools import partial

import keras
import numpy as np
import pytest
from keras import layers

from keras_regkit import surgery
from keras_regkit._core.paths import weight_paths
from keras_regkit._core.tracking import sublayers
from keras_regkit._core.warnings import NoEffectWarning
from keras_regkit.layers import ConcreteDropout
from keras_regkit.regularizers import L2SP, GroupLasso, Orthogonal, Scheduled, SparseGroupLasso, SpectralNorm

# Keras' variables warn when NumPy reads them, and `pytest.warns` repeats what the configuration ignores.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")

X = np.random.default_rng(0).normal(size=(8, 5, 4)).astype("float32")
L2 = keras.regularizers.L2


def zoo():
    """Every way in which Keras keeps kernels."""
    inputs = keras.Input((5, 4))
    x = layers.MultiHeadAttention(2, 3, name="mha")(inputs, inputs)
    x = layers.Bidirectional(layers.LSTM(3, return_sequences=True), name="bi")(x)
    x = layers.TimeDistributed(layers.Dense(4), name="each")(x)
    x = layers.SeparableConv1D(3, 2, name="separable")(x)
    x = layers.DepthwiseConv1D(2, name="depthwise")(x)
    x = layers.LayerNormalization(axis=(1, 2), name="norm")(x)
    x = layers.GRU(2, name="gru")(x)
    inner = keras.Sequential([keras.Input((2,)), layers.Dense(3, name="hidden")], name="inner")
    model = keras.Model(inputs, layers.Dense(1, name="out")(inner(x)))
    return model


KERNELS = {
    "mha/query/kernel",
    "mha/key/kernel",
    "mha/value/kernel",
    "mha/attention_output/kernel",
    "bi/forward_lstm/lstm_cell/kernel",
    "bi/forward_lstm/lstm_cell/recurrent_kernel",
    "bi/backward_lstm/lstm_cell/kernel",
    "bi/backward_lstm/lstm_cell/recurrent_kernel",
    "each/dense/kernel",
    "separable/depthwise_kernel",
    "separable/pointwise_kernel",
    "depthwise/kernel",
    "gru/gru_cell/kernel",
    "gru/gru_cell/recurrent_kernel",
    "inner/hidden/kernel",
    "out/kernel",
}


def bare(paths):
    """Paths without the counters of automatic names."""
    return {path.replace("_1/", "/") for path in paths}


@pytest.fixture(autouse=True)
def fresh_names():
    keras.utils.clear_session()


def small(name="body"):
    return keras.Sequential([keras.Input((4,)), layers.Dense(3, name=name), layers.Dense(1, name="head")], name="small")


def squares(model, chosen):
    """Σ w² by NumPy, over the kernels whose path is chosen."""
    return sum(
        float((keras.ops.convert_to_numpy(w.variable) ** 2).sum()) for w in weight_paths(model) if chosen(w.path)
    )


def losses(model):
    return sum(float(keras.ops.convert_to_numpy(value)) for value in model.losses)


@pytest.fixture(scope="module")
def penalized():
    keras.utils.clear_session()
    model = zoo()
    return model, surgery.attach(model, L2(0.1))


def test_kernels_of_every_kind_are_found_and_nothing_else(penalized):
    model, changes = penalized
    assert bare(changes) == KERNELS
    assert all(isinstance(regularizer, L2) for regularizer in changes.values())
    assert set(changes.before.values()) == {None}
    expected = 0.1 * squares(model, lambda path: path in changes)
    assert losses(model) == pytest.approx(expected, rel=1e-5)
    penalties = surgery.penalty(model)
    assert set(penalties) == {*changes, "total"}
    assert penalties["total"] == pytest.approx(expected, rel=1e-5)
    assert penalties["out/kernel"] == pytest.approx(0.1 * squares(model, lambda path: path == "out/kernel"), rel=1e-5)
    assert repr(changes).startswith("16 changes\n  mha/query/kernel: None -> L2(l2=0.1)")


@pytest.mark.parametrize("way", ["clone", "file"])
def test_it_survives_copies(penalized, way, tmp_path):
    model, _ = penalized
    if way == "clone":
        new = keras.models.clone_model(model)
        new.set_weights(model.get_weights())
    else:
        model.save(tmp_path / "model.keras")
        new = keras.saving.load_model(tmp_path / "model.keras")
    assert surgery.penalty(new) == pytest.approx(surgery.penalty(model), rel=1e-5)


def test_detach_takes_all_off_for_good(tmp_path):
    model = zoo()
    surgery.attach(model, "l2", min_rank=1)
    changes = surgery.detach(model)
    assert "mha/query/bias" in changes
    assert all(now is None for now in changes.values())
    assert all(isinstance(old, L2) for old in changes.before.values())
    assert (model.losses, surgery.penalty(model)) == ([], {"total": 0.0})
    model.save(tmp_path / "model.keras")
    assert surgery.penalty(keras.saving.load_model(tmp_path / "model.keras")) == {"total": 0.0}
    with pytest.warns(NoEffectWarning, match="No weight had a penalty"):
        assert surgery.detach(model) == {}


def test_one_kernel_of_attention_cannot_be_saved():
    model = zoo()
    with pytest.warns(UserWarning, match=r"will not survive saving.*mha/query/kernel"):
        surgery.attach(model, "l2", where="mha/query")
    surgery.attach(model, "l2")
    with pytest.warns(UserWarning, match=r"will not survive saving.*mha/query/kernel"):
        surgery.detach(model, where="mha/query")


@pytest.mark.parametrize(
    ("where", "expected"),
    [
        ("^out$", {"out/kernel"}),
        ("inner/h", {"inner/hidden/kernel"}),
        (layers.GRU, {"gru/gru_cell/kernel", "gru/gru_cell/recurrent_kernel"}),
        (
            (layers.SeparableConv1D, layers.DepthwiseConv1D),
            {p for p in KERNELS if p.split("/")[0][-2:] in ("le", "se")},
        ),
        (lambda layer: layer.name == "inner", {"inner/hidden/kernel"}),
    ],
)
def test_where(where, expected):
    assert bare(surgery.attach(zoo(), "l2", where=where)) == expected


def test_ranks():
    model = zoo()
    everything = surgery.attach(model, "l2", min_rank=1)
    # Attention's biases and this normalization's scale are stored as matrices, and are none.
    vectors = {path for path in everything if path.rsplit("_")[-1].rsplit("/")[-1] in ("bias", "gamma", "beta")}
    assert {"mha/query/bias", "norm/gamma", "gru/gru_cell/bias"} <= bare(vectors)
    assert bare(set(everything) - vectors) == KERNELS
    assert surgery.attach(zoo(), "l2", where="separable|gru", min_rank=3).keys() == {
        "separable/depthwise_kernel",
        "separable/pointwise_kernel",
    }


def test_subclassed_models_are_changed_but_cannot_save_it():
    class Own(keras.Model):
        def __init__(self):
            super().__init__()
            self.dense = layers.Dense(3, name="dense")
            self.scale = self.add_weight(shape=(2, 2), name="matrix")

        def call(self, x):
            return self.dense(x)

    model = Own()
    with pytest.raises(ValueError, match="must be built"):
        surgery.attach(model, "l2", where="dense")
    model(X[:, 0])
    with pytest.warns(UserWarning, match=r"will not survive saving.*'matrix', 'dense/kernel'"):
        assert set(surgery.attach(model, "l2")) == {"dense/kernel", "matrix"}
    assert len(model.losses) == 2


def test_a_function_is_asked_for_each_weight():
    model = small()

    def by_size(variable):
        return L2(1 / variable.shape[0]) if variable.shape[0] > 3 else None

    changes = surgery.attach(model, by_size)
    assert list(changes) == ["body/kernel"]
    assert losses(model) == pytest.approx(0.25 * squares(model, lambda path: path == "body/kernel"), rel=1e-5)
    with pytest.raises(TypeError, match=r"must return a regularizer.*Received: float"):
        surgery.attach(model, lambda variable: 0.1)


def test_what_was_there_is_told_or_refused():
    model = small()
    surgery.attach(model, L2(0.1), where="body")
    with pytest.raises(ValueError, match=r"overwrite=False.*body/kernel"):
        surgery.attach(model, "l1", overwrite=False)
    assert surgery.penalty(model).keys() == {"body/kernel", "total"}
    changes = surgery.attach(model, keras.regularizers.L1(0.2))
    assert isinstance(changes.before["body/kernel"], L2)
    assert changes.before["head/kernel"] is None
    with pytest.warns(NoEffectWarning, match="did not have"):
        assert surgery.attach(model, keras.regularizers.L1(0.2)) == {}


def test_the_next_fit_sees_it_and_the_optimizer_goes_on():
    model = small()
    model.compile(keras.optimizers.SGD(0.1, momentum=0.5), "mse")
    x, y = np.zeros((4, 4), "float32"), np.zeros((4, 1), "float32")
    model.fit(x, y, verbose=0)
    model.evaluate(x, y, verbose=0)
    before = {w.path: np.array(keras.ops.convert_to_numpy(w.variable)) for w in weight_paths(model)}
    # Without data to learn from, a step is the penalty's alone: w − 0.1 · 2 · 0.5 · w.
    surgery.attach(model, L2(0.5))
    penalty = 0.5 * squares(model, lambda path: path.endswith("kernel"))
    assert model.evaluate(x, y, verbose=0) == pytest.approx(penalty, rel=1e-5)
    model.fit(x, y, verbose=0)
    for path in ("body/kernel", "head/kernel"):
        now = keras.ops.convert_to_numpy(next(w.variable for w in weight_paths(model) if w.path == path))
        np.testing.assert_allclose(now, 0.9 * before[path], rtol=1e-5)
    assert int(model.optimizer.iterations) == 2
    surgery.detach(model)
    assert model.evaluate(x, y, verbose=0) == pytest.approx(0, abs=1e-6)


def test_frozen_weights_are_told():
    model = small()
    model.get_layer("body").trainable = False
    with pytest.warns(NoEffectWarning, match=r"frozen weights do not count.*body/kernel"):
        changes = surgery.attach(model, "l2", min_rank=1)
    assert set(changes) == {"body/kernel", "body/bias", "head/kernel", "head/bias"}
    assert set(surgery.penalty(model)) == {"head/kernel", "head/bias", "total"}


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"where": "no such"}, ValueError, r"select at least one layer of 'small'.*'no such'.*\['body', 'head'\]"),
        ({"where": "("}, ValueError, "valid regular expression"),
        ({"where": 3}, TypeError, "`where` must be a regular expression"),
        ({"min_rank": 3}, ValueError, r"at least one weight of 'small'.*min_rank=3.*'body/kernel': 2"),
        ({"min_rank": 1.5}, TypeError, "`min_rank` must be an integer"),
        ({"regularizer": None}, TypeError, r"surgery\.detach.*None"),
        ({"regularizer": layers.Dense}, TypeError, "`regularizer` must be a regularizer object"),
        ({"regularizer": layers.ReLU()}, TypeError, "`regularizer` must be a regularizer object"),
        ({"where": layers.Dense(1, name="given")}, TypeError, "its path or name.*its class.*'given' of class Dense"),
        ({"model": 3}, TypeError, "`model` must be a Keras model. Received: 3"),
        ({"regularizer": "no such"}, ValueError, "no such"),
    ],
)
def test_bad_arguments(arguments, error, message):
    with pytest.raises(error, match=message):
        surgery.attach(**{"model": small(), "regularizer": "l2", **arguments})


def test_a_class_stands_for_its_defaults():
    changes = surgery.attach(small(), GroupLasso)
    assert {type(regularizer) for regularizer in changes.values()} == {GroupLasso}
    changes = surgery.attach(small(), lambda variable: L2)
    assert {type(regularizer) for regularizer in changes.values()} == {L2}


def test_a_layers_own_term_is_neither_taken_off_nor_replaced():
    inner = layers.Dense(3, kernel_regularizer=L2(0.1), name="inner")
    model = keras.Sequential([keras.Input((4,)), ConcreteDropout(inner, seed=1, name="drop")])
    logit, own = model.layers[0].logit, model.layers[0].logit.regularizer
    assert set(surgery.penalty(model)) == {"drop/logit", "drop/inner/kernel", "total"}
    assert not any("logit" in path for path in surgery.attach(model, "l2", min_rank=0))
    assert set(surgery.detach(model)) == {"drop/inner/kernel", "drop/inner/bias"}
    assert logit.regularizer == own
    assert len(model.losses) == 1


class BackendError(Exception):
    """Made from more than a message, as some errors of the backends are."""

    def __init__(self, node, message):
        super().__init__(message)
        self.node = node


class Failing(keras.regularizers.Regularizer):
    def __call__(self, x):
        if x.shape[0] == 3:
            raise BackendError("node", "no such shape")
        return keras.ops.sum(x)


def test_a_penalty_that_does_not_fit_changes_nothing():
    model = small()
    before = surgery.attach(model, L2(0.1))
    with pytest.raises(ValueError, match=r"^head/kernel: `reference` must have the shape"):
        surgery.attach(model, L2SP(0.1, np.zeros((4, 3))))
    with pytest.raises(BackendError, match="no such shape") as caught:
        surgery.attach(model, Failing())
    assert "head/kernel" in caught.value.__notes__[0]
    for weight in weight_paths(model):
        assert weight.variable.regularizer is before.get(weight.path)


def test_trying_a_penalty_does_not_move_its_schedule():
    model = small()
    penalty = Scheduled("l2", keras.optimizers.schedules.PolynomialDecay(1.0, 10, 0.0))
    surgery.attach(model, penalty)
    assert [int(keras.ops.convert_to_numpy(v)) for v in penalty.variables] == [0]


def images(make):
    return keras.Sequential([keras.Input((6, 6, 4)), make(name="image")], name="images")


@pytest.mark.parametrize(
    ("make", "regularizer", "message"),
    [
        (partial(layers.DepthwiseConv2D, 3), GroupLasso(), r"image/kernel .*depthwise kernel, give axis=\(0, 1\)"),
        (partial(layers.SeparableConv2D, 5, 3), Orthogonal(), "depthwise_kernel .*Orthogonal does not support it"),
        (partial(layers.Conv2DTranspose, 5, 3), SparseGroupLasso(), r"transposed .*give axis=\(0, 1, 3\)"),
        (partial(layers.Conv2DTranspose, 5, 3), GroupLasso(0.1, "inputs"), r"give axis=\(0, 1, 2\)"),
        (partial(layers.Conv2DTranspose, 5, 3), SpectralNorm(), "SpectralNorm does not support it"),
        (partial(layers.DepthwiseConv2D, 3), Scheduled(GroupLasso(), 1.0), r"give axis=\(0, 1\)"),
    ],
)
def test_units_that_lie_elsewhere_are_told(make, regularizer, message):
    with pytest.warns(UserWarning, match=message):
        surgery.attach(images(make), regularizer)


@pytest.mark.parametrize(
    ("make", "regularizer"),
    [
        (partial(layers.DepthwiseConv2D, 3), GroupLasso(axis=(0, 1))),
        (partial(layers.DepthwiseConv2D, 3), GroupLasso(0.1, "inputs")),
        (partial(layers.Conv2DTranspose, 5, 3), L2(0.1)),
        (partial(layers.Conv2D, 5, 3), Orthogonal()),
    ],
)
def test_units_that_lie_where_they_are_looked_for(make, regularizer):
    assert list(surgery.attach(images(make), regularizer)) == ["image/kernel"]  # warnings are errors


def test_changes_are_told_in_short_lines():
    changes = surgery.attach(small(), lambda weight: L2SP(0.25, weight))
    assert "body/kernel: None -> L2SP(strength=0.25, reference=…)" in repr(changes)
    changes = surgery.attach(small(), Scheduled("l2", 0.5, name="a_name_that_is_very_long_and_goes_on_and_on_for_ever"))
    line = repr(changes).splitlines()[1].split(" -> ")[1]
    assert line.startswith("Scheduled(regularizer=L2(…), strength=0.5")
    assert len(line) <= 60


@keras.saving.register_keras_serializable("tests")
class Held(layers.Layer, keras.regularizers.Regularizer):
    """A regularizer that is a layer: its strength is a weight."""

    def __init__(self, strength=0.5, **kwargs):
        super().__init__(dtype="float32", **kwargs)
        self.given = strength
        self.strength = self.add_weight(
            shape=(),
            initializer=keras.initializers.Constant(strength),
            trainable=False,
            autocast=False,
            name="strength",
        )
        self.built = True

    def __call__(self, x):
        return self.strength.value * keras.ops.sum(keras.ops.square(x))

    def load_own_variables(self, store):
        if len(store.keys()):
            super().load_own_variables(store)

    def get_config(self):
        return {"strength": self.given, "name": self.name}

    @classmethod
    def from_config(cls, config):
        return cls(**config)


def test_a_regularizer_that_is_a_layer_is_adopted():
    model = small()
    model.compile("sgd", "mse")
    x, y = X[:, 0], X[:, 0, :1]
    model.fit(x, y, verbose=0)
    held = Held()
    surgery.attach(model, held)
    assert sum(variable is held.strength for variable in model.variables) == 1
    assert losses(model) == pytest.approx(0.5 * squares(model, lambda p: p.endswith("kernel")), rel=1e-5)
    model.fit(x, y, verbose=0)
    held.strength.assign(2.0)  # compiled steps see the weight, not the number it had
    penalty = surgery.penalty(model)["total"]
    assert penalty == pytest.approx(2 * squares(model, lambda p: p.endswith("kernel")), rel=1e-5)
    with_it = model.evaluate(x, y, verbose=0)
    held.strength.assign(0.0)
    assert with_it - model.evaluate(x, y, verbose=0) == pytest.approx(penalty, rel=1e-4)
    # Replaced by one that is no layer, it is let go.
    surgery.attach(model, L2(0.1))
    assert not any(variable is held.strength for variable in model.variables)
    assert all(sublayers(layer) == [] for layer in model.layers)
    with pytest.raises(ValueError, match="cannot add new elements of state"):
        model.get_layer("body").another = layers.Dense(1)  # locked again


def test_a_regularizer_that_is_a_layer_is_saved_with_its_state(tmp_path):
    model = small()
    surgery.attach(model, lambda variable: Held())  # one for each weight
    for layer in model.layers:
        layer.kernel_regularizer.strength.assign(2.0)
    model.save(tmp_path / "model.keras")
    expected = 2 * squares(model, lambda path: path.endswith("kernel"))
    assert surgery.penalty(keras.saving.load_model(tmp_path / "model.keras"))["total"] == pytest.approx(
        expected, rel=1e-5
    )


def test_names_of_this_package_are_known():
    changes = surgery.attach(zoo(), "Orthogonal", where=keras.layers.Dense)
    assert {type(regularizer).__name__ for regularizer in changes.values()} == {"Orthogonal"}
    for name in ("NoSuchPenalty", "Dropout"):
        with pytest.raises(ValueError, match=name):
            surgery.attach(zoo(), name)
