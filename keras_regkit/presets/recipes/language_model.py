"""The recipe for small language models."""

from keras_regkit._core.checks import Interval, check_arguments
from keras_regkit.presets import _building as building
from keras_regkit.presets.recipes._records import make_recipe
from keras_regkit.presets.recipes._scaling import RANGES, Amount

_GPT1 = "Radford et al. 2018 (GPT), section 4.1"
_GPT3 = "Brown et al. 2020 (GPT-3), appendix B"
_DROPOUT = f"0.1 in {_GPT1} and Vaswani et al. 2017, section 5.4; none in most models of very large corpora"


def language_model(length, vocabulary, *, samples, gap=None):
    """Returns the recipe for a small language model, `presets.causal_transformer`.

    Use it to train one from scratch on texts of a million to a billion tokens: dropout in attention, in the
    feed-forward layers and on the embeddings, weight decay, label smoothing, clipped gradients. Labels are the
    tokens one step on. Label smoothing makes the perplexity worse and the accuracy better; where perplexity is what
    counts, `with_(label_smoothing=0.0)`.

    Args:
        length: Number of tokens in a row.
        vocabulary: Number of token ids.
        samples: Number of training rows, at least 1. `samples × length` tokens from a million to a billion make a
            difference.
        gap: Validation loss divided by training loss, as measured with a lighter setting, > 0: 1 is no gap, 2 and more
            is full strength. Defaults to None: not known, start light.

    Returns:
        A `Recipe`.

    Raises:
        TypeError, ValueError: an argument is out of its range.

    Reference:
        Vaswani et al. 2017, "Attention Is All You Need", section 5.4; Radford et al. 2018, "Improving Language
        Understanding by Generative Pre-Training"; Brown et al. 2020, "Language Models are Few-Shot Learners". How
        strengths follow samples and gap is a rule of thumb of ours.

    Example:

    >>> recipe = language_model(128, 8000, samples=7000)
    >>> recipe.model["attention_dropout"] > language_model(128, 8000, samples=700_000).model["attention_dropout"]
    True
    """
    check_arguments(RANGES, samples=samples, gap=gap)
    check_arguments(
        {"length": building.SIZE, "vocabulary": Interval(2, integer=True)}, length=length, vocabulary=vocabulary
    )
    amount = Amount(samples * length, gap, few=1e6, many=1e9)
    return make_recipe(
        "language_model",
        "causal_transformer",
        {"length": length, "vocabulary": vocabulary},
        model={
            "width": (128, "ours: small"),
            "heads": (4, "ours: small"),
            "blocks": (4, "ours: small"),
            "dropout": amount.linear(0.0, 0.2, _DROPOUT),
            "attention_dropout": amount.linear(0.0, 0.2, _DROPOUT),
            "embedding_dropout": amount.linear(0.0, 0.2, _DROPOUT),
            "tie_embeddings": (True, "Press & Wolf 2017"),
        },
        optimizer={
            "optimizer": ("adamw", f"{_GPT1} (its modified L2 is decoupled weight decay)"),
            "learning_rate": (6e-4, "Brown et al. 2020 (GPT-3), table 2.1, the smallest model"),
            "beta_2": (0.95, _GPT3),
            "weight_decay": amount.logarithmic(1e-2, 1e-1, f"0.01 in {_GPT1}, 0.1 in {_GPT3}"),
            "decay_exclude": (["bias"], f"{_GPT1}: all but biases and gains; vectors are exempt anyway"),
            "clip_norm": (1.0, _GPT3),
        },
        loss={
            "loss": ("sparse_categorical_crossentropy", "the usual one"),
            "label_smoothing": (0.1, "Vaswani et al. 2017, section 5.4"),
        },
        callbacks={"patience": (5, "ours"), "averaging": (None, "off; 'ema' is worth a try")},
        training={"epochs": (30, "ours: early stopping ends it"), "batch_size": (64, _GPT1)},
    )
