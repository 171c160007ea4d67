"""Which candidates a model can take, found out before anything is trained."""

import warnings

from keras_regkit._core.warnings import NoEffectWarning
from keras_regkit.studies.design import Variant


def unusable(one_each, example, monitor, mode):
    """Tries each lever alone on a model.

    Args:
        one_each: `{lever: strength}`.
        example: A compiled model.
        monitor, mode: What levers that watch training watch.

    Returns:
        `{name: reason}` of the levers that cannot be applied to this model, or change nothing in it.
    """
    reasons = {}
    for lever, strength in one_each.items():
        reason = _refusal(Variant(((lever, strength),)), example, monitor, mode)
        if reason:
            reasons[lever.name] = reason
    return reasons


def applicable(variants, example, monitor, mode):
    """Tries one variant of each set of levers on a model.

    Returns:
        The variants of the sets that can be applied, and `{set: reason}` of those that cannot, sets as `"a + b"`.
    """
    reasons = {}
    for variant in variants:
        levers = _levers(variant)
        if levers not in reasons:
            reasons[levers] = _refusal(variant, example, monitor, mode)
    kept = [variant for variant in variants if reasons[_levers(variant)] is None]
    return kept, {levers: reason for levers, reason in reasons.items() if reason}


def _levers(variant):
    return " + ".join(lever.name for lever, _ in variant.settings)


def _refusal(variant, example, monitor, mode):
    """Why a variant is of no use to a model; None if it is."""
    with warnings.catch_warnings():
        warnings.simplefilter("error", NoEffectWarning)
        try:
            variant.apply(example)
            variant.callbacks(monitor, mode)
        except (NoEffectWarning, ValueError, TypeError) as refusal:
            return str(refusal)
    return None
