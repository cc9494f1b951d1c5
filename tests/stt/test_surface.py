"""However a recogniser writes the words of a sentence, they are the same words."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.grammar.network import START, Place, build
from assistant.grammar.sentences import SkillSentences
from assistant.stt.moonshine_model import find_model
from assistant.stt.numerals import Numerals, next_digits
from assistant.stt.surface import Node, Surface
from assistant.stt.tokenizer import load

SENTENCES = SkillSentences(
    skill="cup",
    language="en",
    intents={
        "make": ("make a {size} tea [please]", "brew for {duration}", "tea at {time}", "fill it to {percentage}"),
        "on": (
            "tea on {date}",
            "channel fifty five",
            "3D tea on the M25",
            "tea for room 204",
            "play R.E.M. by the light bulb",
        ),
    },
    entities={"size": ("sixteen ounce", "very large")},
)
NUMERALS = Numerals("en")
TOKENIZER = load(find_model() / "tokenizer.bin")
SURFACE = Surface(build([SENTENCES], "en"), TOKENIZER)


def tokens(text: str) -> Iterator[int]:
    for word in text.split():
        for number, piece in enumerate(re.findall(r"[-,]|[^-,]+|,", word)):
            yield from TOKENIZER.encode_glued(piece) if number else TOKENIZER.encode(piece)


def read(text: str) -> set[str]:
    """The words that a written sentence can be, if it is a whole one."""
    readings: list[tuple[Place, Node, tuple[str, ...], bool]] = [(START, SURFACE.tree(START), (), False)]
    for token in tokens(text):
        after = []
        for place, node, said, _ in readings:
            found = node.next(token)
            if found is None:
                continue
            after.append((place, found, said, False))
            for words, places in found.ends:
                after.extend((here, SURFACE.tree(here), said + words, True) for here in places)
        readings = after
    network = SURFACE.network
    return {" ".join(said) for place, _, said, between in readings if between and network.nexts(place).intents}


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("Make a sixteen ounce tea", "make a sixteen ounce tea"),
        ("Make a 16-ounce tea", "make a sixteen ounce tea"),
        ("Make a 16 Ounce Tea, please", "make a sixteen ounce tea please"),
        ("Make a very-large TEA", "make a very large tea"),
        ("Brew for 25 minutes", "brew for twenty five minutes"),
        ("Brew for twenty-five minutes", "brew for twenty five minutes"),
        ("Brew for 1,500 seconds", "brew for one thousand five hundred seconds"),
        ("Brew for 2.5 hours", "brew for two point five hours"),
        ("Tea at 7:30 p.m.", "tea at seven thirty pm"),
        ("Tea at 7:05 PM", "tea at seven oh five pm"),
        ("Fill it to 80%", "fill it to eighty percent"),
        ("Tea on March 23rd", "tea on march twenty third"),
        ("Channel 55", "channel fifty five"),
        ("3D tea on the M25", "3 d tea on the m 25"),
        ("Tea for room 204", "tea for room 204"),
        ("Tea for room two oh four", "tea for room 204"),
        ("Play REM by the light bulb", "play r e m by the light bulb"),
        ("Play R.E.M. by the lightbulb", "play r e m by the light bulb"),
        ("Play R. E. M. by the light-bulb", "play r e m by the light bulb"),
        ("Fill it to eighty per cent", "fill it to eighty percent"),
    ],
)
def test_ways_to_write_a_sentence(written: str, said: str) -> None:
    assert said in read(written)


@pytest.mark.parametrize("written", ["Make a 17-ounce tea", "Tea at 7:77", "Channel 56", "Make a", "Tea on March 23th"])
def test_what_is_not_a_sentence(written: str) -> None:
    assert read(written) == set()


@given(st.sampled_from(["integer", "decimal", "ordinal_digits", "clock_digits", "dotted_digits"]), st.data())
def test_digits_end_and_can_be_spoken(kind: str, data: st.DataObject) -> None:
    digits = ""
    for _ in range(20):
        following, complete = next_digits(kind, digits)
        if not following or (complete and data.draw(st.booleans())):
            break
        digits += data.draw(st.sampled_from(following))
    assert complete
    if not re.fullmatch(r"[4-9]0th", digits):  # the rules have no word for these
        assert not re.search(r"\d", NUMERALS.spoken(kind, digits))


def test_a_language_without_rules_has_no_numbers() -> None:
    assert Numerals("xx").written(("five",)) == ()
