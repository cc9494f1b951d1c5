"""Configuration files and --set -> Config, or one ConfigError that names file, line, key and the next step.

Read in this order, later ones win: the project's own `config/assistant.yaml`, `/etc/assistant/assistant.yaml`,
`$XDG_CONFIG_HOME/assistant/assistant.yaml`, a file named on the command line, each `--set key=value`.
A setting with entries (`wake.thresholds`) is merged entry by entry; every other setting is replaced whole.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any

from assistant.config import document, keys, values
from assistant.config.document import Node, Scalar
from assistant.config.paths import Paths
from assistant.config.schema import Config
from assistant.errors import ConfigError

DEFAULT = "default"


@dataclasses.dataclass(frozen=True, slots=True)
class Loaded:
    """A configuration and where each value came from."""

    config: Config
    origins: Mapping[str, str]
    """Dotted key (with the entry, for `wake.thresholds.alexa`) -> "file:line" or "--set key=value"; absent: default."""
    files: tuple[Path, ...]
    """The files that were there and were read."""

    def origin(self, key: str) -> str:
        """Where the value of this key came from; "default" when nobody set it."""
        return self.origins.get(key, DEFAULT)


def load(paths: Paths, sets: Sequence[str] = (), *, file: Path | None = None) -> Config:
    """The configuration in force. `file` is one more file, which has to exist. Raises ConfigError."""
    return load_with_origins(paths, sets, file=file).config


def load_with_origins(paths: Paths, sets: Sequence[str] = (), *, file: Path | None = None) -> Loaded:
    """As `load`, with the origin of each value."""
    loaded, mistakes = load_what_can_be(paths, sets, file=file)
    if mistakes:
        raise mistakes[0]
    return loaded


def check(paths: Paths, sets: Sequence[str] = (), *, file: Path | None = None) -> list[ConfigError]:
    """Every mistake in all files and --set, in the order they are read; empty when all is well."""
    return load_what_can_be(paths, sets, file=file)[1]


def load_text(text: str, name: str = "<text>") -> Config:
    """The configuration that one YAML text gives on top of the defaults."""
    merge = _Merge()
    merge.text(text, name)
    if merge.mistakes:
        raise merge.mistakes[0]
    return keys.build(merge.values)


def read_text(text: str, name: str) -> tuple[Mapping[str, Any], list[ConfigError]]:
    """What one YAML text sets, by dotted name, without the defaults; and its mistakes."""
    merge = _Merge()
    merge.text(text, name)
    return merge.values, merge.mistakes


def load_what_can_be(
    paths: Paths, sets: Sequence[str] = (), *, file: Path | None = None
) -> tuple[Loaded, list[ConfigError]]:
    """As `load_with_origins`, but without what is wrong; and every mistake, in the order they are read."""
    merge = _Merge()
    files = []
    for path in [*paths.config, *([file] if file else [])]:
        try:
            text = read_file(path, required=path == file)
        except ConfigError as error:
            merge.mistakes.append(error)
            continue
        if text is not None:
            files.append(path)
            merge.text(text, str(path))
    for argument in sets:
        merge.argument(argument)
    loaded = Loaded(keys.build(merge.values), MappingProxyType(merge.origins), tuple(files))
    return loaded, merge.mistakes


def read_file(path: Path, *, required: bool = False) -> str | None:
    """The text of a file; None when it does not exist and does not have to. Raises ConfigError."""
    try:
        if not path.is_file() and path.exists():  # a pipe in its place must not hang the start
            raise ConfigError("not a file", where=str(path))
        with path.open("rb") as file:
            data = file.read(document.MAX_BYTES + 1)
    except (FileNotFoundError, NotADirectoryError):
        if not required:
            return None
        raise ConfigError("no such file", where=str(path), hint="Check the path that you named") from None
    except (OSError, ValueError) as error:  # ValueError: a NUL in the path
        reason = error.strerror if isinstance(error, OSError) else error
        hint = "Check its owner and permissions"
        raise ConfigError(f"cannot be read ({reason})", where=str(path), hint=hint) from None
    if len(data) > document.MAX_BYTES:
        raise ConfigError(f"larger than {document.MAX_BYTES} bytes", where=str(path))
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise ConfigError("not valid UTF-8", where=f"{path}:{line}", hint="Save the file as UTF-8") from None


class _Merge:
    """Collects values and mistakes; goes on after a mistake, so that `check` can name them all."""

    def __init__(self) -> None:
        self.values: dict[str, Any] = {}
        self.origins: dict[str, str] = {}
        self.mistakes: list[ConfigError] = []

    def text(self, text: str, name: str) -> None:
        try:
            node = document.parse(text, name)
        except ConfigError as error:
            self.mistakes.append(error)
            return
        if node is not None:
            self._section(keys.schema(), node)

    def argument(self, argument: str) -> None:
        """One --set: the part before the first '=' is the key, the rest is YAML."""
        shown = argument.encode("utf-8", "backslashreplace").decode()
        where = f"--set {shown if len(shown) <= 60 else shown[:59] + '…'}"
        name, equals, text = argument.partition("=")
        name = name.strip()
        try:
            if not equals:
                raise ConfigError("expected key=value", where=where, hint="For example --set wake.words=[alexa]")
            node = document.parse(text, where, lines=False) or Scalar("", False, where)
            self._named(name, node)
        except ConfigError as error:
            self.mistakes.append(error)

    def _named(self, name: str, node: Node) -> None:
        if name in keys.all_keys():
            self._value(keys.all_keys()[name], node)
            return
        for member in _groups(keys.schema()):
            if isinstance(member, keys.Section) and member.name == name:
                self._section(member, node)
                return
            if isinstance(member, keys.Key) and name.startswith(member.name + "."):
                entry = name.removeprefix(member.name + ".")
                self._entries(member, {entry: values.read_entry(member, entry, node)}, {entry: node.where})
                return
        raise ConfigError(f"unknown key '{name[:60]}'", where=node.where, hint=keys.did_you_mean(name))

    def _section(self, section: keys.Section, node: Node) -> None:
        if values.is_empty(node):  # a heading whose lines are all commented out
            return
        if not isinstance(node, document.Mapping):
            what = f"'{section.name}' is a section: " if section.name else ""
            hint = "For example 'wake:' and, indented below it, 'words: [alexa]'"
            self.mistakes.append(ConfigError(f"{what}expected 'key: value' lines", where=node.where, hint=hint))
            return
        members = {member.name: member for member in section.members}
        for key, value in node.pairs:
            dotted = f"{section.name}.{key.text}" if section.name else key.text
            member = members.get(dotted)
            if isinstance(member, keys.Section):
                self._section(member, value)
            elif member is not None:
                self._value(member, value, key.where)
            else:
                hint = keys.did_you_mean(dotted)
                self.mistakes.append(ConfigError(f"unknown key '{dotted[:60]}'", where=key.where, hint=hint))

    def _value(self, key: keys.Key, node: Node, where: str | None = None) -> None:
        try:
            value = values.read(key, node)
        except ConfigError as error:
            self.mistakes.append(error)
            return
        if keys.is_mapping(key):
            places = {name.text: name.where for name, _ in node.pairs} if isinstance(node, document.Mapping) else {}
            self._entries(key, value, places)
        else:
            self.values[key.name] = value
            self.origins[key.name] = where or node.where

    def _entries(self, key: keys.Key, entries: Mapping[str, Any], places: Mapping[str, str]) -> None:
        self.values[key.name] = MappingProxyType({**self.values.get(key.name, key.default), **entries})
        for name in entries:
            self.origins[f"{key.name}.{name}"] = places[name]


def _groups(section: keys.Section) -> Iterator[keys.Section | keys.Key]:
    """Sections and settings with entries: what a --set key may name beside a setting."""
    for member in section.members:
        if isinstance(member, keys.Section):
            yield member
            yield from _groups(member)
        elif keys.is_mapping(member):
            yield member
