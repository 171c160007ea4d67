"""Dropout and noise: where they act, how much, and when."""

import keras

from keras_regkit._core.paths import layer_paths
from keras_regkit.diagnosis.audit import layer_probes, probes
from keras_regkit.diagnosis.audit.noise_layers import fixed_modes, is_noise, is_silent, rates_of
from keras_regkit.diagnosis.audit.rule import rule

HIGH = 0.8


@rule("RK301", family="noise", title="Noise in a frozen layer", severity="warning")
def frozen_noise(case):
    """A noise layer has `trainable = False`, and adds noise in training all the same.

    The flag stops weights. Batch normalization alone takes it for inference mode.

    Why: A backbone that was frozen to be a fixed feature extractor gives other features for the same image at each
    step, and the head learns from noisy ones.

    Do: Take the noise out of the frozen part, or call that part with `training=False` in the `call` of a layer of your
    own; in a Functional model Keras 3.15 does not keep to that argument (RK307).

    Example: backbone/top_dropout: trainable False, rate 0.2

    Source: Keras 3, `Dropout.call`, which asks for `training` only; Keras guide "Transfer learning & fine-tuning".
    """
    modes = case.keep("fixed modes", lambda: fixed_modes(case.model))
    if not case.model.trainable:
        return  # nothing trains, so nothing is trained with noise
    for path, layer in case.layers.items():
        if is_noise(layer) and not layer.trainable and not is_silent(layer) and modes.get(id(layer)) is not False:
            yield case.finding(
                where=path,
                evidence={"trainable": False, **_amount(layer)},
                advice="Set its rate to 0, or leave the layer out: trainable=False does not turn noise off.",
            )


@rule("RK302", family="noise", title="A dropout rate that is too high", severity="warning")
def rate_too_high(case):
    """A layer drops four fifths of its units or more.

    Why: What is left is multiplied by 1 / (1 − rate), five and more, so gradients are mostly noise: the variance of a
    unit's output grows by rate / (1 − rate) times its square. Often a share to keep was given for a share to drop, as
    in TensorFlow 1.

    Do: Start at 0.2 to 0.5, and let a study decide.

    Example: dropout: rate 0.9, noise variance over signal² 9

    Source: Srivastava et al. 2014, "Dropout", section 7.3: flat between 0.2 and 0.6, worse beyond.
    """
    for path, layer in case.layers.items():
        if path.rpartition("/")[0] and rates_of(case.layers.get(path.rpartition("/")[0])) == rates_of(layer):
            continue  # a recurrent layer shows the rates of its cell
        for name, rate in rates_of(layer).items():
            if rate >= HIGH:
                power = rate / (1 - rate) if rate < 1 else float("inf")
                yield case.finding(
                    where=path,
                    evidence={name: rate, "noise variance over signal²": power},
                    advice="The rate is the share that is dropped. Start at 0.2 to 0.5, and let a study decide.",
                )


@rule("RK303", family="noise", title="Noise on the output", severity="warning", needs=("built",))
def noise_on_output(case):
    """Between a noise layer and the model's output there is no layer with weights.

    Why: The loss is of predictions with some of them set to zero, which nothing can learn to be robust to: a class
    whose logit is dropped counts as a guess of 0. Dropout helps where later layers can do without the unit.

    Do: Move it before the last layer with weights.

    Example: dropout: rate 0.5, layers with weights behind it 0

    Source: Srivastava et al. 2014, "Dropout", section 4: on hidden and input units.
    """
    for call in case.wiring:
        if call.layer is None or not is_noise(call.layer) or is_silent(call.layer):
            continue
        if not any(part.is_output for part in [call, *_behind_without_weights(call)]):
            continue
        # What other paths add to is a residual branch: dropping a branch is a method.
        behind = _behind_without_weights(call)
        if all(part.layer is not None and len(part.before) + part.takes_inputs <= 1 for part in behind):
            yield case.finding(
                where=case.paths.get(id(call.layer), call.layer.name),
                evidence={**_amount(call.layer), "layers with weights behind it": 0},
                advice="Move it before the last layer with weights.",
            )


@rule("RK304", family="noise", title="Noise layers with equal seeds", severity="warning")
def equal_seeds(case):
    """Several noise layers were given the same integer as seed.

    Why: They draw the same numbers: layers of equal width drop the same units at each step, which is one dropout mask
    and not several.

    Do: Give each layer a seed of its own, or none and call `keras.utils.set_random_seed` once.

    Example: block_1/dropout, block_2/dropout: seed 42, layers 2

    Source: Keras 3, `keras.random.SeedGenerator`: a generator per layer, started from the seed.
    """
    by_seed = {}
    for path, layer in case.layers.items():
        seed = getattr(layer, "seed", None)
        if is_noise(layer) and isinstance(seed, int) and not isinstance(seed, bool) and not is_silent(layer):
            by_seed.setdefault(seed, []).append(path)
    for seed, paths in by_seed.items():
        if len(paths) > 1:
            more = f" and {len(paths) - 3} more" if len(paths) > 3 else ""
            yield case.finding(
                where=", ".join(paths[:3]) + more,
                evidence={"seed": seed, "layers": len(paths)},
                advice="Give each a seed of its own, or none and call keras.utils.set_random_seed once.",
            )


@rule("RK305", family="noise", title="Noise that stays on outside training", severity="warning", needs=("built",))
def active_outside_training(case):
    """A layer adds noise in `predict` and `evaluate` too.

    It was called with `training=True` when the model was put together, or does not ask whether it trains. With training
    data one batch is predicted twice and the predictions are compared.

    Why: Every validation number and every prediction is noisy, and worse than the model is. Where the samples are
    wanted they are better asked for: `uncertainty.MonteCarlo` draws them, and leaves the model as it is.

    Do: Leave `training` away when the model is put together, and hand it on in layers of your own.

    Example: dropout: called with training=True, rate 0.5

    Source: Gal & Ghahramani 2016, "Dropout as a Bayesian Approximation", for when it is wanted.
    """
    modes = case.keep("fixed modes", lambda: fixed_modes(case.model))
    found = False
    for path, layer in case.layers.items():
        if modes.get(id(layer)) and (rates_of(layer) or is_noise(layer)) and not is_silent(layer):
            found = True
            yield case.finding(
                where=path,
                evidence={"called with": "training=True", **_amount(layer)},
                advice="Leave training=True away when the model is put together; uncertainty.MonteCarlo gives samples.",
            )
    if found:
        return
    difference = probes.largest_difference(case.predictions.inference, case.predictions.again)
    if difference > 1e-6:
        path = layer_probes.first_that_differs(case.model, case.batch[0], layer_paths(case.model))
        yield case.finding(
            where=path or "model",
            evidence={"difference of two predictions": difference, "relative to their size": _relative(case)},
            advice="Hand `training` on to what draws random numbers, and draw none where it is False.",
        )


@rule("RK306", family="noise", title="Noise on probabilities", severity="warning", needs=("built",))
def noise_after_softmax(case):
    """A noise layer takes what a softmax or sigmoid of the same model returns.

    Why: Dropped probabilities do not sum to 1, kept ones exceed it (0.9 becomes 1.8 at rate 0.5), and their logarithm
    is cut off by the loss, where gradients vanish.

    Do: Move the noise before the layer that makes the probabilities.

    Example: dropout: rate 0.5, after softmax

    Source: Keras 3, `keras.losses.CategoricalCrossentropy`, which clips and normalizes what is no probability.
    """
    for call in case.wiring:
        if call.layer is None or not is_noise(call.layer) or is_silent(call.layer):
            continue
        for source in call.before:
            made = _squashing(source.layer)
            # Gates in the middle of a network are squashed too, and may well be dropped: it is the end that matters.
            if made and (made == "softmax" or call.is_output):
                yield case.finding(
                    where=case.paths.get(id(call.layer), call.layer.name),
                    evidence={**_amount(call.layer), "after": made},
                    advice="Move it before the layer that makes the probabilities.",
                )


def _amount(layer):
    rates = rates_of(layer)
    return rates or ({"stddev": layer.stddev} if hasattr(layer, "stddev") else {"layer": type(layer).__name__})


def _behind_without_weights(call):
    """Returns the calls behind `call`, up to those with weights, which are left out."""
    found, waiting = [], list(call.after)
    while waiting:
        part = waiting.pop()
        if part not in found and (part.layer is None or not part.layer.weights or is_noise(part.layer)):
            found.append(part)
            waiting += part.after
    return found


def _squashing(layer):
    if isinstance(layer, keras.layers.Softmax):
        return "softmax"
    name = getattr(getattr(layer, "activation", None), "__name__", None)
    return name if name in ("softmax", "sigmoid") else None


def _relative(case):
    size = max(abs(array).max() for array in keras.tree.flatten(case.predictions.inference))
    return float(probes.largest_difference(case.predictions.inference, case.predictions.again) / max(size, 1e-30))
