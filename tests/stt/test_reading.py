"""Words are read along the sentences, and a recogniser is given what can be said."""

from __future__ import annotations

import itertools

import pytest

from assistant.grammar.network import Network, build
from assistant.grammar.sentences import SkillSentences
from assistant.stt.reading import outlook, phrases, read


@pytest.fixture(scope="module")
def network() -> Network:
    sentences = {
        "set": ("set a [{label}] timer [for {duration}]",),
        "remind": ("remind me to {task} [(at|on) {datetime}]",),
        "stop": ("stop",),
    }
    labels = {"label": ("pasta", "soft boiled egg")}
    return build([SkillSentences(skill="kitchen", language="en", intents=sentences, entities=labels)], "en")


@pytest.mark.parametrize(
    ("said", "intent", "slots"),
    [
        ("set a soft boiled egg timer for ten minutes", "kitchen.set", ["soft boiled egg", "ten minutes"]),
        ("set a timer", "kitchen.set", []),
        ("remind me to call mum at five", "kitchen.remind", ["call mum", "five"]),
        ("remind me to call mum", "kitchen.remind", ["call mum"]),
    ],
)
def test_words_become_intent_and_slots(network: Network, said: str, intent: str, slots: list[str]) -> None:
    found = read(network, said.split())
    assert found is not None
    assert found.intents == (intent,)
    assert [slot.words for slot in found.slots] == slots


@pytest.mark.parametrize("said", ["", "timer set", "set a", "stop it"])
def test_what_is_no_sentence_is_none(network: Network, said: str) -> None:
    assert read(network, said.split()) is None


@pytest.mark.parametrize(
    ("said", "expected"),
    [("stop", "closed"), ("set a timer", "complete"), ("set a pasta", "open"), ("hello", "unknown"), ("", "unknown")],
)
def test_the_outlook_of_words(network: Network, said: str, expected: str) -> None:
    assert outlook(network, said.split()) == expected


def test_a_recogniser_is_given_the_pairs_that_can_be_said_and_no_more_than_it_can_bear(network: Network) -> None:
    found = phrases(network)
    assert {"stop", "boiled egg", "timer for", "for ten", "ten minutes"} <= set(found)
    assert "egg stop" not in found
    names = ["".join(letters) for letters in itertools.product("abcdefghij", repeat=3)]
    many = {"thing": tuple(f"thing{name} other{name}" for name in names)}
    large = SkillSentences(skill="large", language="en", intents={"on": ("{thing} {thing}",)}, entities=many)
    assert len(phrases(build([large], "en"))) == 3000, "a million pairs of entries are left out, their words are not"
