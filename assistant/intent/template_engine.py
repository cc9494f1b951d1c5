"""Understanding by the skills' own sentences, tolerant of the errors that recognition makes.

Exact sentences get confidence 1.0. Words that sound alike, lost or added small words and politeness cost a little; a
misheard content word costs more; what would turn the meaning around ("not", "cancel") is never skipped. Confidence is
the weight of what fitted against the cost of what did not.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise

import numpy as np

from assistant.grammar.automaton import compile_templates
from assistant.grammar.heard import Heard, without_wake_word
from assistant.grammar.sentences import TYPED, SkillSentences, SlotType, intent_id, primary, slot_type
from assistant.grammar.sound import Lexicon, Sounds, read_sounds
from assistant.grammar.templates import SlotRef, choice, parse_lines
from assistant.grammar.values.read import Reading, ValueReader, read_value, typed_words
from assistant.intent.contractions import written_out
from assistant.intent.engine import Match
from assistant.intent.screen import Screen, Vocabulary
from assistant.intent.search import Costs, Entry, Filling, Graph, Path, cheapest, entries, spelled
from assistant.messages.base import Slot, Spoken

THRESHOLD = 0.73
"""Below this confidence nothing is done. Set so that no sentence of tests/sentences/en/out_of_scope.yaml matches."""
_ENOUGH = 2.0
"""Where less evidence than this was found, more confidence is needed: short sentences leave little room for errors."""
_SHORTAGE = 0.5
_SMALL_ERROR = 0.35
CLOSE = 0.12
"""Intents this much below the best are still looked for."""
_MOST_EDITS = 2.6
_ENTRY_BUDGET = 0.65
"""At 0.75 "the gas" was the gates."""
_VALUE_BUDGET = 0.6
_LONGEST_TEXT = 24
_SHORTER = 3
"""Words of free text by which a sentence with a small error must be shorter to count for more than an exact one."""
_TEXT_STRICTNESS = 1.6
"""Errors count this much more around free text, which would take any words."""


@dataclass(frozen=True, slots=True)
class _Intent:
    skill: str
    id: str
    graph: Graph
    types: dict[SlotRef, SlotType]
    vocabulary: Vocabulary


@dataclass(frozen=True, slots=True)
class _Skill:
    """What was made of one skill's sentences."""

    sentences: SkillSentences
    intents: tuple[_Intent, ...]
    lists: dict[str, tuple[Graph, tuple[str, ...]]]
    words: frozenset[str]


@dataclass(frozen=True, slots=True)
class _Language:
    skills: tuple[_Skill, ...]
    intents: tuple[tuple[_Skill, _Intent], ...]
    lexicon: Lexicon
    screen: Screen


class TemplateEngine:
    """An IntentEngine over the templates. It keeps nothing of what it was asked."""

    name = "templates"
    trains = False

    def __init__(self) -> None:
        self._languages: dict[str, _Language] = {}

    def start(self) -> None:
        """Nothing to load."""

    def learn(self, skills: Sequence[SkillSentences]) -> None:
        """Compile the sentences of all skills; what has not changed is kept. Raises SkillError."""
        known = [skill for language in self._languages.values() for skill in language.skills]
        by_language: dict[str, list[_Skill]] = {}
        for sentences in skills:
            language = primary(sentences.language)
            same = next((skill for skill in known if skill.sentences == sentences), None)
            by_language.setdefault(language, []).append(same or _compile(sentences, read_sounds(language)))
        self._languages = {language: _join(language, each) for language, each in by_language.items()}

    def match(self, text: str, language: str, now: datetime) -> list[Match]:
        """The intents whose sentences fit, best first."""
        known = self._languages.get(primary(language))
        if known is None:
            return []
        text = without_wake_word(text, known.lexicon)
        heard = Heard(text, known.lexicon)
        if not len(heard):
            return []
        found = _Query(heard, known, primary(language), now).run()
        if found and found[0].confidence == 1.0:
            return found
        full = written_out(text, primary(language), known.lexicon.words)
        if full == text:
            return found
        other = _Query(Heard(full, known.lexicon), known, primary(language), now).run()
        return other if other and (not found or other[0].confidence > found[0].confidence) else found

    def close(self) -> None:
        """Forget the sentences."""
        self._languages = {}


class _Query:
    """One text against all intents of a language."""

    def __init__(self, heard: Heard, language: _Language, code: str, now: datetime) -> None:
        self.heard = heard
        self.language, self.code, self.now = language, code, now
        self.sounds = language.lexicon.sounds
        self.costs = Costs(heard, language.lexicon)
        self.values = ValueReader(heard, code, now, _VALUE_BUDGET, self.costs.insertion)
        self.entries: dict[tuple[str, str, int], list[Entry]] = {}

    def run(self) -> list[Match]:
        bounds = self.language.screen.bounds(self.heard, self.costs)
        least, evidence = bounds.rest[:, 0], bounds.evidence
        best = evidence / np.maximum(evidence + least, 1e-9)
        needed = np.where(least <= _SMALL_ERROR, THRESHOLD, THRESHOLD + _SHORTAGE * np.maximum(0.0, _ENOUGH - evidence))
        found: list[tuple[float, int, Match]] = []
        floor = THRESHOLD
        for number in sorted(np.flatnonzero(best >= needed).tolist(), key=lambda number: -best[number]):
            if best[number] < floor:
                break
            skill, intent = self.language.intents[number]
            budget = min(_MOST_EDITS, float(evidence[number]) * (1 - floor) / floor)
            rest = bounds.rest[number].tolist()
            path = cheapest(intent.graph, self.costs, _Filler(self, skill, intent), rest, budget)
            if path is None:
                continue
            confidence = _confidence(path.edits, path.evidence, path.free > 0)
            if confidence < max(floor, _needed(path)):
                continue
            floor = max(floor, confidence - CLOSE)
            found.append((confidence, path.free, self.as_match(skill, intent, path, confidence)))
        return _ranked(found)

    def cuts(self, start: int, reading: Reading) -> bool:
        """Whether a day was cut out of another: "the thirty first of april" is neither the first nor this month's."""
        words, ordinals = self.heard.words, self.sounds.ordinals
        said = words[start : reading.end]
        torn = reading.cost > 0 and isinstance(reading.value, str) and reading.value[8:9] == "0"
        if torn and any(one in self.sounds.numbers and two in ordinals for one, two in pairwise(said)):
            return True
        after = words[reading.end : reading.end + 2]
        if said[-1] not in ordinals or not after:
            return False
        # A month that some other day would have begun.
        before = [word for word in said[:-1] if word not in self.sounds.numbers]
        rests = (after[:1], after)
        return any(
            read_value("date", " ".join((*before, ordinal, *rest)), self.code, self.now) is not None
            for rest in rests
            for ordinal in ordinals
        )

    def list_entries(self, skill: _Skill, entity: str, at: int) -> list[Entry]:
        key = (skill.sentences.skill, entity, at)
        found = self.entries.get(key)
        if found is None:
            found = self.entries[key] = entries(skill.lists[entity][0], self.costs, at, _ENTRY_BUDGET)
        return found

    def as_match(self, skill: _Skill, intent: _Intent, path: Path, confidence: float) -> Match:
        return Match(
            intent=intent.id,
            skill=skill.sentences.skill,
            slots=tuple(
                Slot(
                    name=filling.slot.name,
                    spoken=Spoken(self.heard.said(filling.start, filling.end)),
                    kind=filling.kind,
                    value=filling.value,
                )
                for filling in path.fillings
            ),
            confidence=confidence,
        )


class _Filler:
    """Fills the slots of one intent."""

    def __init__(self, query: _Query, skill: _Skill, intent: _Intent) -> None:
        self._query = query
        self._skill = skill
        self._types = intent.types

    def __call__(self, slot: SlotRef, at: int) -> list[Filling]:
        type_ = self._types[slot]
        query = self._query
        if type_.kind == "text":
            last = min(len(query.heard), at + _LONGEST_TEXT)
            return [
                Filling(slot, at, end, "text", query.heard.said(at, end), 0.0, 0.0) for end in range(at + 1, last + 1)
            ]
        if type_.kind == "list":
            lines = self._skill.lists[type_.entity][1]
            return [
                Filling(slot, at, one.end, "list", spelled(lines[one.line], one.words), one.cost, one.evidence)
                for one in query.list_entries(self._skill, type_.entity, at)
            ]
        return [
            Filling(slot, at, one.end, type_.kind, one.value, one.cost, 1.0 - one.cost / 2)
            for one in query.values.read(type_.kind, at)
            if not query.cuts(at, one)
        ]


def _compile(sentences: SkillSentences, sounds: Sounds) -> _Skill:
    language = primary(sentences.language)
    lists = {
        name: (Graph(compile_templates(parse_lines(lines, name), f"{sentences.skill}/{name}.entity"), sounds), lines)
        for name, lines in sentences.entities.items()
    }
    words: set[str] = set()
    intents = []
    for name, lines in sentences.intents.items():
        file = f"{name}.intent"
        automaton = compile_templates([choice(parse_lines(lines, file))], f"{sentences.skill}/{file}")
        types = {slot: slot_type(slot, sentences.entities) or SlotType("text") for slot in automaton.slot_refs()}
        alphabet = set(automaton.vocabulary())
        for type_ in types.values():
            if type_.kind == "list":
                alphabet |= lists[type_.entity][0].automaton.vocabulary()
            elif type_.kind in TYPED:
                alphabet |= typed_words(language, type_.kind)
        kinds = {type_.kind for type_ in types.values()}
        intents.append(
            _Intent(
                skill=sentences.skill,
                id=intent_id(sentences.skill, name),
                graph=Graph(automaton, sounds),
                types=types,
                vocabulary=Vocabulary(
                    words=frozenset(alphabet),
                    has_text="text" in kinds,
                    has_digits=not kinds.isdisjoint(TYPED),
                    has_lists="list" in kinds,
                ),
            )
        )
        words |= alphabet
    return _Skill(sentences, tuple(intents), lists, frozenset(words))


def _join(language: str, skills: Sequence[_Skill]) -> _Language:
    intents = tuple((skill, intent) for skill in skills for intent in skill.intents)
    return _Language(
        skills=tuple(skills),
        intents=intents,
        lexicon=Lexicon(read_sounds(language), frozenset().union(*(skill.words for skill in skills))),
        screen=Screen([intent.vocabulary for _, intent in intents]),
    )


def _confidence(edits: float, evidence: float, free: bool) -> float:
    if edits == 0:
        return 1.0
    if free:
        edits *= _TEXT_STRICTNESS
    return evidence / (evidence + edits) if evidence > 0 else 0.0


def _needed(path: Path) -> float:
    """The confidence below which a path counts for nothing."""
    return THRESHOLD if path.edits <= _SMALL_ERROR else THRESHOLD + _SHORTAGE * max(0.0, _ENOUGH - path.evidence)


def _ranked(found: list[tuple[float, int, Match]]) -> list[Match]:
    """Best first. Of several exact matches only those with the fewest words of free text count."""
    exact = [(free, match) for confidence, free, match in found if confidence == 1.0]
    if exact:
        fewest = min(free for free, _ in exact)
        # Free text takes any words: a small error is likelier than a long text that ends in a time or a list.
        closer = [each for each in found if each[1] + _SHORTER <= fewest and each[2].slots]
        if closer:
            return _ranked(closer)
        return sorted((match for free, match in exact if free == fewest), key=lambda match: len(match.slots))
    best = sorted(found, key=lambda each: (-each[0], each[1], len(each[2].slots)))
    return [match for confidence, _, match in best if confidence >= best[0][0] - CLOSE]
