"""Tells invented words from heard ones. Recognisers of the Whisper family write fluent text for noise and silence."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from assistant.audio.frame import RATE, Samples

TOKENS_PER_SECOND = 7.0
"""Fast speech needs about 6 tokens a second; the model's authors cut at 6.5."""
SPARE_TOKENS = 6
"""Room for punctuation and very short utterances."""
MIN_LOGP = -1.2
"""Mean log-probability of a token below which the text is a guess: speech in noise stays above, kitchen noise alone
gives -0.7 to -1.7, white noise -1.7."""
STEADY_DB = 4.0
"""Sound whose loudness varies less than this is steady noise: speech in noise of 6 dB varies by 7 dB and more."""
FAINT_DB = 12.0
"""Below this range a stock phrase is not believed."""
MIN_PEAK = 60
"""Nothing above -55 dBFS: an open microphone in a silent room."""

PAUSE_WINDOWS = 10
"""So many windows of 10 ms of quiet are a pause; the closure of a consonant is shorter."""
FIRST_WINDOWS = 40
"""What is left of a wake word is no longer than these."""

TAIL_WINDOWS = 12
"""A word that was cut off before is over within these, or it is none of a wake word's."""
TAIL_ENDS_DB = 15.0
"""So far the level falls behind it: into the closure of its last consonant, or a pause."""

STOCK = frozenset({"bye", "thank you", "thanks", "thank you very much", "i'm sorry"})
"""What the model says to noise, in lower case without the full stop. People say these too, but not faintly."""
EMPTY = frozenset({"you", "so", "well", "oh", "the", "i", "uh", "hmm", "thank you for watching", "thanks for watching"})
"""What it says to noise and to the assistant's own chimes, and nobody says as a request."""

LEAST_SURE = (1.0, 0.8, 0.75)
"""Confidence that free text of so many words must have where no sentence was found and nothing was asked: "top" and "oh
no" are what clatter sounds like, and would be taken for "stop" and "no". Of 236 short commands in synthetic
voices those that only their text was right of had 0.81 and more; "athena" is "that's enough" with 0.66. For more words
it is fitted (`sure` in `acceptance.yaml`): a tap says "Oh no, I'm sorry", and never surely."""

_WORD = re.compile(r"[^\W_]")


def token_limit(samples: int) -> int:
    """How many tokens so many samples can hold at most."""
    return SPARE_TOKENS + int(TOKENS_PER_SECOND * samples / RATE)


def loops(tokens: Sequence[int]) -> bool:
    """True when the end of `tokens` says the same 1 to 6 tokens at least four times in a row."""
    for size in range(1, 7):
        tail = tokens[-4 * size :]
        if len(tail) == 4 * size and tuple(tail) == tuple(tail[:size]) * 4:
            return True
    return False


def loudness_range(samples: Samples) -> float:
    """Difference in dB between loud and quiet pieces of 32 ms (95th and 10th percentile), what is no sound at all
    left out."""
    size = 512
    count = len(samples) // size
    if count < 2:
        return 0.0
    pieces: npt.NDArray[np.float32] = samples[: count * size].astype(np.float32).reshape(count, size)
    # No room is silent to the last bit: such pieces were added to a recording, and say nothing about its noise.
    pieces = pieces[pieces.any(axis=1)]
    if len(pieces) < 2:
        return 0.0
    pieces -= pieces.mean(axis=1, keepdims=True)
    level = 10 * np.log10(np.square(pieces).mean(axis=1) + 1.0)
    low, high = np.percentile(level, (10, 95))
    return float(high - low)


def is_silent(samples: Samples) -> bool:
    """No sound that could be speech."""
    if len(samples) == 0:
        return True
    return max(int(samples.max()), -int(samples.min())) < MIN_PEAK


def is_invented(text: str, mean_logp: float, dynamics: float) -> bool:
    """True when `text` was most likely not said. `dynamics` is the `loudness_range` of its sound, in dB."""
    if not _WORD.search(text) or mean_logp < MIN_LOGP or dynamics < STEADY_DB:
        return True
    plain = re.sub(r"[^\w' ]", "", text).strip().lower()
    return plain in EMPTY or (plain in STOCK and dynamics < FAINT_DB)


def is_scrap(text: str, confidence: float, sure: float) -> bool:
    """True for words that nobody may have said. `sure`: what more than two of them must have."""
    count = sum(bool(_WORD.search(word)) for word in text.split())
    return confidence < (LEAST_SURE[count] if count < len(LEAST_SURE) else sure)


def first_pause(sound: Samples) -> int:
    """Where speech goes on behind a pause in its first moments, in samples; 0 where there is none.

    Quiet is what lies in the lowest third between the faint and the loud parts of the sound (decibels, 10 ms windows).
    """
    window = RATE // 100
    count = len(sound) // window
    if count * window < RATE // 2:
        return 0
    power = np.square(sound[: count * window].astype(np.float32)).reshape(count, window).mean(axis=1)
    level = 10 * np.log10(power + 1.0)
    faint, loud = np.percentile(level, (10, 90))
    quiet = level < faint + (loud - faint) / 3
    voiced = False
    run = 0
    for at in range(count):
        if not quiet[at]:
            if voiced and run >= PAUSE_WINDOWS:
                return (at - PAUSE_WINDOWS // 2) * window
            voiced, run = True, 0
            if at > FIRST_WINDOWS:
                return 0
        else:
            run += 1
    return 0


def tail_end(sound: Samples) -> int:
    """Where the end of a word is over that sounds from the very first moment, in samples; 0 where there is none.

    That is the lowest of the first windows of 10 ms, when the level falls to it by `TAIL_ENDS_DB` and rises as much
    again. Silence that was put before the sound does not count.
    """
    window = RATE // 100
    lead = int(np.argmax(sound != 0)) // window * window
    count = (len(sound) - lead) // window
    if count <= TAIL_WINDOWS:
        return 0
    pieces = sound[lead : lead + count * window].astype(np.float32).reshape(count, window)
    level = 10 * np.log10(np.square(pieces).mean(axis=1) + 1.0)
    lowest = int(level[:TAIL_WINDOWS].argmin())
    falls, rises = level[:3].max() - level[lowest], level[lowest:].max() - level[lowest]
    return lead + lowest * window if min(falls, rises) >= TAIL_ENDS_DB else 0
