"""One reminder, and how it lies in the store."""

from __future__ import annotations

import contextlib
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from assistant.skills.api import Deadline, Json


@dataclass(eq=False)
class Note:
    """What to say when. "In ten minutes" is a Deadline, which no corrected clock moves; "at six" is a datetime.

    `told` counts how often it was said by now.
    """

    what: str
    due: Deadline | datetime
    told: int = 0
    id: str = field(default_factory=lambda: uuid.uuid4().hex)

    def moment(self, now: datetime) -> datetime:
        """When it is due, on the wall clock."""
        return self.due if isinstance(self.due, datetime) else datetime.fromtimestamp(self.due.wall, now.tzinfo)

    def about(self, said: str) -> bool:
        """Whether all these words are in it."""
        return set(said.lower().split()) <= set(self.what.lower().split())

    def pack(self) -> Json:
        due = self.due.isoformat() if isinstance(self.due, datetime) else self.due.pack()
        return {"what": self.what, "due": due, "told": self.told}

    @classmethod
    def unpack(cls, packed: Json, now: datetime) -> list[Note]:
        """The reminders of the store. What is no reminder is left out."""
        found = []
        for each in packed if isinstance(packed, list) else ():
            with contextlib.suppress(ValueError, OverflowError):
                match each:
                    case {"what": str() as what, "due": str() as due, "told": int() as told}:
                        found.append(cls(what, datetime.fromisoformat(due).astimezone(now.tzinfo), told))
                    case {"what": str() as what, "due": list() as due, "told": int() as told}:
                        found.append(cls(what, Deadline.unpack(due), told))
        return found


def counted(said: str, table: Mapping[str, str]) -> bool:
    """Whether the words count from now ("in ten minutes") rather than name a time ("in the morning", "at six")."""
    marks = [table.get(word, "") for word in said.lower().split()]
    return (marks[0] == "begins" and "day" not in marks[1:2]) or marks[-1] == "ends" if marks else False


def turned(said: str, table: Mapping[str, str]) -> str:
    """What a person says of himself, as it is said to him: "call my mother" becomes "call your mother"."""
    return " ".join(table.get(word.lower(), word) for word in said.strip(" .!?,").split())
