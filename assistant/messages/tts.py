"""What the speaking room says and can be asked for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

from assistant.messages.base import Message, Seconds, Spoken


@dataclass(frozen=True, slots=True, kw_only=True)
class Say(Message):
    """Speak `text`. Utterances wait for one another; an `urgent` one does not."""

    topic: ClassVar[str] = "tts.say"
    wish: ClassVar[bool] = True
    session: str
    text: Spoken
    language: str
    urgent: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Stop(Message):
    """Be quiet at once and forget what was still to be said."""

    topic: ClassVar[str] = "tts.stop"
    wish: ClassVar[bool] = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Started(Message):
    """The first sound of an utterance went to the speaker."""

    topic: ClassVar[str] = "tts.started"
    session: str
    seconds: tuple[Seconds, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended(Message):
    """An utterance is over."""

    topic: ClassVar[str] = "tts.ended"
    session: str
    cause: Literal["said", "stopped", "failed"]
