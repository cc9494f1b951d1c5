"""Sounds that tests play and recognise again."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import soundfile

from assistant.audio.frame import RATE, Samples


def tone(pitch: float, seconds: float, rate: int = RATE, *, loud: float = 0.4) -> Samples:
    time = np.arange(round(seconds * rate)) / rate
    return np.rint(np.sin(2 * np.pi * pitch * time) * loud * 32767).astype(np.int16)


def pitch_of(samples: Samples, rate: int = RATE) -> float:
    """The strongest frequency, in Hz."""
    spectrum = np.abs(np.fft.rfft(samples * np.hanning(len(samples))))
    return float(np.argmax(spectrum) * rate / len(samples))


def seconds_of_sound(samples: Samples, rate: int = RATE) -> float:
    """From the first sample that can be heard to the last."""
    loud = np.flatnonzero(np.abs(samples.astype(np.int32)) > 100)
    return float(loud[-1] - loud[0] + 1) / rate if len(loud) else 0.0


def write(path: Path, samples: Samples, rate: int = RATE, *, channels: int = 1, subtype: str = "PCM_16") -> Path:
    soundfile.write(path, np.repeat(samples[:, None], channels, axis=1), rate, subtype=subtype)
    return path
