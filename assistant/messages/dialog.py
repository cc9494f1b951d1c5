"""What the dialogue room says and can be asked for. A session is one question and its answer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

from assistant.messages.base import Message, Seconds, Slot, Spoken

Outcome = Literal["answered", "asked", "unmatched", "ambiguous", "nothing", "cancelled", "failed"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Listen(Message):
    """Listen now, as if the wake word had been said (a button)."""

    topic: ClassVar[str] = "dialog.listen"
    wish: ClassVar[bool] = True
    from_sample: int = -1
    """The first sample that counts; -1 means from now on."""
    whole: bool = False
    """The sound from there to its end is one request (a recording)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cancel(Message):
    """Stop: end what is being heard, thought about or said."""

    topic: ClassVar[str] = "dialog.cancel"
    wish: ClassVar[bool] = True
    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask(Message):
    """Answer typed words. `request` is the asker's own mark and comes back in `dialog.answered`.

    What goes on from an answer ("and tomorrow?") goes on from the last one to the same `asker`.
    """

    topic: ClassVar[str] = "dialog.ask"
    wish: ClassVar[bool] = True
    request: str
    text: Spoken
    aloud: bool = False
    asker: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened(Message):
    """A session began: by a wake word, a button, a question of a skill, or typed words."""

    topic: ClassVar[str] = "dialog.opened"
    session: str
    why: Literal["wake", "button", "question", "typed"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Listening(Message):
    """Recognise from `from_sample` on (-1: from now on) until the person stops speaking.

    `wake_word` may still be audible before it.
    """

    topic: ClassVar[str] = "dialog.listening"
    session: str
    from_sample: int
    wake_word: str = ""
    patience: float = 5.0
    expects: tuple[str, ...] = ()
    """The kind of answer that `skill` has asked for (see `skill.replied`); anything else may be said too."""
    options: tuple[Spoken, ...] = ()
    skill: str = ""
    whole: bool = False
    """See `dialog.listen`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered(Message):
    """A session's whole result, for whoever asked or watches."""

    topic: ClassVar[str] = "dialog.answered"
    session: str
    request: str
    transcript: Spoken
    intent: str | None
    skill: str | None
    slots: tuple[Slot, ...]
    reply: Spoken
    outcome: Outcome
    seconds: tuple[Seconds, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Closed(Message):
    """A session is over and its sound is forgotten."""

    topic: ClassVar[str] = "dialog.closed"
    session: str
    outcome: Outcome
