"""The pause behind the end of a wake word is found, and a consonant's closure is none."""

import numpy as np
import pytest

from assistant.audio.frame import RATE, Samples
from assistant.stt import guard
from assistant.stt.guard import first_pause


def speech(*parts: tuple[float, float]) -> Samples:
    """Noise of these lengths in seconds and amplitudes."""
    chance = np.random.default_rng(1)
    made = [chance.normal(0, loud, int(RATE * seconds)) for seconds, loud in parts]
    return np.concatenate(made).astype(np.int16)


@pytest.mark.parametrize(
    ("parts", "where"),
    [
        (((0.15, 3000), (0.3, 20), (1.0, 3000)), 0.45),
        (((0.15, 3000), (0.06, 20), (1.0, 3000), (0.3, 20)), 0),
        (((0.3, 20), (1.0, 3000), (0.3, 20)), 0),
        (((0.3, 3000), (0.8, 20)), 0),
        (((0.8, 3000), (0.3, 20), (0.8, 3000)), 0),
        (((0.2, 3000),), 0),
    ],
)
def test_only_what_is_short_and_before_a_pause_is_passed_over(
    parts: tuple[tuple[float, float], ...], where: float
) -> None:
    assert first_pause(speech(*parts)) / RATE == pytest.approx(where, abs=0.1)


@pytest.mark.parametrize(
    ("parts", "where"),
    [
        (((0.06, 3000), (0.05, 100), (1.0, 3000)), 0.08),
        (((0.06, 3000), (0.4, 20), (1.0, 3000)), 0.09),
        (((0.2, 0), (0.06, 3000), (0.05, 100), (1.0, 3000)), 0.28),
        (((0.05, 20), (0.06, 3000), (1.0, 3000)), 0),
        (((0.15, 3000), (0.3, 20), (1.0, 3000)), 0),
        (((0.06, 3000), (0.05, 2000), (1.0, 3000)), 0),
        (((0.06, 3000), (1.0, 20)), 0),
        (((0.06, 3000),), 0),
    ],
)
def test_the_end_of_a_word_sounds_from_the_first_moment(parts: tuple[tuple[float, float], ...], where: float) -> None:
    assert guard.tail_end(speech(*parts)) / RATE == pytest.approx(where, abs=0.045)


def test_silence_that_was_added_does_not_make_noise_lively() -> None:
    noise = np.random.default_rng(5).normal(0, 300, 32_000).astype(np.int16)
    added = np.concatenate((np.zeros(16_000, np.int16), noise, np.zeros(32_000, np.int16)))
    assert guard.loudness_range(added) < guard.STEADY_DB


@pytest.mark.parametrize(
    ("text", "confidence", "scrap"),
    [
        ("Top.", 0.59, True),
        ("Oh no", 0.47, True),
        ("- That's enough.", 0.66, True),
        ("Louder.", 0.9, False),
        ("Oh no, I'm sorry.", 0.39, True),
        ("Hello? Hello? Hello?", 0.38, True),
        ("Is the egg done yet?", 0.7, False),
        ("", 0.9, True),
    ],
)
def test_words_of_no_sentence_must_be_sure(text: str, confidence: float, scrap: bool) -> None:
    assert guard.is_scrap(text, confidence, 0.65) == scrap
