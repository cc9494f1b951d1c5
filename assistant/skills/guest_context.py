"""What a contained skill is given in place of the real things: each asks the skills room through the link."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime, tzinfo
from typing import Any, Protocol

from assistant.skills.api import Context, SkillInfo
from assistant.skills.dialogs import Dialogs
from assistant.skills.network import NotAllowed, Tls, Unreachable
from assistant.skills.packets import Packet
from assistant.skills.schedule import Action, Deadline, Schedule
from assistant.skills.store import Json, Store, StoreError
from assistant.skills.worker import settled


class Asking(Protocol):
    """The link to the skills room."""

    def send(self, packet: Packet) -> None: ...

    def ask(self, what: str, *args: Json) -> tuple[Packet, int | None]: ...


class ToldClock:
    """The machine's clocks in the household's zone; for a test, whose clock stands still, what it last said."""

    def __init__(self, zone: tzinfo, *, ticks: bool) -> None:
        self._zone = zone
        self._ticks = ticks
        self._wall = 0.0
        self._steady = 0.0

    def tell(self, packet: Packet) -> None:
        """Every packet to the skill has the time in it."""
        match packet:
            case {"wall": float() as wall, "steady": float() as steady}:
                self._wall, self._steady = wall, steady

    def now(self) -> datetime:
        return datetime.fromtimestamp(time.time() if self._ticks else self._wall, self._zone)

    def monotonic(self) -> float:
        return time.monotonic() if self._ticks else self._steady


class GuestStore(Store):
    """The store as it was at the start; the skills room writes what is assigned, to the disk, before that returns."""

    def __init__(self, entries: Mapping[str, Json], link: Asking) -> None:
        self._entries = dict(entries)
        self._link = link

    def __getitem__(self, key: str) -> Json:
        return _copied(self._entries[key])

    def __setitem__(self, key: str, value: Json) -> None:
        """Raises StoreError."""
        try:
            answer, _ = self._link.ask("store.set", key, value)
        except (TypeError, ValueError) as error:
            raise StoreError("this value cannot be stored", hint="Store numbers, texts, lists and dicts") from error
        _check(answer)
        self._entries[key] = _copied(value)

    def __delitem__(self, key: str) -> None:
        if key not in self._entries:
            raise KeyError(key)
        _check(self._link.ask("store.delete", key)[0])
        del self._entries[key]

    def __iter__(self) -> Iterator[str]:
        return iter(tuple(self._entries))

    def __len__(self) -> int:
        return len(self._entries)

    def __repr__(self) -> str:
        return "<store>"


class GuestSchedule(Schedule):
    """The skills room watches the time; what is to be done stays here, under its name."""

    def __init__(self, clock: ToldClock, link: Asking, boot: str) -> None:
        super().__init__(clock, _never, _never, boot)
        self._link = link
        self._waiting: dict[str, tuple[Deadline | datetime, Action]] = {}

    def at(self, due: Deadline | datetime, name: str, action: Action) -> None:
        if isinstance(due, datetime) and due.tzinfo is None:
            raise ValueError("a datetime needs a time zone")
        packed: Json = due.pack() if isinstance(due, Deadline) else due.isoformat()
        self._waiting[name] = (due, action)
        self._link.send({"tell": "schedule.at", "args": [packed, name]})

    def cancel(self, name: str) -> bool:
        if self._waiting.pop(name, None) is None:
            return False
        self._link.send({"tell": "schedule.cancel", "args": [name]})
        return True

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(sorted(self._waiting, key=lambda name: self._seconds(self._waiting[name][0])))

    def next(self) -> float | None:
        return max(0.0, self._seconds(self._waiting[self.names[0]][0])) if self._waiting else None

    async def due(self, name: str) -> None:
        """Do it now."""
        if (entry := self._waiting.pop(name, None)) is not None:
            await settled(entry[1]())


def make_context(order: Packet, dialogs: Dialogs, clock: ToldClock, link: Asking, tls: Tls | None) -> Context:
    """All that the skill is given."""
    known: Any = order

    def tell(what: str) -> Callable[..., None]:
        return lambda *args: link.send({"tell": what, "args": list(args)})

    def skills() -> tuple[SkillInfo, ...]:
        rows: Any = link.ask("skills")[0].get("value") or []
        return tuple(SkillInfo(**{**row, "examples": tuple(row["examples"])}) for row in rows)

    def volume() -> float | None:
        level = link.ask("volume")[0].get("value")
        return level if isinstance(level, float) else None

    def fill(entity: str, entries: Iterable[str]) -> None:
        if entity not in known["entities"]:
            raise KeyError(f"there is no {entity}.entity")
        link.send({"tell": "fill", "args": [entity, list(entries)]})

    async def connect(host: str, port: int) -> socket.socket:
        import asyncio

        answer, descriptor = await asyncio.to_thread(link.ask, "connect", host, port)
        _check(answer)
        if descriptor is None:
            raise Unreachable(f"{host} cannot be reached")
        return socket.socket(socket.AF_UNIX, socket.SOCK_STREAM, 0, descriptor)

    return Context(
        id=known["id"],
        language=known["language"],
        clock=clock,
        store=GuestStore(known["store"], link),
        schedule=GuestSchedule(clock, link, known["boot"]),
        settings=known["settings"],
        dialogs=dialogs,
        alert=tell("alert"),
        skills=skills,
        volume=volume,
        set_volume=tell("set_volume"),
        fill=fill,
        connect=connect,
        tls=tls,
        version=known["version"],
    )


async def _never(*_: object) -> None:
    """The skills room does it."""


def _check(answer: Packet) -> None:
    """Raise what the skills room refused with."""
    kinds = {"store": StoreError, "not-allowed": NotAllowed, "unreachable": Unreachable}
    match answer.get("error"):
        case {"kind": str() as kind, "problem": str() as problem, "hint": str() as hint} if kind in kinds:
            raise kinds[kind](problem, hint=hint)


def _copied(value: Json) -> Json:
    if isinstance(value, list):
        return [_copied(each) for each in value]
    if isinstance(value, dict):
        return {key: _copied(each) for key, each in value.items()}
    return value
