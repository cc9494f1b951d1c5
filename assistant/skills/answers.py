"""What the words of an answer contain: "five minutes please" holds a duration, whatever is said around it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from assistant.grammar.heard import Heard
from assistant.grammar.sentences import TYPED
from assistant.grammar.values.read import ValueReader
from assistant.messages.base import Slot, Spoken


def find_values(text: Spoken, language: str, now: datetime) -> Mapping[str, Slot]:
    """The longest value of each kind that the words contain, of two equally long ones the first, under its kind."""
    heard = Heard(text.text)
    reader = ValueReader(heard, language, now)
    found: dict[str, Slot] = {}
    for kind in TYPED:
        spans = [(one.end - start, start, one) for start in range(len(heard)) for one in reader.read(kind, start)]
        if spans:
            _, start, best = max(spans, key=lambda span: (span[0], -span[1]))
            found[kind] = Slot(name=kind, spoken=Spoken(heard.said(start, best.end)), kind=kind, value=best.value)
    return found
