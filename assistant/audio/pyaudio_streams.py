"""A microphone and a speaker over PortAudio's streams.

No call into PortAudio ever waits: what is there is taken, and the waiting is done here. So closing from another
thread is safe and prompt, which a blocked PortAudio call would not allow.
"""

from __future__ import annotations

import threading
import time
from typing import Any

import numpy as np

from assistant.audio.frame import FRAME_SAMPLES, FRAME_SECONDS, RATE, Samples
from assistant.audio.pulse_probe import FeedWatch
from assistant.audio.pyaudio_device import OVERFLOW, UNDERFLOW, PortAudio, explain
from assistant.audio.resample import Resampler
from assistant.errors import DeviceError

STALL_SECONDS = 5.0
"""A device that moves no sound for this long has failed without a word. A PulseAudio null sink needs 2 s to start."""


class PyAudioSource:
    """A microphone. `wanted` is part of a device's name; empty takes the system's default."""

    device = True
    paced = True

    def __init__(self, audio: PortAudio, wanted: str = "") -> None:
        self._audio = audio
        self._wanted = wanted
        self._lock = threading.Lock()
        self._closing = threading.Event()
        self._stream: Any = None
        self._name = wanted or "default microphone"
        self._rate, self._channels = RATE, 1
        self._convert = Resampler(RATE, RATE)
        self._ready: Samples = np.zeros(0, dtype=np.int16)
        self._watch = FeedWatch()

    @property
    def name(self) -> str:
        return self._name

    def open(self) -> None:
        with self._lock:
            self._let_go()
            self._closing.clear()
            self._watch.before()
            self._stream, device, self._rate, self._channels = self._audio.open("microphone", self._wanted, RATE)
            self._name = device.name
            self._convert = Resampler(self._rate, RATE)
            try:
                self._name = self._watch.after() or self._name
            except DeviceError:
                self._audio.failed()
                self._let_go()
                raise

    def read(self) -> Samples | None:
        if self._audio.stale:
            self.close()
            self.open()
        block = round(self._rate * FRAME_SECONDS)
        patience = time.monotonic() + STALL_SECONDS
        while len(self._ready) < FRAME_SAMPLES:
            missing = self._fetch(block)
            if missing and (time.monotonic() > patience):
                raise self._broken(OSError(-9999, ""))
            if missing and self._closing.wait(min(0.04, 0.003 + missing / self._rate)):
                return None
        frame = self._ready[:FRAME_SAMPLES].copy()
        self._ready = self._ready[FRAME_SAMPLES:]
        try:
            self._watch.check()
        except DeviceError:
            self._audio.failed()
            raise
        return frame

    def _fetch(self, block: int) -> int:
        """Take a block if it is there, never waiting; else how many samples are missing."""
        with self._lock:
            if self._stream is None:
                raise DeviceError("is closed", where=self._name)
            try:
                with self._audio.quiet():
                    there = self._stream.get_read_available()
                    if there == OVERFLOW:
                        return block
                    if there < 0:
                        raise OSError(there, "")
                    if there < block:
                        return int(block - there)
                    data = self._stream.read(block, exception_on_overflow=False)
            except OSError as error:
                raise self._broken(error) from error
        samples = np.frombuffer(data, dtype=np.int16)[:: self._channels]  # arrays put the processed sound first
        ready = self._convert.process(np.ascontiguousarray(samples))
        self._ready = np.concatenate((self._ready, ready)) if len(self._ready) else ready
        return 0

    def _broken(self, error: OSError) -> DeviceError:
        self._audio.failed()
        return explain(error, self._name)

    def close(self) -> None:
        self._closing.set()
        self._watch.abandon()  # an opening that still asks the sound server must not hold this up
        with self._lock:
            self._let_go()
            self._watch.close()

    def _let_go(self) -> None:
        if self._stream is not None:
            self._audio.close(self._stream)
        self._stream = None
        self._ready = np.zeros(0, dtype=np.int16)


class PyAudioSink:
    """A speaker. `wanted` is part of a device's name; empty takes the system's default."""

    def __init__(self, audio: PortAudio, wanted: str = "") -> None:
        self._audio = audio
        self._wanted = wanted
        self._lock = threading.Lock()
        self._closing = threading.Event()
        self._stream: Any = None
        self._name = wanted or "default speaker"
        self._rate, self._channels = RATE, 1
        self._buffer = 0  # samples that fit into the device's buffer
        self._convert = Resampler(RATE, RATE)

    @property
    def name(self) -> str:
        return self._name

    def open(self, rate: int) -> None:
        with self._lock:
            self._let_go()
            self._stream, device, self._rate, self._channels = self._audio.open("speaker", self._wanted, rate)
            self._name = device.name
            self._convert = Resampler(rate, self._rate)
            self._buffer = max(0, self._stream.get_write_available())
            self._closing.clear()

    def write(self, samples: Samples) -> None:
        self._play(self._convert.process(samples))

    def drain(self) -> None:
        # PortAudio's own way to drain cannot be interrupted. Silence as long as the buffers, the device's and a
        # sound server's behind it, pushes what was written out and is itself thrown away by `close`.
        self._play(self._convert.process(np.zeros(0, dtype=np.int16), last=True))
        self._play(np.zeros(2 * self._buffer + self._rate // 20, dtype=np.int16))

    def abort(self) -> None:
        self.close()

    def close(self) -> None:
        self._closing.set()
        with self._lock:
            self._let_go()

    def _play(self, samples: Samples) -> None:
        patience = time.monotonic() + STALL_SECONDS
        while len(samples):
            taken = self._put(samples)
            if taken < 0:
                return
            samples = samples[taken:]
            if taken:
                patience = time.monotonic() + STALL_SECONDS
            elif time.monotonic() > patience:
                raise self._broken(OSError(-9999, ""))
            if len(samples) and self._closing.wait(0.01):
                return

    def _put(self, samples: Samples) -> int:
        """Hand over as much as fits now; how much that was, or -1 when not open."""
        with self._lock:
            if self._stream is None:
                return -1
            try:
                with self._audio.quiet():
                    room = self._stream.get_write_available()
                    if room < 0 and room != UNDERFLOW:
                        raise OSError(room, "")
                    part = samples[: max(0, room)]
                    if len(part):
                        self._stream.write(np.repeat(part, self._channels).tobytes(), exception_on_underflow=False)
            except OSError as error:
                raise self._broken(error) from error
            return len(part)

    def _broken(self, error: OSError) -> DeviceError:
        self._audio.failed()
        return explain(error, self._name)

    def _let_go(self) -> None:
        if self._stream is not None:
            self._audio.close(self._stream)
        self._stream = None
