"""Text to words, the same way for what a skill's author wrote and for what a person said."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

_TOKEN = re.compile(
    r"""
      \d{1,2}[:.]\d{2}(?![\d.]) (?=\s*[ap]\.?\s?m\b)   # 7.30 pm
    | \d{1,2}:\d{2}(?::\d{2})?                     # 7:30
    | \d{4}-\d{2}-\d{2}                            # 2026-03-24
    | \d{1,3}(?:,\d{3})+(?:\.\d+)?                 # 1,000,000
    | \d+\.\d+ | \d+/\d+                           # 2.5, 1/2
    | \d+(?:st|nd|rd|th)\b                         # 23rd
    | \d+
    | [ap]\.\s?m\b\.?                              # a.m.
    | [^\W\d_]+(?:['’][^\W\d_]+)*['’]?             # words with apostrophes
    | [%°½¼¾+&]
    | [\u2600-\u27bf\U0001f300-\U0001faff]          # a picture: what it stands for is not guessed
    """,
    re.VERBOSE | re.IGNORECASE,
)
_SYMBOLS = {"%": "percent", "½": "half", "¼": "quarter", "¾": "three quarters", "°": "degrees", "&": "and"}
_SPACES = re.compile(r"\s+")


@dataclass(frozen=True, slots=True)
class Token:
    """One word of a text, normalised, and where it lies in the text: `text[start:end]`."""

    text: str
    start: int
    end: int


def tokens(text: str) -> list[Token]:
    """The words of `text`: lower case, punctuation gone, hyphens split, `%` as "percent", `5pm` as two words."""
    found: list[Token] = []
    for match in _TOKEN.finditer(unicodedata.normalize("NFC", text)):
        word = _normal(match.group())
        found.extend(Token(part, match.start(), match.end()) for part in word.split())
    while found and is_picture(found[-1].text):
        found.pop()
    start = next((at for at, token in enumerate(found) if not is_picture(token.text)), len(found))
    return found[start:]


def is_picture(word: str) -> bool:
    """Whether it is an emoji. Among words it may stand for one of them; before and behind them it says nothing."""
    return "\u2600" <= word[0] <= "\u27bf" or "\U0001f300" <= word[0] <= "\U0001faff"


def words(text: str) -> tuple[str, ...]:
    """Only the normalised words."""
    return tuple(token.text for token in tokens(text))


def _normal(word: str) -> str:
    word = word.lower().replace("’", "'")
    if word in _SYMBOLS:
        return _SYMBOLS[word]
    if word[0].isdigit():
        return word.replace(",", "")
    if word.startswith(("a.", "p.")):
        return word[0] + "m"
    return word.rstrip("'")
