import keras
import pytest
from keras import layers, ops

from keras_regkit.testing import check_training

register = keras.saving.register_keras_serializable("broken_training")


@register
class Doubled(keras.Model):
    """Trains on twice the loss. The broken wrappers below differ from it in one thing."""

    def __init__(self, model, factor=2.0, **kwargs):
        super().__init__(**kwargs)
        if not model.built:
            raise ValueError("not built")
        self.model = model
        self.factor = factor
        self.built = True
        if model.compiled:
            keras.Model.compile(self, model.optimizer, model.loss)

    def call(self, inputs, training=None):
        return self.model(inputs, training=training)

    def compile(self, optimizer, loss, **kwargs):
        super().compile(optimizer, loss, **kwargs)
        self.model.compile(self.optimizer, loss, **kwargs)

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        loss = super().compute_loss(x=x, y=y, y_pred=y_pred, sample_weight=sample_weight, training=training)
        return self.factor * loss if training else loss

    def compute_output_shape(self, input_shape):
        return self.model.compute_output_shape(input_shape)

    def get_config(self):
        model = keras.saving.serialize_keras_object(self.model)
        return {**super().get_config(), "model": model, "factor": self.factor}

    @classmethod
    def from_config(cls, config):
        return cls(**{**config, "model": keras.saving.deserialize_keras_object(config["model"])})


@register
class ChangesOutputs(Doubled):
    def call(self, inputs, training=None):
        return 2 * self.model(inputs, training=training)


@register
class LiesAboutShape(Doubled):
    def compute_output_shape(self, input_shape):
        return (None, 7)


@register
class TakesUnbuilt(Doubled):
    def __init__(self, model, factor=2.0, **kwargs):
        if not model.built:
            model.build((None, 4))
        super().__init__(model, factor, **kwargs)


@register
class NeedsCompile(Doubled):
    def __init__(self, model, factor=2.0, **kwargs):
        super().__init__(model, factor, **kwargs)
        self.compiled = False


@register
class EvaluatesOtherwise(Doubled):
    def compute_loss(self, *args, **kwargs):
        return super().compute_loss(*args, **kwargs) + 1.0


@register
class NanLoss(Doubled):
    def compute_loss(self, *args, training=True, **kwargs):
        loss = super().compute_loss(*args, training=training, **kwargs)
        return loss * float("nan") if training else loss


@register
class OverflowsInPolicy(Doubled):
    def call(self, inputs, training=None):
        outputs = self.model(inputs, training=training)
        return outputs if self.model.compute_dtype == "float32" else outputs * ops.cast(float("inf"), outputs.dtype)


@register
class MovesAveragesTwice(Doubled):
    def call(self, inputs, training=None):
        if training:
            self.model(inputs, training=True)
        return self.model(inputs, training=training)


@register
class LeavesUncompiled(Doubled):
    def compile(self, *args, **kwargs):
        keras.Model.compile(self, *args, **kwargs)


@register
class OptimizerOfItsOwn(Doubled):
    def compile(self, optimizer, loss, **kwargs):
        keras.Model.compile(self, optimizer, loss, **kwargs)
        self.model.compile(type(self.optimizer).from_config(self.optimizer.get_config()), loss, **kwargs)


def model():
    dense = layers.Dense(6, kernel_regularizer=keras.regularizers.L2(0.01))
    return keras.Sequential(
        [keras.Input((4,)), dense, layers.BatchNormalization(), layers.Dropout(0.3, seed=1), layers.Dense(2)]
    )


def test_good_wrapper_passes():
    check_training(Doubled(model()), arguments={"factor": 2.0}, fresh_process=False)


@pytest.mark.parametrize(
    ("name", "rule"),
    [
        ("ChangesOutputs", "passes_inputs_through"),
        ("LiesAboutShape", "passes_inputs_through"),
        ("TakesUnbuilt", "refuses_unbuilt_model"),
        ("NeedsCompile", "takes_over_compilation"),
        ("EvaluatesOtherwise", "takes_over_compilation"),
        ("NanLoss", "fits_without_jit"),
        ("OverflowsInPolicy", "fits_in_mixed_precision"),
        ("MovesAveragesTwice", "moves_averages_once"),
        ("LeavesUncompiled", "leaves_the_model_ready"),
        ("OptimizerOfItsOwn", "leaves_the_model_ready"),
    ],
)
def test_broken_wrapper_is_caught(name, rule):
    with pytest.raises(AssertionError, match=rf"{name} breaks the rule `{rule}`"):
        check_training(globals()[name](model()), fresh_process=False)
