"""What the kernel tells of this machine and process. No socket is opened for it."""

from __future__ import annotations

import re
import shutil
from datetime import timedelta
from pathlib import Path

PROC = Path("/proc")


def machine_uptime(proc: Path = PROC) -> timedelta | None:
    """How long the machine has been on."""
    try:
        return timedelta(seconds=float((proc / "uptime").read_text().split()[0]))
    except (OSError, ValueError, IndexError):
        return None


def addresses(proc: Path = PROC) -> list[str]:
    """The machine's own IPv4 addresses, but the loopback's; empty in a network of its own."""
    try:
        trie = (proc / "net" / "fib_trie").read_text()
    except OSError:
        return []
    found = re.findall(r"\|-- (\d+\.\d+\.\d+\.\d+)\n\s+/32 host LOCAL", trie)
    return [each for each in dict.fromkeys(found) if not each.startswith("127.")]


def memory_used(proc: Path = PROC) -> int | None:
    """Megabytes that this process holds."""
    try:
        kilobytes = re.search(r"VmRSS:\s+(\d+)", (proc / "self" / "status").read_text())
    except OSError:
        return None
    return round(int(kilobytes[1]) / 1024) if kilobytes else None


def disk_free(folder: Path = Path("/")) -> int | None:
    """Gigabytes that are free on the disk."""
    try:
        return shutil.disk_usage(folder).free // 10**9
    except OSError:
        return None
