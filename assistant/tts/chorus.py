"""Every voice of this machine, to say one thing in many ways: what a wake word is learnt from.

Piper voices that are installed (and each speaker of those with several), espeak-ng with its accents and variants, and
flite's. The last two are programs; without them there are fewer voices.
"""

from __future__ import annotations

import io
import shutil
import subprocess
import wave
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Protocol, TypeAlias

import numpy as np

from assistant.audio.frame import RATE, Samples
from assistant.errors import EngineError, ModelError
from assistant.tts.piper_engine import PiperEngine
from assistant.tts.voices import bundled_voice

Resample: TypeAlias = Callable[[Samples, int, int], Samples]
"""Sound, its rate, the rate wanted."""

MOST_SPEAKERS = 60
"""Of one Piper voice, spread over all it has."""
SECONDS = 20
"""A program that takes longer for one phrase has failed."""
UNUSUAL = (
    "whisper", "robo", "robot", "demonic", "croak", "announcer", "tweaky", "klatt", "fast", "anxious", "kaukovalta",
)  # fmt: skip
"""Variants of espeak-ng that sound like nobody."""


class Voice(Protocol):
    """One voice. `kind` is what it is made by."""

    name: str
    kind: str

    def say(self, text: str, *, speed: float = 1.0, pitch: float = 1.0) -> Samples:
        """16 kHz sound, shape (n,). Raises EngineError, ModelError."""
        ...


class PiperVoice:
    """One speaker of a Piper voice; speakers share the network. Its pitch is changed by playing it faster."""

    kind = "piper"

    def __init__(self, engine: PiperEngine, name: str, resample: Resample, speaker: int | None = None) -> None:
        self.name = name if speaker is None else f"{name} {speaker}"
        self._engine = engine
        self._speaker = speaker
        self._resample = resample

    def say(self, text: str, *, speed: float = 1.0, pitch: float = 1.0) -> Samples:
        self._engine.speed, self._engine.speaker = speed / pitch, self._speaker
        sound = np.concatenate([*self._engine.speak(text), np.zeros(0, np.int16)])
        return self._resample(sound, round(self._engine.rate * pitch), RATE)


class EspeakVoice:
    """An accent of espeak-ng with one of its variants."""

    kind = "espeak-ng"

    def __init__(self, accent: str, variant: str, resample: Resample) -> None:
        self.name = f"{accent}+{variant}" if variant else accent
        self._resample = resample

    def say(self, text: str, *, speed: float = 1.0, pitch: float = 1.0) -> Samples:
        words = str(round(min(400, max(80, 165 * speed))))
        height = str(round(min(99, max(0, 50 + 120 * (pitch - 1)))))
        command = ["espeak-ng", "-v", self.name, "-s", words, "-p", height, "--stdin", "--stdout"]
        return _from_wave(_run(command, text), self._resample)


class FliteVoice:
    """A voice of flite; its pitch is changed by playing it faster."""

    kind = "flite"

    def __init__(self, name: str, resample: Resample) -> None:
        self.name = name
        self._resample = resample

    def say(self, text: str, *, speed: float = 1.0, pitch: float = 1.0) -> Samples:
        stretch = f"duration_stretch={pitch / speed:.3f}"
        command = ["flite", "-voice", self.name, "--setf", stretch, "-t", text, "-o", "/dev/stdout"]
        return _from_wave(_run(command, ""), self._resample, pitch)


def find_voices(models: Path, language: str, resample: Resample) -> list[Voice]:
    """All voices of a language; `models` is the folder of downloaded models. Raises ModelError for a broken one."""
    return [
        *_piper(models, language, resample),
        *_espeak(language, resample),
        *_flite(language, resample),
    ]


def _piper(models: Path, language: str, resample: Resample) -> Iterator[Voice]:
    paths = sorted(models.glob("*/*.onnx"))
    try:
        paths.insert(0, bundled_voice())
    except ModelError:
        if not paths:
            return
    for path in paths:
        engine = PiperEngine(path)
        engine.start()
        if not _same(engine.language, language):
            continue
        if engine.speakers == 1:
            yield PiperVoice(engine, path.stem, resample)
            continue
        step = max(1, engine.speakers // MOST_SPEAKERS)
        for speaker in range(0, engine.speakers, step):
            yield PiperVoice(engine, path.stem, resample, speaker)


def _espeak(language: str, resample: Resample) -> Iterator[Voice]:
    if shutil.which("espeak-ng") is None:
        return
    accents = [
        row[1]
        for row in _rows(_run(["espeak-ng", f"--voices={language.partition('-')[0]}"], ""))
        if not row[4].startswith("mb/") and _same(row[1], language)
    ]
    variants = [row[4].removeprefix("!v/") for row in _rows(_run(["espeak-ng", "--voices=variant"], ""))]
    variants = ["", *sorted(each for each in variants if not any(word in each.lower() for word in UNUSUAL))]
    for accent in dict.fromkeys(accents):
        for variant in variants:
            yield EspeakVoice(accent, variant, resample)


def _flite(language: str, resample: Resample) -> Iterator[Voice]:
    if not _same("en", language) or shutil.which("flite") is None:
        return
    found = _run(["flite", "-lv"], "").decode(errors="replace").partition(":")[2].split()
    for name in found:
        if name not in ("awb_time", "kal16"):
            yield FliteVoice(name, resample)


def _rows(table: bytes) -> list[list[str]]:
    """Columns of `espeak-ng --voices`: priority, language, age and gender, name, file, ..."""
    rows = [line.split() for line in table.decode(errors="replace").splitlines()[1:]]
    return [row for row in rows if len(row) > 4]


def _same(one: str, other: str) -> bool:
    return one.replace("_", "-").partition("-")[0].lower() == other.partition("-")[0].lower()


def _run(command: list[str], text: str) -> bytes:
    """What a program writes. Raises EngineError."""
    try:
        done = subprocess.run(command, input=text.encode(), capture_output=True, timeout=SECONDS, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise EngineError(f"does not speak ({type(error).__name__})", where=command[0]) from error
    if done.returncode:
        raise EngineError(f"does not speak (it ended with {done.returncode})", where=" ".join(command[:3]))
    return done.stdout


def _from_wave(data: bytes, resample: Resample, pitch: float = 1.0) -> Samples:
    """The sound of a WAV file whose header may not know its length."""
    try:
        with wave.open(io.BytesIO(data)) as file:
            rate, channels = file.getframerate(), file.getnchannels()
            sound = np.frombuffer(file.readframes(len(data)), np.int16)[::channels]
    except (wave.Error, EOFError, ValueError) as error:
        raise EngineError(f"its sound cannot be read ({error})", where="voice") from error
    return resample(sound, round(rate * pitch), RATE)
