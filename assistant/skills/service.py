"""The skills service: finds, runs and reloads the skills, each behind its fence, and speaks for them on the bus."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Sequence

from assistant.clock import Clock
from assistant.config.paths import Paths
from assistant.config.schema import Skills as Settings
from assistant.grammar.sentences import SkillSentences
from assistant.memory import overwrite_thread_cache
from assistant.messages import Message, Spoken, audio, consent, dialog, intent, skill, system, tts, wake
from assistant.service import Service
from assistant.skills.asking import Asking
from assistant.skills.attention import Attention
from assistant.skills.doorway import Doorway
from assistant.skills.fence import FencedSkill
from assistant.skills.find import Place, places
from assistant.skills.house import House
from assistant.skills.manifest import RESERVED
from assistant.skills.sealing import Seals
from assistant.skills.shelf import Shelf

FORGET_SECONDS = 10.0
"""Skills stand still at most so long while everything is forgotten."""


class SkillsService(Service):
    """Runs the skills: `intent.matched` in, `skill.replied` out."""

    name = "skills"
    hears = (
        intent.Matched,
        skill.Answer,
        skill.Undo,
        skill.Hush,
        skill.Rescan,
        audio.Volumed,
        wake.Tuned,
        consent.Forget,
        consent.Destroyed,
        dialog.Opened,
        dialog.Closed,
        tts.Started,
        tts.Ended,
        system.Ready,
    )
    says = (
        skill.Ready,
        skill.Failed,
        skill.Removed,
        skill.Listed,
        skill.Loaded,
        skill.Scanned,
        skill.Replied,
        skill.Alerted,
        skill.Hushed,
        skill.Paused,
        audio.Volume,
        wake.Tune,
    )

    def __init__(
        self,
        paths: Paths,
        settings: Settings,
        clock: Clock,
        language: str = "en",
        *,
        seals: Seals,
        where: Sequence[Place] | None = None,
        boot: str = "",
    ) -> None:
        """`seals` seal the skills' stores. `where` stands in for the folders of paths and settings, `boot` for the
        machine's name of its present run."""
        super().__init__()
        self._language = language
        self._attention = Attention()
        self._forgotten = asyncio.Event()
        self._volume: float | None = None
        self._sensitivity: float | None = None
        self._wanted_sensitivity: float | None = None
        self._doorway = Doorway(*paths.door_sockets, paths.allowed)
        house = House(
            language=language,
            clock=clock,
            timeout=settings.timeout_seconds,
            data=paths.skill_data,
            seals=seals,
            settings=settings.settings,
            alert=self._alert,
            failed=self._broke,
            skills=lambda: self._shelf.infos,
            volume=lambda: self._volume,
            set_volume=lambda level: self.say(audio.Volume(level=level)),
            sensitivity=lambda: self._sensitivity,
            set_sensitivity=self._tune,
            listed=lambda name, entity, entries: self._shelf.fill(name, entity, entries),
            doorway=self._doorway,
            allowed=paths.allowed,
            boot=boot,
        )
        folders = places(paths, settings.folders) if where is None else tuple(where)
        self._shelf = Shelf(
            folders, settings.disabled, house, self.say, lambda name: self._asking.forget(name), self.log
        )
        self._asking = Asking(self._shelf.loaded, language, clock, self.say)

    async def start(self) -> None:
        await self._shelf.scan()

    def overwrite(self) -> None:
        for each in self._shelf.running:
            each.soon(overwrite_thread_cache)

    async def stop(self) -> None:
        self._asking.forget()
        await self._shelf.close()
        self._doorway.close()

    async def handle(self, message: Message) -> None:
        match message:
            case intent.Matched() if message.skill not in RESERVED:
                self.spawn(self._asking.matched(message), message.intent)
            case skill.Answer() if message.skill not in RESERVED:
                self.spawn(self._asking.answer(message), message.skill)
            case skill.Undo():
                self.spawn(self._asking.undo(message), "undo")
            case skill.Hush():
                self.spawn(self._hush(message), "hush")
            case skill.Rescan(ticket=ticket):
                self.spawn(self._rescan(ticket), "rescan")
            case consent.Forget():
                self.spawn(self._forget_all(), "forget")
            case consent.Destroyed(why="everything"):
                self._forgotten.set()
            case audio.Volumed(level=level):
                self._volume = level
            case wake.Tuned(sensitivity=sensitivity):
                self._sensitivity = sensitivity
            case system.Ready(service="wake") if self._wanted_sensitivity is not None:
                self.say(wake.Tune(sensitivity=self._wanted_sensitivity))
            case system.Ready(service="intent"):
                self._shelf.announce()
            case dialog.Opened() | dialog.Closed() | tts.Started() | tts.Ended() if self._attention.follow(message):
                self.spawn(self._duck(self._attention.needed), "duck")

    def health(self) -> system.Health:
        health = super().health()
        skills = self._shelf.loaded.values()
        waiting = sum(bool(each.waits) for each in skills)
        broken = len(self._shelf.failed) + sum(bool(each.fenced and each.fenced.disabled) for each in skills)
        note = f"{len(skills)} skills"
        note += f", {waiting} not allowed or not set up" if waiting else ""
        note += f", {broken} failed" if broken else ""
        return system.Health(service=self.name, state="degraded" if broken else "ok", note=note, pid=health.pid)

    @property
    def loaded(self) -> tuple[FencedSkill, ...]:
        """The skills whose code runs."""
        return self._shelf.running

    @property
    def sentences(self) -> tuple[SkillSentences, ...]:
        """The sentences of every loaded skill."""
        return self._shelf.sentences

    def begin_anew(self) -> None:
        """What was said before, and what could be taken back, is forgotten."""
        self._asking.forget()

    async def _forget_all(self) -> None:
        """Let every skill go, so that none writes again what is being destroyed, and start them anew after that."""
        self._forgotten.clear()
        self._asking.forget()
        async with self._shelf.stopped():
            self.say(skill.Paused(skills=tuple(self._shelf.loaded)))
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._forgotten.wait(), FORGET_SECONDS)

    async def _rescan(self, ticket: str) -> None:
        await self._shelf.scan()
        self.say(skill.Scanned(ticket=ticket))

    def _tune(self, level: float) -> None:
        self._wanted_sensitivity = self._sensitivity = level
        self.say(wake.Tune(sensitivity=level))

    async def _hush(self, message: skill.Hush) -> None:
        """What rings is meant before what plays: "stop" during music stops the timer, and only then the music."""
        for background in (False, True):
            which = [each for each in self.loaded if each.is_background == background]
            count = sum(await asyncio.gather(*(each.hush() for each in which)))
            if count:
                break
        self.say(skill.Hushed(session=message.session, count=count))

    async def _duck(self, quiet: bool) -> None:
        await asyncio.gather(*(each.duck(quiet) for each in self.loaded))

    def _alert(self, name: str, text: str, ring: bool) -> None:
        self.say(skill.Alerted(skill=name, text=Spoken(text), ring=ring, language=self._language))

    def _gone(self, name: str) -> None:
        self._asking.forget(name)

    def _broke(self, name: str, reason: str) -> None:
        self.log.warning("skill %s: %s", name, reason)
        self.say(skill.Failed(skill=name, stage="run", reason=reason))
