"""A piece of YAML and a setting -> the checked value. The schema decides the type, never YAML's guess."""

from __future__ import annotations

import difflib
import math
import re
import typing
import zoneinfo
from collections.abc import Iterator
from collections.abc import Mapping as AnyMapping
from types import MappingProxyType
from typing import Any

from assistant.config.document import Mapping, Node, Scalar, Sequence
from assistant.config.keys import Key
from assistant.errors import ConfigError

_TRUE = frozenset({"true", "yes", "on"})
_FALSE = frozenset({"false", "no", "off"})
_NULL = frozenset({"", "~", "null"})
_INT = re.compile(r"[-+]?[0-9]{1,18}", re.ASCII)
_FLOAT = re.compile(r"[-+]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][-+]?[0-9]{1,3})?", re.ASCII)
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*", re.ASCII)


def plain(number: float) -> str:
    """A limit as a person writes it: 1048576 or 0.1, never 1.04858e+06."""
    return str(int(number)) if number == int(number) else str(number)


def is_empty(node: Node) -> bool:
    """Whether nothing was written after the key."""
    return isinstance(node, Scalar) and node.plain and node.text.lower() in _NULL


def read(key: Key, node: Node) -> Any:
    """The value of `key` written as `node`. Raises ConfigError with the place, the key and what was expected.

    A setting with entries (`wake.thresholds`) gives a read-only mapping of what this node names.
    """
    kind = key.kind
    if kind is str and is_empty(node):
        raise _wrong(key, node, "has no value", 'Write "" for an empty text, or remove the line')
    if typing.get_origin(kind) is AnyMapping:
        return MappingProxyType(dict(_entries(key, node)))
    if typing.get_origin(kind) is tuple:
        return tuple(_items(key, node))
    return _scalar(key, kind, node)


def kind_of(key: Key, *, entry: bool) -> Any:
    """The type of a setting, or of an entry of it."""
    return typing.get_args(key.kind)[1] if entry else key.kind


def read_entry(key: Key, entry: str, node: Node) -> Any:
    """The value of one entry of a setting with entries, e.g. `alexa` of `wake.thresholds`."""
    return _scalar(key, kind_of(key, entry=True), node, entry)


def _items(key: Key, node: Node) -> Iterator[Any]:
    if not isinstance(node, Sequence):
        hint = f"Write [{node.text}]" if isinstance(node, Scalar) and not is_empty(node) else "Write [] for none"
        raise _wrong(key, node, f"expected a list, found {_found(node)}", hint)
    for item in node.items:
        if is_empty(item):
            raise _wrong(key, item, "has an empty item in its list", "Remove it")
        yield _scalar(key, typing.get_args(key.kind)[0], item)


def _entries(key: Key, node: Node) -> Iterator[tuple[str, Any]]:
    if is_empty(node):
        return
    if not isinstance(node, Mapping):
        raise _wrong(key, node, f"expected 'name: value' pairs, found {_found(node)}", "Write {} for none")
    for name, value in node.pairs:
        yield name.text, read_entry(key, name.text, value)


def _scalar(key: Key, kind: Any, node: Node, entry: str = "") -> Any:
    expected = {str: "a text", int: "a whole number", float: "a number", bool: "true or false"}[kind]
    expected += _limits(key)
    if not isinstance(node, Scalar):
        hint = "Quote a text that begins with [ or {" if kind is str else ""
        raise _wrong(key, node, f"expected {expected}, found {_found(node)}", hint, entry)
    if kind is str:
        return _text(key, node, entry)
    value: bool | int | float | None = None
    word = node.text.lower()
    if kind is bool and word in _TRUE | _FALSE:
        value = word in _TRUE
    elif kind is int and _INT.fullmatch(node.text):
        value = int(node.text)
    elif kind is float and _FLOAT.fullmatch(node.text):
        value = float(node.text)
    if value is None:
        raise _wrong(key, node, f"expected {expected}, found {_found(node)}", "", entry)
    if not node.plain:
        raise _wrong(key, node, f"expected {expected}, found a quoted text", "Remove the quotes", entry)
    if kind is bool:
        return value
    low = -math.inf if key.low is None else key.low
    high = math.inf if key.high is None else key.high
    if not low <= value <= high or math.isinf(value):
        raise _wrong(key, node, f"expected {expected}, found {node.text}", "", entry)
    return value


def _text(key: Key, node: Scalar, entry: str) -> str:
    text = node.text
    if any(ord(letter) < 32 or ord(letter) == 127 for letter in text):
        raise _wrong(key, node, "has a line break or a control character", "Write it on one line", entry)
    if key.choices and text not in key.choices:
        close = difflib.get_close_matches(text, key.choices, n=1)
        hint = f"Did you mean '{close[0]}'?" if close else ""
        raise _wrong(key, node, f"expected {_limits(key).removeprefix(', ')}, found {_found(node)}", hint)
    if key.name == "time_zone" and text:
        _check_time_zone(key, node)
    if key.name == "language" and not _LANGUAGE.fullmatch(text):
        raise _wrong(key, node, f"{_found(node)} is not a language", "Write a code such as en or en-GB")
    return text


def _check_time_zone(key: Key, node: Scalar) -> None:
    try:
        zoneinfo.ZoneInfo(node.text)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):  # OSError: the name of a folder of zones
        known = {zone.rpartition("/")[2].lower(): zone for zone in sorted(zoneinfo.available_timezones())}
        wanted = node.text.rpartition("/")[2].lower().replace(" ", "_")
        close = difflib.get_close_matches(wanted, list(known), n=1)
        hint = f"Did you mean '{known[close[0]]}'?" if close else "Write a name such as Europe/Berlin"
        raise _wrong(key, node, f"{_found(node)} is not a known time zone", hint) from None


def _limits(key: Key) -> str:
    if key.choices:
        return f", one of {', '.join(key.choices)}" if len(key.choices) > 1 else f", {key.choices[0]}"
    if key.low is not None and key.high is not None:
        return f" from {plain(key.low)} to {plain(key.high)}"
    return ""


def _found(node: Node) -> str:
    if isinstance(node, Mapping):
        return "'name: value' pairs"
    if isinstance(node, Sequence):
        return "a list"
    if is_empty(node):
        return "nothing"
    return repr(node.text if len(node.text) <= 40 else node.text[:39] + "…")


def _wrong(key: Key, node: Node, problem: str, hint: str, entry: str = "") -> ConfigError:
    name = f"{key.name}.{entry[:40]}" if entry else key.name
    return ConfigError(f"'{name}' {problem}" if problem.startswith("has") else f"'{name}': {problem}",
                       where=node.where, hint=hint)  # fmt: skip
