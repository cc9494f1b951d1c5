"""Doing something later, in a way that neither a changed wall clock nor a restart breaks.

A length ("in ten minutes") counts on the monotonic clock, which nobody sets. A date ("at seven") follows the wall
clock, also when that is corrected meanwhile. A `Deadline` is a length that can be stored: after a restart of the
program it still counts on the monotonic clock, after a restart of the machine, when that began anew, on the wall clock.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from assistant.clock import Clock
from assistant.skills.store import Json

Action = Callable[[], Awaitable[None] | None]

_LOOK_EVERY = 1.0
"""Seconds between two looks while something waits: a corrected wall clock delays nothing by more."""
_JUMP = 2.0
"""Seconds by which the two clocks may drift apart between two looks before that counts as a correction."""


def boot_id() -> str:
    """A name for this run of the machine (Linux), or empty where there is none."""
    with contextlib.suppress(OSError):
        return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    return ""


@dataclass(frozen=True, slots=True)
class Deadline:
    """When something is due: `wall` as a POSIX time, `monotonic` in seconds within the boot named `boot`."""

    wall: float
    monotonic: float
    boot: str

    def pack(self) -> list[Json]:
        """For the store."""
        return [self.wall, self.monotonic, self.boot]

    @classmethod
    def unpack(cls, packed: object) -> Deadline:
        """From the store. Raises ValueError for anything else."""
        match packed:
            case [float() | int() as wall, float() | int() as monotonic, str() as boot]:
                return cls(float(wall), float(monotonic), boot)
        raise ValueError("not a deadline")


@dataclass(slots=True)
class _Entry:
    due: Deadline | datetime
    action: Action


class Schedule:
    """What a skill wants done later, by name. All of it happens on the skill's own event loop.

    `run` is called with each due action, `jumped` when the wall clock was corrected. `boot` names this run of the
    machine; without it deadlines follow the wall clock.
    """

    def __init__(
        self,
        clock: Clock,
        run: Callable[[Action], Awaitable[None]],
        jumped: Callable[[], Awaitable[None]],
        boot: str = "",
    ) -> None:
        self._clock = clock
        self._run = run
        self._jumped = jumped
        self._boot = boot
        self._entries: dict[str, _Entry] = {}
        self._watch: asyncio.Task[None] | None = None
        self._changed = asyncio.Event()
        self._checking = asyncio.Lock()
        self._offset = self._difference()

    def deadline(self, length: timedelta) -> Deadline:
        """So long from now."""
        seconds = length.total_seconds()
        return Deadline(self._clock.now().timestamp() + seconds, self._clock.monotonic() + seconds, self._boot)

    def left(self, due: Deadline | datetime) -> timedelta:
        """How long until then; negative when it is over."""
        return timedelta(seconds=self._seconds(due))

    def renew(self, due: Deadline) -> Deadline:
        """The same deadline after the wall clock was corrected. One of an earlier boot stays as it is."""
        return self.deadline(self.left(due)) if self._steady(due) else due

    def at(self, due: Deadline | datetime, name: str, action: Action) -> None:
        """Do it then; at once if that is over. An entry of the same name is replaced. Raises ValueError for a
        datetime without time zone."""
        if isinstance(due, datetime) and due.tzinfo is None:
            raise ValueError("a datetime needs a time zone")
        self._entries[name] = _Entry(due, action)
        self._changed.set()
        if self._watch is None:
            self._watch = asyncio.get_running_loop().create_task(self._watching())

    def after(self, length: timedelta, name: str, action: Action) -> Deadline:
        """Do it after so long."""
        due = self.deadline(length)
        self.at(due, name, action)
        return due

    def cancel(self, name: str) -> bool:
        """Forget it. False when there was none of that name."""
        return self._entries.pop(name, None) is not None

    @property
    def names(self) -> tuple[str, ...]:
        """What waits, the next one first."""
        return tuple(sorted(self._entries, key=lambda name: self._seconds(self._entries[name].due)))

    def next(self) -> float | None:
        """Seconds until the next entry; None when nothing waits."""
        return max(0.0, self._seconds(self._entries[self.names[0]].due)) if self._entries else None

    async def check(self) -> None:
        """Do what is due now, in order."""
        async with self._checking:
            before, self._offset = self._offset, self._difference()
            if abs(self._offset - before) > _JUMP:
                await self._jumped()
            for name in self.names:
                entry = self._entries.get(name)
                if entry is not None and self._seconds(entry.due) <= 0:
                    del self._entries[name]
                    await self._run(entry.action)

    def close(self) -> None:
        """Forget everything."""
        self._entries.clear()
        if self._watch is not None:
            self._watch.cancel()
            self._watch = None

    async def _watching(self) -> None:
        while True:
            self._changed.clear()
            wait = self.next()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._changed.wait(), None if wait is None else min(wait, _LOOK_EVERY))
            await self.check()

    def _seconds(self, due: Deadline | datetime) -> float:
        if isinstance(due, Deadline) and self._steady(due):
            return due.monotonic - self._clock.monotonic()
        wall = due.wall if isinstance(due, Deadline) else due.timestamp()
        return wall - self._clock.now().timestamp()

    def _steady(self, due: Deadline) -> bool:
        return bool(due.boot) and due.boot == self._boot

    def _difference(self) -> float:
        return self._clock.now().timestamp() - self._clock.monotonic()
