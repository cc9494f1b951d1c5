"""One reminder, and how it lies in the store."""

from __future__ import annotations

import contextlib
import uuid
from calendar import monthrange
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta

from assistant.skills.api import Deadline, Json, weekly


@dataclass(eq=False)
class Note:
    """What to say when. "In ten minutes" is a Deadline, which no corrected clock moves; "at six" is a datetime.

    With `days` (1 is Monday) it comes back at the time of day `at`, with `step` (months, days) every so often since the
    day `first`. `done` is the day when it was last told: a clock that is set back repeats nothing. `told` counts how
    often it was said by now.
    """

    what: str
    due: Deadline | datetime
    told: int = 0
    days: Sequence[int] = ()
    at: time = time()
    done: date | None = None
    step: tuple[int, int] = (0, 0)
    first: date = date.min
    id: str = field(default_factory=lambda: uuid.uuid4().hex)

    @property
    def recurs(self) -> bool:
        """Whether it comes back."""
        return bool(self.days) or self.step != (0, 0)

    def moment(self, now: datetime) -> datetime:
        """When it is due, on the wall clock."""
        return self.due if isinstance(self.due, datetime) else datetime.fromtimestamp(self.due.wall, now.tzinfo)

    def about(self, said: str) -> bool:
        """Whether all these words are in it."""
        return set(said.lower().split()) <= set(self.what.lower().split())

    def go_on(self, now: datetime) -> None:
        """From now on it waits for its next day."""
        if self.days:
            self.due = weekly.following(self.at, self.days, now, {self.done} if self.done else ())
        else:
            self.due = stepped(self.first, self.step, self.at, now, self.done or date.min)
        self.told = 0

    def pack(self) -> Json:
        due = self.due.isoformat() if isinstance(self.due, datetime) else self.due.pack()
        done = self.done.isoformat() if self.done else ""
        when: Json = {
            "days": list(self.days), "at": self.at.isoformat("minutes"), "done": done, "step": list(self.step),
            "first": self.first.isoformat(),
        }  # fmt: skip
        return {"what": self.what, "due": due, "told": self.told, "weekly": when if self.recurs else None}

    @classmethod
    def unpack(cls, packed: Json, now: datetime) -> list[Note]:
        """The reminders of the store. What is no reminder is left out."""
        found = []
        for each in packed if isinstance(packed, list) else ():
            with contextlib.suppress(ValueError, OverflowError):
                match each:
                    case {"what": str() as what, "due": str() as due, "told": int() as told, "weekly": dict() as when}:
                        note = cls(what, datetime.fromisoformat(due).astimezone(now.tzinfo), told)
                        note.days, note.at, note.done = _unpack_weekly(when)
                        note.step, note.first = _unpack_step(when)
                        found.append(note)
                    case {"what": str() as what, "due": str() as due, "told": int() as told}:
                        found.append(cls(what, datetime.fromisoformat(due).astimezone(now.tzinfo), told))
                    case {"what": str() as what, "due": list() as due, "told": int() as told}:
                        found.append(cls(what, Deadline.unpack(due), told))
        return found


def _unpack_weekly(packed: Mapping[str, Json]) -> tuple[Sequence[int], time, date | None]:
    days, done = packed.get("days"), str(packed.get("done") or "")
    found = sorted(day for day in days if isinstance(day, int) and 1 <= day <= 7) if isinstance(days, list) else []
    return found, time.fromisoformat(str(packed.get("at"))), date.fromisoformat(done) if done else None


def _unpack_step(packed: Mapping[str, Json]) -> tuple[tuple[int, int], date]:
    match packed.get("step"):
        case [int() as months, int() as days] if (months or days) and months >= 0 and days >= 0:
            return (months, days), date.fromisoformat(str(packed.get("first")))
    return (0, 0), date.min


def stepped(first: date, step: tuple[int, int], at: time, now: datetime, done: date) -> datetime:
    """The next moment after `now`, and on a day after `done`, of what happens every so many months or days. The 31st is
    the last day of a shorter month."""
    months, days = step
    for count in range(10_000):
        year, month = divmod(first.year * 12 + first.month - 1 + count * months, 12)
        last = monthrange(year, month + 1)[1]
        day = date(year, month + 1, min(first.day, last)) + timedelta(days=count * days)
        moment = datetime.combine(day, at, now.tzinfo)
        if moment > now and day > done:
            return moment
    raise OverflowError


def counted(said: str, table: Mapping[str, str]) -> bool:
    """Whether the words count from now ("in ten minutes") rather than name a time ("in the morning", "at six")."""
    marks = [table.get(word, "") for word in said.lower().split()]
    return (marks[0] == "begins" and "day" not in marks[1:2]) or marks[-1] == "ends" if marks else False


def halves(said: str, table: Mapping[str, str]) -> set[str]:
    """What the words tell of the half of the day; empty when they leave it open."""
    heard = said.lower().replace(".", "").replace(":", " ").replace(" a m", " am").replace(" p m", " pm").split()
    return {table[word] for word in heard if word in table}


def turned(said: str, table: Mapping[str, str]) -> str:
    """What a person says of himself, as it is said to him: "call my mother" becomes "call your mother"."""
    return " ".join(table.get(word.lower(), word) for word in said.strip(" .!?,").split())
