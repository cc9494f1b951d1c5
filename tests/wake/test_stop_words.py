"""While an alarm rings "stop" ends it; at any other time nobody listens for that."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pytest

from assistant.audio.chimes import chime
from assistant.audio.frame import FRAME_SAMPLES, FRAME_SECONDS, RATE, Samples
from assistant.errors import EngineError
from assistant.stt.phrase import PhraseJudge, stop_phrase
from assistant.stt.shared import SharedModel
from assistant.testing.wake import FakeJudge, wake_sound
from assistant.wake.stop_words import EVERY_FRAMES, MOST_SHARE, RINGING_SECONDS, STOP, StopWords

ROOM = np.full(FRAME_SAMPLES, 500, dtype=np.int16)
STOPPED = wake_sound(STOP)


class Deaf(FakeJudge):
    def judge(self, word: str, sound: Samples) -> float:
        self.asked += 1
        raise EngineError("the encoder failed", where="test")


def heard(stop_words: StopWords, frames: Sequence[Samples]) -> list[int]:
    """Numbers of the frames at which a stop word was heard."""
    found = []
    for number, frame in enumerate(frames):
        stop_words.frame()
        if stop_words.process(frame):
            found.append(number)
    return found


def test_nobody_listens_while_nothing_rings() -> None:
    judge = FakeJudge()
    stop_words = StopWords(judge, ["stop"])
    assert heard(stop_words, [STOPPED] * 50) == []
    assert judge.asked == 0


def test_while_it_rings_the_word_is_heard_once_and_then_nobody_listens_any_more() -> None:
    judge = FakeJudge()
    stop_words = StopWords(judge, ["stop"])
    stop_words.ring()
    frames = [ROOM] * 10 + [STOPPED] + [ROOM] * 50
    (found,) = heard(stop_words, frames)
    assert 10 <= found < 10 + EVERY_FRAMES
    asked = judge.asked
    assert not stop_words.rings
    assert heard(stop_words, [STOPPED] * 10) == []
    assert judge.asked == asked


def test_it_listens_from_ring_to_ring_and_not_for_ever() -> None:
    judge = FakeJudge()
    stop_words = StopWords(judge, ["stop"])
    stop_words.ring()
    frames = round(RINGING_SECONDS / FRAME_SECONDS)
    assert heard(stop_words, [ROOM] * (frames + 10)) == []
    assert judge.asked == -(-(frames - 1) // EVERY_FRAMES)
    assert not stop_words.rings


def test_a_slow_machine_is_asked_less_often() -> None:
    times = iter(float(second) for second in range(1000))
    judge = FakeJudge()
    stop_words = StopWords(judge, ["stop"], now=lambda: next(times))
    stop_words.ring()
    frames = round(RINGING_SECONDS / FRAME_SECONDS)
    heard(stop_words, [ROOM] * frames)
    assert judge.asked <= RINGING_SECONDS * MOST_SHARE + 1, "each question took a second"


def test_what_was_heard_before_it_rang_does_not_count() -> None:
    stop_words = StopWords(FakeJudge(), ["stop"])
    assert heard(stop_words, [STOPPED]) == []
    stop_words.ring()
    assert heard(stop_words, [ROOM] * 20) == []


def test_a_judge_who_fails_is_not_asked_again() -> None:
    judge = Deaf()
    stop_words = StopWords(judge, ["stop"])
    stop_words.ring()
    assert heard(stop_words, [STOPPED] * 30) == []
    assert judge.asked == 1


@pytest.mark.parametrize(
    ("said", "stops"), [("Stop!", True), ("Okay, stop it.", True), ("Be quiet.", True), ("What time is it?", False)]
)
def test_people_are_understood_beside_the_ringing(
    speak: Callable[[str], Samples], shared: SharedModel, said: str, stops: bool
) -> None:
    phrase = stop_phrase("en")
    assert phrase is not None
    stop_words = StopWords(PhraseJudge(shared, {STOP: phrase}), phrase.spellings)
    stop_words.start()
    sound = np.tile(chime("ring"), 2).astype(np.int32) // 4
    words = speak(said)
    sound[RATE : RATE + len(words)] += words[: len(sound) - RATE]
    stop_words.ring()
    sound = sound[: len(sound) // FRAME_SAMPLES * FRAME_SAMPLES].clip(-32768, 32767).astype(np.int16)
    assert bool(heard(stop_words, list(sound.reshape(-1, FRAME_SAMPLES)))) is stops
    stop_words.close()


def test_a_language_without_stop_words_has_none() -> None:
    assert stop_phrase("xx") is None
