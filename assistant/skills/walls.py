"""How a contained skill's process is started: behind bubblewrap as a second wall, where that can be had.

The cell (`cell.py`) holds by itself. Bubblewrap adds that there is nothing to be found outside it: no network, no
process, no file but the program's and the skill's own. Inside the system service it cannot be started, since that
may make no namespaces; there the service's own unit is the second wall.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path

from assistant.config.paths import TREE
from assistant.perturb import environment

PROBE_SECONDS = 5.0

_SYSTEM = ("/usr", "/lib", "/lib64", "/bin", "/etc/ssl", "/etc/ld.so.cache", "/etc/localtime", "/etc/alternatives")


def command(descriptor: int, folder: Path) -> list[str]:
    """The command line of a guest whose link is this file descriptor."""
    guest = [sys.executable, "-I", "-m", "assistant.skills.guest", str(descriptor)]
    program = bubblewrap()
    return [*_wrapped(program, folder), *guest] if program else guest


@cache
def bubblewrap() -> str:
    """The program, if it is there and may make namespaces; else empty."""
    program = shutil.which("bwrap")
    if program is None:
        return ""
    try:
        tried = subprocess.run(
            [*_wrapped(program, TREE), sys.executable, "-I", "-c", ""],
            capture_output=True, timeout=PROBE_SECONDS, check=False,
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return program if tried.returncode == 0 else ""


def _wrapped(program: str, folder: Path) -> list[str]:
    shown = dict.fromkeys([*_SYSTEM, sys.base_prefix, sys.prefix, str(TREE), str(folder)])
    binds = [word for path in shown for word in ("--ro-bind-try", path, path)]
    return [
        program, "--unshare-all", "--die-with-parent", "--new-session", "--cap-drop", "ALL", *binds,
        "--dev", "/dev", "--proc", "/proc", "--clearenv", "--setenv", "PYTHONDONTWRITEBYTECODE", "1",
        *(word for each in environment({}).items() for word in ("--setenv", *each)),
        "--chdir", "/", "--",
    ]  # fmt: skip
