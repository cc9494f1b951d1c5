"""Takes of a person's own wake word: recorded into memory, kept only under a yes, zeroed in any case."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from assistant.audio.frame import FRAME_SECONDS, Samples
from assistant.audio.source import Source
from assistant.build import Builder
from assistant.consent.clip import NewClip
from assistant.errors import DeviceError, Refused

PURPOSE = "wake_word"
LEARNING = "personalise"
NOTICE = """Your takes are kept as clips, as was agreed for wake words. What the word learns from them stays on this
device, as numbers that no sound can be made of, until that yes ends, or: assistant wake remove NAME --voice-only"""
MOST_FRAMES = 125
"""Ten seconds to say it."""
LONGEST, SHORTEST = 2.0, 0.25
PAUSE_FRAMES = 6
LOUDER = 4.0
"""A frame this many times louder than the quietest so far belongs to the word."""
FAINTEST = 60.0
TRIES = 3


def agreed(builder: Builder, *, yes: bool) -> bool:
    """Whether a person said yes to what will stay of the takes. Raises Refused where the settings forbid it, or nobody
    said yes to keeping wake words."""
    if builder.consent.gate.forbids(LEARNING):
        raise Refused("the configuration forbids to learn from a voice", where="consent.forbid")
    if not permitted(builder):
        hint = "Say yes first: assistant consent grant wake_word"
        raise Refused("nobody said yes to keeping wake words", where="--takes", hint=hint)
    print(NOTICE)
    return yes or input("Do you agree? Type yes: ").strip().lower() == "yes"


def permitted(builder: Builder) -> bool:
    """Whether the yes to keep wake words is valid now."""
    return PURPOSE in builder.consent.gate.permits()


def record(builder: Builder, text: str, count: int) -> list[Samples]:
    """So many takes from the microphone, each asked for on the terminal. Raises DeviceError."""
    source = builder.source()
    takes: list[Samples] = []
    try:
        source.open()
        while len(takes) < count:
            takes.append(_asked(source, f'Take {len(takes) + 1} of {count}: say "{text}"'))
    except BaseException:
        wipe(takes)
        raise
    finally:
        source.close()
    return takes


def keep(builder: Builder, word: str, takes: Sequence[Samples]) -> int:
    """Hand the takes to the gate, if keeping wake words was agreed to; how many it kept. Afterwards they are zeros."""
    kept = 0
    try:
        permit = builder.consent.gate.permits().get(PURPOSE)
        if permit is None:
            return 0
        for take in takes:
            builder.consent.gate.keep(permit, NewClip(samples=take, session="take", word=word))
            kept += 1
    except Refused:
        pass
    finally:
        wipe(takes)
    return kept


def wipe(takes: Sequence[Samples]) -> None:
    """Overwrite them with zeros."""
    for take in takes:
        take[:] = 0


def _asked(source: Source, question: str) -> Samples:
    for _ in range(TRIES):
        print(question, flush=True)
        take = _one(source)
        if take is not None:
            return take
        print("  That was too soft, too short or too long. Once more.")
    raise DeviceError("no word was heard", where=source.name, hint="Look at it with: assistant doctor")


def _one(source: Source) -> Samples | None:
    """The next thing that is said, from shortly before it to shortly after; None when it cannot be a word."""
    frames: list[Samples] = []
    quietest, first, last = math.inf, -1, -1
    try:
        while len(frames) < MOST_FRAMES:
            frame = source.read()
            if frame is None:
                raise DeviceError("the microphone ended", where=source.name)
            loudness = float(np.sqrt(np.mean(np.square(frame, dtype=np.float64))))
            quietest = min(quietest, max(loudness, FAINTEST / LOUDER))
            frames.append(frame)
            if loudness > LOUDER * quietest:
                first, last = (len(frames) - 1 if first < 0 else first), len(frames) - 1
            if first >= 0 and len(frames) - 1 - last >= PAUSE_FRAMES:
                break
        seconds = (last - first + 1) * FRAME_SECONDS
        if first < 0 or not SHORTEST <= seconds <= LONGEST:
            return None
        return np.concatenate(frames[max(0, first - 1) : last + 2])
    finally:
        wipe(frames)
