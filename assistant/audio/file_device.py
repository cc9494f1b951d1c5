"""Sound files as microphone and speaker: WAV, FLAC and whatever else libsndfile reads, at any rate (soundfile).

A ten-minute recording costs no more memory than a short one: it is read, mixed and resampled block by block.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import soundfile

from assistant.audio.frame import FRAME_SAMPLES, FRAME_SECONDS, RATE, Samples
from assistant.audio.pace import Pace
from assistant.audio.resample import Resampler
from assistant.errors import DeviceError

READABLE = "Give a WAV or FLAC file that other players can play to its end"


class FileSource:
    """A recording as a microphone, with `lead` and `tail` seconds of silence around it.

    `realtime` gives it at the pace of a microphone, otherwise as fast as it is read. A damaged file gives what can
    be decoded, then raises DeviceError once, then ends.
    """

    device = False

    def __init__(self, path: Path, *, lead: float = 0.0, tail: float = 0.0, realtime: bool = False) -> None:
        self.name = path.name
        self.paced = realtime
        self._path = path
        self._lead, self._tail = round(lead * RATE), round(tail * RATE)
        self._pace = Pace()
        self._lock = threading.Lock()
        self._blocks: Iterator[Samples] | None = None
        self._left: Samples = _silence(0)
        self._failure: DeviceError | None = None

    def open(self) -> None:
        with self._lock:
            self._stop_reading()
            self._blocks = self._padded(_Decoder(self._path))
        self._pace.begin()

    def read(self) -> Samples | None:
        if self.paced and not self._pace.step(FRAME_SECONDS):
            return None
        with self._lock:
            frame = _silence(FRAME_SAMPLES)
            filled = 0
            while filled < FRAME_SAMPLES and self._more(first=not filled):
                taken = self._left[: FRAME_SAMPLES - filled]
                frame[filled : filled + len(taken)] = taken
                self._left = self._left[len(taken) :]
                filled += len(taken)
            return frame if filled else None

    def close(self) -> None:
        self._pace.stop()
        with self._lock:
            self._stop_reading()

    def _more(self, *, first: bool) -> bool:
        """Whether there is sound left. A failure waits until it is the `first` thing in a frame."""
        try:
            while not len(self._left):
                if self._failure is not None or self._blocks is None:
                    break
                block = next(self._blocks, None)
                if block is None:
                    break
                self._left = block
        except DeviceError as error:
            self._failure = error
        if self._failure is not None and first and not len(self._left):
            failure, self._failure, self._blocks = self._failure, None, None
            raise failure
        return len(self._left) > 0

    def _stop_reading(self) -> None:
        self._failure = None
        self._blocks = None
        self._left = _silence(0)

    def _padded(self, decoder: _Decoder) -> Iterator[Samples]:
        yield from _silences(self._lead)
        yield from decoder.blocks()
        yield from _silences(self._tail)


class FileSink:
    """A WAV file as a speaker. A `path` that ends in .wav takes everything, at the rate it is first opened with;
    any other is a folder that gets 01.wav, 02.wav and so on, one each time it is opened
    and something is played."""

    def __init__(self, path: Path) -> None:
        self.name = path.name
        self._path = path
        self._single = path.suffix.lower() == ".wav"
        self._count = 0
        self._lock = threading.Lock()
        self._file: soundfile.SoundFile | None = None
        self._kept: soundfile.SoundFile | None = None  # the single file, between two openings
        self._convert: Resampler | None = None

    def open(self, rate: int) -> None:
        with self._lock:
            self._let_go()
            if self._single and self._kept is not None:
                self._file = self._kept
            else:
                self._count += 1
                self._file = _create(self._path if self._single else self._numbered(), rate)
                self._kept = self._file if self._single else None
            self._convert = Resampler(rate, self._file.samplerate)

    def write(self, samples: Samples) -> None:
        with self._lock:
            self._put(samples, last=False)

    def drain(self) -> None:
        with self._lock:
            self._put(_silence(0), last=True)
            self._convert = None

    def abort(self) -> None:
        with self._lock:
            self._let_go()

    def close(self) -> None:
        with self._lock:
            self._let_go()

    def finish(self) -> None:
        """Nothing more will be played: complete the single file."""
        with self._lock:
            self._let_go()
            if self._kept is not None:
                self._kept.close()
                self._kept = None

    def _put(self, samples: Samples, *, last: bool) -> None:
        if self._file is not None and self._convert is not None:
            try:
                self._file.write(self._convert.process(samples, last=last))
            except (OSError, soundfile.LibsndfileError) as error:
                raise DeviceError(f"cannot be written: {error}", where=str(self._path)) from error

    def _numbered(self) -> Path:
        return self._path / f"{self._count:02}.wav"

    def _let_go(self) -> None:
        if self._file is not None:
            nothing = self._file.tell() == 0
            if self._single:
                self._file.flush()
            else:
                self._file.close()
                if nothing:
                    self._numbered().unlink(missing_ok=True)
                    self._count -= 1
        self._file = None
        self._convert = None


class _Decoder:
    """One file as blocks of 16 kHz mono sound."""

    def __init__(self, path: Path) -> None:
        self._where = str(path)
        if path.is_dir():
            raise DeviceError("this is a folder", where=self._where, hint="Name the recordings in it")
        if not path.is_file():
            raise DeviceError("there is no such file", where=self._where, hint="Check the path")
        if path.stat().st_size == 0:
            raise DeviceError("the file is empty", where=self._where, hint=READABLE)
        self._cut = _wav_is_cut(path)
        try:
            self._file = soundfile.SoundFile(str(path))
        except (OSError, soundfile.LibsndfileError) as error:
            raise DeviceError(f"is not a sound file that can be read ({_reason(error)})", where=self._where,
                              hint=READABLE) from error  # fmt: skip

    def blocks(self) -> Iterator[Samples]:
        """Shape (n,) each, about a tenth of a second. Raises DeviceError where the file breaks off."""
        with self._file as file:
            resampler = Resampler(file.samplerate, RATE)
            size = max(1, file.samplerate // 10)
            problem = ""
            got = 0
            while not problem:
                try:
                    block = file.read(size, dtype="float32", always_2d=True)
                except soundfile.LibsndfileError as error:
                    problem = _reason(error)
                    break
                got += len(block)
                if len(block):
                    yield resampler.process(_to_int16(block))
                if len(block) < size:
                    break
            yield resampler.process(_silence(0), last=True)
            if not problem and (got < file.frames or self._cut):
                problem = "the file is shorter than it says"
            if not problem and not got:
                raise DeviceError("there is no sound in it", where=self._where, hint=READABLE)
            if problem:
                raise DeviceError(f"breaks off after {got / file.samplerate:.1f} s ({problem})", where=self._where,
                                  hint=READABLE)  # fmt: skip


def read_speech(path: Path) -> Samples:
    """A whole recording at 16 kHz mono, shape (n,). Raises DeviceError, also for a damaged file."""
    return np.concatenate((_silence(0), *_Decoder(path).blocks()))


def _to_int16(block: np.ndarray[tuple[int, ...], np.dtype[np.float32]]) -> Samples:
    mono = np.nan_to_num(block.mean(axis=1), nan=0.0, posinf=1.0, neginf=-1.0)
    scaled: Samples = np.clip(np.rint(mono * 32767.0), -32768, 32767).astype(np.int16)
    return scaled


def _create(path: Path, rate: int) -> soundfile.SoundFile:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        return soundfile.SoundFile(str(path), "w", samplerate=rate, channels=1, subtype="PCM_16")
    except (OSError, soundfile.LibsndfileError) as error:
        raise DeviceError(f"cannot be written ({_reason(error)})", where=str(path),
                          hint="Choose a folder you may write to") from error  # fmt: skip


def _reason(error: Exception) -> str:
    text = error.error_string if isinstance(error, soundfile.LibsndfileError) else str(error)
    return str(text).removeprefix("Error : ").rstrip(".").strip()


def _wav_is_cut(path: Path) -> bool:
    """A RIFF file that ends before its header says; libsndfile reads such a file without a word."""
    with path.open("rb") as file:
        head = file.read(8)
    promised = int.from_bytes(head[4:8], "little") + 8
    written_to_a_pipe = promised >= 0x7FFF0000  # the length was not known then
    return head[:4] == b"RIFF" and not written_to_a_pipe and promised > path.stat().st_size


def _silence(count: int) -> Samples:
    return np.zeros(count, dtype=np.int16)


def _silences(count: int) -> Iterator[Samples]:
    while count > 0:
        yield _silence(min(count, RATE))
        count -= RATE
