"""The slots of an intent that was guessed, found anywhere in the words: what no template foresaw has no fixed place."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import product

from assistant.grammar.automaton import compile_templates
from assistant.grammar.heard import Heard
from assistant.grammar.sentences import TYPED, SkillSentences, SlotType, intent_id, slot_type
from assistant.grammar.sound import Lexicon, Sounds
from assistant.grammar.templates import Choice, Node, SlotRef, parse_lines, vocabulary
from assistant.grammar.templates import Sequence as Parts
from assistant.grammar.values.read import ValueReader, typed_words
from assistant.intent.search import Costs, Entry, Graph, entries, spelled
from assistant.messages.base import Slot, SlotKind, Spoken

KNOWN = 0.62
"""The share of the weight of the words outside of slots that must be words of the intent."""
_LEAST = 1.8
"""The weight of such words that is needed where no slot bears the guess out."""
_SLIP = 0.5
"""A word counts as one of the intent when it sounds like one, at most this far off."""
_MOST_FORMS = 64
_ORDER: tuple[SlotKind, ...] = ("list", "datetime", "duration", "date", "time", "percentage", "number")
"""Which slot takes its words first."""
Form = frozenset[SlotRef]


@dataclass(frozen=True, slots=True)
class Taught:
    """An intent: its words outside of slots, and which slots its sentences have together."""

    skill: SkillSentences
    id: str
    literals: frozenset[str]
    forms: tuple[Form, ...]
    types: Mapping[SlotRef, SlotType]


@dataclass(frozen=True, slots=True)
class Known:
    """All intents of one language, and the lists of their skills."""

    language: str
    intents: Mapping[str, Taught]
    lists: Mapping[tuple[str, str], tuple[Graph, tuple[str, ...]]]
    listed: Mapping[str, frozenset[str]]
    """Skill -> all words of its lists."""
    lexicon: Lexicon


def know(language: str, skills: Sequence[SkillSentences], sounds: Sounds) -> Known:
    """What has to be known of the skills to fill slots. Raises SkillError."""
    intents: dict[str, Taught] = {}
    lists: dict[tuple[str, str], tuple[Graph, tuple[str, ...]]] = {}
    listed: dict[str, frozenset[str]] = {}
    words: set[str] = set()
    for skill in skills:
        listed[skill.skill] = frozenset()
        for name, lines in skill.entities.items():
            nodes = parse_lines(lines, f"{name}.entity")
            lists[skill.skill, name] = Graph(compile_templates(nodes, f"{skill.skill}/{name}.entity"), sounds), lines
            listed[skill.skill] = listed[skill.skill].union(*(vocabulary(node) for node in nodes))
        words |= listed[skill.skill]
        for name, lines in skill.intents.items():
            nodes = parse_lines(lines, f"{name}.intent")
            forms = dict.fromkeys(form for node in nodes for form in slot_forms(node))
            types = {slot: slot_type(slot, skill.entities) or SlotType("text") for form in forms for slot in form}
            literals = frozenset(word for node in nodes for word in vocabulary(node))
            words |= literals
            for type_ in types.values():
                words |= typed_words(language, type_.kind) if type_.kind in TYPED else frozenset()
            usable = tuple(form for form in forms if _is_usable(form, types))
            intents[intent_id(skill.skill, name)] = Taught(skill, intent_id(skill.skill, name), literals, usable, types)
    return Known(language, intents, lists, listed, Lexicon(sounds, words))


def _is_usable(form: Form, types: Mapping[SlotRef, SlotType]) -> bool:
    """Free text has no end that words alone would tell, and two slots of one type could be mixed up."""
    found = [types[slot] for slot in form]
    return all(type_.kind != "text" for type_ in found) and len(set(found)) == len(found)


def slot_forms(node: Node) -> list[Form]:
    """The slots that sentences of a template have, for each way to say it, in the order of writing."""
    match node:
        case SlotRef():
            return [frozenset({node})]
        case Choice(options):
            return list(dict.fromkeys(form for option in options for form in slot_forms(option)))[:_MOST_FORMS]
        case Parts(parts):
            found: list[Form] = [frozenset()]
            for part in parts:
                found = list(dict.fromkeys(one | two for one, two in product(found, slot_forms(part))))
                if len(found) > _MOST_FORMS:
                    found = sorted(found, key=len)[-_MOST_FORMS:]
            return found
        case _:
            return [frozenset()]


@dataclass(frozen=True, slots=True)
class _Filled:
    slot: Slot
    start: int
    end: int


class Fill:
    """Looks for slots in one heard text."""

    def __init__(self, known: Known, heard: Heard, now: datetime) -> None:
        self._known = known
        self._heard = heard
        self._sounds = known.lexicon.sounds
        self._costs = Costs(heard, known.lexicon)
        self._values = ValueReader(heard, known.language, now)

    def slots(self, intent: Taught) -> tuple[Slot, ...] | None:
        """The slots of the intent in their order; None when a needed one is missing, or the other words do not fit."""
        best: tuple[int, int, tuple[_Filled, ...]] | None = None
        for form in intent.forms:
            filled = self._form(intent, form)
            if filled is None:
                continue
            inside = {at for each in filled for at in range(each.start, each.end)}
            outside = [at for at in range(len(self._heard)) if at not in inside]
            more = any(form < other for other in intent.forms)
            if not self._fits(intent, outside, len(filled), more):
                continue
            rank = (len(inside), -len(filled), filled)
            if best is None or rank[:2] > best[:2]:
                best = rank
        return None if best is None else tuple(each.slot for each in best[2])

    def _form(self, intent: Taught, form: Form) -> tuple[_Filled, ...] | None:
        taken: set[int] = set()
        found: list[_Filled] = []
        for slot in sorted(form, key=lambda slot: (_ORDER.index(intent.types[slot].kind), slot.name)):
            ways = [each for each in self._ways(intent, slot) if taken.isdisjoint(range(each.start, each.end))]
            if not ways:
                return None
            longest = max(ways, key=lambda each: (each.end - each.start, -each.start))
            found.append(longest)
            taken.update(range(longest.start, longest.end))
        return tuple(sorted(found, key=lambda each: each.start))

    def _ways(self, intent: Taught, slot: SlotRef) -> Iterator[_Filled]:
        type_ = intent.types[slot]
        for start in range(len(self._heard)):
            if type_.kind == "list":
                graph, lines = self._known.lists[intent.skill.skill, type_.entity]
                one: Entry
                for one in entries(graph, self._costs, start, _SLIP):
                    yield self._filled(slot, type_, start, one.end, spelled(lines[one.line], one.words))
            else:
                for reading in self._values.read(type_.kind, start):
                    yield self._filled(slot, type_, start, reading.end, reading.value)

    def _filled(self, slot: SlotRef, type_: SlotType, start: int, end: int, value: float | str) -> _Filled:
        spoken = Spoken(self._heard.said(start, end))
        return _Filled(Slot(name=slot.name, spoken=spoken, kind=type_.kind, value=value), start, end)

    def _fits(self, intent: Taught, outside: Sequence[int], slots: int, more: bool) -> bool:
        """Whether the other words bear the guess out: none that turns it around or is a number, most are its own.

        Where there could be `more` slots, a strange word may be the value of one that no list has. A word of the
        skill's lists that has no place is about something else.
        """
        sounds = self._sounds
        polite = {at for start, ways in enumerate(self._costs.skips) for end, _ in ways[1:] for at in range(start, end)}
        known = total = float(slots)
        content = False
        for at in outside:
            word = self._heard.words[at]
            if word in sounds.negations:
                return False
            if word in intent.literals:
                weight = sounds.weight(word)
                known, total = known + weight, total + weight
                content = content or weight == 1.0
            elif word in sounds.fillers or at in polite:
                continue
            elif any(other in intent.literals for other, cost in self._heard.near[at].items() if cost <= _SLIP):
                known, total = known + 0.5, total + 0.5
            elif word in sounds.weighty or word in sounds.asking or word in sounds.numbers or word[0].isdigit():
                return False
            else:
                weight = sounds.weight(word)
                if weight == 1.0 and (more or word in self._known.listed[intent.skill.skill]):
                    return False
                total += weight if weight == 1.0 else weight / 2
        return content and known >= (KNOWN * total if slots else max(_LEAST, KNOWN * total))
