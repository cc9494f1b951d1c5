"""What every message is made of. Nothing here imports the rest of the assistant."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar, Literal


@dataclass(frozen=True, slots=True)
class Spoken:
    """Words that a person said. Printing shows only how many, so that a log cannot hold them by accident.

    It is on purpose not a `str`: code that wants the words has to ask for `.text`.
    """

    text: str = ""

    def __repr__(self) -> str:
        count = len(self.text.split())
        return f"<{count} word{'' if count == 1 else 's'}>"

    __str__ = __repr__

    def __bool__(self) -> bool:
        return bool(self.text)


SlotKind = Literal["text", "number", "percentage", "duration", "time", "date", "datetime", "list"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Slot:
    """One piece of a request.

    `spoken` holds the words as they were said. `value` is what they mean: for `number` and `percentage` the number,
    for `duration` seconds, for `time` "HH:MM", for `date` "YYYY-MM-DD", for `datetime` ISO 8601 with offset, for
    `list` and `text` the entry as the skill spells it. It comes from speech too, so it is never printed.
    """

    name: str
    spoken: Spoken
    kind: SlotKind = "text"
    value: float | str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """Base of the catalogue. `topic` is `room.word`; a `wish` asks a room to do something, all else states a fact.

    Only the room named by the topic may state a fact under it; wishes may come from anyone the policy lets.
    """

    topic: ClassVar[str] = ""
    wish: ClassVar[bool] = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Seconds:
    """How long one stage took, in seconds of wall time."""

    stage: str
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Before:
    """What the last request asked for, as far as that may be kept: typed values, none of the words.

    `intent` is empty when the skill spoke up by itself.
    """

    skill: str
    intent: str
    slots: tuple[Slot, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Meaning:
    """What the words ask for, when the recogniser has followed a skill's sentence. `intent` is `skill.name`.

    The slots have spoken words and no values. `gap` is how much less likely (log-probability) the nearest other meaning
    was, `rival` its intent: with a small gap it is better to ask.
    """

    intent: str
    skill: str
    slots: tuple[Slot, ...]
    score: float
    gap: float
    rival: str = ""
