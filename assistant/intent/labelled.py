"""Sentences with their intent and slots, as public data sets give them.

A table (`labelled_table` tells which), or a folder: with an `<intent>.txt`, or a folder of text files, for each intent
and a sentence a line, with tables in `<intent>.csv` or `<intent>.tsv`, or with `seq.in`, `seq.out` and `label` side by
side.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from assistant.errors import ConfigError
from assistant.grammar.words import words
from assistant.intent.labelled_table import Row, file_lines, read_table

OUTSIDE = "O"
_SLOT = re.compile(
    r"""
      \[ \s*(?P<name1>[\w.-]+)\s* : (?P<said1>[^\[\]]*) \]      # [time : nine am]
    | \[ (?P<said2>[^\[\]]*) \]\( (?P<name2>[\w.:-]+) \)        # [nine am](time)
    | \{ (?P<said3>[^{}]*) \}\{ \s*(?P<name3>[\w.-]+)\s* \}     # {nine am}{time}
    | <(?P<name4>[\w.-]+)> (?P<said4>[^<>]*) </(?P=name4)>      # <time>nine am</time>
    """,
    re.VERBOSE,
)
_WAYS = (1, 2, 3, 4)
_LINE = "Write `sentence<TAB>intent` on each line"
_FOLDER = "Put an <intent>.txt for each intent into this folder, with a sentence on each line"


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
        raise ConfigError("no labelled sentence", where=str(path), hint=_FOLDER if path.is_dir() else _LINE)
    return found


def parse(text: str, intent: str) -> Labelled:
    """A sentence with its slots written in, in any of the four ways."""
    said: list[str] = []
    tags: list[str] = []
    at = 0
    for match in _SLOT.finditer(text):
        way = next(each for each in _WAYS if match[f"name{each}"])
        outside = words(text[at : match.start()])
        inside = words(match[f"said{way}"])
        said += [*outside, *inside]
        tags += [OUTSIDE] * len(outside)
        tags += [f"{'I' if number else 'B'}-{match[f'name{way}']}" for number in range(len(inside))]
        at = match.end()
    rest = words(text[at:])
    return Labelled((*said, *rest), (*tags, *[OUTSIDE] * len(rest)), intent)


def tagged(row: Row) -> Labelled:
    """A sentence with a tag for each of its words. Raises ConfigError when there are more or fewer."""
    given, names = row.text.split(), row.tags.split()
    if len(given) != len(names):
        raise ConfigError(f"{len(given)} words but {len(names)} tags", where=row.where)
    said: list[str] = []
    tags: list[str] = []
    for word, tag in zip(given, names, strict=True):
        parts = words(word)
        said += parts
        tags += [tag if not number or tag == OUTSIDE else f"I-{tag[2:]}" for number in range(len(parts))]
    return Labelled(tuple(said), tuple(tags), row.intent)


def spans(tags: Sequence[str]) -> set[tuple[int, int, str]]:
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
    for row in _rows(path):
        yield tagged(row) if row.tags else parse(row.text, row.intent)


def _rows(path: Path) -> Iterator[Row]:
    if not path.is_dir():
        yield from read_table(path)
        return
    columns = [path / name for name in ("seq.in", "label", "seq.out")]
    if all(column.is_file() for column in columns):
        lines = [file_lines(column) for column in columns]
        if len({len(each) for each in lines}) > 1:
            raise ConfigError("seq.in, seq.out and label have not the same number of lines", where=str(path))
        for number, (text, intent, tags) in enumerate(zip(*lines, strict=True), 1):
            yield Row(text, intent.strip(), tags, f"{columns[0]}:{number}")
        return
    named = [(file, file.stem) for file in path.glob("*.txt")] + [
        (file, file.parent.name) for file in path.glob("*/*.txt")
    ]
    for file, intent in sorted(named):
        for number, line in enumerate(file_lines(file), 1):
            yield Row(line, intent, "", f"{file}:{number}")
    for file in sorted([*path.glob("*.tsv"), *path.glob("*.csv")]):
        yield from read_table(file, file.stem)
