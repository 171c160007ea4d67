"""The audit during fit: quiet where all is well, and early where it is not."""

import keras
import numpy as np
import pytest
from audit_table import chain, rows
from keras import layers

import keras_regkit as rk
from keras_regkit.diagnosis import Auditor

pytestmark = pytest.mark.filterwarnings("ignore:.*overflow encountered:RuntimeWarning")


def fit(model, auditor, data, epochs=3, **kwargs):
    return model.fit(*data, epochs=epochs, batch_size=8, verbose=0, callbacks=[auditor], **kwargs)


def dense(units=4, **kwargs):
    return layers.Dense(units, **kwargs)


def test_a_training_without_faults_is_silent_and_leaves_the_record(capsys):
    x, y = rows(32)
    auditor = Auditor(train=(x, y), disable="data")
    history = fit(chain(dense(activation="gelu"), dense(1)), auditor, (x, y))
    assert capsys.readouterr().out == ""
    assert history.audit == auditor.audit
    assert {"RK101", "RK701", "RK703"} <= set(auditor.audit.checked)
    assert auditor.stopped_epoch is None


def test_it_changes_nothing():
    def weights(*callbacks):
        keras.utils.set_random_seed(0)
        model = chain(dense(activation="relu"), layers.BatchNormalization(), layers.Dropout(0.5), dense(1))
        model.fit(*rows(32), epochs=2, batch_size=8, verbose=0, callbacks=list(callbacks))
        return model.get_weights()

    for with_it, without in zip(weights(Auditor(train=rows(32), verbose=0)), weights(), strict=True):
        np.testing.assert_array_equal(with_it, without)


def test_an_error_before_training_stops_it_if_asked(capsys):
    model = chain(dense(name="hidden"), dense(1))
    model.get_layer("hidden").kernel_regularizer = keras.regularizers.L2(0.1)
    auditor = Auditor(stop_on="error")
    assert len(fit(model, auditor, rows(32), epochs=9).epoch) == 1
    assert auditor.stopped_epoch == -1
    assert auditor.found_at["RK101", "hidden/kernel"] == -1
    out = capsys.readouterr().out
    assert out.startswith("Auditor, before training: error RK101")
    assert "training stops (RK101)" in out


def test_without_being_asked_it_goes_on_and_tells_each_finding_once(capsys):
    model = chain(dense(name="hidden"), dense(1))
    model.get_layer("hidden").kernel_regularizer = keras.regularizers.L2(0.1)
    assert len(fit(model, Auditor(), rows(32)).epoch) == 3
    assert capsys.readouterr().out.count("RK101") == 1


def test_units_that_die_are_seen_in_their_epoch():
    x, y = rows(32)
    model = chain(dense(activation="relu", name="hidden"), dense(1))

    class Killer(keras.callbacks.Callback):
        def on_epoch_begin(self, epoch, logs=None):
            if epoch == 1:
                self.model.get_layer("hidden").bias.assign(np.full(4, -1e3))

    auditor = Auditor(train=(x, y), verbose=0)
    model.fit(x, y, epochs=3, verbose=0, callbacks=[Killer(), auditor])
    assert auditor.found_at["RK701", "hidden"] == 1


def test_a_kernel_that_grows_is_seen():
    x, y = rows(32)
    model = chain(dense(1, name="out", kernel_initializer=keras.initializers.Constant(1e-4)))
    auditor = Auditor(growth=10, verbose=0)
    fit(model, auditor, (x, y + 100 * x[:, :1]))
    finding = next(finding for finding in auditor.audit.findings if finding.id == "RK702")
    assert finding.where == "out/kernel"
    assert finding.evidence["times"] == pytest.approx(
        finding.evidence["gain"] / finding.evidence["gain before training"]
    )


class LogOfOutput(layers.Layer):
    def call(self, inputs):
        return keras.ops.log(inputs)


class Length(layers.Layer):
    def call(self, inputs):
        return keras.ops.sqrt(keras.ops.sum(keras.ops.square(inputs), axis=-1, keepdims=True))


def origin(model, data, **kwargs):
    auditor = Auditor(train=data, verbose=0, disable="data", **kwargs)
    fit(model, auditor, data)
    return [finding for finding in auditor.audit.errors if finding.id == "RK703"]


def test_the_layer_that_makes_nan_of_some_rows_is_named():
    x = np.ones((64, 1), "float32")
    x[60] = -1  # not in the first batch, which is looked at before training
    model = chain(dense(1, name="first", kernel_initializer="ones"), LogOfOutput(name="log"), dense(1), shape=(1,))
    first, *_ = origin(model, (x, x))
    assert first.where == "log"
    assert first.evidence["epoch"] == 0
    assert first.evidence["non-finite numbers"] == 1


def test_inputs_that_are_missing_are_named():
    x, y = rows(64)
    x[60, 0] = np.nan
    assert origin(chain(dense(1)), (x, y))[0].where == "train: inputs"


def test_weights_that_explode_within_an_epoch_are_replayed():
    x, y = rows(64)
    model = chain(dense(4, name="first"), dense(1, name="last"), optimizer=keras.optimizers.SGD(50.0))
    before, found = origin(model, (x, y))
    assert before.evidence["what"] == "the loss"
    assert found.where in ("first", "last", "loss", "first/kernel", "last/kernel", "last/bias")
    assert found.evidence["steps after the last good epoch"] > 0
    assert not np.isfinite(np.concatenate([np.ravel(w) for w in model.get_weights()])).all(), "it was put back"


def test_a_gradient_that_is_nan_where_all_outputs_are_finite_is_named():
    x, y = np.zeros((16, 3), "float32"), np.ones((16, 1), "float32")
    stack = [dense(3, name="first"), Length(), dense(1, name="last")]
    found = origin(chain(*stack), (x, y))[-1]
    # Back-propagation comes through `last`, whose gradient is fine, to what the root of zero is taken of.
    assert found.where.startswith("first/")
    assert found.evidence["what"] == "its gradient"


def test_without_data_it_says_that_they_would_help(capsys):
    x, y = rows(16)
    fit(chain(dense(1)), Auditor(stop_on="error"), (x, y * np.nan))
    out = capsys.readouterr().out
    assert "RK703" in out
    assert "Auditor(train=...) names the layer" in out


def test_a_model_that_fit_builds_is_audited_after_its_first_epoch():
    model = keras.Sequential([dense(4, kernel_regularizer="l2", name="hidden"), dense(1)])
    model.compile("sgd", "mse")
    auditor = Auditor(verbose=0)
    fit(model, auditor, rows(32))
    assert ("RK111", "hidden/kernel") in auditor.found_at


@pytest.mark.parametrize(
    ("argument", "error"),
    [({"every": 0}, ValueError), ({"stop_on": "fatal"}, ValueError), ({"growth": "much"}, TypeError)],
)
def test_illegal_arguments(argument, error):
    with pytest.raises(error):
        Auditor(**argument)


def test_it_stands_at_the_front_door():
    assert rk.Auditor is Auditor


def test_a_metric_that_is_nan_by_right_is_no_loss_that_is_lost():
    def undefined(y, y_pred):
        return keras.ops.mean(y_pred) * float("nan")

    x, y = rows(32)
    auditor = Auditor(train=(x, y), disable="data", stop_on="error")
    history = fit(chain(dense(activation="gelu"), dense(1), metrics=[undefined]), auditor, (x, y))
    assert np.isnan(history.history["undefined"]).all()
    assert "RK703" in auditor.audit.checked
    assert not any(finding.id == "RK703" for finding in auditor.audit.findings)
    assert auditor.stopped_epoch is None


def test_groups_and_the_difference_claimed_are_looked_at_before_training():
    x = np.random.default_rng(0).normal(size=(40, 2)).astype("float32")
    y = (x[:, :1] > 0).astype("float32")
    model = chain(dense(1, activation="sigmoid"), shape=(2,))
    model.compile("sgd", "binary_crossentropy")
    auditor = Auditor(
        (x[:20], y[:20]),
        (x[20:], y[20:]),
        groups={"train": np.arange(20), "validation": np.arange(19, 39)},
        difference=0.01,
        verbose=0,
    )
    fit(model, auditor, (x[:20], y[:20]), epochs=1)
    at = {finding.id: finding.where for finding in auditor.audit.findings}
    assert "validation" in at["RK609"]
    assert "RK617" in at


def test_a_difference_that_is_none_is_refused_at_once():
    with pytest.raises(ValueError, match=r"`difference` must be in \(0, 1\]"):
        Auditor(difference=2)
