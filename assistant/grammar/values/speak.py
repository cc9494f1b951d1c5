"""Typed values to words, the way the grammar of a language reads them back. English only so far."""

from __future__ import annotations

from datetime import date, time

_ONES = (
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve",
    "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen",
)  # fmt: skip
_TENS = ("zero", "ten", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
_SCALES = ((10**12, "trillion"), (10**9, "billion"), (10**6, "million"), (1000, "thousand"), (100, "hundred"))
_ORDINALS = {
    "one": "first", "two": "second", "three": "third", "five": "fifth", "eight": "eighth", "nine": "ninth",
    "twelve": "twelfth", "twenty": "twentieth", "thirty": "thirtieth",
}  # fmt: skip
_MONTHS = (
    "january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november",
    "december",
)  # fmt: skip
_UNITS = ((86400, "day"), (3600, "hour"), (60, "minute"), (1, "second"))


def number_words(value: float) -> str:
    """123.5 -> "one hundred and twenty three point five". Up to 10^15, with up to nine decimals."""
    if value < 0:
        return f"minus {number_words(-value)}"
    if value != int(value):
        decimals = f"{value:.9f}".partition(".")[2].rstrip("0")
        return f"{number_words(int(value))} point {' '.join(_ONES[int(digit)] for digit in decimals)}"
    whole = int(value)
    if whole < 20:
        return _ONES[whole]
    if whole < 100:
        tens, ones = divmod(whole, 10)
        return _TENS[tens] + (f" {_ONES[ones]}" if ones else "")
    size, name = next(scale for scale in _SCALES if whole >= scale[0])
    count, rest = divmod(whole, size)
    joint = " and " if rest < 100 else " "
    return f"{number_words(count)} {name}" + (joint + number_words(rest) if rest else "")


def ordinal_words(value: int) -> str:
    """23 -> "twenty third". For 1 to 31."""
    first, _, last = number_words(value).rpartition(" ")
    return f"{first} {_ORDINALS.get(last, last + 'th')}".strip()


def duration_words(seconds: float) -> str:
    """4830 -> "one hour twenty minutes and thirty seconds". For whole seconds, at least one."""
    left, parts = int(seconds), []
    for size, unit in _UNITS:
        count, left = divmod(left, size)
        if count:
            parts.append(f"{number_words(count)} {unit}{'' if count == 1 else 's'}")
    return " and ".join(filter(None, (" ".join(parts[:-1]), parts[-1]))) if parts else "zero seconds"


def time_words(value: time) -> str:
    """17:35 -> "five thirty five pm"."""
    half = "am" if value.hour < 12 else "pm"
    hour = number_words(value.hour % 12 or 12)
    if not value.minute:
        return f"{hour} {half}"
    return f"{hour} {'oh ' if value.minute < 10 else ''}{number_words(value.minute)} {half}"


def date_words(value: date) -> str:
    """2026-03-24 -> "the twenty fourth of march twenty twenty six". For the years 1100 to 2999."""
    century, rest = divmod(value.year, 100)
    if value.year % 1000 < 100:
        year = number_words(value.year)
    elif not rest:
        year = f"{number_words(century)} hundred"
    else:
        year = f"{number_words(century)} {'oh ' if rest < 10 else ''}{number_words(rest)}"
    return f"the {ordinal_words(value.day)} of {_MONTHS[value.month - 1]} {year}"
