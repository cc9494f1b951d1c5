"""What a speech-to-text engine is. Plain synchronous code; the service runs it in one thread."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from assistant.audio.frame import Samples


@dataclass(frozen=True, slots=True, kw_only=True)
class Hypothesis:
    """What was heard. `confidence` is 0..1; `text` is empty when there was nothing to recognise."""

    text: str
    confidence: float
    language: str
    alternatives: tuple[str, ...] = ()


class SttEngine(Protocol):
    """Turns one utterance into words: `begin`, then `accept` frame by frame, then `finish`."""

    name: str
    language: str

    def start(self) -> None:
        """Load the model. Raises ModelError."""
        ...

    def begin(self) -> None:
        """A new utterance; whatever is left of the last one is forgotten."""
        ...

    def accept(self, samples: Samples) -> str | None:
        """Take more sound (any length, 16 kHz). Returns a partial text if the engine has a new one."""
        ...

    def finish(self) -> Hypothesis:
        """The utterance is over. Its sound is overwritten before this returns. Raises EngineError."""
        ...

    def close(self) -> None:
        """Free the model."""
        ...
