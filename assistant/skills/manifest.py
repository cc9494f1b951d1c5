"""skill.yaml: what a skill says of itself. Read and checked without running any of its code."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Literal, TypeVar, get_args

from assistant.errors import SkillError
from assistant.grammar.folder import languages
from assistant.skills.yaml_tree import Leaf, Tree, read_tree

API = 1
"""The version of assistant.skills.api."""

FILE = "skill.yaml"
PERMISSIONS = ("network", "files")
"""What a skill can ask for, as `network:HOST` or `files:PATH`."""

SettingType = Literal["text", "number", "integer", "switch"]
SettingValue = bool | int | float | str

_ID = re.compile(r"[a-z][a-z0-9_-]{0,39}")
_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")
_ENTRY = re.compile(r"([A-Za-z_]\w*)\.py:([A-Za-z_]\w*)")
_LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})*")
_KEYS = (
    "id", "version", "api", "entry", "languages", "permissions", "settings", "description", "author", "licence",
)  # fmt: skip
_SETTING_KEYS = ("type", "default", "about", "low", "high", "choices")


@dataclass(frozen=True, slots=True, kw_only=True)
class SettingSchema:
    """One setting that a skill declares."""

    name: str
    type: SettingType
    default: SettingValue
    about: str = ""
    low: float | None = None
    high: float | None = None
    choices: tuple[str, ...] = ()

    def parse(self, text: str, where: str) -> SettingValue:
        """The value that the owner wrote. Raises SkillError when it is of the wrong type or out of range."""
        value = _convert(self.type, text)
        if value is None:
            raise SkillError(f"'{text}' is no {_PLAIN[self.type]}", where=where, hint=f"The default is {self.default}")
        return self.check(value, where)

    def check(self, value: SettingValue, where: str) -> SettingValue:
        """The value, if it is within the limits. Raises SkillError."""
        if self.choices and value not in self.choices:
            raise SkillError(f"'{value}' is not offered", where=where, hint=f"Choose one of {', '.join(self.choices)}")
        if isinstance(value, (int, float)):
            if self.low is not None and value < self.low:
                raise SkillError(f"{value} is too low", where=where, hint=f"At least {self.low:g}")
            if self.high is not None and value > self.high:
                raise SkillError(f"{value} is too high", where=where, hint=f"At most {self.high:g}")
        return value


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """A skill without its code. `file` and `cls` are empty for a skill that is only sentences."""

    id: str
    version: str = "0"
    file: str = ""
    cls: str = ""
    languages: tuple[str, ...] = ()
    permissions: tuple[str, ...] = ()
    settings: Mapping[str, SettingSchema] = field(default_factory=lambda: MappingProxyType({}))
    description: str = ""
    author: str = ""
    licence: str = ""

    @property
    def has_code(self) -> bool:
        return bool(self.file)


def is_skill(folder: Path) -> bool:
    """Whether this folder is a skill: it has a manifest, or at least sentences."""
    return (folder / FILE).is_file() or (folder / "locale").is_dir()


def read_manifest(folder: Path) -> Manifest:
    """The manifest of the skill in `folder`. A folder that has only `locale/` gets one made of its name.

    Raises SkillError with `file:line`, the key and what was probably meant.
    """
    path = folder / FILE
    if path.is_file():
        return _Reader(read_tree(path), path).manifest()
    if not (folder / "locale").is_dir():
        raise SkillError(f"this is no skill: no {FILE}, no locale/", where=str(folder), hint="See docs/skills.md")
    identity = re.sub(r"[^a-z0-9_-]+", "-", folder.resolve().name.lower()).strip("-_")[:40]
    if not _ID.fullmatch(identity):
        raise SkillError("a skill's name begins with a letter a-z", where=str(folder), hint="Rename the folder")
    return Manifest(id=identity, languages=languages(folder))


def meant(word: str, known: Iterable[str]) -> str:
    """'Did you mean X?', or the whole choice."""
    known = tuple(known)
    close = difflib.get_close_matches(word, known, 1)
    return f"Did you mean '{close[0]}'?" if close else f"There are: {', '.join(known)}"


_PLAIN = {"text": "text", "number": "number", "integer": "whole number", "switch": "yes or no"}

K = TypeVar("K", str, int, float, bool)


class _Reader:
    def __init__(self, root: Tree, path: Path) -> None:
        self.root = root
        self.path = path

    def error(self, problem: str, line: int, hint: str) -> SkillError:
        return SkillError(problem, where=f"{self.path}:{line}", hint=hint)

    def manifest(self) -> Manifest:
        top = self.mapping(self.root, "skill.yaml", _KEYS)
        for key in ("id", "version", "api", "entry"):
            if key not in top:
                raise self.error(f"'{key}' is missing", 1, f"Add a line '{key}: ...'")
        if (api := self.leaf(top["api"], "api", int)) != API:
            raise self.error(
                f"'api' is {api}, this assistant has {API}",
                top["api"].line,
                "Install a version of the skill made for it",
            )
        file, cls = self.match(top["entry"], "entry", _ENTRY, "Write FILE.py:CLASS, as in skill.py:Timer").groups()
        if not (self.path.parent / f"{file}.py").is_file():
            raise self.error(
                f"'entry' names {file}.py, which is not there", top["entry"].line, "Create the file or fix the name"
            )
        return Manifest(
            id=self.match(top["id"], "id", _ID, "Use up to 40 of a-z, 0-9, - and _, a letter first").group(),
            version=self.match(top["version"], "version", re.compile(r"[\w.+-]{1,40}"), "As in 1.0.0").group(),
            file=file,
            cls=cls,
            languages=self.languages(top.get("languages")),
            permissions=tuple(self.permission(each) for each in self.items(top.get("permissions"), "permissions")),
            settings=self.settings(top.get("settings")),
            description=self.text(top, "description"),
            author=self.text(top, "author"),
            licence=self.text(top, "licence"),
        )

    def languages(self, tree: Tree | None) -> tuple[str, ...]:
        named = tuple(
            self.match(each, "languages", _LANGUAGE, "Use codes like en or pt-BR").group()
            for each in self.items(tree, "languages")
        )
        return named or languages(self.path.parent)

    def permission(self, tree: Tree) -> str:
        asked = self.leaf(tree, "permissions", str)
        kind = asked.partition(":")[0]
        if kind not in PERMISSIONS:
            raise self.error(f"unknown permission '{asked}'", tree.line, meant(kind, PERMISSIONS))
        return asked

    def settings(self, tree: Tree | None) -> Mapping[str, SettingSchema]:
        found: dict[str, SettingSchema] = {}
        for name, one in self.mapping(tree, "settings").items() if tree else ():
            if not _NAME.fullmatch(name):
                raise self.error(f"'{name}' is no name for a setting", one.line, "Use a-z, 0-9 and _, a letter first")
            found[name] = self.setting(name, self.mapping(one, f"settings.{name}", _SETTING_KEYS), one.line)
        return MappingProxyType(found)

    def setting(self, name: str, keys: Mapping[str, Tree], line: int) -> SettingSchema:
        key = f"settings.{name}"
        for needed in ("type", "default"):
            if needed not in keys:
                raise self.error(f"'{key}.{needed}' is missing", line, f"Add '{needed}: ...'")
        written = self.leaf(keys["type"], f"{key}.type", str)
        kinds: tuple[SettingType, ...] = get_args(SettingType)
        kind = next((each for each in kinds if each == written), None)
        if kind is None:
            raise self.error(f"'{key}.type' is '{written}'", keys["type"].line, meant(written, kinds))
        default = keys["default"]
        value = _convert(kind, default.value) if isinstance(default, Leaf) else None
        if value is None:
            raise self.error(f"'{key}.default' is no {_PLAIN[kind]}", default.line, "Change it, or change the type")
        schema = SettingSchema(
            name=name,
            type=kind,
            default=value,
            about=self.text(keys, "about"),
            low=self.limit(keys.get("low"), f"{key}.low"),
            high=self.limit(keys.get("high"), f"{key}.high"),
            choices=tuple(
                self.leaf(each, f"{key}.choices", str) for each in self.items(keys.get("choices"), f"{key}.choices")
            ),
        )
        schema.check(value, f"{self.path}:{default.line}")
        return schema

    def limit(self, tree: Tree | None, key: str) -> float | None:
        return None if tree is None else float(self.leaf(tree, key, float))

    def text(self, keys: Mapping[str, Tree], key: str) -> str:
        return self.leaf(keys[key], key, str) if key in keys else ""

    def match(self, tree: Tree, key: str, pattern: re.Pattern[str], hint: str) -> re.Match[str]:
        text = self.leaf(tree, key, str)
        found = pattern.fullmatch(text)
        if found is None:
            raise self.error(f"'{key}' cannot be '{text[:60]}'", tree.line, hint)
        return found

    def leaf(self, tree: Tree, key: str, kind: type[K]) -> K:
        value = tree.value if isinstance(tree, Leaf) else None
        if kind is str and isinstance(value, (int, float)) and isinstance(tree, Leaf):
            value = tree.written
        if kind is float and isinstance(value, int) and not isinstance(value, bool):
            value = float(value)
        if not isinstance(value, kind) or (kind is not bool and isinstance(value, bool)):
            plain = {str: "text", int: "a whole number", float: "a number", bool: "yes or no"}[kind]
            raise self.error(f"'{key}' must be {plain}", tree.line, "Fix this line")
        return value

    def items(self, tree: Tree | None, key: str) -> tuple[Tree, ...]:
        if tree is None or (isinstance(tree, Leaf) and tree.value is None):
            return ()
        if not isinstance(tree.value, list):
            raise self.error(f"'{key}' must be a list", tree.line, "Write [one, two]")
        return tuple(tree.value)

    def mapping(self, tree: Tree, key: str, known: tuple[str, ...] = ()) -> Mapping[str, Tree]:
        if not isinstance(tree.value, dict):
            raise self.error(f"'{key}' must be lines of 'key: value'", tree.line, "Fix this line")
        for name, each in tree.value.items():
            if known and name not in known:
                raise self.error(f"unknown key '{name}'", each.line, meant(name, known))
        return tree.value


def _convert(kind: SettingType, value: object) -> SettingValue | None:
    """The value as that type, from YAML or from text; None if it is none."""
    text = str(value).strip()
    try:
        match kind:
            case "text":
                return text if isinstance(value, (str, int, float)) else None
            case "switch":
                return {"true": True, "yes": True, "on": True, "false": False, "no": False, "off": False}.get(
                    text.lower()
                )
            case "integer":
                return int(text)
            case "number":
                number = float(text)
                return number if abs(number) < float("inf") else None
    except ValueError:
        return None
