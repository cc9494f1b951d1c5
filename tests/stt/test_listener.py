"""No sound is given up before it was understood."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import TypeVar

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assistant.audio.frame import RATE, Frame, Samples
from assistant.config.schema import Stt
from assistant.messages import dialog, stt
from assistant.stt.engine import Hypothesis, Meaning
from assistant.stt.expected import ANYTHING, Expected
from assistant.stt.listener import JOIN_SECONDS, Listener
from assistant.testing.stt import FakeSttEngine, speak

T = TypeVar("T")
MEANING = Meaning(intent="garden.water", skill="garden", slots=(), score=0.9, gap=7.0)


class Judge(FakeSttEngine):
    """Understands the sound that `understands` likes, and remembers all that it was asked about."""

    def __init__(self, understands: Callable[[Samples], bool], otherwise: str = "", meaning: Meaning = MEANING) -> None:
        super().__init__()
        self.start()
        self.asked: list[Samples] = []
        self._understands = understands
        self._otherwise = otherwise
        self._meaning = meaning
        self._sound: list[Samples] = []
        self.text, self.confidence = "water the roses", 0.9

    def begin(self, *, wake_word: str = "", expected: Expected = ANYTHING) -> None:
        super().begin(wake_word=wake_word, expected=expected)
        self._sound = []

    def accept(self, samples: Samples) -> str | None:
        self._sound.append(samples.copy())
        return super().accept(samples)

    def finish(self, *, settled: bool = False) -> Hypothesis:
        self.asked.append(np.concatenate(self._sound))
        if self._understands(self.asked[-1]):
            return Hypothesis(text=self.text, confidence=self.confidence, language="en", meaning=self._meaning)
        return Hypothesis(text=self._otherwise, confidence=0.9, language="en")


def listen(
    engine: Judge, sound: Samples, *, whole: bool = False, skill: str = ""
) -> tuple[stt.Transcript | stt.Nothing, Listener]:
    async def frames() -> AsyncIterator[Frame | None]:
        for at in range(0, len(sound), 1280):
            yield Frame(index=at // 1280, samples=sound[at : at + 1280].copy())
        while True:
            yield None

    def work(job: Callable[[], T], /) -> Awaitable[T]:
        done: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        done.set_result(job())
        return done

    async def run() -> tuple[stt.Transcript | stt.Nothing, Listener]:
        patience = 30.0 if whole else 5.0
        wish = dialog.Listening(session="1", from_sample=0, whole=whole, patience=patience, skill=skill)
        listener = Listener(engine, work, Stt(), wish, frames(), lambda text: None)
        return await listener.hear(), listener

    return asyncio.run(run())


def voiced_seconds(sound: Samples) -> float:
    """How much of the buzz of `speak` is in it."""
    pieces = sound[: len(sound) // 160 * 160].reshape(-1, 160).astype(np.float64)
    return float((np.square(pieces).mean(axis=1) > 10_000).sum()) / 100


def test_what_a_pause_has_cut_in_two_is_understood_together() -> None:
    engine = Judge(lambda sound: voiced_seconds(sound) > 1.5)
    said, _ = listen(engine, speak([(0.5, False), (1, True), (1.2, False), (1, True), (2, False)]))
    assert isinstance(said, stt.Transcript) and said.meaning is not None
    assert [round(voiced_seconds(sound)) for sound in engine.asked] == [1, 2]


def test_what_follows_a_clatter_is_also_looked_at_alone() -> None:
    engine = Judge(lambda sound: 0.9 < voiced_seconds(sound) < 1.2)
    said, _ = listen(engine, speak([(0.5, False), (0.4, True), (1.2, False), (1, True), (2, False)]))
    assert isinstance(said, stt.Transcript) and said.meaning is not None


@pytest.mark.parametrize("asked", ["", "list"])
@pytest.mark.parametrize("whole", [False, True])
def test_an_answer_counts_only_where_something_was_asked(asked: str, whole: bool) -> None:
    engine = Judge(lambda sound: True, meaning=Meaning(intent="dialog.yes", skill="dialog", slots=(), score=1, gap=9))
    said, _ = listen(engine, speak([(0.5, False), (0.5, True), (6, False)]), whole=whole, skill=asked)
    assert isinstance(said, stt.Transcript) == bool(asked)


def test_what_was_long_ago_is_not_joined() -> None:
    engine = Judge(lambda sound: False)
    listen(engine, speak([(0.5, False), (1, True), (JOIN_SECONDS + 1, False), (1, True), (2, False)]))
    assert max(map(voiced_seconds, engine.asked)) < 1.2


def test_what_is_joined_has_an_end() -> None:
    engine = Judge(lambda sound: False)
    listen(engine, speak([(0.5, False), *[(4, True), (1, False)] * 5]), whole=True)
    assert max(len(asked) for asked in engine.asked[:-1]) < 20 * RATE


@pytest.mark.parametrize("whole", [True, False])
def test_only_a_recording_is_looked_at_as_a_whole_in_the_end(whole: bool) -> None:
    engine = Judge(lambda sound: voiced_seconds(sound) > 2.5, otherwise="what was that")
    sound = speak([(0.5, False), (1, True), (3, False), (1, True), (3, False), (1, True), (1, False)])
    said, _ = listen(engine, sound, whole=whole)
    assert isinstance(said, stt.Transcript)
    assert (said.meaning is not None) == whole


def test_free_text_of_a_recording_that_is_not_understood_stays_what_it_was() -> None:
    engine = Judge(lambda sound: False, otherwise="what was that")
    said, _ = listen(engine, speak([(0.5, False), (1, True), (3, False)]), whole=True)
    assert isinstance(said, stt.Transcript) and said.text.text == "what was that"


@pytest.mark.parametrize(("confidence", "taken"), [(0.6, False), (0.9, True)])
def test_a_word_made_of_noise_does_not_stand_for_a_sentence_that_was_not_understood(
    confidence: float, taken: bool
) -> None:
    engine = Judge(lambda sound: 0.8 < voiced_seconds(sound) < 1.2, otherwise="we have an ounce of that")
    engine.text, engine.confidence = "down", confidence
    said, _ = listen(engine, speak([(0.5, False), (2, True), (3, False), (1, True), (3, False)]), whole=True)
    assert isinstance(said, stt.Transcript)
    assert (said.text.text == "down") == taken


@settings(max_examples=15, deadline=None)
@given(st.lists(st.tuples(st.floats(0.4, 1.5), st.floats(0.1, 1.5)), min_size=1, max_size=4))
def test_no_voice_is_lost_whatever_the_pauses(parts: list[tuple[float, float]]) -> None:
    engine = Judge(lambda sound: False)
    sound = speak([(0.5, False), *[each for on, off in parts for each in ((on, True), (off, False))]])
    listen(engine, sound, whole=True)
    spoken = sum(on for on, _ in parts)
    heard = max(map(voiced_seconds, engine.asked), default=0.0)
    assert heard == pytest.approx(spoken, abs=0.1 + 0.02 * len(parts))


def test_the_sound_is_overwritten_in_the_end() -> None:
    _, listener = listen(Judge(lambda sound: True), speak([(0.5, False), (1, True), (2, False)]))
    assert listener._sound.part(0, RATE).any()
    listener.clear()
    assert not listener._sound._samples.any()
