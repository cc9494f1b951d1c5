"""What the speech-to-text room says."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

from assistant.messages.base import Meaning as Meaning
from assistant.messages.base import Message, Seconds, Spoken


@dataclass(frozen=True, slots=True, kw_only=True)
class Partial(Message):
    """What has been understood so far; may still change."""

    topic: ClassVar[str] = "stt.partial"
    session: str
    text: Spoken


@dataclass(frozen=True, slots=True, kw_only=True)
class Transcript(Message):
    """What was said, as words. `confidence` is 0..1."""

    topic: ClassVar[str] = "stt.transcript"
    session: str
    text: Spoken
    confidence: float
    language: str
    alternatives: tuple[Spoken, ...] = ()
    seconds: tuple[Seconds, ...] = ()
    meaning: Meaning | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Nothing(Message):
    """Nobody spoke, or it could not be made out."""

    topic: ClassVar[str] = "stt.nothing"
    session: str
    cause: Literal["silence", "noise", "too-long", "failed"]
