"""What people run together, written out: "when's my alarm" is "when is my alarm", "the bedroom's dark" has a verb."""

from __future__ import annotations

from collections.abc import Container, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import yaml

from assistant.grammar.words import tokens

_FOLDER = Path(__file__).parent / "languages"


@dataclass(frozen=True, slots=True)
class _Contractions:
    words: Mapping[str, str]
    endings: Mapping[str, str]


@cache
def _read(language: str) -> _Contractions:
    path = _FOLDER / f"{language.lower().split('-')[0]}.yaml"
    data = yaml.load(path.read_text(encoding="utf-8"), yaml.BaseLoader) if path.is_file() else {}
    return _Contractions(data.get("contractions", {}), data.get("contracted", {}))


def written_out(text: str, language: str, known: Container[str]) -> str:
    """The text with its contractions in full; the text itself where it has none.

    A word of `known` that is no contraction of the language's list stays as it is: "tomorrow's alarm".
    """
    found = _read(language)
    if not found.words:
        return text
    parts, end = [], 0
    for token in tokens(text):
        full = found.words.get(token.text)
        if full is None and token.text not in known:
            stems = ((token.text.removesuffix(ending), word) for ending, word in found.endings.items())
            full = next((f"{stem} {word}" for stem, word in stems if stem != token.text and stem in known), None)
        if full is not None:
            parts += [text[end : token.start], full]
            end = token.end
    return "".join((*parts, text[end:])) if parts else text
