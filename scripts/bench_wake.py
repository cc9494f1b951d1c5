#!/usr/bin/env python3
"""Measure the wake word on recordings: misses, false accepts, delay, processor time; and draw what else could be had.

    scripts/bench wake --recordings DIR --noise FILE [FILE ...] [--word alexa] [--repeats 4] [--plot FILE.svg]

Prints what the detector with its judge does as it is built in, and beside it the detector alone. Every clip of the word
is heard clean, in noise (the first FILE), directly after other speech and with other speech directly after it; all
other clips clean and --repeats times in noise, at 10, 5, 15, 0 and 20 dB in turn. With --plot also what every setting
of `wake.sensitivity` gives, as a table and as a curve.

DIR holds FLAC or WAV files (16 kHz, mono) in folders. Clips in a folder named like the word must wake it; all other
folders must not, except `noise`, which is not used. Noise sounds also before and after the clips. Frames begin at a
random place of the word.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import soundfile
import svg
from wake_streams import (
    Stream,
    Tape,
    TapedDetector,
    TapedJudge,
    find_clips,
    with_word,
    without_word,
)

from assistant.audio.frame import FRAME_SAMPLES, RATE, Frame, Samples
from assistant.bus.memory import MemoryBus
from assistant.errors import AssistantError
from assistant.stt.phrase import PhraseJudge
from assistant.stt.shared import SharedModel
from assistant.wake.cascade import CascadeEngine
from assistant.wake.microwakeword_engine import MicroWakeWordEngine
from assistant.wake.service import WakeService

SENSITIVITIES = (0.0, 0.2, 0.35, 0.5, 0.65, 0.8, 1.0)
ALONE = (0.2, 0.3, 0.5, 0.7, 0.8, 0.9, 0.95, 0.98)
"""Thresholds of the detector alone."""
FAINTEST = 0.005
"""A stream in which the detector never gives so much wakes nobody at any setting."""


@dataclass
class Setting:
    """One way to decide, and what it gave."""

    name: str
    engine: CascadeEngine
    judge: TapedJudge
    detector: TapedDetector
    clips: Counter[str] = field(default_factory=Counter)
    missed: dict[str, list[str]] = field(default_factory=dict)
    accepts: Counter[str] = field(default_factory=Counter)
    where: list[str] = field(default_factory=list)
    hours: float = 0.0
    delays: list[float] = field(default_factory=list)
    judging: float = 0.0
    """Processor seconds of the judge on streams without the word."""

    def hear(self, stream: Stream, frames: Sequence[Samples]) -> None:
        """Decide on one stream from its tape."""
        times = self._times(frames, count=stream.first < 0)
        if stream.first < 0:
            self.hours += len(stream.sound) / RATE / 3600
            self.accepts[stream.kind] += len(times)
            self.where += [stream.name] * len(times)
            return
        times = [at for at in times if at * RATE > stream.first]
        self.clips[stream.kind] += 1
        missed = self.missed.setdefault(stream.kind, [])
        if times:
            self.delays.append(times[0] - stream.last / RATE)
        else:
            missed.append(Path(stream.name).name)

    def share(self, kind: str) -> float:
        """Missed, in per cent."""
        return 100 * len(self.missed.get(kind, ())) / max(1, self.clips[kind])

    @property
    def rate(self) -> float:
        """False accepts in an hour."""
        return sum(self.accepts.values()) / self.hours if self.hours else 0.0

    def _times(self, frames: Sequence[Samples], *, count: bool) -> list[float]:
        """When it reported, in seconds of sound and of work on that frame."""
        tape = self.detector.tape
        if max(max(peak.score, peak.afresh) for peak in tape.peaks) < FAINTEST:
            return []
        self.engine.reset()
        found = []
        for number, frame in enumerate(frames):
            self.judge.spent = 0.0
            heard = self.engine.process(frame)
            self.judging += self.judge.spent if count else 0.0
            if heard:
                found.append((number + 1) * FRAME_SAMPLES / RATE + tape.spent[number] + self.judge.spent)
        return found


def settings(tape: Tape, plain: float) -> list[Setting]:
    """The cascade and the detector alone as they are built in, then at all settings."""
    made = []
    for sensitivity in (0.5, *SENSITIVITIES):
        detector = TapedDetector(tape, plain)
        judge = TapedJudge(detector, believes=False)
        engine = CascadeEngine(detector, judge, sensitivity=sensitivity)
        made.append(Setting(f"sensitivity {sensitivity:g}", engine, judge, detector))
    for threshold in (plain, *ALONE):
        detector = TapedDetector(tape, threshold)
        judge = TapedJudge(detector, believes=True)
        engine = CascadeEngine(detector, judge)
        made.append(Setting(f"detector at {threshold:g}", engine, judge, detector))
    return made


def measure(tape: Tape, ways: Sequence[Setting], streams: Iterable[Stream]) -> tuple[float, float]:
    """Hear all streams; seconds of those without the word, and the detector's processor seconds on them."""
    seconds = spent = 0.0
    for stream in streams:
        frames = tape.record(stream.sound)
        if stream.first < 0:
            seconds += len(frames) * FRAME_SAMPLES / RATE
            spent += sum(tape.spent)
        for way in ways:
            way.hear(stream, frames)
    return seconds, spent


def table(cascade: Setting, alone: Setting) -> list[str]:
    """What counts, of the cascade and of the detector alone."""
    lines = ["| | detector alone | cascade |", "|---|---|---|"]
    for kind, clips in cascade.clips.items():
        cells = [f"{len(way.missed[kind])} of {clips} ({way.share(kind):.1f} %)" for way in (alone, cascade)]
        lines.append(f"| missed {kind} | {cells[0]} | {cells[1]} |")
    wrong = [f"{sum(way.accepts.values())} ({way.rate:.2f} / h)" for way in (alone, cascade)]
    lines.append(f"| false accepts in {cascade.hours:.1f} h of other speech | {wrong[0]} | {wrong[1]} |")
    late = [
        " / ".join(f"{value * 1000:.0f}" for value in (*np.percentile(way.delays or [np.nan], (50, 95, 99)),))
        for way in (alone, cascade)
    ]
    lines.append(f"| ms after the end of the word, median / 95 % / 99 % | {late[0]} | {late[1]} |")
    return lines


def names(cascade: Setting) -> list[str]:
    """Which clips were missed, and where it woke for nothing."""
    lines = [f"missed {kind}: {' '.join(missed)}" for kind, missed in cascade.missed.items() if missed]
    wrong = ", ".join(f"{count} {kind}" for kind, count in cascade.accepts.items() if count)
    return [*lines, f"false accepts: {wrong} ({' '.join(cascade.where)})" if wrong else "false accepts: none"]


def sweep(ways: Sequence[Setting]) -> list[str]:
    """Every setting."""
    kinds = list(ways[0].clips)
    lines = [" | ".join(["setting", "false accepts / h", *(f"missed {kind}, %" for kind in kinds)])]
    return lines + [
        " | ".join([way.name, f"{way.rate:.2f}", *(f"{way.share(kind):.1f}" for kind in kinds)]) for way in ways
    ]


def plot(word: str, cascade: Sequence[Setting], alone: Sequence[Setting]) -> str:
    """Misses over false accepts, clean and in noise."""
    clean, noisy = list(cascade[0].clips)[:2]
    lines = [
        svg.Series(f"{name}, {kind}", [(way.rate, way.share(kind)) for way in ways], dashed=name == "detector")
        for name, ways in (("cascade", cascade), ("detector", alone))
        for kind in (clean, noisy)
    ]
    rates = [
        (0.03, "0"),
        (0.1, "0.1"),
        (0.25, "0.25"),
        (0.5, "0.5"),
        (1.0, "1"),
        (2.5, "2.5"),
        (5.0, "5"),
        (10.0, "10"),
    ]
    across = svg.Axis(f"false accepts per hour of other speech ({cascade[0].hours:.1f} h)", 0.03, 10.0, rates, log=True)
    up = svg.Axis(
        "clips of the word missed, %", 0.0, 15.0, [(value, f"{value:g}") for value in (0.0, 2.5, 5.0, 10.0, 15.0)]
    )
    return svg.chart(f'Wake word "{word}"', across, up, lines, goals=[(0.25, 2.5)])


class Playing:
    """A microphone that gives one recording as fast as it is read."""

    def __init__(self, sound: Samples) -> None:
        self._frames = sound[: len(sound) // FRAME_SAMPLES * FRAME_SAMPLES].reshape(-1, FRAME_SAMPLES)
        self.done = asyncio.Event()
        self.spent = 0.0
        """Processor seconds from the first frame to the last."""

    async def listen(self, *, from_sample: int | None = None) -> Playing:
        return self

    async def __aiter__(self) -> AsyncIterator[Frame]:
        begun = time.process_time()
        for index, samples in enumerate(self._frames):
            yield Frame(index=index, samples=samples.copy())
        self.spent = time.process_time() - begun
        self.done.set()
        await asyncio.Event().wait()

    async def close(self) -> None: ...


async def service_share(word: str, sound: Samples) -> float:
    """Processor seconds of the whole wake service for one of `sound`."""
    engine = CascadeEngine(MicroWakeWordEngine([word]), PhraseJudge(SharedModel()))
    microphone, bus = Playing(sound), MemoryBus()
    service = WakeService(engine, microphone)
    serving = asyncio.create_task(service.serve(bus))
    await microphone.done.wait()
    bus.close()
    await serving
    return microphone.spent / (len(sound) / RATE)


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(description="Measure the wake word on recordings.")
    parser.add_argument("--recordings", type=Path, required=True, help="folder with folders of clips")
    parser.add_argument("--noise", type=Path, nargs="+", required=True, help="recordings of noise to mix in")
    parser.add_argument("--word", default="alexa", help="the wake word; clips of it lie in a folder of this name")
    parser.add_argument("--repeats", type=int, default=4, help="how often the other speech is heard with noise")
    parser.add_argument("--snr", type=float, default=10.0, help="decibels between the word and noise")
    parser.add_argument("--plot", type=Path, help="measure all settings and draw them into this SVG file")
    chosen = parser.parse_args(arguments)
    try:
        noises = [soundfile.read(path, dtype="int16")[0] for path in chosen.noise]
        clips = list(find_clips(chosen.recordings, chosen.word))
        detector, judge = MicroWakeWordEngine([chosen.word]), PhraseJudge(SharedModel())
        detector.start()
        judge.start()
        tape = Tape(detector, judge)
        ways = settings(tape, detector.thresholds[chosen.word])
        first, second = 1 + len(SENSITIVITIES), 2 + len(SENSITIVITIES)
        cascade, alone = ways[0], ways[first]
        random = np.random.default_rng(0)
        streams = [*with_word(clips, noises[0], chosen.snr, random)]
        heard = ways if chosen.plot else [cascade, alone]
        measure(tape, heard, streams)
        seconds, spent = measure(tape, heard, without_word(clips, noises, chosen.repeats, random))
        print("\n".join([*table(cascade, alone), *names(cascade)]))
        print(f"processor in other speech: {100 * (spent + cascade.judging) / max(1.0, seconds):.2f} % of one core")
        for name, sound in (("noise", noises[0]), ("a quiet room", (noises[0] // 256).astype(np.int16))):
            share = asyncio.run(service_share(chosen.word, sound))
            print(f"processor of the whole service in {name}: {100 * share:.2f} % of one core")
        if chosen.plot:
            print("\n".join(sweep(ways)))
            chosen.plot.parent.mkdir(parents=True, exist_ok=True)
            chosen.plot.write_text(plot(chosen.word, ways[1:first], ways[second:]), encoding="utf-8")
    except (AssistantError, OSError, soundfile.LibsndfileError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
