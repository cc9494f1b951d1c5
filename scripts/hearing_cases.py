"""The recordings that hearing is measured on: commands at several levels of noise, and sound that is no command."""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import soundfile

Sound = npt.NDArray[np.float32]
Samples = npt.NDArray[np.int16]
PIECE = 48_000
"""Samples of a piece of noise alone."""
NOISE = "noise alone"


@dataclass(frozen=True)
class Case:
    """One recording. `wanted` is the intent and the slots of a command, None for any other sound."""

    group: str
    file: str
    sound: Samples
    wanted: tuple[str, dict[str, str]] | None = None

    @property
    def half(self) -> str:
        """Thresholds are fitted to the recordings of one half ("A") and tried on the others ("B")."""
        return "AB"[hashlib.sha1(self.file.encode()).digest()[0] & 1]


def commands(folder: Path, decibels: float | None, noise: Sound | None, every: int) -> Iterator[Case]:
    """The labelled recordings of `folder` in `noise`."""
    labels = json.loads((folder / "labels.json").read_text())
    rng = np.random.default_rng(7)
    for number, (name, label) in enumerate(labels.items()):
        sound = mix(read(folder / name), noise, decibels, rng)
        if number % every == 0:
            slots = {key: plain(words) for key, words in label["slots"].items()}
            yield Case(group_of(decibels), name, sound, (label["intent"], slots))


def group_of(decibels: float | None) -> str:
    return "clean" if decibels is None else f"{decibels:g} dB"


def others(folders: Sequence[Path], noises: Sequence[Path], every: int) -> Iterator[Case]:
    """Recordings that are no command, and pieces of noise."""
    for folder in folders:
        for path in sorted(folder.glob("*.flac"))[::every]:
            yield Case(f"other: {folder.name}", path.name, mix(read(path), None, None, None))
    for path in noises:
        noise = read(path)
        for at in range(0, max(1, len(noise) - PIECE * 2 // 3), PIECE * every):
            yield Case(NOISE, f"{path.name}@{at}", mix(noise[at : at + PIECE], None, None, None))


def plain(words: str) -> str:
    """Words as they are compared."""
    return " ".join(words.lower().replace("-", " ").split())


def read(path: Path) -> Sound:
    sound, rate = soundfile.read(path, dtype="float32")
    if rate != 16_000 or sound.ndim != 1:
        sys.exit(f"{path}: 16 kHz mono is needed")
    return np.asarray(sound, np.float32)


def loudest(sound: Sound) -> float:
    """Energy of the loudest 2048 samples."""
    whole = sound[: len(sound) // 2048 * 2048].reshape(-1, 2048)
    return float(np.square(whole).sum(axis=1).max())


def mix(sound: Sound, noise: Sound | None, decibels: float | None, rng: np.random.Generator | None) -> Samples:
    """Speech in noise, at half of full scale."""
    if decibels is not None and noise is not None and rng is not None:
        start = int(rng.integers(0, max(1, len(noise) - len(sound))))
        part = np.resize(noise[start:], len(sound))
        sound = sound + part * np.sqrt(loudest(sound) / (loudest(part) * 10 ** (decibels / 10)))
    scaled: Samples = (sound / max(1e-9, float(np.abs(sound).max())) * 16_383).astype(np.int16)
    return scaled
