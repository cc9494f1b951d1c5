"""Other views of a sound keep what was said."""

from __future__ import annotations

import numpy as np
import pytest

from assistant.audio.frame import RATE, Samples
from assistant.stt.acceptance import Fit
from assistant.stt.views import denoised, is_unsure, views
from assistant.testing.stt import speak


def power(sound: Samples) -> float:
    return float(np.square(sound.astype(np.float64)).mean())


def test_noise_becomes_less_and_speech_stays() -> None:
    speech = speak([(1, False), (1, True), (1, False)])
    noise = np.random.default_rng(2).normal(0, 300, len(speech))
    cleaner = denoised((speech + noise).astype(np.int16))
    assert len(cleaner) == len(speech)
    assert power(cleaner[: RATE // 2]) < 0.5 * power(noise[: RATE // 2].astype(np.int16))
    inside = slice(RATE + 1600, 2 * RATE - 1600)
    assert np.corrcoef(cleaner[inside], speech[inside])[0, 1] > 0.97
    assert power(cleaner[inside]) == pytest.approx(power(speech[inside]), rel=0.2)


@pytest.mark.parametrize("length", [0, 1, 100, 5000])
def test_any_length_will_do(length: int) -> None:
    assert len(denoised(np.full(length, 100, np.int16))) == length


def test_views_are_overwritten_once_used() -> None:
    seen = list(views(speak([(0.5, True)])))
    assert len(seen) == 2 and not any(view.any() for view in seen)


def fit(mean: float, lag: float) -> Fit:
    return Fit(tokens=10, logp=10 * mean, free_logp=10 * (mean - lag), prior=-60.0, value=0.0)


@pytest.mark.parametrize(
    ("mean", "lag", "unsure"), [(-0.2, -0.1, False), (-1.0, -0.5, True), (-1.0, -3.0, False), (-6.0, 0.0, False)]
)
def test_only_what_is_unclear_is_looked_at_again(mean: float, lag: float, unsure: bool) -> None:
    assert is_unsure(fit(mean, lag)) == unsure
