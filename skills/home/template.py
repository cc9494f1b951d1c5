"""A reader of the templates by which devices tell their values: `{{ value_json.temperature | float * 1.8 + 32 }}`.

Only what discovery messages use of Jinja's expressions is known: `value`, `value_json` and what is inside, numbers and
texts, arithmetic, comparisons, `x if y else z`, some filters, and `{% if %}`. Nothing is called, imported or repeated,
and what is not known gives no value. Source: https://jinja.palletsprojects.com/en/stable/templates/
"""

from __future__ import annotations

import json
import operator
import re
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any

LONGEST = 1000
"""Characters of a template, and of a text that comes of it."""
_DEEPEST = 24
_PIECE = re.compile(r"\{\{-?(?P<say>.*?)-?\}\}|\{%-?\s*(?P<do>\w+)(?P<rest>.*?)-?%\}", re.DOTALL)
_TOKEN = re.compile(
    r"\s*(?:(?P<number>\d+(?:\.\d+)?)|'(?P<one>[^']*)'|\"(?P<two>[^\"]*)\"|(?P<name>[A-Za-z_]\w*)"
    r"|(?P<mark>==|!=|<=|>=|//|[-+*/%~|().,<>\[\]]))"
)
_BINARY: Sequence[Mapping[str, Callable[[Any, Any], Any]]] = (
    {
        "==": operator.eq, "!=": operator.ne, "<=": operator.le, ">=": operator.ge, "<": operator.lt, ">": operator.gt,
        "in": lambda one, two: one in two,
    },
    {"~": lambda one, two: f"{one}{two}"},
    {"+": operator.add, "-": operator.sub},
    {"*": operator.mul, "/": operator.truediv, "//": operator.floordiv, "%": operator.mod},
)  # fmt: skip
"""From those that bind least."""
_WORDS: Mapping[str, Any] = {"true": True, "false": False, "none": None, "True": True, "False": False, "None": None}


class Unknown(ValueError):
    """This template, or this payload for it, cannot be read."""


def render(template: str, payload: str) -> str:
    """What a template makes of a payload; empty when it cannot be read, or when what it asks for is not there."""
    try:
        found = "".join(_pieces(template[:LONGEST], payload))
    except (ValueError, TypeError, ArithmeticError, LookupError, RecursionError):
        return ""
    return found.strip()[:LONGEST]


def _pieces(template: str, payload: str) -> list[str]:
    said: list[str] = []
    at = 0
    branch: list[tuple[bool, bool]] = []  # for each open `if`: is it said here, was it said before
    for piece in _PIECE.finditer(template):
        _say(said, template[at : piece.start()], branch)
        at = piece.end()
        match piece["do"]:
            case None:
                if all(here for here, _ in branch):
                    said.append(_text(_value(piece["say"], payload)))
            case "if":
                true = all(here for here, _ in branch) and bool(_value(piece["rest"], payload))
                branch.append((true, true))
            case "elif" | "else":
                _, before = branch.pop()
                true = not before and (piece["do"] == "else" or bool(_value(piece["rest"], payload)))
                branch.append((true, before or true))
            case "endif":
                branch.pop()
            case _:
                raise Unknown(piece["do"])
    _say(said, template[at:], branch)
    return said


def _say(said: list[str], text: str, branch: Sequence[tuple[bool, bool]]) -> None:
    if all(here for here, _ in branch):
        said.append(text)


def _text(value: Any) -> str:
    if value is None or isinstance(value, (dict, list)):
        raise Unknown("no value")
    return str(value)


def _value(expression: str, payload: str) -> Any:
    return _Reader(_tokens(expression), payload).read()


@lru_cache(200)
def _tokens(expression: str) -> tuple[tuple[str, str], ...]:
    found: list[tuple[str, str]] = []
    expression = expression.rstrip()
    at = 0
    while at < len(expression):
        token = _TOKEN.match(expression, at)
        if token is None:
            raise Unknown(expression)
        kind = str(token.lastgroup)
        found.append(("text" if kind in ("one", "two") else kind, token[kind]))
        at = token.end()
    return tuple(found)


class _Reader:
    """Reads and reckons at once, from left to right."""

    def __init__(self, tokens: Sequence[tuple[str, str]], payload: str) -> None:
        self._tokens = tokens
        self._payload = payload
        self._at = 0
        self._depth = 0

    def read(self) -> Any:
        value = self._choice()
        if self._at < len(self._tokens):
            raise Unknown("more than one expression")
        return value

    def _next(self, *marks: str) -> str:
        """Take one of these marks or words, if it comes next."""
        if self._at < len(self._tokens):
            kind, said = self._tokens[self._at]
            if said in marks and kind in ("mark", "name"):
                self._at += 1
                return said
        return ""

    def _must(self, mark: str) -> None:
        if not self._next(mark):
            raise Unknown(f"{mark} is missing")

    def _choice(self) -> Any:
        self._depth += 1
        if self._depth > _DEEPEST:
            raise Unknown("too deep")
        value = self._or()
        if self._next("if"):
            true = self._or()
            other = self._choice() if self._next("else") else ""
            value = value if true else other
        self._depth -= 1
        return value

    def _or(self) -> Any:
        value = self._and()
        while self._next("or"):
            other = self._and()
            value = value or other
        return value

    def _and(self) -> Any:
        value = self._not()
        while self._next("and"):
            other = self._not()
            value = value and other
        return value

    def _not(self) -> Any:
        return not self._not() if self._next("not") else self._binary(0)

    def _binary(self, level: int) -> Any:
        if level == len(_BINARY):
            return self._unary()
        value = self._binary(level + 1)
        while mark := self._next(*_BINARY[level]):
            other = self._binary(level + 1)
            if mark in "*+" and (isinstance(value, (str, list)) or isinstance(other, (str, list))):
                raise Unknown("no number")  # "x" * 1000000 would be a long text
            value = _BINARY[level][mark](value, other)
        return value

    def _unary(self) -> Any:
        if self._next("-"):
            return -self._unary()
        value = self._primary()
        while mark := self._next(".", "[", "|"):
            if mark == ".":
                value = _inside(value, self._name())
            elif mark == "[":
                value = _inside(value, self._choice())
                self._must("]")
            else:
                name = self._name()
                value = _FILTERS[name](value, *self._arguments())
        return value

    def _primary(self) -> Any:
        if self._next("("):
            value = self._choice()
            self._must(")")
            return value
        if self._at == len(self._tokens):
            raise Unknown("an expression that ends too soon")
        kind, said = self._tokens[self._at]
        self._at += 1
        if kind == "number":
            return float(said) if "." in said else int(said)
        if kind == "text":
            return said
        if said == "value":
            return self._payload
        if said == "value_json":
            return json.loads(self._payload)
        return _WORDS[said]

    def _name(self) -> str:
        kind, said = self._tokens[self._at]
        self._at += 1
        if kind not in ("name", "number"):
            raise Unknown(said)
        return said

    def _arguments(self) -> list[Any]:
        found: list[Any] = []
        if self._next("("):
            while not self._next(")"):
                found.append(self._choice())
                self._next(",")
        return found


def _inside(value: Any, key: Any) -> Any:
    """What is not there is none, for `default` to take its place."""
    if isinstance(value, dict):
        return value.get(key)
    if isinstance(value, (list, str)):
        number = int(key)
        return value[number] if -len(value) <= number < len(value) else None
    return None


def _float(value: Any, *other: Any) -> Any:
    try:
        return float(value)
    except (TypeError, ValueError):
        if other:
            return other[0]
        raise


def _int(value: Any, *other: Any) -> Any:
    return int(found) if isinstance(found := _float(value, *other), float) else found


def _round(value: Any, digits: int = 0, *_: Any) -> Any:
    found = round(float(value), digits)
    return found if digits else int(found) if found == int(found) else found


_FILTERS: Mapping[str, Callable[..., Any]] = {
    "float": _float,
    "int": _int,
    "round": _round,
    "abs": lambda value: abs(float(value)),
    "multiply": lambda value, by: float(value) * by,
    "add": lambda value, more: float(value) + more,
    "default": lambda value, other="", *_: other if value is None else value,
    "string": str,
    "lower": lambda value: str(value).lower(),
    "upper": lambda value: str(value).upper(),
    "title": lambda value: str(value).title(),
    "trim": lambda value: str(value).strip(),
    "replace": lambda value, old, new: str(value)[:LONGEST].replace(old, new)[:LONGEST],
    "is_defined": lambda value: value,
    "from_json": lambda value: json.loads(value),
    "bool": lambda value, *_: str(value).lower() in ("true", "1", "on", "yes"),
}
