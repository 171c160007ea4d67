import keras
import numpy as np
import pytest

from keras_regkit import testing
from keras_regkit.losses import LabelSmoothing
from keras_regkit.presets.mlp import RANGES, mlp

X = np.random.default_rng(0).normal(size=(32, 6)).astype("float32")
Y = (X[:, :1] > 0).astype("float32")


def template():
    """The documented template, written out with Keras alone."""
    blocks = []
    for units in (256, 128):
        blocks += [
            keras.layers.Dense(units, use_bias=False, kernel_regularizer=keras.regularizers.L2(1e-4)),
            keras.layers.BatchNormalization(),
            keras.layers.Activation("relu"),
            keras.layers.Dropout(0.2),
        ]
    model = keras.Sequential([keras.Input((6,)), *blocks, keras.layers.Dense(1)])
    model.compile(
        keras.optimizers.Adam(),
        keras.losses.BinaryCrossentropy(from_logits=True),
        metrics=[keras.metrics.BinaryAccuracy(name="accuracy", threshold=0.0)],
    )
    return model


def without_identity(config):
    """The config without names and seeds, which are the model's own."""
    if isinstance(config, dict):
        return {k: without_identity(v) for k, v in config.items() if k not in ("name", "seed")}
    if isinstance(config, (list, tuple)):
        return [without_identity(item) for item in config]
    return config


def layers_of(model, cls):
    return [layer for layer in model.layers if isinstance(layer, cls)]


def values(variables):
    return [keras.ops.convert_to_numpy(v) for v in variables]


def test_with_its_defaults_it_is_the_template():
    ours, reference = mlp(6), template()
    assert [type(layer) for layer in ours.layers] == [type(layer) for layer in reference.layers]
    for layer, expected in zip(ours.layers, reference.layers, strict=True):
        assert without_identity(layer.get_config()) == without_identity(expected.get_config())
    assert without_identity(ours.optimizer.get_config()) == without_identity(reference.optimizer.get_config())
    assert ours.loss.get_config() == reference.loss.get_config()
    reference.set_weights(ours.get_weights())
    expected = reference.evaluate(X, Y, verbose=0, return_dict=True)
    assert ours.evaluate(X, Y, verbose=0, return_dict=True) == pytest.approx(expected, rel=1e-5)


def test_metric_of_the_template_is_the_share_of_right_signs():
    model = mlp(6, seed=0)
    logits = model.predict(X, verbose=0)
    assert model.evaluate(X, Y, verbose=0)[1] == pytest.approx(np.mean((logits > 0) == Y))


@pytest.mark.parametrize(
    ("task", "outputs", "loss", "metric"),
    [
        ("binary", 1, keras.losses.BinaryCrossentropy, "accuracy"),
        ("multiclass", 3, keras.losses.SparseCategoricalCrossentropy, "accuracy"),
        ("regression", 1, keras.losses.MeanSquaredError, "mae"),
    ],
)
def test_task_decides_loss_and_metric(task, outputs, loss, metric):
    model = mlp(6, None if outputs == 1 else outputs, task, units=4)
    assert type(model.loss) is loss
    assert model.output_shape == (None, outputs)
    history = model.fit(X, Y, verbose=0)
    assert set(history.history) == {"loss", metric}


def test_knobs_reach_the_layers():
    model = mlp(6, units=(5, 4), l1=1e-3, l2=0, max_norm=2.0, activation="gelu", dropout=(0.5, 0.1), name="table")
    assert model.name == "table"
    hidden = layers_of(model, keras.layers.Dense)[:-1]
    assert [layer.units for layer in hidden] == [5, 4]
    assert [type(layer.kernel_regularizer) for layer in hidden] == [keras.regularizers.L1] * 2
    assert [layer.kernel_constraint.max_value for layer in hidden] == [2.0, 2.0]
    assert [layer.activation.__name__ for layer in layers_of(model, keras.layers.Activation)] == ["gelu", "gelu"]
    assert [layer.rate for layer in layers_of(model, keras.layers.Dropout)] == [0.5, 0.1]


def test_penalties_are_on_hidden_kernels_only():
    model = mlp(6, units=(5,), l1=0.1, l2=0.2)
    kernel = values([model.layers[0].kernel])[0]
    expected = 0.1 * np.abs(kernel).sum() + 0.2 * (kernel**2).sum()
    assert float(keras.ops.convert_to_numpy(sum(model.losses))) == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize(("l1", "l2", "kind"), [(0, 0, type(None)), (0.1, 0.1, keras.regularizers.L1L2)])
def test_penalty_is_of_the_plainest_kind(l1, l2, kind):
    assert type(mlp(6, units=3, l1=l1, l2=l2).layers[0].kernel_regularizer) is kind


def test_without_batch_norm_the_bias_is_back():
    model = mlp(6, units=(5, 4), batch_norm=False)
    assert not layers_of(model, keras.layers.BatchNormalization)
    assert all(layer.use_bias for layer in layers_of(model, keras.layers.Dense))


def test_dropout_per_block_leaves_out_what_is_zero():
    model = mlp(6, units=(5, 4, 3), dropout=(0.5, 0, 0.1), input_dropout=0.2)
    assert [(layer.name, layer.rate) for layer in layers_of(model, keras.layers.Dropout)] == [
        ("input_dropout", 0.2),
        ("dropout_1", 0.5),
        ("dropout_3", 0.1),
    ]
    assert model.layers[0].name == "input_dropout"


def test_more_than_one_axis_is_flattened_after_normalization():
    model = mlp((4, 2), units=3, normalization=True, input_dropout=0.1)
    assert [layer.name for layer in model.layers[:4]] == ["normalization", "flatten", "input_dropout", "dense_1"]
    assert model.layers[3].kernel.shape == (8, 3)


def test_normalization_is_adapted_by_the_caller():
    x = 5 + 3 * X
    model = mlp(6, units=3, normalization=True)
    model.get_layer("normalization").adapt(x)
    seen = keras.ops.convert_to_numpy(model.layers[0](x))
    np.testing.assert_allclose(seen.mean(0), 0, atol=1e-5)
    np.testing.assert_allclose(seen.std(0), 1, atol=1e-4)
    own = keras.layers.Normalization(mean=5.0, variance=9.0)
    assert mlp(6, units=3, normalization=own).layers[0] is own
    assert mlp(6, units=3, normalization=False).layers[0].name == "dense_1"


@pytest.mark.parametrize("task", ["binary", "multiclass"])
def test_label_smoothing_reaches_the_loss_of_the_task(task):
    model = mlp(6, None if task == "binary" else 3, task, units=3, label_smoothing=0.2)
    if task == "binary":
        assert model.loss.get_config()["label_smoothing"] == 0.2
    else:
        assert isinstance(model.loss, LabelSmoothing)
        assert (model.loss.smoothing, model.loss.loss.get_config()["from_logits"]) == (0.2, True)


def test_weight_decay_is_for_kernels_only():
    model = mlp(6, units=(5, 4), l2=0, weight_decay=0.5, learning_rate=1.0)
    before = values(model.trainable_variables)
    # Without gradients a step is decay and nothing else: w − lr · d · w.
    model.optimizer.apply([keras.ops.zeros(v.shape) for v in model.trainable_variables], model.trainable_variables)
    for variable, old, new in zip(model.trainable_variables, before, values(model.trainable_variables), strict=True):
        expected = 0.5 * old if variable.name == "kernel" else old
        np.testing.assert_allclose(new, expected, rtol=1e-5, err_msg=variable.path)


def test_an_optimizer_that_decays_by_itself_spares_biases_too():
    model = mlp(6, units=3, optimizer="adamw", learning_rate=1.0)
    gamma = model.layers[1].gamma
    model.optimizer.apply([keras.ops.zeros(v.shape) for v in model.trainable_variables], model.trainable_variables)
    np.testing.assert_array_equal(values([gamma])[0], 1)


@pytest.mark.parametrize("optimizer", ["sgd", keras.optimizers.SGD])
def test_optimizer_by_name_or_class(optimizer):
    model = mlp(6, units=3, optimizer=optimizer, learning_rate=0.25)
    assert isinstance(model.optimizer, keras.optimizers.SGD)
    assert float(keras.ops.convert_to_numpy(model.optimizer.learning_rate)) == 0.25


def test_optimizer_instance_is_used_as_it_is():
    optimizer = keras.optimizers.SGD(0.5)
    assert mlp(6, units=3, optimizer=optimizer).optimizer is optimizer
    for argument in ("learning_rate", "weight_decay"):
        with pytest.raises(ValueError, match="must be set on the optimizer itself"):
            mlp(6, units=3, optimizer=keras.optimizers.SGD(), **{argument: 0.1})


def masks(model):
    """What each Dropout layer does to ones."""
    return [
        keras.ops.convert_to_numpy(layer(np.ones((4, 16), "float32"), training=True))
        for layer in layers_of(model, keras.layers.Dropout)
    ]


@pytest.mark.parametrize("seed", [0, 7])
def test_same_seed_same_weights_and_masks(seed):
    one, same = mlp(6, units=(16, 16), dropout=0.5, seed=seed), mlp(6, units=(16, 16), dropout=0.5, seed=seed)
    for a, b in zip(one.get_weights(), same.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)
    for a, b in zip(masks(one), masks(same), strict=True):
        np.testing.assert_array_equal(a, b)


def test_other_seeds_and_other_layers_differ():
    zero, one = mlp(16, units=(16, 16), dropout=0.5, seed=0), mlp(16, units=(16, 16), dropout=0.5, seed=1)
    first, second = layers_of(zero, keras.layers.Dense)[:2]
    assert not np.allclose(*values([first.kernel, second.kernel]))
    assert not np.allclose(*values([first.kernel, one.layers[0].kernel]))
    first, second = masks(zero)
    assert not np.array_equal(first, second)


def test_without_seed_the_global_one_decides():
    kernels = []
    for _ in range(2):
        keras.utils.set_random_seed(3)
        kernels.append(values([mlp(6, units=3).layers[0].kernel])[0])
    np.testing.assert_array_equal(*kernels)
    assert not np.allclose(kernels[0], values([mlp(6, units=3).layers[0].kernel])[0])


def test_file_loads_where_keras_regkit_was_never_imported(tmp_path):
    model = mlp(6, normalization=True, max_norm=3.0, label_smoothing=0.1, weight_decay=0.01, seed=0)
    model.get_layer("normalization").adapt(X)
    model.save(tmp_path / "model.keras")
    mlp(6).save(tmp_path / "default.keras")
    loaded = testing.load_in_fresh_process(
        [tmp_path / "model.keras", tmp_path / "default.keras"], [X, X], imports=("keras",)
    )
    assert [record.error for record in loaded] == [None, None]
    np.testing.assert_allclose(loaded[0].outputs[0], model.predict(X, verbose=0), atol=1e-5)


def test_ranges_are_kept():
    testing.check_bad_arguments(mlp, RANGES, input_shape=3, units=2)


@pytest.mark.parametrize("size", [0, True, 2.5, None, "8", (), (4, 0), (None,)])
@pytest.mark.parametrize("argument", ["input_shape", "units"])
def test_bad_sizes_are_refused_by_name(argument, size):
    with pytest.raises((TypeError, ValueError), match=f"`{argument}"):
        mlp(**{"input_shape": 3, "units": 2, argument: size})


def test_sizes_may_be_numpy_integers():
    model = mlp(np.int64(6), units=np.int32(4))
    assert model.input_shape == (None, 6)
    assert model.layers[0].units == 4


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"dropout": 1.0}, r"`dropout` must be in \[0, 1\)"),
        ({"dropout": (0.1, 0.2, 0.3)}, r"one per block \(2\)"),
        ({"task": "multiclass"}, "number of classes, at least 2"),
        ({"task": "multiclass", "outputs": 1}, "number of classes, at least 2"),
        ({"task": "regression", "label_smoothing": 0.1}, "needs classes"),
        ({"normalization": "yes"}, "`normalization` must be True or"),
    ],
)
def test_contradictions_are_explained(arguments, message):
    with pytest.raises((TypeError, ValueError), match=message):
        mlp(6, **arguments)
