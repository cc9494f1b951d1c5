"""What the understanding room says and can be asked for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from assistant.messages.base import Before, Meaning, Message, Slot, Spoken


@dataclass(frozen=True, slots=True, kw_only=True)
class Understand(Message):
    """Find out what these words ask for. A match below `floor` counts as none.

    `meaning` is what the recogniser found on its way through the skills' sentences, when it followed them. `before` is
    what the words may go on from, `earlier` the requests before that one, the newest first.
    """

    topic: ClassVar[str] = "intent.understand"
    wish: ClassVar[bool] = True
    session: str
    text: Spoken
    language: str
    floor: float = 0.0
    meaning: Meaning | None = None
    before: Before | None = None
    earlier: tuple[Before, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Settle(Message):
    """This is what is meant: what a person chose, or the request before once more. Answered by `intent.matched`."""

    topic: ClassVar[str] = "intent.settle"
    wish: ClassVar[bool] = True
    session: str
    intent: str
    skill: str
    slots: tuple[Slot, ...]
    text: Spoken


@dataclass(frozen=True, slots=True, kw_only=True)
class Matched(Message):
    """One skill's intent fits. `confidence` is 1.0 only for an exact sentence; `intent` is `skill.name`.

    `text` is what was meant: without what people took back, and of several requests in one sentence the first; `rest`
    are the others, in order. The dialogue has them understood when this one is answered. `follows` is the intent of the
    request before, when this one goes on from it; slots that were not said again come from there, without words.
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
    follows: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ambiguous(Message):
    """Several intents fit about as well: ask, do not guess. `meanings` are the same with their slots, best first, and
    `titles` how to name them to a person."""

    topic: ClassVar[str] = "intent.ambiguous"
    session: str
    choices: tuple[str, ...]
    text: Spoken
    meanings: tuple[Meaning, ...] = ()
    titles: tuple[Spoken, ...] = ()


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
