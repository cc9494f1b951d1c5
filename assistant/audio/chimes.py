"""The built-in sounds, made of soft bell tones. Each is made for the rate it is played at; no files."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import numpy as np

from assistant.audio.frame import RATE, Samples

_C5, _E5, _G5, _A4, _C6, _E6 = 523.25, 659.26, 783.99, 440.0, 1046.5, 1318.5

_Note = tuple[float, float, float, float]
"""Start in seconds, pitch in Hz, length in seconds, loudness 0..1."""

_SOUNDS: Mapping[str, tuple[float, tuple[_Note, ...]]] = MappingProxyType({
    # name: (length in seconds, notes)
    "listen": (0.24, ((0.0, _G5, 0.12, 0.7), (0.08, _C6, 0.16, 0.9))),
    "done": (0.26, ((0.0, _C6, 0.12, 0.7), (0.09, _G5, 0.17, 0.7))),
    "error": (0.42, ((0.0, _C5, 0.20, 0.9), (0.18, _A4, 0.24, 0.9))),
    "ring": (2.0, tuple((start + step, pitch, 0.5, loud)
                        for start, loud in ((0.0, 0.8), (0.6, 1.0))
                        for step, pitch in ((0.0, _E5), (0.13, _C6), (0.26, _E6)))),
})  # fmt: skip

NAMES = tuple(_SOUNDS)
LOUDNESS = 0.25
"""Peak of the loudest, of full scale: about -12 dB, beside speech and not above it."""
_ATTACK, _RELEASE = 0.008, 0.03
_PARTIALS = ((1.0, 1.0, 1.0), (2.0, 0.25, 1.7), (3.0, 0.08, 2.5))
"""Of one tone: multiple of its pitch, strength, and how much faster it fades."""


def chime(name: str, rate: int = RATE) -> Samples:
    """The sound `name` (one of NAMES) at `rate`, shape (n,). Raises KeyError."""
    length, notes = _SOUNDS[name]
    total = np.zeros(round(length * rate))
    for start, pitch, seconds, loudness in notes:
        first = round(start * rate)
        tone = _tone(pitch, seconds, rate)[: len(total) - first]
        total[first : first + len(tone)] += loudness * tone
    total *= LOUDNESS / max(1.0, float(np.abs(total).max()))
    sound: Samples = np.rint(total * 32767).astype(np.int16)
    return sound


def _tone(pitch: float, seconds: float, rate: int) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    time = np.arange(round(seconds * rate)) / rate
    tone = sum(
        strength * np.exp(-4.0 * fade * time / seconds) * np.sin(2 * np.pi * pitch * multiple * time)
        for multiple, strength, fade in _PARTIALS
        if pitch * multiple < rate / 2
    )
    # Raised cosine at both ends: an edge would click.
    rise = 0.5 - 0.5 * np.cos(np.pi * np.minimum(1.0, time / _ATTACK))
    fall = 0.5 - 0.5 * np.cos(np.pi * np.minimum(1.0, (seconds - time) / _RELEASE))
    shaped: np.ndarray[tuple[int, ...], np.dtype[np.float64]] = np.asarray(tone * rise * fall)
    return shaped
