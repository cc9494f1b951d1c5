"""Testing a skill as its user meets it: words in, replies out. No sound, no waiting, no running assistant.

async def test_rings():
    async with SkillTester("skills/timer") as timer:
        reply = await timer.ask("set an egg timer for five minutes")
        assert reply.text == "Egg timer, five minutes, starting now."
        assert await timer.advance(minutes=5) == ["Your egg timer is done."]
"""

from __future__ import annotations

import asyncio
import tempfile
from collections import deque
from collections.abc import Callable, Collection, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import Any, TypeVar

from assistant.bus.memory import MemoryBus
from assistant.config.allowed import allow, forbid
from assistant.config.paths import Paths, find_paths
from assistant.config.schema import Skills as Settings
from assistant.consent.stores import StoreSeals
from assistant.dialog.machine import Machine
from assistant.dialog.own import OWN, YIELDING
from assistant.dialog.phrases import LOCALE, load
from assistant.dialog.session import Limits
from assistant.errors import AssistantError, SkillError
from assistant.grammar.folder import read_sentences
from assistant.grammar.sentences import SkillSentences
from assistant.intent.decide import Decider, settle
from assistant.intent.engine import IntentEngine
from assistant.intent.template_engine import TemplateEngine
from assistant.messages import Message, Spoken, audio, dialog, intent, skill, system, wake
from assistant.skills.find import Place, find_skills
from assistant.skills.permissions import wanted
from assistant.skills.service import SkillsService
from assistant.skills.settings import read_settings
from assistant.skills.store import SUFFIX, Json, Store
from assistant.testing.answer import Answer, answer
from assistant.testing.clock import MONDAY, ManualClock

__all__ = ["MONDAY", "Answer", "ManualClock", "SkillTester", "stored"]

LIMITS = Limits(patience=5.0, listening=12.0, thinking=3600.0)

SECONDS = 10.0
"""A test fails when a skill has not answered after this time."""

M = TypeVar("M", bound=Message)


def stored(data: Path, name: str) -> Mapping[str, Json]:
    """What the skill `name` has on the disk, below the folder that a SkillTester was given as `data`."""
    paths = find_paths({"STATE_DIRECTORY": str(data), "HOME": str(data)})
    return Store(paths.skill_data / f"{name}{SUFFIX}", StoreSeals(paths.skill_keys, {}).of(name))


class SkillTester:
    """Runs skills from their folders, with a clock that the test moves.

    `folders` are skill folders; `settings` are values as in the configuration ("timer.ring_minutes": "1"). `data` keeps
    the stores; without it they vanish at the end. `engine` understands the words. A skill that cannot be loaded raises
    SkillError on entering, unless `broken` allows it. `allow` names skills that may reach the hosts they ask for.
    """

    def __init__(
        self,
        *folders: str | Path,
        now: datetime = MONDAY,
        language: str = "en",
        settings: Mapping[str, str] | None = None,
        timeout: float = 5.0,
        data: Path | None = None,
        engine: Callable[[], IntentEngine] = TemplateEngine,
        broken: bool = False,
        allow: Collection[str] = (),
    ) -> None:
        self.clock = ManualClock(now)
        self.alerts: list[str] = []
        """All that skills said by themselves, oldest first."""
        self.failures: list[skill.Failed] = []
        self.sensitivity = 0.5
        """How easily the wake word wakes, which nobody waits for."""
        self.volume = 0.5
        """How loud the speaker is, which there is none of."""
        self._places = tuple(Place(Path(folder), "bundled") for folder in folders)
        self._language = language
        self._settings = Settings(timeout_seconds=timeout, settings=settings or {})
        self._temporary = None if data is not None else tempfile.TemporaryDirectory(prefix="skill-test-")
        self._data = data or Path(self._temporary.name if self._temporary else "")
        self._make_engine = engine
        self._engine: IntentEngine | None = None
        self._decider: Decider | None = None
        self._learned: tuple[SkillSentences, ...] = ()
        self._waiting: Callable[[Message], None] = lambda _: None
        self._broken = broken
        self._allow = allow
        self._boot = "boot-1"
        self._sessions = 0
        self._machine = self._new_machine()

    async def __aenter__(self) -> SkillTester:
        try:
            await self._start()
        except BaseException:
            await self._stop()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._stop()
        if self._engine is not None:
            self._engine.close()
        if self._temporary is not None:
            self._temporary.cleanup()

    async def ask(self, text: str) -> Answer:
        """Say this, and hear the reply, with all that belongs to a conversation: "and tomorrow?", "undo", "the first
        one", several requests in one sentence. While a skill waits for an answer, words that are no request are it."""
        if self._decider is None:
            raise RuntimeError("enter the SkillTester first: async with SkillTester(...) as tester")
        self._learn()
        now = self.clock.monotonic()
        deque(self._machine.tick(now), maxlen=0)
        matched: list[intent.Matched] = []
        todo = deque(self._machine.on(dialog.Ask(request="test", text=Spoken(text)), now))
        answered: dialog.Answered | None = None
        while todo:
            message = todo.popleft()
            for news in await self._done(message):
                if isinstance(news, intent.Matched):
                    matched.append(news)
                todo.extend(self._machine.on(news, now))
            if isinstance(message, dialog.Answered):
                answered = message
        if answered is None:
            raise SkillError(f"no answer to {len(text.split())} words", hint="Look at the log")
        return answer(answered, matched)

    async def advance(self, length: timedelta = timedelta(), **units: float) -> list[str]:
        """Let time pass (`minutes=5`), doing all that becomes due on the way; what skills said meanwhile."""
        before = len(self.alerts)
        left = length + timedelta(**units)
        while True:
            waits = [wait for each in self._service.loaded if (wait := each.next_due()) is not None]
            step = min([left, *(timedelta(seconds=wait) for wait in waits)])
            self.clock.advance(step)
            left -= step
            for each in self._service.loaded:
                await each.check_schedule()
            if left <= timedelta():
                break
        return self.alerts[before:]

    async def hush(self) -> int:
        """Say "stop"; how many skills were sounding."""
        return (await self._send(skill.Hush(session=self._session()), skill.Hushed)).count

    async def duck(self, quiet: bool) -> None:
        """Somebody speaks or is spoken to; or that is over."""
        await asyncio.gather(*(each.duck(quiet) for each in self._service.loaded))

    async def rescan(self) -> tuple[str, ...]:
        """Look at the folders again; the skills that run then."""
        self._sessions += 1
        ticket = f"scan-{self._sessions}"
        await self._send(skill.Rescan(ticket=ticket), skill.Scanned, lambda scanned: scanned.ticket == ticket)
        self._learn()
        return tuple(each.skill for each in self._service.sentences)

    async def restart(self, *, reboot: bool = False, off: timedelta = timedelta()) -> list[str]:
        """Stop everything, let time pass, start again with what was stored; what skills said at their start."""
        before = len(self.alerts)
        await self._stop()
        self._machine = self._new_machine()
        self.clock.advance(off)
        if reboot:
            self._boot += "+"
        await self._start()
        await self.advance()
        return self.alerts[before:]

    async def forget(self) -> None:
        """What the skills remember is gone, and so is the conversation; those that remembered something start anew."""
        for each in self._service.loaded:
            store = self._paths().skill_data / f"{each.manifest.id}{SUFFIX}"
            if store.exists():
                await each.stop()
                store.unlink()
                await each.start()
        self._service.begin_anew()
        self._machine = self._new_machine()

    def _new_machine(self) -> Machine:
        return Machine(load(self._language), LIMITS, self._session, language=self._language)

    def stored(self, name: str) -> Mapping[str, Json]:
        """What a skill has on the disk."""
        return stored(self._data, name)

    def allow(self, name: str) -> None:
        """Let a skill reach what it asks for, as `assistant skills allow` does; counts from the next `rescan`."""
        for found in find_skills(self._places):
            if found.id == name and found.manifest is not None:
                chosen = read_settings(name, found.manifest.settings, self._settings.settings)
                hosts = wanted(found.manifest, chosen)
                allow(self._paths().allowed, name, hosts, found.manifest.sends, int(self.clock.now().timestamp()))

    def forbid(self, name: str) -> None:
        """Let a skill reach nothing any more; counts from the next `rescan`, for the door at once."""
        forbid(self._paths().allowed, name)

    async def _start(self) -> None:
        for name in self._allow:
            self.allow(name)
        self._bus = _TestBus(self._heard)
        self._service = SkillsService(
            self._paths(),
            self._settings,
            self.clock,
            self._language,
            seals=StoreSeals(self._paths().skill_keys, {}),
            where=self._places,
            boot=self._boot,
        )
        self._serving = asyncio.create_task(self._service.serve(self._bus))
        started = asyncio.create_task(self._service.started.wait())
        await asyncio.wait({self._serving, started}, timeout=SECONDS, return_when=asyncio.FIRST_COMPLETED)
        started.cancel()
        if self.failures and not self._broken:
            raise SkillError(self.failures[0].reason)
        self._learn()

    async def _stop(self) -> None:
        self._serving.cancel()
        await asyncio.wait({self._serving})

    def _learn(self) -> None:
        if self._engine is None:
            self._engine = self._make_engine()
            self._engine.start()
            self._decider = Decider([self._engine], self.clock, _raise, YIELDING)
        if self._decider is not None and self._service.sentences != self._learned:
            self._learned = self._service.sentences
            sentences = [*self._learned, read_sentences(OWN, LOCALE.parent, self._language)]
            self._engine.learn(sentences)
            self._decider.learn(sentences)

    def _paths(self) -> Paths:
        return find_paths(dict.fromkeys(("STATE_DIRECTORY", "RUNTIME_DIRECTORY", "HOME"), str(self._data)))

    def _session(self) -> str:
        self._sessions += 1
        return f"test-{self._sessions}"

    async def _done(self, wish: Message) -> list[Message]:
        """What the services would say to a wish of the dialogue."""
        match wish:
            case intent.Understand() | intent.Settle() if self._decider is not None:
                known = {*(each.skill for each in self._learned), OWN}
                found: Message
                if isinstance(wish, intent.Settle):
                    found = settle(wish, known)
                else:
                    found = self._decider.answer(wish, known)
                if isinstance(found, intent.Matched) and found.skill != OWN:
                    return [found, await self._replied(found.session, found)]
                return [found]
            case skill.Answer() | skill.Undo():
                return [await self._replied(wish.session, wish)]
            case skill.Hush():
                return [await self._send(wish, skill.Hushed)]
        return []

    async def _replied(self, session: str, message: Message) -> skill.Replied:
        return await self._send(message, skill.Replied, lambda reply: reply.session == session)

    async def _send(self, message: Message, kind: type[M], fits: Callable[[M], bool] = lambda _: True) -> M:
        """The first message of a kind after this one was said."""
        came: asyncio.Future[M] = asyncio.get_running_loop().create_future()

        def hear(heard: Message) -> None:
            if isinstance(heard, kind) and fits(heard) and not came.done():
                came.set_result(heard)

        self._waiting = hear
        self._bus.publish(message, "test")
        both: set[asyncio.Future[Any]] = {came, self._serving}
        await asyncio.wait(both, timeout=SECONDS, return_when=asyncio.FIRST_COMPLETED)
        if not came.done():
            raise SkillError(f"no {kind.topic} after {message.topic}", hint="Look at the log")
        return came.result()

    def _heard(self, message: Message) -> None:
        self._waiting(message)
        if isinstance(message, skill.Alerted):
            deque(self._machine.on(message, self.clock.monotonic()), maxlen=0)
            self.alerts.append(message.text.text)
        elif isinstance(message, skill.Failed):
            self.failures.append(message)
        elif isinstance(message, audio.Volume):
            self.volume = message.level
            self._bus.publish(audio.Volumed(level=self.volume), "audio")
        elif isinstance(message, wake.Tune):
            self.sensitivity = message.sensitivity
            self._bus.publish(wake.Tuned(sensitivity=self.sensitivity), "wake")
        elif isinstance(message, system.Ready) and message.service == "skills":
            self._bus.publish(wake.Tuned(sensitivity=self.sensitivity), "wake")
            self._bus.publish(audio.Volumed(level=self.volume), "audio")


def _raise(engine: IntentEngine, error: AssistantError) -> None:
    raise error


class _TestBus(MemoryBus):
    """Shows every message to the test at the moment it is said."""

    def __init__(self, heard: Callable[[Message], None]) -> None:
        super().__init__()
        self._heard = heard

    def publish(self, message: Message, sender: str) -> None:
        super().publish(message, sender)
        self._heard(message)
