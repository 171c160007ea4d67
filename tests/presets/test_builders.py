"""What every builder promises."""

import keras
import numpy as np
import pytest
from tiny_models import COMPILED, NOISE, TINY, noise_of, penalty_of, values

from keras_regkit import testing
from keras_regkit.losses import LabelSmoothing
from keras_regkit.presets import causal_transformer, convnet, lstm, resnet, transformer_encoder


def shapes(model):
    return sorted(tuple(variable.shape) for variable in model.trainable_variables)


EACH = pytest.mark.parametrize("tiny", TINY.values(), ids=TINY)


@EACH
def test_two_steps_with_every_lever_compiled_by_the_backend(tiny):
    model = tiny.shallow.levered()
    model.jit_compile = keras.backend.backend() != "torch"  # there it takes minutes, and says nothing of ours
    before = values(model.trainable_variables)
    history = model.fit(tiny.x, tiny.y, batch_size=4, epochs=1, verbose=0)
    assert np.isfinite(history.history["loss"]).all()
    moved = [not np.array_equal(a, b) for a, b in zip(before, values(model.trainable_variables), strict=True)]
    assert all(moved), [v.path for v, m in zip(model.trainable_variables, moved, strict=True) if not m]
    assert model.predict(tiny.x, verbose=0).shape[-1] == (11 if tiny.build is causal_transformer else 3)


@EACH
def test_a_lever_at_zero_is_not_there(tiny):
    plain, levered = tiny.plain(), tiny.levered()
    assert noise_of(plain) == []
    assert plain.losses == []
    assert penalty_of(levered) > 0
    assert shapes(plain) == shapes(levered)
    if tiny.build not in (convnet, resnet):  # batch normalization is another thing in training
        in_training, at_inference = plain(tiny.x, training=True), plain(tiny.x, training=False)
        np.testing.assert_allclose(*values([in_training, at_inference]), atol=1e-6)
        in_training, at_inference = levered(tiny.x, training=True), levered(tiny.x, training=False)
        assert not np.allclose(*values([in_training, at_inference]))


@EACH
def test_each_lever_reaches_layers_of_its_own(tiny):
    for lever, strength in tiny.levers.items():
        model = tiny.plain(**{lever: strength})
        found = [layer for layer in model.layers if isinstance(layer, NOISE)]
        if lever == "l2":
            assert model.losses
            assert not found
        elif lever in ("attention_dropout", "recurrent_dropout"):
            kind = keras.layers.MultiHeadAttention if lever == "attention_dropout" else keras.layers.LSTM
            key = "dropout" if lever == "attention_dropout" else lever
            rates = [layer.get_config()[key] for layer in model.layers if isinstance(layer, kind)]
            assert rates
            assert set(rates) == {strength}
        else:
            assert found
            assert max(layer.rate for layer in found) == strength


@EACH
def test_the_same_seed_gives_the_same_model_and_another_another(tiny):
    one, same, other = tiny.levered(seed=0), tiny.levered(seed=0), tiny.levered(seed=1)
    for a, b in zip(one.get_weights(), same.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)
    for a, b in [[m(tiny.x, training=True) for m in (one, same)]]:
        np.testing.assert_allclose(*values([a, b]), rtol=1e-5, atol=1e-6)
    assert not np.allclose(one.predict(tiny.x, verbose=0), other.predict(tiny.x, verbose=0))
    drawn = [np.sort(v.ravel()) for v in values(one.trainable_variables) if np.ptp(v)]
    for i, kernel in enumerate(drawn):
        for another in drawn[:i]:
            assert kernel.shape != another.shape or not np.allclose(kernel, another)


@EACH
def test_weight_decay_is_for_kernels_only(tiny):
    model = tiny.plain(weight_decay=0.5, learning_rate=1.0)
    for variable in model.trainable_variables:
        variable.assign(keras.ops.ones(variable.shape))
    model.optimizer.apply([keras.ops.zeros(v.shape) for v in model.trainable_variables], model.trainable_variables)
    decayed = {
        v.path
        for v, new in zip(model.trainable_variables, values(model.trainable_variables), strict=True)
        if np.allclose(new, 0.5)
    }
    kernels = {v.path for v in model.trainable_variables if v.name.endswith(("kernel", "embeddings"))}
    assert decayed == kernels
    assert all(np.allclose(v, 1) for v in values(v for v in model.trainable_variables if v.path not in decayed))


@EACH
def test_what_is_asked_of_the_compilation_arrives(tiny):
    model = tiny.levered()
    assert isinstance(model.loss, LabelSmoothing)
    assert model.loss.smoothing == 0.1
    assert model.optimizer.global_clipnorm == COMPILED["clip_norm"]
    assert float(model.optimizer.learning_rate) == pytest.approx(0.01)
    assert isinstance(tiny.plain(optimizer="sgd").optimizer, keras.optimizers.SGD)


@EACH
def test_a_step_in_half_precision(tiny):
    policy = keras.config.dtype_policy()
    keras.config.set_dtype_policy("mixed_float16")
    try:
        model = tiny.shallow.levered()
        # A scale that nothing overflows at: Keras can miss an overflow in the gradient of an embedding on TensorFlow.
        model.optimizer.initial_scale = 8.0
        history = model.fit(tiny.x, tiny.y, batch_size=8, verbose=0)
        assert np.isfinite(history.history["loss"]).all()
        assert np.isfinite(model.predict(tiny.x, verbose=0)).all()
    finally:
        keras.config.set_dtype_policy(policy)


def test_files_load_in_a_fresh_process(tmp_path):
    files, inputs, expected = [], [], []
    for name, tiny in TINY.items():
        model = tiny.levered()
        model.optimizer.build(model.trainable_variables)  # Keras warns of files without its variables
        files.append(tmp_path / f"{name}.keras")
        model.save(files[-1])
        inputs.append(tiny.x)
        expected.append(model.predict(tiny.x, verbose=0))
        loaded = keras.saving.load_model(files[-1])
        np.testing.assert_allclose(loaded.predict(tiny.x, verbose=0), expected[-1], atol=1e-5)
    loaded = testing.load_in_fresh_process(files, inputs)
    assert [record.error for record in loaded] == [None] * len(files)
    for record, outputs in zip(loaded, expected, strict=True):
        np.testing.assert_allclose(record.outputs[0], outputs, atol=1e-5)


def test_without_levers_of_ours_files_load_with_keras_alone(tmp_path):
    files, inputs = [], []
    for name, tiny in TINY.items():
        files.append(tmp_path / f"{name}.keras")
        tiny.plain().save(files[-1])
        inputs.append(tiny.x)
    loaded = testing.load_in_fresh_process(files, inputs, imports=("keras",))
    assert [record.error for record in loaded] == [None] * len(files)


@pytest.mark.parametrize(
    ("builder", "least"),
    [
        (convnet, {"input_shape": (8, 8, 1), "outputs": 3, "filters": 2, "convolutions": 1}),
        (resnet, {"input_shape": (8, 8, 1), "outputs": 3, "filters": 2, "blocks": 1}),
        (transformer_encoder, {"input_shape": (4, 2), "outputs": 3, "width": 4, "heads": 2, "blocks": 1}),
        (causal_transformer, {"length": 4, "vocabulary": 5, "width": 4, "heads": 2, "blocks": 1}),
        (lstm, {"input_shape": (4, 2), "outputs": 3, "units": 2}),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_ranges_are_kept(builder, least):
    ranges = __import__(builder.__module__, fromlist=["RANGES"]).RANGES
    testing.check_bad_arguments(builder, ranges, **least)


TEXT = {"input_shape": 6, "outputs": 3, "vocabulary": 11}


@pytest.mark.parametrize(
    ("builder", "arguments", "message"),
    [
        (convnet, {"input_shape": (8, 8), "outputs": 3}, "an axis for its channels"),
        (convnet, {"input_shape": (4, 8, 1), "outputs": 3}, "at least 8 pixels"),
        (convnet, {"input_shape": (8, 8, 1)}, "number of classes, at least 2"),
        (convnet, {"input_shape": (8, 8, 1), "outputs": 3, "filters": ()}, "`filters` must give"),
        (convnet, {"input_shape": (8, 8, 1), "task": "regression", "label_smoothing": 0.1}, "needs classes"),
        (resnet, {"input_shape": (2, 8, 1), "outputs": 3}, "at least 4 pixels"),
        (resnet, {"input_shape": (8, 8, 1), "outputs": 3, "blocks": (1, 2)}, r"one per stage \(3\)"),
        (transformer_encoder, {**TEXT, "width": 6, "heads": 4}, "a multiple of `heads`"),
        (transformer_encoder, {**TEXT, "input_shape": (6, 2)}, "the length of the sequences"),
        (transformer_encoder, {**TEXT, "vocabulary": None}, "together with `vocabulary`"),
        (transformer_encoder, {**TEXT, "mask_value": 0}, "padding is token 0"),
        (causal_transformer, {"length": 4, "vocabulary": 5, "width": 6, "heads": 4}, "a multiple of `heads`"),
        (lstm, {**TEXT, "input_shape": (6, 2)}, "the length of the sequences"),
        (lstm, {"input_shape": (6, 2), "outputs": 3, "embedding_dropout": 0.1}, "needs a `vocabulary`"),
        (
            convnet,
            {"input_shape": (8, 8, 1), "outputs": 3, "optimizer": keras.optimizers.SGD(), "clip_norm": 1.0},
            r"set on the optimizer itself .* clip_norm=1.0",
        ),
    ],
)
def test_contradictions_are_explained(builder, arguments, message):
    with pytest.raises((TypeError, ValueError), match=message):
        builder(**arguments)
