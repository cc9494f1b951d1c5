"""An intent engine for tests: it understands only what is written, word for word."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from assistant.grammar.heard import Heard
from assistant.grammar.sentences import TYPED, SkillSentences, intent_id, slot_type
from assistant.grammar.templates import Choice, Node, SlotRef, Word, parse_lines
from assistant.grammar.templates import Sequence as Parts
from assistant.grammar.values.read import ValueReader
from assistant.grammar.words import words
from assistant.intent.engine import Match
from assistant.messages.base import Slot, Spoken

_Reading = tuple[int, tuple[Slot, ...]]


class FakeIntentEngine:
    """An IntentEngine by plain comparison. `trains` can be set to have it treated as an engine that trains."""

    def __init__(self, name: str = "fake", *, trains: bool = False) -> None:
        self.name = name
        self.trains = trains
        self.learned: list[tuple[str, ...]] = []
        """The skills of each `learn`, for a test to look at."""
        self.given: list[Sequence[SkillSentences]] = []
        """And all their sentences."""
        self._skills: tuple[SkillSentences, ...] = ()

    def start(self) -> None:
        """Nothing to load."""

    def learn(self, skills: Sequence[SkillSentences]) -> None:
        """Raises SkillError for a template that cannot be read."""
        for skill in skills:
            for name, lines in (*skill.intents.items(), *skill.entities.items()):
                parse_lines(lines, name)
        self.learned.append(tuple(skill.skill for skill in skills))
        self.given.append(skills)
        self._skills = tuple(skills)

    def match(self, text: str, language: str, now: datetime) -> list[Match]:
        """Every intent that has these words."""
        heard = Heard(text)
        found = []
        for skill in self._skills:
            if skill.language != language or not len(heard):
                continue
            reader = _Reader(heard, skill, now)
            for name, lines in skill.intents.items():
                ways = (way for node in parse_lines(lines) for way in reader.read(node, 0))
                slots = next((slots for end, slots in ways if end == len(heard)), None)
                if slots is not None:
                    found.append(
                        Match(intent=intent_id(skill.skill, name), skill=skill.skill, slots=slots, confidence=1.0)
                    )
        return found

    def close(self) -> None:
        """Forget the sentences."""
        self._skills = ()


class _Reader:
    def __init__(self, heard: Heard, skill: SkillSentences, now: datetime) -> None:
        self._heard = heard
        self._skill = skill
        self._values = ValueReader(heard, skill.language, now)

    def read(self, node: Node, at: int) -> Iterator[_Reading]:
        match node:
            case Word(text):
                if self._heard.words[at : at + 1] == (text,):
                    yield at + 1, ()
            case SlotRef():
                yield from self._slot(node, at)
            case Choice(options):
                for option in options:
                    yield from self.read(option, at)
            case Parts(()):
                yield at, ()
            case Parts(parts):
                for middle, first in self.read(parts[0], at):
                    for end, rest in self.read(Parts(parts[1:]), middle):
                        yield end, (*first, *rest)

    def _slot(self, slot: SlotRef, at: int) -> Iterator[_Reading]:
        type_ = slot_type(slot, self._skill.entities)
        assert type_ is not None
        found: list[tuple[int, float | str]] = []
        if type_.kind in TYPED:
            found = [(one.end, one.value) for one in self._values.read(type_.kind, at)]
        elif type_.kind == "list":
            for line in self._skill.entities[type_.entity]:
                entry = words(line)
                if self._heard.words[at : at + len(entry)] == entry:
                    found.append((at + len(entry), line))
        else:
            found = [(end, self._heard.said(at, end)) for end in range(at + 1, len(self._heard) + 1)]
        for end, value in found:
            spoken = Spoken(self._heard.said(at, end))
            yield end, (Slot(name=slot.name, spoken=spoken, kind=type_.kind, value=value),)
