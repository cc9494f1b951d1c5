"""Tables of labelled sentences: columns by TAB, or by `;` or `,` where the first line names them.

Without names of columns: the sentence, the intent (either may come first) and, if there is a third, a tag for each word
(`O B-time I-time`). A line of JSON is a row, too.
"""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from assistant.errors import ConfigError

_TEXT = (
    "answer_annotation", "annot_utt", "annotated", "sentence", "text", "utterance", "utt", "query", "question",
    "phrase", "input",
)  # fmt: skip
_INTENT = ("intent", "label", "category", "class", "intent_name", "target")
_TAGS = ("tags", "slots", "bio", "labels", "iob")
_GROUP = "scenario"
"""Where there is such a column and the intent does not begin with it, both together are the intent."""
_TAG = re.compile(r"O|[BI]-\S+")
_HINT = "Write `sentence<TAB>intent` on each line, or name the columns in the first line"


@dataclass(frozen=True, slots=True)
class Row:
    """A sentence, its intent, and a tag for each word or nothing. `where` it stands."""

    text: str
    intent: str
    tags: str
    where: str


@dataclass(frozen=True, slots=True)
class _Columns:
    text: int
    intent: int | None
    tags: int | None = None
    group: int | None = None


def file_lines(path: Path) -> list[str]:
    """The lines of a file in UTF-8. Raises ConfigError."""
    try:
        return path.read_text(encoding="utf-8-sig").splitlines()
    except OSError as error:
        raise ConfigError(f"cannot be read ({error.strerror})", where=str(path), hint=_HINT) from error
    except UnicodeDecodeError as error:
        raise ConfigError(f"is not UTF-8 ({error.reason})", where=str(path), hint="Save it as UTF-8") from error


def read_table(path: Path, intent: str = "") -> Iterator[Row]:
    """The rows of a file; `intent` where no column tells it. Raises ConfigError that names the line."""
    lines = [(number, line) for number, line in enumerate(file_lines(path), 1) if line.strip()]
    if not lines:
        return
    if lines[0][1].lstrip().startswith("{") and "\t" not in lines[0][1]:
        yield from _json_rows(path, lines)
        return
    first = lines[0][1]
    separator = "\t" if "\t" in first else max(";,", key=first.count)
    plain = separator == "\t"
    numbers, texts = [number for number, _ in lines], [line for _, line in lines]
    try:
        unquoted = csv.reader(texts, delimiter=separator, quoting=csv.QUOTE_NONE)
        cells = list(unquoted if plain else csv.reader(texts, delimiter=separator))
    except csv.Error as error:
        raise ConfigError(f"is no table ({error})", where=str(path), hint=_HINT) from error
    cells = [[_plain(cell) for cell in row] for row in cells]
    columns = _named(cells[0])
    if columns is not None:
        cells, numbers = cells[1:], numbers[1:]
    elif separator != "\t" and path.suffix != ".csv":
        raise ConfigError("no intent", where=f"{path}:{numbers[0]}", hint=_HINT)
    else:
        columns = _guessed(cells)
    for number, row in zip(numbers, cells, strict=False):
        yield _row(row, columns, intent, f"{path}:{number}")


def _row(row: Sequence[str], columns: _Columns, intent: str, where: str) -> Row:
    def cell(column: int | None) -> str:
        return row[column] if column is not None and column < len(row) else ""

    named, group = cell(columns.intent), cell(columns.group)
    if group and not named.startswith(f"{group}_"):
        named = f"{group}_{named}"
    if not (named or intent):
        raise ConfigError("no intent", where=where, hint=_HINT)
    return Row(cell(columns.text), named or intent, cell(columns.tags), where)


def _named(first: Sequence[str]) -> _Columns | None:
    """The columns by their names, unless the first line is a sentence."""
    names = [cell.lower() for cell in first]

    def at(known: Sequence[str]) -> int | None:
        return next((names.index(name) for name in known if name in names), None)

    text, intent = at(_TEXT), at(_INTENT)
    if text is None or intent is None:
        return None
    return _Columns(text, intent, at(_TAGS), names.index(_GROUP) if _GROUP in names else None)


def _guessed(rows: Sequence[Sequence[str]]) -> _Columns:
    """Intents have few spaces and come again; tags look like tags."""
    width = min(3, max(map(len, rows)))
    columns = [[row[column] if column < len(row) else "" for row in rows] for column in range(width)]
    tags = next((at for at, cells in enumerate(columns) if all(_are_tags(cell) for cell in cells)), None)
    others = [at for at in range(width) if at != tags]
    if len(others) < 2:
        return _Columns(others[0], None, tags)
    spaces = [sum(" " in cell for cell in columns[at]) for at in others[:2]]
    kinds = [len(set(columns[at])) for at in others[:2]]
    swapped = spaces[0] < spaces[1] if spaces[0] != spaces[1] else kinds[0] < kinds[1]
    text, intent = others[1::-1] if swapped else others[:2]
    return _Columns(text, intent, tags)


def _are_tags(cell: str) -> bool:
    return bool(cell) and all(_TAG.fullmatch(part) for part in cell.split())


def _plain(cell: str) -> str:
    cell = cell.strip()
    return cell[1:-1].replace('""', '"') if len(cell) > 1 and cell[0] == cell[-1] == '"' else cell


def _json_rows(path: Path, lines: Sequence[tuple[int, str]]) -> Iterator[Row]:
    for number, line in lines:
        where = f"{path}:{number}"
        try:
            data = json.loads(line)
        except ValueError as error:
            raise ConfigError("is no line of JSON", where=where, hint=_HINT) from error
        if not isinstance(data, dict):
            raise ConfigError("is no JSON object", where=where, hint='Write {"text": ..., "intent": ...}')
        names = sorted(data)
        cells = [" ".join(map(str, each)) if isinstance(each := data[name], list) else str(each) for name in names]
        columns = _named(names)
        if columns is None:
            raise ConfigError("no sentence or no intent", where=where, hint='Write {"text": ..., "intent": ...}')
        yield _row(cells, columns, "", where)
