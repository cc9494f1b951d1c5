"""One spoken phrase in many rooms: noise, echo, the colour and level of a microphone, what was said just before.

All of it is computed; there is no recording of any room in it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from assistant.audio.frame import FRAME_SAMPLES, RATE, Samples

Sound: TypeAlias = npt.NDArray[np.floating[Any]]
Random: TypeAlias = np.random.Generator


@dataclass(frozen=True, slots=True)
class Room:
    """How hard it is to hear: decibels between speech and noise (from, to), and the share that has hardly any noise."""

    snr: tuple[float, float] = (2, 25)
    clean: float = 0.2


USUAL = Room()
LEAD_SECONDS = 1.2
"""Sound before the phrase, so that an embedding before its end has seen nothing else."""
TAIL_SECONDS = 0.6


def place(
    phrase: Samples, random: Random, others: Sequence[Samples] = (), *, room: Room = USUAL
) -> tuple[Samples, int]:
    """The phrase somewhere in a room, whole frames, and the sample where it ends.

    Before and after it is noise, or now and then a bit of `others`.
    """
    phrase = trimmed(phrase)
    lead = int(RATE * LEAD_SECONDS) + int(random.integers(0, FRAME_SAMPLES))
    tail = int(RATE * TAIL_SECONDS)
    sound = np.zeros(lead + len(phrase) + tail)
    sound[lead : lead + len(phrase)] = phrase
    level = _rms(phrase)
    if others and random.random() < 0.35:
        _put(sound, _some(others, random), level, 0, lead - int(random.uniform(0.0, 0.35) * RATE), random, end=True)
    if others and random.random() < 0.35:
        _put(
            sound,
            _some(others, random),
            level,
            lead + len(phrase) + int(random.uniform(0.03, 0.3) * RATE),
            len(sound),
            random,
        )
    end = lead + len(phrase)
    return surround(sound, random, others, level=level, room=room), end


def surround(
    sound: Sound, random: Random, others: Sequence[Samples] = (), *, level: float = 0.0, room: Room = USUAL
) -> Samples:
    """Echo, noise, colour and level of a room and its microphone; whole frames. `level` is the loudness of the speech,
    0 for that of the whole sound."""
    level = level or _rms(sound)
    if random.random() < 0.6:
        sound = echo(sound, random)
    snr = random.uniform(*room.snr) if random.random() > room.clean else random.uniform(30, 60)
    sound = sound + noise(len(sound), random, others) * level * 10 ** (-snr / 20)
    if random.random() < 0.7:
        sound = coloured(sound, random)
    peak = 32767 * 10 ** (random.uniform(-32, -1) / 20)
    sound = sound * (peak / max(1.0, float(np.abs(sound).max())))
    if random.random() < 0.05:
        sound = np.clip(sound * random.uniform(1.5, 3), -peak, peak)
    if random.random() < 0.9:
        sound = sound + random.normal(0, random.uniform(0.3, 6), len(sound))
    whole = -(-len(sound) // FRAME_SAMPLES) * FRAME_SAMPLES
    found: Samples = np.clip(np.pad(sound, (0, whole - len(sound)), mode="edge"), -32768, 32767).astype(np.int16)
    return found


def noise(count: int, random: Random, others: Sequence[Samples] = ()) -> Sound:
    """Noise of loudness 1: hiss, hum, taps, clinking, or voices."""
    kind = random.choice(["hiss", "hum", "clink", "voices"], p=[0.5, 0.12, 0.18, 0.2])
    if kind == "voices" and others:
        sound = np.zeros(count)
        for _ in range(int(random.integers(2, 6))):
            one = np.resize(np.roll(_some(others, random), int(random.integers(RATE))), count).astype(np.float64)
            sound += one / max(1.0, _rms(one)) * random.uniform(0.3, 1)
    else:
        frequencies = np.fft.rfftfreq(count, 1 / RATE)
        slope = random.uniform(0, 1.3)
        shape = 1 / np.maximum(frequencies, 40) ** slope
        if random.random() < 0.5:
            shape = shape * _curve(frequencies, random, 12)
        spectrum = random.normal(size=len(shape)) + 1j * random.normal(size=len(shape))
        sound = np.fft.irfft(spectrum * shape, count)
        sound /= max(1e-9, _rms(sound))
        if kind == "hum":
            base = random.uniform(45, 240)
            time = np.arange(count) / RATE
            sound = 0.3 * sound + sum(
                np.sin(2 * np.pi * (base * k * time + random.random())) * random.uniform(0.1, 1) / k
                for k in range(1, 9)
            )
        elif kind == "clink":
            sound = 0.2 * sound + _clinks(count, random)
        elif random.random() < 0.4:  # swells
            sound = sound * (
                1
                + random.uniform(0.3, 0.95)
                * np.sin(2 * np.pi * (random.uniform(0.2, 4) * np.arange(count) / RATE + random.random()))
            )
    return sound / max(1e-9, _rms(sound))


def echo(sound: Sound, random: Random) -> Sound:
    """In a room: the direct sound, a few reflections and a decaying tail of 0.1 to 0.7 s."""
    seconds = random.uniform(0.1, 0.7)
    count = int(RATE * seconds)
    answer = random.normal(size=count) * 10 ** (-3 * np.arange(count) / count)
    answer *= random.random(count) < random.uniform(0.05, 1)
    answer[: int(RATE * random.uniform(0.001, 0.01))] = 0
    answer *= 10 ** (-random.uniform(0, 14) / 20) / max(1e-9, float(np.sqrt(np.sum(answer**2))))
    answer[0] = 1.0
    size = len(sound) + count
    return np.fft.irfft(np.fft.rfft(sound, size) * np.fft.rfft(answer, size), size)[: len(sound)]


def coloured(sound: Sound, random: Random) -> Sound:
    """By a microphone and its case: a smooth curve of up to 8 dB either way, and what it does not hear at all."""
    spectrum = np.fft.rfft(sound)
    frequencies = np.fft.rfftfreq(len(sound), 1 / RATE)
    curve = _curve(frequencies, random, 8)
    if random.random() < 0.3:
        curve = curve / (1 + (random.uniform(60, 300) / np.maximum(frequencies, 1)) ** 4)
    if random.random() < 0.3:
        curve = curve / (1 + (frequencies / random.uniform(3200, 7500)) ** 6)
    return np.fft.irfft(spectrum * curve, len(sound))


def trimmed(sound: Samples) -> Samples:
    """Without the silence at both ends, as blocks of 10 ms that are 35 dB softer than the loudest."""
    blocks = np.pad(sound.astype(np.float64), (0, -len(sound) % 160)).reshape(-1, 160)
    level = (blocks**2).mean(axis=1)
    loud = np.flatnonzero(level > max(1.0, level.max(initial=0.0) * 10**-3.5))
    return sound[loud[0] * 160 : (loud[-1] + 1) * 160] if len(loud) else sound


def _curve(frequencies: Sound, random: Random, most: float) -> Sound:
    """A random smooth response, in amplitude."""
    points = np.geomspace(60, 8000, 8)
    gains = np.clip(np.cumsum(random.normal(0, most / 3, len(points))), -most, most)
    found: Sound = 10 ** (np.interp(np.log(np.maximum(frequencies, 1)), np.log(points), gains) / 20)
    return found


def _clinks(count: int, random: Random) -> Sound:
    sound = np.zeros(count)
    for _ in range(int(random.integers(1, 6))):
        at, size = int(random.integers(count)), int(RATE * random.uniform(0.01, 0.25))
        time = np.arange(size) / RATE
        ring = sum(np.sin(2 * np.pi * random.uniform(300, 7000) * time) for _ in range(4)) + random.normal(size=size)
        part = ring * np.exp(-time / random.uniform(0.003, 0.08)) * random.uniform(1, 6)
        sound[at : at + size] += part[: count - at]
    return sound


def _put(
    sound: Sound, other: Samples, level: float, first: int, last: int, random: Random, *, end: bool = False
) -> None:
    """Lay a bit of other speech into a gap: its end at the gap's end, or its beginning at the beginning."""
    room = max(0, last - first)
    piece = (other[-room:] if end else other[:room]).astype(np.float64)[: room or None]
    if not room or not len(piece):
        return
    piece *= level / max(1.0, _rms(piece)) * 10 ** (random.uniform(-8, 3) / 20)
    at = last - len(piece) if end else first
    sound[at : at + len(piece)] += piece


def _some(others: Sequence[Samples], random: Random) -> Samples:
    return others[int(random.integers(len(others)))]


def _rms(sound: npt.NDArray[np.generic]) -> float:
    return float(np.sqrt(np.mean(np.square(sound, dtype=np.float64)))) if sound.size else 0.0
