"""Time that cannot be turned back.

A small board often has no clock of its own and starts in the past. So the latest time ever seen is kept in the store,
and time goes on from there by the kernel's boot clock: a clock set back never makes a consent last longer. A clock set
forward may end one early; that errs to the safe side.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


class Timekeeper(Protocol):
    """The machine's three notions of time."""

    def wall(self) -> int:
        """Unix time in whole seconds, as the machine believes it to be."""
        ...

    def uptime(self) -> int:
        """Whole seconds since the machine started, sleep included."""
        ...

    def boot(self) -> str:
        """Names this run of the machine."""
        ...


class SystemTimekeeper:
    """From the kernel."""

    def wall(self) -> int:
        return int(time.time())

    def uptime(self) -> int:
        return int(time.clock_gettime(time.CLOCK_BOOTTIME))

    def boot(self) -> str:
        return _BOOT_ID.read_text(encoding="ascii").strip()


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """A point in time: `true` never goes back, `wall` is what the clock showed. Unix seconds."""

    true: int
    wall: int
    boot: str
    uptime: int


def moment(keeper: Timekeeper, last: Moment | None) -> Moment:
    """Now, given the last moment that was stored."""
    wall, boot, uptime = keeper.wall(), keeper.boot(), keeper.uptime()
    true = wall
    if last is not None:
        passed = max(0, uptime - last.uptime) if boot == last.boot else 0
        true = max(wall, last.true + passed)
    return Moment(true=true, wall=wall, boot=boot, uptime=uptime)
