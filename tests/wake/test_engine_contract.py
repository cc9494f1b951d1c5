"""What every wake-word engine promises, held by the fake and by the real one."""

from __future__ import annotations

import numpy as np
import pytest

from assistant.audio.frame import FRAME_SAMPLES, RATE
from assistant.errors import ModelError
from tests.wake.conftest import Ears, hear, silence

ALL = ("hey_mycroft", "alexa", "hey_jarvis", "okay_nabu")


@pytest.mark.parametrize("word", ALL)
def test_it_hears_its_word_once_and_says_where_it_ended(ears: Ears, word: str) -> None:
    engine = ears.make([word])
    engine.start()
    sound = ears.say(word)
    found = hear(engine, silence(1.04), sound, silence(2))
    assert [each.word for each, _ in found] == [word]
    assert 0.5 < found[0][0].score <= 1
    assert abs(found[0][1] - len(silence(1.04)) - len(sound)) <= ears.slack
    engine.close()


def test_it_hears_a_word_right_after_start_and_right_after_reset(ears: Ears) -> None:
    engine = ears.make(["hey_mycroft"])
    engine.start()
    assert len(hear(engine, ears.say("hey_mycroft"), silence(0.4))) == 1
    engine.reset()
    assert len(hear(engine, ears.say("hey_mycroft"), silence(0.4))) == 1


def test_several_words_are_told_apart(ears: Ears) -> None:
    engine = ears.make(ALL)
    engine.start()
    said = ["alexa", "okay_nabu", "hey_mycroft", "hey_jarvis"]
    found = hear(engine, *[part for word in said for part in (silence(1.04), ears.say(word))], silence(1))
    assert [each.word for each, _ in found] == said


def test_a_repeated_word_counts_once_until_the_refractory_time_is_over(ears: Ears) -> None:
    engine = ears.make(["hey_mycroft"], refractory_seconds=3.0)
    engine.start()
    word = ears.say("hey_mycroft")
    assert len(hear(engine, word, silence(0.48), word, silence(3.04), word, silence(1))) == 2


def test_silence_and_noise_wake_nobody(ears: Ears) -> None:
    engine = ears.make(ALL)
    engine.start()
    noise = np.random.default_rng(1).normal(0, 1500, 5 * RATE).astype(np.int16)
    assert hear(engine, silence(2), noise, silence(1)) == []


def test_after_a_reset_half_a_word_is_forgotten(ears: Ears) -> None:
    engine = ears.make(["hey_mycroft"])
    engine.start()
    word = ears.say("hey_mycroft")
    half = len(word) // 2 // FRAME_SAMPLES * FRAME_SAMPLES
    assert hear(engine, silence(1), word[:half]) == []
    engine.reset()
    assert hear(engine, silence(1), word[:half], silence(1)) == []


def test_an_unknown_word_is_refused_with_the_words_there_are(ears: Ears) -> None:
    with pytest.raises(ModelError, match=r"hey_microft.*hey_mycroft.*okay_nabu"):
        ears.make(["hey_microft"]).start()


def test_closing_is_fine_before_start_and_twice(ears: Ears) -> None:
    engine = ears.make(["alexa"])
    engine.close()
    engine.start()
    engine.close()
    engine.close()
