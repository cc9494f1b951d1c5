"""The sentences of all skills as one network that a recogniser can walk, word by word.

Each skill is an automaton of its own over words and slots, so that adding or removing a skill costs only that skill.
Slots lead into machines that all sentences share. Nothing is expanded: sets of places are found when a search asks.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from assistant.grammar.automaton import Automaton, compile_templates
from assistant.grammar.between import read_corrections, read_joints
from assistant.grammar.machine import ListMachine, Machine, RuleMachine
from assistant.grammar.sentences import TYPED, SkillSentences, follow_id, intent_id, is_follow, slot_type
from assistant.grammar.templates import Choice, Node, SlotRef, Word, parse_lines
from assistant.grammar.templates import Sequence as Parts
from assistant.grammar.values.rules import read_rules
from assistant.messages.base import SlotKind

MOST_PLACES = 3_000
"""Places whose neighbours are remembered, before all are forgotten."""


class Place(NamedTuple):
    """Between two words of a sentence: in skill `net`, in `state` of its automaton; or, with a slot, inside its value
    in state `inner`, with `state` to come after it. Below 0, `inner` is `-1 - state` of what takes the value back."""

    net: int
    state: int
    slot: int = -1
    inner: int = 0


START = Place(-1, 0)
JOINED = -2
"""`Place.net` between two requests of one sentence, `state` then is one of what joins them."""


@dataclass(frozen=True, slots=True)
class SlotUse:
    """A slot of a skill. `machine` is None for free text."""

    name: str
    kind: SlotKind
    machine: Machine | None


@dataclass(frozen=True, slots=True)
class Nexts:
    """What can follow at a place."""

    words: Mapping[str, tuple[Place, ...]]
    digits: Mapping[str, tuple[Place, ...]]
    """Numbers written in digits, by kind."""
    free: tuple[Place, ...]
    """Places inside free text, where any word may come next."""
    intents: tuple[str, ...]
    """Intents whose sentence may end here."""
    closed: bool
    """The sentence is over: nothing can follow but another value in place of the last one, or another request."""

    @property
    def last(self) -> bool:
        """Nothing at all can follow."""
        return not (self.words or self.digits or self.free)


@dataclass(frozen=True, slots=True)
class _Net:
    skill: str
    automaton: Automaton
    intents: tuple[str, ...]
    """Template number -> intent."""
    slots: Mapping[SlotRef, int]
    """Slot -> number in `Network.slots`."""
    lists: Mapping[str, Machine]
    """Of its entities."""
    sentences: SkillSentences
    onward: frozenset[int]
    """States that only sentences lead through which go on from an answer."""


@dataclass(frozen=True, slots=True)
class Size:
    """How large a network is."""

    skills: int
    intents: int
    states: int
    arcs: int


@dataclass(slots=True)
class Network:
    """All sentences of one language. Make it with `build`."""

    language: str
    slots: list[SlotUse] = field(default_factory=list)
    nets: list[_Net] = field(default_factory=list)
    corrections: Automaton | None = None
    """What takes back a value while it is said."""
    joints: Automaton | None = None
    """What joins two requests in one sentence."""
    _nexts: dict[Place, Nexts] = field(default_factory=dict)

    def nexts(self, place: Place) -> Nexts:
        """What can follow at `place`."""
        known = self._nexts.get(place)
        if known is None:
            if len(self._nexts) > MOST_PLACES:
                self._nexts = {START: self._nexts[START]} if START in self._nexts else {}
            known = self._nexts[place] = self._find(place)
        return known

    def skill_of(self, place: Place) -> str:
        return self.nets[place.net].skill

    def goes_on(self, place: Place) -> bool:
        """Whether all that can be said here goes on from an answer (`*.follow`)."""
        return place.net >= 0 and place.state in self.nets[place.net].onward

    def begins(self, said: Sequence[str]) -> bool:
        """Whether these words are the beginning of a sentence without free text, and none by themselves."""
        places: tuple[Place, ...] = (START,)
        for word in said:
            places = tuple({after for place in places for after in self.nexts(place).words.get(word, ())})
        return bool(places) and not any(self.nexts(place).intents for place in places)

    def slot_of(self, place: Place) -> SlotUse | None:
        """The slot whose value is being said."""
        return self.slots[place.slot] if place.slot >= 0 else None

    def size(self) -> Size:
        """Of the compiled part; states of typed values come and go."""
        lists = {
            id(slot.machine): slot.machine.automaton for slot in self.slots if isinstance(slot.machine, ListMachine)
        }
        automata = [net.automaton for net in self.nets] + list(lists.values())
        return Size(
            skills=len(self.nets),
            intents=sum(len(set(net.intents)) for net in self.nets),
            states=sum(len(automaton.words) for automaton in automata),
            arcs=sum(
                len(words) + len(slots)
                for automaton in automata
                for words, slots in zip(automaton.words, automaton.slots, strict=True)
            ),
        )

    def _find(self, place: Place) -> Nexts:
        words: dict[str, list[Place]] = {}
        digits: dict[str, list[Place]] = {}
        free: list[Place] = []
        intents: dict[str, None] = {}
        starts = [Place(net, self.nets[net].automaton.start) for net in range(len(self.nets))]
        waiting = starts if place == START else [place]
        if place.net == JOINED and self.joints is not None:
            self._join(place.state, words)
            waiting = starts if self.joints.final[place.state] else []
        seen: set[Place] = set()
        while waiting:
            here = waiting.pop()
            if here in seen:
                continue
            seen.add(here)
            if here.slot < 0:
                net = self.nets[here.net]
                for word, after in net.automaton.words[here.state].items():
                    words.setdefault(word, []).append(Place(here.net, after))
                for ref, after in net.automaton.slots[here.state]:
                    slot = net.slots[ref]
                    machine = self.slots[slot].machine
                    waiting.append(Place(here.net, after, slot, machine.start if machine else 0))
                intents.update(dict.fromkeys(net.intents[number] for number in net.automaton.final[here.state]))
                continue
            machine = self.slots[here.slot].machine
            if machine is None:
                free.append(here._replace(inner=1))
                over = here.inner == 1
            elif here.inner < 0 and self.corrections is not None:
                self._take_back(here, words)
                if self.corrections.final[-1 - here.inner]:
                    waiting.append(here._replace(inner=machine.start))
                continue
            else:
                for word, inner in machine.words(here.inner).items():
                    words.setdefault(word, []).append(here._replace(inner=inner))
                for kind, inner in machine.digits(here.inner).items():
                    digits.setdefault(kind, []).append(here._replace(inner=inner))
                over = machine.final(here.inner)
            if over:
                waiting.append(Place(here.net, here.state))
        closed = not (words or digits or free)
        use = self.slot_of(place)
        if use is not None and use.machine is not None and self.corrections is not None and place.inner >= 0:
            self._take_back(place._replace(inner=-1 - self.corrections.start), words)
        # Free text may hold whatever joins requests.
        if intents and not free and self.joints is not None:
            self._join(self.joints.start, words)
        return Nexts(
            words={word: tuple(places) for word, places in words.items()},
            digits={kind: tuple(places) for kind, places in digits.items()},
            free=tuple(free),
            intents=tuple(intents),
            closed=closed,
        )

    def _join(self, state: int, words: dict[str, list[Place]]) -> None:
        """Add what can be said next to join another request."""
        if self.joints is not None:
            for word, after in self.joints.words[state].items():
                words.setdefault(word, []).append(Place(JOINED, after))

    def _take_back(self, here: Place, words: dict[str, list[Place]]) -> None:
        """Add what can be said next to take a value back."""
        if self.corrections is not None:
            for word, after in self.corrections.words[-1 - here.inner].items():
                words.setdefault(word, []).append(here._replace(inner=-1 - after))


def build(skills: Sequence[SkillSentences], language: str, before: Network | None = None) -> Network:
    """The network of the sentences in `language`. Raises SkillError for a template that cannot be read.

    What did not change since the network `before` is taken from it.
    """
    network = Network(language=language, corrections=read_corrections(language), joints=read_joints(language))
    rules = read_rules(language)
    typed: dict[str, Machine] = {kind: RuleMachine(rules, kind) for kind in TYPED} if rules is not None else {}
    known = {net.skill: net for net in before.nets} if before is not None else {}
    for sentences in skills:
        if sentences.language.split("-")[0] == language.split("-")[0] and sentences.intents:
            _add(network, sentences, typed, known.get(sentences.skill))
    return network


def _add(network: Network, sentences: SkillSentences, typed: Mapping[str, Machine], before: _Net | None) -> None:
    old = before.sentences if before is not None else None
    if before is not None and old is not None and (old.intents, old.follows) == (sentences.intents, sentences.follows):
        automaton, intents, refs = before.automaton, before.intents, tuple(before.slots)
    else:
        automaton, intents, refs = _compile(sentences)
    lists: dict[str, Machine] = {}
    slots: dict[SlotRef, int] = {}
    for ref in refs:
        found = slot_type(ref, sentences.entities)
        kind: SlotKind = found.kind if found is not None else "text"
        machine: Machine | None = typed.get(kind)
        if found is not None and kind == "list":
            name, entries = found.entity, sentences.entities[found.entity]
            if name not in lists:
                same = before is not None and old is not None and old.entities.get(name) == entries
                kept = before.lists.get(name) if before is not None and same else None
                lists[name] = kept or ListMachine(parse_lines(entries, f"{name}.entity"), f"{name}.entity")
            machine = lists[name]
        slots[ref] = len(network.slots)
        network.slots.append(SlotUse(ref.name, kind, machine))
    onward = _onward(automaton, intents)
    network.nets.append(_Net(sentences.skill, automaton, intents, slots, lists, sentences, onward))


def _compile(sentences: SkillSentences) -> tuple[Automaton, tuple[str, ...], tuple[SlotRef, ...]]:
    """The automaton of a skill's sentences, the intent of each template, and the slots in them."""
    nodes: list[Node] = []
    intents: list[str] = []
    for intent, lines in sentences.intents.items():
        for node in parse_lines(lines, f"{intent}.intent"):
            nodes.append(node)
            intents.append(intent_id(sentences.skill, intent))
    for intent, lines in sentences.follows.items():
        for node in parse_lines(lines, f"{intent}.follow"):
            nodes.append(node)
            intents.append(follow_id(sentences.skill, intent))
    automaton = compile_templates(nodes, sentences.skill)
    return automaton, tuple(intents), tuple(dict.fromkeys(_slot_refs(nodes)))


def _onward(automaton: Automaton, intents: Sequence[str]) -> frozenset[int]:
    """The states from which every sentence ends with an intent of a `.follow`."""
    arcs = list(zip(automaton.words, automaton.slots, automaton.final, strict=True))
    others: set[int] = set()
    size = -1
    while len(others) > size:
        size = len(others)
        for state, (words, slots, final) in enumerate(arcs):
            after = (*words.values(), *(target for _, target in slots))
            if any(not is_follow(intents[number]) for number in final) or not others.isdisjoint(after):
                others.add(state)
    return frozenset(range(len(arcs))) - others


def _slot_refs(nodes: Iterable[Node]) -> Iterator[SlotRef]:
    for node in nodes:
        match node:
            case SlotRef():
                yield node
            case Parts(parts) | Choice(parts):
                yield from _slot_refs(parts)
            case Word():
                pass
