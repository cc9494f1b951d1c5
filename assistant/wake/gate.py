"""Spare the detector the quiet: a room where nothing sounds needs no network to say so.

The loudness of each frame is compared with the background's, which is the quietest frame of the last ten seconds:
speech has pauses, so it does not become background, and a steady noise does within that time. What came just before a
sound is kept and heard too, because words begin softly.
"""

from __future__ import annotations

from collections import deque

import numpy as np

from assistant.audio.frame import FRAME_SECONDS, Frame

RATIO = 1.5
"""A frame this many times louder than the background opens the gate."""
FAINTEST = 3.0
"""Nothing below this loudness (RMS of 16 bit samples) opens it: dither and the noise of converters."""
BLOCK_FRAMES = 13
"""The quietest frame is remembered for each block of about a second,"""
BLOCKS = 10
"""and this many blocks are looked back on."""
HOLD_SECONDS = 1.5
"""It stays open this long after the last loud frame; the detector needs about 0.3 s to make up its mind."""
BEFORE_SECONDS = 1.5
"""How much from before the sound is heard as well; a wake word takes at most about 1.2 s."""


class QuietGate:
    """Frames go in one by one; out come those that are to be heard."""

    def __init__(self) -> None:
        self._quietest: deque[float] = deque([0.0], maxlen=BLOCKS)
        self._frames = 0
        self._hold = 0.0
        self._before: deque[Frame] = deque(maxlen=round(BEFORE_SECONDS / FRAME_SECONDS))

    @property
    def is_quiet(self) -> bool:
        """Whether it has been quiet for so long that what passed before does not join with what will pass next."""
        return len(self._before) == self._before.maxlen

    def pass_on(self, frame: Frame) -> list[Frame]:
        """Nothing while it is quiet; else this frame, and at the first sound what came just before it."""
        loudness = float(np.sqrt(np.mean(np.square(frame.samples, dtype=np.float32))))
        loud = loudness > max(FAINTEST, RATIO * min(self._quietest))
        self._remember(loudness)
        self._hold = HOLD_SECONDS if loud else max(0.0, self._hold - FRAME_SECONDS)
        if not self._hold:
            self._before.append(frame)
            return []
        heard = [*self._before, frame]
        self._before.clear()
        return heard

    def reset(self) -> None:
        """Forget the sound that was kept. The background of the room is still the same."""
        self._before.clear()
        self._hold = 0.0

    def _remember(self, loudness: float) -> None:
        if self._frames % BLOCK_FRAMES == 0:
            self._quietest.append(loudness)
        self._quietest[-1] = min(self._quietest[-1], loudness)
        self._frames += 1
