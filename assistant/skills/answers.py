"""What the words of an answer contain: "five minutes please" holds a duration, whatever is said around it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from assistant.grammar.heard import Heard
from assistant.grammar.sentences import TYPED
from assistant.grammar.sound import read_sounds
from assistant.grammar.values.read import ValueReader
from assistant.messages.base import Slot, Spoken

_BESIDE = 3
"""More words than this beside a value, and a question word in front: that is a question, and no answer."""


def find_values(text: Spoken, language: str, now: datetime) -> Mapping[str, Slot]:
    """The longest value of each kind that the words contain, of two equally long ones the first, under its kind. None
    where the words ask something else: "how many days until the thirty first of june"."""
    heard = Heard(text.text)
    asks = len(heard) > 0 and heard.words[0] in read_sounds(language).asking
    reader = ValueReader(heard, language, now)
    found: dict[str, Slot] = {}
    for kind in TYPED:
        spans = [(one.end - start, start, one) for start in range(len(heard)) for one in reader.read(kind, start)]
        if spans:
            length, start, best = max(spans, key=lambda span: (span[0], -span[1]))
            if asks and len(heard) - length > _BESIDE:
                continue
            found[kind] = Slot(name=kind, spoken=Spoken(heard.said(start, best.end)), kind=kind, value=best.value)
    return found
