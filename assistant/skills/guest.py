"""`python -m assistant.skills.guest FD`: one skill in a process of its own, shut in before its first line runs.

What the skill may need of the disk is read beforehand: its code, sentences and replies, the modules it imports and, if
it was allowed a host, the certificates. Then the cell is shut, the skill is loaded, and all that it can reach is the
socket to the skills room.
"""

from __future__ import annotations

import asyncio
import importlib
import os
import select
import socket
import sys
import threading
from collections.abc import Callable
from pathlib import Path

from assistant.errors import AssistantError, SkillError
from assistant.forget import forget
from assistant.grammar.folder import read_sentences
from assistant.memory import overwrite_thread_cache, use_one_heap
from assistant.skills import cell
from assistant.skills.api import Context, Handler, Request, Skill
from assistant.skills.dialogs import Dialogs
from assistant.skills.guest_context import ToldClock, make_context
from assistant.skills.imports import imported
from assistant.skills.load import Code, load_code, place, read_code
from assistant.skills.manifest import read_manifest
from assistant.skills.network import make_tls
from assistant.skills.packets import LARGEST, Packet, decode, encode, pack_reply, unpack_request, zone_from
from assistant.skills.store import Json
from assistant.skills.worker import settled

_READY_MADE = (
    "_strptime", "asyncio", "concurrent.futures.thread", "datetime", "decimal", "encodings.ascii", "encodings.latin_1",
    "json", "math", "random", "re", "zoneinfo",
)  # fmt: skip
"""What others import later, when it is too late."""
_KNOWN = ("builtins", "assistant.skills.store", "assistant.skills.dialogs", "assistant.skills.network")
_FOR_NETWORK = ("email.parser", "encodings.idna", "http.client", "ssl", "urllib.parse")

MOST_KEPT, KEEP_SECONDS = 32, 150.0
"""What a skill wants to be called later: answers to questions, and what takes something back within two minutes."""
FORGET_SECONDS = 1.0
"""After the last call what it had freed is overwritten: words that were said lie there."""


class Link:
    """The socket to the skills room. A thread reads it; any thread may write or ask."""

    def __init__(self, connected: socket.socket, heard: Callable[[Packet], None]) -> None:
        self._socket = connected
        self._heard = heard
        self._lock = threading.Lock()
        self._asked = 0
        self._answers: dict[int, tuple[threading.Event, list[tuple[Packet, int | None]]]] = {}

    def send(self, packet: Packet) -> None:
        data = encode(packet)
        with self._lock:
            self._socket.sendall(data)

    def ask(self, what: str, *args: Json) -> tuple[Packet, int | None]:
        """The answer, and the file descriptor that came with it. Blocks, as a call would."""
        done, found = threading.Event(), list[tuple[Packet, int | None]]()
        with self._lock:
            self._asked += 1
            number = self._asked
            self._answers[number] = (done, found)
        self.send({"ask": number, "what": what, "args": list(args)})
        done.wait()
        return found[0]

    def read_for_ever(self) -> None:
        """Runs in a thread of its own, which keeps nothing of what came. When the skills room is gone, so is this
        process."""
        waiting = select.poll()
        waiting.register(self._socket, select.POLLIN)
        while True:
            if not waiting.poll(FORGET_SECONDS * 1000):
                overwrite_thread_cache()
                waiting.poll()
            self._read()

    def _read(self) -> None:
        data, descriptors, _, _ = socket.recv_fds(self._socket, LARGEST, 1)
        if not data:
            os._exit(0)
        packet = decode(data)
        number = packet.get("answer")
        if isinstance(number, int) and number in self._answers:
            done, found = self._answers.pop(number)
            found.append((packet, descriptors[0] if descriptors else None))
            done.set()
        else:
            self._heard(packet)


class Guest:
    """The skill and its event loop."""

    def __init__(self, connected: socket.socket, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._link = Link(connected, self._heard)
        self._handlers: dict[int, Handler] = {}
        self._kept = 0
        self._tasks: dict[int, asyncio.Task[None]] = {}
        self._skill: Skill | None = None
        self._forgetting: asyncio.TimerHandle | None = None
        self._folder = Path()
        self._unimported: dict[str, str] = {}

    def run(self, order: Packet) -> None:
        """Everything, until the skills room closes the socket. `order` says which skill."""
        self._folder = Path(str(order["folder"]))
        try:
            load = self._prepare(order)
            cell.shut()
            threading.Thread(target=self._link.read_for_ever, daemon=True).start()
            code, context = load()
            self._context = context
            self._skill = code.cls(context)
            handlers: Json = dict(code.handlers)
            overridden: Json = [name for name in ("hush", "duck") if getattr(code.cls, name) != getattr(Skill, name)]
            questions: Json = [*sorted(code.questions)]
            risky: Json = [*sorted(code.risky)]
            self._link.send({"ready": handlers, "has": overridden, "questions": questions, "risky": risky})
        except AssistantError as error:
            problem = self._unimported.get(getattr(error.__cause__, "name", ""), error.problem)
            self._link.send({"failed": problem, "where": error.where, "hint": error.hint})
        except Exception as error:  # noqa: BLE001 - foreign code may raise anything while it is loaded
            self._link.send({"failed": _name(error), "where": place(error, self._folder), "hint": "Fix the skill"})
        self._loop.run_forever()

    def _prepare(self, order: Packet) -> Callable[[], tuple[Code, Context]]:
        """Read all that will be needed; what loads the skill then. Raises SkillError."""
        folder, language = self._folder, str(order["language"])
        manifest = read_manifest(folder)
        sentences = read_sentences(manifest.id, folder, language)
        dialogs = Dialogs(folder, language)
        dialogs.read_tables()
        sources = read_code(folder)
        networked = bool(order["network"])
        for module in (*_READY_MADE, *(_FOR_NETWORK if manifest.permissions else ()), *imported(sources.values())):
            try:
                importlib.import_module(module)
            except Exception as error:  # noqa: BLE001 - of others; told if the skill needs it, since then it looks absent
                self._unimported[module] = f"{type(error).__name__}: {error}, when {module} was imported"
        secure = None
        if networked:
            secure = make_tls()
        self._clock = ToldClock(zone_from(order["zone"]), ticks=order["ticks"] is True)
        self._clock.tell(order)
        context = make_context(order, dialogs, self._clock, self._link, secure)
        return lambda: (load_code(manifest, folder, sentences, sources), context)

    def _heard(self, packet: Packet) -> None:
        """In the reading thread."""
        self._loop.call_soon_threadsafe(self._take, packet)

    def _take(self, packet: Packet) -> None:
        self._clock.tell(packet)
        match packet:
            case {"call": int() as number}:
                self._tasks[number] = self._loop.create_task(self._call(number, packet))
            case {"cancel": int() as number} if number in self._tasks:
                self._tasks[number].cancel()

    async def _call(self, number: int, packet: Packet) -> None:
        try:
            result = await self._work(packet)
            self._link.send({"done": number, "result": result})
        except asyncio.CancelledError:
            self._link.send({"raised": number, "what": "cancelled"})
        except BaseException as error:  # noqa: BLE001 - foreign code may raise anything
            self._link.send({"raised": number, "what": f"{_name(error)} at {place(error, self._folder)}"})
        finally:
            self._tasks.pop(number, None)
            if self._forgetting is not None:
                self._forgetting.cancel()
            self._forgetting = self._loop.call_later(FORGET_SECONDS, forget)

    async def _work(self, packet: Packet) -> Json:
        skill = self._skill
        if skill is None:
            raise SkillError("the skill is not loaded")
        match packet:
            case {"method": "ping"}:
                return True
            case {"method": "handler", "number": int() as number, "request": request}:
                handler = self._handlers.pop(number, skill.answer)
                return await self._reply(handler, unpack_request(request, self._clock.now()))
            case {"method": "handle", "name": str() as name, "request": request}:
                return await self._reply(getattr(skill, name), unpack_request(request, self._clock.now()))
            case {"method": "due", "name": str() as name}:
                await self._context.schedule.due(name)  # type: ignore[attr-defined]
                return True
            case {"method": "hush" | "start" | "stop" | "clock_corrected" as method}:
                return bool(await settled(getattr(skill, method)()))
            case {"method": "duck", "quiet": bool() as quiet}:
                await settled(skill.duck(quiet))
                return True
        raise SkillError("an unknown call")

    async def _reply(self, handler: Handler, request: Request) -> Json:
        result = await settled(handler(request))
        if result is None:
            return {"text": ""}
        if isinstance(result, str):
            return {"text": result}
        return pack_reply(result, self._keep)

    def _keep(self, handler: Handler) -> int:
        """What the skill wants to be called later. Of many the last count, and none for long: they may hold words."""
        self._kept += 1
        self._handlers[self._kept] = handler
        self._loop.call_later(KEEP_SECONDS, self._handlers.pop, self._kept, None)
        while len(self._handlers) > MOST_KEPT:
            del self._handlers[min(self._handlers)]
        return self._kept


def _name(error: BaseException) -> str:
    """The name that is reported. One of the skill's own making could hold what somebody said."""
    known = (error_class for error_class in type(error).__mro__ if error_class.__module__ in _KNOWN)
    return next(known).__name__


def main() -> None:
    """The socket is the file descriptor that the one argument names; its first packet is the order."""
    use_one_heap()
    cell.limit()
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    loop.set_exception_handler(lambda loop, context: None)
    connected = socket.socket(fileno=int(sys.argv[1]))
    order = decode(connected.recv(LARGEST))
    # The host reads what failed until here. What follows could hold words: it goes where stdout does, to nowhere.
    os.dup2(sys.stdout.fileno(), sys.stderr.fileno())
    Guest(connected, loop).run(order)


if __name__ == "__main__":
    main()
