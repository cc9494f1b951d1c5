"""What the understanding room says and can be asked for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from assistant.messages.base import Meaning, Message, Slot, Spoken


@dataclass(frozen=True, slots=True, kw_only=True)
class Understand(Message):
    """Find out what these words ask for. A match below `floor` counts as none.

    `meaning` is what the recogniser found on its way through the skills' sentences, when it followed them.
    """

    topic: ClassVar[str] = "intent.understand"
    wish: ClassVar[bool] = True
    session: str
    text: Spoken
    language: str
    floor: float = 0.0
    meaning: Meaning | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Matched(Message):
    """One skill's intent fits. `confidence` is 1.0 only for an exact sentence; `intent` is `skill.name`.

    `text` is what was meant: without what people took back, and of several requests in one sentence the first; `rest`
    are the others, in order. The dialogue has them understood when this one is answered.
    """

    topic: ClassVar[str] = "intent.matched"
    session: str
    intent: str
    skill: str
    slots: tuple[Slot, ...]
    text: Spoken
    confidence: float
    engine: str
    rest: tuple[Spoken, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Ambiguous(Message):
    """Several intents fit about as well: ask, do not guess."""

    topic: ClassVar[str] = "intent.ambiguous"
    session: str
    choices: tuple[str, ...]
    text: Spoken


@dataclass(frozen=True, slots=True, kw_only=True)
class Unmatched(Message):
    """No skill knows what to do with these words."""

    topic: ClassVar[str] = "intent.unmatched"
    session: str
    text: Spoken


@dataclass(frozen=True, slots=True, kw_only=True)
class Learned(Message):
    """The sentences of all loaded skills are understood from now on; learning engines may still train."""

    topic: ClassVar[str] = "intent.learned"
    skills: tuple[str, ...]
    intents: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Trained(Message):
    """A learning engine has caught up with the loaded skills."""

    topic: ClassVar[str] = "intent.trained"
    engine: str
    intents: int
    seconds: float
