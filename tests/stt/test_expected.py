"""What a dialogue expects becomes a small grammar of answers."""

from __future__ import annotations

from assistant.grammar.network import START, build
from assistant.grammar.sentences import SkillSentences
from assistant.stt.expected import ANYTHING, SKILL, Expected, answers

TIMER = SkillSentences(
    skill="timer",
    language="en",
    intents={"cancel": ("cancel the {label} timer",)},
    entities={"label": ("pasta", "soft eggs")},
)


def accepts(expected: Expected, text: str) -> bool:
    """Whether `text` is one of the answers."""
    found = answers(expected, [TIMER], "en-GB")
    assert found is not None
    network = build([found], "en")
    places = (START,)
    for word in text.split():
        places = tuple(after for place in places for after in network.nexts(place).words.get(word, ()))
    return any(network.nexts(place).intents == (f"{SKILL}.answer",) for place in places)


def test_nothing_is_expected() -> None:
    assert answers(ANYTHING, [TIMER], "en") is None


def test_a_language_without_answers_expects_nothing() -> None:
    assert answers(Expected(("yes_no",)), [TIMER], "xx") is None


def test_yes_and_no_but_no_request() -> None:
    assert accepts(Expected(("yes_no",)), "yes")
    assert accepts(Expected(("yes_no",)), "no")
    assert not accepts(Expected(("yes_no",)), "cancel the pasta timer")


def test_a_stop_for_what_rings() -> None:
    assert accepts(Expected(("stop",)), "stop")
    assert accepts(Expected(("stop",)), "please stop the alarm")
    assert not accepts(Expected(("stop",)), "top")


def test_a_duration_is_complete_not_a_sample() -> None:
    assert accepts(Expected(("duration",)), "seventeen minutes")
    assert not accepts(Expected(("duration",)), "seventeen")


def test_the_words_to_choose_from_as_people_write_them() -> None:
    expected = Expected(("choice",), options=("Pasta Timer!", "eggs"))
    assert accepts(expected, "pasta timer")
    assert accepts(expected, "the eggs")
    assert not accepts(expected, "rice")


def test_the_list_of_the_skill_that_asked() -> None:
    assert accepts(Expected(("list:label",), skill="timer"), "soft eggs")
    assert answers(Expected(("list:label",), skill="clock"), [TIMER], "en") is None
