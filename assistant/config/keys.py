"""The schema as a flat table: dotted key -> type, default, limits, explanation."""

from __future__ import annotations

import dataclasses
import difflib
import functools
import typing
from collections.abc import Mapping
from typing import Any

from assistant.config.schema import Config


@dataclasses.dataclass(frozen=True, slots=True)
class Key:
    """One setting, e.g. `wake.words`."""

    name: str
    kind: Any
    """str, int, float, bool, tuple[str, ...], Mapping[str, float] or Mapping[str, str]."""
    default: Any
    about: str
    low: float | None
    high: float | None
    choices: tuple[str, ...]


@dataclasses.dataclass(frozen=True, slots=True)
class Section:
    """A group of settings, e.g. `wake`."""

    name: str
    about: str
    members: tuple[Key | Section, ...]


@functools.cache
def schema() -> Section:
    """The whole configuration, read from the dataclasses."""
    return _section(Config, "", "")


def _section(cls: type[Any], name: str, about: str) -> Section:
    hints = typing.get_type_hints(cls)
    members: list[Key | Section] = []
    for field in dataclasses.fields(cls):
        dotted = f"{name}.{field.name}" if name else field.name
        kind = hints[field.name]
        meta = field.metadata
        if dataclasses.is_dataclass(kind):
            members.append(_section(typing.cast(type[Any], kind), dotted, meta["about"]))
        else:
            default = field.default
            if default is dataclasses.MISSING and field.default_factory is not dataclasses.MISSING:
                default = field.default_factory()
            key = Key(dotted, kind, default, meta["about"], meta["low"], meta["high"], meta["choices"])
            members.append(key)
    return Section(name, about, tuple(members))


@functools.cache
def all_keys() -> Mapping[str, Key]:
    """Every setting by its dotted name, in the order of the schema."""

    def walk(section: Section) -> typing.Iterator[Key]:
        for member in section.members:
            if isinstance(member, Section):
                yield from walk(member)
            else:
                yield member

    return {key.name: key for key in walk(schema())}


def is_mapping(key: Key) -> bool:
    """Whether the setting holds entries of the user's own names (`wake.thresholds`, `skills.settings`)."""
    return typing.get_origin(key.kind) is Mapping


def build(values: Mapping[str, Any]) -> Config:
    """The Config from checked values by dotted name; what is not named keeps its default."""
    return typing.cast(Config, _build(Config, "", values))


def _build(cls: type[Any], prefix: str, values: Mapping[str, Any]) -> Any:
    hints = typing.get_type_hints(cls)
    given: dict[str, Any] = {}
    for field in dataclasses.fields(cls):
        dotted = prefix + field.name
        if dataclasses.is_dataclass(hints[field.name]):
            given[field.name] = _build(hints[field.name], dotted + ".", values)
        elif dotted in values:
            given[field.name] = values[dotted]
    return cls(**given)


def did_you_mean(name: str) -> str:
    """A hint that names the nearest setting, or where to find them all."""
    names = [*all_keys(), *(member.name for member in schema().members if isinstance(member, Section))]
    close = difflib.get_close_matches(name, names, n=1, cutoff=0.75)
    if not close:  # the right word in the wrong section
        last = name.rpartition(".")[2]
        by_last = {other.rpartition(".")[2]: other for other in reversed(names)}
        close = [by_last[word] for word in difflib.get_close_matches(last, list(by_last), n=1, cutoff=0.75)]
    return f"Did you mean '{close[0]}'?" if close else "'assistant config show' lists every key"
