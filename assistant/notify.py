"""Tell systemd how we are (sd_notify(3)): one datagram to $NOTIFY_SOCKET, nothing when there is none."""

from __future__ import annotations

import os
import socket
from contextlib import suppress


def notify(state: str) -> None:
    """Send a state such as `READY=1`. Never fails: systemd's absence is not an error."""
    path = os.environ.get("NOTIFY_SOCKET", "")
    if not path:
        return
    address = f"\0{path[1:]}" if path.startswith("@") else path
    with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as to_systemd:
        to_systemd.sendto(state.encode(), address)


def watchdog_seconds() -> float | None:
    """How often systemd wants a sign of life: half of WATCHDOG_USEC, as sd_watchdog_enabled(3) recommends."""
    usec = os.environ.get("WATCHDOG_USEC", "")
    return int(usec) / 2_000_000 if usec.isdigit() and int(usec) > 0 else None
