"""All sentences of the skills, and nothing else, can be walked word by word."""

from __future__ import annotations

import random
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assistant.grammar.folder import read_sentences
from assistant.grammar.machine import RuleMachine
from assistant.grammar.network import START, Network, Place, build
from assistant.grammar.sentences import SkillSentences
from assistant.grammar.values.rules import read_rules

LAMP = SkillSentences(
    skill="lamp",
    language="en",
    intents={
        "dim": ("(dim|set) the {room} [lamp] to {percentage}", "dim it"),
        "off": ("(turn|switch) off the {room} lamp",),
        "name": ("call the {room} lamp {name}",),
    },
    entities={"room": ("kitchen", "living room", "bed[room]")},
)
RADIO = SkillSentences(
    skill="radio", language="en", intents={"off": ("turn off the radio",), "it": ("dim it",)}, entities={}
)


@pytest.fixture(scope="module")
def network() -> Network:
    return build([LAMP, RADIO], "en")


def walk(network: Network, sentence: str) -> set[str]:
    """Intents that a whole sentence can be."""
    places: set[Place] = {START}
    for word in sentence.split():
        after: set[Place] = set()
        for place in places:
            nexts = network.nexts(place)
            after.update(nexts.words.get(word, ()))
            after.update(nexts.free)
        places = after
    return {intent for place in places for intent in network.nexts(place).intents}


@pytest.mark.parametrize(
    ("sentence", "intents"),
    [
        ("dim the living room to twenty five percent", {"lamp.dim"}),
        ("set the bedroom lamp to half", {"lamp.dim"}),
        ("turn off the kitchen lamp", {"lamp.off"}),
        ("turn off the radio", {"radio.off"}),
        ("dim it", {"lamp.dim", "radio.it"}),
        ("call the bed lamp my old friend", {"lamp.name"}),
        ("turn off the garden lamp", set()),
        ("dim the living room to twenty five", {"lamp.dim"}),
        ("dim the living", set()),
        ("call the bed lamp", set()),
    ],
)
def test_sentences_and_nothing_else(network: Network, sentence: str, intents: set[str]) -> None:
    assert walk(network, sentence) == intents


def test_it_knows_when_nothing_can_follow(network: Network) -> None:
    place = START
    for word in ("dim", "it"):
        (place, *_) = network.nexts(place).words[word]
        assert network.nexts(place).closed == (word == "it")


def test_another_language_is_left_out() -> None:
    assert build([LAMP], "de").nets == []


def test_size_is_told(network: Network) -> None:
    size = network.size()
    assert (size.skills, size.intents) == (2, 5)
    assert 10 < size.states < 60


def test_a_list_of_thousands_stays_small_and_is_shared() -> None:
    songs = tuple(f"song {first} {second}" for first in range(60) for second in range(60))
    many = SkillSentences(
        skill="music",
        language="en",
        intents={"play": ("play {song}", "put on {song} please"), "find": ("find {song}",)},
        entities={"song": songs},
    )
    assert build([many], "en").size().states < 200


RULES = read_rules("en")
MACHINES = (
    {kind: RuleMachine(RULES, kind) for kind in ("number", "duration", "time", "date", "datetime")} if RULES else {}
)


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("number", "nine hundred ninety nine thousand nine hundred ninety nine"),
        ("number", "minus three point one four"),
        ("duration", "an hour and a half"),
        ("duration", "two hours twenty minutes and ten seconds"),
        ("time", "twenty five to six"),
        ("time", "half past seven in the morning"),
        ("date", "the twenty third of march"),
        ("datetime", "tomorrow morning at seven"),
    ],
)
def test_typed_values_are_complete_ranges(kind: str, words: str) -> None:
    machine = MACHINES[kind]
    state = machine.start
    for word in words.split():
        state = machine.words(state)[word]
    assert machine.final(state)


@pytest.mark.parametrize("kind", sorted(MACHINES))
def test_all_that_rules_allow_is_a_few_thousand_states(kind: str) -> None:
    machine = RuleMachine(RULES, kind) if RULES else MACHINES[kind]
    state = 0
    while state < machine.size < 5_000:
        machine.words(state)
        state += 1
    assert state == machine.size


def test_only_so_many_places_are_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("assistant.grammar.network.MOST_PLACES", 10)
    network = build([LAMP, RADIO], "en")
    seen: set[Place] = set()
    waiting = [START]
    while waiting and len(seen) < 100:
        place = waiting.pop()
        if place not in seen:
            seen.add(place)
            waiting += [after for places in network.nexts(place).words.values() for after in places]
            assert len(network._nexts) <= 12
    assert network.nexts(START).words


@given(st.integers(1, 999_999))
def test_every_number_can_be_said(number: int) -> None:
    machine = MACHINES["number"]
    state = machine.start
    for word in spell(number).split():
        state = machine.words(state)[word]
    assert machine.final(state)


@settings(max_examples=50)
@given(st.sampled_from(sorted(MACHINES)), st.integers(0, 2**32))
def test_no_value_leads_into_a_dead_end(kind: str, seed: int) -> None:
    machine, choose = MACHINES[kind], random.Random(seed)
    state = machine.start
    for _ in range(30):
        words = machine.words(state)
        if not words:
            break
        state = words[choose.choice(sorted(words))]
    assert machine.words(state) or machine.final(state)


SMALL = [
    "zero",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
    "seventeen",
    "eighteen",
    "nineteen",
]
TENS = ["_", "_", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]


def spell(number: int) -> str:
    for size, name in ((1000, "thousand"), (100, "hundred")):
        if number >= size:
            head, rest = divmod(number, size)
            return f"{spell(head)} {name}" + (f" {spell(rest)}" if rest else "")
    if number < 20:
        return SMALL[number]
    return TENS[number // 10] + (f" {SMALL[number % 10]}" if number % 10 else "")


def test_what_did_not_change_is_taken_from_the_network_before(network: Network) -> None:
    filled = replace(LAMP, entities={"room": ("attic",)})
    after = build([RADIO, filled], "en", network)
    assert {id(net.automaton) for net in after.nets} == {id(net.automaton) for net in network.nets}
    assert walk(after, "turn off the attic lamp") == {"lamp.off"}
    assert walk(after, "turn off the kitchen lamp") == set()
    assert walk(after, "turn off the radio") == {"radio.off"}
    changed = build([replace(LAMP, intents={"off": ("no {room}",)})], "en", after)
    assert walk(changed, "no kitchen") == {"lamp.off"}
    assert walk(changed, "turn off the kitchen lamp") == set()
    again = build([filled, RADIO], "en", after)
    assert again.nets[0].lists["room"] is after.nets[1].lists["room"]


def test_it_knows_what_only_goes_on_from_an_answer() -> None:
    onward = replace(LAMP, follows={"name": ("and {name}",), "off": ("(turn|switch) off the {room} lamp too",)})
    network = build([onward], "en")
    (and_,) = network.nexts(START).words["and"]
    (turn,) = network.nexts(START).words["turn"]
    assert all(network.goes_on(place) for place in network.nexts(and_).free)
    assert not network.goes_on(turn)
    assert not network.goes_on(START)


def test_it_knows_the_beginning_of_a_sentence_without_free_text() -> None:
    lamp = replace(LAMP, follows={"dim": ("what about {date}",), "name": ("what about {name}",)})
    network = build([lamp], "en")
    assert walk(network, "what about the day after") == {"lamp.name+"}
    said = ["what", "about", "the", "day", "after"]
    assert network.begins(said)
    assert not network.begins([*said, "tomorrow"])
    assert not network.begins([*said[:3], "garden"])


def test_everything_is_for_the_house_beside_a_question_about_timers() -> None:
    skills = Path(__file__).parents[2] / "skills"
    network = build([read_sentences(name, skills / name, "en") for name in ("timer", "home")], "en")
    assert walk(network, "cancel everything") >= {"timer.cancel_all+"}
    assert walk(network, "turn off everything") == {"home.off"}
