"""Write out what a synthesiser would read wrongly: times, money, units, years, marks that are not words.

espeak-ng reads "7:05" as "seven zero five", "£3" as "pound three", "5 °C" as "five degrees C" and spells out every
emoji. Removing marks is for all languages; writing out is for English, the language whose habits we know.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable

_KEEP = frozenset("°©™®№")
_MONEY = {"£": ("pound", "pence"), "$": ("dollar", "cents"), "€": ("euro", "cents")}
_SCALE = {"k": " thousand", "m": " million", "bn": " billion", "": ""}
_UNITS = {
    "km/h": "kilometre per hour", "mph": "mile per hour", "m/s": "metre per second", "km": "kilometre",
    "cm": "centimetre", "mm": "millimetre", "m": "metre", "kg": "kilogram", "g": "gram", "mg": "milligram",
    "ml": "millilitre", "l": "litre", "L": "litre", "kWh": "kilowatt hour", "kW": "kilowatt", "W": "watt",
    "GB": "gigabyte", "MB": "megabyte", "min": "minute", "hr": "hour", "hrs": "hour", "sec": "second",
    "°C": "degree Celsius", "°F": "degree Fahrenheit", "°": "degree", "ft": "foot", "lb": "pound", "lbs": "pound",
    "oz": "ounce", "mi": "mile",
}  # fmt: skip
_IRREGULAR = {"foot": "feet"}
_TITLES = {"Dr": "Doctor", "Mr": "Mister", "Mrs": "Missus", "Ms": "Miz", "Prof": "Professor"}
_FRACTIONS = {"1/2": "a half", "1/4": "a quarter", "3/4": "three quarters", "1/3": "a third", "2/3": "two thirds"}
_MONTHS = (
    "January|February|March|April|May|June|July|August|September|October|November|December|"
    "Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sept|Sep|Oct|Nov|Dec"
)


def normalise(text: str, language: str) -> str:
    """The text as it is to be spoken in `language` (BCP 47); empty when nothing of it can be spoken."""
    clean = _without_marks(text)
    if language.lower().split("-")[0] == "en":
        for pattern, write in _ENGLISH:
            clean = pattern.sub(write, clean)
    clean = re.sub(r"\s+([.,;:!?])", r"\1", " ".join(clean.split()))
    return clean if any(char.isalnum() for char in clean) else ""


def _without_marks(text: str) -> str:
    """Without emoji, control characters and the marks of Markdown."""
    kept = []
    for char in unicodedata.normalize("NFC", text):
        kind = unicodedata.category(char)
        drop = kind in ("So", "Sk", "Cs", "Co", "Cc", "Cf") or "\ufe00" <= char <= "\ufe0f" or char in "*`_"
        kept.append(" " if drop and char not in _KEEP else char)
    return re.sub(r"^\s*#+\s", "", "".join(kept))


def _time(match: re.Match[str]) -> str:
    hour, minute, half = int(match["hour"]), match["minute"], match["half"]
    suffix = _half(match) if half else ""
    if minute == "00":
        if suffix:
            return f"{hour}{suffix}"
        return f"{hour} o'clock" if 1 <= hour <= 12 else f"{hour or 'zero'} hundred"
    spoken = f"oh {minute[1]}" if minute[0] == "0" else minute
    return f"{hour or 'zero'} {spoken}{suffix}"


def _half_day(match: re.Match[str]) -> str:
    return f"{match['hour']}{_half(match)}"


def _half(match: re.Match[str]) -> str:
    """ " AM" or " PM", with the dot that also ended the sentence."""
    stop = "." if match[0].endswith(".") and match.end() == len(match.string) else ""
    return f" {match['half'][0].upper()}M{stop}"


def _money(match: re.Match[str]) -> str:
    unit, small = _MONEY[match["sign"]]
    whole, cents, scale = match["whole"], match["cents"] or "", _SCALE[(match["scale"] or "").lower()]
    if len(cents) == 2 and not scale:
        if whole == "0":
            return f"{int(cents)} {small}"
        spoken = f"oh {cents[1]}" if cents[0] == "0" and cents != "00" else cents
        return _plural(whole, unit) + ("" if cents == "00" else f" {spoken}")
    amount = f"{whole}.{cents}" if cents else whole
    return f"{amount}{scale} {unit}s" if scale else _plural(amount, unit)


def _unit(match: re.Match[str]) -> str:
    return _plural(match["number"], _UNITS[match["unit"]])


def _plural(number: str, unit: str) -> str:
    """ "1 mile per hour", "2 miles per hour", "6 feet"."""
    if number == "1":
        return f"{number} {unit}"
    first, space, rest = unit.partition(" ")
    if first == "kilowatt" and rest == "hour":
        return f"{number} kilowatt hours"
    return f"{number} {_IRREGULAR.get(first, first + 's')}{space}{rest}"


def _year(match: re.Match[str]) -> str:
    century, rest = match["year"][:2], match["year"][2:]
    if rest == "00" or (century == "20" and rest[0] == "0"):
        return match[0]
    return f"{match['before']}{century} {'oh ' + rest[1] if rest[0] == '0' else rest}"


_NUMBER = r"\d+(?:[.,]\d+)*"
_HALF = r"(?P<half>[AaPp]\.?[Mm])\b\.?"
_UNIT = "|".join(sorted(map(re.escape, _UNITS), key=len, reverse=True))
_YEAR = r"(?P<year>1[1-9]\d\d|20\d\d)"
_Write = str | Callable[[re.Match[str]], str]
_RULES: tuple[tuple[str, _Write], ...] = (
    (rf"\b({'|'.join(_TITLES)})\.(?=\s)", lambda match: _TITLES[match[1]]),
    (r"\bNo\.\s*(?=\d)", "Number "),
    (r"#(?=\d)", "number "),
    (r"\bvs\.?(?=\s)", "versus"),
    (rf"(?<![\d:])(?P<hour>[01]?\d|2[0-3]):(?P<minute>[0-5]\d)(?![\d:])(?:\s?{_HALF})?", _time),
    (rf"\b(?P<hour>1[0-2]|[1-9])\s?{_HALF}", _half_day),
    (
        r"(?P<sign>[£$€])\s?(?P<whole>\d+(?:,\d{3})*)(?:\.(?P<cents>\d+))?(?:\s?(?P<scale>bn|[kKm])\b)?",
        _money,
    ),
    (rf"(?<![\w.,])(?P<number>{_NUMBER})\s?(?P<unit>{_UNIT})(?![\w/])", _unit),
    (
        rf"(?P<before>\b(?:{_MONTHS})\.?(?: \d{{1,2}}(?:st|nd|rd|th)?,?)? |\b[Yy]ear ){_YEAR}"
        r"(?![\w.,:/]\w|\d|\s?%)",
        _year,
    ),
    (rf"(?P<before>\b(?:[Ii]n|[Ss]ince) ){_YEAR}(?=[.,;:!?]?(?:\s+(?:and|or)\b|$|[.;!?]\s))", _year),
    (r"(?<=\d)\s?[–—]\s?(?=\d)", " to "),
    (r"(?<![\d/])([123]/[234])(?![\d/])", lambda match: _FRACTIONS.get(match[1], match[1])),
    (r"(?<=\d)\s?[x×]\s?(?=\d)", " times "),
    (r"[~≈](?=\s?\d)", "about "),
)
_ENGLISH = tuple((re.compile(pattern), write) for pattern, write in _RULES)
"""In this order: each rule sees what those before it left."""
