"""The skills that are there: found in their folders, loaded, started anew when they change, and told to the others."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager

from assistant.config.allowed import read_allowed
from assistant.errors import SkillError
from assistant.grammar.folder import read_sentences
from assistant.grammar.lists import with_lists
from assistant.grammar.sentences import SkillSentences, intent_id
from assistant.messages import Message, Spoken, skill
from assistant.skills.api import SkillInfo
from assistant.skills.asking import Loaded
from assistant.skills.fence import FencedSkill
from assistant.skills.find import Found, Place
from assistant.skills.house import House
from assistant.skills.look import info_of, look
from assistant.skills.settings import read_settings
from assistant.skills.waiting import missing


class Shelf:
    """All loaded skills by name, and why others could not be loaded."""

    def __init__(
        self,
        where: Sequence[Place],
        disabled: Sequence[str],
        house: House,
        say: Callable[[Message], None],
        gone: Callable[[str], None],
        log: logging.Logger,
    ) -> None:
        """`house` is what every skill is given; `gone` is called when a skill went."""
        self.loaded: dict[str, Loaded] = {}
        self.failed: dict[str, str] = {}
        self._where = where
        self._disabled = frozenset(disabled)
        self._house = house
        self._say = say
        self._gone = gone
        self._log = log
        self._lists: dict[tuple[str, str], tuple[str, ...]] = {}
        self._scanning = asyncio.Lock()

    @property
    def running(self) -> tuple[FencedSkill, ...]:
        """The skills whose code runs."""
        return tuple(each.fenced for each in self.loaded.values() if each.fenced)

    @property
    def infos(self) -> tuple[SkillInfo, ...]:
        """What is known of each."""
        return tuple(each.info for each in self.loaded.values())

    @property
    def sentences(self) -> tuple[SkillSentences, ...]:
        """The sentences of each, with the lists as they are filled."""
        return tuple(with_lists(each.sentences, self._lists) for each in self.loaded.values())

    async def close(self) -> None:
        """Let all go."""
        await asyncio.gather(*(each.stop() for each in self.running))
        self.loaded.clear()

    @asynccontextmanager
    async def stopped(self) -> AsyncIterator[None]:
        """No skill runs meanwhile, and what they filled their lists with is forgotten; then all start anew."""
        async with self._scanning:
            await asyncio.gather(*(each.stop() for each in self.running))
            for name, entity in tuple(self._lists):
                self.fill(name, entity, ())
            yield
            for each in self.running:
                try:
                    await each.start()
                except SkillError as error:
                    self._house.failed(each.manifest.id, str(error))

    def fill(self, name: str, entity: str, entries: tuple[str, ...]) -> None:
        """A skill filled one of its lists. While it is still loading, that is told with the skill."""
        if self._lists.get((name, entity), ()) == entries:
            return
        self._lists[name, entity] = entries
        if name in self.loaded:
            self._tell_list(name, entity)
            self._say(skill.Loaded(skills=tuple(self.loaded)))

    async def scan(self) -> None:
        """Look at the folders: stop what is gone, start what is new, start again what changed, tell it."""
        async with self._scanning:
            found = await asyncio.to_thread(look, self._where, self._house.allowed)
            usable = {
                one.id: (one, mark)
                for one, mark in found
                if one.manifest is not None and one.hidden_by is None and one.id not in self._disabled
            }
            before = tuple(self.loaded)
            for name, loaded in tuple(self.loaded.items()):
                one, mark = usable.get(name, (None, ""))
                if one is None or mark != loaded.fingerprint or one.folder != loaded.found.folder:
                    await self._remove(name)
            failed, self.failed = self.failed, {}
            for one, _ in found:
                if one.problem is not None:
                    self.failed[one.id] = str(one.problem)
                elif one.hidden_by is not None:
                    self._log.info("skill %s in %s is hidden by the one in %s", one.id, one.folder, one.hidden_by)
            fresh = [pair for name, pair in usable.items() if name not in self.loaded]
            await asyncio.gather(*(self._load(one, mark) for one, mark in fresh))
            for name, reason in self.failed.items():
                if failed.get(name) != reason:
                    self._log.warning("skill %s: %s", name, reason)
            for name in before:
                if name not in self.loaded:
                    self._say(skill.Removed(skill=name))
            self.announce()

    def announce(self) -> None:
        """Tell every skill. Also said again when the understanding room starts after this one."""
        for name, reason in self.failed.items():
            self._say(skill.Failed(skill=name, stage="load", reason=reason))
        for name, each in self.loaded.items():
            intents = tuple(intent_id(name, one) for one in each.sentences.intents)
            version, folder = each.manifest.version, str(each.found.folder)
            self._say(skill.Ready(skill=name, version=version, folder=folder, intents=intents))
        for name, entity in self._lists:
            if name in self.loaded:
                self._tell_list(name, entity)
        self._say(skill.Loaded(skills=tuple(self.loaded)))

    def _tell_list(self, name: str, entity: str) -> None:
        entries = tuple(map(Spoken, self._lists[name, entity]))
        self._say(skill.Listed(skill=name, entity=entity, entries=entries))

    async def _load(self, one: Found, mark: str) -> None:
        manifest, house = one.manifest, self._house
        if manifest is None:
            return
        try:
            sentences = await asyncio.to_thread(read_sentences, one.id, one.folder, house.language)
            info = await asyncio.to_thread(info_of, one, manifest, house.language)
            settings = read_settings(one.id, manifest.settings, house.settings)
            waits = missing(manifest, settings, read_allowed(house.allowed).get(one.id))
            fenced = FencedSkill(one, manifest, sentences, house) if manifest.has_code and not waits else None
            if fenced is not None:
                await fenced.start()
        except SkillError as problem:
            self.failed[one.id] = str(problem)
            return
        self.loaded[one.id] = Loaded(
            found=one,
            manifest=manifest,
            fingerprint=mark,
            sentences=sentences,
            info=info,
            fenced=fenced,
            waits=waits,
        )

    async def _remove(self, name: str) -> None:
        loaded = self.loaded.pop(name)
        self._lists = {key: entries for key, entries in self._lists.items() if key[0] != name}
        self._gone(name)
        if loaded.fenced is not None:
            await loaded.fenced.stop()
