"""While an alarm rings, "stop" is enough: no wake word before it. Nothing is listened for at any other time.

No small model knows these words. So a judge of wake words (the recogniser) is asked a few times a second whether one
of them was said in the last moments, as long as it rings: about a fifth of a processor core (x86-64), and on a slow
machine at most `MOST_SHARE` of one.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence

from assistant.audio.frame import FRAME_SECONDS, RATE, Samples
from assistant.errors import AssistantError
from assistant.wake.judge import Judge
from assistant.wake.ring import Ring

STOP = "stop"
"""The name under which the judge knows these words."""
WINDOW_SECONDS = 1.2
"""What is judged: "stop it, please", and little of what sounded before."""
EVERY_FRAMES = 4
MOST_SHARE = 0.35
"""Of the time may go into judging."""
RINGING_SECONDS = 20.0
"""From a ring on. What rings does so again after fifteen seconds, until somebody stops it."""

_log = logging.getLogger(__name__)


class StopWords:
    """Listens from `ring` on, until `quiet` or for `RINGING_SECONDS`. `ring`, `quiet` and `frame` may be called while
    another thread is in `process`: they only set how long is left."""

    def __init__(self, judge: Judge, words: Sequence[str], *, now: Callable[[], float] = time.perf_counter) -> None:
        """`words` are those that the judge knows as `STOP`."""
        self.words = tuple(dict.fromkeys("".join(filter(str.isalpha, word.lower())) for word in words))
        """Their letters, to tell whether the assistant says one itself."""
        self._judge = judge
        self._now = now
        self._sound = Ring(int(WINDOW_SECONDS * RATE))
        self._left = 0
        self._wait = 0
        self._broken = False

    @property
    def rings(self) -> bool:
        """Whether it listens."""
        return self._left > 0

    def ring(self) -> None:
        """Something rings."""
        self._left = round(RINGING_SECONDS / FRAME_SECONDS)

    def quiet(self) -> None:
        """Nothing rings any more, or nobody may listen."""
        self._left = 0

    def start(self) -> None:
        """Load the model. Raises ModelError."""
        self._judge.start()

    def frame(self) -> None:
        """A frame of the microphone has gone by, heard or not."""
        self._left = max(0, self._left - 1)

    def process(self, samples: Samples) -> bool:
        """Take the next samples, shape (n,); whether a stop word ends in them. Once it was heard nothing rings."""
        if not self.rings or self._broken:
            self._sound.clear()
            return False
        self._sound.append(samples)
        self._wait -= 1
        if self._wait > 0:
            return False
        begun = self._now()
        try:
            said = self._judge.judge(STOP, self._sound.last(int(WINDOW_SECONDS * RATE))) >= 0
        except AssistantError as error:
            self._broken = True
            _log.warning("nothing is stopped without a wake word from now on: %s", error)
            said = False
        self._wait = max(EVERY_FRAMES, int((self._now() - begun) / MOST_SHARE / FRAME_SECONDS))
        if said:
            self.quiet()
            self._sound.clear()
        return said

    def clear(self) -> None:
        """Overwrite the sound."""
        self._sound.clear()
        self._wait = 0

    def close(self) -> None:
        """Overwrite the sound and free the model."""
        self.clear()
        self._judge.close()
