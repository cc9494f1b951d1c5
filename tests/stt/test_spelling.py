"""A word of a skill is found however the recogniser writes it."""

from __future__ import annotations

import pytest

from assistant.stt.moonshine_model import find_model
from assistant.stt.numerals import Numerals
from assistant.stt.spelling import Spelling, read_writing
from assistant.stt.tokenizer import load

TOKENIZER = load(find_model() / "tokenizer.bin")
SPELLING = Spelling("en", TOKENIZER, Numerals("en"))


@pytest.mark.parametrize(
    ("word", "written"),
    [
        ("tv", "TV"),
        ("leds", "LEDs"),
        ("zürich", "Zurich"),
        ("são", "Sao"),
        ("straße", "Strasse"),
        ("o'brien's", "O'Brien's"),
        ("driver's", "drivers"),
        ("colour", "Color"),
        ("color", "colour"),
        ("dr", "Dr."),
        ("204", "two hundred four"),
        ("204", "two oh four"),
        ("406", "four hundred and six"),
        ("1250", "twelve fifty"),
        ("101.5", "one oh one point five"),
        ("12", "twelve"),
        ("percent", "per cent"),
        ("oz", "ounces"),
        ("kg", "kilos"),
        ("mph", "miles per hour"),
        ("avenue", "Ave."),
        ("bbq", "barbecue"),
        ("r", "R."),
        ("u", "you"),
        ("mudroom", "mud room"),
        ("sunroof", "Sun roof"),
    ],
)
def test_ways_to_write_a_word(word: str, written: str) -> None:
    tokens = tuple(token for part in written.split() for token in TOKENIZER.encode(part))
    assert tokens in SPELLING.spaced(word)


def test_the_sign_for_a_word_stands_directly_behind_a_number() -> None:
    assert SPELLING.joined("percent") == (TOKENIZER.encode_glued("%"),)
    assert SPELLING.joined("lamp") == ()


@pytest.mark.parametrize("word", ["kitchen", "lamp", "u2", "12345"])
def test_a_word_that_the_recogniser_knows_and_a_short_one_stay_whole(word: str) -> None:
    written = {TOKENIZER.decode(tokens).lower() for tokens in SPELLING.spaced(word)}
    assert written == {word}


def test_two_words_may_be_written_as_one() -> None:
    assert SPELLING.behind("bulb") == (TOKENIZER.encode_glued("bulb"),)
    assert SPELLING.behind("a") == SPELLING.behind("12") == ()


def test_letters_in_a_row_are_one_word() -> None:
    assert {TOKENIZER.decode(tokens) for tokens in SPELLING.code(("r", "e", "m"))} >= {"REM", "R.E.M."}


def test_letters_and_digits_are_one_word() -> None:
    assert TOKENIZER.encode("4x4") in SPELLING.code(("4", "x", "4"))
    assert TOKENIZER.encode("M25") in SPELLING.code(("m", "25"))


def test_two_spellings_are_one_word() -> None:
    assert SPELLING.same["grey"] == "gray"
    assert "gray" not in SPELLING.same


def test_another_language_has_only_its_own_letters() -> None:
    assert read_writing("xx").instead == {}
    assert len(Spelling("xx", TOKENIZER, Numerals("xx")).spaced("lampen")) == 2
