"""The levers of the atlas: those that a card sets, and by hand what its usage says, where a task can take it."""

import dataclasses

import keras
from atlas_tasks import MASK, PAD, RATE, WORDS

from keras_regkit import layers, levers, surgery, training
from keras_regkit.augmentation import audio, tabular, text, time_series

_INPUT = {
    "table": {
        "swap_noise": tabular.SwapNoise,
        "feature_dropout": tabular.FeatureDropout,
        "gaussian_jitter": tabular.GaussianJitter,
    },
    "series": {
        "jitter": time_series.Jitter,
        "scaling": time_series.Scaling,
        "magnitude_warp": time_series.MagnitudeWarp,
        "time_warp": time_series.TimeWarp,
        "window_slice": lambda s: time_series.WindowSlice(1 - s),
        "window_warp": time_series.WindowWarp,
        "permutation": lambda s: time_series.Permutation(s, min_length=5),
        "rotation": lambda s: time_series.Rotation("turn", s),
        "frequency_mask": time_series.FrequencyMask,
    },
    "sound": {
        "random_gain": audio.RandomGain,
        "add_noise": lambda s: audio.AddNoise(probability=s),
        "time_shift": audio.TimeShift,
        "polarity_inversion": audio.PolarityInversion,
        "time_stretch": lambda s: audio.TimeStretch((1 / (1 + s), 1 + s), frame_length=64),
        "pitch_shift": lambda s: audio.PitchShift(s, frame_length=64),
        "reverb": lambda s: audio.Reverb(RATE, (0.02, 0.1), probability=s),
        "low_pass": lambda s: audio.LowPass(RATE, (150, 900), probability=s),
        "high_pass": lambda s: audio.HighPass(RATE, (20, 600), probability=s),
        "band_pass": lambda s: audio.BandPass(RATE, (100, 450), probability=s),
        "clip_distortion": audio.ClipDistortion,
        "time_mask": lambda s: audio.TimeMask((0.01, s), fade=4),
    },
    "text": {
        "word_dropout": lambda s: layers.WordDropout(s, MASK, (PAD,)),
        "token_dropout": lambda s: text.TokenDropout(s, MASK),
        "span_cutoff": text.SpanCutoff,
        "token_swap": text.TokenSwap,
        "token_mask": lambda s: text.TokenMask(MASK, WORDS, s),
    },
}
_METHODS = {
    "sam": training.SAM,
    "asam": lambda model, s: training.SAM(model, s, adaptive=True),
    "adversarial_weight_perturbation": training.AdversarialWeightPerturbation,
    "jacobian_penalty": training.JacobianPenalty,
    "gradient_penalty": training.GradientPenalty,
    "virtual_adversarial": training.VirtualAdversarial,
    "manifold_mix_up": training.ManifoldMixUp,
}
# They move the inputs a little, which tokens cannot be.
_MOVING = ("jacobian_penalty", "gradient_penalty", "virtual_adversarial")
# They choose weights by the validation rows, and so must not be judged by them.
WATCHING = ("early_stopping", "top_k_averaging", "greedy_soup")
# For models that were trained before.
_NOT_HERE = ("gradual_unfreezing", "l2_sp", "layerwise_learning_rates", "freeze")


def at_input(make):
    """Returns the `rewrite` of a lever that is a layer at the input."""

    def rewrite(model, strength):
        first = model.layers[0]
        return surgery.insert_before(model, lambda layer: layer is first, lambda _: make(strength))

    return rewrite


def wrapped(make):
    """Returns the `rewrite` of a lever that is a training method."""

    def rewrite(model, strength):
        copy = keras.models.clone_model(model)
        copy.set_weights(model.get_weights())
        surgery.recompile(copy, like=model)
        return make(copy, strength)

    return rewrite


def levers_for(task):
    """Returns the levers to try on a task, as `Lever`s; what a model then refuses is left out."""
    found = []
    for card in map(levers.get, levers.names()):
        if card.name in _NOT_HERE or (task.kind == "text" and card.name in _MOVING):
            continue
        if card.rewrite or card.make_callbacks:
            found.append(card)
        elif make := _INPUT.get(task.kind, {}).get(card.name):
            found.append(dataclasses.replace(card, rewrite=at_input(make)))
        elif make := _METHODS.get(card.name):
            found.append(dataclasses.replace(card, rewrite=wrapped(make)))
    return found
