"""Numbers, lengths, times and dates as words to be heard: "twenty five past six" rather than "18:25".

English is spelled out. In any other language a number stays a numeral, which the voice of that language reads well.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta

_ONES = [
    "zero",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
    "seventeen",
    "eighteen",
    "nineteen",
]
_TENS = ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]
_SCALES = ((1_000_000_000, "billion"), (1_000_000, "million"), (1_000, "thousand"), (100, "hundred"))
_IRREGULAR = {"one": "first", "two": "second", "three": "third", "five": "fifth", "eight": "eighth", "nine": "ninth",
              "twelve": "twelfth"}  # fmt: skip
_DAYS = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]
_MONTHS = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
]
_NEAR = {-1: "yesterday", 0: "today", 1: "tomorrow"}
_UNITS = ((86_400, "day"), (3_600, "hour"), (60, "minute"), (1, "second"))

Sayable = str | int | float | timedelta | datetime | date | time | Sequence[str]
"""What a dialog line can be given; see `say`."""


def say(value: Sayable, language: str = "en") -> str:
    """Words for a value: a text stays as it is, a list of texts becomes "a, b and c"."""
    english = language.split("-")[0] == "en"
    match value:
        case str():
            return value
        case bool():
            return str(value).lower()
        case int() | float():
            return number(value) if english else f"{value:g}"
        case timedelta():
            return duration(value) if english else str(value)
        case datetime():
            return clock_time(value.time()) if english else value.strftime("%H:%M")
        case date():
            return calendar_date(value) if english else value.strftime("%d.%m.%Y")
        case time():
            return clock_time(value) if english else value.strftime("%H:%M")
        case _:
            return listing(value, "and" if english else "")


def number(value: float) -> str:
    """English words of a number: -2.5 is "minus two point five". Beyond a trillion it stays a numeral."""
    if value < 0:
        return f"minus {number(-value)}"
    if value != int(value):
        whole, _, digits = f"{value:.3f}".rstrip("0").partition(".")
        return f"{number(int(whole))} point {' '.join(_ONES[int(digit)] for digit in digits)}"
    return _whole(int(value))


def ordinal(value: int) -> str:
    """English words of a rank: 23 is "twenty third"."""
    head, _, last = _whole(value).rpartition(" ")
    if last in _IRREGULAR:
        last = _IRREGULAR[last]
    elif last.endswith("y"):
        last = f"{last[:-1]}ieth"
    else:
        last += "th"
    return f"{head} {last}".strip()


def duration(length: timedelta, *, adjective: bool = False) -> str:
    """English words of a length of time, its two largest units: "one hour and five minutes".

    As an `adjective`, as in "a one hour five minute timer", the units have no plural.
    """
    left = max(0, round(length.total_seconds()))
    parts: list[str] = []
    for seconds, unit in _UNITS:
        count, left = divmod(left, seconds)
        if count:
            parts.append(f"{number(count)} {unit}{'' if count == 1 or adjective else 's'}")
    return (" " if adjective else " and ").join(parts[:2]) or "no time"


def clock_time(moment: time, *, hours: int = 12) -> str:
    """English words of a time of day: 18:05 is "six oh five", or "eighteen oh five" with `hours` 24."""
    hour = moment.hour if hours == 24 else (moment.hour % 12 or 12)
    name = number(hour)
    if moment.minute == 0:
        return f"{name} hundred hours" if hours == 24 else f"{name} o'clock"
    minute = number(moment.minute)
    return f"{name} oh {minute}" if moment.minute < 10 else f"{name} {minute}"


def part_of_day(moment: time) -> str:
    """ "in the morning", "in the afternoon", "in the evening" or "at night"."""
    if moment.hour < 4 or moment.hour >= 22:
        return "at night"
    if moment.hour < 12:
        return "in the morning"
    return "in the afternoon" if moment.hour < 18 else "in the evening"


def moment(then: datetime, now: datetime) -> str:
    """English words of a moment as seen from now: "tomorrow at seven o'clock in the morning"."""
    ahead = (then.date() - now.date()).days
    at = f"at {clock_time(then.time())} {part_of_day(then.time())}"
    if then.minute == 0 and then.hour in (0, 12):
        at = "at noon" if then.hour else "at midnight"
    if ahead in _NEAR:
        return f"{_NEAR[ahead]} {at}"
    day = weekday(then) if 1 < ahead < 7 else calendar_date(then, year=then.year != now.year)
    return f"on {day} {at}"


def weekday(day: date) -> str:
    """The English name of a day of the week."""
    return _DAYS[day.weekday()]


def calendar_date(day: date, *, year: bool = False) -> str:
    """English words of a date: "Monday the twenty third of November", with `year` also "twenty twenty six"."""
    spoken = f"{weekday(day)} the {ordinal(day.day)} of {_MONTHS[day.month - 1]}"
    return f"{spoken} {year_words(day.year)}" if year else spoken


def year_words(year: int) -> str:
    """English words of a year: 2026 is "twenty twenty six", 2005 "two thousand and five"."""
    century, rest = divmod(year, 100)
    if not 1100 <= year <= 9999 or (century % 10 == 0 and rest < 10):
        return number(year)
    if rest == 0:
        return f"{number(century)} hundred"
    return f"{number(century)} {'oh ' if rest < 10 else ''}{number(rest)}"


def listing(items: Sequence[str], joiner: str = "and") -> str:
    """ "a", "a and b", "a, b and c"."""
    if not joiner or len(items) < 2:
        return ", ".join(items)
    return f"{', '.join(items[:-1])} {joiner} {items[-1]}"


def _whole(value: int) -> str:
    if value < 20:
        return _ONES[value]
    if value < 100:
        tens, ones = divmod(value, 10)
        return _TENS[tens - 2] + (f" {_ONES[ones]}" if ones else "")
    if value >= 10**12:
        return str(value)
    scale, name = next(each for each in _SCALES if value >= each[0])
    count, rest = divmod(value, scale)
    spoken = f"{_whole(count)} {name}"
    if not rest:
        return spoken
    return f"{spoken} {'and ' if rest < 100 else ''}{_whole(rest)}"
