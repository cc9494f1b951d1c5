"""The skills room's side of a contained skill: stands in for its process, calls it, hears it.

To the fence a `Contained` looks like any skill. What the process sends is checked here, piece by piece: it may be
anything.
"""

from __future__ import annotations

import asyncio
import builtins
import contextlib
import itertools
import re
import socket
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from assistant.clock import SystemClock
from assistant.config.allowed import Reach
from assistant.errors import SkillError
from assistant.grammar.sentences import SkillSentences
from assistant.skills.api import Context, Handler, Reply, Request, Skill
from assistant.skills.doorway import Doorway
from assistant.skills.load import Code
from assistant.skills.manifest import Manifest
from assistant.skills.packets import LARGEST, Packet, decode, encode, pack_request, unpack_reply, zone_of
from assistant.skills.process import GuestProcess
from assistant.skills.store import Json
from assistant.skills.wishes import Wishes

PONG_SECONDS = 1.0
"""A skill whose loop gives no sign of life for so long is ended."""
MOST_PACKETS = 500
"""Packets in one second; a skill that sends more is ended."""
START_SECONDS = 20.0
ENDLESS = "Look for work without an end in what it does when it is imported or started"

_RAISED = re.compile(r"(\w{1,40}) at ([\w./-]{1,100})(:\d{1,6})?")
_OURS = ("StoreError", "DialogError", "NotAllowed", "Unreachable")
_NAMES = frozenset((*dir(builtins), *_OURS))


class Gone(Exception):
    """The skill's process has ended, or had to be."""


class Raised(Exception):
    """The skill raised something; `cause` says what and where, and holds nothing that was said."""

    def __init__(self, cause: str) -> None:
        super().__init__(cause)
        self.cause = cause


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """What a contained skill needs besides its context."""

    folder: Path
    manifest: Manifest
    sentences: SkillSentences
    doorway: Doorway
    reaches: tuple[Reach, ...]
    """The hosts that it may reach: it asked for them, and the household said yes."""
    boot: str


class Contained(Skill):
    """Stands in for a skill in a process of its own. All of it happens on the skill's worker loop."""

    def __init__(self, context: Context, cell: Cell) -> None:
        super().__init__(context)
        self._cell = cell
        self._numbers = itertools.count(1)
        self._calls: dict[int, asyncio.Future[Json]] = {}
        self._ready: asyncio.Future[Packet] = asyncio.get_running_loop().create_future()
        self._has: frozenset[str] = frozenset()
        self._second = 0
        self._count = 0
        self._ended: SkillError | None = None
        self._socket, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._socket.setblocking(False)
        with theirs:
            try:
                self._process = GuestProcess(theirs.fileno(), cell.folder)
            except SkillError:
                self._socket.close()
                raise
        self._wishes = Wishes(
            context,
            entities=frozenset(cell.sentences.entities),
            doorway=cell.doorway,
            reaches=cell.reaches,
            due=self._due,
            send=self._say,
        )
        asyncio.get_running_loop().add_reader(self._socket, self._read)

    @property
    def pid(self) -> int:
        """Of its process."""
        return self._process.pid

    async def load(self) -> Code:
        """Have it loaded; its code stays over there. Raises SkillError with what is wrong with the skill."""
        context, cell = self.context, self._cell
        order: Packet = {
            "id": context.id,
            "folder": str(cell.folder),
            "language": context.language,
            "settings": dict(context.settings),
            "store": dict(context.store),
            "entities": list(cell.sentences.entities),
            "boot": cell.boot,
            "zone": zone_of(context.clock),
            "ticks": isinstance(context.clock, SystemClock),
            "network": bool(cell.reaches),
            "version": context.version,
        }
        try:
            self._send(order)
            async with asyncio.timeout(START_SECONDS):
                packet = await self._ready
        except asyncio.CancelledError:
            self.end()
            raise
        except TimeoutError as error:
            self.end()
            problem = f"it was not ready within {START_SECONDS:g} s"
            raise SkillError(problem, where=str(cell.folder), hint=ENDLESS) from error
        except Gone as error:
            unknown = SkillError("its process ended before it was ready", where=str(cell.folder))
            raise (self._ended or unknown) from error
        self._process.close()
        match packet:
            case {"ready": dict() as named, "has": list() as has, "questions": list() as asks, "risky": list() as acts}:
                self._has = frozenset(map(str, has))
                handlers = {str(intent): str(method) for intent, method in named.items()}
                return Code("", Contained, handlers, frozenset(map(str, asks)), frozenset(map(str, acts)))
            case {"failed": str() as problem, "where": str() as where, "hint": str() as hint}:
                self.end()
                raise SkillError(problem[:300], where=where[:300], hint=hint[:300])
        self.end()
        raise SkillError("its process said something unknown", where=str(cell.folder))

    def end(self) -> None:
        """Kill the process; what it was asked fails with Gone."""
        with contextlib.suppress(RuntimeError, ValueError):
            asyncio.get_running_loop().remove_reader(self._socket)
        self._socket.close()
        self._process.kill()
        waiting: list[asyncio.Future[Any]] = [*self._calls.values(), self._ready]
        for future in waiting:
            if not future.done():
                future.set_exception(Gone())
                future.exception()
        self._calls.clear()

    # What the fence calls

    def handler(self, method: str) -> Handler:
        """The handler of that name, over there."""

        async def handle(request: Request) -> Reply:
            return self._reply(await self._call("handle", name=method, request=pack_request(request)))

        return handle

    async def start(self) -> None:
        await self._call("start")

    async def stop(self) -> None:
        with contextlib.suppress(Gone):
            await self._call("stop")

    async def hush(self) -> bool:
        return "hush" in self._has and await self._call("hush") is True

    async def duck(self, quiet: bool) -> None:
        if "duck" in self._has:
            await self._call("duck", quiet=quiet)

    async def clock_corrected(self) -> None:
        await self._call("clock_corrected")

    async def answer(self, request: Request) -> Reply:
        return self._reply(await self._call("handler", number=0, request=pack_request(request)))

    async def answers(self) -> bool:
        """Whether its loop still turns. If not, the process is ended."""
        try:
            async with asyncio.timeout(PONG_SECONDS):
                await self._call("ping")
        except (TimeoutError, Gone):
            self.end()
            return False
        return True

    # Out

    async def _call(self, method: str, **more: Json) -> Json:
        """Raises Gone, or Raised."""
        number = next(self._numbers)
        future: asyncio.Future[Json] = asyncio.get_running_loop().create_future()
        self._calls[number] = future
        try:
            self._send({"call": number, "method": method, **more})
            return await future
        except asyncio.CancelledError:
            with contextlib.suppress(Gone):
                self._send({"cancel": number})
            raise
        finally:
            self._calls.pop(number, None)

    def _send(self, packet: Packet, descriptor: int | None = None) -> None:
        clock = self.context.clock
        data = encode({**packet, "wall": clock.now().timestamp(), "steady": clock.monotonic()})
        try:
            if descriptor is None:
                self._socket.send(data)
            else:
                socket.send_fds(self._socket, [data], [descriptor])
        except OSError as error:  # it has ended, or does not read what it is sent
            self._lost()
            raise Gone from error

    def _reply(self, packed: Json) -> Reply:
        def handler(number: int) -> Handler:
            async def handle(request: Request) -> Reply:
                return self._reply(await self._call("handler", number=number, request=pack_request(request)))

            return handle

        return unpack_reply(packed, handler)

    # In

    def _read(self) -> None:
        try:
            data = self._socket.recv(LARGEST + 1)
            packet = decode(data) if data else None
        except BlockingIOError:
            return
        except (OSError, ValueError):
            packet = None
        if packet is None or self._too_many():
            self._lost()
            return
        match packet:
            case {"ready": _} | {"failed": _} if not self._ready.done():
                self._ready.set_result(packet)
            case {"done": int() as number, "result": result} if number in self._calls:
                self._settle(number, result)
            case {"raised": int() as number, "what": str() as what} if number in self._calls:
                self._settle(number, Raised(self._cause(what)))
            case _:
                self._wishes.hear(packet)

    def _lost(self) -> None:
        if not self._ready.done():
            self._ended = self._process.why()
        self.end()

    def _settle(self, number: int, result: Json | Raised) -> None:
        future = self._calls[number]
        if future.done():
            return
        if isinstance(result, Raised):
            future.set_exception(result)
        else:
            future.set_result(result)

    def _too_many(self) -> bool:
        second = int(self.context.clock.monotonic())
        self._count = self._count + 1 if second == self._second else 1
        self._second = second
        return self._count > MOST_PACKETS

    def _cause(self, what: str) -> str:
        """What may be told of an exception. A name that is not known could be words that somebody said."""
        found = _RAISED.fullmatch(what)
        if found and found[1] in _NAMES and ".." not in found[2] and (self._cell.folder / found[2]).is_file():
            return what
        return "Exception"

    async def _due(self, name: str) -> None:
        await self._call("due", name=name)

    def _say(self, packet: Packet, descriptor: int | None) -> None:
        with contextlib.suppress(Gone):
            self._send(packet, descriptor)
