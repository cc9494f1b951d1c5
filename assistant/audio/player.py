"""The speaker: one thread writes what the mixer gives to a Sink."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import AsyncIterator, Callable

import numpy as np

from assistant.audio.frame import Samples
from assistant.audio.mixer import BLOCK_SECONDS, FIRST_SECONDS, NOTHING, Chime, Mixer, Speech
from assistant.audio.sink import Sink
from assistant.errors import DeviceError
from assistant.memory import overwrite_thread_cache
from assistant.messages import Message, audio

AHEAD_SECONDS = 1.0
"""Sound that may wait for the speaker before whoever makes it has to wait."""
LINGER_SECONDS = 0.3
"""After a chime the speaker stays open for this long: speech mostly follows, and must not wait for an ending."""
FIRST_RATE = 22_050
"""Rate of a chime that comes before any speech; the usual one of voices, so that the speaker need not be reopened."""


class _Play:
    """One `play` that is under way, with its result for the event loop that asked."""

    def __init__(self, rate: int) -> None:
        self.speech = Speech(rate)
        self.result: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self.room = asyncio.Event()
        self._loop = asyncio.get_running_loop()

    def settle(self, outcome: bool | DeviceError) -> None:
        """From any thread; the first outcome counts."""
        with contextlib.suppress(RuntimeError):  # the loop is gone, nobody waits
            self._loop.call_soon_threadsafe(self._settle, outcome)

    def _settle(self, outcome: bool | DeviceError) -> None:
        if self.result.done():
            return
        if isinstance(outcome, DeviceError):
            self.result.set_exception(outcome)
        else:
            self.result.set_result(outcome)

    def want_more(self) -> None:
        with contextlib.suppress(RuntimeError):
            self._loop.call_soon_threadsafe(self.room.set)


class Player:
    """Implements ports.Speaker over one Sink, and plays chimes beside it.

    `start` and `close` begin and end it. A lost speaker is reported once (audio.Failed), tried again every
    `retry_seconds`, and reported when it is back (audio.Restored); a ring that it cut short goes on then.
    """

    def __init__(self, sink: Sink, *, volume: float = 1.0, retry_seconds: float = 2.0) -> None:
        self._sink = sink
        self._retry = retry_seconds
        self._mixer = Mixer(volume)
        self._play: _Play | None = None
        self._changed = threading.Condition()
        self._stopping = False
        self._lost = False
        self._aborted = False  # what the sink had queued was thrown away
        self._aborting = 0  # calls of abort under way: nothing is begun that they could hit
        self._stops = 0
        self._overwriting = False
        self._rate = FIRST_RATE
        self._turn = asyncio.Lock()
        self._report: Callable[[Message], None] = lambda message: None
        self._thread: threading.Thread | None = None

    @property
    def name(self) -> str:
        """The playback device's name."""
        return self._sink.name

    @property
    def lost(self) -> bool:
        """The last try to play failed."""
        return self._lost

    @property
    def volume(self) -> float:
        """0 to 1, of everything."""
        return self._mixer.volume

    @volume.setter
    def volume(self, value: float) -> None:
        self._mixer.volume = min(1.0, max(0.0, value))

    def start(self, report: Callable[[Message], None] | None = None) -> None:
        """Be ready to play. The speaker itself is opened only while something plays."""
        if report is not None:
            self._report = report
        self._stopping = False
        self._thread = threading.Thread(target=self._run, name="speaker", daemon=True)
        self._thread.start()

    def overwrite(self) -> None:
        """Have the playing thread overwrite, once nothing plays, what it has let go of."""
        with self._changed:
            self._overwriting = True
            self._changed.notify_all()

    def close(self) -> None:
        """Fall silent and let go of the speaker."""
        with self._changed:
            self._stopping = True
            self._cut(False)
            self._mixer.chime = None
            self._changed.notify_all()
        self._sink.abort()
        if self._thread is not None:
            self._thread.join(timeout=5)
            self._thread = None
        self._sink.close()

    async def play(self, samples: AsyncIterator[Samples], rate: int) -> bool:
        stops = self._stops
        async with self._turn:
            if stops != self._stops:
                return False
            play = _Play(rate)
            with self._changed:
                if self._stopping or self._thread is None:
                    raise DeviceError("is closed", where=self.name, hint="Start the audio service")
                self._play, self._mixer.speech = play, play.speech
                self._changed.notify_all()
            feeder = asyncio.create_task(self._feed(play, samples))
            try:
                await asyncio.wait((feeder, play.result), return_when=asyncio.FIRST_COMPLETED)
                if feeder.done():
                    feeder.result()  # what the maker of the sound raised
                return await play.result
            finally:
                feeder.cancel()
                await asyncio.gather(feeder, return_exceptions=True)
                if not play.result.done():
                    await self._silence(play)

    async def stop(self) -> None:
        """Cut short what plays, and all that waits for its turn. Chimes are `quiet`'s."""
        self._stops += 1
        await self._silence(self._play)

    def chime(self, name: str, times: int = 1) -> None:
        """Play a built-in sound (see chimes.NAMES): mixed into speech, or, a ring, when speech is over. A short one
        takes the place of another short one; it does not end a ring."""
        wanted = Chime(name, times)
        with self._changed:
            if not wanted.waits and self._mixer.chime is not None and self._mixer.chime.waits:
                return
            self._mixer.chime = wanted
            self._changed.notify_all()

    async def quiet(self) -> None:
        """End the chime that is playing."""
        with self._changed:
            if self._mixer.chime is None:
                return
            alone = self._mixer.speech is None
            if alone:
                self._mixer.chime = None
                self._aborting += 1
            else:
                self._mixer.chime.end()
        if alone:
            await self._abort()

    async def _feed(self, play: _Play, samples: AsyncIterator[Samples]) -> None:
        limit = round(play.speech.rate * AHEAD_SECONDS)
        async for piece in samples:
            while True:
                play.room.clear()
                with self._changed:
                    if play.speech.waiting <= limit:
                        if len(piece):
                            play.speech.pieces.append(piece)
                        self._changed.notify_all()
                        break
                await play.room.wait()
        with self._changed:
            play.speech.complete = True
            self._changed.notify_all()

    async def _silence(self, play: _Play | None) -> None:
        with self._changed:
            if play is None or play is not self._play:
                return
            self._cut(False)
            self._aborting += 1
            if self._mixer.chime is not None:
                self._mixer.chime.rewind()  # what was queued of it is lost with the speech
        await self._abort()

    async def _abort(self) -> None:
        """Throw away what the sink has queued; `_aborting` was counted up before."""
        with self._changed:
            self._aborted = True
            self._changed.notify_all()
        try:
            await asyncio.to_thread(self._sink.abort)
        finally:
            with self._changed:
                self._aborting -= 1
                self._changed.notify_all()

    def _cut(self, outcome: bool | DeviceError) -> None:
        """With the lock held: the present speech is over."""
        if self._play is not None:
            self._play.speech.pieces.clear()
            self._play.settle(outcome)
        self._play = self._mixer.speech = None

    # The thread.

    def _run(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(
                    lambda: self._overwriting or self._may_begin(), timeout=self._retry if self._lost else None
                )
                if self._stopping:
                    return
                if self._overwriting:
                    self._overwriting = False
                    overwrite_thread_cache()
                    continue
                if self._aborting:
                    continue
                self._aborted = False
                rate = self._rate = self._mixer.speech.rate if self._mixer.speech is not None else self._rate
            try:
                self._sink.open(rate)
                if self._lost:
                    self._lost = False
                    self._report(audio.Restored(device=self.name))
                self._session(rate)
            except DeviceError as error:
                self._lose(error)
            self._sink.close()

    def _may_begin(self) -> bool:
        if self._stopping or self._aborting:
            return self._stopping
        # A ring waits for a lost speaker with patience; speech tries at once, to fail at once.
        return self._mixer.ready and (self._mixer.speech is not None or not self._lost)

    def _session(self, rate: int) -> None:
        """Play until there is nothing left, or a cut."""
        silence = np.zeros(round(rate * BLOCK_SECONDS), dtype=np.int16)
        lingered, ahead = 0.0, FIRST_SECONDS
        while True:
            with self._changed:
                speech, play = self._mixer.speech, self._play
                if speech is not None:
                    self._changed.wait_for(lambda: self._stopping or self._aborted or self._mixer.ready)
                if self._aborted or self._stopping:
                    return
                other_rate = speech is not None and speech.rate != rate
                block = NOTHING if other_rate else self._mixer.block(rate, ahead)
            if len(block):
                lingered, ahead = 0.0, BLOCK_SECONDS
                self._sink.write(block)
                if play is not None:
                    play.want_more()
            elif speech is None and lingered < LINGER_SECONDS:
                lingered += BLOCK_SECONDS
                self._sink.write(silence)
            else:
                self._sink.drain()
                if not other_rate:
                    self._end(play)
                return

    def _end(self, play: _Play | None) -> None:
        with self._changed:
            if play is not None and play is self._play and not self._aborted:
                self._cut(True)

    def _lose(self, error: DeviceError) -> None:
        with self._changed:
            if self._stopping:
                return
            first, self._lost = not self._lost, True
            self._cut(error)
            chime = self._mixer.chime
            if chime is not None and not chime.waits:
                self._mixer.chime = None
            elif chime is not None:
                chime.rewind()
        if first:
            self._report(audio.Failed(device=self.name, reason=str(error)))
