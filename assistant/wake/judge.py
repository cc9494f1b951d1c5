"""A second opinion on a wake word. Whoever puts the assistant together decides who gives it."""

from __future__ import annotations

from typing import Protocol

from assistant.audio.frame import Samples


class Judge(Protocol):
    """Looks at the last two seconds once a detector believes to have heard a word."""

    def start(self) -> None:
        """Load the model. Raises ModelError."""
        ...

    def knows(self, word: str) -> bool:
        """Whether it can judge this word."""
        ...

    def judge(self, word: str, sound: Samples) -> float:
        """0 or more: the word was said in `sound`; by how much, in natural logarithms. Raises EngineError."""
        ...

    def close(self) -> None:
        """Free the model."""
        ...
