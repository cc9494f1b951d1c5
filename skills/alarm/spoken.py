"""Alarms and days in words."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from assistant.skills.api import Request, Skill, words

from .wake import Wake

NAMES = {(1, 2, 3, 4, 5, 6, 7): "daily", (1, 2, 3, 4, 5): "weekdays", (6, 7): "weekends"}
"""Days that have a name together, and the dialog that says it."""


class Spoken(Skill):
    """What an alarm skill says of alarms, and the days it hears."""

    def days(self, request: Request) -> Sequence[int]:
        """The days of the week that the sentence names."""
        named = [request.text(slot) for slot in ("days", "day", "second", "third") if slot in request]
        return sorted({int(day) for name in named for day in self.table("days")[name.lower()].split()})

    def timed(self, request: Request) -> bool:
        """Whether the moment that was said names an hour; "tomorrow" alone comes with a usual one."""
        moment = request.moment()
        if moment is None or "datetime" not in request or moment.minute or moment.hour % 12 == 0:
            return moment is not None
        heard = f" {request.slots['datetime'].spoken.text.lower().replace(':', ' ')} ".replace("'", " ")
        hours = [name for hour in (moment.hour, moment.hour % 12) for name in (str(hour), words.number(hour))]
        return any(f" {word} " in heard for word in (*hours, *self.table("timed")))

    def title(self, alarm: Wake) -> str:
        """When it rings: "every weekday at seven o'clock in the morning"."""
        if not alarm.days:
            return words.moment(alarm.due, self.now())
        names = [words.weekday(date(2024, 1, day)) for day in alarm.days]  # that year began with a Monday
        at = f"{words.clock_time(alarm.at)} {words.part_of_day(alarm.at)}"
        if alarm.at.minute == 0 and alarm.at.hour in (0, 12):
            at = self.say("noon" if alarm.at.hour else "midnight")
        return self.say(NAMES.get(tuple(alarm.days), "weekly"), time=at, days=names)

    def day(self, day: date) -> str:
        """Which day: "tomorrow"."""
        ahead = (day - self.now().date()).days
        return self.say({0: "today", 1: "tomorrow"}.get(ahead, "that_day"), day=words.calendar_date(day))
