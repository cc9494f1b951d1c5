"""The vocabulary splits words as the model was trained."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.errors import ModelError
from assistant.stt.moonshine_model import find_model
from assistant.stt.tokenizer import Tokenizer, load, parse


@pytest.fixture(scope="module")
def tokenizer() -> Tokenizer:
    return load(find_model() / "tokenizer.bin")


@pytest.mark.parametrize(
    ("word", "pieces"),
    [("Timer", ["Timer"]), ("8-ounce", ["", "8", "-", "ounce"]), ("espresso", ["es", "press", "o"])],
)
def test_words_become_the_pieces_that_the_model_writes(tokenizer: Tokenizer, word: str, pieces: list[str]) -> None:
    assert [tokenizer.decode([token]) for token in tokenizer.encode(word)] == pieces


_known: dict[str, Tokenizer] = {}


@given(st.text(st.characters(exclude_categories=("Cs", "Zs", "Cc"), exclude_characters="▁"), min_size=1, max_size=12))
def test_every_word_comes_back(word: str) -> None:
    tokenizer = _known.setdefault("", load(find_model() / "tokenizer.bin"))
    assert tokenizer.decode(tokenizer.encode(word)) == word.strip()


def test_control_entries_are_not_text(tokenizer: Tokenizer) -> None:
    assert tokenizer.decode([1, 32_008, *tokenizer.encode("hello"), 2]) == "hello"


@pytest.mark.parametrize("data", [b"", b"\x03abc", b"\x05ab", b"\xff"])
def test_a_damaged_vocabulary_is_one_clear_error(data: bytes) -> None:
    with pytest.raises(ModelError, match="damaged"):
        parse(data, "tokenizer.bin")


def test_long_pieces_have_two_length_bytes() -> None:
    pieces = [bytes([number % 256]) * (1 + number % 300) for number in range(300)]
    data = b""
    for piece in pieces:
        size = len(piece)
        data += (bytes([size]) if size < 128 else bytes([size % 128 + 128, size // 128])) + piece
    assert parse(data) == pieces
