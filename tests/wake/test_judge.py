"""A judge tells a wake word from other speech, whoever gives the second opinion."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from assistant.audio.frame import Samples
from assistant.stt.phrase import PHRASES, SURPRISE, Phrase, PhraseJudge, Unheard
from assistant.stt.shared import SharedModel
from assistant.testing.wake import KNOWN, FakeJudge, wake_sound
from assistant.wake.judge import Judge
from tests.wake.conftest import silence

NAMES = {"hey_mycroft": "hey Mycroft", "alexa": "Alexa", "hey_jarvis": "hey Jarvis"}
Bench = tuple[Judge, Callable[[str], Samples]]


@pytest.fixture(params=["fake", "real"])
def bench(request: pytest.FixtureRequest) -> Bench:
    """A judge, and how a word sounds for it."""
    if request.param == "fake":
        return FakeJudge(), wake_sound
    speak = request.getfixturevalue("speak")
    return PhraseJudge(request.getfixturevalue("shared")), lambda word: speak(NAMES[word])


@pytest.mark.parametrize("said", NAMES)
def test_it_says_yes_to_the_word_and_no_to_the_others(bench: Bench, said: str) -> None:
    judge, say = bench
    judge.start()
    sound = np.concatenate([silence(0.3), say(said)])
    assert [word for word in NAMES if judge.knows(word) and judge.judge(word, sound) >= 0] == [said]
    judge.close()


def test_silence_is_no_word(bench: Bench) -> None:
    judge, _ = bench
    judge.start()
    assert [word for word in KNOWN if judge.knows(word) and judge.judge(word, silence(1.5)) >= 0] == []
    assert judge.judge("alexa", silence(0)) < 0


@pytest.mark.parametrize("text", ["what time is it?", "hey Mike, come here", "a relaxed afternoon"])
def test_ordinary_speech_is_no_wake_word(speak: Callable[[str], Samples], bench: Bench, text: str) -> None:
    judge = bench[0]
    judge.start()
    assert [word for word in NAMES if judge.judge(word, speak(text)) >= 0] == []


def test_a_word_that_sounds_like_it_is_told_from_it(speak: Callable[[str], Samples], shared: SharedModel) -> None:
    known = PHRASES["hey_mycroft"]
    judge = PhraseJudge(shared, {"with": known, "without": replace(known, rivals=())})
    judge.start()
    said = {word: judge.judge(word, speak("hey Minecraft")) for word in ("with", "without")}
    assert said["with"] < 0 <= said["without"]
    judge.close()


def test_what_was_said_before_the_word_does_not_matter(speak: Callable[[str], Samples], bench: Bench) -> None:
    judge, say = bench
    judge.start()
    sound = np.concatenate([speak("I will be late tonight")[-8000:], say("alexa")])
    assert judge.judge("alexa", sound) >= 0


def test_a_word_that_nobody_knows_how_to_write_is_told_from_what_the_detector_takes_for_it(
    speak: Callable[[str], Samples], shared: SharedModel
) -> None:
    judge = PhraseJudge(shared)
    judge.start()
    assert judge.judge("okay_nabu", np.concatenate([silence(0.3), speak("okay Nabu")])) >= 0
    assert judge.judge("okay_nabu", np.concatenate([silence(0.3), speak("Athena")])) < 0


def test_a_common_word_counts_only_where_it_was_heard(speak: Callable[[str], Samples], shared: SharedModel) -> None:
    model = shared.get()
    encode = model.tokenizer.encode
    unheard = Unheard(model)
    word = encode("computer")
    made_up = unheard.likelihood([each for part in ["You", "can", "use", "the"] for each in encode(part)], word)
    assert made_up > unheard.likelihood([], word) + 3
    sound = np.concatenate([silence(0.3), speak("computer"), silence(0.2)])
    for surprise, said in ((0.0, True), (SURPRISE, True), (50.0, False)):
        judge = PhraseJudge(shared, {"computer": Phrase(("Computer", "computer"), -6.0, surprise)})
        judge.start()
        assert (judge.judge("computer", sound) >= 0) is said, surprise
