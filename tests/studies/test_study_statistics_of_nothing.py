"""Studies of levers that do nothing, and of levers that do something: how often the verdicts are right."""

import math

import numpy as np
import pytest
from synthetic_studies import NOISE, losses, synthetic

from keras_regkit.studies import power

STUDIES = 1000


@pytest.mark.parametrize("noise", NOISE)
def test_a_lever_against_itself_is_seldom_found_to_matter(noise):
    rng = np.random.default_rng(0)
    found = [synthetic(losses(rng, [0] * 4, 5, noise)) for _ in range(STUDIES)]
    wrong = [any(s.verdict in ("helps", "hurts") for s in result.summaries) for result in found]
    assert np.mean(wrong) <= 0.05 + 2 * math.sqrt(0.05 * 0.95 / STUDIES)


@pytest.mark.parametrize("noise", NOISE)
def test_intervals_hold_the_true_difference(noise):
    rng = np.random.default_rng(1)
    effect, held = -0.4, []
    for _ in range(STUDIES):
        held += [s.low <= effect <= s.high for s in synthetic(losses(rng, [effect] * 3, 5, noise)).summaries[1:]]
    # Differences of two heavy-tailed values are symmetric: the t interval is then a little long, never short.
    assert 0.93 <= np.mean(held) <= (0.97 if noise == "normal" else 0.99)


@pytest.mark.parametrize(("effect", "seeds"), [(1.0, 5), (1.0, 10), (2.0, 5)])
def test_power_is_how_often_an_effect_is_found(effect, seeds):
    rng = np.random.default_rng(2)
    found = [synthetic(losses(rng, [-effect], seeds))["l2=1"].verdict == "helps" for _ in range(STUDIES)]
    expected = power(sd=0.5 * math.sqrt(2), n=seeds, effect=effect)
    assert np.mean(found) == pytest.approx(expected, abs=3 * math.sqrt(expected * (1 - expected) / STUDIES) + 1e-3)
