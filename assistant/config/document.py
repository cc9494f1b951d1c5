"""YAML text -> a small tree with line numbers. Knows YAML, knows no setting.

YAML guesses types ("no" is false, "1:30" is 90, "010" is 8). Here a scalar stays the text that was written, and the
schema says what it has to be. Built from PyYAML's parse events, so nothing is ever constructed from the text.
Aliases, tags, second documents, deep nesting and large files are refused: a configuration needs none of them.
"""

from __future__ import annotations

from dataclasses import dataclass

import yaml

from assistant.errors import ConfigError

MAX_BYTES = 1_000_000
MAX_DEPTH = 20

_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(frozen=True, slots=True)
class Scalar:
    """A value as it was written. `plain` means without quotes."""

    text: str
    plain: bool
    where: str


@dataclass(frozen=True, slots=True)
class Sequence:
    """A list."""

    items: tuple[Node, ...]
    where: str


@dataclass(frozen=True, slots=True)
class Mapping:
    """Keys and values in the order written; no key occurs twice."""

    pairs: tuple[tuple[Scalar, Node], ...]
    where: str


Node = Scalar | Sequence | Mapping


def parse(text: str, name: str, *, lines: bool = True) -> Node | None:
    """The tree of one YAML document; None when it is empty.

    `name` is the file in error messages, and `lines` adds the line to it. Raises ConfigError for whatever is
    not plain YAML within the limits.
    """
    if len(text) > MAX_BYTES:
        raise ConfigError(f"larger than {MAX_BYTES} bytes", where=name, hint="A configuration is a short text")
    return _Reader(text, name, lines).document()


def _line(event: yaml.Event) -> int:
    return event.start_mark.line + 1 if event.start_mark else 1


class _Reader:
    def __init__(self, text: str, name: str, lines: bool) -> None:
        self._text = text
        self._name = name
        self._lines = lines
        self._events = yaml.parse(text, Loader=_Loader)

    def document(self) -> Node | None:
        self._next()  # stream start
        event = self._next()
        if isinstance(event, yaml.StreamEndEvent):
            return None
        node = self._node(self._next(), 0)
        self._next()  # document end
        event = self._next()
        if not isinstance(event, yaml.StreamEndEvent):
            raise self._wrong(event, "a second YAML document begins here", "Remove the line '---'")
        return node

    def _next(self) -> yaml.Event:
        try:
            event: yaml.Event = next(self._events)
        except yaml.MarkedYAMLError as error:
            raise self._syntax(error) from None
        except yaml.reader.ReaderError as error:
            line = self._text.count("\n", 0, error.position) + 1 if isinstance(error.position, int) else 1
            raise ConfigError("a character that YAML does not allow", where=self._place(line)) from None
        except UnicodeEncodeError:  # half a surrogate pair, from a command line that is not UTF-8
            raise ConfigError("not valid UTF-8", where=self._name, hint="Save it as UTF-8") from None
        return event

    def _node(self, event: yaml.Event, depth: int) -> Node:
        where = self._place(_line(event))
        if depth > MAX_DEPTH:
            raise ConfigError(f"nested deeper than {MAX_DEPTH} levels", where=where)
        if not isinstance(event, yaml.CollectionStartEvent | yaml.ScalarEvent) or event.anchor is not None:
            raise self._wrong(
                event, "anchors and aliases (& and *) are not allowed", "Write the value out, or quote it"
            )
        if event.tag is not None:
            raise self._wrong(event, f"the tag {event.tag[:40]!r} is not allowed", "Remove it, or quote the value")
        if isinstance(event, yaml.ScalarEvent):
            return Scalar(event.value, event.style in (None, ""), where)
        if isinstance(event, yaml.SequenceStartEvent):
            items = []
            while not isinstance(event := self._next(), yaml.SequenceEndEvent):
                items.append(self._node(event, depth + 1))
            return Sequence(tuple(items), where)
        return self._mapping(where, depth)

    def _mapping(self, where: str, depth: int) -> Mapping:
        pairs: dict[str, tuple[Scalar, Node]] = {}
        while not isinstance(event := self._next(), yaml.MappingEndEvent):
            key = self._node(event, depth + 1)
            if not isinstance(key, Scalar):
                raise self._wrong(event, "a key must be a word", "Quote a value that contains { or [")
            if key.text in pairs:
                first = pairs[key.text][0].where
                raise self._wrong(event, f"the key {key.text[:40]!r} occurs twice (first at {first})", "Remove one")
            pairs[key.text] = (key, self._node(self._next(), depth + 1))
        return Mapping(tuple(pairs.values()), where)

    def _place(self, line: int) -> str:
        return f"{self._name}:{line}" if self._lines else self._name

    def _wrong(self, event: yaml.Event, problem: str, hint: str) -> ConfigError:
        return ConfigError(problem, where=self._place(_line(event)), hint=hint)

    def _syntax(self, error: yaml.MarkedYAMLError) -> ConfigError:
        mark = error.problem_mark or error.context_mark
        lines = self._text.splitlines() or [""]
        number = min(mark.line + 1 if mark else 1, len(lines))
        line = lines[number - 1]
        if "\t" in line[: len(line) - len(line.lstrip())]:
            return ConfigError("a tab at the start of the line", where=self._place(number), hint="Indent with spaces")
        problem = f"not valid YAML: {error.problem or error.context}"
        hint = "Look at this line and the one above: indentation, a space after each ':', closing quotes and brackets"
        return ConfigError(problem, where=self._place(number), hint=hint)
