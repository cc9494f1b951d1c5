"""PortAudio (by PyAudio): the list of devices, and streams opened on them. `pyaudio_streams` uses them."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import pyaudio

from assistant.audio.c_stderr import QuietC
from assistant.audio.frame import FRAME_SECONDS
from assistant.errors import DeviceError

Direction = Literal["microphone", "speaker"]
PLAY_BLOCK_SECONDS = 0.04
MANY_CHANNELS = 8
"""`default` and `pulse` offer 32 or more; real microphone arrays up to this many, and insist on them."""
OVERFLOW, UNDERFLOW = -9981, -9980
_REFUSED = {-9997, -9998, -9994}
"""Wrong rate, channel count or sample format: worth another try."""
_REASONS = {
    -9985: ("is in use by another program or cannot be opened", "Close that program (`fuser -v /dev/snd/*` names it)"),
    -9996: ("is not there any more", "Check the cable"),
    -9997: ("accepts no sample rate that it was offered", "Choose another device"),
    -9998: ("accepts no channel count that it was offered", "Choose another device"),
    -9999: ("stopped working", "Check the cable and the sound server"),
}


@dataclass(frozen=True, slots=True)
class Device:
    """One entry of PortAudio's list."""

    index: int
    name: str
    inputs: int
    outputs: int
    rate: int
    default_input: bool = False
    default_output: bool = False


class PortAudio:
    """One PortAudio for a process, shared by its microphone and speaker.

    It lists devices only when it is initialised. So it is initialised afresh before an opening that follows a
    failure; and when the other stream is open and a card was plugged in meanwhile, that stream is asked (`stale`)
    to let go for a moment.
    """

    def __init__(self) -> None:
        self.quiet = QuietC()
        self.stale = False
        self._lock = threading.RLock()
        self._audio: pyaudio.PyAudio | None = None
        self._streams: set[Any] = set()
        self._cards = ""
        self._failed = False

    def devices(self) -> list[Device]:
        """Everything that can record or play."""
        with self._lock, self.quiet():
            audio = self._current()
            ends = [_default(audio.get_default_input_device_info), _default(audio.get_default_output_device_info)]
            found = []
            for index in range(audio.get_device_count()):
                info = audio.get_device_info_by_index(index)
                found.append(
                    Device(index, str(info["name"]), int(info["maxInputChannels"]), int(info["maxOutputChannels"]),
                           int(info["defaultSampleRate"]), index == ends[0], index == ends[1])
                )  # fmt: skip
            return found

    def open(self, direction: Direction, wanted: str, rate: int) -> tuple[Any, Device, int, int]:
        """A stream, its device, its rate and its channels: `rate` and one channel where the device agrees.
        Raises DeviceError."""
        with self._lock, self.quiet():
            try:
                device = self._choose(direction, wanted)
                stream, actual, channels = self._try(direction, device, rate)
            except DeviceError:
                self._failed = True
                raise
            self._streams.add(stream)
            return stream, device, actual, channels

    def close(self, stream: Any) -> None:
        """Let go of a stream; what it had queued is not played."""
        with self._lock, self.quiet():
            self._streams.discard(stream)
            try:
                stream.close()
            except OSError:
                self._failed = True  # it was gone already

    def failed(self) -> None:
        """A stream broke: look for devices afresh before the next opening."""
        self._failed = True

    def shut(self) -> None:
        """Let go of PortAudio, if no stream is open; the next use starts it again."""
        with self._lock, self.quiet():
            if self._audio is not None and not self._streams:
                self._audio.terminate()
                self._audio = None

    def _current(self) -> pyaudio.PyAudio:
        if self._failed or self.stale:
            if not self._streams:
                self.shut()
            elif self._cards != _cards():
                self.stale = True
        if self._audio is None:
            self._cards = _cards()
            self._audio = pyaudio.PyAudio()
            self._failed = self.stale = False
        return self._audio

    def _choose(self, direction: Direction, wanted: str) -> Device:
        recording = direction == "microphone"
        fitting = [d for d in self.devices() if (d.inputs if recording else d.outputs) > 0]
        if not fitting:
            raise DeviceError(f"this machine has no {direction}", hint="Plug one in; it will be found")
        if wanted:
            exact = [d for d in fitting if d.name == wanted]
            named = exact or [d for d in fitting if wanted.casefold() in d.name.casefold()]
        else:
            named = [d for d in fitting if (d.default_input if recording else d.default_output)] or fitting
        if not named:
            names = ", ".join(repr(d.name) for d in fitting)
            raise DeviceError(f"no {direction} has that in its name", where=repr(wanted),
                              hint=f"Set audio.{direction} to part of one of: {names}")  # fmt: skip
        return named[0]

    def _try(self, direction: Direction, device: Device, rate: int) -> tuple[Any, int, int]:
        recording = direction == "microphone"
        most = device.inputs if recording else device.outputs
        channels = [1, *([most if most <= MANY_CHANNELS else 2] if most > 1 else [])]
        ways = [(r, n) for r in dict.fromkeys((rate, device.rate)) for n in channels]
        block = FRAME_SECONDS if recording else PLAY_BLOCK_SECONDS
        assert self._audio is not None
        error = OSError(-9985, "")
        for r, n in ways:
            try:
                stream = self._audio.open(
                    rate=r, channels=n, format=pyaudio.paInt16, input=recording, output=not recording,
                    input_device_index=device.index if recording else None,
                    output_device_index=None if recording else device.index, frames_per_buffer=round(r * block),
                )  # fmt: skip
                return stream, r, n
            except OSError as refusal:
                error = refusal
                if refusal.errno not in _REFUSED:
                    break
        raise explain(error, device.name) from error


def explain(error: OSError, name: str) -> DeviceError:
    """PortAudio's error as one line for a person."""
    problem, hint = _REASONS.get(error.errno or 0, (f"failed ({error.strerror or error})", "Choose another device"))
    return DeviceError(problem, where=name, hint=hint)


def list_devices(audio: PortAudio | None = None) -> list[Device]:
    """What the doctor shows."""
    if audio is not None:
        return audio.devices()
    own = PortAudio()
    try:
        return own.devices()
    finally:
        own.shut()


def _default(ask: Any) -> int:
    try:
        return int(ask()["index"])
    except OSError:
        return -1


def _cards() -> str:
    path = Path("/proc/asound/cards")
    return path.read_text() if path.exists() else ""
