"""Sentences with their intent and slots, as public data sets give them.

One a line: the sentence with its slots written in (`wake me at [time : nine am]`), a tab, the intent. Or a folder with
an `<intent>.txt` for each intent and a sentence a line.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from assistant.errors import ConfigError
from assistant.grammar.words import words

OUTSIDE = "O"
_SLOT = re.compile(r"\[\s*(?P<name>[\w.-]+)\s*:\s*(?P<said>[^\[\]]*)\]")


@dataclass(frozen=True, slots=True)
class Labelled:
    """`tags[i]` of the i-th word is `O`, `B-slot` where a slot begins, `I-slot` where it goes on."""

    words: tuple[str, ...]
    tags: tuple[str, ...]
    intent: str


def read_labelled(path: Path) -> list[Labelled]:
    """All sentences of a file or folder. Raises ConfigError that names the line that cannot be read."""
    found = [labelled for labelled in _read(path) if labelled.words]
    if not found:
        raise ConfigError("no labelled sentence", where=str(path), hint="Write `sentence<TAB>intent` on each line")
    return found


def parse(text: str, intent: str) -> Labelled:
    """A sentence with slots in brackets."""
    said: list[str] = []
    tags: list[str] = []
    at = 0
    for match in _SLOT.finditer(text):
        outside = words(text[at : match.start()])
        inside = words(match["said"])
        said += [*outside, *inside]
        tags += [OUTSIDE] * len(outside)
        tags += [f"{'I' if number else 'B'}-{match['name']}" for number in range(len(inside))]
        at = match.end()
    rest = words(text[at:])
    return Labelled((*said, *rest), (*tags, *[OUTSIDE] * len(rest)), intent)


def spans(tags: tuple[str, ...]) -> set[tuple[int, int, str]]:
    """The slots that tags say: (start, end, name)."""
    found: set[tuple[int, int, str]] = set()
    start = 0
    for at, tag in enumerate((*tags, OUTSIDE)):
        open_ = tags[start][2:] if start < at and tags[start] != OUTSIDE else ""
        if open_ and tag != f"I-{open_}":
            found.add((start, at, open_))
        if tag == OUTSIDE:
            start = at + 1
        elif tag.startswith("B-") or tag[2:] != open_:
            start = at
    return found


def _read(path: Path) -> Iterator[Labelled]:
    if path.is_dir():
        for file in sorted(path.glob("*.txt")):
            for line in _lines(file):
                yield parse(line, file.stem)
        return
    for number, line in enumerate(_lines(path), 1):
        if not line.strip():
            continue
        text, tab, intent = line.rpartition("\t")
        if not tab or not intent.strip():
            raise ConfigError("no intent", where=f"{path}:{number}", hint="Write `sentence<TAB>intent`")
        yield parse(text, intent.strip())


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"cannot be read ({error})", where=str(path), hint="Give a TSV file in UTF-8") from error
