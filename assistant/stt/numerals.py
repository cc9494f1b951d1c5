"""Numbers between words and digits, both ways, by the number rules of the language.

A recogniser writes "16" or "7:30" for "sixteen" or "seven thirty". The built-in digit forms are those that the rules of
typed values name (see `assistant.grammar.values.rules.DIGITS`).
"""

from __future__ import annotations

from assistant.grammar.heard import Heard
from assistant.grammar.values.rules import Reader, read_rules

_LARGEST_WRITTEN = 9_999
"""Numbers above this are not looked for in digits inside a skill's own words."""
_MOST_DIGITS = 6
_FRACTIONS = ("1/2", "1/3", "2/3", "1/4", "3/4", "1/5", "1/10")
_SUFFIX = {1: "st", 2: "nd", 3: "rd"}

Step = tuple[tuple[str, ...], bool]
"""What can be written next, and whether it may end here."""


class Numerals:
    """Digits of one language. Without rules for it there are none."""

    def __init__(self, language: str) -> None:
        self._rules = read_rules(language)
        self.vocabulary: frozenset[str] = frozenset()
        """Words that numbers are made of."""
        self._cardinals: dict[int, str] = {}
        self._ordinals: dict[int, str] = {}
        self._written: dict[tuple[str, ...], tuple[str, ...]] = {}
        if self._rules is not None:
            words = self._rules.words_of("cardinal") | self._rules.words_of("ordinal") | {"zero"}
            self.vocabulary = frozenset(word for word in words if word not in ("a", "and"))
            self._learn_small_numbers()

    def written(self, words: tuple[str, ...]) -> tuple[str, ...]:
        """How the number that `words` are may be written in digits; nothing if they are none."""
        known = self._written.get(words)
        if known is None:
            known = self._written[words] = tuple(dict.fromkeys(self._write(words)))
        return known

    def spoken(self, kind: str, digits: str) -> str:
        """The words for digits: "7:30" as clock_digits is "seven thirty". Unknown forms stay as they are."""
        match kind:
            case "integer":
                return self._cardinal(int(digits.replace(",", "")))
            case "decimal":
                whole, _, part = digits.partition(".")
                return " ".join((self._cardinal(int(whole)), "point", *(self._cardinal(int(one)) for one in part)))
            case "ordinal_digits":
                return self._ordinals.get(int(digits[:-2]), digits)
            case "clock_digits" | "dotted_digits":
                hour, minute = (int(part) for part in digits.replace(".", ":").split(":"))
                if minute == 0:
                    return f"{self._cardinal(hour)} o'clock" if kind == "clock_digits" else self._cardinal(hour)
                return f"{self._cardinal(hour)} {'oh ' if minute < 10 else ''}{self._cardinal(minute)}"
            case _:
                return digits

    def _write(self, words: tuple[str, ...]) -> list[str]:
        if self._rules is None:
            return []
        heard = Heard(" ".join(words))
        reader = Reader(self._rules, heard)
        found: list[str] = []
        for rule in ("whole", "year", "ordinal"):
            for one in reader.read(rule, 0) if rule in self._rules.rules else ():
                if one.end != len(heard) or not isinstance(one.value, int) or not 0 <= one.value <= _LARGEST_WRITTEN:
                    continue
                if rule == "ordinal":
                    found.append(f"{one.value}{_suffix(one.value)}")
                else:
                    found.append(str(one.value))
                    if one.value >= 1000 and rule == "whole":
                        found.append(f"{one.value:,}")
        return found

    def _learn_small_numbers(self) -> None:
        """Words of 0 to 99 and of 1st to 99th: all pairs of number words are read, and what they mean is kept."""
        singles = sorted(self.vocabulary)
        small = [word for word in singles if self._value("n99", (word,)) is not None or word == "zero"]
        for word in small:
            self._cardinals.setdefault(0 if word == "zero" else self._value("n99", (word,)) or 0, word)
        for word in singles:
            self._keep_ordinal((word,))
        for tens in [word for number, word in self._cardinals.items() if number >= 20 and number % 10 == 0]:
            for word in small:
                value = self._value("n99", (tens, word))
                if value is not None:
                    self._cardinals.setdefault(value, f"{tens} {word}")
            for word in singles:
                self._keep_ordinal((tens, word))

    def _keep_ordinal(self, words: tuple[str, ...]) -> None:
        value = self._value("ordinal", words)
        if value is not None:
            self._ordinals.setdefault(value, " ".join(words))

    def _value(self, rule: str, words: tuple[str, ...]) -> int | None:
        if self._rules is None or rule not in self._rules.rules:
            return None
        heard = Heard(" ".join(words))
        for one in Reader(self._rules, heard).read(rule, 0):
            if one.end == len(heard) and isinstance(one.value, int):
                return one.value
        return None

    def _cardinal(self, number: int) -> str:
        """English; another language would say its hundreds here in its own way."""
        if number in self._cardinals:
            return self._cardinals[number]
        if number < 100 or not self._cardinals:
            return str(number)
        for size, name in ((1_000_000, "million"), (1_000, "thousand"), (100, "hundred")):
            if number >= size:
                head, rest = divmod(number, size)
                tail = f" {self._cardinal(rest)}" if rest else ""
                return f"{self._cardinal(head)} {name}{tail}"
        return str(number)


def next_digits(kind: str, prefix: str) -> Step:
    """How digits of a built-in kind go on after `prefix`; bounded, so that a search cannot run away."""
    match kind:
        case "integer":
            return _integer(prefix)
        case "decimal":
            return _decimal(prefix)
        case "ordinal_digits":
            return _ordinal(prefix)
        case "clock_digits":
            return _clock(prefix, ":")
        case "dotted_digits":
            return _clock(prefix, ".")
        case "fraction_digits":
            following = {one[len(prefix)] for one in _FRACTIONS if one.startswith(prefix) and one != prefix}
            return tuple(sorted(following)), prefix in _FRACTIONS
        case _:
            return (), False


_ANY = tuple("0123456789")


def _integer(prefix: str) -> Step:
    if not prefix:
        return _ANY, False
    head, comma, _ = prefix.partition(",")
    last = prefix.rpartition(",")[2]
    if comma:
        whole = len(last) == 3
        more = (",",) if whole and len(prefix) < 11 else () if whole else _ANY
        return more, whole
    if prefix == "0":
        return (), True
    more = _ANY if len(head) < _MOST_DIGITS else ()
    return (*more, ",") if len(head) <= 3 else more, True


def _decimal(prefix: str) -> Step:
    whole, point, part = prefix.partition(".")
    if not point:
        more = _ANY if len(whole) < 3 and whole != "0" else ()
        return ((*more, ".") if whole else _ANY), False
    return (_ANY if len(part) < 3 else ()), bool(part)


def _ordinal(prefix: str) -> Step:
    if not prefix.isdigit():
        return (_ANY[1:], False) if not prefix else ((), True)
    return (*(_ANY if len(prefix) < 2 else ()), _suffix(int(prefix))), False


def _clock(prefix: str, mark: str) -> Step:
    hour, point, minute = prefix.partition(mark)
    if not point:
        if not hour:
            return _ANY, False
        more = tuple(digit for digit in _ANY if len(hour) == 1 and int(hour + digit) <= 24)
        return (*more, mark), False
    if not minute:
        return _ANY[:6], False
    return (_ANY if len(minute) == 1 else ()), len(minute) == 2


def _suffix(number: int) -> str:
    return "th" if 10 <= number % 100 <= 20 else _SUFFIX.get(number % 10, "th")
