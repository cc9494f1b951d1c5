#!/usr/bin/env python3
"""Measure the wake-word detector on recordings: misses, false accepts, processor time.

    .venv/bin/python scripts/bench_wake.py --recordings DIR [--word alexa] [--noise FILE --snr 10]

DIR holds FLAC or WAV files (16 kHz, mono) in folders. Clips in a folder named like the word must wake it; all other
folders must not, except `noise`, which is not used. Each clip has a second of silence after it, and before it with
--lead. A clip is missed at a threshold when the detector set to it stays silent.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import soundfile

from assistant.audio.frame import FRAME_SAMPLES, RATE, Samples
from assistant.errors import AssistantError
from assistant.wake.microwakeword_engine import THRESHOLDS, MicroWakeWordEngine

STEPS = (0.3, 0.5, 0.6, 0.7, 0.8, 0.85, 0.9, 0.95, 0.97)
BLOCK = 2048
"""Samples in a block when the energies of speech and noise are compared."""


@dataclass
class Folder:
    """What one folder of clips gave."""

    positive: bool
    hours: float = 0.0
    best: list[float] = field(default_factory=list)
    accepts: dict[float, int] = field(default_factory=lambda: dict.fromkeys(STEPS, 0))


@dataclass
class Result:
    """What the whole run gave."""

    word: str
    folders: dict[str, Folder] = field(default_factory=dict)
    seconds: float = 0.0
    cpu: float = 0.0


def measure(word: str, clips: Iterator[tuple[str, bool, Samples]], lead: float) -> Result:
    """Run the detector over all clips, once for each threshold."""
    result = Result(word)
    engines = {step: MicroWakeWordEngine([word], thresholds={word: step}) for step in STEPS}
    for engine in engines.values():
        engine.start()
    after = np.zeros(RATE, dtype=np.int16)
    before = np.zeros(int(lead * RATE), dtype=np.int16)
    for name, positive, clip in clips:
        folder = result.folders.setdefault(name, Folder(positive))
        sound = np.concatenate([before, clip, after])
        sound = np.pad(sound, (0, -len(sound) % FRAME_SAMPLES))
        folder.hours += len(sound) / RATE / 3600
        best = 0.0
        for step, engine in engines.items():
            engine.reset()
            begun = time.process_time()
            found = [
                each
                for start in range(0, len(sound), FRAME_SAMPLES)
                for each in engine.process(sound[start : start + FRAME_SAMPLES])
            ]
            result.cpu += time.process_time() - begun
            result.seconds += len(sound) / RATE
            folder.accepts[step] += len(found)
            best = step if found else best
        folder.best.append(best)
    return result


def report(result: Result) -> list[str]:
    """The tables."""
    lines = [f"word {result.word}: default threshold {THRESHOLDS.get(result.word, 'as the model was published')}"]
    positive = [folder for folder in result.folders.values() if folder.positive]
    negative = {name: folder for name, folder in result.folders.items() if not folder.positive}
    clips = sum(len(folder.best) for folder in positive)
    hours = sum(folder.hours for folder in negative.values())
    lines.append(f"{clips} clips of the word, {hours:.2f} h without it; cells of the folders count false accepts")
    lines.append(" | ".join(["threshold", "missed", "missed %", "false/h", *negative]))
    for step in STEPS:
        missed = sum(score < step for folder in positive for score in folder.best)
        wrong = sum(folder.accepts[step] for folder in negative.values())
        share = f"{100 * missed / clips:.1f}" if clips else "-"
        rate = f"{wrong / hours:.2f}" if hours else "-"
        cells = [str(folder.accepts[step]) for folder in negative.values()]
        lines.append(" | ".join([f"{step:.2f}", str(missed), share, rate, *cells]))
    lines.append(f"processor time: {100 * result.cpu / result.seconds:.2f} % of one core while listening for one word")
    return lines


def find_clips(recordings: Path, word: str, noise: Samples | None, snr: float) -> Iterator[tuple[str, bool, Samples]]:
    """(folder, is it the word, samples) of every clip below `recordings`."""
    random = np.random.default_rng(0)
    for path in sorted((*recordings.rglob("*.flac"), *recordings.rglob("*.wav"))):
        folder = str(path.parent.relative_to(recordings))
        if path.parent.name == "noise":
            continue
        samples, rate = soundfile.read(path, dtype="int16")
        if rate != RATE or samples.ndim != 1:
            raise AssistantError(f"is not {RATE} Hz mono", where=str(path))
        if noise is not None:
            samples = mix(samples, noise, snr, random)
        yield folder, path.parent.name == word, samples


def mix(speech: Samples, noise: Samples, snr: float, random: np.random.Generator) -> Samples:
    """Add noise from a random place; the loudest blocks of 2048 samples have `snr` dB between them. Half scale."""
    offset = int(random.integers(0, max(1, len(noise) - len(speech))))
    piece = np.resize(noise[offset : offset + len(speech)], len(speech)).astype(np.float64)
    scale = np.sqrt(_loudest(speech) / (_loudest(noise) * 10 ** (snr / 10)))
    total = speech + scale * piece
    mixed: Samples = (total * (16383 / max(1.0, np.max(np.abs(total))))).astype(np.int16)
    return mixed


def _loudest(samples: Samples) -> float:
    whole = np.pad(samples.astype(np.float64), (0, -len(samples) % BLOCK)).reshape(-1, BLOCK)
    return float((whole**2).sum(axis=1).max())


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(description="Measure the wake-word detector on recordings.")
    parser.add_argument("--recordings", type=Path, required=True, help="folder with folders of clips")
    parser.add_argument("--word", default="alexa", help="the wake word; clips of it lie in a folder of this name")
    parser.add_argument("--lead", type=float, default=0.0, help="seconds of silence before each clip")
    parser.add_argument("--noise", type=Path, help="a recording of noise to mix in")
    parser.add_argument("--snr", type=float, default=10.0, help="decibels between speech and noise")
    chosen = parser.parse_args(arguments)
    noise = soundfile.read(chosen.noise, dtype="int16")[0] if chosen.noise else None
    try:
        clips = find_clips(chosen.recordings, chosen.word, noise, chosen.snr)
        print("\n".join(report(measure(chosen.word, clips, chosen.lead))))
    except AssistantError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
