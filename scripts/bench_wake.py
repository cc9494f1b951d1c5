#!/usr/bin/env python3
"""Measure the wake word on recordings: misses, false accepts, processor time, delay.

    .venv/bin/python scripts/bench_wake.py --recordings DIR --noise FILE [--word alexa] [--repeats 2] [--plain]
    .venv/bin/python scripts/bench_wake.py --recordings DIR --sweep [--noise FILE --snr 10]

The first prints what counts, of the detector with its judge as it is built in (with --plain: of the detector alone).
Every clip of the word is heard clean, in noise, and 60 ms after other speech; all other clips clean and --repeats
times in noise. The second prints what every threshold of the detector alone would give.

DIR holds FLAC or WAV files (16 kHz, mono) in folders. Clips in a folder named like the word must wake it; all other
folders must not, except `noise`, which is not used. Noise sounds also before and after the clips.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias

import numpy as np
import soundfile

from assistant.audio.frame import FRAME_SAMPLES, RATE, Samples
from assistant.errors import AssistantError
from assistant.stt.phrase import PhraseJudge
from assistant.stt.shared import SharedModel
from assistant.wake.cascade import CascadeEngine
from assistant.wake.engine import WakeEngine
from assistant.wake.microwakeword_engine import THRESHOLDS, MicroWakeWordEngine

STEPS = (0.3, 0.5, 0.6, 0.7, 0.8, 0.85, 0.9, 0.95, 0.97)
Clip: TypeAlias = tuple[str, bool, Samples]
"""Where it lies below the folder of recordings, whether it is the word, and its samples."""
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


@dataclass
class Count:
    """The clips of the word in one condition."""

    name: str
    clips: int = 0
    missed: list[str] = field(default_factory=list)
    delays: list[float] = field(default_factory=list)


class Listener:
    """Runs an engine over clips and keeps account of its processor time."""

    def __init__(self, engine: WakeEngine) -> None:
        self.engine = engine
        self.seconds = 0.0
        self.cpu = 0.0

    def hear(self, sound: Samples) -> list[tuple[str, float]]:
        """Words and when they were known, in seconds of `sound` and of work on the last frame."""
        sound = np.pad(sound, (0, -len(sound) % FRAME_SAMPLES))
        self.engine.reset()
        found = []
        for start in range(0, len(sound), FRAME_SAMPLES):
            begun = time.process_time()
            heard = self.engine.process(sound[start : start + FRAME_SAMPLES])
            spent = time.process_time() - begun
            self.cpu += spent
            found += [(each.word, (start + FRAME_SAMPLES) / RATE + spent) for each in heard]
        self.seconds += len(sound) / RATE
        return found


def accept(engine: WakeEngine, word: str, clips: list[Clip], noise: Samples, snr: float, repeats: int) -> list[str]:
    """The table of what counts."""
    random = np.random.default_rng(0)
    listener = Listener(engine)
    positive = [(path, sound) for path, is_word, sound in clips if is_word]
    others = [sound for _, is_word, sound in clips if not is_word]
    lead = np.zeros(RATE, dtype=np.int16)
    counts = [Count("clean"), Count(f"{snr:g} dB"), Count("after other speech")]
    for path, sound in positive:
        end = _word_end(sound)
        other = others[int(random.integers(len(others)))]
        before, spoken = _trimmed(other), sound[_word_start(sound) :]
        level = np.sqrt(_loudest(spoken) / _loudest(before))
        before = np.clip(before * level, -32768, 32767).astype(np.int16)
        gap = np.zeros(int(0.06 * RATE), dtype=np.int16)
        follows = len(lead) + len(before) + len(gap)
        streams = (
            (np.concatenate([lead, sound, lead]), RATE, RATE + end),
            (mix(np.concatenate([lead, sound, lead]), noise, snr, random), RATE, RATE + end),
            (np.concatenate([lead, before, gap, spoken, lead]), follows, follows + _word_end(spoken)),
        )
        for count, (stream, first, last) in zip(counts, streams, strict=True):
            times = [at for _, at in listener.hear(stream) if at * RATE > first]
            count.clips += 1
            count.delays += [at - last / RATE for at in times[:1]]
            count.missed += [] if times else [path]
    listener.cpu = listener.seconds = 0.0
    wrong = []
    for number in range(1 + repeats):
        sounds = (mix(np.concatenate([lead, other, lead]), noise, snr, random) if number else other for other in others)
        wrong.append(sum(len(listener.hear(sound)) for sound in sounds))
    hours, speech = listener.seconds / 3600, 100 * listener.cpu / listener.seconds
    listener.cpu = listener.seconds = 0.0
    listener.hear(noise)
    delays = np.percentile([each for count in counts for each in count.delays] or [np.nan], (50, 95)) * 1000
    lines = [
        f"missed {count.name}: {len(count.missed)} of {count.clips}, "
        f"{100 * len(count.missed) / count.clips:.1f} %   {' '.join(count.missed)}"
        for count in counts
        if count.clips
    ]
    return [
        *lines,
        f"false accepts: {wrong[0]} clean, {sum(wrong[1:])} with noise, in {hours:.2f} h: {sum(wrong) / hours:.2f} / h",
        f"processor: {100 * listener.cpu / listener.seconds:.2f} % of one core in noise, {speech:.2f} % in speech",
        f"known after the end of the word: {delays[0]:.0f} ms (median), {delays[1]:.0f} ms (95 %)",
    ]


def _voiced(sound: Samples, range_db: float = 25.0) -> np.ndarray:
    """Numbers of the blocks of 20 ms that are at most so much softer than the loudest."""
    blocks = np.pad(sound.astype(np.float64), (0, -len(sound) % 320)).reshape(-1, 320)
    level = 10 * np.log10((blocks**2).mean(axis=1) + 1)
    return np.flatnonzero(level > level.max() - range_db)


def _word_start(sound: Samples) -> int:
    return int(_voiced(sound, 30.0)[0]) * 320


def _word_end(sound: Samples) -> int:
    return (int(_voiced(sound)[-1]) + 1) * 320


def _trimmed(sound: Samples) -> Samples:
    return sound[_word_start(sound) : _word_end(sound)]


def measure(word: str, clips: Iterable[Clip]) -> Result:
    """Run the detector over all clips, once for each threshold."""
    result = Result(word)
    engines = {step: MicroWakeWordEngine([word], thresholds={word: step}) for step in STEPS}
    for engine in engines.values():
        engine.start()
    after = np.zeros(RATE, dtype=np.int16)
    for path, positive, clip in clips:
        folder = result.folders.setdefault(str(Path(path).parent), Folder(positive))
        sound = np.concatenate([clip, after])
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


def find_clips(recordings: Path, word: str) -> Iterator[Clip]:
    """Every clip below `recordings`."""
    for path in sorted((*recordings.rglob("*.flac"), *recordings.rglob("*.wav"))):
        if path.parent.name == "noise":
            continue
        samples, rate = soundfile.read(path, dtype="int16")
        if rate != RATE or samples.ndim != 1:
            raise AssistantError(f"is not {RATE} Hz mono", where=str(path))
        yield str(path.relative_to(recordings).with_suffix("")), path.parent.name == word, samples


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


def build(word: str, sensitivity: float, *, plain: bool) -> WakeEngine:
    """The engine as the assistant has it."""
    detector = MicroWakeWordEngine([word], sensitivity=sensitivity)
    return detector if plain else CascadeEngine(detector, PhraseJudge(SharedModel()), sensitivity=sensitivity)


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(description="Measure the wake-word detector on recordings.")
    parser.add_argument("--recordings", type=Path, required=True, help="folder with folders of clips")
    parser.add_argument("--word", default="alexa", help="the wake word; clips of it lie in a folder of this name")
    parser.add_argument("--noise", type=Path, help="a recording of noise to mix in")
    parser.add_argument("--repeats", type=int, default=2, help="how often the other speech is heard with noise")
    parser.add_argument("--sensitivity", type=float, default=0.5, help="0 to 1")
    parser.add_argument("--plain", action="store_true", help="the detector alone, without its judge")
    parser.add_argument("--sweep", action="store_true", help="all thresholds of the detector alone")
    parser.add_argument("--snr", type=float, default=10.0, help="decibels between speech and noise")
    chosen = parser.parse_args(arguments)
    if not chosen.noise and not chosen.sweep:
        parser.error("--noise is needed, unless --sweep")
    noise = soundfile.read(chosen.noise, dtype="int16")[0] if chosen.noise else None
    try:
        clips = list(find_clips(chosen.recordings, chosen.word))
        if noise is None or chosen.sweep:
            random = np.random.default_rng(0)
            heard = ((path, is_word, clip if noise is None else mix(clip, noise, chosen.snr, random))
                     for path, is_word, clip in clips)  # fmt: skip
            lines = report(measure(chosen.word, heard))
        else:
            engine = build(chosen.word, chosen.sensitivity, plain=chosen.plain)
            engine.start()
            lines = accept(engine, chosen.word, clips, noise, chosen.snr, chosen.repeats)
        print("\n".join(lines))
    except AssistantError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
