#!/usr/bin/env python3
"""How much better an answer is understood when the dialogue has said what it expects.

    scripts/bench_narrow.py [--noise FILE] [--db 6]

Synthetic voices (the bundled one, espeak-ng) say short answers; each is decoded twice with all bundled skills loaded:
as if nothing had been asked, and with the kind of answer that is expected. Right is the answer's own words.
"""

from __future__ import annotations

import argparse
import io
import subprocess
import sys
from pathlib import Path

import numpy as np
import numpy.typing as npt
import soundfile
import soxr

TREE = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(TREE))

from assistant.grammar.folder import read_sentences  # noqa: E402
from assistant.grammar.words import words  # noqa: E402
from assistant.stt.expected import ANYTHING, Expected  # noqa: E402
from assistant.stt.moonshine_engine import MoonshineEngine  # noqa: E402
from assistant.tts.piper_engine import PiperEngine  # noqa: E402
from assistant.tts.voices import bundled_voice  # noqa: E402

RATE = 16_000
Sound = npt.NDArray[np.float32]
CHOICE = Expected(("choice",), options=("pasta timer", "eggs", "tea"))
ANSWERS: tuple[tuple[Expected, str], ...] = (
    (Expected(("yes_no",)), "yes"),
    (Expected(("yes_no",)), "no thanks"),
    (Expected(("duration",)), "ten minutes"),
    (Expected(("duration",)), "half an hour"),
    (Expected(("time",)), "half past seven"),
    (Expected(("number",)), "fourteen"),
    (Expected(("percentage",)), "thirty percent"),
    (Expected(("datetime",)), "tomorrow at eight"),
    (CHOICE, "eggs"),
    (CHOICE, "the pasta timer"),
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--noise", type=Path, help="16 kHz mono; mixed in at --db of the whole answer")
    parser.add_argument("--db", type=float, default=6.0)
    options = parser.parse_args()
    noise = soundfile.read(options.noise, dtype="float32")[0] if options.noise else None
    engine = MoonshineEngine()
    engine.start()
    engine.learn([read_sentences(each.parent.name, each.parent, "en") for each in sorted(TREE.glob("skills/*/locale"))])
    rng = np.random.default_rng(5)
    right = {"without": 0, "with": 0}
    count = 0
    for sounds in spoken():
        for (expected, answer), clean in zip(ANSWERS, sounds, strict=True):
            sound = clean if noise is None else mix(clean, noise, options.db, rng)
            count += 1
            for name, asked in (("without", ANYTHING), ("with", expected)):
                engine.begin(expected=asked)
                engine.accept((sound * 32_767).astype(np.int16))
                right[name] += words(engine.finish().text.replace("per cent", "percent")) == words(answer)
    print(f"right without an expectation {right['without']} of {count}, with it {right['with']}")


def spoken() -> list[list[Sound]]:
    """Every answer by each voice, between two silences of 0.3 s."""
    found: list[list[Sound]] = []
    for speed in (1.0, 1.2):
        voice = PiperEngine(bundled_voice(), speed=speed)
        voice.start()
        takes = [(np.concatenate(list(voice.speak(f"{text.capitalize()}."))), voice.rate) for _, text in ANSWERS]
        found.append([ready(np.asarray(sound, np.float32), rate) for sound, rate in takes])
        voice.close()
    for name in ("en-us", "en-gb"):
        row: list[Sound] = []
        for _, text in ANSWERS:
            said = subprocess.run(["espeak-ng", "-v", name, "--stdout", f"{text}."], capture_output=True, check=True)
            sound, rate = soundfile.read(io.BytesIO(said.stdout), dtype="float32")
            row.append(ready(sound, rate))
        found.append(row)
    return found


def ready(sound: Sound, rate: int) -> Sound:
    sound = soxr.resample(sound, rate, RATE)
    quiet = np.random.default_rng(1).normal(0, 1e-4, RATE * 3 // 10).astype(np.float32)
    return np.concatenate((quiet, sound * (0.37 / np.abs(sound).max()), quiet))


def mix(sound: Sound, noise: Sound, decibels: float, rng: np.random.Generator) -> Sound:
    start = int(rng.integers(0, max(1, len(noise) - len(sound))))
    part = np.resize(noise[start:], len(sound))
    scale = np.sqrt(np.square(sound).mean() / (np.square(part).mean() * 10 ** (decibels / 10)))
    mixed: Sound = sound + part * scale
    return mixed * np.float32(0.5 / np.abs(mixed).max())


if __name__ == "__main__":
    main()
