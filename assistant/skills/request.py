"""What a person wants of a skill, and what it says to that: `Request -> Reply`."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from typing import TypeVar

from assistant.messages.base import Slot, Spoken

P = TypeVar("P")


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What a person wants: the intent, and the pieces that the sentence named.

    Printing one shows no words that were said. For the answer to a question `intent` is empty, and `slots` holds what
    the words contain, under the names of the kinds: number, duration, time, date, datetime.
    """

    intent: str
    said: Spoken
    slots: Mapping[str, Slot] = field(default_factory=dict)
    language: str = "en"
    now: datetime
    session: str = ""
    follows: str = ""
    """The intent of the request before, when this one goes on from its answer: "make it ten". Slots that were not said
    again have the values from there, without words. "alert" when the skill had spoken up by itself."""

    def __contains__(self, slot: str) -> bool:
        return slot in self.slots

    def named(self, slot: str) -> bool:
        """Whether this request itself holds the slot, rather than the one that it `follows`."""
        found = self.slots.get(slot)
        return found is not None and (bool(found.spoken) or not self.follows)

    def text(self, slot: str = "") -> str:
        """The words of a slot (for a list: the entry as the skill spells it), or "" when it was not said.

        Without a name: the whole sentence.
        """
        if not slot:
            return self.said.text
        found = self.slots.get(slot)
        if found is None:
            return ""
        return found.value if isinstance(found.value, str) else found.spoken.text

    def value(self, slot: str) -> float | str | None:
        """What a slot means, as `assistant.messages.Slot` describes, or None."""
        found = self.slots.get(slot)
        return None if found is None else found.value

    def number(self, slot: str = "number") -> float | None:
        """A number or percentage."""
        value = self.value(slot)
        return float(value) if isinstance(value, (int, float)) else None

    def duration(self, slot: str = "duration") -> timedelta | None:
        """A length of time. One beyond all calendars is `timedelta.max`."""
        seconds = self.number(slot)
        if seconds is None:
            return None
        try:
            return timedelta(seconds=seconds)
        except (OverflowError, ValueError):
            return timedelta.max

    def time(self, slot: str = "time") -> time | None:
        """A time of day."""
        return _parsed(self.value(slot), time.fromisoformat)

    def date(self, slot: str = "date") -> date | None:
        """A day."""
        return _parsed(self.value(slot), date.fromisoformat)

    def moment(self, slot: str = "datetime") -> datetime | None:
        """A day and time, with time zone."""
        return _parsed(self.value(slot), datetime.fromisoformat)


Handler = Callable[[Request], "Reply | str | Awaitable[Reply | str | None] | None"]
"""What answers a request: returns a Reply, plain text, or None for silence."""


Expects = str | tuple[str, ...]
"""Kinds of answers: "yes_no", "number", "percentage", "duration", "time", "date", "datetime", "half" (of the day),
"choice" (the first, the other, both), or "list:NAME", an entry of `NAME.entity`. `options` are words to choose from.
"""


@dataclass(frozen=True, slots=True)
class Reply:
    """What the skill says. `text` is never printed, it may repeat what was said.

    With `ask` it listens for an answer without a wake word: `True` brings the next words to `Skill.answer`, a handler
    brings them there. Use `functools.partial` to give the handler what was said so far.

    `expects` and `options` tell what the answer will most likely be, so that it is heard better; anything else may be
    said too. `undo` takes back what was done, when somebody says so within two minutes. With `more` it listens on for
    a few seconds, and is silent when nothing comes.
    """

    text: str = field(repr=False)
    ask: bool | Handler = False
    expects: Expects = ()
    options: Sequence[str] = field(default=(), repr=False)
    undo: Handler | None = None
    more: bool = False

    def undone_by(self, undo: Handler) -> Reply:
        """The same reply to something that `undo` takes back; its reply says so."""
        return replace(self, undo=undo)

    @classmethod
    def silent(cls) -> Reply:
        """Done, and nothing to say."""
        return cls("")


def _parsed(value: float | str | None, parse: Callable[[str], P]) -> P | None:
    try:
        return parse(value) if isinstance(value, str) else None
    except ValueError:
        return None
