"""The skills service: finds, runs and reloads the skills, each behind its fence, and speaks for them on the bus."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Sequence

from assistant.clock import Clock
from assistant.config.allowed import read_allowed
from assistant.config.paths import Paths
from assistant.config.schema import Skills as Settings
from assistant.errors import SkillError
from assistant.grammar.folder import read_sentences
from assistant.grammar.lists import with_lists
from assistant.grammar.sentences import SkillSentences, intent_id
from assistant.messages import Message, Spoken, audio, consent, dialog, intent, skill, system, tts, wake
from assistant.service import Service
from assistant.skills.asking import Asking, Loaded
from assistant.skills.attention import Attention
from assistant.skills.doorway import Doorway
from assistant.skills.fence import FencedSkill, House
from assistant.skills.find import Found, Place, places
from assistant.skills.look import info_of, look
from assistant.skills.manifest import RESERVED
from assistant.skills.sealing import Seals
from assistant.skills.settings import read_settings
from assistant.skills.waiting import missing

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
        self._where = places(paths, settings.folders) if where is None else tuple(where)
        self._disabled = frozenset(settings.disabled)
        self._language = language
        self._clock = clock
        self._loaded: dict[str, Loaded] = {}
        self._failed: dict[str, str] = {}
        self._lists: dict[tuple[str, str], tuple[str, ...]] = {}
        self._attention = Attention()
        self._asking = Asking(self._loaded, language, clock, self.say)
        self._scanning = asyncio.Lock()
        self._forgotten = asyncio.Event()
        self._volume: float | None = None
        self._sensitivity: float | None = None
        self._wanted_sensitivity: float | None = None
        self._allowed = paths.allowed
        self._doorway = Doorway(*paths.door_sockets, paths.allowed)
        self._house = House(
            language=language,
            clock=clock,
            timeout=settings.timeout_seconds,
            data=paths.skill_data,
            seals=seals,
            settings=settings.settings,
            alert=self._alert,
            failed=self._broke,
            skills=lambda: tuple(each.info for each in self._loaded.values()),
            volume=lambda: self._volume,
            set_volume=lambda level: self.say(audio.Volume(level=level)),
            sensitivity=lambda: self._sensitivity,
            set_sensitivity=self._tune,
            listed=self._listed,
            doorway=self._doorway,
            allowed=paths.allowed,
            boot=boot,
        )

    async def start(self) -> None:
        await self._scan()

    async def stop(self) -> None:
        self._asking.forget()
        await asyncio.gather(*(each.fenced.stop() for each in self._loaded.values() if each.fenced))
        self._loaded.clear()
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
                self._announce()
            case dialog.Opened() | dialog.Closed() | tts.Started() | tts.Ended() if self._attention.follow(message):
                self.spawn(self._duck(self._attention.needed), "duck")

    def health(self) -> system.Health:
        health = super().health()
        waiting = sum(bool(each.waits) for each in self._loaded.values())
        broken = len(self._failed) + sum(bool(each.fenced and each.fenced.disabled) for each in self._loaded.values())
        note = f"{len(self._loaded)} skills"
        note += f", {waiting} not allowed or not set up" if waiting else ""
        note += f", {broken} failed" if broken else ""
        return system.Health(service=self.name, state="degraded" if broken else "ok", note=note, pid=health.pid)

    @property
    def loaded(self) -> tuple[FencedSkill, ...]:
        """The running skills that have code."""
        return tuple(each.fenced for each in self._loaded.values() if each.fenced)

    @property
    def sentences(self) -> tuple[SkillSentences, ...]:
        """The sentences of every loaded skill."""
        return tuple(with_lists(each.sentences, self._lists) for each in self._loaded.values())

    async def _forget_all(self) -> None:
        """Let every skill go, so that none writes again what is being destroyed, and start them anew after that."""
        self._forgotten.clear()
        self._asking.forget()
        async with self._scanning:
            await asyncio.gather(*(each.stop() for each in self.loaded))
            for name, entity in tuple(self._lists):
                self._listed(name, entity, ())
            self.say(skill.Paused(skills=tuple(self._loaded)))
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._forgotten.wait(), FORGET_SECONDS)
            for each in self.loaded:
                try:
                    await each.start()
                except SkillError as error:
                    self._broke(each.manifest.id, str(error))

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

    def _listed(self, name: str, entity: str, entries: tuple[str, ...]) -> None:
        """A skill filled one of its lists. While it is still loading, that is told with the skill."""
        if self._lists.get((name, entity), ()) == entries:
            return
        self._lists[name, entity] = entries
        if name in self._loaded:
            self._tell_list(name, entity)
            self.say(skill.Loaded(skills=tuple(self._loaded)))

    def _tell_list(self, name: str, entity: str) -> None:
        entries = tuple(map(Spoken, self._lists[name, entity]))
        self.say(skill.Listed(skill=name, entity=entity, entries=entries))

    def _broke(self, name: str, reason: str) -> None:
        self.log.warning("skill %s: %s", name, reason)
        self.say(skill.Failed(skill=name, stage="run", reason=reason))

    # What is there

    async def _rescan(self, ticket: str) -> None:
        await self._scan()
        self.say(skill.Scanned(ticket=ticket))

    async def _scan(self) -> None:
        """Look at the folders: stop what is gone, start what is new, start again what changed, tell it."""
        async with self._scanning:
            found = await asyncio.to_thread(look, self._where, self._allowed)
            usable = {
                one.id: (one, mark)
                for one, mark in found
                if one.manifest is not None and one.hidden_by is None and one.id not in self._disabled
            }
            before = tuple(self._loaded)
            for name, loaded in tuple(self._loaded.items()):
                one, mark = usable.get(name, (None, ""))
                if one is None or mark != loaded.fingerprint or one.folder != loaded.found.folder:
                    await self._remove(name)
            failed, self._failed = self._failed, {}
            for one, _ in found:
                if one.problem is not None:
                    self._failed[one.id] = str(one.problem)
                elif one.hidden_by is not None:
                    self.log.info("skill %s in %s is hidden by the one in %s", one.id, one.folder, one.hidden_by)
            fresh = [pair for name, pair in usable.items() if name not in self._loaded]
            await asyncio.gather(*(self._load(one, mark) for one, mark in fresh))
            for name, reason in self._failed.items():
                if failed.get(name) != reason:
                    self.log.warning("skill %s: %s", name, reason)
            for name in before:
                if name not in self._loaded:
                    self.say(skill.Removed(skill=name))
            self._announce()

    async def _load(self, one: Found, mark: str) -> None:
        manifest = one.manifest
        if manifest is None:
            return
        try:
            sentences = await asyncio.to_thread(read_sentences, one.id, one.folder, self._language)
            info = await asyncio.to_thread(info_of, one, manifest, self._language)
            settings = read_settings(one.id, manifest.settings, self._house.settings)
            waits = missing(manifest, settings, read_allowed(self._allowed).get(one.id))
            fenced = FencedSkill(one, manifest, sentences, self._house) if manifest.has_code and not waits else None
            if fenced is not None:
                await fenced.start()
        except SkillError as problem:
            self._failed[one.id] = str(problem)
            return
        self._loaded[one.id] = Loaded(
            found=one,
            manifest=manifest,
            fingerprint=mark,
            sentences=sentences,
            info=info,
            fenced=fenced,
            waits=waits,
        )

    async def _remove(self, name: str) -> None:
        loaded = self._loaded.pop(name)
        self._lists = {key: entries for key, entries in self._lists.items() if key[0] != name}
        self._asking.forget(name)
        if loaded.fenced is not None:
            await loaded.fenced.stop()

    def _announce(self) -> None:
        """Tell every skill. Also said again when the understanding room starts after this one."""
        for name, reason in self._failed.items():
            self.say(skill.Failed(skill=name, stage="load", reason=reason))
        for name, each in self._loaded.items():
            intents = tuple(intent_id(name, one) for one in each.sentences.intents)
            version, folder = each.manifest.version, str(each.found.folder)
            self.say(skill.Ready(skill=name, version=version, folder=folder, intents=intents))
        for name, entity in self._lists:
            if name in self._loaded:
                self._tell_list(name, entity)
        self.say(skill.Loaded(skills=tuple(self._loaded)))
