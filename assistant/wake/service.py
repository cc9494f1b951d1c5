"""The wake service listens all the time, also while the assistant speaks, and says when a wake word was heard."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from types import MappingProxyType
from typing import ClassVar, Literal, TypeVar

from assistant import messages
from assistant.audio.frame import FRAME_SECONDS, Frame
from assistant.audio.ports import Microphone, Reader
from assistant.errors import DeviceError
from assistant.memory import overwrite_freed
from assistant.messages import Message, system
from assistant.service import Service
from assistant.wake.engine import Detection, WakeEngine
from assistant.wake.gate import QuietGate
from assistant.wake.own_voice import OwnVoice
from assistant.wake.stop_words import StopWords

T = TypeVar("T")
ACTIONS = ("listen", "stop", "mute")
NO_ACTIONS: Mapping[str, str] = MappingProxyType({})
TAIL_FRAMES = round(1.0 / FRAME_SECONDS)
"""How long after its last sound its own voice may still come in by the microphone."""
REST_FRAMES = round(15.0 / FRAME_SECONDS)
"""One rest for so much sound on the average: it takes 0.08 s of processor time, and a room in which something clatters
falls quiet every few seconds."""
RESTS_AT_ONCE = 20
"""So many may follow on each other as the room falls quiet, if there were few before."""


class WakeService(Service):
    """Feeds the microphone to a `WakeEngine` in a thread of its own, as far as there is anything to hear.

    A microphone that fails or ends is listened to again after `retry_seconds`, doubled each time up to 8 s, unless
    the source said that it has come to its end.
    """

    name: ClassVar[str] = "wake"
    hears: ClassVar[tuple[type[Message], ...]] = (
        messages.audio.Muted,
        messages.audio.Unmuted,
        messages.audio.Ended,
        messages.audio.Chime,
        messages.audio.Quiet,
        messages.consent.Destroyed,
        messages.tts.Say,
        messages.tts.Started,
        messages.tts.Ended,
        messages.wake.Tune,
        messages.system.Ready,
    )
    says: ClassVar[tuple[type[Message], ...]] = (
        messages.wake.Detected,
        messages.wake.Tuned,
        messages.dialog.Cancel,
        messages.audio.Mute,
    )

    def __init__(
        self,
        engine: WakeEngine,
        microphone: Microphone,
        *,
        sensitivity: float = 0.5,
        actions: Mapping[str, str] = NO_ACTIONS,
        stop_words: StopWords | None = None,
        retry_seconds: float = 0.5,
        revise_seconds: float = 1.0,
    ) -> None:
        """`sensitivity` is the one that the engine was made with. `actions` says which words stop what sounds ("stop")
        or close the microphone ("mute"); all others are followed by a request. `stop_words` end what rings. Every
        `revise_seconds` it looks whether a yes has ended, of which a command of another process tells nobody."""
        super().__init__()
        self._actions = actions
        self._stop_words = stop_words
        own = (*engine.words, *(stop_words.words if stop_words is not None else ()))
        self._own = OwnVoice(own, tail_frames=TAIL_FRAMES)
        self._sensitivity = sensitivity
        self._engine = engine
        self._microphone = microphone
        self._retry_seconds = retry_seconds
        self._revise_seconds = revise_seconds
        self._worker: ThreadPoolExecutor | None = None
        self._ended = asyncio.Event()
        self._muted = False
        self._stale = False
        self._speaking = False
        self._resting = True
        self._rests = float(RESTS_AT_ONCE)
        self._next = -1
        self._gate = QuietGate()
        self._trouble = ""

    async def start(self) -> None:
        """Load the models. Raises ModelError."""
        self._worker = ThreadPoolExecutor(1, thread_name_prefix="wake")
        self._ended.clear()
        await self._work(self._engine.start)
        if self._stop_words is not None:
            await self._work(self._stop_words.start)
        self.spawn(self._listen(), "listen")
        self.spawn(self._watch(), "watch")

    async def handle(self, message: Message) -> None:
        if isinstance(message, messages.audio.Muted):
            self._muted = True
            await self._no_stop_words()
        elif isinstance(message, messages.audio.Unmuted):
            # What was heard before the mute must not join with what comes after it.
            self._muted = False
            self._forget()
        elif isinstance(message, messages.audio.Ended):
            self._ended.set()
        elif isinstance(message, messages.audio.Chime):
            if message.name == "ring" and self._stop_words is not None and not self._muted:
                self._stop_words.ring()
        elif isinstance(message, messages.audio.Quiet):
            await self._no_stop_words()
        elif isinstance(message, messages.consent.Destroyed):
            await self._work(self._revise)
        elif isinstance(message, messages.tts.Say):
            self._own.say(message)
        elif isinstance(message, messages.tts.Started):
            self._speaking = True
            self._own.started(message.session)
        elif isinstance(message, messages.tts.Ended):
            self._speaking = False
            self._own.ended(message.session)
        elif isinstance(message, messages.wake.Tune):
            self._sensitivity = min(1.0, max(0.0, message.sensitivity))
            await self._work(partial(self._engine.tune, self._sensitivity))
            self.say(messages.wake.Tuned(sensitivity=self._sensitivity))
        elif isinstance(message, messages.system.Ready) and message.service == "skills":
            self.say(messages.wake.Tuned(sensitivity=self._sensitivity))

    def overwrite(self) -> None:
        if self._worker is not None:
            self._worker.submit(overwrite_freed)

    async def stop(self) -> None:
        if self._worker is not None:
            await self._work(self._engine.close)
            if self._stop_words is not None:
                await self._work(self._stop_words.close)
            self._worker.shutdown(wait=False)
            self._worker = None

    async def _no_stop_words(self) -> None:
        """Nothing rings any more, or nobody may listen."""
        if self._stop_words is not None:
            self._stop_words.quiet()
            await self._work(self._stop_words.clear)

    async def _work(self, job: Callable[[], T]) -> T:
        """Run in the engine's thread."""
        return await asyncio.get_running_loop().run_in_executor(self._worker, job)

    def health(self) -> system.Health:
        state: Literal["ok", "degraded", "muted"] = "muted" if self._muted else "degraded" if self._trouble else "ok"
        note = self._trouble or f"waits for {', '.join(self._engine.words)}"
        return system.Health(service=self.name, state=state, note=note, pid=os.getpid())

    async def _watch(self) -> None:
        """A yes may be taken back by a command, and a word's voice be removed, without a message."""
        while True:
            await asyncio.sleep(self._revise_seconds)
            await self._work(self._revise)

    def _revise(self) -> None:
        if self._engine.revise():
            overwrite_freed()

    async def _listen(self) -> None:
        wait = self._retry_seconds
        while True:
            try:
                reader = await self._microphone.listen()
                if await self._hear(reader):
                    wait = self._retry_seconds
                self._trouble = "" if self._ended.is_set() else "no sound from the microphone"
            except DeviceError as error:
                if str(error) != self._trouble:
                    self.log.warning("%s", error)
                self._trouble = str(error)
            with suppress(TimeoutError):
                await asyncio.wait_for(self._ended.wait(), wait)
            if self._ended.is_set():
                self._trouble = ""
                return
            wait = min(2 * wait, 8.0)

    async def _hear(self, reader: Reader) -> bool:
        """Work through the frames of one reader; whether there were any."""
        heard = False
        try:
            async for frame in reader:
                if not heard:
                    heard, self._trouble = True, ""
                    self._forget()
                await self._take(frame)
        finally:
            await reader.close()
        return heard

    def _forget(self) -> None:
        """What comes next does not follow on what came before."""
        self._stale = True
        self._gate.reset()

    async def _take(self, frame: Frame) -> None:
        if frame.dropped > 0 or frame.index != self._next:
            self._forget()
        self._next = frame.index + 1
        if self._stop_words is not None:
            self._stop_words.frame()
        self._rests = min(RESTS_AT_ONCE, self._rests + 1 / REST_FRAMES)
        frames = self._gate.pass_on(frame)
        if not frames:
            if self._gate.is_quiet and not self._resting and self._rests >= 1:
                self._resting = True
                self._rests -= 1
                await self._work(self._rest)
            return
        self._resting = False
        reset, self._stale = self._stale, False
        found, stop = await self._work(partial(self._process, frames, reset))
        found = [each for each in found if each[0].word not in self._own.words]
        stop = stop and self._own.words.isdisjoint(self._stop_words.words if self._stop_words is not None else ())
        self._own.frame()
        if self._muted:
            return
        if stop:
            self.say(messages.dialog.Cancel(why="stop word"))
        elif found:
            # Two words at once are one event: the better one counts.
            self._act(*max(found, key=lambda each: each[0].score))

    def _act(self, found: Detection, end: int) -> None:
        """What the word is there for. `end` is the sample after the frame it was heard in."""
        match self._actions.get(found.word, "listen"):
            case "stop":
                self.say(messages.dialog.Cancel(why="wake word"))
            case "mute":
                self.say(messages.audio.Mute())
            case _:
                self.say(messages.wake.Detected(word=found.word, score=found.score, sample=max(0, end - found.ago)))

    def _rest(self) -> None:
        self._engine.rest()
        if self._stop_words is not None:
            self._stop_words.clear()
        # What people said to each other went through here, too, and no session's end will have it overwritten.
        overwrite_freed()

    def _process(self, frames: list[Frame], reset: bool) -> tuple[list[tuple[Detection, int]], bool]:
        """What was heard, each with the number of the sample after the frame it was heard in; and whether a stop word
        was."""
        if reset:
            self._engine.reset()
            if self._stop_words is not None:
                self._stop_words.clear()
        self._engine.speaking(self._speaking)
        found, stop = [], False
        for frame in frames:
            found += [(each, frame.start + len(frame.samples)) for each in self._engine.process(frame.samples)]
            stop = (self._stop_words is not None and self._stop_words.process(frame.samples)) or stop
            frame.samples.fill(0)
        return found, stop
