"""Example sentences to train the classifier on: sampled from the templates with their slots filled, one copy of each
with an error of recognition, and sentences that are for nobody."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from random import Random

import yaml

from assistant.errors import EngineError
from assistant.grammar.sample import Sample, samples
from assistant.grammar.sentences import TYPED, SkillSentences, intent_id, slot_type
from assistant.grammar.sound import Sounds, read_sounds
from assistant.grammar.templates import Node, SlotRef, Word, is_blank, parse_lines, vocabulary
from assistant.intent.padatious_course import TYPED_EXAMPLES
from assistant.intent.template_engine import TemplateEngine

NONE = ""
"""The class of sentences that are for nobody."""
NUMBER = "#"
"""Stands for one or more words of a number."""
ELSEWHERE = Path(__file__).parent / "elsewhere"
_PER_INTENT = 48
_FEWEST_PER_LINE = 3
_OF_SOMETHING_ELSE = 0.25
_PER_LINE_OF_NOBODY = 5
ANY_TIME = datetime(2026, 1, 5, 12, tzinfo=UTC)
_Words = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Example:
    """A sentence for training. Those of one `line` are alike: they stay together when the training is checked."""

    said: _Words
    words: _Words
    """The essence of what is said."""
    intent: str
    line: int


def examples(language: str, skills: Sequence[SkillSentences]) -> list[Example]:
    """The examples for skills of one language; the same each time. Raises SkillError for a bad template."""
    found: dict[_Words, Example] = {}
    for example in _Maker(language).all(skills):
        found.setdefault(example.words, example)
    found.pop((), None)
    return list(found.values())


class _Maker:
    def __init__(self, language: str) -> None:
        self._sounds = read_sounds(language)
        self._random = Random(0)
        """Begins anew for each line, so that the examples of a line stay when others change."""
        lines = [line for lines in nobody_lines(language).values() for line in lines]
        self._nobody = [
            (number, _plain(sample))
            for number, node in enumerate(parse_lines(lines))
            for sample in samples([node], _PER_LINE_OF_NOBODY, self._random)
        ]
        weight = self._sounds.weight
        self._others = sorted({word for _, words in self._nobody for word in words if weight(word) == 1.0})
        self._literals: frozenset[str] = frozenset()

    def all(self, skills: Sequence[SkillSentences]) -> Iterator[Example]:
        """The skills' own sentences, and those for nobody that no skill understands."""
        understood = TemplateEngine()
        understood.learn(skills)
        self._literals = frozenset(
            word
            for skill in skills
            for lines in skill.intents.values()
            for node in parse_lines(lines)
            for word in vocabulary(node)
        )
        number = 0
        for skill in sorted(skills, key=lambda skill: skill.skill):
            lists = {name: parse_lines(lines, f"{name}.entity") for name, lines in skill.entities.items()}
            for name, lines in sorted(skill.intents.items()):
                nodes = parse_lines(lines, f"{name}.intent")
                written = [line for line in lines if not is_blank(line)]
                keys = self._keys(nodes)
                for template, node in zip(written, nodes, strict=True):
                    number += 1
                    self._random = Random(f"{skill.skill} {name} {template}")
                    for sample in samples([node], max(_FEWEST_PER_LINE, _PER_INTENT // len(nodes)), self._random):
                        words = self._filled(sample, skill, lists)
                        yield from self._both(words, intent_id(skill.skill, name), number)
                        yield from self._of_something_else(words, keys, number)
        for line, words in self._nobody:
            self._random = Random(" ".join(words))
            if not understood.match(" ".join(words), skills[0].language if skills else "", ANY_TIME):
                yield from self._both(words, NONE, line)

    def _keys(self, nodes: Sequence[Node]) -> frozenset[str]:
        """The words that an intent's sentences turn on: those that most of its lines have."""
        lines = [vocabulary(node) for node in nodes]
        counts = Counter(word for line in lines for word in line if self._sounds.weight(word) == 1.0)
        return frozenset(word for word, count in counts.items() if count >= max(2, len(lines) / 2))

    def _of_something_else(self, words: _Words, keys: frozenset[str], line: int) -> Iterator[Example]:
        """Now and then the same sentence about another thing, which is for nobody."""
        others = self._others
        if not others or keys.isdisjoint(words) or self._random.random() > _OF_SOMETHING_ELSE:
            return
        other = self._random.choice(others)
        if other not in self._literals:
            said = tuple(other if word in keys else word for word in words)
            yield Example(said, essence(said, self._sounds), NONE, line)

    def _both(self, words: _Words, intent: str, line: int) -> Iterator[Example]:
        for each in (words, with_error(words, self._sounds, self._random)):
            yield Example(each, essence(each, self._sounds), intent, line)

    def _filled(self, sample: Sample, skill: SkillSentences, lists: Mapping[str, Sequence[Node]]) -> _Words:
        words: list[str] = []
        for part in sample:
            words.extend((part.text,) if isinstance(part, Word) else self._value(part, skill, lists))
        return tuple(words)

    def _value(self, slot: SlotRef, skill: SkillSentences, lists: Mapping[str, Sequence[Node]]) -> _Words:
        type_ = slot_type(slot, skill.entities)
        if type_ is not None and type_.kind == "list" and lists[type_.entity]:
            return _plain(samples([self._random.choice(lists[type_.entity])], 1, self._random)[0])
        if type_ is not None and type_.kind in TYPED:
            return tuple(self._random.choice(TYPED_EXAMPLES[type_.kind]).split())
        # Free text: words that also stand in sentences for nobody, so that they speak for neither.
        some = self._random.choice(self._nobody)[1] if self._nobody else ("thing",)
        return some[-self._random.randint(1, 3) :]


def nobody_lines(language: str) -> Mapping[str, Sequence[str]]:
    """Templates of sentences that are for nobody, by kind. None for a language without such a file."""
    path = ELSEWHERE / f"{language}.yaml"
    if not path.is_file():
        return {}
    data = yaml.load(path.read_text(encoding="utf-8"), yaml.BaseLoader)
    if not isinstance(data, dict):
        raise EngineError("is not a mapping", where=str(path), hint="Compare it with en.yaml")
    return data


def essence(words: Sequence[str], sounds: Sounds) -> _Words:
    """The words without politeness and fillers; every number is one `#`."""
    kept: list[str] = []
    at = 0
    while at < len(words):
        polite = next((phrase for phrase in sounds.polite if tuple(words[at : at + len(phrase)]) == phrase), ())
        if polite:
            at += len(polite)
            continue
        word = words[at]
        at += 1
        if word in sounds.fillers:
            continue
        if word in sounds.numbers or word[0].isdigit():
            if kept and kept[-1] == NUMBER:
                continue
            word = NUMBER
        kept.append(word)
    return tuple(kept)


def with_error(words: _Words, sounds: Sounds, random: Random) -> _Words:
    """The words as a recogniser may have taken them: one sounds like another, a small one is lost or put in."""
    changes = list(_errors(words, sounds))
    at = random.randrange(len(words) + 1)
    changes.append((*words[:at], random.choice(sorted(sounds.articles) or ["a"]), *words[at:]))
    return random.choice(changes)


def _errors(words: _Words, sounds: Sounds) -> Iterator[_Words]:
    for at, word in enumerate(words):
        for other in sorted(sounds.homophones.get(word, ())):
            yield (*words[:at], *other.split(), *words[at + 1 :])
        if word in sounds.small and len(words) > 1:
            yield (*words[:at], *words[at + 1 :])


def _plain(sample: Sample) -> _Words:
    return tuple(part.text for part in sample if isinstance(part, Word))
