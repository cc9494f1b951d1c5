"""Template lines as skills write them, parsed to a small tree.

A line is words with `(a|b)` one of, `(a|)` or `[a]` optional, `{slot}` and `{slot:type}`; all of it nests. Blank lines
and lines that begin with `#` or `//` say nothing. Several lines are alternatives. The syntax is that of the `.intent`
and `.entity` files of Mycroft and OpenVoiceOS, plus the type.

The tree is never expanded to all its sentences: a few lines can stand for billions.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice, product

from assistant.errors import SkillError
from assistant.grammar.tree import (
    NOTHING,
    Choice,
    Node,
    Sequence,
    SlotRef,
    Word,
    can_be_empty,
    choice,
    sequence,
    slots,
    vocabulary,
    write,
)
from assistant.grammar.words import words

__all__ = [
    "NOTHING", "Choice", "Node", "Sequence", "SlotRef", "Word", "can_be_empty", "choice", "is_blank", "parse_line",
    "parse_lines", "sequence", "slots", "vocabulary", "write",
]  # fmt: skip


_NAME = re.compile(r"\s*([^\W\d][\w-]*)\s*(?::\s*([^\W\d][\w-]*)\s*)?")
_LEX = re.compile(r"(?P<space>\s+)|(?P<mark>[()\[\]|])|(?P<slot>\{)|(?P<stray>\})|(?P<word>[^\s()\[\]{}|]+)")
_FOREIGN = re.compile(r"<\w[\w.-]*>|\$\w+:\w+|\d+\.\.\d+")
"""What other systems' templates have: <rule>, $type:slot, 0..100."""
_WILD = {"#": SlotRef("number", "number"), ":0": SlotRef("words", "text")}
"""What Mycroft's sentences have for any number (a `#` a digit) and for any word."""
_CLOSING = {"(": ")", "[": "]"}
_MOST_AFFIXES = 64
_DEEPEST = 20


def parse_lines(lines: Iterable[str], file: str = "") -> tuple[Node, ...]:
    """The tree of each line that says something. Raises SkillError with file, line and column."""
    found = []
    for number, line in enumerate(lines, 1):
        if is_blank(line):
            continue
        found.append(parse_line(line, file=file, number=number))
    return tuple(found)


def is_blank(line: str) -> bool:
    """Whether a line says nothing: empty, or a comment."""
    line = line.lstrip("\ufeff").strip()
    return not line or line.startswith(("#", "//"))


def parse_line(line: str, *, file: str = "", number: int = 1) -> Node:
    """The tree of one line. Raises SkillError (what, `file:line:column`, what to do)."""
    node = _Parser(line.lstrip("\ufeff"), file, number).parse()
    if can_be_empty(node):
        raise SkillError(
            "this sentence can be empty, so it would match anything",
            where=_place(file, number, 1),
            hint="Keep at least one word or slot that is not optional",
        )
    return node


def _place(file: str, line: int, column: int) -> str:
    return f"{file or 'sentence'}:{line}:{column}"


@dataclass(frozen=True, slots=True)
class _Raw:
    """Letters as written, before they are words: they may be glued to a group, as in `light[s]`."""

    text: str


@dataclass(frozen=True, slots=True)
class _Piece:
    node: Node | _Raw
    glued: bool
    """No space between this piece and the one before it."""


class _Parser:
    """Recursive descent over one line."""

    def __init__(self, line: str, file: str, number: int) -> None:
        self.line = line.rstrip()
        self.at = 0
        self.file = file
        self.number = number

    def parse(self) -> Node:
        node = self.alternatives(opened="", opened_at=0)
        if self.at < len(self.line):
            mark = self.line[self.at]
            raise self.error(f"'{mark}' closes nothing", self.at, f"Remove it or open it with '{_opening(mark)}'")
        return node

    def error(self, problem: str, at: int, hint: str) -> SkillError:
        return SkillError(problem, where=_place(self.file, self.number, at + 1), hint=hint)

    def alternatives(self, *, opened: str, opened_at: int, depth: int = 0) -> Node:
        if depth > _DEEPEST:
            raise self.error("too many brackets inside each other", opened_at, "Split the sentence into several lines")
        options = [self.parts(depth)]
        while self.peek() == "|":
            if not opened:
                raise self.error("'|' stands outside of brackets", self.at, "Write (a|b), or one line for each")
            self.at += 1
            options.append(self.parts(depth))
        if opened:
            closing = _CLOSING[opened]
            if self.peek() != closing:
                if self.at < len(self.line):
                    problem = f"'{self.line[self.at]}' where '{closing}' is due"
                    raise self.error(problem, self.at, f"Close the '{opened}' of column {opened_at + 1} first")
                raise self.error(f"'{opened}' is never closed", opened_at, f"Add '{closing}'")
            self.at += 1
            if opened == "(" and options == [NOTHING]:
                raise self.error("these brackets are empty", opened_at, "Remove them or write words into them")
            if opened == "[":
                options.append(NOTHING)
        return choice(options)

    def peek(self) -> str:
        return self.line[self.at] if self.at < len(self.line) else ""

    def parts(self, depth: int) -> Node:
        pieces: list[_Piece] = []
        glued = False
        while (found := _LEX.match(self.line, self.at)) is not None:
            start = self.at
            if found["space"]:
                self.at, glued = found.end(), False
                continue
            if found["stray"]:
                raise self.error("'}' closes nothing", start, "Remove it or open it with '{'")
            if found["mark"]:
                mark = found["mark"]
                if mark not in _CLOSING:
                    break
                self.at = found.end()
                inner = self.alternatives(opened=mark, opened_at=start, depth=depth + 1)
                pieces.append(_Piece(inner, glued))
            elif found["slot"]:
                pieces.append(_Piece(self.slot(), False))
                glued = False
                continue
            else:
                if _FOREIGN.fullmatch(found["word"]):
                    hint = "Write {name}, with a list in name.entity, or {name:number}"
                    raise self.error(f"'{found['word']}' is another system's way to write a slot", start, hint)
                self.at = found.end()
                if (any_value := _WILD.get(found["word"].rstrip("#") or "#")) is not None:
                    if not pieces or pieces[-1].node != any_value:
                        pieces.append(_Piece(any_value, False))
                    glued = False
                    continue
                pieces.append(_Piece(_Raw(found["word"]), glued))
            glued = True
        return self.join(pieces)

    def slot(self) -> SlotRef:
        start = self.at
        double = self.line.startswith("{{", start)
        end = self.line.find("}}" if double else "}", start)
        if end < 0:
            raise self.error("'{' is never closed", start, "Add '}' after the slot's name")
        inner = self.line[start + 1 + double : end]
        found = _NAME.fullmatch(inner)
        if found is None:
            raise self.error(
                f"'{inner}' is no name for a slot", start + 1, "Write {name} or {name:type}: letters, digits, _ and -"
            )
        self.at = end + 1 + double
        return SlotRef(found[1], found[2] or "")

    def join(self, pieces: list[_Piece]) -> Node:
        """Glued letters and groups become whole words: `light[s]` is `(lights|light)`."""
        runs: list[list[_Piece]] = []
        for piece in pieces:
            if piece.glued and runs:
                runs[-1].append(piece)
            else:
                runs.append([piece])
        return sequence(self.run([piece.node for piece in run]) for run in runs)

    def run(self, nodes: list[Node | _Raw]) -> Node:
        if not any(isinstance(node, _Raw) for node in nodes):
            return sequence(node for node in nodes if not isinstance(node, _Raw))
        if len(nodes) == 1 and isinstance(nodes[0], _Raw):
            return sequence(map(Word, words(nodes[0].text)))
        if any(isinstance(node, SlotRef) or (not isinstance(node, _Raw) and any(slots(node))) for node in nodes):
            return sequence(map(self.alone, nodes))
        if _is_punctuation(nodes):
            return sequence(map(self.alone, nodes))
        spelled = [[node.text] if isinstance(node, _Raw) else _spellings(node) for node in nodes]
        count = 1
        for each in spelled:
            count *= len(each)
        if count > _MOST_AFFIXES:
            raise self.error("too many endings glued to one word", 0, "Put a space before the bracket")
        return choice(sequence(map(Word, words("".join(letters)))) for letters in product(*spelled))

    def alone(self, node: Node | _Raw) -> Node:
        return sequence(map(Word, words(node.text))) if isinstance(node, _Raw) else node


def _is_punctuation(nodes: list[Node | _Raw]) -> bool:
    """A comma or hyphen at a bracket glues nothing: "(yes|no), please"."""
    raws = [node.text for node in nodes if isinstance(node, _Raw)]
    return all(not words(raw) for raw in raws)


def _spellings(node: Node) -> list[str]:
    match node:
        case Word(text):
            return [text]
        case Sequence(parts):
            ways = (" ".join(filter(None, each)) for each in product(*map(_spellings, parts)))
            return list(islice(ways, _MOST_AFFIXES + 1))
        case Choice(options):
            return [text for option in options for text in _spellings(option)][: _MOST_AFFIXES + 1]
        case SlotRef():
            return []


def _opening(mark: str) -> str:
    return {")": "(", "]": "[", "}": "{"}.get(mark, mark)
