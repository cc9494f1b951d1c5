"""Speech and text of the same words come to the same: whatever reading the recogniser followed, the words decide."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from assistant.grammar.network import JOINED, START, Network, Place, build
from assistant.grammar.words import words
from assistant.intent.decide import Decider
from assistant.intent.engine import Match
from assistant.intent.template_engine import TemplateEngine
from assistant.messages import Meaning, Slot, Spoken, intent
from tests.intent.conftest import DATA, everything, load, out_of_scope
from tests.intent.test_service import StillClock

MOST = 200
"""Readings of one sentence that are followed at a time."""
SEVERAL = [
    "set a timer for five minutes and add milk to the list",
    "remind me to call anna at six and set a timer for ten minutes",
    "add milk to the shopping list and what's on the shopping list",
    "announce that dinner is ready and set a timer for five minutes",
    "add bread to my list and wake me at seven tomorrow morning",
    "set an egg timer for five no six minutes",
    "turn on the kitchen no wait the bedroom light",
    "set the volume to forty i mean fifty percent",
    "cancel the pasta no the egg timer",
    "make the bedside lamp blue no red",
]


@pytest.fixture(scope="module")
def network() -> Network:
    return build(everything(), "en")


@pytest.fixture(scope="module")
def decider() -> Decider:
    engine = TemplateEngine()
    engine.learn(everything())
    made = Decider([engine], StillClock(), lambda engine, error: None)
    made.learn(everything())
    return made


def sentences() -> list[str]:
    said = [*SEVERAL]
    for path in sorted((DATA.parents[2] / "skills").glob("*/tests/sentences.yaml")):
        said += [case["say"] for case in load(path)]
    said += [case["say"] for case in (*load(DATA / "parts.yaml"), *load(DATA / "house.yaml")["sentences"])]
    for name in ("unforeseen.yaml", "unforeseen_more.yaml"):
        said += [text for texts in load(DATA / name).values() for text in texts]
    return said + out_of_scope()


def test_every_reading_of_the_recogniser_comes_to_what_the_words_come_to(network: Network, decider: Decider) -> None:
    skills = {each.skill for each in everything()}
    followed = 0
    for text in sentences():
        alone = decided(decider, text, None, skills)
        readings = list(followed_through(network, text))
        for name, slots in readings:
            rival = next((other for other, _ in readings if other != name), "")
            meaning = Meaning(
                intent=name, skill=name.partition(".")[0], slots=slots, score=0.9, gap=0.0 if rival else 9, rival=rival
            )
            assert decided(decider, text, meaning, skills) == alone, (text, name)
            followed += 1
    assert followed > 500


def decided(decider: Decider, text: str, meaning: Meaning | None, skills: set[str]) -> object:
    wish = intent.Understand(session="s", text=Spoken(text), language="en", meaning=meaning)
    found = decider.decide(wish, skills)
    return found.text, found.rest, [understood(match) for match in found.matches]


def understood(match: Match) -> object:
    return match.intent, sorted((slot.name, str(slot.value)) for slot in match.slots)


def followed_through(network: Network, text: str) -> Iterator[tuple[str, tuple[Slot, ...]]]:
    """The intents whose sentences a recogniser can follow through these words, with their slots."""
    paths: list[tuple[Place, tuple[tuple[Place, str], ...]]] = [(START, ())]
    for word in words(text):
        paths = [
            (after, (*said, (after, word)))
            for place, said in paths
            for after in (*network.nexts(place).words.get(word, ()), *network.nexts(place).free)
            if after.net != JOINED
        ][:MOST]
    seen = set()
    for place, said in paths:
        for name in network.nexts(place).intents:
            if name not in seen:
                seen.add(name)
                yield name, slots_of(network, said)


def slots_of(network: Network, said: tuple[tuple[Place, str], ...]) -> tuple[Slot, ...]:
    found: dict[tuple[int, str], tuple[str, list[str]]] = {}
    for place, word in said:
        use = network.slot_of(place)
        if use is not None:
            found.setdefault((place.slot, use.name), (use.kind, []))[1].append(word)
    return tuple(
        Slot(name=name, spoken=Spoken(" ".join(heard)), kind=kind)  # type: ignore[arg-type]
        for (_, name), (kind, heard) in found.items()
    )
