#!/usr/bin/env python3
"""Train wake words from synthetic voices alone and measure them on recordings of people.

    scripts/bench custom_wake --recordings DIR [--words alexa,computer,jarvis] [--noise FILE --snr 10] [--examples 600]

DIR holds FLAC or WAV files (16 kHz, mono) in folders. Clips in a folder named like a word must wake it, clean and with
the noise; clips in all other folders must not, except `noise`, which is not used. Printed are the figures that
`assistant wake train` promises and those of the recordings, with the second opinion of the recogniser and without.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import soundfile
from wake_streams import mix

from assistant.audio.frame import RATE, Samples
from assistant.build import Builder
from assistant.cli.context import make
from assistant.cli.wake import detections
from assistant.cli.wake_train import EXAMPLES_USUAL, learn_word
from assistant.errors import AssistantError
from assistant.wake.custom.score import report
from assistant.wake.custom.word import TrainedWord, name_of
from assistant.wake.engine import WakeEngine

LEAD = np.zeros(RATE, np.int16)


def read(folder: Path) -> list[tuple[str, Samples]]:
    """Every clip below, with the name of its folder."""
    found = []
    for path in sorted((*folder.rglob("*.flac"), *folder.rglob("*.wav"))):
        if path.parent.name != "noise":
            sound, rate = soundfile.read(path, dtype="int16")
            if rate != RATE or sound.ndim != 1:
                raise AssistantError(f"is not {RATE} Hz mono", where=str(path))
            found.append((path.parent.name, sound))
    return found


def measure(
    engine: WakeEngine,
    words: Sequence[TrainedWord],
    clips: Sequence[tuple[str, Samples]],
    noise: Samples | None,
    snr: float,
) -> list[str]:
    """One line for each word."""
    random = np.random.default_rng(0)
    texts = {word.name: word.text.replace(" ", "_") for word in words}
    said: Counter[str] = Counter()
    missed: Counter[str] = Counter()
    missed_in_noise: Counter[str] = Counter()
    wrong: Counter[str] = Counter()
    hours: Counter[str] = Counter()
    engine.start()
    for folder, sound in clips:
        stream = np.concatenate([LEAD, sound])
        counted = Counter(each.word for _, each in detections(engine, stream))
        for name, text in texts.items():
            if folder == text:
                said[name] += 1
                missed[name] += not counted[name]
            else:
                wrong[name] += counted[name]
                hours[name] += len(stream) / RATE / 3600
        if noise is not None and folder in texts.values():
            heard = {each.word for _, each in detections(engine, mix(stream, noise, snr, random))}
            missed_in_noise.update(name for name, text in texts.items() if folder == text and name not in heard)
    engine.close()
    return [
        f"  {name}: missed {missed[name]} of {said[name]} ({100 * missed[name] / max(1, said[name]):.1f} %) clean, "
        f"{missed_in_noise[name]} ({100 * missed_in_noise[name] / max(1, said[name]):.1f} %) at {snr:g} dB; "
        f"{wrong[name]} false accepts in {hours[name]:.2f} h ({wrong[name] / hours[name]:.2f} / h)"
        for name in texts
    ]


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(description="Measure wake words trained on synthetic voices.")
    parser.add_argument("--recordings", type=Path, required=True, help="folder with folders of clips")
    parser.add_argument("--words", default="alexa,computer,jarvis", help="trained and measured together")
    parser.add_argument("--noise", type=Path, help="a recording of noise to mix in")
    parser.add_argument("--snr", type=float, default=10.0, help="decibels between speech and noise")
    parser.add_argument("--examples", type=int, default=EXAMPLES_USUAL)
    chosen = parser.parse_args(arguments)
    context = make(argparse.Namespace(config=None, set=[]))
    try:
        clips = read(chosen.recordings)
        noise = soundfile.read(chosen.noise, dtype="int16")[0] if chosen.noise else None
        words = []
        for text in chosen.words.split(","):
            begun = time.process_time()
            builder = Builder(context.config, context.paths, context.clock)
            word = replace(learn_word(context, builder, text, chosen.examples)[0], name=f"own_{name_of(text)}")
            words.append(word)
            print(f"{text}: trained in {time.process_time() - begun:.0f} CPU s; {word.spellings} {word.needed:.1f}")
            print("\n".join(f"  {line}" for line in report(text, word.score)), flush=True)
        for confirm in (True, False):
            config = replace(context.config, wake=replace(context.config.wake, confirm=confirm))
            engine = Builder(config, context.paths, context.clock).detector(words)
            print("on recordings, with the second opinion:" if confirm else "on recordings, the detector alone:")
            print("\n".join(measure(engine, words, clips, noise, chosen.snr)), flush=True)
        if noise is not None:
            engine = Builder(config, context.paths, context.clock).detector(words[:1])
            engine.start()
            begun = time.process_time()
            list(detections(engine, noise))
            share = 100 * (time.process_time() - begun) / (len(noise) / RATE)
            print(f"processor: {share:.2f} % of one core while anything sounds, one word")
    except AssistantError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
