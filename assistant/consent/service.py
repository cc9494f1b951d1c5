"""The consent service: privacy commands, a yes by voice, and the hourly end of what has run out.

The sentences in `locale/` are understood like those of a skill called `privacy`. `recover` must have run before the
microphone opens; the service does it again when it starts.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import ClassVar, TypeVar

from assistant.clock import Clock
from assistant.consent import debug
from assistant.consent.answers import Answer, Answers
from assistant.consent.challenge import two_words
from assistant.consent.door import Door
from assistant.consent.eyes import Eyes
from assistant.consent.forgetting import Forgetting
from assistant.consent.purge import Receipt
from assistant.consent.room import Room
from assistant.consent.wire import GateServer
from assistant.consent.words import Words
from assistant.consent.yes import SpokenYes
from assistant.errors import ConsentError, Tampered
from assistant.memory import overwrite_thread_cache
from assistant.messages import Message, Spoken, audio, consent, dialog, intent, skill, system, tts
from assistant.service import Service

OWN = "privacy"
"""The name under which the privacy commands are understood."""
LOCALE = Path(__file__).parent
"""The folder whose `locale/` holds their sentences."""
SWEEP_SECONDS = 3600.0

T = TypeVar("T")


class ConsentService(Service):
    """Answers for what is kept."""

    name: ClassVar[str] = "consent"
    hears: ClassVar[tuple[type[Message], ...]] = (
        intent.Matched,
        skill.Answer,
        skill.Paused,
        dialog.Opened,
        dialog.Closed,
        tts.Started,
        tts.Ended,
        audio.Seen,
        consent.Debug,
        consent.Note,
        consent.Ask,
        consent.Offer,
        consent.Scrub,
    )
    says: ClassVar[tuple[type[Message], ...]] = (
        consent.Replied,
        consent.Granted,
        consent.Refused,
        consent.Destroyed,
        consent.Forget,
        consent.Leave,
        consent.Decided,
        audio.Mute,
        audio.Look,
        consent.Debugging,
        tts.Say,
    )

    def __init__(
        self,
        room: Room,
        clock: Clock,
        language: str = "en",
        *,
        phrase: Callable[[], str] = two_words,
        door: Door | None = None,
        wire: Path | None = None,
    ) -> None:
        """Holders of sound in this process come to `door`, those of other processes to the socket `wire`."""
        super().__init__()
        self._room = room
        self._door = door or Door(room.gate)
        self._wire = GateServer(wire, self._door) if wire else None
        self._language = language
        self._words = Words(language)
        self._answers = Answers(room=room, words=self._words, language=language)
        self._yes = SpokenYes(
            gate=room.gate,
            clock=clock,
            words=self._words,
            language=language,
            phrase=phrase,
            say=self.say,
            reply=self._reply,
            work=self._work,
            quietly=self._quietly,
        )
        self._typed: set[str] = set()
        self._mute_after = ""
        self._asked: dict[str, str] = {}
        """Which skill each open session asked."""
        self._recent: deque[str] = deque(maxlen=2)
        self._locked = ""
        self._forgetting = Forgetting(room, self.say, self._quietly)
        self._eyes = Eyes(self.say)
        self._worker: ThreadPoolExecutor | None = None
        self._debug = debug.DebugGrant(
            store=room.store,
            paths=room.paths,
            clock=clock,
            words=self._words,
            language=language,
            forbidden=room.gate.forbids(debug.PURPOSE),
            say=self.say,
            spawn=self.spawn,
            work=self._work,
        )

    async def start(self) -> None:
        """Finish what a crash left; a store that was changed from outside locks it, but does not stop the assistant."""
        self._worker = ThreadPoolExecutor(1, thread_name_prefix="consent")
        try:
            self.say(consent.Debugging(live=False))
            await self._work(self._debug.recover)
            await self._work(self._room.purge.recover)
        except Tampered as fault:
            self._locked = str(fault)
            self.log.error("%s", fault)
        self.spawn(self._sweep(), "sweep")
        if self._wire is not None:
            self._wire.open()
            self.spawn(self._wire.serve(), "wire")

    def overwrite(self) -> None:
        if self._worker is not None:
            self._worker.submit(overwrite_thread_cache)

    async def stop(self) -> None:
        if self._wire is not None:
            await self._wire.close()
        if self._worker is not None:
            self._worker.shutdown(wait=True)
            self._worker = None

    def health(self) -> system.Health:
        health = super().health()
        if self._locked:
            return system.Health(service=self.name, state="degraded", note=self._locked, pid=health.pid)
        return health

    async def handle(self, message: Message) -> None:
        await self._debug.take(message)
        match message:
            case dialog.Opened(session=name, why=why):
                if why == "typed":
                    self._typed.add(name)
                else:
                    self._yes.opened(name, why)
            case dialog.Closed(session=name, outcome=outcome):
                self._closed(name)
                asked = self._asked.pop(name, "")
                if asked not in ("", "dialog") and outcome in ("answered", "asked"):
                    self.spawn(self._count(asked), "count")
            case tts.Started(session=name):
                self._yes.started(name)
            case tts.Ended(session=name, cause=cause):
                self._yes.ended(name, cause)
                self._mute_now(name)
            case intent.Matched(skill=skill_name) if skill_name == OWN:
                await self._matched(message)
            case intent.Matched(session=name, skill=skill_name):
                self._asked[name] = skill_name
            case consent.Ask(request=request):
                leave = await self._door.leave()
                purposes = tuple(sorted(leave.purposes))
                self.say(consent.Leave(request=request, generation=leave.generation, purposes=purposes))
            case consent.Offer(request=request):
                accepted = await self._door.accept(message.purpose, message.generation, message.proof)
                self.say(consent.Decided(request=request, accepted=accepted))
            case consent.Scrub():
                self.spawn(self._scrub(message), "scrub")
            case skill.Paused():
                self._forgetting.stand_still()
            case audio.Seen():
                self._eyes.saw(message)
            case skill.Answer(skill=skill_name) if skill_name == OWN:
                await self._yes.answered(message)

    def _closed(self, session: str) -> None:
        if session not in self._typed:
            self._recent.append(session)
        self._typed.discard(session)
        self._yes.closed(session)
        self._mute_now(session)

    def _mute_now(self, session: str) -> None:
        if self._mute_after and session == self._mute_after:
            self._mute_after = ""
            self.say(audio.Mute())

    async def _matched(self, message: intent.Matched) -> None:
        name = message.intent.partition(".")[2]
        slots = {slot.name: slot for slot in message.slots}
        self._yes.drop()
        if name == "grant":
            await self._yes.ask(message.session, slots, typed=message.session in self._typed)
            return
        values: dict[str, float | str | None] = {key: slot.value for key, slot in slots.items()}
        if "purpose" in slots:
            values["purpose"] = self._words.purpose(slots["purpose"].spoken.text)
        self._answers.recent = [*self._recent, message.session]
        if name == "forget_everything":
            self.spawn(self._forget_everything(message.session), "forget")
            return
        if name == "recording":
            self.spawn(self._recording(message.session), "recording")
            return
        answer = await self._work(partial(self._answers.answer, name, values))
        self._report(message.session, answer)

    async def _recording(self, session: str) -> None:
        values: dict[str, float | str | None] = {"microphone": await self._eyes.look()}
        self._report(session, await self._work(partial(self._answers.answer, "recording", values)))

    async def _forget_everything(self, session: str) -> None:
        await self._forgetting.pause()
        self._report(session, await self._work(partial(self._answers.answer, "forget_everything", {})))

    async def _scrub(self, wish: consent.Scrub) -> None:
        if await self._forgetting.scrub(wish):
            self._locked = ""
            self.spawn(self._debug.end("withdrawn"), "debug")

    def _report(self, session: str, answer: Answer) -> None:
        if answer.receipt is not None:
            self.say(
                consent.Destroyed(
                    why=answer.why,
                    clips=answer.receipt.clips,
                    code=answer.receipt.code,
                    failed=answer.receipt.failed,
                )
            )
            self._locked = ""
            if answer.why in ("withdraw", "everything"):
                self.spawn(self._debug.end("withdrawn"), "debug")
        if answer.mute:
            self._mute_after = session
        self._reply(session, answer.text)
        if answer.receipt is not None:
            receipt = answer.receipt
            self.spawn(self._trim(receipt), "trim")

    async def _trim(self, receipt: Receipt) -> None:
        await self._work(partial(self._room.purge.trim, receipt))

    async def _count(self, asked: str) -> None:
        await self._quietly(partial(self._room.gate.count, asked))

    def _reply(self, session: str, text: str, *, ask: bool = False) -> None:
        self.say(consent.Replied(session=session, text=Spoken(text), ask=ask, language=self._language))

    async def _sweep(self) -> None:
        """Every hour: end what has run out."""
        while True:
            receipt = await self._quietly(self._room.purge.expire)
            if receipt is not None:
                self.say(consent.Destroyed(why="expire", clips=receipt.clips, code=receipt.code))
            await asyncio.sleep(SWEEP_SECONDS)

    async def _quietly(self, work: Callable[[], T]) -> T | None:
        """Do it; a store that cannot be used is logged and shown by `health`, and ends nothing else."""
        try:
            return await self._work(work)
        except ConsentError as error:
            self._locked = str(error)
            self.log.error("%s", error)
            return None

    async def _work(self, work: Callable[[], T]) -> T:
        if self._worker is None:
            raise RuntimeError("the consent service is not running")
        return await asyncio.get_running_loop().run_in_executor(self._worker, work)
