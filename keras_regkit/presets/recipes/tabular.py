"""The recipe for tables."""

from keras_regkit.presets import _building as building
from keras_regkit.presets.recipes._records import make_recipe
from keras_regkit.presets.recipes._scaling import Amount

_COCKTAILS = "Kadra et al. 2021"
_REALMLP = "Holzmüller et al. 2024, RealMLP-TD defaults"
_TEMPLATE = "the template of presets.mlp"


def tabular(input_shape, outputs=None, task=None, *, samples, gap=None):
    """Returns the recipe for tables: the template, and what two large studies of tables found to work.

    Use it when `presets.mlp` with its defaults has been tried: Dense + BatchNormalization + Dropout + L2 as there, of
    the size that RealMLP uses, with AdamW, label smoothing and early stopping, and strengths that depend on the
    number of rows. Inputs should be numeric and standardized.

    What the studies have besides is not in here: RealMLP's numerical embeddings, scaling layer and schedules of
    dropout, weight decay and learning rate; the cocktails' search over 13 regularizers per table, which
    `keras_regkit.Study` can do with those of this package.

    Args:
        input_shape: Number of features.
        outputs: Number of classes (`multiclass`, required), or of targets. Defaults to 1.
        task: `"binary"`, `"multiclass"` or `"regression"`. Defaults to None: `"multiclass"` where `outputs` is above 1,
            `"binary"` otherwise. Give `"binary"` for several labels, each yes or no.
        samples: Number of training rows, at least 1. From 1,000 to 1,000,000 they make a difference.
        gap: Validation loss divided by training loss, as measured with a lighter setting, > 0: 1 is no gap, 2 and more
            is full strength. Defaults to None: not known, start light.

    Returns:
        A `Recipe`.

    Raises:
        TypeError, ValueError: an argument is out of its range.

    Reference:
        Kadra et al. 2021, "Well-tuned Simple Nets Excel on Tabular Datasets"; Holzmüller et al. 2024, "Better by
        Default: Strong Pre-Tuned MLPs and Boosted Trees on Tabular Data". How strengths follow samples and gap is a
        rule of thumb of ours.

    Example:

    >>> recipe = tabular(30, 3, "multiclass", samples=1000)
    >>> recipe.model["l2"], recipe.loss["label_smoothing"]
    (0.0001, 0.1)
    >>> model = recipe.build(seed=0)
    """
    building.check(building.TASK_RANGES, outputs=outputs)
    if task is None:
        task = "binary" if outputs in (None, 1) else "multiclass"
    building.check(building.TASK_RANGES, task=task)
    outputs = building.check_outputs(outputs, task)
    amount = Amount(samples, gap, few=1e3, many=1e6)
    loss = {"loss": (building.LOSSES[task], "what the task asks for")}
    if task != "regression":
        loss["label_smoothing"] = (0.1, f"{_REALMLP} for classification: ls_eps")
    return make_recipe(
        "tabular",
        "mlp",
        {"input_shape": input_shape, "outputs": outputs, "task": task},
        model={
            "units": ([256, 256, 256], f"{_REALMLP}: hidden_sizes"),
            "batch_norm": (True, f"{_TEMPLATE}; one of the 13 regularizers of {_COCKTAILS}"),
            "dropout": amount.linear(
                0.0,
                0.5,
                f"0.15 in {_REALMLP}, 0.2 in {_TEMPLATE}, 0.5 in Srivastava et al. 2014, searched by {_COCKTAILS}",
            ),
            "l2": amount.logarithmic(1e-6, 1e-2, f"1e-4, the middle, in {_TEMPLATE}"),
        },
        optimizer={
            "optimizer": ("adamw", f"{_COCKTAILS}, and {_REALMLP}"),
            "learning_rate": (1e-3, f"{_COCKTAILS}, their code: fixed"),
            "weight_decay": amount.logarithmic(
                1e-5, 1e-1, f"searched by {_COCKTAILS}; 0.02 in {_REALMLP}, at a larger learning rate"
            ),
            "decay_exclude": (["bias"], f"{_REALMLP}: bias_wd_factor=0; vectors are exempt anyway"),
            "clip_norm": (None, "ours: off"),
        },
        loss=loss,
        callbacks={
            "patience": (
                16,
                "Gorishniy et al. 2021; RealMLP trains on and takes the best epoch, which is kept here too",
            ),
            "averaging": (None, f"off; one of the 13 regularizers of {_COCKTAILS}: 'swa' or 'ema'"),
        },
        training={
            "epochs": (256, f"{_REALMLP}: n_epochs"),
            "batch_size": (128, f"{_COCKTAILS}, their code: fixed"),
        },
    )
