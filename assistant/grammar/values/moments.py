"""Times and dates as they are said, and what they come to for someone who says them now."""

from __future__ import annotations

import calendar
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Literal

Half = Literal["", "am", "pm"]


@dataclass(frozen=True, slots=True)
class Span:
    """A length of time. Months and days are kept apart from seconds: tomorrow is not always in 86,400 seconds."""

    months: float = 0
    days: float = 0
    seconds: float = 0
    unit: str = ""
    """The smallest unit said."""

    @property
    def total(self) -> float:
        """Seconds, with a month of 30 and a year of 365 days."""
        years, months = divmod(self.months, 12)
        return years * 365 * 86400 + months * 30 * 86400 + self.days * 86400 + self.seconds

    def __add__(self, other: Span) -> Span:
        return Span(
            self.months + other.months, self.days + other.days, self.seconds + other.seconds, other.unit or self.unit
        )


@dataclass(frozen=True, slots=True)
class Part:
    """A part of the day. `to` may lie beyond 24: the night goes on after midnight."""

    name: str
    start: int
    to: int
    usual: int


@dataclass(frozen=True, slots=True)
class Clock:
    """A time of day. When it is not `fixed` and has no half, an hour up to 12 may mean morning or evening."""

    hour: int
    minute: int = 0
    half: Half = ""
    fixed: bool = False
    part: Part | None = None

    def readings(self) -> tuple[int, ...]:
        """Hours of the day it may mean; 24 and more lie after the next midnight."""
        if self.fixed or self.hour > 12 or self.hour == 0:
            return (self.hour,)
        hour = self.hour % 12
        if self.half:
            return (hour,) if self.half == "am" else (hour + 12,)
        if self.part is not None:
            inside = [h for h in (hour, hour + 12, hour + 24) if self.part.start <= h < self.part.to]
            return tuple(inside[:1]) or (hour + 12,)
        return (hour, hour + 12)


@dataclass(frozen=True, slots=True)
class Day:
    """A day, as it is said. All zero: today."""

    weekday: int | None = None
    which: Literal["", "this", "next", "last", "last_week"] = ""
    number: int = 0
    month: int = 0
    year: int = 0
    days: int = 0
    months: int = 0

    def on(self, today: date, *, today_counts: bool = False) -> date | None:
        """The date meant by someone who says it `today`; None when there is no such day."""
        if self.number:
            return self._numbered(today)
        found = today
        if self.weekday is not None:
            ahead = (self.weekday - today.weekday()) % 7
            monday = today - timedelta(days=today.weekday())
            match self.which:
                case "next":
                    found = monday + timedelta(days=7 + self.weekday)
                case "last":
                    found = today + timedelta(days=ahead - 7)
                case "last_week":
                    found = monday + timedelta(days=self.weekday - 7)
                case "this":
                    found = today + timedelta(days=ahead)
                case _:
                    found = today + timedelta(days=ahead or (0 if today_counts else 7))
        return _moved(found, self.months, self.days)

    def _numbered(self, today: date) -> date | None:
        if self.year:
            return _date(self.year, self.month, self.number)
        if self.months:
            first = _moved(today.replace(day=1), self.months, 0)
            return _date(first.year, first.month, self.number) if first else None
        if self.month:
            years = (today.year + ahead for ahead in range(9))
            days = (_date(year, self.month, self.number) for year in years)
        else:
            firsts = (_moved(today.replace(day=1), ahead, 0) for ahead in range(3))
            days = (_date(first.year, first.month, self.number) for first in firsts if first)
        return next((day for day in days if day and day >= today), None)


@dataclass(frozen=True, slots=True)
class When:
    """A moment, as it is said: a day with a time, or a length of time from now."""

    day: Day | None = None
    clock: Clock | None = None
    part: Part | None = None
    span: Span | None = None


@dataclass(frozen=True, slots=True)
class Habits:
    """What people mean when they do not say it."""

    usual_hour: int
    awake_from: int
    awake_to: int


def time_meant(clock: Clock, now: datetime) -> time:
    """Of the readings of a time the one that comes next, as it was said even where a clock change skips it."""
    hours = clock.readings()
    if len(hours) > 1:
        hours = (min(hours, key=lambda hour: min(map(_order, _upcoming(_at(hour, clock), now)))),)
    return time(hours[0] % 24, clock.minute)


def moment_meant(when: When, now: datetime, habits: Habits) -> datetime | None:
    """The moment meant by someone who says it `now`, in the zone of `now`; None when there is no such day."""
    try:
        return _moment(when, now, habits)
    except OverflowError:
        return None


def later(now: datetime, span: Span) -> datetime | None:
    """`now` and a length of time: hours count real time, days and months keep the time of day. None when too far."""
    try:
        day = _moved(now.date(), int(span.months), int(span.days))
        if day is None:
            return None
        rest = span.seconds + (span.days % 1) * 86400 + (span.months % 1) * 30 * 86400
        moved = settle(datetime.combine(day, now.timetz()))
        return (moved.astimezone(UTC) + timedelta(seconds=rest)).astimezone(now.tzinfo)
    except OverflowError:
        return None


def settle(moment: datetime) -> datetime:
    """The same moment as a clock on the wall shows it: a time that a clock change skips comes out an hour later."""
    return moment.astimezone(UTC).astimezone(moment.tzinfo)


def _moment(when: When, now: datetime, habits: Habits) -> datetime | None:
    if when.span is not None:
        return later(now, when.span)
    today = now.date()
    clock = when.clock
    if clock is None:
        hour = when.part.usual if when.part else habits.usual_hour
        clock = Clock(hour, fixed=True)
    if when.part is not None and clock.part is None:
        clock = Clock(clock.hour, clock.minute, clock.half, clock.fixed, when.part)
    if when.day is None:
        return min(_upcoming(clock, now), key=_order)
    day = when.day.on(today)
    if when.day.weekday is not None and not when.day.which:
        first = when.day.on(today, today_counts=True)
        if first == today and any(_order(one) > _order(now) for one in _on(clock, today, now)):
            day = first
    if day is None:
        return None
    choices = list(_on(clock, day, now))
    if len(choices) == 1:
        return choices[0]
    if day == today:
        coming = [one for one in choices if _order(one) > _order(now)]
        return coming[0] if coming else choices[-1]
    inside = [one for one in choices if habits.awake_from <= one.hour < habits.awake_to]
    return (inside or choices)[0]


def _at(hour: int, clock: Clock) -> Clock:
    return Clock(hour, clock.minute, fixed=True)


def _order(moment: datetime) -> float:
    return moment.timestamp()


def _on(clock: Clock, day: date, now: datetime) -> Iterator[datetime]:
    for hour in clock.readings():
        here = day + timedelta(days=hour // 24)
        yield settle(datetime.combine(here, time(hour % 24, clock.minute), now.tzinfo))


def _upcoming(clock: Clock, now: datetime) -> list[datetime]:
    """Each reading's next time after `now`."""
    today = now.date()
    each = (one for ahead in (-1, 0, 1, 2) for one in _on(clock, today + timedelta(days=ahead), now))
    return [one for one in each if _order(one) > _order(now)]


def _date(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


def _moved(day: date, months: int, days: int) -> date | None:
    """A day moved by months (the 31st becomes the month's last day) and days."""
    if months:
        year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
        if not 1 <= year <= 9999:
            return None
        day = date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))
    try:
        return day + timedelta(days=days)
    except OverflowError:
        return None


def read_parts(data: Mapping[str, Mapping[str, int]]) -> dict[str, Part]:
    """The parts of the day from a language file."""
    return {name: Part(name, each["from"], each["to"], each["usual"]) for name, each in data.items()}
