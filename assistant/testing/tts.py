"""A voice for tests: each sentence becomes a tone as long as its text."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import numpy as np

from assistant.audio.frame import Samples
from assistant.errors import EngineError


class FakeTtsEngine:
    """Behaves as `TtsEngine` says, at 10 ms a character.

    `sentences` lists what it was given. While `gate` is clear, a sentence that contains `waits_on` gives no sound. One
    that contains `fails_on` raises EngineError.
    """

    name = "fake"
    language = "en-US"

    def __init__(self, *, fails_on: str = "", waits_on: str = "") -> None:
        self.rate = 0
        self.sentences: list[str] = []
        self.running = False
        self.gate = threading.Event()
        self.gate.set()
        self._fails_on = fails_on
        self._waits_on = waits_on

    def start(self) -> None:
        self.rate = 16_000
        self.running = True

    def speak(self, sentence: str) -> Iterator[Samples]:
        self.sentences.append(sentence)
        if self._waits_on in sentence:
            self.gate.wait(10)
        if self._fails_on and self._fails_on in sentence:
            raise EngineError("the fake voice was told to fail", where="fake")
        if any(char.isalnum() for char in sentence):
            time = np.arange(len(sentence) * self.rate // 100)
            yield (8000 * np.sin(2 * np.pi * 220 / self.rate * time)).astype(np.int16)

    def close(self) -> None:
        self.running = False
