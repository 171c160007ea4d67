"""The recipe for fine-tuning a pretrained model."""

from keras_regkit._core.checks import Interval, check_arguments
from keras_regkit.presets import _building as building
from keras_regkit.presets.recipes._records import make_recipe
from keras_regkit.presets.recipes._scaling import Amount

_ULMFIT = "Howard & Ruder 2018"
_SP = "Li et al. 2018 (L2-SP), eq. 2"


def fine_tuning(task="multiclass", *, samples, gap=None, stages=3):
    """Returns the recipe for fine-tuning a model of yours, whose last layer is new.

    Use it for a hundred to a hundred thousand samples: the last layers train first, and the others are unfrozen stage
    by stage, with learning rates that fall from the head down; the kernels are pulled towards their pretrained values
    (L2-SP), the head's towards zero; batch normalization stays in inference mode. `compile(model)` prepares the model,
    `fit_arguments` has the callbacks. The model must give logits.

    The pull hurts where the new task is unlike the old one (Li et al. 2020, "Rethinking the Hyperparameters for
    Fine-tuning"): compare with `with_(l2_sp=0.0)`. That label smoothing and dropout in *pretraining* make worse
    features is known (Kornblith et al. 2019); in fine-tuning label smoothing is simply off here.

    Args:
        task: `"binary"`, `"multiclass"` or `"regression"`. Defaults to `"multiclass"`.
        samples: Number of training samples, at least 1. From 100 to 100,000 they make a difference.
        gap: Validation loss divided by training loss, as measured with a lighter setting, > 0: 1 is no gap, 2 and more
            is full strength. Defaults to None: not known, start light.
        stages: Number of groups that the layers are unfrozen in, at least 1. Defaults to 3.

    Returns:
        A `Recipe`.

    Raises:
        TypeError, ValueError: an argument is out of its range.

    Reference:
        Howard & Ruder 2018, "Universal Language Model Fine-tuning for Text Classification", sections 3.2 and 3.3; Li
        et al. 2018, "Explicit Inductive Bias for Transfer Learning with Convolutional Networks". How strengths follow
        samples and gap is a rule of thumb of ours.

    Example:

    >>> import keras
    >>> body, head = keras.layers.Dense(8, "relu", name="body"), keras.layers.Dense(3, name="head")
    >>> model = keras.Sequential([keras.Input((4,)), body, head])
    >>> recipe = fine_tuning(samples=500, stages=2)
    >>> model = recipe.compile(model)
    >>> type(body.kernel.regularizer).__name__, type(head.kernel.regularizer).__name__
    ('L2SP', 'L2')
    """
    check_arguments(
        {"task": building.TASK_RANGES["task"], "stages": Interval(1, integer=True)}, task=task, stages=stages
    )
    amount = Amount(samples, gap, few=1e2, many=1e5)
    loss = {"loss": (building.LOSSES[task], "what the task asks for")}
    if task != "regression":
        loss["label_smoothing"] = (0.0, "off: ours")
    return make_recipe(
        "fine_tuning",
        None,
        {"task": task},
        model={
            "l2_sp": amount.logarithmic(1e-3, 1e-1, f"alpha of {_SP}; the range is ours"),
            "head_l2": (0.01, f"beta of {_SP}"),
        },
        optimizer={
            "optimizer": ("adamw", "ours, after Devlin et al. 2019"),
            "learning_rate": (1e-3, f"the head's, ours: the default of Adam; {_ULMFIT} choose it by trying the head"),
            "layer_decay": (0.3846, f"1/2.6 from group to group, {_ULMFIT}, section 3.2"),
            "weight_decay": (0.0, f"off: {_SP} takes its place"),
            "decay_exclude": (["bias"], "kernels only, if it is turned on"),
            "clip_norm": (None, "ours: off"),
        },
        loss=loss,
        callbacks={
            "unfreeze_stages": (stages, f"as given; one layer at a time in {_ULMFIT}, section 3.3"),
            "unfreeze_epochs": (1, f"{_ULMFIT}, section 3.3"),
            "batch_norm": ("inference", "Keras' guide to transfer learning"),
            "patience": (5, "ours"),
        },
        training={"epochs": (stages + 20, "ours: early stopping ends it"), "batch_size": (32, "Devlin et al. 2019")},
    )
