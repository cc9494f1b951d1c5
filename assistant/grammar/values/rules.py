"""The rules of a language file, and finding what they match in a heard text."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Mapping
from collections.abc import Sequence as Seq
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Any

import yaml

from assistant.errors import EngineError
from assistant.grammar.heard import Heard
from assistant.grammar.sound import FOLDER
from assistant.grammar.templates import Choice, Node, Sequence, SlotRef, Word, can_be_empty, parse_line, vocabulary
from assistant.grammar.values.meanings import Meaning, meanings
from assistant.grammar.values.moments import Clock, Day, Habits, read_parts

Bindings = tuple[tuple[str, Any], ...]


@dataclass(frozen=True, slots=True)
class Rule:
    """What can be said, and what it means: `meaning(**slots)`, or None to refuse."""

    node: Node
    meaning: Meaning


@dataclass(frozen=True, slots=True)
class Found:
    """A reading of the words up to before `end`. `cost` counts words that were only sound-alikes."""

    end: int
    value: Any
    cost: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """A language's rules by name."""

    language: str
    rules: Mapping[str, tuple[Rule, ...]]
    first: Mapping[str, frozenset[str]]
    """Words each rule can begin with."""
    digits_first: frozenset[str]
    """Rules that can begin with digits."""
    habits: Habits

    def words_of(self, name: str) -> frozenset[str]:
        """Every word that a rule can hold."""
        return _words_of(self, name)


class Reader:
    """Reads values in one heard text; what it found is remembered until the reader is dropped."""

    def __init__(self, rules: Rules, heard: Heard, budget: float = 0.0, skips: Seq[float] = ()) -> None:
        """Sound-alikes may cost up to `budget`. `skips` is the cost of passing over each word inside a value."""
        self._rules = rules
        self._heard = heard
        self._budget = budget
        self._skips = skips if budget else ()
        self._memo: dict[tuple[str, int], list[Found]] = {}

    def read(self, name: str, start: int) -> list[Found]:
        """All readings of rule `name` that begin at word `start`, each end and value once, at its lowest cost."""
        known = self._memo.get((name, start))
        if known is None:
            self._memo[name, start] = []
            known = self._memo[name, start] = self._read(name, start)
        return known

    def _read(self, name: str, start: int) -> list[Found]:
        heard = self._heard
        if start >= len(heard):
            return []
        digits = DIGITS.get(name)
        if digits is not None:
            value = digits(heard.words[start])
            return [] if value is None else [Found(start + 1, value, 0.0)]
        numeric = name in self._rules.digits_first and heard.words[start][0].isdigit()
        if not numeric and self._rules.first[name].isdisjoint(heard.near[start]):
            return []
        best: dict[tuple[int, Any], float] = {}
        for rule in self._rules.rules[name]:
            for end, cost, bound in self._walk(rule.node, start):
                if cost > self._budget:
                    continue
                value = rule.meaning(**dict(bound))
                if value is not None and cost < best.get((end, value), math.inf):
                    best[end, value] = cost
        return [Found(end, value, cost) for (end, value), cost in best.items()]

    def _walk(self, node: Node, at: int) -> list[tuple[int, float, Bindings]]:
        match node:
            case Word(text):
                if at >= len(self._heard):
                    return []
                cost = self._heard.near[at].get(text)
                return [] if cost is None or cost > self._budget else [(at + 1, cost, ())]
            case SlotRef(name, type_):
                return [(one.end, one.cost, ((name, one.value),)) for one in self.read(type_ or name, at)]
            case Choice(options):
                return [found for option in options for found in self._walk(option, at)]
            case Sequence(parts):
                paths: list[tuple[int, float, Bindings]] = [(at, 0.0, ())]
                for part in parts:
                    paths = [
                        (end, cost + more, bound + found)
                        for here, cost, bound in self._skipped(paths, at)
                        for end, more, found in self._walk(part, here)
                    ]
                    if not paths:
                        break
                return paths

    def _skipped(self, paths: list[tuple[int, float, Bindings]], start: int) -> list[tuple[int, float, Bindings]]:
        """The paths, and those that pass over one small word after `start`: "ten uh minutes"."""
        if not self._skips:
            return paths
        more = [
            (here + 1, cost + self._skips[here], bound)
            for here, cost, bound in paths
            if start < here < len(self._heard) - 1 and cost + self._skips[here] <= self._budget
        ]
        return paths + more


@cache
def read_rules(language: str) -> Rules | None:
    """The rules of a language from its file; None when there is none. Raises EngineError for a broken file."""
    path = FOLDER / f"{language.lower().split('-')[0]}.values.yaml"
    if not path.is_file():
        return None
    data = yaml.safe_load(path.read_text(encoding="utf-8"))
    try:
        functions = meanings(read_parts(data["parts"]))
        rules = {
            name: tuple(
                Rule(parse_line(said, file=f"{path.name}#{name}"), _meaning(meant, functions))
                for said, meant in each.items()
            )
            for name, each in data["rules"].items()
        }
        habits = Habits(data["usual_hour"], data["awake"]["from"], data["awake"]["to"])
    except (KeyError, TypeError, AttributeError) as error:
        raise EngineError(
            f"cannot be used ({error!r})", where=str(path), hint="Compare it with en.values.yaml"
        ) from error
    for name, each in rules.items():
        for slot in (slot for rule in each for slot in _slots(rule.node)):
            if (slot.type or slot.name) not in rules and (slot.type or slot.name) not in DIGITS:
                raise EngineError(f"rule '{name}' uses '{slot.type or slot.name}', which is no rule", where=str(path))
    first, digits_first = _first_words(rules)
    return Rules(language=language, rules=rules, first=first, digits_first=digits_first, habits=habits)


def _slots(node: Node) -> Iterator[SlotRef]:
    match node:
        case SlotRef():
            yield node
        case Sequence(parts) | Choice(parts):
            for part in parts:
                yield from _slots(part)
        case Word():
            pass


def _meaning(meant: Any, functions: Mapping[str, Meaning]) -> Meaning:
    if meant is None:
        return lambda **slots: next(iter(slots.values()))
    if isinstance(meant, bool | int | float):
        return lambda **slots: meant
    if isinstance(meant, str):
        return functions[meant]
    ((name, more),) = meant.items()
    if name == "is":
        return lambda **slots: more
    function = functions[name]
    return lambda **slots: function(**slots, **more)


def _first_words(rules: Mapping[str, Seq[Rule]]) -> tuple[dict[str, frozenset[str]], frozenset[str]]:
    first: dict[str, frozenset[str]] = {name: frozenset() for name in rules}
    numeric = set(DIGITS)

    def of(node: Node) -> tuple[frozenset[str], bool]:
        match node:
            case Word(text):
                return frozenset({text}), False
            case SlotRef(name, type_):
                return first.get(type_ or name, frozenset()), (type_ or name) in numeric
            case Choice(options):
                each = [of(option) for option in options]
                return frozenset().union(*(words for words, _ in each)), any(digits for _, digits in each)
            case Sequence(parts):
                words: frozenset[str] = frozenset()
                digits = False
                for part in parts:
                    more, also = of(part)
                    words, digits = words | more, digits or also
                    if not can_be_empty(part):
                        break
                return words, digits

    changed = True
    while changed:
        changed = False
        for name, each in rules.items():
            words, digits = of(Choice(tuple(rule.node for rule in each)))
            if words != first[name] or (digits and name not in numeric):
                first[name] = words
                numeric |= {name} if digits else set()
                changed = True
    return first, frozenset(numeric)


def _words_of(rules: Rules, name: str) -> frozenset[str]:
    seen, waiting = {name}, [name]
    found: set[str] = set()
    while waiting:
        for rule in rules.rules.get(waiting.pop(), ()):
            found.update(vocabulary(rule.node))
            for slot in _slots(rule.node):
                other = slot.type or slot.name
                if other not in seen:
                    seen.add(other)
                    waiting.append(other)
    return frozenset(found)


# --- digits as recognisers and people write them


def _integer(word: str) -> int | None:
    return int(word) if word.isdecimal() and len(word) <= 15 else None


def _decimal(word: str) -> float | None:
    return float(word) if re.fullmatch(r"\d{1,12}\.\d{1,12}", word) else None


def _ordinal(word: str) -> int | None:
    found = re.fullmatch(r"(\d{1,2})(st|nd|rd|th)", word)
    return int(found[1]) if found else None


def _clock(word: str) -> Clock | None:
    found = re.fullmatch(r"(\d{1,2}):(\d\d)(:\d\d)?", word)
    return _clock_from(found[1], found[2]) if found else None


def _dotted(word: str) -> Clock | None:
    found = re.fullmatch(r"(\d{1,2})\.(\d\d)", word)
    return _clock_from(found[1], found[2]) if found else None


def _clock_from(hours: str, minutes: str) -> Clock | None:
    hour, minute = int(hours), int(minutes)
    fixed = hours.startswith("0")
    return (
        Clock(hour % 24, minute, fixed=fixed) if hour <= 24 and minute <= 59 and not (hour == 24 and minute) else None
    )


def _fraction(word: str) -> float | None:
    found = re.fullmatch(r"(\d{1,3})/(\d{1,3})", word)
    return int(found[1]) / int(found[2]) if found and int(found[2]) else None


def _iso_date(word: str) -> Day | None:
    try:
        found = date.fromisoformat(word) if len(word) == 10 else None
    except ValueError:
        return None
    return Day(number=found.day, month=found.month, year=found.year) if found else None


DIGITS: Mapping[str, Callable[[str], Any]] = {
    "integer": _integer,
    "decimal": _decimal,
    "ordinal_digits": _ordinal,
    "clock_digits": _clock,
    "dotted_digits": _dotted,
    "fraction_digits": _fraction,
    "iso_date": _iso_date,
}
"""Built-in rules that read one word of digits."""
