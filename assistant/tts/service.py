"""The speaking service: takes wishes to speak, one utterance after the other, sentence by sentence."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import aclosing
from typing import ClassVar, Literal

from assistant import messages
from assistant.audio.frame import Samples
from assistant.audio.ports import Speaker
from assistant.clock import Clock, SystemClock
from assistant.errors import DeviceError, EngineError
from assistant.memory import overwrite_thread_cache
from assistant.messages import Message, Seconds
from assistant.service import Service
from assistant.tts.engine import TtsEngine
from assistant.tts.normalise import normalise
from assistant.tts.sentences import split

AHEAD = 2
"""Pieces (mostly sentences) that may wait for the speaker while the next one is synthesised."""


class TtsService(Service):
    """Speaks by a `TtsEngine`, which runs in a thread of its own, and a `Speaker`.

    An urgent utterance interrupts one that is not urgent (which ends as `stopped`) and is said before all others that
    wait. `tts.stop` ends the current utterance and all that wait. Every `tts.say` is answered by one `tts.ended`.
    """

    name: ClassVar[str] = "tts"
    hears: ClassVar[tuple[type[Message], ...]] = (messages.tts.Say, messages.tts.Stop)
    says: ClassVar[tuple[type[Message], ...]] = (messages.tts.Started, messages.tts.Ended)

    def __init__(self, engine: TtsEngine, speaker: Speaker, *, clock: Clock | None = None) -> None:
        super().__init__()
        self._engine = engine
        self._speaker = speaker
        self._clock: Clock = clock or SystemClock()
        self._worker: ThreadPoolExecutor | None = None
        self._waiting: deque[_Utterance] = deque()
        self._wake = asyncio.Event()
        self._current: _Utterance | None = None

    async def start(self) -> None:
        """Load the voice. Raises ModelError."""
        self._worker = ThreadPoolExecutor(1, thread_name_prefix="tts")
        self._waiting.clear()
        await asyncio.get_running_loop().run_in_executor(self._worker, self._engine.start)
        self.spawn(self._speak_all(), "speak")

    async def handle(self, message: Message) -> None:
        if isinstance(message, messages.tts.Say):
            await self._accept(_Utterance(message, self._clock.monotonic()))
        elif isinstance(message, messages.tts.Stop):
            dropped = tuple(self._waiting)
            self._waiting.clear()
            for utterance in dropped:
                self._end(utterance, "stopped")
            await self._interrupt()

    def overwrite(self) -> None:
        if self._worker is not None:
            self._worker.submit(overwrite_thread_cache)

    async def stop(self) -> None:
        await self._interrupt()
        if self._worker is not None:
            self._worker.submit(self._engine.close)
            # A sentence that is still being synthesised ends by itself.
            self._worker.shutdown(wait=False)
            self._worker = None

    async def _accept(self, utterance: _Utterance) -> None:
        if not utterance.say.urgent:
            self._waiting.append(utterance)
        else:
            place = sum(other.say.urgent for other in self._waiting)
            self._waiting.insert(place, utterance)
            if self._current is not None and not self._current.say.urgent:
                await self._interrupt()
        self._wake.set()

    async def _interrupt(self) -> None:
        """Silence the current utterance."""
        current = self._current
        if current is None or current.stopped.is_set():
            return
        current.stopped.set()
        try:
            await self._speaker.stop()
        except DeviceError as error:
            self.log.warning("%s", error)

    async def _speak_all(self) -> None:
        while True:
            while self._waiting:
                self._current = self._waiting.popleft()
                try:
                    cause = await self._utter(self._current)
                finally:
                    current, self._current = self._current, None
                self._end(current, cause)
            self._wake.clear()
            await self._wake.wait()

    async def _utter(self, utterance: _Utterance) -> Literal["said", "stopped", "failed"]:
        """Say one utterance; how it ended."""
        sentences = [normalise(piece, utterance.say.language) for piece in split(utterance.say.text.text)]
        sentences = [sentence for sentence in sentences if sentence]
        if not sentences:
            return "said"
        try:
            async with aclosing(self._sound(utterance, sentences)) as sound:
                whole = await self._speaker.play(sound, self._engine.rate)
        except (DeviceError, EngineError) as error:
            if utterance.stopped.is_set():
                return "stopped"
            self.log.warning("could not speak: %s", error)
            return "failed"
        return "said" if whole and not utterance.stopped.is_set() else "stopped"

    async def _sound(self, utterance: _Utterance, sentences: list[str]) -> AsyncGenerator[Samples]:
        """The utterance's sound. It is synthesised ahead of the speaker, so that there are no gaps. Ends when the
        utterance is stopped, also while a sentence is in the making. Raises EngineError."""
        ready: asyncio.Queue[Samples | EngineError | None] = asyncio.Queue(AHEAD)
        making = asyncio.create_task(self._make(sentences, ready))
        stopped = asyncio.create_task(utterance.stopped.wait())
        try:
            first, piece = True, None
            while True:
                piece = asyncio.create_task(ready.get())
                await asyncio.wait((piece, stopped, making), return_when=asyncio.FIRST_COMPLETED)
                if stopped.done():
                    return
                if making.done():
                    making.result()  # a defect is raised here, not lost in a task
                made = await piece
                if made is None:
                    return
                if isinstance(made, EngineError):
                    raise made
                if first:
                    first = False
                    took = Seconds(stage="tts", seconds=self._clock.monotonic() - utterance.asked)
                    self.say(messages.tts.Started(session=utterance.say.session, seconds=(took,)))
                yield made
        finally:
            for task in (making, stopped, piece):
                if task is not None:
                    task.cancel()

    async def _make(self, sentences: list[str], ready: asyncio.Queue[Samples | EngineError | None]) -> None:
        """Synthesise into `ready`; None marks the end."""
        loop = asyncio.get_running_loop()
        try:
            for sentence in sentences:
                pieces = await loop.run_in_executor(self._worker, self._engine.speak, sentence)
                while (piece := await loop.run_in_executor(self._worker, _next, pieces)) is not None:
                    await ready.put(piece)
            await ready.put(None)
        except EngineError as error:
            await ready.put(error)

    def _end(self, utterance: _Utterance, cause: Literal["said", "stopped", "failed"]) -> None:
        self.say(messages.tts.Ended(session=utterance.say.session, cause=cause))


class _Utterance:
    """One wish to speak and what has become of it."""

    def __init__(self, say: messages.tts.Say, asked: float) -> None:
        self.say = say
        self.asked = asked
        self.stopped = asyncio.Event()


def _next(pieces: Iterator[Samples]) -> Samples | None:
    return next(pieces, None)
