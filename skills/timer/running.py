"""One timer, and how it lies in the store."""

from __future__ import annotations

import contextlib
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from assistant.skills.api import Deadline, Json


@dataclass(eq=False)
class Running:
    """A timer that runs or, when `rung` is above zero, rings. One that is `paused` has that much left."""

    id: str
    name: str
    length: timedelta
    due: Deadline
    rung: int = 0
    late: bool = False
    paused: timedelta | None = None

    @classmethod
    def new(cls, name: str, length: timedelta, due: Deadline) -> Running:
        return cls(uuid.uuid4().hex, name, length, due)

    def called(self, said: Sequence[str]) -> bool:
        """Whether its name is among the words; "egg" is also called "eggs"."""
        heard = {word.rstrip("s") for word in said}
        return bool(self.name) and all(word.rstrip("s") in heard for word in self.name.split())

    def unit(self) -> timedelta:
        """What a bare number means for this timer: seconds, minutes or hours."""
        hour, minute = timedelta(hours=1), timedelta(minutes=1)
        if self.length >= hour and not self.length % hour:
            return hour
        return minute if self.length >= minute else timedelta(seconds=1)

    def pack(self) -> Json:
        paused = None if self.paused is None else self.paused.total_seconds()
        return {"name": self.name, "seconds": self.length.total_seconds(), "due": self.due.pack(), "paused": paused}

    @classmethod
    def unpack(cls, packed: Json) -> list[Running]:
        """The timers of the store. What is no timer is left out."""
        found = []
        for each in packed if isinstance(packed, list) else ():
            match each:
                case {"name": str() as name, "seconds": int() | float() as seconds, "due": due, **rest}:
                    with contextlib.suppress(ValueError, OverflowError):
                        timer = cls.new(name, timedelta(seconds=seconds), Deadline.unpack(due))
                        paused = rest.get("paused")
                        timer.paused = timedelta(seconds=paused) if isinstance(paused, (int, float)) else None
                        found.append(timer)
        return found
