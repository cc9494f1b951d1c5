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
    """A timer that runs or, when `rung` is above zero, rings."""

    id: str
    name: str
    length: timedelta
    due: Deadline
    rung: int = 0
    late: bool = False

    @classmethod
    def new(cls, name: str, length: timedelta, due: Deadline) -> Running:
        return cls(uuid.uuid4().hex, name, length, due)

    def called(self, said: Sequence[str]) -> bool:
        """Whether its name is among the words; "egg" is also called "eggs"."""
        heard = {word.rstrip("s") for word in said}
        return bool(self.name) and all(word.rstrip("s") in heard for word in self.name.split())

    def pack(self) -> Json:
        return {"name": self.name, "seconds": self.length.total_seconds(), "due": self.due.pack()}

    @classmethod
    def unpack(cls, packed: Json) -> list[Running]:
        """The timers of the store. What is no timer is left out."""
        found = []
        for each in packed if isinstance(packed, list) else ():
            match each:
                case {"name": str() as name, "seconds": int() | float() as seconds, "due": due}:
                    with contextlib.suppress(ValueError, OverflowError):
                        found.append(cls.new(name, timedelta(seconds=seconds), Deadline.unpack(due)))
        return found
