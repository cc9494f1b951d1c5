"""A sentence counts only when the sound speaks for it."""

from __future__ import annotations

from pathlib import Path

import pytest

from assistant.errors import EngineError
from assistant.stt.acceptance import Acceptance, Fit, read_acceptance

LIMITS = Acceptance(mean=-1.5, lag=-1.0, gain=1.0)
WEIGHED = Acceptance(mean=-1.5, lag=-1.0, gain=1.0, weight=20)


def fit(mean: float = -0.2, lag: float = 0.0, gain: float = 3.0, tokens: int = 10, cost: float = 0.0) -> Fit:
    logp = mean * tokens
    prior = logp - gain * tokens
    return Fit(tokens=tokens, logp=logp, free_logp=logp - lag * tokens, prior=prior, value=0.0, cost=cost)


def test_a_clear_sentence_is_accepted_with_confidence() -> None:
    assert LIMITS.accepts(fit())
    assert LIMITS.confidence(fit()) > 0.9


@pytest.mark.parametrize("poor", [fit(mean=-1.6), fit(lag=-1.1), fit(gain=0.9)])
def test_one_poor_measure_is_enough_to_refuse(poor: Fit) -> None:
    assert not LIMITS.accepts(poor)


@pytest.mark.parametrize("odd", [fit(mean=-1.9, gain=4), fit(lag=-1.3, gain=4)])
def test_a_poor_fit_will_do_where_the_sound_says_very_much(odd: Fit) -> None:
    assert LIMITS.accepts(odd)
    assert LIMITS.confidence(odd) == 0.5


@pytest.mark.parametrize(
    "poor",
    [fit(mean=-2.2, gain=4), fit(lag=-1.5, gain=4), fit(mean=-1.6, gain=4, tokens=5), fit(lag=-1.1, gain=4, cost=3)],
)
def test_but_not_any_fit_nor_for_a_short_sentence_or_free_text(poor: Fit) -> None:
    assert not LIMITS.accepts(poor)


@pytest.mark.parametrize(
    "short", [fit(mean=-0.8, tokens=3), fit(lag=-0.5, tokens=3), fit(mean=-0.2, gain=1.1, tokens=1)]
)
def test_a_word_or_two_must_fit_better_unless_they_are_expected(short: Fit) -> None:
    assert not WEIGHED.accepts(short)
    assert WEIGHED.accepts(short, asked=True)
    assert LIMITS.accepts(short)


def test_what_silence_makes_as_likely_is_never_accepted() -> None:
    assert not WEIGHED.accepts(fit(gain=-1), asked=True)
    assert not WEIGHED.accepts(fit(gain=-1))


def test_a_clear_word_is_believed_and_so_is_a_poor_fit_of_many() -> None:
    assert WEIGHED.accepts(fit(mean=-0.2, tokens=3))
    assert WEIGHED.accepts(fit(mean=-1.4, lag=-0.9, tokens=10))


def test_confidence_falls_towards_one_half_at_the_limit() -> None:
    values = [LIMITS.confidence(fit(lag=lag)) for lag in (0.0, -0.3, -0.6, -0.99)]
    assert values == sorted(values, reverse=True)
    assert values[-1] == pytest.approx(0.5, abs=0.01)


def test_the_shipped_limits_can_be_read() -> None:
    shipped = read_acceptance()
    assert shipped.accepts(fit())
    assert not shipped.accepts(fit(mean=-3, lag=-2.5))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "mean: -1",
        "mean: 1\nlag: -1\ngain: 1\nweight: 1",
        "mean: .nan\nlag: -1\ngain: 1\nweight: 1",
        "[1]",
        "mean: -1\nlag: -1\ngain: 1\nweight: -1",
    ],
)
def test_broken_limits_are_one_clear_error(tmp_path: Path, text: str) -> None:
    path = tmp_path / "acceptance.yaml"
    path.write_text(text)
    with pytest.raises(EngineError, match="thresholds"):
        read_acceptance(path)
