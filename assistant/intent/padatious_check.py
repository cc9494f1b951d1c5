"""Whether the words bear out what padatious guessed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from assistant.grammar.heard import Heard
from assistant.grammar.sentences import TYPED, SlotType
from assistant.grammar.templates import SlotRef
from assistant.grammar.values.read import ValueReader
from assistant.intent.engine import Match
from assistant.intent.padatious_course import Course, Taught
from assistant.intent.search import Costs, entries, spelled
from assistant.messages.base import Slot, Spoken

KNOWN = 0.8
"""The share of the utterance's weight that must be words of the intent."""
_LEAST = 2.0
"""Weight of known words that is needed where no slot bears the guess out, or only one that takes any words."""


class Check:
    """Looks at one heard text."""

    def __init__(self, course: Course, heard: Heard, now: datetime) -> None:
        self.course = course
        self.heard = heard
        self.costs = Costs(heard, course.lexicon)
        self.values = ValueReader(heard, course.language, now)

    def match(self, guessed: str, said_in: Mapping[str, str], confidence: float) -> Match | None:
        intent = self.course.intents[guessed]
        found: list[Slot] = []
        inside: set[int] = set()
        for name, said in said_in.items():
            slot, type_ = intent.slots[name]
            start, end = self.place(said)
            filled = self.fill(intent, slot, type_, start, end) if end > start else None
            if filled is None or not inside.isdisjoint(range(start, end)):
                return None
            found.append(filled)
            inside.update(range(start, end))
        outside = [word for at, word in enumerate(self.heard.words) if at not in inside]
        has_text = any(slot.kind == "text" for slot in found)
        if not self.borne_out(outside, intent, _LEAST if has_text or not found else 0.0):
            return None
        return Match(intent=intent.id, skill=intent.skill.skill, slots=tuple(found), confidence=confidence)

    def borne_out(self, outside: Sequence[str], intent: Taught, least: float) -> bool:
        """Whether the words outside of the slots are the intent's: at least `least` of them by weight, one of them
        with content, hardly any other, and none that turns the meaning around."""
        sounds = self.course.sounds
        weights = {word: sounds.weight(word) for word in outside if word not in sounds.fillers}
        known = weights.keys() & intent.literals
        if not sounds.negations.isdisjoint(weights) or any(word in sounds.weighty for word in weights.keys() - known):
            return False
        if not any(weights[word] == 1.0 for word in known):
            return False
        weight = sum(weights[word] for word in known)
        return weight >= max(least, KNOWN * sum(weights.values()))

    def place(self, said: str) -> tuple[int, int]:
        """Where the words of a slot lie; (0, 0) when they do not."""
        words = said.split()
        for start in range(len(self.heard) - len(words) + 1):
            if list(self.heard.words[start : start + len(words)]) == words:
                return start, start + len(words)
        return 0, 0

    def fill(self, intent: Taught, slot: SlotRef, type_: SlotType, start: int, end: int) -> Slot | None:
        spoken = self.heard.said(start, end)
        value: float | str | None = spoken
        if type_.kind == "list":
            graph, lines = self.course.lists[intent.skill.skill, type_.entity]
            whole = [one for one in entries(graph, self.costs, start, 0.5) if one.end == end]
            value = spelled(lines[whole[0].line], whole[0].words) if whole else None
        elif type_.kind in TYPED:
            readings = [one for one in self.values.read(type_.kind, start) if one.end == end]
            value = readings[0].value if readings else None
        return None if value is None else Slot(name=slot.name, spoken=Spoken(spoken), kind=type_.kind, value=value)
