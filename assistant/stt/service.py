"""Listens when the dialogue asks for it, and says what was spoken."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import MappingProxyType
from typing import ClassVar, TypeVar

from assistant.audio.frame import Frame
from assistant.audio.ports import Microphone, Reader
from assistant.config.schema import Stt
from assistant.errors import DeviceError, EngineError, SkillError
from assistant.grammar.folder import read_sentences
from assistant.grammar.lists import with_lists
from assistant.grammar.sentences import SkillSentences
from assistant.memory import overwrite_freed, overwrite_thread_cache
from assistant.messages import Message, Spoken, audio, dialog, skill, stt
from assistant.service import Service
from assistant.stt.engine import SttEngine
from assistant.stt.listener import Listener

STALL_SECONDS = 5.0
"""A microphone that gives nothing for so long is broken."""

T = TypeVar("T")
NO_FOLDERS: Mapping[str, Path] = MappingProxyType({})


class SttService(Service):
    """One engine in one thread; one session at a time."""

    name: ClassVar[str] = "stt"
    hears: ClassVar[tuple[type[Message], ...]] = (
        dialog.Listening,
        dialog.Closed,
        dialog.Cancel,
        audio.Muted,
        skill.Ready,
        skill.Removed,
        skill.Listed,
        skill.Loaded,
    )
    says: ClassVar[tuple[type[Message], ...]] = (stt.Partial, stt.Transcript, stt.Nothing)

    def __init__(
        self,
        engine: SttEngine,
        microphone: Microphone,
        config: Stt,
        *,
        own: Mapping[str, Path] = NO_FOLDERS,
    ) -> None:
        """`own` are folders of sentences that belong to no skill, by the name they are known under."""
        super().__init__()
        self._engine = engine
        self._microphone = microphone
        self._config = config
        self._own = own
        self._folders: dict[str, Path] = dict(own)
        self._lists: dict[tuple[str, str], tuple[str, ...]] = {}
        self._worker: ThreadPoolExecutor | None = None
        self._listening: asyncio.Task[None] | None = None
        self._session = ""

    async def start(self) -> None:
        """Load the model. Raises ModelError."""
        self._folders = dict(self._own)
        self._worker = ThreadPoolExecutor(1, thread_name_prefix="stt")
        await self._work(self._engine.start)

    async def handle(self, message: Message) -> None:
        match message:
            case dialog.Listening():
                await self._stop_listening()
                self._session = message.session
                self._listening = self.spawn(self._listen(message), "listen")
            case dialog.Closed() if message.session == self._session:
                await self._stop_listening()
            case dialog.Cancel():
                await self._stop_listening()
            case audio.Muted():
                if await self._stop_listening():
                    self.say(stt.Nothing(session=self._session, cause="silence"))
            case skill.Ready():
                self._folders[message.skill] = Path(message.folder)
            case skill.Removed():
                self._folders.pop(message.skill, None)
            case skill.Listed(skill=name, entity=entity, entries=entries):
                self._lists[name, entity] = tuple(entry.text for entry in entries)
            case skill.Loaded():
                # Skills come and go one by one; this says that they are complete.
                self.spawn(self._learn(dict(self._folders)), "learn")
            case _:
                pass

    def overwrite(self) -> None:
        if self._worker is not None:
            self._worker.submit(overwrite_freed)

    async def stop(self) -> None:
        """Forget everything heard and free the model."""
        await self._stop_listening()
        if self._worker is not None:
            await self._work(self._engine.close)
            self._worker.shutdown()
            self._worker = None

    async def _learn(self, folders: Mapping[str, Path]) -> None:
        """Give the engine the sentences of all skills; one that cannot be read is left out."""

        lists = dict(self._lists)

        def learn() -> None:
            read: list[SkillSentences] = []
            for name, folder in folders.items():
                try:
                    read.append(with_lists(read_sentences(name, folder, self._engine.language), lists))
                except SkillError as error:
                    self.log.warning("sentences of %s are not expected: %s", name, error)
            self._engine.learn(read)

        try:
            await self._work(learn)
        except (SkillError, EngineError) as error:
            self.log.warning("the skills' sentences cannot be followed: %s", error)

    async def _stop_listening(self) -> bool:
        """True when something was being heard."""
        task, self._listening = self._listening, None
        if task is None or task.done():
            return False
        task.cancel()
        await asyncio.wait((task,))
        return True

    async def _listen(self, wish: dialog.Listening) -> None:
        try:
            start = wish.from_sample if wish.from_sample >= 0 else None
            reader = await self._microphone.listen(from_sample=start)
            listener = Listener(
                self._engine,
                self._work,
                self._config,
                wish,
                _limited(reader),
                lambda text: self.say(stt.Partial(session=wish.session, text=Spoken(text))),
            )
            try:
                self.say(await listener.hear())
            finally:
                listener.clear()
                await reader.close()
        except (DeviceError, EngineError, TimeoutError) as error:
            self.log.warning("could not listen: %s", error or "the microphone gives no sound")
            self.say(stt.Nothing(session=wish.session, cause="failed"))
        finally:
            # Whatever the engine still holds of this session is overwritten, also when the session was cancelled.
            if self._worker is not None:
                self._worker.submit(self._engine.begin)
                self._worker.submit(overwrite_thread_cache)

    async def _work(self, job: Callable[[], T]) -> T:
        """Run in the engine's thread."""
        return await asyncio.get_running_loop().run_in_executor(self._worker, job)


async def _limited(reader: Reader) -> AsyncIterator[Frame | None]:
    """The frames, then None. Raises TimeoutError when the microphone has stalled."""
    frames = aiter(reader)
    while True:
        async with asyncio.timeout(STALL_SECONDS):
            frame = await anext(frames, None)
        yield frame
