"""What travels between the skills room and a contained skill: JSON packets over a socket pair that keeps them apart.

To the skill: `{"call": n, "method": ..., ...}`; back `{"done": n, ...}` or `{"raised": n, ...}`. From the skill:
`{"ask": n, "what": ..., "args": [...]}`; back `{"answer": n, "value": ...}` or with `error`. A `tell` wants no answer.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import fields
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from typing import Any
from zoneinfo import ZoneInfo

from assistant.clock import Clock, machine_zone
from assistant.messages.base import Slot, Spoken
from assistant.skills.api import Handler, Reply, Request
from assistant.skills.store import Json

LARGEST = 128 * 1024
"""Bytes of a packet."""

MOST_WORDS, LONGEST_WORD = 50, 200
"""Of what a question expects, and of the words to choose from."""

Packet = Mapping[str, Json]


def encode(packet: Packet) -> bytes:
    """Raises ValueError for what is too large or no JSON."""
    data = json.dumps(packet, allow_nan=False).encode()
    if len(data) > LARGEST:
        raise ValueError("too large for a packet")
    return data


def decode(data: bytes) -> dict[str, Json]:
    """Raises ValueError for anything that is no packet."""
    try:
        found = json.loads(data)
    except RecursionError as error:
        raise ValueError("no packet") from error
    if not isinstance(found, dict) or len(data) > LARGEST:
        raise ValueError("no packet")
    return found


def zone_of(clock: Clock) -> str | float:
    """The household's zone: its name ("localtime": the machine's own), else its offset in seconds."""
    now = clock.now()
    key = getattr(now.tzinfo, "key", None)
    offset = now.utcoffset() or timedelta()
    return key if isinstance(key, str) else offset.total_seconds()


def zone_from(packed: Json) -> tzinfo:
    """The zone again. Raises ValueError, or OSError for a name that this machine does not know."""
    if packed == "localtime":
        return machine_zone() or UTC
    if isinstance(packed, str):
        return ZoneInfo(packed)
    if isinstance(packed, (int, float)):
        return timezone(timedelta(seconds=packed))
    raise ValueError("no zone")


def pack_request(request: Request) -> dict[str, Json]:
    """For the skill, which has its own clock."""
    plain = {name: value for name in _plain(Request) if isinstance(value := getattr(request, name), _JSON)}
    slots: list[Json] = [[one.name, one.spoken.text, one.kind, one.value] for one in request.slots.values()]
    return {**plain, "said": request.said.text, "slots": slots}


def unpack_request(packed: Json, now: datetime) -> Request:
    """In the skill's process. Raises ValueError, KeyError or TypeError for anything else."""
    if not isinstance(packed, dict):
        raise ValueError("no request")
    slots: Any = packed["slots"]
    plain: Any = {name: packed[name] for name in _plain(Request) if name in packed}
    found = {
        name: Slot(name=name, spoken=Spoken(spoken), kind=kind, value=value) for name, spoken, kind, value in slots
    }
    return Request(**plain, said=Spoken(str(packed["said"])), slots=found, now=now)


def pack_reply(reply: Reply, keep: Callable[[Handler], int]) -> dict[str, Json]:
    """A skill's reply. `keep` remembers what it wants to be called later, and gives it a number."""
    packed: dict[str, Json] = {}
    for name in _plain(Reply):
        value = getattr(reply, name)
        if callable(value):
            packed[name] = {"handler": keep(value)}
        elif isinstance(value, _JSON):
            packed[name] = value
        elif isinstance(value, (tuple, list)):
            packed[name] = [str(each) for each in value]
    return packed


def unpack_reply(packed: object, handler: Callable[[int], Handler]) -> Reply:
    """In the skills room. `handler` makes a number into what can be called. Raises ValueError for anything else."""
    if not isinstance(packed, dict) or not isinstance(packed.get("text"), str):
        raise ValueError("no reply")
    found: dict[str, Any] = {}
    for name in _plain(Reply):
        match packed.get(name):
            case {"handler": int() as number}:
                found[name] = handler(number)
            case bool() | str() as value:
                found[name] = value
            case list() as several if name in _SEVERAL and len(several) <= MOST_WORDS:
                found[name] = tuple(str(each)[:LONGEST_WORD] for each in several)
            case None:
                pass
            case _:
                raise ValueError("no reply")
    return Reply(**found)


def _plain(cls: type[Request] | type[Reply]) -> tuple[str, ...]:
    return tuple(each.name for each in fields(cls) if each.name not in ("said", "slots", "now"))


_SEVERAL = ("expects", "options")
_JSON = (str, bool, int, float)
