"""The intent service: knows the sentences of all loaded skills, and finds out what a text asks for."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import ClassVar, TypeVar

from assistant.clock import Clock
from assistant.errors import AssistantError, SkillError
from assistant.grammar.folder import read_sentences
from assistant.grammar.lists import with_lists
from assistant.grammar.sentences import SkillSentences
from assistant.intent.decide import Decider, settle
from assistant.intent.engine import IntentEngine
from assistant.memory import overwrite_thread_cache
from assistant.messages import Message, intent, skill, system
from assistant.service import Service

T = TypeVar("T")
NO_FOLDERS: Mapping[str, Path] = MappingProxyType({})
ReadSentences = Callable[[str, Path, str], SkillSentences]


class IntentService(Service):
    """Asks its engines in order; the first that finds something decides.

    Matching has a thread of its own and each engine that trains has another, so that training never delays an answer.
    What is asked before the skills were read once waits for that, `patience` seconds at most.
    """

    name: ClassVar[str] = "intent"
    hears: ClassVar[tuple[type[Message], ...]] = (
        intent.Understand,
        intent.Settle,
        skill.Ready,
        skill.Removed,
        skill.Listed,
        skill.Loaded,
    )
    says: ClassVar[tuple[type[Message], ...]] = (
        intent.Matched,
        intent.Ambiguous,
        intent.Unmatched,
        intent.Learned,
        intent.Trained,
    )

    def __init__(
        self,
        engines: Sequence[IntentEngine],
        clock: Clock,
        language: str = "en",
        *,
        own: Mapping[str, Path] = NO_FOLDERS,
        yielding: Collection[str] = (),
        shipped: Path | None = None,
        read: ReadSentences = read_sentences,
        patience: float = 5.0,
    ) -> None:
        """`own` are the folders of sentences that belong to no skill, by the name they are matched under. Of those the
        intents of `yielding` count only where no skill's fits as well. `shipped` is the folder of the skills that came
        with the program: they yield to those that were added."""
        super().__init__()
        self._own = own
        self._engines = tuple(engines)
        self._decider = Decider(self._engines, clock, self._could_not, yielding)
        self._shipped = shipped.resolve() if shipped is not None else None
        self._clock = clock
        self._language = language
        self._read = read
        self._patience = patience
        self._folders: dict[str, Path] = {}
        self._lists: dict[tuple[str, str], tuple[str, ...]] = {}
        self._wake = asyncio.Event()
        self._learned = asyncio.Event()
        self._worker: ThreadPoolExecutor | None = None
        self._trainers: dict[str, _Trainer] = {}
        self._intents = 0
        self._troubles: dict[str, str] = {}
        """What is wrong, by skill or engine."""

    async def start(self) -> None:
        """Start the engines. Raises EngineError or ModelError."""
        self._folders = dict(self._own)
        self._troubles.clear()
        self._wake.clear()
        self._learned.clear()
        self._worker = ThreadPoolExecutor(1, thread_name_prefix="intent")
        for engine in self._engines:
            await self._work(engine.start)
            if engine.trains:
                self._trainers[engine.name] = trainer = _Trainer(engine)
                self.spawn(self._train(trainer), engine.name)
        self.spawn(self._learn(), "learn")

    def overwrite(self) -> None:
        if self._worker is not None:
            self._worker.submit(overwrite_thread_cache)

    async def stop(self) -> None:
        if self._worker is None:
            return
        for engine in self._engines:
            engine.close()
        for trainer in self._trainers.values():
            trainer.thread.shutdown(wait=False, cancel_futures=True)
        self._trainers.clear()
        self._worker.shutdown(wait=False, cancel_futures=True)
        self._worker = None

    async def handle(self, message: Message) -> None:
        match message:
            case intent.Understand():
                self.spawn(self._understand(message), "understand")
            case intent.Settle():
                self.say(settle(message, self._folders))
            case skill.Ready() if message.skill not in self._own:
                self._folders[message.skill] = Path(message.folder)
                self._decider.shipped = {
                    name for name, folder in self._folders.items() if self._shipped in folder.resolve().parents
                }
            case skill.Removed() if message.skill not in self._own:
                self._folders.pop(message.skill, None)
            case skill.Listed(skill=name, entity=entity, entries=entries):
                self._lists[name, entity] = tuple(entry.text for entry in entries)
            case skill.Loaded():
                # Skills come and go one by one; this says that they are complete.
                self._wake.set()

    def health(self) -> system.Health:
        notes = [*self._troubles.values()]
        training = [name for name, trainer in self._trainers.items() if trainer.busy]
        note = "; ".join(notes) or f"{self._intents} intents" + "".join(f", {name} trains" for name in training)
        return system.Health(service=self.name, state="degraded" if notes else "ok", note=note, pid=os.getpid())

    async def _understand(self, wish: intent.Understand) -> None:
        if not self._learned.is_set():
            try:
                await asyncio.wait_for(self._learned.wait(), self._patience)
            except TimeoutError:
                self.log.warning("asked before any skill was loaded")
        self.say(await self._work(partial(self._decider.answer, wish, frozenset(self._folders))))

    def _could_not(self, engine: IntentEngine, error: AssistantError) -> None:
        self.log.warning("%s could not answer: %s", engine.name, error)

    async def _learn(self) -> None:
        while True:
            await self._wake.wait()
            self._wake.clear()
            folders = dict(self._folders)
            sentences = await self._work(partial(self._read_all, folders))
            lists = dict(self._lists)
            known = [with_lists(each, lists) for each in sentences]
            for engine in self._engines:
                if not engine.trains:
                    known = await self._work(partial(self._teach, engine, known))
            await self._work(partial(self._decider.learn, known))
            # Those that train learn kinds of sentences; a new name is no reason to begin again.
            taught = {each.skill for each in known}
            sentences = [each for each in sentences if each.skill in taught]
            for trainer in self._trainers.values():
                trainer.give(sentences)
            self._intents = sum(len(each.intents) for each in sentences)
            skills = tuple(each.skill for each in sentences if each.skill not in self._own)
            self.say(intent.Learned(skills=skills, intents=self._intents))
            self._learned.set()

    def _read_all(self, folders: dict[str, Path]) -> list[SkillSentences]:
        """The sentences of every skill that can be read; each of the others costs one line in the log."""
        self._troubles = {name: note for name, note in self._troubles.items() if name in self._trainers}
        found = []
        for name, folder in sorted(folders.items()):
            try:
                found.append(self._read(name, folder, self._language))
            except AssistantError as error:
                self._trouble(name, error)
        return found

    def _teach(self, engine: IntentEngine, sentences: list[SkillSentences]) -> list[SkillSentences]:
        """Teach all skills, or all but those that the engine refuses."""
        try:
            engine.learn(sentences)
        except SkillError:
            good: list[SkillSentences] = []
            for each in sentences:
                try:
                    engine.learn([*good, each])
                except SkillError as error:
                    self._trouble(each.skill, error)
                else:
                    good.append(each)
            engine.learn(good)
            return good
        return sentences

    async def _train(self, trainer: _Trainer) -> None:
        while True:
            sentences = await trainer.next()
            began = time.monotonic()
            try:
                await asyncio.get_running_loop().run_in_executor(trainer.thread, trainer.engine.learn, sentences)
            except AssistantError as error:
                self._trouble(trainer.engine.name, error)
            else:
                self._troubles.pop(trainer.engine.name, None)
                count = sum(len(each.intents) for each in sentences)
                seconds = time.monotonic() - began
                self.say(intent.Trained(engine=trainer.engine.name, intents=count, seconds=seconds))
            finally:
                trainer.busy = False

    def _trouble(self, what: str, error: AssistantError) -> None:
        self._troubles[what] = f"{what}: {error.problem}"
        self.log.warning("%s: %s", what, error)

    async def _work(self, task: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._worker, task)


class _Trainer:
    """An engine that trains, its thread, and the newest sentences it has to learn."""

    def __init__(self, engine: IntentEngine) -> None:
        self.engine = engine
        self.thread = ThreadPoolExecutor(1, thread_name_prefix=f"train-{engine.name}")
        self.busy = False
        self._waiting: list[SkillSentences] = []
        self._given = asyncio.Event()

    def give(self, sentences: list[SkillSentences]) -> None:
        """Learn this next, in place of what is still waiting."""
        self._waiting = sentences
        self.busy = True
        self._given.set()

    async def next(self) -> list[SkillSentences]:
        """The newest sentences, once there are some that were not taken yet."""
        await self._given.wait()
        self._given.clear()
        self.busy = True
        return self._waiting
