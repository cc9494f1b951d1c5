"""skill.yaml: what a skill says of itself. Read and checked without running any of its code."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import get_args

from assistant.config.document import Mapping as Block
from assistant.config.document import Node, Scalar, Sequence, parse
from assistant.errors import ConfigError, SkillError
from assistant.grammar.folder import has_sentences, languages
from assistant.skills.settings import PLAIN, SettingSchema, SettingType, convert, meant

API = 1
"""The version of assistant.skills.api."""

FILE = "skill.yaml"
PERMISSIONS = ("network",)
"""What a skill can ask for: `network:HOST`, `network:HOST:PORT`, or `network:{setting}` that holds an address."""

RESERVED = frozenset(
    (
        "assistant",
        "audio",
        "bus",
        "config",
        "consent",
        "dialog",
        "intent",
        "privacy",
        "skill",
        "skills",
        "stt",
        "system",
        "tts",
        "wake",
    )
)
"""The assistant's own rooms: no skill can have such an id."""

_LARGEST = 64 * 1024
_ID = re.compile(r"[a-z][a-z0-9_-]{0,39}")
_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")
_ENTRY = re.compile(r"([A-Za-z_]\w*)\.py:([A-Za-z_]\w*)")
_VERSION = re.compile(r"[\w.+-]{1,40}")
_LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})*")
_KEYS = (
    "id", "version", "api", "entry", "languages", "permissions", "sends", "settings", "store", "description", "author",
    "licence",
)  # fmt: skip
_SETTING_KEYS = ("type", "default", "about", "low", "high", "choices")


STORES = ("words", "times", "counters", "settings")
"""What a store may hold. `words` may repeat what people said."""
_STORE_KEYS = ("holds", "retention", "kind")


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreSchema:
    """What a skill says of its store, in words for a person."""

    holds: str
    """As in "names and ends of running timers"."""
    retention: str
    """As in "until they have rung"."""
    kind: str = STORES[0]


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """A skill without its code. `file` and `cls` are empty for a skill that is only sentences."""

    id: str
    version: str = "0"
    file: str = ""
    cls: str = ""
    languages: tuple[str, ...] = ()
    permissions: tuple[str, ...] = ()
    sends: str = ""
    """What leaves the house when it may reach what it asks for, in words for a person."""
    settings: Mapping[str, SettingSchema] = field(default_factory=lambda: MappingProxyType({}))
    store: StoreSchema | None = None
    """None: it stores nothing."""
    description: str = ""
    author: str = ""
    licence: str = ""

    @property
    def has_code(self) -> bool:
        return bool(self.file)


def is_skill(folder: Path) -> bool:
    """Whether this folder is a skill: it has a manifest, or at least sentences."""
    return (folder / FILE).is_file() or has_sentences(folder)


def read_manifest(folder: Path) -> Manifest:
    """The manifest of the skill in `folder`. A folder that has only `locale/` gets one made of its name.

    Raises SkillError with `file:line`, the key and what was probably meant.
    """
    path = folder / FILE
    if path.is_file():
        return _Reader(_document(path), path).manifest()
    if not has_sentences(folder):
        raise SkillError(
            f"this is no skill: no {FILE}, no locale/, no .intent file", where=str(folder), hint="See docs/skills.md"
        )
    identity = re.sub(r"[^a-z0-9_-]+", "-", folder.resolve().name.lower()).strip("-_")[:40]
    if not _ID.fullmatch(identity):
        raise SkillError("a skill's name begins with a letter a-z", where=str(folder), hint="Rename the folder")
    if identity in RESERVED:
        raise SkillError(f"'{identity}' is a part of the assistant itself", where=str(folder), hint="Rename the folder")
    return Manifest(id=identity, languages=languages(folder))


def _document(path: Path) -> Node:
    try:
        if path.stat().st_size > _LARGEST:
            raise SkillError("this file is too large", where=str(path), hint=f"Keep it under {_LARGEST // 1024} kB")
        node = parse(path.read_text(encoding="utf-8-sig"), str(path))
    except ConfigError as error:
        raise SkillError(error.problem, where=error.where, hint=error.hint) from error
    except (OSError, UnicodeDecodeError) as error:
        raise SkillError("cannot be read", where=str(path), hint="Save it as UTF-8 text") from error
    if node is None:
        raise SkillError("this file is empty", where=str(path), hint="See docs/skills.md for what it holds")
    return node


def _error(node: Node, problem: str, hint: str) -> SkillError:
    return SkillError(problem, where=node.where, hint=hint)


class _Reader:
    def __init__(self, root: Node, path: Path) -> None:
        self.root = root
        self.path = path

    def manifest(self) -> Manifest:
        top = _block(self.root, FILE, _KEYS)
        for key in ("id", "version", "api", "entry"):
            if key not in top:
                raise SkillError(f"'{key}' is missing", where=f"{self.path}:1", hint=f"Add a line '{key}: ...'")
        if (api := _text(top["api"], "api")) != str(API):
            raise _error(top["api"], f"'api' is {api}, this assistant has {API}", "Get a version made for it")
        file, cls = _match(top["entry"], "entry", _ENTRY, "Write FILE.py:CLASS, as in skill.py:Timer").groups()
        if not (self.path.parent / f"{file}.py").is_file():
            raise _error(top["entry"], f"'entry' names {file}.py, which is not there", "Create it or fix the name")
        return Manifest(
            id=self.identity(top["id"]),
            version=_match(top["version"], "version", _VERSION, "As in 1.0.0").group(),
            file=file,
            cls=cls,
            languages=self.languages(top.get("languages")),
            permissions=self.permissions(top),
            sends=_text(top.get("sends"), "sends"),
            settings=_settings(top.get("settings")),
            store=_store(top.get("store")),
            description=_text(top.get("description"), "description"),
            author=_text(top.get("author"), "author"),
            licence=_text(top.get("licence"), "licence"),
        )

    def identity(self, node: Node) -> str:
        identity = _match(node, "id", _ID, "Use up to 40 of a-z, 0-9, - and _, a letter first").group()
        if identity in RESERVED:
            raise _error(node, f"'{identity}' is a part of the assistant itself", "Give the skill another id")
        return identity

    def permissions(self, top: Mapping[str, Node]) -> tuple[str, ...]:
        asked = tuple(_permission(each) for each in _items(top.get("permissions"), "permissions"))
        if asked and "sends" not in top:
            problem = "'sends' is missing: what leaves the house, in words for a person"
            raise _error(top["permissions"], problem, "Add a line such as 'sends: the name of the place you ask about'")
        return asked

    def languages(self, node: Node | None) -> tuple[str, ...]:
        hint = "Use codes like en or pt-BR"
        named = tuple(_match(each, "languages", _LANGUAGE, hint).group() for each in _items(node, "languages"))
        return named or languages(self.path.parent)


def _permission(node: Node) -> str:
    asked = _text(node, "permissions")
    kind = asked.partition(":")[0]
    if kind not in PERMISSIONS or not asked.partition(":")[2]:
        raise _error(node, f"unknown permission '{asked}'", meant(kind, PERMISSIONS))
    return asked


def _store(node: Node | None) -> StoreSchema | None:
    if node is None:
        return None
    keys = _block(node, "store", _STORE_KEYS)
    texts = {name: _text(keys.get(name), f"store.{name}") for name in _STORE_KEYS}
    for needed in ("holds", "retention"):
        if not texts[needed]:
            raise _error(node, f"'store.{needed}' is missing", f"Add '{needed}: ...'")
    kind = texts["kind"] or STORES[0]
    if kind not in STORES:
        raise _error(keys["kind"], f"'store.kind' is '{kind}'", meant(kind, STORES))
    return StoreSchema(holds=texts["holds"], retention=texts["retention"], kind=kind)


def _settings(node: Node | None) -> Mapping[str, SettingSchema]:
    found: dict[str, SettingSchema] = {}
    for name, one in _block(node, "settings").items() if node else ():
        if not _NAME.fullmatch(name):
            raise _error(one, f"'{name}' is no name for a setting", "Use a-z, 0-9 and _, a letter first")
        found[name] = _setting(name, one)
    return MappingProxyType(found)


def _setting(name: str, node: Node) -> SettingSchema:
    key = f"settings.{name}"
    keys = _block(node, key, _SETTING_KEYS)
    for needed in ("type", "default"):
        if needed not in keys:
            raise _error(node, f"'{key}.{needed}' is missing", f"Add '{needed}: ...'")
    written = _text(keys["type"], f"{key}.type")
    kinds: tuple[SettingType, ...] = get_args(SettingType)
    kind = next((each for each in kinds if each == written), None)
    if kind is None:
        raise _error(keys["type"], f"'{key}.type' is '{written}'", meant(written, kinds))
    default = convert(kind, _text(keys["default"], f"{key}.default"))
    if default is None:
        raise _error(keys["default"], f"'{key}.default' is no {PLAIN[kind]}", "Change it, or change the type")
    schema = SettingSchema(
        name=name,
        type=kind,
        default=default,
        about=_text(keys.get("about"), f"{key}.about"),
        low=_limit(keys.get("low"), f"{key}.low"),
        high=_limit(keys.get("high"), f"{key}.high"),
        choices=tuple(_text(each, f"{key}.choices") for each in _items(keys.get("choices"), f"{key}.choices")),
    )
    schema.check(default, keys["default"].where)
    return schema


def _limit(node: Node | None, key: str) -> float | None:
    if node is None:
        return None
    value = convert("number", _text(node, key))
    if not isinstance(value, float):
        raise _error(node, f"'{key}' is no number", "Fix this line")
    return value


def _match(node: Node, key: str, pattern: re.Pattern[str], hint: str) -> re.Match[str]:
    text = _text(node, key)
    found = pattern.fullmatch(text)
    if found is None:
        raise _error(node, f"'{key}' cannot be '{text[:60]}'", hint)
    return found


def _text(node: Node | None, key: str) -> str:
    if node is None:
        return ""
    if not isinstance(node, Scalar):
        raise _error(node, f"'{key}' must be one value", "Fix this line")
    return node.text


def _items(node: Node | None, key: str) -> tuple[Node, ...]:
    if node is None or (isinstance(node, Scalar) and not node.text):
        return ()
    if not isinstance(node, Sequence):
        raise _error(node, f"'{key}' must be a list", "Write [one, two]")
    return node.items


def _block(node: Node, key: str, known: tuple[str, ...] = ()) -> Mapping[str, Node]:
    if isinstance(node, Scalar) and not node.text:
        return {}
    if not isinstance(node, Block):
        raise _error(node, f"'{key}' must be lines of 'key: value'", "Fix this line")
    for name, _ in node.pairs:
        if known and name.text not in known:
            raise _error(name, f"unknown key '{name.text}'", meant(name.text, known))
    return {name.text: value for name, value in node.pairs}
