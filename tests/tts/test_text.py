"""Text on its way to the voice: cut so that nothing is lost, and written as it is to be said."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from assistant.tts.normalise import normalise
from assistant.tts.sentences import LONGEST, split

HERE = Path(__file__).parent


def rows(file: str) -> list[tuple[Any, ...]]:
    return [tuple(row.values()) for row in yaml.safe_load((HERE / file).read_text("utf-8"))]


@pytest.mark.parametrize(("text", "pieces"), rows("splits.yaml"))
def test_text_is_cut_where_a_person_would_pause(text: str, pieces: list[str]) -> None:
    assert split(text) == pieces


@pytest.mark.parametrize(("text", "spoken"), rows("spoken.yaml"))
def test_numbers_and_marks_are_written_out(text: str, spoken: str) -> None:
    assert normalise(text, "en-GB") == spoken


def test_other_languages_keep_their_numbers_and_lose_only_marks() -> None:
    assert normalise("Es ist 7:05 Uhr 😀, 5 °C.", "de") == "Es ist 7:05 Uhr, 5 °C."


words = st.sampled_from(
    ["a", "I", "Dr.", "e.g.", "3.5", "p.m.", "end.", "what?", "Oh!", "well,", "so:", "…", "...", "\n", "\n\n", "No.",
     "5", "J.", "(yes.)", "\"Go!\"", "你好。我", "x" * 90, "word"]
)  # fmt: skip


@given(st.one_of(st.text(), st.lists(words, max_size=60).map(" ".join)))
def test_nothing_is_lost_and_the_order_is_kept(text: str) -> None:
    pieces = split(text)
    assert "".join("".join(pieces).split()) == "".join(text.split())
    assert all(piece and piece == piece.strip() for piece in pieces)
    assert all(len(piece) <= LONGEST or " " not in piece for piece in pieces)


@given(st.one_of(st.text(), st.lists(words, max_size=20).map(" ".join)), st.sampled_from(["en", "de", "ja-JP"]))
def test_writing_out_twice_is_writing_out_once_and_never_fails(text: str, language: str) -> None:
    once = normalise(text, language)
    assert once == once.strip()
    assert normalise(once, language) == once


@given(st.lists(st.sampled_from(["alpha", "beta", "gamma.", "Delta,"]), min_size=1, max_size=12).map(" ".join))
def test_plain_words_are_left_as_they_are(text: str) -> None:
    assert normalise(text, "en") == text
