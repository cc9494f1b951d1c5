"""What a language puts between requests, around them and before a correction: phrases from its file."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import yaml

from assistant.errors import EngineError
from assistant.grammar.words import Token, tokens

Phrases = tuple[tuple[str, ...], ...]
_FOLDER = Path(__file__).parent / "languages"


@dataclass(frozen=True, slots=True)
class Joints:
    """What a language puts between requests, and before a correction; longer phrases first."""

    joints: Phrases
    corrections: Phrases
    plain: Phrases
    """Corrections that are hardly anything else, even in free text."""
    remarks: Phrases = ()
    """How a remark begins that people make beside a request: "it's too loud", "I'm going out"."""
    starts: frozenset[str] = frozenset()
    """Words that a request begins with behind a remark."""
    pronouns: frozenset[str] = frozenset()
    """Words for what was named in the request before."""
    leading: frozenset[str] = frozenset()
    """Words that lead into a clause: what follows one is no request of its own."""


@cache
def read_joints(language: str) -> Joints:
    """The phrases of a language; none for a language without a file. Raises EngineError."""
    path = _FOLDER / f"{language.lower().split('-')[0]}.yaml"
    data = yaml.load(path.read_text(encoding="utf-8"), yaml.BaseLoader) if path.is_file() else {}
    if not isinstance(data, dict):
        raise EngineError("is not a mapping", where=str(path), hint="Compare it with en.yaml")
    return Joints(
        joints=_phrases(data.get("joints", ())),
        corrections=_phrases(data.get("corrections", ())),
        plain=_phrases(data.get("plain_corrections", ())),
        remarks=_phrases(data.get("remarks", ())),
        starts=frozenset(data.get("starts", ())),
        pronouns=frozenset(data.get("pronouns", ())),
        leading=frozenset(data.get("leading", ())),
    )


def without_lead(text: str, language: str) -> str:
    """What follows a word that takes back what was said, or adds to it; nothing where none leads."""
    joints = read_joints(language)
    said = tokens(text)
    start, end = next(found(said, (*joints.corrections, *joints.joints)), (1, 1))
    return text[said[end].start :] if start == 0 and end < len(said) else ""


def _phrases(said: Sequence[str]) -> Phrases:
    return tuple(sorted((tuple(phrase.split()) for phrase in said), key=len, reverse=True))


def found(said: Sequence[Token], phrases: Phrases) -> Iterator[tuple[int, int]]:
    """Where phrases stand, from left to right, at each place the longest."""
    texts = tuple(token.text for token in said)
    for start in range(len(texts)):
        phrase = next((phrase for phrase in phrases if texts[start : start + len(phrase)] == phrase), None)
        if phrase is not None:
            yield start, start + len(phrase)
