"""Makes sound that is already there come in real time, as a microphone's would."""

from __future__ import annotations

import threading
import time


class Pace:
    """Holds its caller back to `seconds` per step since `begin`. `stop`, from any thread, ends the waiting."""

    def __init__(self) -> None:
        self._stop = threading.Event()
        self._due = 0.0

    def begin(self) -> None:
        self._stop.clear()
        self._due = time.monotonic()

    def step(self, seconds: float) -> bool:
        """Wait until the next step is due; False when stopped. After a long delay it does not run to catch up."""
        self._due = max(self._due + seconds, time.monotonic() - seconds)
        return not self._stop.wait(max(0.0, self._due - time.monotonic()))

    def stop(self) -> None:
        self._stop.set()
