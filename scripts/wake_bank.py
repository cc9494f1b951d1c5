#!/usr/bin/env python3
"""Make models/wake-negatives.xz: speech and noise in which no wake word of anybody's own is to be heard, as embeddings.

    .venv/bin/python scripts/wake_bank.py [--minutes 80] [--seed 5] [--output models/wake-negatives.xz]

The voices are all that are installed (Piper, espeak-ng, flite), the texts the project's own pages and skill sentences
and random words of the recogniser's vocabulary, the rooms and noises computed. No recording of anybody is in it. Takes
about three processor seconds a minute of speech. The result differs with the voices that are there.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from assistant.audio.frame import RATE, Samples
from assistant.audio.resample import resample
from assistant.cli.progress import Steps
from assistant.config.paths import TREE
from assistant.stt.moonshine_model import find_model
from assistant.stt.tokenizer import load
from assistant.tts.chorus import Voice, find_voices
from assistant.wake.custom.augment import noise, surround, trimmed
from assistant.wake.custom.bank import Clip, pack_bank
from assistant.wake.custom.embedding import SpeechEmbedder

LONGEST = 8 * RATE
NOISE_SHARE = 0.08
PAGES = ("README.md", "CONTRIBUTING.md", "CHANGELOG.md", "docs/**/*.md", "skills/*/locale/en/*.dialog",
         "skills/*/locale/en/*.intent")  # fmt: skip
SHARES = {"piper": 0.3, "flite": 0.2, "espeak-ng": 0.5}


def sentences() -> list[str]:
    """Bits of the project's own texts, in small letters and without marks."""
    found = []
    for pattern in PAGES:
        for path in sorted(TREE.glob(pattern)):
            text = re.sub(r"```.*?```|\{\w+\}|https?:\S+", " ", path.read_text("utf-8"), flags=re.DOTALL)
            for part in re.split(r"[.\n|:;()\[\]]", text):
                words = re.sub(r"[^A-Za-z' ]", " ", part).lower().split()
                if 2 <= len(words) <= 14:
                    found.append(" ".join(words))
    return sorted(set(found))


def vocabulary() -> list[str]:
    """Whole words, and beginnings of words, that the recogniser can write."""
    pieces = load(find_model() / "tokenizer.bin")
    words = (pieces.decode([number]) for number in range(259, len(pieces)))
    return sorted({word for word in words if re.fullmatch(r"[a-z]{3,14}", word)})


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(description="Make the bank of negative embeddings.")
    parser.add_argument("--minutes", type=float, default=80.0, help="of speech")
    parser.add_argument("--seed", type=int, default=5)
    parser.add_argument("--output", type=Path, default=TREE / "models" / "wake-negatives.xz")
    chosen = parser.parse_args(arguments)
    random = np.random.default_rng(chosen.seed)
    kinds: dict[str, list[Voice]] = {}
    for voice in find_voices(Path("/nonexistent"), "en", resample):
        kinds.setdefault(voice.kind, []).append(voice)
    share = np.array([SHARES.get(kind, 0.3) for kind in kinds])
    texts, words = sentences(), vocabulary()
    embedder = SpeechEmbedder()
    embedder.start()
    others: list[Samples] = []
    clips: list[Clip] = []
    show, done, wanted = Steps(), 0.0, chosen.minutes * 60
    while done < wanted:
        voices = kinds[str(random.choice(list(kinds), p=share / share.sum()))]
        if random.random() < 0.5:
            text = texts[int(random.integers(len(texts)))]
        else:
            text = " ".join(words[int(each)] for each in random.integers(0, len(words), int(random.integers(3, 9))))
        voice = voices[int(random.integers(len(voices)))]
        sound = voice.say(text, speed=random.uniform(0.8, 1.35), pitch=random.uniform(0.85, 1.25))[:LONGEST]
        others = [*others[-200:], trimmed(sound)]
        placed = surround(sound.astype(np.float64), random, others[:-1])
        clips.append(Clip(text, embedder.whole(placed)))
        done += len(placed) / RATE
        show("speech", int(min(done, wanted)), int(wanted))
    for _ in range(round(wanted * NOISE_SHARE / 10)):
        clips.append(Clip("", embedder.whole(surround(1000 * noise(10 * RATE, random), random))))
    data = pack_bank(clips)
    chosen.output.write_bytes(data)
    hours = sum(len(clip.embeddings) for clip in clips) * 0.08 / 3600
    print(f"{chosen.output}: {len(clips)} clips, {hours:.2f} h, {len(data) / 1e6:.2f} MB")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
