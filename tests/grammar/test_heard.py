"""Words of a text, and what they may have been."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.grammar.heard import LONGEST, Heard, without_wake_word
from assistant.grammar.sound import Lexicon, read_sounds
from assistant.grammar.words import tokens, words

SOUNDS = read_sounds("en")
KNOWN = """
set a timer for five minutes pause the music cancel alarm four to play goodnight light
"""
LEXICON = Lexicon(SOUNDS, words(KNOWN))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Set a timer, please!", "set a timer please"),
        ("twenty-five", "twenty five"),
        ("What's up?", "what's up"),
        ("the kids’ room", "the kids room"),
        ("at 5pm or 7:30 p.m.", "at 5 pm or 7:30 pm"),
        ("50% of 1,000", "50 percent of 1000"),
        ("1h20", "1 h 20"),
        ("the 23rd, 2.5 or 1/2", "the 23rd 2.5 or 1/2"),
        ("Grüße … 💡", "grüße"),
    ],
)
def test_a_text_becomes_words(text: str, expected: str) -> None:
    assert " ".join(words(text)) == expected


@given(st.text(max_size=60))
def test_every_word_knows_its_place_in_the_text(text: str) -> None:
    found = tokens(text)
    assert all(0 <= one.start <= one.end for one in found)
    assert all(one.start <= two.start for one, two in pairwise(found))
    assert all(one.text == one.text.lower() and not one.text.isspace() for one in found)


@pytest.mark.parametrize(
    ("heard", "meant"),
    [("for", "four"), ("too", "to"), ("fife", "five"), ("paws", "pause"), ("council", "cancel"), ("thymer", "timer")],
)
def test_a_word_stands_for_what_sounds_like_it(heard: str, meant: str) -> None:
    assert 0 < LEXICON.near(heard)[meant] < 0.8


@pytest.mark.parametrize(
    ("heard", "meant"), [("weather", "timer"), ("music", "minutes"), ("stop", "set"), ("play", "pause")]
)
def test_and_not_for_what_sounds_different(heard: str, meant: str) -> None:
    assert meant not in LEXICON.near(heard)


def test_a_known_word_is_itself_first() -> None:
    assert LEXICON.near("timer")["timer"] == 0.0
    assert min(LEXICON.near("for"), key=LEXICON.near("for").__getitem__) == "for"


def test_only_words_of_the_lexicon_are_remembered() -> None:
    lexicon = Lexicon(SOUNDS, ["timer"])
    lexicon.near("timer")
    lexicon.near("xylophone")
    assert set(lexicon._known) == {"timer"}


@pytest.mark.parametrize(
    ("text", "rest"),
    [
        ("hey mycroft, set a timer", "set a timer"),
        ("Hey Mycroft. Set a timer", "Set a timer"),
        ("hey microsoft set a timer", "set a timer"),
        ("alexa", ""),
        ("set a timer mycroft", "set a timer mycroft"),
        ("hey you", "hey you"),
    ],
)
def test_a_wake_phrase_at_the_beginning_is_dropped(text: str, rest: str) -> None:
    assert without_wake_word(text, LEXICON) == rest


def test_words_that_were_run_together_or_torn_apart_are_mended() -> None:
    assert Heard("setfor", LEXICON).words == ("set", "for")
    assert Heard("good night", LEXICON).words == ("goodnight",)
    assert Heard("good night", LEXICON).said(0, 1) == "good night"


def test_an_endless_text_is_cut() -> None:
    assert len(Heard("word " * 5000)) == LONGEST


@pytest.mark.parametrize(
    ("said", "spans"),
    [
        ("could i have the time love", [(0, 3), (5, 6)]),
        ("um i'd like you to stop thank you very much", [(1, 3), (1, 5), (6, 10)]),
        ("love is all", []),
        ("tell me", []),
    ],
)
def test_what_stands_around_a_request_is_found_at_its_ends_only(said: str, spans: list[tuple[int, int]]) -> None:
    found = read_sounds("en").around(said.split())
    assert all(span in found for span in spans) if spans else found == []


def test_a_picture_among_words_is_a_word_and_around_them_nothing() -> None:
    assert words("\U0001f642 set a timer \U0001f389\U0001f389") == ("set", "a", "timer")
    assert words("a timer for \U0001f389 minutes") == ("a", "timer", "for", "\U0001f389", "minutes")
