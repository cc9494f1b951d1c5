"""A heard text, ready to be matched: its words, and what each of them may have been."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from assistant.grammar.sound import Lexicon
from assistant.grammar.words import Token, tokens

LONGEST = 60
"""More words than this are not a request; the rest is not looked at."""
LONGEST_WORD = 50
"""More letters than this are no word; the rest is not looked at."""


class Heard:
    """Words in a row. `near[i]` are the words that the i-th may stand for with their cost, 0 for itself."""

    def __init__(self, text: str, lexicon: Lexicon | None = None) -> None:
        self.text = text
        self.tokens: Sequence[Token] = [_short(token) for token in tokens(text)[:LONGEST]]
        if lexicon is not None:
            self.tokens = _mended(self.tokens, lexicon)
        self.words = tuple(token.text for token in self.tokens)
        self.near: list[Mapping[str, float]] = [
            lexicon.near(word) if lexicon is not None else {word: 0.0} for word in self.words
        ]

    def __len__(self) -> int:
        return len(self.words)

    def said(self, start: int, end: int) -> str:
        """The words from `start` to before `end`, as they were written."""
        return self.text[self.tokens[start].start : self.tokens[end - 1].end]


def _short(token: Token) -> Token:
    return token if len(token.text) <= LONGEST_WORD else Token(token.text[:LONGEST_WORD], token.start, token.end)


def without_wake_word(text: str, lexicon: Lexicon) -> str:
    """The text after a wake phrase that recognition may have left at its beginning."""
    found = tokens(text)
    start = 0
    while start < len(found) and found[start].text in lexicon.sounds.fillers - {"hey", "okay", "ok"}:
        start += 1
    for phrase in lexicon.sounds.wake:
        end = start + len(phrase)
        if tuple(token.text for token in found[start:end]) == phrase:
            return text[found[end].start :] if end < len(found) else ""
    return text


def _mended(found: Sequence[Token], lexicon: Lexicon) -> Sequence[Token]:
    """Joins or splits words that no sentence has where that makes words that some have: "good night", "goodnight"."""
    known = lexicon.words
    mended: list[Token] = []
    at = 0
    while at < len(found):
        token = found[at]
        after = found[at + 1] if at + 1 < len(found) else None
        if after is not None and (token.text not in known or after.text not in known):
            joined = token.text + after.text
            if joined in known and joined.isalpha():
                mended.append(Token(joined, token.start, after.end))
                at += 2
                continue
        at += 1
        if token.text not in known and len(token.text) >= 6 and token.text.isalpha():
            cuts = range(3, len(token.text) - 2)
            cut = next((c for c in cuts if token.text[:c] in known and token.text[c:] in known), 0)
            if cut:
                middle = min(token.start + cut, token.end)
                mended.append(Token(token.text[:cut], token.start, middle))
                mended.append(Token(token.text[cut:], middle, token.end))
                continue
        mended.append(token)
    return mended
