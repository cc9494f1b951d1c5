"""A request in one breath with the wake word is only the request."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.stt.wakeword import possible_remains, strip_wake_word


@pytest.mark.parametrize(
    ("text", "word", "rest"),
    [
        ("Hey Mycroft, what time is it?", "hey_mycroft", "What time is it?"),
        ("Hey, Mike, croft what time is it?", "hey_mycroft", "What time is it?"),
        ("Hey Microsoft, stop.", "hey_mycroft", "Stop."),
        ("Croft, what time is it?", "hey_mycroft", "What time is it?"),
        ("Hey Mycroft.", "hey_mycroft", ""),
        ("A lexa stop", "alexa", "Stop"),
        ("Lexa, what day is it", "alexa", "What day is it"),
    ],
)
def test_the_wake_word_goes_however_it_was_written(text: str, word: str, rest: str) -> None:
    assert strip_wake_word(text, word) == rest


@pytest.mark.parametrize("word", ["hey_mycroft", "alexa", "hey_jarvis", "okay_nabu", ""])
@pytest.mark.parametrize(
    "text", ["What time is it?", "Play a song", "Make me a coffee", "Ask me again", "Set a timer", "Help"]
)
def test_a_request_without_a_wake_word_stays_as_it_is(text: str, word: str) -> None:
    assert strip_wake_word(text, word) == text


@given(st.text(max_size=60), st.sampled_from(["hey_mycroft", "alexa"]))
def test_what_is_left_is_the_end_of_what_was_said(text: str, word: str) -> None:
    rest = strip_wake_word(text, word)
    assert text.lower().endswith(rest.lower()) or len(text.lower()) != len(text)


@pytest.mark.parametrize(
    "text",
    [
        "Rocked, set a timer", "Crop what time is it", "Coughed what's the date", "Rift, what time",
        "Crypt set a timer", "Across what time is it", "Trust. Tell me a joke", "Dropped what's that",
        "The craft tell me a joke",
    ],
)  # fmt: skip
def test_the_end_of_a_wake_word_that_was_cut_off_is_suspected(text: str) -> None:
    assert any(text[at:].startswith(("what", "set", "tell", "Tell")) for at in possible_remains(text, "hey_mycroft"))


@pytest.mark.parametrize(
    "text",
    [
        "Set a timer", "Don't set a timer", "Never turn it down", "Put the volume down", "Turn it off",
        "Stop the timer", "Start a timer", "What time is it", "Wake me up at seven", "Cancel all timers",
        "Play music", "Stop",
    ],
)  # fmt: skip
@pytest.mark.parametrize("word", ["hey_mycroft", "alexa", "hey_jarvis", ""])
def test_a_request_is_not_taken_for_the_end_of_a_wake_word(text: str, word: str) -> None:
    assert possible_remains(text, word) == []
