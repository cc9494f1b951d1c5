"""Listens when the dialogue asks for it, and says what was spoken."""

from __future__ import annotations

import asyncio
import functools
import time
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import ClassVar, TypeVar

from assistant.audio.frame import RATE, Frame
from assistant.audio.ports import Microphone, Reader
from assistant.config.schema import Stt
from assistant.errors import DeviceError, EngineError
from assistant.messages import Message, Seconds, Spoken, audio, dialog, stt
from assistant.service import Service
from assistant.stt.endpoint import Ended, Endpointer
from assistant.stt.engine import Hypothesis, SttEngine
from assistant.stt.wakeword import strip_wake_word

STALL_SECONDS = 5.0
"""A microphone that gives nothing for so long is broken."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class _Utterance:
    """One stretch of speech: how it ended, what was heard, and how long deciding and recognising took."""

    ended: Ended
    heard: Hypothesis
    seconds: tuple[Seconds, ...]
    source_ended: bool


class SttService(Service):
    """One engine in one thread; one session at a time."""

    name: ClassVar[str] = "stt"
    hears: ClassVar[tuple[type[Message], ...]] = (dialog.Listening, dialog.Closed, dialog.Cancel, audio.Muted)
    says: ClassVar[tuple[type[Message], ...]] = (stt.Partial, stt.Transcript, stt.Nothing)

    def __init__(self, engine: SttEngine, microphone: Microphone, config: Stt) -> None:
        super().__init__()
        self._engine = engine
        self._microphone = microphone
        self._config = config
        self._worker: ThreadPoolExecutor | None = None
        self._listening: asyncio.Task[None] | None = None
        self._session = ""

    async def start(self) -> None:
        """Load the model. Raises ModelError."""
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
            case _:
                pass

    async def stop(self) -> None:
        """Forget everything heard and free the model."""
        await self._stop_listening()
        if self._worker is not None:
            await self._work(self._engine.close)
            self._worker.shutdown()
            self._worker = None

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

    async def _hear(self, wish: dialog.Listening, reader: Reader) -> stt.Transcript | stt.Nothing:
        """Utterance after utterance until one has words in it: a clatter, or the wake word alone, is not a
        request."""
        frames = aiter(reader)
        patience, wake_word = wish.patience, wish.wake_word
        while True:
            found = await self._utterance(wish.session, frames, patience)
            text = strip_wake_word(found.heard.text, wake_word)
            if text:
                return _transcript(wish.session, text, found)
            if found.ended.cause == "limit":
                return stt.Nothing(session=wish.session, cause="too-long")
            if found.heard.text:
                # The wake word alone: the request is still to come, with full patience.
                wake_word = ""
            else:
                patience -= found.ended.decided / RATE
            if found.source_ended or patience <= 0:
                return stt.Nothing(session=wish.session, cause="silence" if found.ended.cause == "silence" else "noise")

    async def _utterance(self, session: str, frames: AsyncIterator[Frame], patience: float) -> _Utterance:
        """Sound up to the end of one stretch of speech, and what was said in it."""
        endpointer = Endpointer(
            patience=patience,
            silence_seconds=self._config.silence_seconds,
            max_seconds=self._config.max_seconds,
        )
        await self._work(self._engine.begin)
        ended: Ended | None = None
        source_ended = False
        while ended is None:
            frame = await _next(frames)
            if frame is None:
                source_ended = True
                ended = endpointer.finish()
                break
            ended = next((event for event in endpointer.feed(frame.samples) if isinstance(event, Ended)), None)
            partial = await self._work(functools.partial(self._engine.accept, frame.samples))
            if partial:
                self.say(stt.Partial(session=session, text=Spoken(partial)))
        if ended is None:
            raise RuntimeError("the endpointer ended twice")
        if ended.cause == "silence":
            nothing = Hypothesis(text="", confidence=0.0, language=self._engine.language)
            return _Utterance(ended, nothing, (), source_ended)
        began = time.perf_counter()
        heard = await self._work(self._engine.finish)
        seconds = (
            Seconds(stage="endpoint", seconds=(ended.decided - ended.voiced) / RATE),
            Seconds(stage="stt", seconds=time.perf_counter() - began),
        )
        return _Utterance(ended, heard, seconds, source_ended)

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
    )
