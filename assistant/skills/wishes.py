"""What a contained skill wishes of the assistant. It may be anything, so each wish is checked, piece by piece.

Told is what needs no answer (an alert, a schedule); asked is what does (its store, the other skills, a connection).
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Awaitable, Callable
from dataclasses import asdict
from datetime import datetime
from functools import partial

from assistant.config.allowed import Reach
from assistant.skills.api import Context
from assistant.skills.doorway import Doorway
from assistant.skills.network import NotAllowed, Unreachable
from assistant.skills.packets import Packet
from assistant.skills.schedule import Deadline
from assistant.skills.store import Json, StoreError


class Wishes:
    """Serves one skill. `due` is called with the name of what it scheduled, `send` with an answer and a descriptor."""

    def __init__(
        self,
        context: Context,
        *,
        entities: frozenset[str],
        doorway: Doorway,
        reaches: tuple[Reach, ...],
        due: Callable[[str], Awaitable[None]],
        send: Callable[[Packet, int | None], None],
    ) -> None:
        self._context = context
        self._entities = entities
        self._doorway = doorway
        self._reaches = reaches
        self._due = due
        self._send = send
        self._tasks: set[asyncio.Task[None]] = set()

    def hear(self, packet: Packet) -> None:
        """One packet of the skill's. What is no wish is passed over."""
        match packet:
            case {"tell": str() as what, "args": list() as args}:
                self._told(what, args)
            case {"ask": int() as number, "what": str() as what, "args": list() as args}:
                task = asyncio.get_running_loop().create_task(self._answer(number, what, args))
                self._tasks.add(task)
                task.add_done_callback(self._tasks.discard)

    def _told(self, what: str, args: list[Json]) -> None:
        context = self._context
        match what, args:
            case "alert", [str() as text, bool() as ring]:
                context.alert(text, ring)
            case "set_volume", [int() | float() as level]:
                context.set_volume(min(1.0, max(0.0, float(level))))
            case "fill", [str() as entity, list() as entries] if entity in self._entities:
                context.fill(entity, [each for each in entries if isinstance(each, str)])
            case "schedule.at", [list() | str() as due, str() as name]:
                with contextlib.suppress(ValueError):
                    when = datetime.fromisoformat(due) if isinstance(due, str) else Deadline.unpack(due)
                    context.schedule.at(when, name, partial(self._due, name))
            case "schedule.cancel", [str() as name]:
                context.schedule.cancel(name)

    async def _answer(self, number: int, what: str, args: list[Json]) -> None:
        value: Json = None
        error: Json = None
        connected: socket.socket | None = None
        context = self._context
        try:
            match what, args:
                case "store.set", [str() as key, entry]:
                    context.store[key] = entry
                case "store.delete", [str() as key]:
                    context.store.pop(key, None)
                case "skills", []:
                    value = [{**asdict(each), "examples": list(each.examples)} for each in context.skills()]
                case "volume", []:
                    value = context.volume()
                case "connect", [str() as host, int() as port]:
                    connected = await self._connect(Reach(host, port))
        except StoreError as problem:
            error = {"kind": "store", "problem": problem.problem, "hint": problem.hint}
        except NotAllowed as problem:
            error = {"kind": "not-allowed", "problem": problem.problem, "hint": problem.hint}
        except Unreachable as problem:
            error = {"kind": "unreachable", "problem": problem.problem, "hint": problem.hint}
        self._send({"answer": number, "value": value, "error": error}, connected.fileno() if connected else None)
        if connected is not None:
            connected.close()

    async def _connect(self, reach: Reach) -> socket.socket:
        if reach not in self._reaches:
            hint = f"Allow it with: assistant skills allow {self._context.id}"
            raise NotAllowed(f"{reach} is not allowed", hint=hint)
        return await self._doorway.open(self._context.id, reach)
