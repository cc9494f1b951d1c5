"""One skill behind its fence: a time-out and an answer for everything it may do wrong.

Everything a skill does, also what it scheduled, goes through `_guard`. A skill that raises has failed once. One that
takes too long is cancelled. One that holds its thread is given up on and started anew, a few times, then disabled.
"""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Callable, Coroutine, Iterable, Mapping
from typing import Any, TypeVar

from assistant import __version__
from assistant.errors import SkillError
from assistant.grammar.lists import clean
from assistant.grammar.sentences import SkillSentences
from assistant.skills.api import Context, Handler, Reply, Request, Setting, Skill
from assistant.skills.dialogs import DialogError, Dialogs
from assistant.skills.find import Found
from assistant.skills.host import ENDLESS, START_SECONDS, Contained, Gone, Raised
from assistant.skills.house import House
from assistant.skills.load import load_code, place
from assistant.skills.manifest import Manifest
from assistant.skills.permissions import is_contained
from assistant.skills.running import Failure, Running
from assistant.skills.schedule import Action, Schedule, boot_id
from assistant.skills.settings import read_settings
from assistant.skills.store import StoreError
from assistant.skills.worker import Blocked, TooSlow, Worker, settled

MAX_BLOCKED = 3
"""A skill that held its thread this often is disabled; each time costs a thread."""
HUSH_SECONDS = 1.0
ENDED = "its process ended"

T = TypeVar("T")


class FencedSkill:
    """A running skill. Its methods are called on the service's loop and never raise what the skill raised."""

    def __init__(self, found: Found, manifest: Manifest, sentences: SkillSentences, house: House) -> None:
        self.found = found
        self.manifest = manifest
        self.sentences = sentences
        self.disabled = ""
        self._house = house
        self._blocked = 0
        self._lock = asyncio.Lock()
        self._running: Running | None = None

    def soon(self, call: Callable[[], None]) -> None:
        """Call this in the skill's thread, if it has one. Not waited for."""
        if self._running is not None:
            self._running.worker.soon(call)

    async def start(self) -> None:
        """Load and start it. Raises SkillError with the reason; nothing of it is left then."""
        settings = read_settings(self.manifest.id, self.manifest.settings, self._house.settings)
        await self._begin(settings)

    async def stop(self) -> None:
        """Let it go."""
        running, self._running = self._running, None
        if running is not None:
            result = await self._guard(lambda: settled(running.skill.stop()), running)
            running.end(blocked=isinstance(result, Failure) and result.blocked)

    async def request(self, request: Request) -> Reply | Failure:
        """The reply to an intent."""
        running = await self._ready()
        if running is None:
            return Failure(self.disabled)
        method = running.code.handlers.get(request.intent)
        if method is None:
            return Failure(f"no handler for the intent '{request.intent}'")
        skill = running.skill
        handler = skill.handler(method) if isinstance(skill, Contained) else getattr(skill, method)
        return await self._call(handler, request, running)

    async def answer(self, request: Request, handler: Handler | None = None) -> Reply | Failure:
        """The reply to an answer, of the handler that the question named, else of `Skill.answer`."""
        running = await self._ready()
        if running is None:
            return Failure(self.disabled)
        return await self._call(handler or running.skill.answer, request, running)

    def is_question(self, intent: str) -> bool:
        """Whether the intent changes nothing."""
        return self._running is not None and intent in self._running.code.questions

    def is_risky(self, intent: str) -> bool:
        """Whether the intent is to be done only when there is no doubt."""
        return self._running is not None and intent in self._running.code.risky

    async def hush(self) -> bool:
        """Whether it was sounding."""
        running = self._running
        if running is None or type(running.skill).hush is Skill.hush:
            return False
        result = await self._guard(lambda: settled(running.skill.hush()), running, HUSH_SECONDS)
        return result is True

    @property
    def is_background(self) -> bool:
        """Whether it plays for long, softer while somebody speaks: music, not a bell."""
        return self._running is not None and type(self._running.skill).duck is not Skill.duck

    async def duck(self, quiet: bool) -> None:
        """Somebody speaks, or is spoken to; or that is over."""
        running = self._running
        if running is not None and type(running.skill).duck is not Skill.duck:
            await self._guard(lambda: settled(running.skill.duck(quiet)), running, HUSH_SECONDS)

    async def check_schedule(self) -> float | None:
        """Do what is due; seconds until the next. For tests, where time does not pass by itself."""
        running = self._running
        if running is None:
            return None
        await running.worker.run(running.context.schedule.check, None)
        return running.context.schedule.next()

    def next_due(self) -> float | None:
        """Seconds until the next thing it scheduled."""
        return self._running.context.schedule.next() if self._running else None

    async def _ready(self) -> Running | None:
        """The running instance; while a new one starts, that one."""
        async with self._lock:
            return self._running

    async def _call(self, handler: Handler, request: Request, running: Running) -> Reply | Failure:
        async def work() -> Reply:
            result = await settled(handler(request))
            if result is None:
                return Reply.silent()
            return Reply(result) if isinstance(result, str) else _checked(result)

        return await self._guard(work, running)

    async def _begin(self, settings: Mapping[str, Setting]) -> None:
        """A new thread with a new instance. Raises SkillError."""
        house, worker = self._house, Worker(self.manifest.id)
        loop = asyncio.get_running_loop()

        contained = is_contained(self.manifest, self.found.origin)
        patience = max(self._house.timeout, START_SECONDS) if contained else self._house.timeout

        async def begin() -> Running:
            if contained:
                skill = Contained(
                    self._context(settings, loop), house.cell(self.found, self.manifest, self.sentences, settings)
                )
                return Running(worker, await skill.load(), skill.context, skill)
            code = load_code(self.manifest, self.found.folder, self.sentences)
            try:
                context = self._context(settings, loop)
                return Running(worker, code, context, code.cls(context))
            except Exception:
                code.forget()
                raise

        try:
            running = self._running = await worker.run(begin, patience)
            try:
                await worker.run(lambda: settled(running.skill.start()), self._house.timeout)
            except BaseException:
                self._running = None
                running.end()
                raise
        except (TooSlow, Blocked) as error:
            worker.abandon()
            limit = f"it did not start within {self._house.timeout:g} s"
            raise SkillError(limit, where=str(self.found.folder), hint=ENDLESS) from error
        except SkillError:
            worker.close()
            raise
        except (Raised, Gone) as error:
            worker.close()
            cause = error.cause if isinstance(error, Raised) else ENDED
            raise SkillError(f"{cause}, at start", where=str(self.found.folder), hint="Fix the skill") from error
        except Exception as error:  # foreign code may raise anything; it becomes a reason
            worker.close()
            where = f"{self.found.folder}/{place(error, self.found.folder)}"
            raise SkillError(f"{type(error).__name__} at start", where=where, hint="Fix the skill") from error

    def _context(self, settings: Mapping[str, Setting], loop: asyncio.AbstractEventLoop) -> Context:
        house, identity = self._house, self.manifest.id

        async def guarded(action: Action) -> None:
            """Runs on the skill's loop, but the fence stands in the service's."""
            if (running := self._running) is not None and running.context is context:
                work = self._guard(lambda: settled(action()), running)
                await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(work, loop))

        async def corrected() -> None:
            if (running := self._running) is not None:
                await guarded(running.skill.clock_corrected)

        def alert(text: str, ring: bool) -> None:
            loop.call_soon_threadsafe(self._alert, context, text, ring)

        def set_volume(level: float) -> None:
            loop.call_soon_threadsafe(house.set_volume, level)

        def set_sensitivity(level: float) -> None:
            loop.call_soon_threadsafe(house.set_sensitivity, level)

        def fill(entity: str, entries: Iterable[str]) -> None:
            if entity not in self.sentences.entities:
                raise KeyError(f"there is no {entity}.entity")
            loop.call_soon_threadsafe(self._fill, context, entity, clean(entries))

        context = Context(
            id=identity,
            language=house.language,
            clock=house.clock,
            store=house.store(self.found, self.manifest),
            schedule=Schedule(house.clock, guarded, corrected, house.boot or boot_id() or uuid.uuid4().hex),
            settings=settings,
            dialogs=Dialogs(self.found.folder, house.language),
            alert=alert,
            skills=house.skills,
            volume=house.volume,
            set_volume=set_volume,
            sensitivity=house.sensitivity,
            set_sensitivity=set_sensitivity,
            fill=fill,
            version=__version__,
        )
        return context

    def _alert(self, context: Context, text: str, ring: bool) -> None:
        """Only the instance that runs now may speak up."""
        if self._running is not None and self._running.context is context:
            self._house.alert(self.manifest.id, text, ring)

    def _fill(self, context: Context, entity: str, entries: tuple[str, ...]) -> None:
        if self._running is not None and self._running.context is context:
            self._house.listed(self.manifest.id, entity, entries)

    async def _guard(
        self, work: Callable[[], Coroutine[Any, Any, T]], running: Running, timeout: float = 0.0
    ) -> T | Failure:
        """The result of skill code, or why there is none."""
        limit = timeout or self._house.timeout
        failure: Failure
        try:
            return await running.worker.run(work, limit)
        except TooSlow:
            lost = isinstance(running.skill, Contained) and not await running.worker.run(running.skill.answers, None)
            failure = Failure(f"it took longer than {limit:g} s", slow=True, blocked=lost)
        except Raised as error:
            failure = Failure(error.cause)
        except Gone:
            failure = Failure(ENDED, blocked=True)
        except Blocked:
            failure = Failure(f"it took longer than {limit:g} s and held its thread", slow=True, blocked=True)
        except (StoreError, DialogError) as error:
            failure = Failure(str(error))
        except Exception as error:  # noqa: BLE001 - the fence around foreign code, which may raise anything
            # Not the message of the exception: it may hold words that were said.
            failure = Failure(f"{type(error).__name__} at {place(error, self.found.folder)}")
        self._house.failed(self.manifest.id, failure.cause)
        if failure.blocked:
            await self._replace(running)
        return failure

    async def _replace(self, running: Running) -> None:
        """Give up a thread and start anew, unless that happened too often."""
        async with self._lock:
            if self._running is not running:
                return
            self._running = None
            running.end(blocked=True)
            self._blocked += 1
            if self._blocked >= MAX_BLOCKED:
                self.disabled = f"it held its thread {self._blocked} times and is disabled until it changes"
            else:
                try:
                    await self._begin(running.context.settings)
                except SkillError as error:
                    self.disabled = str(error)
            if self.disabled:
                self._house.failed(self.manifest.id, self.disabled)


def _checked(result: object) -> Reply:
    if isinstance(result, Reply):
        return result
    raise TypeError("a handler returns a Reply, a text or None")
