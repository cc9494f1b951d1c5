"""Streams of sound for the wake word: clips of it as they may come, and other speech. And a tape of what was heard.

The detector listens to each stream once, and the judge is asked once about each place; what any setting of the two
would have made of it is then found out without listening again.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import numpy as np
import soundfile

from assistant.audio.frame import FRAME_SAMPLES, RATE, Samples
from assistant.errors import AssistantError
from assistant.wake.engine import Peak
from assistant.wake.judge import Judge
from assistant.wake.microwakeword_engine import MicroWakeWordEngine

Clip: TypeAlias = tuple[str, bool, Samples]
"""Where it lies below the folder of recordings, whether it is the word, and its samples."""
BLOCK = 2048
"""Samples in a block when the energies of speech and noise are compared."""
LEAD = np.zeros(RATE, dtype=np.int16)
CLOSE = np.zeros(int(0.06 * RATE), dtype=np.int16)
"""The pause between the word and what is said directly before it."""
LEVELS = (10.0, 5.0, 15.0, 0.0, 20.0)
"""Decibels between other speech and noise, one after the other."""
SPAN_DB, SPAN_START_DB = 25.0, 30.0
"""What is so much softer than the loudest part of a clip does not belong to the word; its start may be softer."""
NOISE_DB = 10.0
"""What is not so much louder than the quietest tenth of a clip is its noise."""


@dataclass(frozen=True, slots=True)
class Stream:
    """Sound of one kind. The word may be reported from `first` on and ends at `last`; -1 where there is none."""

    kind: str
    name: str
    sound: Samples
    first: int = -1
    last: int = -1


def find_clips(recordings: Path, word: str) -> Iterator[Clip]:
    """Every clip below `recordings`."""
    for path in sorted((*recordings.rglob("*.flac"), *recordings.rglob("*.wav"))):
        if path.parent.name == "noise":
            continue
        samples, rate = soundfile.read(path, dtype="int16")
        if rate != RATE or samples.ndim != 1:
            raise AssistantError(f"is not {RATE} Hz mono", where=str(path))
        yield str(path.relative_to(recordings).with_suffix("")), path.parent.name == word, samples


def with_word(clips: Sequence[Clip], noise: Samples, snr: float, random: np.random.Generator) -> Iterator[Stream]:
    """Each clip of the word clean, in noise, directly after other speech, and with other speech directly after it."""
    others = [sound for _, is_word, sound in clips if not is_word]
    for name, is_word, sound in clips:
        if not is_word:
            continue
        # Frames begin anywhere in the word.
        lead = np.zeros(RATE + int(random.integers(FRAME_SAMPLES)), dtype=np.int16)
        alone, last = np.concatenate([lead, sound, LEAD]), len(lead) + word_end(sound)
        yield Stream("clean", name, alone, RATE, last)
        yield Stream(f"at {snr:g} dB", name, mix(alone, noise, snr, random), RATE, last)
        if not others:
            continue
        other, spoken = trimmed(others[int(random.integers(len(others)))]), sound[word_start(sound) :]
        other = np.clip(other * np.sqrt(loudest(spoken) / loudest(other)), -32768, 32767).astype(np.int16)
        first = len(lead) + len(other) + len(CLOSE)
        after = np.concatenate([lead, other, CLOSE, spoken, LEAD])
        yield Stream("directly after other speech", name, after, first, first + word_end(spoken))
        spoken = trimmed(sound)
        before = np.concatenate([lead, spoken, other, LEAD])
        yield Stream("with other speech directly after it", name, before, RATE, len(lead) + len(spoken))


def without_word(
    clips: Sequence[Clip], noises: Sequence[Samples], repeats: int, random: np.random.Generator
) -> Iterator[Stream]:
    """All other clips, clean and `repeats` times in noise, each time at another place and level of it."""
    for number in range(1 + repeats):
        for name, is_word, sound in clips:
            if is_word:
                continue
            alone = np.concatenate([LEAD, sound, LEAD])
            if number:
                snr, noise = LEVELS[(number - 1) % len(LEVELS)], noises[int(random.integers(len(noises)))]
                yield Stream(f"{snr:g} dB", name, mix(alone, noise, snr, random))
            else:
                yield Stream("clean", name, alone)


def mix(speech: Samples, noise: Samples, snr: float, random: np.random.Generator) -> Samples:
    """Add noise from a random place; the loudest blocks of 2048 samples have `snr` dB between them. Half scale."""
    offset = int(random.integers(0, max(1, len(noise) - len(speech))))
    piece = np.resize(noise[offset : offset + len(speech)], len(speech)).astype(np.float64)
    scale = np.sqrt(loudest(speech) / (loudest(noise) * 10 ** (snr / 10)))
    total = speech + scale * piece
    mixed: Samples = (total * (16383 / max(1.0, np.max(np.abs(total))))).astype(np.int16)
    return mixed


def loudest(samples: Samples) -> float:
    """Energy of the loudest block."""
    whole = np.pad(samples.astype(np.float64), (0, -len(samples) % BLOCK)).reshape(-1, BLOCK)
    return float((whole**2).sum(axis=1).max())


def word_start(sound: Samples) -> int:
    """The first sample of the voice in a clip; its beginning may be as soft as noise."""
    return int(_voiced(sound, SPAN_START_DB, -np.inf)[0]) * 320


def word_end(sound: Samples) -> int:
    """The sample after the last of the voice in a clip."""
    return (int(_voiced(sound, SPAN_DB)[-1]) + 1) * 320


def trimmed(sound: Samples) -> Samples:
    """The voice of a clip alone."""
    return sound[word_start(sound) : word_end(sound)]


def _voiced(sound: Samples, range_db: float, above_noise: float = NOISE_DB) -> np.ndarray:
    """Numbers of the blocks of 20 ms that are at most so much softer than the loudest, and so much louder than the
    noise of the clip."""
    blocks = np.pad(sound.astype(np.float64), (0, -len(sound) % 320)).reshape(-1, 320)
    level = 10 * np.log10((blocks**2).mean(axis=1) + 1)
    noise = min(float(np.percentile(level, 10)) + above_noise, level.max() - NOISE_DB)
    return np.flatnonzero(level > max(level.max() - range_db, noise))


class Tape:
    """What the detector gave for one stream, frame by frame, and what the judge said about it."""

    def __init__(self, detector: MicroWakeWordEngine, judge: Judge) -> None:
        self.word = detector.words[0]
        self.judge = judge
        self.said: dict[int, tuple[float, float]] = {}
        """By frame: the judge's answer and the processor seconds it took."""
        self.peaks: list[Peak] = []
        self.spent: list[float] = []
        self._detector = detector

    def record(self, sound: Samples) -> list[Samples]:
        """Let the detector listen to a stream; its frames."""
        sound = np.pad(sound, (0, -len(sound) % FRAME_SAMPLES))
        frames = list(sound.reshape(-1, FRAME_SAMPLES))
        self.said, self.peaks, self.spent = {}, [], []
        self._detector.reset()
        for frame in frames:
            begun = time.process_time()
            self.peaks += self._detector.peaks(frame)
            self.spent.append(time.process_time() - begun)
        return frames


class TapedDetector:
    """Plays a tape as the first stage of a cascade. `threshold`: what it needs without a judge."""

    def __init__(self, tape: Tape, threshold: float) -> None:
        self.words = (tape.word,)
        self.frame = -1
        self.tape = tape
        self._threshold = threshold

    @property
    def thresholds(self) -> Mapping[str, float]:
        return {self.words[0]: self._threshold}

    def start(self) -> None: ...

    def close(self) -> None: ...

    def tune(self, sensitivity: float) -> None: ...

    def rest(self) -> None: ...

    def revise(self) -> bool:
        return False

    def reset(self) -> None:
        self.frame = -1

    def peaks(self, samples: Samples) -> list[Peak]:
        self.frame += 1
        return [self.tape.peaks[self.frame]]


class TapedJudge:
    """Asks the judge of the tape, once about each place. `spent`: what that took in the last frame."""

    def __init__(self, detector: TapedDetector, *, believes: bool) -> None:
        self.believes = believes
        self.spent = 0.0
        self._detector = detector

    def start(self) -> None: ...

    def close(self) -> None: ...

    def knows(self, word: str) -> bool:
        return not self.believes and self._detector.tape.judge.knows(word)

    def judge(self, word: str, sound: Samples) -> float:
        tape, frame = self._detector.tape, self._detector.frame
        if frame not in tape.said:
            begun = time.process_time()
            answer = tape.judge.judge(word, sound)
            tape.said[frame] = answer, time.process_time() - begun
        answer, self.spent = tape.said[frame]
        return answer
