"""What a wake word is learnt from: the phrase by many voices in many rooms, and phrases that sound like it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np

from assistant.audio.frame import FRAME_SAMPLES, RATE, Samples
from assistant.errors import ModelError
from assistant.wake.custom.augment import Room, place, surround, trimmed
from assistant.wake.custom.bank import Bank, alike
from assistant.wake.custom.embedding import Embedder, Floats
from assistant.wake.custom.head import INPUT, LOOK, windows

Progress = Callable[[str, int, int], None]
Random = np.random.Generator

AFTER = 4
"""Frames from the end of the word on in which the head is to say yes."""
WINDOW = int(1.5 * RATE)
"""Sound up to the end of the word that a judge is given,"""
AFTER_SAMPLES = 2 * FRAME_SAMPLES
"""and how much of what follows it."""
SPEEDS, PITCHES = (0.75, 1.4), (0.82, 1.3)
HELD_OUT = 5
"""One voice in so many is not learnt from but asked at the end."""
TRIED = Room(snr=(8, 25))
"""What the held-out voices are heard in."""
NATURAL = "piper"
"""Voices of this kind a recogniser understands as it does people; the others it often does not."""
NATURAL_ASKED = 60
SAME = 0.86
"""Likeness of letters from which on a word is the same for everybody but a linguist: not to be told apart."""
TAKE_COPIES = 60
"""Rooms that each take of a person is put into."""


class Voice(Protocol):
    """Somebody who can say anything."""

    name: str
    kind: str

    def say(self, text: str, *, speed: float = 1.0, pitch: float = 1.0) -> Samples: ...


@dataclass(slots=True)
class Example:
    """The phrase once: the windows that end with it, shape (n, 384), and the sound up to its end."""

    windows: Floats = field(repr=False)
    ends: list[int]
    """Samples from the end of the word to the end of each window."""
    sound: Samples = field(repr=False)
    voice: str


@dataclass(slots=True)
class Near:
    """Something that sounds like the phrase."""

    text: str
    windows: Floats = field(repr=False)
    sound: Samples = field(repr=False)


@dataclass(slots=True)
class Material:
    """Everything that one word is trained and tried on. `own` came of a person's takes."""

    trained: list[Example]
    held_out: list[Example]
    near: list[Near]
    clean: list[Samples]
    """The phrase as the most natural voices say it, without a room,"""
    spoken: list[Samples]
    """and in the rooms of `TRIED`, up to its end: what a recogniser learns from."""
    voices: int
    own: list[Example] = field(default_factory=list)

    def wipe_own(self) -> None:
        """Overwrite all that came of a person's takes with zeros."""
        for example in self.own:
            example.windows[:] = 0
            example.sound[:] = 0


class Gatherer:
    """Makes voices speak and embeds what they say."""

    def __init__(self, voices: Sequence[Voice], embedder: Embedder, bank: Bank, random: Random) -> None:
        """Raises ModelError when there is no voice."""
        if not voices:
            hint = "Install the bundled voice: ./scripts/run; more voices: sudo apt install espeak-ng flite"
            raise ModelError("there is no voice to learn from", where="wake train", hint=hint)
        self._kinds: dict[str, list[Voice]] = {}
        for voice in voices:
            self._kinds.setdefault(voice.kind, []).append(voice)
        self._embedder = embedder
        self._bank = bank
        self._random = random
        self._others: list[Samples] = []

    def gather(self, text: str, examples: int, takes: Sequence[Samples] = (), *, progress: Progress) -> Material:
        """About `examples` of the phrase and a quarter as many of what sounds like it. Raises EngineError."""
        near = near_texts(text, self._bank.words(), self._random, min(200, examples // 5))
        found = Material([], [], [], [], [], voices=sum(map(len, self._kinds.values())))
        for number, other in enumerate(near, 1):
            sound = self._say(self._any(), other)
            self._others.append(sound)
            placed = surround(np.pad(sound, (RATE // 2, RATE // 2)).astype(np.float64), self._random, self._others[:-1])
            found.near.append(Near(other, windows(self._embedder.whole(placed)), placed[-WINDOW - RATE // 2 :].copy()))
            progress("words that sound alike", number, len(near))
        plan = self._plan(examples // 3)
        held = self._held_out()
        natural = NATURAL if NATURAL in self._kinds else next(iter(self._kinds))
        for number, voice in enumerate(plan, 1):
            sound = self._say(voice, text)
            if not len(sound):
                continue
            if voice.kind == natural and len(found.clean) < NATURAL_ASKED:
                found.clean.append(np.pad(sound, (RATE // 3, RATE // 3)))
                placed, end = place(sound, self._random, self._others, room=TRIED)
                found.spoken.append(_until(placed, end))
            if voice.name in held:
                found.held_out.append(self._example(sound, voice.name, TRIED))
            else:
                found.trained += [self._example(sound, voice.name, Room()) for _ in range(3)]
            progress("the word by all voices", number, len(plan))
        for number, take in enumerate(takes, 1):
            found.own += [self._example(take, "", Room()) for _ in range(TAKE_COPIES)]
            progress("your takes", number, len(takes))
        return found

    def _plan(self, count: int) -> list[Voice]:
        """Voices in the order in which they speak; those of a kind that has few speak more often."""
        share = {"piper": 0.25, "flite": 0.2, "espeak-ng": 0.55}
        total = sum(share.get(kind, 0.3) for kind in self._kinds)
        plan = []
        for kind, voices in self._kinds.items():
            wanted = max(1, round(count * share.get(kind, 0.3) / total))
            order = self._random.permutation(len(voices))
            plan += [voices[order[number % len(voices)]] for number in range(wanted)]
        return plan

    def _held_out(self) -> set[str]:
        """Names of voices that are not learnt from: a share of every kind that has several."""
        return {
            voice.name
            for voices in self._kinds.values()
            if len(voices) > 2
            for number, voice in enumerate(sorted(voices, key=lambda voice: voice.name))
            if number % HELD_OUT == HELD_OUT - 2
        }

    def _any(self) -> Voice:
        kinds = list(self._kinds.values())
        voices = kinds[int(self._random.integers(len(kinds)))]
        return voices[int(self._random.integers(len(voices)))]

    def _say(self, voice: Voice, text: str) -> Samples:
        sound = voice.say(text, speed=self._random.uniform(*SPEEDS), pitch=self._random.uniform(*PITCHES))
        return trimmed(sound)

    def _example(self, sound: Samples, voice: str, room: Room) -> Example:
        placed, end = place(sound, self._random, self._others, room=room)
        first = -(-end // FRAME_SAMPLES)  # the first frame that ends after the word, counted from 1
        start = max(0, first - LOOK)
        found = windows(self._embedder.whole(placed, first=start))[:AFTER]
        ends = [(start + LOOK + number) * FRAME_SAMPLES - end for number in range(len(found))]
        return Example(found, ends, _until(placed, end), voice)


def _until(sound: Samples, end: int) -> Samples:
    """A judge's window."""
    return sound[max(0, end + AFTER_SAMPLES - WINDOW) : end + AFTER_SAMPLES].copy()


def stack(parts: Sequence[Floats]) -> Floats:
    """All windows one below the other, shape (n, 384)."""
    return np.concatenate([np.zeros((0, INPUT), np.float32), *parts])


def near_texts(text: str, vocabulary: Sequence[str], random: Random, count: int) -> list[str]:
    """Phrases that sound like `text` and are not it: each word in turn replaced by one that is like it, or left out."""
    words = text.split()
    main = max(words, key=len)
    vocabulary = [other for other in vocabulary if alike(main, other) < SAME]
    close = {
        word: [other for other in sorted(vocabulary, key=lambda other: -alike(word, other))[:60] if other != word][:30]
        for word in words
    }
    found = [word for word in words if alike(word, main) < 0.5]
    for at, word in enumerate(words):
        if word == main:
            found += [" ".join([*words[:at], other, *words[at + 1 :]]) for other in close[word]]
            found += close[word]
    found = list(dict.fromkeys(found))
    while vocabulary and len(found) < count:
        others = [vocabulary[int(each)] for each in random.integers(0, len(vocabulary), 2)]
        keep = [word for word in words if word != main][:1]
        found.append(" ".join([*keep, *others]))
    return [found[int(at)] for at in random.permutation(len(found))[:count]]
