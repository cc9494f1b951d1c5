"""Words to typed values, for the slots of a skill."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from assistant.grammar.heard import Heard
from assistant.grammar.sentences import TYPED
from assistant.grammar.values.moments import moment_meant, time_meant
from assistant.grammar.values.rules import Reader, Rules, read_rules
from assistant.messages.base import SlotKind

LARGEST = 1e18
"""Numbers and durations beyond this are not meant."""


@dataclass(frozen=True, slots=True)
class Reading:
    """The words up to before `end` mean `value`, in the form that `Slot.value` documents."""

    end: int
    value: float | str
    cost: float


def typed_words(language: str, kind: SlotKind) -> frozenset[str]:
    """Every word that values of a kind can hold."""
    rules = read_rules(language)
    return rules.words_of(kind) if rules is not None and kind in TYPED else frozenset()


class ValueReader:
    """Reads typed values in one heard text."""

    def __init__(
        self, heard: Heard, language: str, now: datetime, budget: float = 0.0, skips: Sequence[float] = ()
    ) -> None:
        """Errors may cost up to `budget`; `skips` is the cost of passing over each word inside a value."""
        self._rules = read_rules(language)
        self._now = now
        self._reader = Reader(self._rules, heard, budget, skips) if self._rules is not None else None
        self._known: dict[tuple[SlotKind, int], list[Reading]] = {}

    def read(self, kind: SlotKind, start: int) -> list[Reading]:
        """Readings of a kind that begin at word `start`: one for each end, the cheapest and first."""
        known = self._known.get((kind, start))
        if known is None:
            known = self._known[kind, start] = self._read(kind, start)
        return known

    def _read(self, kind: SlotKind, start: int) -> list[Reading]:
        if self._reader is None or self._rules is None:
            return []
        best: dict[int, Reading] = {}
        for found in self._reader.read(kind, start):
            if found.end in best and best[found.end].cost <= found.cost:
                continue
            value = _value(kind, found.value, self._now, self._rules)
            if value is not None:
                best[found.end] = Reading(found.end, value, found.cost)
        return list(best.values())


def read_value(kind: SlotKind, text: str, language: str, now: datetime) -> float | str | None:
    """What a whole text means as a value of a kind (see `Slot.value`); None when it is no such value."""
    heard = Heard(text)
    if not len(heard):
        return None
    whole = [one for one in ValueReader(heard, language, now).read(kind, 0) if one.end == len(heard)]
    return whole[0].value if whole else None


def _value(kind: SlotKind, meant: Any, now: datetime, rules: Rules) -> float | str | None:
    match kind:
        case "number" | "percentage":
            return _number(meant)
        case "duration":
            return _number(meant.total)
        case "time":
            return time_meant(meant, now).strftime("%H:%M")
        case "date":
            day = meant.on(now.date())
            return None if day is None else str(day.isoformat())
        case "datetime":
            moment = moment_meant(meant, now, rules.habits)
            return None if moment is None else moment.isoformat(timespec="seconds")
        case _:
            return None


def _number(value: float) -> float | None:
    if not math.isfinite(value) or abs(value) > LARGEST:
        return None
    return int(value) if value == int(value) else round(value, 9)
