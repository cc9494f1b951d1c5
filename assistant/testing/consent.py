"""Fakes for the consent room: a clock that tests turn, sound with a mark in it, a store in a temporary folder."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from assistant.audio.frame import Samples
from assistant.consent.clip import NewClip
from assistant.consent.gate import Gate, Grant
from assistant.consent.purge import Purge
from assistant.consent.store import Store

DAY = 86_400
START = 1_800_000_000


class FakeTimekeeper:
    """Turn `now` for the wall clock; `up` runs on its own; `run` names the boot."""

    def __init__(self, now: int = START) -> None:
        self.now = now
        self.up = 100
        self.run = "boot-1"

    def wall(self) -> int:
        return self.now

    def uptime(self) -> int:
        return self.up

    def boot(self) -> str:
        return self.run

    def advance(self, seconds: int) -> None:
        """Time passes as it should."""
        self.now += seconds
        self.up += seconds

    def reboot(self, now: int | None = None) -> None:
        """The machine starts again, perhaps with a wrong clock."""
        self.run += "'"
        self.up = 5
        self.now = self.now if now is None else now


class Household:
    """A store with its gate and purge; `open_again` is a restart."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.time = FakeTimekeeper()
        self.open_again()

    def open_again(self) -> None:
        self.store = Store.open(self.home, {}, self.time)
        self.gate = Gate(self.store)
        self.purge = Purge(self.store)

    def grant(self, purpose: str = "utterance_audio", days: int = 7) -> None:
        self.gate.grant(Grant(purpose=purpose, days=days, method="cli", actor="uid:1000"))

    def keep(self, purpose: str = "utterance_audio", *, seed: int = 1, session: str = "s1") -> str:
        """Offer a second of marked sound under a fresh permit; returns the clip's id."""
        return self.gate.keep(self.gate.permits()[purpose], NewClip(samples=marked(seed), session=session)).clip

    def clips(self) -> list[str]:
        with self.store.session() as session:
            return [info.clip for info in session.vault.scan()[0]]


def marked(seed: int, seconds: float = 1.0) -> Samples:
    """Noise that is the same for the same seed, to be looked for on disks and in memory."""
    return np.random.default_rng(seed).integers(-20_000, 20_000, int(16_000 * seconds), dtype=np.int16)
