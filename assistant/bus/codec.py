"""Messages as JSON, derived from their types: no message writes its own encoder.

Decoding is strict. A frame with an unknown topic, a missing or extra field, or a wrong type is refused with
the path of the offending field, and never with the value itself, which may be something a person said.
"""

from __future__ import annotations

import dataclasses
import json
import math
import types
import typing
from collections.abc import Callable
from contextlib import suppress
from functools import cache
from typing import Any, Literal, Union, cast

from assistant.errors import CodecError
from assistant.messages import CATALOG, Message, Spoken

Check = Callable[[Any, str], Any]
"""Turns a JSON value into a field's value; raises CodecError naming the path."""


def encode(message: Message) -> dict[str, Any]:
    """`{"topic": …, "body": {…}}`. Raises CodecError for nan and infinity, which JSON cannot carry."""
    return {"topic": message.topic, "body": _plain(message, message.topic)}


def decode(data: Any) -> Message:
    """The message in `{"topic": …, "body": {…}}`. Raises CodecError."""
    if not isinstance(data, dict) or not isinstance(data.get("topic"), str):
        raise CodecError("a message needs a topic")
    kind = CATALOG.get(data["topic"])
    if kind is None:
        raise CodecError("no such topic in the catalogue", where=data["topic"][:60])
    message: Message = _record(cast(Any, kind))(data.get("body"), data["topic"])
    return message


def dumps(data: dict[str, Any]) -> str:
    """Compact JSON text."""
    return json.dumps(data, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def loads(text: str | bytes) -> dict[str, Any]:
    """A JSON object. Raises CodecError."""
    try:
        data = json.loads(text, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise CodecError("not JSON") from error
    if not isinstance(data, dict):
        raise CodecError("not a JSON object")
    return data


def _refuse_constant(name: str) -> None:
    raise ValueError(name)


def _plain(value: Any, path: str) -> Any:
    """JSON-ready form of a message's field."""
    if isinstance(value, Spoken):
        return value.text
    if isinstance(value, float) and not math.isfinite(value):
        raise CodecError("not a finite number", where=path)
    if isinstance(value, tuple):
        return [_plain(item, path) for item in value]
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {
            field.name: _plain(getattr(value, field.name), f"{path}.{field.name}")
            for field in dataclasses.fields(value)
        }
    return value


@cache
def _record(kind: type[Any]) -> Check:
    """The decoder of a dataclass."""
    hints = typing.get_type_hints(kind)
    fields = {field.name: _check(hints[field.name]) for field in dataclasses.fields(kind)}
    needed = {
        field.name
        for field in dataclasses.fields(kind)
        if field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING
    }

    def check(value: Any, path: str) -> Any:
        if not isinstance(value, dict):
            raise CodecError("not an object", where=path)
        if extra := value.keys() - fields.keys():
            raise CodecError("no such field", where=f"{path}.{str(min(extra))[:40]}")
        if missing := needed - value.keys():
            raise CodecError("field is missing", where=f"{path}.{min(missing)}")
        return kind(**{name: fields[name](item, f"{path}.{name}") for name, item in value.items()})

    return check


def _check(hint: Any) -> Check:
    """The decoder for one type."""
    origin = typing.get_origin(hint)
    if hint is Spoken:
        return lambda value, path: Spoken(_typed(value, str, path))
    if hint is float:
        return _number
    if hint in (str, int, bool):
        return lambda value, path: _typed(value, hint, path)
    if hint is type(None):
        return lambda value, path: _typed(value, type(None), path)
    if origin is Literal:
        return _one_of(typing.get_args(hint))
    if origin in (Union, types.UnionType):
        return _any_of([_check(part) for part in typing.get_args(hint)])
    if origin is tuple and typing.get_args(hint)[1:] == (Ellipsis,):
        return _many(_check(typing.get_args(hint)[0]))
    if dataclasses.is_dataclass(hint) and isinstance(hint, type):
        return _record(hint)
    raise TypeError(f"messages cannot hold {hint}")


def _typed(value: Any, kind: type[Any], path: str) -> Any:
    if type(value) is not kind:
        raise CodecError(f"not {'null' if kind is type(None) else kind.__name__}", where=path)
    if kind is str and any("\ud800" <= letter <= "\udfff" for letter in value):
        raise CodecError("not valid Unicode", where=path)
    return value


def _number(value: Any, path: str) -> float:
    if type(value) not in (int, float):
        raise CodecError("not a number", where=path)
    try:
        number = float(value)
    except OverflowError:
        number = math.inf
    if not math.isfinite(number):
        raise CodecError("not a finite number", where=path)
    return number


def _one_of(choices: tuple[Any, ...]) -> Check:
    def check(value: Any, path: str) -> Any:
        if value not in choices or type(value) is not type(choices[0]):
            raise CodecError(f"not one of {', '.join(map(str, choices))}", where=path)
        return value

    return check


def _any_of(parts: list[Check]) -> Check:
    def check(value: Any, path: str) -> Any:
        *others, last = parts
        for part in others:
            # A kept error would hold its frame, and that the message, until cycles are looked for.
            with suppress(CodecError):
                return part(value, path)
        return last(value, path)

    return check


def _many(part: Check) -> Check:
    def check(value: Any, path: str) -> Any:
        if not isinstance(value, list):
            raise CodecError("not a list", where=path)
        return tuple(part(item, f"{path}[{index}]") for index, item in enumerate(value))

    return check
