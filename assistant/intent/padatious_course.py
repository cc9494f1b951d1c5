"""What padatious is taught: sentences sampled from the templates, with names that it can read."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from random import Random

from assistant.grammar.automaton import compile_templates
from assistant.grammar.sample import samples
from assistant.grammar.sentences import TYPED, SkillSentences, SlotType, intent_id, slot_type
from assistant.grammar.sound import Lexicon, read_sounds
from assistant.grammar.templates import Node, SlotRef, Word, parse_lines, slots, vocabulary
from assistant.grammar.values.read import typed_words
from assistant.intent.search import Graph
from assistant.messages.base import SlotKind

_FORMAT = 1
_SENTENCES = 40
"""Sentences sampled of each intent's templates. padatious needs time for more, and does not get better."""
_EXAMPLES = 30
TYPED_EXAMPLES: Mapping[SlotKind, tuple[str, ...]] = {
    "number": ("one", "seven", "twenty", "forty two", "a hundred", "5", "3"),
    "percentage": ("fifty percent", "ten percent", "half", "20 percent"),
    "duration": ("five minutes", "an hour", "half an hour", "thirty seconds", "an hour and a half", "10 minutes"),
    "time": ("seven", "half past six", "eight pm", "noon", "quarter to nine", "7:30"),
    "date": ("tomorrow", "friday", "next monday", "the third of may", "in two days"),
    "datetime": ("tomorrow at seven", "in ten minutes", "tonight", "friday at noon", "seven in the morning"),
}


@dataclass(frozen=True, slots=True)
class Plan:
    """What is trained: sentences of each intent, with slots as `{name}`, and examples for slots. Names are letters."""

    intents: Mapping[str, list[str]]
    entities: Mapping[str, list[str]]

    def to_json(self) -> str:
        """For the training process."""
        return json.dumps({"intents": self.intents, "entities": self.entities})

    @classmethod
    def from_json(cls, text: str) -> Plan:
        """Raises ValueError or KeyError."""
        data = json.loads(text)
        return cls(intents=data["intents"], entities=data["entities"])


@dataclass(frozen=True, slots=True)
class Taught:
    """An intent as padatious knows it."""

    skill: SkillSentences
    id: str
    slots: Mapping[str, tuple[SlotRef, SlotType]]
    """padatious' name of a slot -> the slot."""
    literals: frozenset[str]
    """Words of the sentences outside of slots."""
    vocabulary: frozenset[str]
    """All words, those that slots can hold too."""


class Course:
    """What to train for the skills of one language, and how to read the answers."""

    def __init__(self, language: str, skills: Sequence[SkillSentences]) -> None:
        self.language = language
        self.sounds = read_sounds(language)
        self.intents: dict[str, Taught] = {}
        self.lists: dict[tuple[str, str], tuple[Graph, tuple[str, ...]]] = {}
        random = Random(0)
        sentences: dict[str, list[str]] = {}
        examples: dict[str, list[str]] = {}
        for skill in sorted(skills, key=lambda skill: skill.skill):
            nodes = {name: parse_lines(lines, f"{name}.entity") for name, lines in skill.entities.items()}
            for name, lines in skill.entities.items():
                graph = Graph(compile_templates(nodes[name], f"{skill.skill}/{name}.entity"), self.sounds)
                self.lists[skill.skill, name] = (graph, lines)
            for name, lines in sorted(skill.intents.items()):
                self._add(skill, name, parse_lines(lines, f"{name}.intent"), nodes, sentences, examples, random)
        self.lexicon = Lexicon(self.sounds, frozenset().union(*(intent.vocabulary for intent in self.intents.values())))
        self.plan = Plan(sentences, examples)
        content = json.dumps([_FORMAT, language, sentences, examples], sort_keys=True)
        self.key = hashlib.sha256(content.encode()).hexdigest()[:32]

    def _add(
        self,
        skill: SkillSentences,
        name: str,
        nodes: Sequence[Node],
        lists: Mapping[str, Sequence[Node]],
        sentences: dict[str, list[str]],
        examples: dict[str, list[str]],
        random: Random,
    ) -> None:
        key = _letters(len(self.intents))
        found = sorted({slot for node in nodes for slot in slots(node)}, key=lambda slot: (slot.name, slot.type))
        named = {slot: f"{key}slot{_letters(number)}" for number, slot in enumerate(found)}
        types = {slot: slot_type(slot, skill.entities) or SlotType("text") for slot in found}
        literals = frozenset(word for node in nodes for word in vocabulary(node))
        words = set(literals)
        for slot, type_ in types.items():
            if type_.kind == "list":
                entry_words = (word for node in lists[type_.entity] for word in vocabulary(node))
                words.update(entry_words)
                entry_samples = samples(lists[type_.entity], _EXAMPLES, random)
                examples[named[slot]] = [_line(each, {}) for each in entry_samples]
            elif type_.kind in TYPED:
                words |= typed_words(self.language, type_.kind)
                examples[named[slot]] = list(TYPED_EXAMPLES[type_.kind])
        sentences[key] = [_line(each, named) for each in samples(nodes, _SENTENCES, random)]
        slot_names = {named[slot]: (slot, types[slot]) for slot in found}
        self.intents[key] = Taught(skill, intent_id(skill.skill, name), slot_names, literals, frozenset(words))


def _line(sample: Sequence[Word | SlotRef], named: Mapping[SlotRef, str]) -> str:
    return " ".join(each.text if isinstance(each, Word) else f"{{{named[each]}}}" for each in sample)


def _letters(number: int) -> str:
    """0 -> a, 25 -> z, 26 -> ba: padatious' names hold letters only."""
    rest, last = divmod(number, 26)
    return (_letters(rest) if rest else "") + chr(ord("a") + last)
