"""What the dialogue knows of one question on its way to an answer."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from assistant.messages import Meaning, Seconds, Slot, Spoken, dialog

Why = Literal["wake", "button", "question", "typed"]
Stage = Literal["listening", "thinking", "speaking"]


@dataclass(frozen=True, slots=True)
class Offered:
    """Two or more meanings of the same words, and how they are named."""

    meanings: tuple[Meaning, ...]
    titles: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Question:
    """A typed question that is open until then."""

    skill: str
    until: float
    offered: Offered | None


@dataclass(slots=True, kw_only=True)
class Session:
    """One question on its way to an answer."""

    id: str
    why: Why
    stage: Stage
    since: float
    deadline: float
    request: str = ""
    aloud: bool = True
    asker: str = ""
    """Who goes on from whose answers: all that is spoken, or one who types."""
    answers: str = ""
    """The skill whose question this session answers."""
    offered: Offered | None = None
    """What the question was between, when the dialogue itself has asked "this or that?"."""
    expects: tuple[str, ...] = ()
    """The kinds of answer to the question that this session has asked."""
    options: tuple[Spoken, ...] = ()
    """Words to choose from in that answer."""
    quiet: bool = False
    """Nobody was asked to speak: what is not understood gets no reply."""
    transcript: Spoken = field(default_factory=Spoken)
    meaning: Meaning | None = None
    unsure: bool = False
    """It may have been other words."""
    part: Spoken = field(default_factory=Spoken)
    """The request of a longer sentence that is being worked on; empty: the whole sentence."""
    rest: tuple[Spoken, ...] = ()
    """Its requests that are still to be done."""
    said: tuple[str, ...] = ()
    """The replies to those that are done."""
    intent: str | None = None
    skill: str | None = None
    slots: tuple[Slot, ...] = ()
    seconds: list[Seconds] = field(default_factory=list)
    outcome: dialog.Outcome = "answered"
    ask: bool = False
    more: bool = False
    """The skill listens on for a few seconds."""
    reply: Spoken = field(default_factory=Spoken)

    def forget(self) -> None:
        """The answer is out: nothing of what was said is kept while it is spoken."""
        self.transcript, self.meaning, self.slots = Spoken(), None, ()
        self.part, self.rest, self.said = Spoken(), (), ()
        self.reply = Spoken()


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Waiting times in seconds."""

    patience: float
    listening: float
    thinking: float
