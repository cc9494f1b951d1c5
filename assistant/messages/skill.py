"""What the skills room says and can be asked for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from assistant.messages.base import Message, Spoken


@dataclass(frozen=True, slots=True, kw_only=True)
class Rescan(Message):
    """Look at the skill folders again: something was installed, changed or removed. Answered by `skill.scanned`."""

    topic: ClassVar[str] = "skill.rescan"
    wish: ClassVar[bool] = True
    ticket: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scanned(Message):
    """The skill folders have been looked at because of the `skill.rescan` with this ticket, and all was told."""

    topic: ClassVar[str] = "skill.scanned"
    ticket: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer(Message):
    """Give a skill the answer to the question that it asked with its last reply."""

    topic: ClassVar[str] = "skill.answer"
    wish: ClassVar[bool] = True
    session: str
    skill: str
    text: Spoken
    language: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Undo(Message):
    """Take back what was done in the session `of`. Answered by `skill.replied`."""

    topic: ClassVar[str] = "skill.undo"
    wish: ClassVar[bool] = True
    session: str
    of: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Hush(Message):
    """Stop whatever skills are sounding (a ringing timer). Answered by `skill.hushed`."""

    topic: ClassVar[str] = "skill.hush"
    wish: ClassVar[bool] = True
    session: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Hushed(Message):
    """How many sounding things were stopped."""

    topic: ClassVar[str] = "skill.hushed"
    session: str
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Ready(Message):
    """A skill is loaded. `folder` is where its sentences lie."""

    topic: ClassVar[str] = "skill.ready"
    skill: str
    version: str
    folder: str
    intents: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed(Message):
    """What the list `entity` of a skill's sentences holds from now on, in place of its file; nothing: the file again.

    Counts from the next `skill.loaded` on. The entries may be names that people gave.
    """

    topic: ClassVar[str] = "skill.listed"
    skill: str
    entity: str
    entries: tuple[Spoken, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Failed(Message):
    """A skill could not be loaded (`stage` load) or broke while it worked (`stage` run)."""

    topic: ClassVar[str] = "skill.failed"
    skill: str
    stage: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Removed(Message):
    """A skill is gone; its sentences no longer count."""

    topic: ClassVar[str] = "skill.removed"
    skill: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded(Message):
    """All skill folders have been looked at."""

    topic: ClassVar[str] = "skill.loaded"
    skills: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Replied(Message):
    """A skill's answer. With `ask` it wants to hear a reply without a wake word. `text` may repeat spoken words.

    `undo`: what was done can be taken back. `question`: nothing was done, so it may be asked again. `more`: what
    else is said in the next seconds needs no wake word. `expects`: the kinds of answer to the question, as in
    `assistant.skills.api.Expects`; `options`: words to choose from.
    """

    topic: ClassVar[str] = "skill.replied"
    session: str
    skill: str
    text: Spoken
    ask: bool = False
    undo: bool = False
    question: bool = False
    more: bool = False
    expects: tuple[str, ...] = ()
    options: tuple[Spoken, ...] = ()
    language: str = "en"


@dataclass(frozen=True, slots=True, kw_only=True)
class Alerted(Message):
    """A skill speaks up by itself (a timer ran out): ring, then say `text`."""

    topic: ClassVar[str] = "skill.alerted"
    skill: str
    text: Spoken
    ring: bool = False
    language: str = "en"


@dataclass(frozen=True, slots=True, kw_only=True)
class Paused(Message):
    """No skill runs or writes until `consent.destroyed` comes (or ten seconds have passed): everything is forgotten."""

    topic: ClassVar[str] = "skill.paused"
    skills: tuple[str, ...]
