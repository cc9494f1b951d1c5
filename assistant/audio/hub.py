"""The microphone: one thread reads the source into the ring, and up to three readers take frames from there.

A reader has no queue of its own: it is a place in the ring. So memory is bounded, a slow reader loses the oldest
frames by itself, and a mute forgets what was heard for everybody at once.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Callable
from typing import Literal

from assistant.audio.frame import FRAME_SAMPLES, Frame
from assistant.audio.ring import Ring
from assistant.audio.source import Source
from assistant.errors import DeviceError
from assistant.memory import overwrite_thread_cache
from assistant.messages import Message, audio

MAX_READERS = 3
UNPACED_LEAD = 10
"""Frames that a source which waits for its readers may be ahead of the slowest."""

HubState = Literal["closed", "opening", "open", "muted", "lost", "ended"]
Report = Callable[[Message], None]


def _tell_nobody(message: Message) -> None:
    pass


class HubReader:
    """Implements ports.Reader. Belongs to the event loop that made it."""

    def __init__(self, hub: Hub, at: int) -> None:
        self.at = at
        self._hub = hub
        self._loop = asyncio.get_running_loop()
        self._news = asyncio.Event()

    def __aiter__(self) -> HubReader:
        return self

    async def __anext__(self) -> Frame:
        while True:
            self._news.clear()
            frame, more = self._hub.take(self)
            if frame is not None:
                return frame
            if not more:
                self._hub.leave(self)
                raise StopAsyncIteration
            await self._news.wait()

    async def close(self) -> None:
        self._hub.leave(self)
        self._news.set()

    def wake(self) -> None:
        """Called by the hub from any thread: there is a frame, or the end."""
        with contextlib.suppress(RuntimeError):  # its loop is gone, and so is whoever read
            self._loop.call_soon_threadsafe(self._news.set)


class Hub:
    """Implements ports.Microphone over one Source.

    `start` and `close` begin and end it. What happens is reported as messages of the catalogue (audio.Failed,
    Restored, Unmuted, Ended), from the hub's own thread.
    """

    def __init__(self, source: Source, *, retry_seconds: float = 2.0) -> None:
        self._source = source
        self._retry = retry_seconds
        self._ring = Ring()
        self._readers: list[HubReader] = []
        self._changed = threading.Condition()
        self._device = threading.Lock()  # whoever opens or closes the source holds it
        self._state: HubState = "closed"
        self._muted = False
        self._stopping = False
        self._failed = False  # a loss was reported and nothing came after it
        self._announce = False  # someone waits to hear that it is open again
        self._overwriting = False
        self._turn = 0  # counts mutes, so that a read cut short by one is not taken for a loss
        self._report: Report = _tell_nobody
        self._thread: threading.Thread | None = None

    @property
    def name(self) -> str:
        """The capture device's name."""
        return self._source.name

    @property
    def device(self) -> bool:
        """Whether sound comes from a device, not a file."""
        return self._source.device

    @property
    def state(self) -> HubState:
        """What the device is doing; "open" only while it captures."""
        return self._state

    def start(self, report: Report = _tell_nobody) -> None:
        """Start to capture; never fails, a missing device is reported and tried again."""
        self._report = report
        self._stopping = False
        self._state = "muted" if self._muted else "opening"
        self._thread = threading.Thread(target=self._run, name="microphone", daemon=True)
        self._thread.start()

    def overwrite(self) -> None:
        """Have the capturing thread overwrite, with the next frame, what it has let go of."""
        self._overwriting = True

    def close(self) -> None:
        """Close the device, end every reader, forget all sound."""
        with self._changed:
            self._stopping = True
            self._turn += 1
            self._changed.notify_all()
        with self._device:
            self._source.close()
        if self._thread is not None:
            self._thread.join(timeout=5)
            self._thread = None
        self._finish("closed")

    def mute(self) -> None:
        """Close the capture device, then forget all sound. It is closed when this returns."""
        with self._changed:
            self._muted = True
            self._announce = False
            self._turn += 1
            self._changed.notify_all()
        with self._device:
            self._source.close()
        with self._changed:
            if self._state not in ("ended", "closed"):
                self._state = "muted"
            self._ring.forget(skip=FRAME_SAMPLES)

    def unmute(self) -> None:
        """Open the device again; audio.Unmuted is reported when it is."""
        with self._changed:
            self._muted = False
            self._announce = True
            opened = self._state == "open"
            self._changed.notify_all()
        if opened:
            self._say_unmuted()

    async def listen(self, *, from_sample: int | None = None) -> HubReader:
        with self._changed:
            if self._state == "closed":
                raise DeviceError("is closed", where=self.name, hint="Start the audio service")
            if len(self._readers) >= MAX_READERS:
                raise DeviceError(
                    f"already has {MAX_READERS} readers", where=self.name, hint="Close a reader before opening another"
                )
            at = self._ring.end
            if from_sample is not None:
                at = min(max(from_sample // FRAME_SAMPLES * FRAME_SAMPLES, self._ring.oldest), self._ring.end)
            reader = HubReader(self, at)
            self._readers.append(reader)
            self._changed.notify_all()
        return reader

    # For readers.

    def take(self, reader: HubReader) -> tuple[Frame | None, bool]:
        """The reader's next frame, if there is one, and whether more can come."""
        with self._changed:
            if reader not in self._readers:
                return None, False
            dropped = max(0, self._ring.oldest - reader.at) // FRAME_SAMPLES
            at = max(self._ring.oldest, reader.at)
            if at >= self._ring.end:
                return None, self._state not in ("ended", "closed")
            reader.at = at + FRAME_SAMPLES
            samples = self._ring.read(at, FRAME_SAMPLES)
            self._changed.notify_all()
        return Frame(index=at // FRAME_SAMPLES, samples=samples, dropped=dropped), True

    def leave(self, reader: HubReader) -> None:
        with self._changed:
            if reader in self._readers:
                self._readers.remove(reader)
            self._changed.notify_all()

    # The thread.

    def _run(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._stopping or not self._muted)
                if self._stopping:
                    return
                turn = self._turn
            try:
                if not self._open(turn):
                    continue
                if self._pump(turn):
                    return
            except DeviceError as error:
                if self._lose(error, turn):
                    return

    def _open(self, turn: int) -> bool:
        """False when a mute or the end came first."""
        with self._device:
            if turn != self._turn:
                return False
            self._source.open()
            if turn != self._turn:
                self._source.close()
                return False
            self._state = "open"
            # Said before a mute can get hold of the device, so that the order of the reports is true.
            if self._failed:
                self._failed = False
                self._report(audio.Restored(device=self.name))
            if self._announce:
                self._say_unmuted()
        return True

    def _pump(self, turn: int) -> bool:
        """Read until a mute (False) or the end of the source (True)."""
        while self._may_read(turn):
            samples = self._source.read()
            if samples is None:
                with self._changed:
                    if turn != self._turn:
                        return self._stopping
                self._end()
                return True
            with self._changed:
                wanted = turn == self._turn
                if wanted:
                    self._ring.append(samples)
                readers = tuple(self._readers)
            samples.fill(0)
            if self._overwriting:
                self._overwriting = False
                overwrite_thread_cache()
            if not wanted:
                break
            for reader in readers:
                reader.wake()
        return self._stopping

    def _may_read(self, turn: int) -> bool:
        """Wait, if the source can, for the slowest reader. False when a mute or the end came."""
        with self._changed:
            if not self._source.paced:
                self._changed.wait_for(lambda: turn != self._turn or self._in_step())
            return turn == self._turn

    def _in_step(self) -> bool:
        behind = [self._ring.end - reader.at for reader in self._readers]
        return bool(behind) and max(behind) <= UNPACED_LEAD * FRAME_SAMPLES

    def _lose(self, error: DeviceError, turn: int) -> bool:
        """Report a loss once and wait for the next try. True when there will be none."""
        with self._device:
            self._source.close()
        with self._changed:
            if turn != self._turn:
                return self._stopping
            self._state = "lost"
            first, self._failed = not self._failed, True
            if first and self._source.device:
                self._ring.forget(skip=FRAME_SAMPLES)
        if first:
            self._report(audio.Failed(device=self.name, reason=str(error)))
        if not self._source.device:
            self._end()
            return True
        with self._changed:
            self._changed.wait_for(lambda: turn != self._turn, timeout=self._retry)
        return self._stopping

    def _end(self) -> None:
        sample = self._ring.end
        with self._device:
            self._source.close()
        self._finish("ended")
        self._report(audio.Ended(sample=sample))

    def _finish(self, state: HubState) -> None:
        with self._changed:
            self._state = state
            readers = tuple(self._readers)
            if state == "closed":
                self._ring.forget()
                self._readers.clear()
        for reader in readers:
            reader.wake()

    def _say_unmuted(self) -> None:
        self._announce = False
        self._report(audio.Unmuted())
