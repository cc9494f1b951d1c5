"""Listens when the dialogue asks for it, and says what was spoken."""

from __future__ import annotations

import asyncio
import functools
import time
from collections.abc import AsyncIterator, Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import ClassVar, TypeVar

from assistant.audio.frame import RATE, Frame
from assistant.audio.ports import Microphone, Reader
from assistant.config.schema import Stt
from assistant.errors import DeviceError, EngineError, SkillError
from assistant.grammar.folder import read_sentences
from assistant.grammar.lists import with_lists
from assistant.grammar.sentences import SkillSentences
from assistant.memory import overwrite_thread_cache
from assistant.messages import Message, Seconds, Slot, Spoken, audio, dialog, skill, stt
from assistant.service import Service
from assistant.stt.endpoint import Ended, Endpointer, Paused, Resumed
from assistant.stt.engine import Hypothesis, Meaning, SttEngine
from assistant.stt.expected import Expected
from assistant.stt.wakeword import strip_wake_word

STALL_SECONDS = 5.0
"""A microphone that gives nothing for so long is broken."""

OPEN_SECONDS = 0.8
"""So much more silence is allowed when a sentence has been begun that cannot end yet."""

LIKELY_SECONDS = 0.4
"""Silence that ends a sentence which sounds as if it were over."""

DOUBTFUL_SECONDS = 0.6
DOUBTFUL_CONFIDENCE = 0.6
"""Words from less voice than this, and less sure than this, may have been a cough or a clatter."""
DOUBT_SECONDS = 1.5
"""How long to wait for something better."""

T = TypeVar("T")
NO_FOLDERS: Mapping[str, Path] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class _Utterance:
    """One stretch of speech: how it ended, what was heard, and how long deciding and recognising took."""

    ended: Ended
    heard: Hypothesis
    seconds: tuple[Seconds, ...]
    source_ended: bool
    began: int

    @property
    def is_doubtful(self) -> bool:
        """Short, unlikely, and no sentence of a skill."""
        if self.heard.meaning is not None or self.heard.confidence > DOUBTFUL_CONFIDENCE:
            return False
        return self.ended.voiced - self.began < DOUBTFUL_SECONDS * RATE


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
            try:
                self.say(await self._hear(wish, reader))
            finally:
                await reader.close()
        except (DeviceError, EngineError, TimeoutError) as error:
            self.log.warning("could not listen: %s", error or "the microphone gives no sound")
            self.say(stt.Nothing(session=wish.session, cause="failed"))
        finally:
            # Whatever the engine still holds of this session is overwritten, also when the session was cancelled.
            if self._worker is not None:
                self._worker.submit(self._engine.begin)
                self._worker.submit(overwrite_thread_cache)

    async def _hear(self, wish: dialog.Listening, reader: Reader) -> stt.Transcript | stt.Nothing:
        """Utterance after utterance until one has words in it: a clatter, or the wake word alone, is not a
        request."""
        frames = aiter(reader)
        patience, wake_word = wish.patience, wish.wake_word
        expected = Expected(wish.expects, wish.skill, tuple(option.text for option in wish.options))
        doubtful: stt.Transcript | None = None
        while True:
            found = await self._utterance(wish.session, frames, patience, wake_word, expected)
            text = strip_wake_word(found.heard.text, wake_word)
            if text and not (found.is_doubtful and doubtful is None and not found.source_ended):
                return _transcript(wish.session, text, found)
            if text:
                # A breath or a cough also gives words. If nothing better follows soon, they were meant.
                doubtful = _transcript(wish.session, text, found)
                patience, wake_word = DOUBT_SECONDS, ""
                continue
            if doubtful is not None:
                return doubtful
            if found.ended.cause == "limit":
                return stt.Nothing(session=wish.session, cause="too-long")
            if found.heard.text:
                # The wake word alone: the request is still to come, with full patience.
                wake_word = ""
            else:
                patience -= found.ended.decided / RATE
            if found.source_ended or patience <= 0:
                return stt.Nothing(session=wish.session, cause="silence" if found.ended.cause == "silence" else "noise")

    async def _utterance(
        self, session: str, frames: AsyncIterator[Frame], patience: float, wake_word: str, expected: Expected
    ) -> _Utterance:
        """Sound up to the end of one stretch of speech, and what was said in it."""
        endpointer = Endpointer(
            patience=patience,
            silence_seconds=self._config.silence_seconds,
            max_seconds=self._config.max_seconds,
        )
        await self._work(functools.partial(self._engine.begin, wake_word=wake_word, expected=expected))
        ended: Ended | None = None
        settled = closed = False
        frame: Frame | None = None
        began = 0.0
        while ended is None:
            frame = await _next(frames)
            if frame is None:
                ended = endpointer.finish()
                break
            partial = await self._work(functools.partial(self._engine.accept, frame.samples))
            if partial:
                self.say(stt.Partial(session=session, text=Spoken(partial)))
            events = endpointer.feed(frame.samples)
            frame.samples.fill(0)
            for event in events:
                match event:
                    case Ended():
                        ended = event
                    case Paused():
                        # While it may still go on, find out what it would be if it were all.
                        began, settled = time.perf_counter(), True
                        outlook = await self._work(self._engine.outlook)
                        if outlook == "closed":
                            closed, ended = True, endpointer.finish()
                        elif outlook == "likely":
                            endpointer.silence_seconds = min(LIKELY_SECONDS, self._config.silence_seconds)
                        elif outlook == "open":
                            endpointer.silence_seconds = self._config.silence_seconds + OPEN_SECONDS
                    case Resumed():
                        settled = False
                        endpointer.silence_seconds = self._config.silence_seconds
                    case _:
                        pass
        if ended is None:
            raise RuntimeError("the endpointer ended twice")
        if ended.cause == "silence":
            nothing = Hypothesis(text="", confidence=0.0, language=self._engine.language)
            return _Utterance(ended, nothing, (), frame is None, endpointer.began)
        if not closed:
            began = time.perf_counter()
        heard = await self._work(functools.partial(self._engine.finish, settled=settled))
        seconds = (
            Seconds(stage="endpoint", seconds=(ended.decided - ended.voiced) / RATE),
            Seconds(stage="stt", seconds=time.perf_counter() - began),
        )
        return _Utterance(ended, heard, seconds, frame is None, endpointer.began)

    async def _work(self, job: Callable[[], T]) -> T:
        """Run in the engine's thread."""
        return await asyncio.get_running_loop().run_in_executor(self._worker, job)


async def _next(frames: AsyncIterator[Frame]) -> Frame | None:
    """The next frame; None at the end. Raises TimeoutError when the microphone has stalled."""
    async with asyncio.timeout(STALL_SECONDS):
        return await anext(frames, None)


def _transcript(session: str, text: str, found: _Utterance) -> stt.Transcript:
    return stt.Transcript(
        session=session,
        text=Spoken(text),
        confidence=found.heard.confidence,
        language=found.heard.language,
        alternatives=tuple(Spoken(other) for other in found.heard.alternatives),
        seconds=found.seconds,
        meaning=_meaning(found.heard.meaning),
    )


def _meaning(found: Meaning | None) -> stt.Meaning | None:
    if found is None:
        return None
    return stt.Meaning(
        intent=found.intent,
        skill=found.skill,
        slots=tuple(Slot(name=slot.name, spoken=Spoken(slot.words), kind=slot.kind) for slot in found.slots),
        score=found.score,
        gap=found.gap,
        rival=found.rival,
    )
