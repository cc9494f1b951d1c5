"""What a text-to-speech engine is. Plain synchronous code; the service runs it in one thread."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

from assistant.audio.frame import Samples


class TtsEngine(Protocol):
    """Turns one sentence into sound."""

    name: str
    language: str
    rate: int
    """Samples per second of what `speak` yields; known after `start`."""

    def start(self) -> None:
        """Load the voice. Raises ModelError."""
        ...

    def speak(self, sentence: str) -> Iterator[Samples]:
        """Mono sound of one sentence, in one or more pieces, as soon as each is ready. Raises EngineError."""
        ...

    def close(self) -> None:
        """Free the voice."""
        ...
