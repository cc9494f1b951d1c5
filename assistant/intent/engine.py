"""What an intent engine is. Plain synchronous code; the service runs it in one thread."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from assistant.grammar.sentences import SkillSentences
from assistant.messages.base import Slot

__all__ = ["IntentEngine", "Match", "SkillSentences"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """An engine's opinion. `intent` is `skill.name`; confidence 1.0 means the words fit exactly."""

    intent: str
    skill: str
    slots: tuple[Slot, ...]
    confidence: float


class IntentEngine(Protocol):
    """Finds out which intent words belong to."""

    name: str
    trains: bool
    """Whether `learn` takes long, so that it is run in the background."""

    def start(self) -> None:
        """Get ready. Raises EngineError or ModelError."""
        ...

    def learn(self, skills: Sequence[SkillSentences]) -> None:
        """Replace all that was learned. May take long for an engine that trains; `match` works meanwhile with what
        was learned before. Raises SkillError for a template that cannot be read."""
        ...

    def match(self, text: str, language: str, now: datetime) -> list[Match]:
        """All intents that fit well enough to act on, best first; empty when none does."""
        ...

    def close(self) -> None:
        """Free what it holds; a running training ends."""
        ...
