"""The holder: reads the microphone along with the recogniser, but only while somebody's yes holds.

It may hear and not write; the gate may write and not hear. With no consent it never opens a reader, so no sound goes to
the gate, not even within one process. Each clip is offered first, and leaves this room only once the gate has accepted.
What it holds is one preallocated array, overwritten when the question is over.
"""

from __future__ import annotations

import asyncio
from typing import ClassVar

import numpy as np

from assistant.audio.frame import RATE, Samples
from assistant.audio.ports import Microphone
from assistant.consent.clip import NewClip
from assistant.consent.ports import Keeper, Leave
from assistant.errors import DeviceError
from assistant.messages import Message, Spoken, consent, dialog, stt, wake
from assistant.service import Service

BEFORE = int(1.6 * RATE)
"""Samples kept before the end of a wake word, and after it."""
AFTER = int(0.4 * RATE)
LONGEST = 32 * RATE


class HolderService(Service):
    """Offers wake words, false wakes, requests and transcripts to the gate, after the answer."""

    name: ClassVar[str] = "holder"
    hears: ClassVar[tuple[type[Message], ...]] = (
        wake.Detected,
        dialog.Listening,
        dialog.Closed,
        stt.Transcript,
        stt.Nothing,
        consent.Leave,
        consent.Decided,
        consent.Debugging,
    )
    says: ClassVar[tuple[type[Message], ...]] = (consent.Ask, consent.Offer, consent.Note)

    def __init__(self, microphone: Microphone, keeper: Keeper, language: str = "en") -> None:
        super().__init__()
        self._microphone = microphone
        self._keeper = keeper
        self._language = language
        self._buffer: Samples | None = None
        self._first = 0
        """Number of the buffer's first sample."""
        self._filled = 0
        self._reading: asyncio.Task[None] | None = None
        self._session = ""
        self._wake: wake.Detected | None = None
        self._request_from = 0
        self._transcript = Spoken()
        self._leave = Leave()
        self._debugging = False

    async def start(self) -> None:
        if self._bus is not None:
            self._keeper.join(self._bus)

    async def handle(self, message: Message) -> None:
        if isinstance(message, consent.Debugging):
            self._debugging = message.live
        elif isinstance(message, stt.Transcript) and self._debugging:
            self.say(consent.Note(text=message.text))
        match message:
            case wake.Detected():
                self._wake = message
            case dialog.Listening():
                await self._begin(message)
            case stt.Transcript(session=name) if name == self._session:
                self._transcript = message.text
                await self._end_reading()
            case stt.Nothing(session=name) if name == self._session:
                await self._end_reading()
            case dialog.Closed(session=name) if name == self._session:
                await self._end_reading()
                await self._offer(message.outcome)
                self._forget()

    async def stop(self) -> None:
        await self._end_reading()
        self._forget()

    async def _begin(self, listening: dialog.Listening) -> None:
        """Start to hold, if anything of this question may be kept."""
        await self._end_reading()
        detected, self._wake = self._wake, None
        self._forget()
        self._leave = await self._keeper.wants()
        wanted = self._leave.purposes
        if not wanted:
            return
        self._session = listening.session
        self._wake = detected if listening.wake_word else None
        self._request_from = listening.from_sample
        start = listening.from_sample
        if self._wake is not None and {*wanted} & {"wake_word", "false_wake"}:
            start = max(0, self._wake.sample - BEFORE)
        if {*wanted} & {"wake_word", "false_wake", "utterance_audio"}:
            self._reading = self.spawn(self._read(start), "hold")

    async def _read(self, start: int) -> None:
        if self._buffer is None:
            self._buffer = np.zeros(LONGEST, dtype=np.int16)
        try:
            reader = await self._microphone.listen(from_sample=start if start >= 0 else None)
        except DeviceError:
            return
        try:
            async for frame in reader:
                if self._filled == 0:
                    self._first = frame.start
                if frame.dropped or self._filled + len(frame.samples) > LONGEST:
                    return
                self._buffer[self._filled : self._filled + len(frame.samples)] = frame.samples
                self._filled += len(frame.samples)
                frame.samples.fill(0)
        finally:
            await reader.close()

    async def _end_reading(self) -> None:
        task, self._reading = self._reading, None
        if task is not None and not task.done():
            task.cancel()
            await asyncio.wait((task,))

    async def _offer(self, outcome: dialog.Outcome) -> None:
        """The question is over: offer exactly what may be kept. The gate looks again whether it still may."""
        wanted = self._leave.purposes
        false = outcome == "nothing"
        if self._wake is not None:
            end = self._wake.sample
            purpose = "false_wake" if false else "wake_word"
            if purpose in wanted:
                await self._give(purpose, self._cut(end - BEFORE, end + AFTER), word=self._wake.word)
        if not self._transcript:
            return
        if "utterance_audio" in wanted:
            start = self._request_from if self._request_from >= 0 else self._first
            await self._give("utterance_audio", self._cut(start, self._first + self._filled))
        if "transcript" in wanted:
            await self._give("transcript", np.zeros(0, dtype=np.int16), text=self._transcript.text)

    async def _give(self, purpose: str, samples: Samples | None, *, word: str = "", text: str = "") -> None:
        if samples is None:
            return
        clip = NewClip(samples=samples, session=self._session, language=self._language, word=word, transcript=text)
        await self._keeper.offer(self._leave, purpose, clip)

    def _cut(self, start: int, end: int) -> Samples | None:
        """A copy of what was held between two sample numbers; None if it was not held."""
        start, end = max(start - self._first, 0), min(end - self._first, self._filled)
        if self._buffer is None or end <= start:
            return None
        return self._buffer[start:end].copy()

    def _forget(self) -> None:
        """Overwrite what was held."""
        if self._buffer is not None:
            self._buffer[: self._filled] = 0
        self._filled = 0
        self._session = ""
        self._wake = None
        self._transcript = Spoken()
        self._leave = Leave()
