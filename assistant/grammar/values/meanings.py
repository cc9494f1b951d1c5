"""What the rules of a language file mean. Each function gets the values of a rule's slots; None refuses the reading.

They know no language: words lie in `languages/<language>.values.yaml`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Literal

from assistant.grammar.values.moments import Clock, Day, Part, Span, When

Meaning = Callable[..., Any]

_SECONDS = {"second": 1, "minute": 60, "hour": 3600}
_DAYS = {"day": 1, "week": 7, "fortnight": 14}
_MONTHS = {"month": 1, "year": 12}
_ORDER = ("second", "minute", "hour", "day", "week", "fortnight", "month", "year")
_SMALLER = {"minute": "second", "hour": "minute"}


def meanings(parts: Mapping[str, Part]) -> dict[str, Meaning]:
    """The functions that a language file can name. `parts` are its parts of the day."""

    def only_night(*, part: str) -> str | None:
        return part if part == "night" else None

    def time(*, clock: Clock, half: Literal["am", "pm"] | None = None, part: str | None = None) -> Clock | None:
        if half and (clock.fixed or not 1 <= clock.hour <= 12):
            # "13 pm" is said, and means what it says; "0 am" too.
            return clock if clock.hour != 0 or half == "am" else None
        return replace(clock, half=half or "", part=parts[part] if part else None)

    def when(
        *, date: Day | None = None, part: str | None = None, today: bool = False, night: bool = False
    ) -> When | None:
        name = "night" if night else part
        return When(day=Day() if today else date, part=parts[name] if name else None)

    return {
        "sum": total, "scale": scale, "digits": digits, "point": point, "and_a_half": and_a_half,
        "hundreds": hundreds, "negative": negative, "percent_alone": percent_alone, "span": span,
        "compound": compound, "trailing": trailing, "hour": hour, "minute": minute, "clock": clock_of,
        "beside": beside, "military": military, "year": year, "year_pair": year_pair, "day": day, "at": at,
        "at_usual": at_usual, "later": later, "only_night": only_night, "time": time, "when": when,
    }  # fmt: skip


# --- numbers


def total(**values: float) -> float:
    """Twenty and five."""
    return sum(values.values())


def scale(*, by: float, rest: float = 0, **n: float) -> float | None:
    """Three thousand and five. What follows must be smaller than what it follows."""
    value = round(sum(n.values()) * by, 9) + rest
    return int(value) if value == int(value) else value


def and_a_half(*, whole: float, by: float) -> float:
    """Two and a half million."""
    return (whole + 0.5) * by


def digits(*, spelled: int, more: str = "") -> str:
    """One four one."""
    return f"{spelled}{more}"


def point(*, whole: float, decimals: str) -> float:
    """Three point one four."""
    return float(f"{int(whole)}.{decimals}")


def hundreds(*, hundreds: int, tens: int, digit: int = 0) -> int:
    """One twenty five: 125."""
    return hundreds * 100 + tens + digit


def negative(*, positive: float) -> float:
    """Minus five."""
    return -positive


def percent_alone(*, number: float) -> float | None:
    """A bare number is a percentage when it can be a share of the whole."""
    return number if 0 <= number <= 100 and (number >= 1 or number == 0) else None


# --- durations


def span(*, unit: str, n: float, more: float = 0) -> Span | None:
    """Two and a half hours."""
    count = n + more
    if unit in _SECONDS:
        return Span(seconds=count * _SECONDS[unit], unit=unit)
    if unit in _DAYS:
        return Span(days=count * _DAYS[unit], unit=unit)
    return Span(months=count * _MONTHS[unit], unit=unit)


def compound(*, first: Span, rest: Span) -> Span | None:
    """An hour and twenty minutes: units go down."""
    largest = _largest(rest)
    if not first.unit or not largest or _ORDER.index(largest) >= _ORDER.index(first.unit):
        return None
    return first + rest


def trailing(*, first: Span, n: float) -> Span | None:
    """An hour twenty: the next smaller unit is meant."""
    smaller = _SMALLER.get(first.unit)
    if smaller is None or not 1 <= n <= 59 or n != int(n):
        return None
    more = span(unit=smaller, n=n)
    return first + more if more else None


def _largest(value: Span) -> str:
    if value.months:
        return "month"
    if value.days:
        return "day"
    return next((unit for unit in ("hour", "minute") if value.seconds >= _SECONDS[unit]), "second")


# --- times of day


def hour(**n: int) -> int | None:
    """0 to 24."""
    value = sum(n.values())
    return value if 0 <= value <= 24 else None


def minute(**n: int) -> int | None:
    """Minutes that are said without "oh": two digits."""
    value = sum(n.values())
    return value if 10 <= value <= 59 else None


def clock_of(*, hour: int, minute: int = 0, fixed: bool = False) -> Clock | None:
    """Seven thirty."""
    if hour > 24 or (hour == 24 and minute):
        return None
    return Clock(hour % 24, minute, fixed=fixed or hour == 24)


def beside(*, n: int, hour: int, past: str = "", to: str = "", fixed: bool = False) -> Clock | None:
    """Twenty five to six. Keeps the question open which half of the day is meant."""
    if not 1 <= n <= 59 or hour > 24:
        return None
    if past:
        return Clock(hour % 24, n, fixed=fixed)
    before = 12 if hour == 1 else (hour - 1) % 24
    return Clock(before, 60 - n, fixed=fixed or hour == 0)


def military(*, n: int) -> Clock | None:
    """1930 hours."""
    hours, minutes = (n, 0) if n <= 24 else divmod(n, 100)
    return Clock(hours, minutes, fixed=True) if hours <= 23 and minutes <= 59 else None


# --- dates


def year(*, n: int = 0, integer: int = 0, n99: int = 0) -> int | None:
    """2027, two thousand and seven."""
    value = n + integer + n99
    return value if 1000 <= value <= 2999 else None


def year_pair(*, century: int, n99: int = 0, digit: int = 0) -> int | None:
    """Nineteen eighty four, twenty oh seven."""
    if not 10 <= century <= 29 or (n99 and n99 < 10):
        return None
    return century * 100 + n99 + digit


def day(
    *,
    weekday: int | None = None,
    which: Literal["", "this", "next", "last", "last_week"] = "",
    number: int = 0,
    month: int = 0,
    year: int = 0,
    days: int = 0,
    weeks: int = 0,
    months: int = 0,
    span: Span | None = None,
    back: bool = False,
) -> Day | None:
    """Any day: by name, by number, or so far from today."""
    if number and not 1 <= number <= 31:
        return None
    if span is not None:
        if span.seconds or span.days != int(span.days) or span.months != int(span.months):
            return None
        sign = -1 if back else 1
        days, months = days + sign * int(span.days), months + sign * int(span.months)
    if number:
        weekday = None
    return Day(weekday, which, number, month, year, days + 7 * weeks, months)


# --- a day and a time


def at(*, time: Clock, on_day: When | None = None) -> When | None:
    """Tomorrow morning at seven."""
    if on_day is None:
        return When(clock=time)
    if on_day.part and (time.part or time.half):
        return None if on_day.day is None else replace(on_day, clock=time, part=None)
    return replace(on_day, clock=time)


def at_usual(*, on_day: When) -> When:
    """Tomorrow morning."""
    return on_day


def later(*, span: Span | None = None, n: int = 0) -> When:
    """In ten minutes."""
    return When(span=span or Span(seconds=n))
