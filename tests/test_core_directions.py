import keras
import pytest

from keras_regkit._core.directions import direction


@pytest.mark.parametrize(
    "metric",
    ["loss", "val_loss", "val_data_loss", "digits_loss", "val_digits_loss", "mean_squared_error", "mae", "RMSE",
     "binary_crossentropy", "kl_divergence", "gap", "penalty", "false_positives_3", "root_mean_squared_error"],
)  # fmt: skip
def test_lower_is_better(metric):
    assert direction(metric) == "min"


@pytest.mark.parametrize(
    "metric",
    ["accuracy", "acc", "val_auc_1", "digits_accuracy", "top_k_categorical_accuracy", "val_top_5_accuracy",
     "precision_2", "f1_score", "mean_io_u_iou", "r2_score", "true_positives", "precision_at_recall"],
)  # fmt: skip
def test_higher_is_better(metric):
    assert direction(metric) == "max"


@pytest.mark.parametrize("metric", ["score", "cosine_similarity", "lr", "learning_rate", "glossy", "macro", "", "val_"])
def test_unknown_names_are_not_guessed(metric):
    assert direction(metric) is None


@pytest.mark.parametrize(
    "name", ["Accuracy", "AUC", "Precision", "Recall", "MeanSquaredError", "MeanAbsoluteError", "R2Score", "F1Score"]
)
def test_default_names_of_keras_metrics_are_known(name):
    metric = getattr(keras.metrics, name)()
    expected = "min" if name.endswith("Error") else "max"
    assert direction(metric.name) == direction(f"val_{metric.name}") == expected
