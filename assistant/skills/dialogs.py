"""What a skill says: the lines of its `locale/<language>/*.dialog`.

Each line is one way to say it; one is taken at random, but not the one that was said last. `{name}` is replaced by a
value (numbers, lengths, times and lists become words), and `{count: timer | timers}` by the first form when count is
one, else by the second.
"""

from __future__ import annotations

import random
import re
from collections.abc import Mapping
from pathlib import Path

import yaml

from assistant.errors import SkillError
from assistant.grammar.folder import locale_folder
from assistant.skills.words import Sayable, say

_PLACE = re.compile(r"\{\s*(\w+)\s*(?::([^{}|]*)\|([^{}]*))?\}")
_SENTENCE = re.compile(r"(^|[.?!]\s+)([a-z])")
_LARGEST = 256 * 1024
_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class DialogError(SkillError):
    """A reply cannot be made. The message holds no value that was to be put into it."""


class Dialogs:
    """The replies and tables of one skill in one language. Read once, when the skill is loaded."""

    def __init__(self, folder: Path, language: str, *, choose: random.Random | None = None) -> None:
        """Raises SkillError for a file that cannot be read."""
        self._language = language
        self._random = choose or random.Random()
        self._last: dict[str, str] = {}
        self._tables: dict[str, Mapping[str, str]] = {}
        self._place = locale_folder(folder, language) or folder / "locale" / language
        self._lines = {path.stem: _read_lines(path) for path in sorted(self._place.glob("*.dialog"))}

    @property
    def names(self) -> tuple[str, ...]:
        """What can be said."""
        return tuple(self._lines)

    def lines(self, name: str) -> tuple[str, ...]:
        """All ways to say it, as written; empty when there are none."""
        return self._lines.get(name, ())

    def render(self, name: str, values: Mapping[str, Sayable]) -> str:
        """One way to say it. Raises DialogError when the file or a value is missing."""
        lines = self._lines.get(name)
        if not lines:
            known = ", ".join(self._lines) or "none"
            raise DialogError(
                f"no reply '{name}'", where=str(self._place), hint=f"Add {name}.dialog; there are: {known}"
            )
        last = self._last.get(name)
        line = self._random.choice([each for each in lines if each != last] or list(lines))
        self._last[name] = line
        return fill(line, values, self._language, where=f"{self._place}/{name}.dialog")

    def table(self, name: str) -> Mapping[str, str]:
        """What the entries of a list stand for: `locale/<language>/<name>.yaml`, texts to texts."""
        if name not in self._tables:
            self._tables[name] = _read_table(self._place / f"{name}.yaml")
        return self._tables[name]

    def read_tables(self) -> None:
        """Read all of them now. Raises SkillError."""
        for path in sorted(self._place.glob("*.yaml")):
            self.table(path.stem)


def placeholders(line: str) -> set[str]:
    """The names of the values a line needs."""
    return {found[1] for found in _PLACE.finditer(line)}


def fill(line: str, values: Mapping[str, Sayable], language: str, *, where: str = "dialog") -> str:
    """The line with its values. Raises DialogError for a value that is missing."""

    def value(found: re.Match[str]) -> str:
        name, one, many = found[1], found[2], found[3]
        if name not in values:
            raise DialogError(f"the reply needs a value for '{name}'", where=where, hint="Pass it to say() or reply()")
        if one is None:
            return say(values[name], language)
        return (one if values[name] == 1 else many).strip()

    return _PLACE.sub(value, line)


def sentence(text: str) -> str:
    """The text with a capital at the beginning of each sentence."""
    return _SENTENCE.sub(lambda found: found[1] + found[2].upper(), text)


def _read_lines(path: Path) -> tuple[str, ...]:
    lines = [line.strip() for line in _read(path).splitlines()]
    kept = tuple(line for line in lines if line and not line.startswith("#"))
    if not kept:
        raise SkillError("no reply in this file", where=str(path), hint="Add a line, or remove the file")
    for line in kept:
        if re.search(r"[{}]", _PLACE.sub("", line)):
            raise SkillError(
                "a placeholder cannot be read", where=f"{path}", hint="Write {name} or {count: one form | other form}"
            )
    return kept


def _read_table(path: Path) -> Mapping[str, str]:
    try:
        found = yaml.load(_read(path), Loader=_Loader)
    except yaml.YAMLError as error:
        raise SkillError(
            f"no YAML ({type(error).__name__})", where=str(path), hint="Write lines like name: value"
        ) from error
    if not isinstance(found, dict):
        raise SkillError("not a table", where=str(path), hint="Write lines like name: value")
    return {str(key): str(value) for key, value in found.items()}


def _read(path: Path) -> str:
    try:
        if path.stat().st_size > _LARGEST:
            raise SkillError("this file is too large", where=str(path), hint=f"Keep it under {_LARGEST // 1024} kB")
        return path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise SkillError("cannot be read", where=str(path), hint="Save it as UTF-8 text") from error
