"""The configuration as YAML: the commented file of all settings, and the values in force with their origins."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from assistant.config import keys
from assistant.config.load import Loaded
from assistant.config.schema import Config
from assistant.config.values import plain

_PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9_./-]*", re.ASCII)
_GUESSED = frozenset({"true", "false", "yes", "no", "on", "off", "null", "y", "n"})
_WIDTH = 110

_COMPLETE = """\
# Every setting of the assistant, with its default. This file belongs to the project: an update replaces it.
# Put your own values into /etc/assistant/assistant.yaml (the whole machine) or ~/.config/assistant/assistant.yaml
# (one person), only those you change; or try one with: assistant --set 'wake.words=[alexa]' run
"""
_TEMPLATE = """\
# Your settings of the assistant. Remove the '#' before a line to change its value.
# Then: assistant config check, and restart the assistant.
"""


def commented(*, active: bool = True) -> str:
    """All settings with explanation, limits and default, as YAML made from the schema.

    `active=False` puts a '#' before each setting: a template for a file in which a person changes a few, so that
    an update may still improve the others.
    """
    lines = [_COMPLETE if active else _TEMPLATE]
    for member in keys.schema().members:
        if isinstance(member, keys.Section):
            lines += ["", f"# {_sentence(member.about)}", f"{member.name}:"]
            for key in member.members:
                assert isinstance(key, keys.Key), "sections within sections are not written yet"
                lines += _commented_key(key, "  ", active)
        else:
            lines += _commented_key(member, "", active)
    return "\n".join(lines) + "\n"


def effective(loaded: Loaded) -> str:
    """The values in force as YAML, each with a comment that says where it came from."""
    lines = []
    for member in keys.schema().members:
        if isinstance(member, keys.Section):
            lines.append(f"{member.name}:")
            for key in member.members:
                assert isinstance(key, keys.Key), "sections within sections are not written yet"
                lines += _effective_key(key, "  ", loaded)
        else:
            lines += _effective_key(member, "", loaded)
    width = max(len(line) for line, _ in _split(lines) if len(line) < 60)
    return "".join(f"{line:<{width}}  # {origin}\n" if origin else f"{line}\n" for line, origin in _split(lines))


def value_of(config: Config, name: str) -> Any:
    """The value of a dotted key."""
    value: Any = config
    for part in name.split("."):
        value = getattr(value, part)
    return value


def _split(lines: list[str]) -> Iterator[tuple[str, str]]:
    for line in lines:
        text, _, origin = line.partition("\0")
        yield text, origin


def _commented_key(key: keys.Key, indent: str, active: bool) -> Iterator[str]:
    about = key.about + _limits(key)
    yield from _wrap(about, f"{indent}# ")
    yield f"{indent}{'' if active else '#'}{key.name.rpartition('.')[2]}: {to_yaml(key.default)}"


def _effective_key(key: keys.Key, indent: str, loaded: Loaded) -> Iterator[str]:
    name = key.name.rpartition(".")[2]
    value = value_of(loaded.config, key.name)
    if keys.is_mapping(key) and value:
        yield f"{indent}{name}:"
        for entry, item in value.items():
            yield f"{indent}  {to_yaml(entry)}: {to_yaml(item)}\0{loaded.origin(f'{key.name}.{entry}')}"
    else:
        yield f"{indent}{name}: {to_yaml(value)}\0{loaded.origin(key.name)}"


def _limits(key: keys.Key) -> str:
    if key.choices:
        return f" ({', '.join(key.choices)})" if len(key.choices) > 1 else f" ({key.choices[0]})"
    if key.low is not None and key.high is not None and "0 to 1" not in key.about:
        return f" ({plain(key.low)} to {plain(key.high)})"
    return ""


def _wrap(text: str, lead: str) -> Iterator[str]:
    line = lead.rstrip()
    for word in text.split():
        if len(line) + 1 + len(word) > _WIDTH:
            yield line
            line = lead.rstrip()
        line += " " + word
    yield line


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]


def to_yaml(value: Any) -> str:
    """One value on one line; texts are quoted unless no YAML reader could take them for something else."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        if _PLAIN.fullmatch(value) and value.lower() not in _GUESSED:
            return value
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{to_yaml(name)}: {to_yaml(item)}" for name, item in value.items()) + "}"
    if isinstance(value, tuple):
        return "[" + ", ".join(to_yaml(item) for item in value) + "]"
    return repr(value)
