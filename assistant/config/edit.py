"""One setting changed in a person's YAML file; every other character of it, comments too, stays as it was.

The text is changed at one place, found by the marks of PyYAML's node tree. What comes out is read again: if any
other setting had changed, or this one had not become what was asked for, nothing is written.
"""

from __future__ import annotations

import contextlib
import os
import re
import tempfile
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import yaml

from assistant.config import document, keys, load, values
from assistant.config.show import to_yaml
from assistant.errors import ConfigError

_BY_HAND = "Write it into the file by hand"


def parse(name: str, text: str) -> tuple[keys.Key, str, Any]:
    """The setting called `name`, the entry of it that is meant ("" for all of it), and `text` as its checked value.

    A setting that holds a text takes `text` as it is, quotes around it or not; for any other it is YAML, as in
    `--set`. Raises ConfigError.
    """
    key, entry = find(name)
    where = f"config set {name[:60]}"
    if values.kind_of(key, entry=bool(entry)) is str and text[:1] not in {"'", '"'}:
        node: document.Node | None = document.Scalar(text, False, where)
    else:
        node = document.parse(text, where, lines=False)
    node = node or document.Scalar("", False, where)
    return key, entry, values.read_entry(key, entry, node) if entry else values.read(key, node)


def find(name: str) -> tuple[keys.Key, str]:
    """The setting that `name` means, and the entry of it ("" for all of it). Raises ConfigError."""
    for key in keys.all_keys().values():
        if name == key.name:
            return key, ""
        if keys.is_mapping(key) and name.startswith(key.name + ".") and len(name) > len(key.name) + 1:
            return key, name.removeprefix(key.name + ".")
    members = [each for each in keys.all_keys() if each.startswith(name + ".")]
    if members:
        raise ConfigError(f"'{name}' is a section", where="config", hint=f"Name one of {', '.join(members)}")
    raise ConfigError(f"unknown key '{name[:60]}'", where="config", hint=keys.did_you_mean(name))


def change(path: Path, key: keys.Key, entry: str, value: Any) -> None:
    """Write `value` into the file at `path`, which is made when it is not there. Raises ConfigError."""
    path = Path(os.path.realpath(path))  # a link stays a link
    old = load.read_file(path) or ""
    _write(path, changed(old, str(path), key, entry, value))


def changed(text: str, name: str, key: keys.Key, entry: str, value: Any) -> str:
    """`text`, a YAML file called `name`, with `value` for the setting. Raises ConfigError; text is as before then."""
    before = _settings(text, name, but=key)
    new = _replaced(text, [*key.name.split("."), *([entry] if entry else [])], to_yaml(value))
    try:
        after = _settings(new, name)
    except ConfigError:
        after = {}
    wanted = {**before, key.name: value}
    if entry:
        wanted[key.name] = MappingProxyType({**before.get(key.name, key.default), entry: value})
    if after != wanted:
        raise ConfigError(f"'{key.name}' cannot be changed without changing more", where=name, hint=_BY_HAND)
    return new


def _settings(text: str, name: str, *, but: keys.Key | None = None) -> Mapping[str, Any]:
    """What one text sets, by dotted name. Mistakes in `but` do not count: it is about to be replaced."""
    found, mistakes = load.read_text(text, name)
    for mistake in mistakes:
        if but is None or not mistake.problem.startswith((f"'{but.name}'", f"'{but.name}.")):
            raise mistake
    return found


def _replaced(text: str, path: list[str], value: str) -> str:
    """`text` with `value` at `path`: in place of the value that is there, or on a line of its own."""
    root = yaml.compose(text, Loader=yaml.SafeLoader)
    node: yaml.Node | None = root
    heading: yaml.Node | None = None
    for depth, name in enumerate(path):
        if not isinstance(node, yaml.MappingNode) or (not node.value and not node.flow_style):
            return _below(text, node if isinstance(node, yaml.MappingNode) else None, heading, path[depth:], value)
        pair = next((pair for pair in node.value if pair[0].value == name), None)
        if pair is None:
            if node.flow_style:
                return _into_braces(text, node, path[depth:], value)
            return _below(text, node, heading, path[depth:], value)
        heading, node = pair
    assert node is not None and heading is not None
    colon = text.index(":", heading.end_mark.index) + 1
    between, after = text[colon : node.start_mark.index], text[_end(node) :]
    if between.strip() or "\n" in between:  # a list on lines of its own: what stood beside the heading stays there
        return f"{text[:colon]} {value}{between.rstrip()}{after}"
    return f"{text[:colon]} {value}{after}"


def _end(node: yaml.Node) -> int:
    """Where the text of a node ends. The mark of a block is not that: it lies after the comments that follow."""
    if isinstance(node, yaml.CollectionNode) and not node.flow_style and node.value:
        last = node.value[-1]
        return max(_end(each) for each in last) if isinstance(last, tuple) else _end(last)
    return int(node.end_mark.index)


def _into_braces(text: str, node: yaml.MappingNode, path: list[str], value: str) -> str:
    at = max(_end(each) for each in node.value[-1]) if node.value else node.start_mark.index + 1
    return f"{text[:at]}{', ' if node.value else ''}{_nested(path, value)}{text[at:]}"


def _nested(path: list[str], value: str) -> str:
    """`a: {b: value}`, in one line."""
    first, *rest = path
    return f"{to_yaml(first)}: {'{' + _nested(rest, value) + '}' if rest else value}"


def _below(text: str, node: yaml.MappingNode | None, heading: yaml.Node | None, path: list[str], value: str) -> str:
    """A new line: after the same setting that is commented out, else at the end of the section or of the file."""
    end_of_line = "\r\n" if "\r\n" in text else "\n"
    outer = heading.start_mark.column if heading else -1
    inside = node.value[0][0].start_mark.column if node and node.value else outer + (2 if heading else 1)
    start = heading.end_mark.index if heading else 0
    if node and node.value:
        at = _end(node)
    elif heading:
        at = start
    else:
        at = len(text)
    sign = re.compile(rf"(?P<indent> *)#[ ]?{re.escape(path[0])}:")
    position = 0
    for line in text.splitlines(keepends=True):
        begins, position = position, position + len(line)
        if begins <= start and heading:
            continue
        bare = line.strip()
        if heading and bare and not bare.startswith("#") and len(line) - len(line.lstrip()) <= outer:
            break
        if (found := sign.match(line)) and len(found["indent"]) == inside:
            at = begins
            break
    while at < len(text) and text[at] != "\n":  # the end of that line, behind its comment
        at += 1
    lines = [f"{' ' * (inside + 2 * depth)}{to_yaml(name)}:" for depth, name in enumerate(path)]
    new = end_of_line.join(lines) + f" {value}{end_of_line}"
    head = text[:at] + text[at : at + 1]
    if head and not head.endswith("\n"):
        head += end_of_line
    return head + new + text[at + 1 :]


def _write(path: Path, text: str) -> None:
    """The whole file or nothing: a power cut leaves the old one."""
    mode, owner = 0o644, None
    new: Path | None = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with contextlib.suppress(FileNotFoundError):
            stat = path.stat()
            mode, owner = stat.st_mode & 0o777, (stat.st_uid, stat.st_gid)
        with tempfile.NamedTemporaryFile(prefix=f".{path.name}.", dir=path.parent, delete=False) as file:
            new = Path(file.name)
            file.write(text.encode())
            os.fchmod(file.fileno(), mode)
            if owner is not None and owner != (os.geteuid(), os.getegid()):
                os.fchown(file.fileno(), *owner)
            file.flush()
            os.fsync(file.fileno())
        new.replace(path)
    except OSError as error:
        if new is not None:
            with contextlib.suppress(OSError):
                new.unlink()
        hint = "Check the owner and permissions of that folder"
        raise ConfigError(f"cannot be written ({error.strerror})", where=str(path), hint=hint) from error
