"""Who holds a microphone open, by the account of the kernel and of the sound server: no flag of ours is asked.

Three witnesses, because none sees everything: ALSA's own table (/proc/asound, world-readable, names the thread that
opened a capture stream), the open files of every process that may be looked at (/proc/PID/fd, finds handles that were
inherited), and PulseAudio's list of recordings, which PipeWire keeps as well.
"""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from assistant.audio.pulse_probe import PulseProbe

PATIENCE = 1.0
"""Seconds that a sound server has for each answer."""
_NODE = re.compile(r"/dev/snd/pcmC(\d+)D(\d+)c")
_STATUS = re.compile(r"card(\d+)/pcm(\d+)c/sub\d+/status\Z")


@dataclass(frozen=True, slots=True, kw_only=True)
class Holder:
    """One process that holds one microphone open. `pid` is 0 when it cannot be seen from here."""

    pid: int
    how: str
    program: str = ""

    def __str__(self) -> str:
        name = f" ({self.program})" if self.program else ""
        return f"pid {self.pid}{name} via {self.how}" if self.pid else f"a hidden process via {self.how}"


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """All holders, ours or not. `blind` says what could not be asked; empty when everything was.

    `server` tells whether a sound server was asked, too."""

    holders: tuple[Holder, ...]
    server: bool = False
    blind: str = ""

    def of(self, pids: Collection[int]) -> tuple[Holder, ...]:
        """Those of these processes."""
        return tuple(each for each in self.holders if each.pid in pids)

    def others(self, pids: Collection[int]) -> tuple[Holder, ...]:
        """Those of all other processes."""
        return tuple(each for each in self.holders if each.pid not in pids)


def look(proc: Path = Path("/proc"), environ: Mapping[str, str] = os.environ) -> View:
    """Look now. Takes a few milliseconds; waits up to a second for a sound server that is busy."""
    recordings = _pulse()
    blind = ""
    if recordings is None and _has_pulse(environ):
        blind = "the sound server does not answer"
    kernel = dict.fromkeys([*_table(proc), *_descriptors(proc)])
    return View(holders=(*kernel, *(recordings or ())), server=recordings is not None, blind=blind)


def family(pids: Collection[int], proc: Path = Path("/proc")) -> frozenset[int]:
    """These processes and whatever they have started: what a child records, we record."""
    parents: dict[int, int] = {}
    for path in proc.glob("[0-9]*/stat"):
        try:
            parents[int(path.parent.name)] = int(path.read_text().rpartition(")")[2].split()[1])
        except (OSError, IndexError, ValueError):  # it has ended
            continue
    found = set(pids) - {0}
    while more := {pid for pid, parent in parents.items() if parent in found} - found:
        found |= more
    return frozenset(found)


def contradiction(believed: str, ours: Collection[Holder], *, blind: str = "") -> str:
    """What is wrong with the assistant's own belief (the state in its health) against what was seen; or nothing."""
    if believed == "muted" and ours:
        return f"it says that it is muted, but {' and '.join(map(str, ours))} holds the microphone open"
    if believed == "ok" and not ours and not blind:
        return "it says that it listens, but none of its processes holds a microphone open"
    return ""


def _pulse() -> list[Holder] | None:
    """None when no server answers."""
    probe = PulseProbe(PATIENCE)
    try:
        # A second look: things may have changed between two answers of the first.
        found = (probe.recordings() or probe.recordings()) if probe.open() else None
    finally:
        probe.close()
    if found is None:
        return None
    return [Holder(pid=each.pid, how=f"PulseAudio source {each.source}", program=each.program) for each in found]


def _has_pulse(environ: Mapping[str, str]) -> bool:
    """Whether there seems to be a server, though it did not answer."""
    runtime = environ.get("XDG_RUNTIME_DIR", "")
    return bool(environ.get("PULSE_SERVER")) or (bool(runtime) and Path(runtime, "pulse", "native").exists())


def _table(proc: Path) -> Iterator[Holder]:
    """Capture streams that are open, from ALSA's table (Documentation/sound/designs/procfile.rst of the kernel)."""
    for path in sorted(proc.glob("asound/card*/pcm*c/sub*/status")):
        place = _STATUS.search(str(path))
        try:
            text = path.read_text()
        except OSError:  # it was unplugged while we looked
            continue
        if place is None or text.strip() == "closed":
            continue
        owner = re.search(r"^owner_pid *: *(\d+)", text, re.MULTILINE)
        pid = _process(proc, int(owner[1])) if owner else 0
        yield Holder(pid=pid, how=_alsa(*place.groups()), program=_name(proc, pid))


def _descriptors(proc: Path) -> Iterator[Holder]:
    """Processes with a capture device among their open files, as far as we may look at them."""
    for folder in sorted(proc.glob("[0-9]*/fd")):
        try:
            links = [os.readlink(link) for link in folder.iterdir()]  # noqa: PTH115 - text, not a path
        except OSError:  # not ours to see, or gone
            continue
        pid = int(folder.parent.name)
        for link in links:
            if node := _NODE.match(link):
                yield Holder(pid=pid, how=_alsa(*node.groups()), program=_name(proc, pid))


def _alsa(card: str, device: str) -> str:
    return f"ALSA card {card} device {device}"


def _process(proc: Path, thread: int) -> int:
    """ALSA names the thread that opened a stream; this is its process. A thread that has ended is named as it was."""
    try:
        group = re.search(r"^Tgid:\s*(\d+)", (proc / str(thread) / "status").read_text(), re.MULTILINE)
    except OSError:
        return thread
    return int(group[1]) if group else thread


def _name(proc: Path, pid: int) -> str:
    try:
        return (proc / str(pid) / "comm").read_text().strip()
    except OSError:
        return ""
