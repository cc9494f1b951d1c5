"""The skills service: finds, runs and reloads the skills, each behind its fence, and speaks for them on the bus."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import yaml

from assistant.clock import Clock
from assistant.config.paths import Paths
from assistant.config.schema import Skills as Settings
from assistant.errors import SkillError
from assistant.grammar.folder import read_sentences
from assistant.grammar.lists import with_lists
from assistant.grammar.sentences import SkillSentences, intent_id
from assistant.grammar.title import title
from assistant.messages import Message, Spoken, audio, consent, dialog, intent, skill, system, tts, wake
from assistant.service import Service
from assistant.skills.agreement import agrees
from assistant.skills.answers import find_values
from assistant.skills.api import Reply, Request, SkillInfo
from assistant.skills.attention import Attention
from assistant.skills.doorway import Doorway
from assistant.skills.fence import Failure, FencedSkill, House
from assistant.skills.find import Found, Place, places
from assistant.skills.look import info_of, look
from assistant.skills.manifest import RESERVED, Manifest
from assistant.skills.pending import Confirm, Pending
from assistant.skills.sealing import Seals

SURE = 0.95
"""Something risky is done only when it was understood this surely."""

FORGET_SECONDS = 10.0
"""Skills stand still at most so long while everything is forgotten."""


@dataclass(slots=True, kw_only=True)
class _Loaded:
    found: Found
    manifest: Manifest
    fingerprint: str
    sentences: SkillSentences
    info: SkillInfo
    fenced: FencedSkill | None
    """None for a skill that is only sentences."""


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
        self._loaded: dict[str, _Loaded] = {}
        self._failed: dict[str, str] = {}
        self._lists: dict[tuple[str, str], tuple[str, ...]] = {}
        self._attention = Attention()
        self._pending = Pending()
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
        self._pending.forget()
        await asyncio.gather(*(each.fenced.stop() for each in self._loaded.values() if each.fenced))
        self._loaded.clear()
        self._doorway.close()

    async def handle(self, message: Message) -> None:
        match message:
            case intent.Matched() if message.skill not in RESERVED:
                self.spawn(self._matched(message), message.intent)
            case skill.Answer() if message.skill not in RESERVED:
                self.spawn(self._answer(message), message.skill)
            case skill.Undo():
                self.spawn(self._undo(message), "undo")
            case skill.Hush():
                self.spawn(self._hush(message), "hush")
            case skill.Rescan():
                self.spawn(self._scan(), "rescan")
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
        broken = len(self._failed) + sum(bool(each.fenced and each.fenced.disabled) for each in self._loaded.values())
        note = f"{len(self._loaded)} skills" + (f", {broken} failed" if broken else "")
        return system.Health(service=self.name, state="degraded" if broken else "ok", note=note, pid=health.pid)

    @property
    def loaded(self) -> tuple[FencedSkill, ...]:
        """The running skills that have code."""
        return tuple(each.fenced for each in self._loaded.values() if each.fenced)

    @property
    def sentences(self) -> tuple[SkillSentences, ...]:
        """The sentences of every loaded skill."""
        return tuple(with_lists(each.sentences, self._lists) for each in self._loaded.values())

    # What is asked

    async def _matched(self, message: intent.Matched) -> None:
        self._pending.answer(message.skill)
        loaded = self._loaded.get(message.skill)
        result: Reply | Failure | None = None
        question = False
        if loaded is not None and loaded.fenced is None:
            result = Reply.silent()
        elif loaded is not None and loaded.fenced is not None:
            request = Request(
                intent=message.intent.removeprefix(f"{message.skill}."),
                said=message.text,
                slots={slot.name: slot for slot in message.slots},
                language=self._language,
                now=self._clock.now(),
                session=message.session,
                follows=message.follows.removeprefix(f"{message.skill}."),
            )
            if message.confidence < SURE and loaded.fenced.is_risky(request.intent):
                self._confirm(request, loaded, message.skill)
                return
            question = loaded.fenced.is_question(request.intent)
            result = await loaded.fenced.request(request)
        self._reply(message.session, message.skill, result, question=question)

    def _confirm(self, request: Request, loaded: _Loaded, name: str) -> None:
        """Ask before something is done that may have been misunderstood."""
        named = {slot: each.spoken.text for slot, each in request.slots.items()}
        about = title(loaded.sentences, request.intent, named) or request.intent.replace("_", " ")
        self._pending.ask(name, Confirm(request))
        text = Spoken(_phrases(self._language)["sure"].format(title=about))
        self.say(
            skill.Replied(
                session=request.session, skill=name, text=text, ask=True, expects=("yes_no",), language=self._language
            )
        )

    async def _answer(self, message: skill.Answer) -> None:
        handler = self._pending.answer(message.skill)
        loaded = self._loaded.get(message.skill)
        result: Reply | Failure | None = None
        if loaded is not None and loaded.fenced is not None:
            now = self._clock.now()
            request = Request(
                intent="",
                said=message.text,
                slots=find_values(message.text, message.language, now),
                language=message.language,
                now=now,
                session=message.session,
            )
            if not isinstance(handler, Confirm):
                result = await loaded.fenced.answer(request, handler)
            elif agrees(message.text.text, message.language):
                result = await loaded.fenced.request(replace(handler.request, now=now, session=message.session))
            else:
                result = Reply(_phrases(self._language)["kept"])
        self._reply(message.session, message.skill, result)

    async def _undo(self, message: skill.Undo) -> None:
        """Take back all that was done in a session, the last first."""
        phrase, said, name = _phrases(self._language), [], ""
        for name, handler in self._pending.undo(message.of):
            loaded = self._loaded.get(name)
            if loaded is not None and loaded.fenced is not None:
                request = Request(intent="", said=Spoken(), now=self._clock.now(), session=message.session)
                result = await loaded.fenced.answer(request, handler)
                said.append((result.text or phrase["undone"]) if isinstance(result, Reply) else phrase["failed"])
        self._reply(message.session, name, Reply(" ".join(said)) if said else None)

    async def _forget_all(self) -> None:
        """Let every skill go, so that none writes again what is being destroyed, and start them anew after that."""
        self._forgotten.clear()
        self._pending.forget()
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

    def _reply(self, session: str, name: str, result: Reply | Failure | None, *, question: bool = False) -> None:
        """Say a skill's reply, or a kind sentence in its place (None: there is no such skill)."""
        phrase = _phrases(self._language)
        match result:
            case Reply():
                reply = result
            case Failure(slow=slow):
                reply = Reply(phrase["slow" if slow else "failed"])
            case None:
                reply = Reply(phrase["gone"])
        if reply.ask:
            self._pending.ask(name, None if reply.ask is True else reply.ask)
        if reply.undo is not None:
            self._pending.done(session, name, reply.undo)
        self.say(
            skill.Replied(
                session=session,
                skill=name,
                text=Spoken(reply.text),
                ask=bool(reply.ask),
                undo=reply.undo is not None,
                question=question and isinstance(result, Reply) and not reply.ask,
                more=reply.more,
                expects=(reply.expects,) if isinstance(reply.expects, str) else tuple(reply.expects),
                options=tuple(map(Spoken, reply.options)),
                language=self._language,
            )
        )

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
            fenced = FencedSkill(one, manifest, sentences, self._house) if manifest.has_code else None
            if fenced is not None:
                await fenced.start()
        except SkillError as problem:
            self._failed[one.id] = str(problem)
            return
        self._loaded[one.id] = _Loaded(
            found=one,
            manifest=manifest,
            fingerprint=mark,
            sentences=sentences,
            info=info,
            fenced=fenced,
        )

    async def _remove(self, name: str) -> None:
        loaded = self._loaded.pop(name)
        self._lists = {key: entries for key, entries in self._lists.items() if key[0] != name}
        self._pending.forget(name)
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


@cache
def _phrases(language: str) -> dict[str, str]:
    every = yaml.safe_load(Path(__file__).with_name("phrases.yaml").read_text(encoding="utf-8"))
    found: dict[str, str] = every.get(language.split("-")[0], every["en"])
    return found
