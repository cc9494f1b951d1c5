"""One alarm: when it is due, and how it lies in the store."""

from __future__ import annotations

import contextlib
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time

from assistant.skills.api import Deadline, Json, weekly

EARLIEST = 4
"""An hour from this one to eleven, without more, is one at which people get up, in the morning."""
KEPT_DAYS = 60
"""Of how many days that it leaves out an alarm knows at most."""


@dataclass(eq=False)
class Wake:
    """An alarm. Without `days` (1 is Monday) it rings once; `rung` counts the rings of the present ringing.

    `skipped` are the days on which it does not ring, or has rung already: a clock that is set back wakes nobody twice.
    """

    at: time
    due: datetime
    days: Sequence[int] = ()
    skipped: Sequence[date] = ()
    snooze: Deadline | None = None
    rung: int = 0
    id: str = field(default_factory=lambda: uuid.uuid4().hex)

    @property
    def next(self) -> Deadline | datetime:
        """When it rings, a snooze included."""
        return self.snooze or self.due

    def on(self, day: date) -> bool:
        """Whether it would ring on that day."""
        if not self.days:
            return self.due.date() == day
        return day.isoweekday() in self.days and day not in self.skipped

    def sounds_like(self, at: time) -> bool:
        """Whether people may call it so; they seldom say which half of the day."""
        return (self.at.hour - at.hour) % 12 == 0 and self.at.minute == at.minute

    def leave_out(self, day: date) -> None:
        """Not on that day. What is long over is forgotten."""
        self.skipped = sorted({*self.skipped, day})[-KEPT_DAYS:]

    def go_on(self, now: datetime) -> None:
        """From now on it waits for its next day."""
        self.due = weekly.following(self.at, self.days, now, self.skipped)
        self.rung, self.snooze = 0, None

    def pack(self) -> Json:
        return {
            "at": self.at.isoformat("minutes"),
            "due": self.due.isoformat(),
            "days": list(self.days),
            "skipped": [day.isoformat() for day in self.skipped],
            "snooze": self.snooze.pack() if self.snooze else None,
        }

    @classmethod
    def unpack(cls, packed: Json, now: datetime) -> list[Wake]:
        """The alarms of the store. What is no alarm is left out."""
        found = []
        for each in packed if isinstance(packed, list) else ():
            match each:
                case {"at": str() as at, "due": str() as due, "days": list() as days, "skipped": list() as out, **rest}:
                    with contextlib.suppress(ValueError, OverflowError):
                        alarm = cls(time.fromisoformat(at), datetime.fromisoformat(due).astimezone(now.tzinfo))
                        alarm.days = sorted(day for day in days if isinstance(day, int) and 1 <= day <= 7)
                        alarm.skipped = [date.fromisoformat(str(day)) for day in out]
                        with contextlib.suppress(ValueError):
                            alarm.snooze = Deadline.unpack(rest.get("snooze"))
                        found.append(alarm)
        return found


def halves(said: str, table: Mapping[str, str]) -> set[str]:
    """What the words tell of the half of the day: "early", "late", or "day" when they only leave no doubt."""
    heard = said.lower().replace(".", "").replace(":", " ").replace(" a m", " am").replace(" p m", " pm").split()
    return {table[word] for word in heard if word in table}
