"""What the consent room says and can be asked for. Nothing here carries sound or says what anybody said."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

from assistant.messages.base import Message, Spoken


@dataclass(frozen=True, slots=True, kw_only=True)
class Replied(Message):
    """The answer to a privacy command; like `skill.replied` for `skill`, which is always `privacy`."""

    topic: ClassVar[str] = "consent.replied"
    session: str
    skill: str = "privacy"
    text: Spoken
    ask: bool = False
    language: str = "en"


@dataclass(frozen=True, slots=True, kw_only=True)
class Granted(Message):
    """Somebody agreed to one purpose, until `until` (Unix time)."""

    topic: ClassVar[str] = "consent.granted"
    purpose: str
    until: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused(Message):
    """Somebody was asked and there was no valid yes."""

    topic: ClassVar[str] = "consent.refused"
    purpose: str
    why: Literal["no", "phrase", "late", "echo", "typed", "forbidden", "unheard", "nothing", "elsewhere"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Gone:
    """What was destroyed at one surface of the data map."""

    surface: str
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Destroyed(Message):
    """Clips are gone. `why` is withdraw, everything, delete or expire; `code` names the receipt. `request` is that of
    `consent.scrub`, if that was asked; then `gone` says what was destroyed, by surface, and `copies` how many of the
    clips their owner had exported."""

    topic: ClassVar[str] = "consent.destroyed"
    why: str
    clips: int
    code: str
    failed: tuple[str, ...] = ()
    request: str = ""
    gone: tuple[Gone, ...] = ()
    copies: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Scrub(Message):
    """Forget everything, as the owner's command asks; skills stand still first. Answered by `consent.destroyed`, or by
    `consent.refused` where the assistant's folder is not `state`."""

    topic: ClassVar[str] = "consent.scrub"
    wish: ClassVar[bool] = True
    request: str
    actor: str
    state: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Forget(Message):
    """Drop whatever is remembered of people (timers, lists), in memory too. Said when everything is to be forgotten."""

    topic: ClassVar[str] = "consent.forget"
    wish: ClassVar[bool] = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask(Message):
    """May anything be kept now? Answered by `consent.leave` with the same `request`."""

    topic: ClassVar[str] = "consent.ask"
    wish: ClassVar[bool] = True
    request: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Leave(Message):
    """What somebody's yes covers now. Any withdrawal makes another `generation`, and every older leave void."""

    topic: ClassVar[str] = "consent.leave"
    request: str
    generation: int
    purposes: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer(Message):
    """There is a clip for this purpose, recorded under that leave. Answered by `consent.decided`.

    The sound does not travel here. Whoever brings it must show the secret whose SHA-256 is `proof`: so the gate knows
    that it comes from the sender of this message.
    """

    topic: ClassVar[str] = "consent.offer"
    wish: ClassVar[bool] = True
    request: str
    purpose: str
    generation: int
    proof: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Decided(Message):
    """Whether the offered clip may be brought."""

    topic: ClassVar[str] = "consent.decided"
    request: str
    accepted: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Debug(Message):
    """Write the words that are heard into a file, for so many minutes (1 to 60; 0 ends it).

    It begins once it has been announced aloud: answered by `consent.debugging`, or `consent.refused`.
    """

    topic: ClassVar[str] = "consent.debug"
    wish: ClassVar[bool] = True
    minutes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Debugging(Message):
    """Words are written into `file` until `until` (Unix time), or no longer."""

    topic: ClassVar[str] = "consent.debugging"
    live: bool
    until: int = 0
    file: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Note(Message):
    """Write these words down. Only said while `consent.debugging` is live, and only heeded then."""

    topic: ClassVar[str] = "consent.note"
    wish: ClassVar[bool] = True
    text: Spoken
