"""Wake words to hear: the fake's marks, and real ones spoken by the bundled voice."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import soxr

from assistant.audio.frame import FRAME_SAMPLES, RATE, Samples
from assistant.stt.phrase import PhraseJudge
from assistant.stt.shared import SharedModel
from assistant.testing.wake import KNOWN, FakeEmbedder, FakeWakeEngine, trained_word, wake_sound
from assistant.tts.piper_engine import PiperEngine
from assistant.tts.voices import bundled_voice
from assistant.wake.cascade import CascadeEngine
from assistant.wake.custom.engine import CustomWakeEngine
from assistant.wake.custom.word import WordStore
from assistant.wake.engine import Detection, WakeEngine
from assistant.wake.microwakeword_engine import MicroWakeWordEngine


@dataclass
class Ears:
    """One kind of engine and what it can be made to hear."""

    make: Callable[..., WakeEngine]
    say: Callable[[str], Samples]
    slack: int
    """How many samples the end of a word may be misjudged by."""


class Tones:
    """A voice that says each letter as a tone."""

    kind = "tones"

    def __init__(self, number: int) -> None:
        self.name = f"tones {number}"
        self._base = 300.0 + 15 * number

    def say(self, text: str, *, speed: float = 1.0, pitch: float = 1.0) -> Samples:
        time = np.arange(int(RATE * 0.07 / speed)) / RATE
        parts = [np.sin(2 * np.pi * pitch * (self._base + 150 * (ord(each) % 23)) * time) for each in text]
        return (6000 * np.concatenate(parts)).astype(np.int16)


@pytest.fixture(scope="session")
def speak() -> Callable[[str], Samples]:
    """Words in the bundled voice at 16 kHz, the same samples each time, so that no test is a game of luck."""
    engine = PiperEngine(bundled_voice(), variation=0.0)
    engine.start()
    said: dict[str, Samples] = {}

    def say(text: str) -> Samples:
        if text not in said:
            sound = np.concatenate(list(engine.speak(text))).astype(np.float32)
            said[text] = soxr.resample(sound, engine.rate, RATE).astype(np.int16)
        return said[text]

    return say


@pytest.fixture(scope="session")
def shared() -> SharedModel:
    """One recogniser for all tests."""
    return SharedModel()


@pytest.fixture(params=["fake", "real", "cascade", "own"])
def ears(request: pytest.FixtureRequest, tmp_path: Path) -> Ears:
    if request.param == "fake":
        return Ears(make=FakeWakeEngine, say=wake_sound, slack=0)
    if request.param == "own":
        store = WordStore(tmp_path / "words", tmp_path / "own")
        for word in KNOWN:
            store.save(trained_word(word))

        def own(words: Sequence[str], *, refractory_seconds: float = 2.0) -> WakeEngine:
            trained = [store.load(word) for word in words]
            return CustomWakeEngine(trained, FakeEmbedder(), refractory_seconds=refractory_seconds)

        return Ears(make=own, say=wake_sound, slack=0)
    speak = request.getfixturevalue("speak")
    names = {"hey_mycroft": "hey Mycroft", "alexa": "Alexa", "hey_jarvis": "hey Jarvis", "okay_nabu": "okay Nabu"}

    def cascade(words: Sequence[str], *, refractory_seconds: float = 2.0) -> WakeEngine:
        judge = PhraseJudge(request.getfixturevalue("shared"))
        return CascadeEngine(MicroWakeWordEngine(words), judge, refractory_seconds=refractory_seconds)

    make = cascade if request.param == "cascade" else MicroWakeWordEngine
    return Ears(make=make, say=lambda word: _trimmed(speak(names[word])), slack=RATE // 4)


def hear(engine: WakeEngine, *sounds: Samples) -> list[tuple[Detection, int]]:
    """Feed sounds one after the other, in frames; each detection with the sample where its word ended."""
    stream = np.concatenate(sounds)
    stream = np.pad(stream, (0, -len(stream) % FRAME_SAMPLES))
    found = []
    for start in range(0, len(stream), FRAME_SAMPLES):
        frame = stream[start : start + FRAME_SAMPLES]
        found += [(each, start + FRAME_SAMPLES - each.ago) for each in engine.process(frame)]
    return found


def silence(seconds: float) -> Samples:
    return np.zeros(int(seconds * RATE), dtype=np.int16)


def _trimmed(sound: Samples) -> Samples:
    """Without the silence at both ends, padded to whole frames in front, so that the word ends with the array."""
    loud = np.flatnonzero(np.abs(sound) > 0.02 * np.max(np.abs(sound)))
    word = sound[loud[0] : loud[-1] + 1]
    return np.pad(word, (-len(word) % FRAME_SAMPLES, 0))
