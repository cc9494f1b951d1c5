"""What the recogniser understood on its way along the skills' sentences, as a match with typed values."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from assistant.grammar.between import corrected
from assistant.grammar.sentences import TYPED
from assistant.grammar.values.read import read_value
from assistant.intent.engine import Match
from assistant.messages.base import Meaning, Slot


def heard(meaning: Meaning, matches: Sequence[Match], language: str, now: datetime) -> Match:
    """The recogniser's meaning as it stands: nothing is parsed a second time that could disagree.

    A match of the same intent and the same slots, found in the words, knows the values already.
    """
    for match in matches:
        if match.intent == meaning.intent and _names(match.slots) == _names(meaning.slots):
            return replace(match, confidence=1.0)
    slots = tuple(_valued(slot, language, now) for slot in meaning.slots)
    if any(slot.kind in TYPED and slot.value == slot.spoken.text for slot in slots):
        for match in matches:
            if match.intent == meaning.intent:
                return replace(match, confidence=1.0)  # nobody can tell what value that would be
    return Match(intent=meaning.intent, skill=meaning.skill, slots=slots, confidence=1.0)


def _names(slots: Sequence[Slot]) -> list[tuple[str, str]]:
    return sorted((slot.name, slot.spoken.text.casefold()) for slot in slots)


def _valued(slot: Slot, language: str, now: datetime) -> Slot:
    words = slot.spoken.text if slot.kind == "text" else corrected(slot.spoken.text, language)
    value = read_value(slot.kind, words, language, now) if slot.kind in TYPED else words
    return replace(slot, value=words if value is None else value)
