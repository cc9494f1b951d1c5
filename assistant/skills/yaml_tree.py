"""YAML with line numbers: a tree of plain values, each with the line it was written in."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import yaml

from assistant.errors import SkillError

_LARGEST = 64 * 1024
_DEEPEST = 10


@dataclass(frozen=True, slots=True)
class Leaf:
    """One value. `written` is how it stands in the file: a version 1.10 stays "1.10"."""

    value: bool | int | float | str | None
    line: int
    written: str


@dataclass(frozen=True, slots=True)
class Branch:
    """A list or a mapping."""

    value: dict[str, Tree] | list[Tree]
    line: int


Tree = Leaf | Branch


def read_tree(path: Path) -> Tree:
    """Read a small YAML file. Aliases are refused: they make bombs, and nothing here needs them.

    Raises SkillError with `file:line`.
    """
    try:
        if path.stat().st_size > _LARGEST:
            raise SkillError("this file is too large", where=str(path), hint=f"Keep it under {_LARGEST // 1024} kB")
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise SkillError("cannot be read", where=str(path), hint="Save it as UTF-8 text") from error
    try:
        for event in yaml.parse(text, Loader=yaml.SafeLoader):
            if isinstance(event, yaml.AliasEvent):
                line = event.start_mark.line + 1 if event.start_mark else 1
                place = f"{path}:{line}"
                raise SkillError("aliases (*name) are not allowed", where=place, hint="Write the value out")
        node = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise SkillError(f"no YAML: {error.problem}", where=f"{path}:{line}", hint="Fix this line") from error
    except (yaml.YAMLError, RecursionError) as error:
        raise SkillError("no YAML", where=str(path), hint="Look for odd characters or deep nesting") from error
    if node is None:
        raise SkillError("this file is empty", where=str(path), hint="See docs/skills.md for what it holds")
    return _tree(node, path, 0)


def _tree(node: yaml.Node, path: Path, depth: int) -> Tree:
    line = node.start_mark.line + 1
    if depth > _DEEPEST:
        raise SkillError("nested too deeply", where=f"{path}:{line}", hint="Write it flatter")
    if isinstance(node, yaml.MappingNode):
        found: dict[str, Tree] = {}
        for key, value in node.value:
            name, at = str(key.value), key.start_mark.line + 1
            if not isinstance(key, yaml.ScalarNode):
                raise SkillError("a key must be a word", where=f"{path}:{at}", hint="Fix this line")
            if name in found:
                raise SkillError(f"'{name}' is written twice", where=f"{path}:{at}", hint="Remove one of them")
            found[name] = _tree(value, path, depth + 1)
        return Branch(found, line)
    if isinstance(node, yaml.SequenceNode):
        return Branch([_tree(each, path, depth + 1) for each in node.value], line)
    written = str(node.value)
    try:
        value = yaml.SafeLoader("").construct_object(node, deep=True)
    except (yaml.YAMLError, ValueError) as error:
        raise SkillError("this value cannot be read", where=f"{path}:{line}", hint="Put it in quotes") from error
    return Leaf(value if isinstance(value, (bool, int, float, str, type(None))) else written, line, written)
