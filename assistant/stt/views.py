"""The same sound, changed a little: where noise makes the recogniser unsure, it is asked again about each.

What was said is heard alike in all of them, what only the noise suggested is not: of the sentences found, the likeliest
one is right more often than the first (on recordings in kitchen noise of 6 dB: see docs/benchmarks.md).
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from assistant.audio.frame import RATE, Samples
from assistant.stt.acceptance import Fit

SHIFT = RATE // 5
"""Silence put before the sound: the encoder's frames fall elsewhere."""
FLOOR = 0.35
"""Least gain: what noise suppression takes away is never all of it, or speech would suffer more than noise."""
PERCENTILE = 20
"""Of the power in each bin over the whole sound; that is the noise."""
BIAS = 1.4
"""How far the mean of noise lies above that."""
UNSURE = -0.8
"""Mean log-probability of a token below which other views are looked at; clear speech stays above it."""
STRANGE = -2.5
STRANGE_LAG = -2.0
"""Below one of these the sound was something else, or nothing will help."""
_SIZE, _HOP = 512, 128
_SMOOTH_TIME, _SMOOTH_GAIN = 5, 3

Floats = npt.NDArray[np.float32]


def is_unsure(fit: Fit) -> bool:
    """Whether other views may tell more."""
    return STRANGE < fit.mean < UNSURE and fit.lag > STRANGE_LAG


def views(sound: Samples) -> Iterator[Samples]:
    """Other views of `sound`, shape (n,), each valid until the next is asked for."""
    shifted = np.concatenate((np.zeros(SHIFT, np.int16), sound))
    yield shifted
    shifted.fill(0)
    cleaner = denoised(sound)
    yield cleaner
    cleaner.fill(0)


def denoised(sound: Samples) -> Samples:
    """`sound` with less steady noise: power subtraction in the short-time spectrum (Boll 1979, IEEE TASSP 27:113-120)
    with a noise that is a low percentile of each bin (as in minimum statistics, Martin 2001), smoothed over time."""
    window = np.sqrt(np.hanning(_SIZE + 1)[:_SIZE]).astype(np.float32)
    padded = np.zeros(len(sound) + 2 * _SIZE + -len(sound) % _HOP, np.float32)
    padded[_SIZE : _SIZE + len(sound)] = sound
    spectrum = np.fft.rfft(np.lib.stride_tricks.sliding_window_view(padded, _SIZE)[::_HOP] * window)
    power = _smooth(np.square(np.abs(spectrum)).astype(np.float32), _SMOOTH_TIME)
    noise = BIAS * np.percentile(power, PERCENTILE, axis=0)
    gain = np.sqrt(np.maximum(1 - noise / np.maximum(power, 1e-9), FLOOR**2)).astype(np.float32)
    pieces = np.fft.irfft(spectrum * _smooth(gain, _SMOOTH_GAIN), _SIZE) * window
    padded.fill(0)
    for at, piece in enumerate(pieces):
        padded[at * _HOP : at * _HOP + _SIZE] += piece
    # Four windows overlap everywhere; the sum of their squares is 2.
    result: Samples = (padded[_SIZE : _SIZE + len(sound)] / 2).clip(-32_768, 32_767).astype(np.int16)
    padded.fill(0)
    return result


def _smooth(values: Floats, size: int) -> Floats:
    """The mean of `size` neighbours in time."""
    total = np.cumsum(np.pad(values, ((size // 2 + 1, size // 2), (0, 0)), mode="edge"), axis=0, dtype=np.float64)
    result: Floats = ((total[size:] - total[:-size]) / size).astype(np.float32)
    return result
