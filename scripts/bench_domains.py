#!/usr/bin/env python3
"""How well skills are heard that the assistant does not know: a folder of them, said by synthetic voices.

    scripts/bench domains [--domains DIR] [--noise FILE] [--levels clean 15] [--every N] [--set KEY=VALUE ...]

DIR (tests/domains) holds skill folders and spoken.yaml: for each skill, rows of what is said, the intent and its slots.
All of them are loaded together with the bundled skills; each sentence is said by one of nine voices (Piper, espeak-ng,
flite) and goes through the pipeline of `assistant hear --no-wake`. Right means the intent and every slot; an entry of a
list has to come as its file spells it. What was not right is listed.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

import numpy as np
import soxr
import yaml

TREE = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(TREE))

from hearing_cases import Samples, Sound, group_of, mix, read  # noqa: E402
from hearing_door import Heard, door  # noqa: E402

from assistant.grammar.sentences import TYPED  # noqa: E402
from assistant.grammar.values.read import read_value  # noqa: E402
from assistant.grammar.words import words  # noqa: E402
from assistant.tts.chorus import Voice, find_voices  # noqa: E402

RATE = 16_000
WAYS = {
    "en_US-joe-medium": (0.85, 1.0, 1.2), "en-us": (1.0,), "en-gb": (0.9,), "en-gb-x-rp+f2": (0.9,),
    "rms": (1.0,), "slt": (0.85, 1.0),
}  # fmt: skip
"""Voices, and how fast each speaks."""
NOW = datetime(2026, 3, 2, 9, 30)


class Said(NamedTuple):
    skill: str
    text: str
    intent: str
    slots: dict[str, str]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--domains", type=Path, default=TREE / "tests" / "domains")
    parser.add_argument("--noise", type=Path, help="16 kHz mono, mixed in at the levels")
    parser.add_argument("--levels", nargs="*", default=["clean"], help="dB, or clean")
    parser.add_argument("--every", type=int, default=1, help="only every n-th sentence")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="as of the assistant")
    options = parser.parse_args()
    noise = read(options.noise) if options.noise else None
    rows = yaml.safe_load((options.domains / "spoken.yaml").read_text(encoding="utf-8"))
    every = [Said(skill, *row) for skill, said in rows.items() for row in said]
    sounds = list(speak(every, options.every))
    for name in options.levels:
        level = None if name == "clean" else float(name)
        rng = np.random.default_rng(7)
        cases = [(said, voice, mix(sound, noise, level, rng)) for said, voice, sound in sounds]
        heard = asyncio.run(listen(options.domains, cases, options.set))
        show(group_of(level), heard)


def speak(every: list[Said], step: int) -> Iterator[tuple[Said, str, Sound]]:
    """Each sentence by another voice, with a little noise of a quiet room around it."""
    found = {voice.name: voice for voice in find_voices(TREE / "models", "en", resample)}
    voices: list[tuple[Voice, float]] = [(found[name], fast) for name in found if name in WAYS for fast in WAYS[name]]
    rng = np.random.default_rng(3)
    for number, said in enumerate(every):
        if number % step:
            continue
        voice, speed = voices[number % len(voices)]
        sound = voice.say(said.text, speed=speed).astype(np.float32)
        loud = np.flatnonzero(np.abs(sound) > 0.02 * np.abs(sound).max())
        sound = sound[loud[0] : loud[-1] + 1] * (12_000 / np.abs(sound).max())
        around = np.concatenate([np.zeros(6_400, np.float32), sound, np.zeros(9_600, np.float32)])
        quiet = rng.normal(0, 6, len(around))
        yield said, voice.name, np.asarray((around + quiet) / 32_768, np.float32)


def resample(sound: Samples, rate: int, wanted: int) -> Samples:
    return np.asarray(soxr.resample(sound, rate, wanted), np.int16)


async def listen(
    folder: Path, cases: list[tuple[Said, str, Samples]], settings: list[str]
) -> list[tuple[Said, str, Heard]]:
    async with door([folder], settings) as opened:
        return [(said, voice, await opened.hear(sound)) for said, voice, sound in cases]


def is_right(said: Said, heard: Heard) -> bool:
    if heard.intent != f"{said.skill}.{said.intent}" or heard.slots.keys() != said.slots.keys():
        return False
    return all(same(heard.slots[name], wanted) for name, wanted in said.slots.items())


def same(one: str, other: str) -> bool:
    """Spelled alike; or, of typed values and free text, the same value or words: both are written in small letters."""
    if one == other or (words(one) == words(other) and other == other.lower()):
        return True
    values = [(read_value(kind, one, "en", NOW), read_value(kind, other, "en", NOW)) for kind in TYPED]
    return any(value is not None and value == wanted for value, wanted in values)


def show(group: str, heard: list[tuple[Said, str, Heard]]) -> None:
    count: Counter[str] = Counter()
    right: Counter[str] = Counter()
    wrong: Counter[str] = Counter()
    for said, voice, found in heard:
        for key in (said.skill, voice, "all"):
            count[key] += 1
            right[key] += is_right(said, found)
            wrong[key] += bool(found.intent) and not is_right(said, found)
    print(f"## {group}", flush=True)
    for key, number in count.items():
        print(f"{key:20} {right[key]:4} of {number:4} right, {wrong[key]} wrong")
    for said, voice, found in heard:
        if not is_right(said, found):
            print(f"   {voice}: {said.text} -> {found.intent or 'nothing'} {found.slots or ''}", flush=True)


if __name__ == "__main__":
    main()
