"""Nothing a person says is written anywhere, and nothing leaves the machine: seen from the kernel's side."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.end_to_end.running import COMMAND, LIMIT, Home

pytestmark = pytest.mark.slow

OPENED = re.compile(r'\b(?:openat|creat|open)\((?:(?:AT_FDCWD|\d+)(?:<([^>]*)>)?, )?"([^"]*)", ([A-Z_|0-9a-z]*)')
"""The folder it is relative to, the path, the flags. A call that another thread interrupts ends in "<unfinished"."""
WRITES = ("O_WRONLY", "O_RDWR", "O_CREAT", "O_TMPFILE")
HARMLESS = ("/dev/null", "/dev/shm/sem.", "/proc/", "/dev/tty")
"""Not files that keep anything. What threads of native libraries open in /dev/shm are semaphores without content."""


@pytest.fixture
def strace() -> str:
    found = shutil.which("strace")
    if found is None:
        pytest.skip("strace is not installed")
    return found


def written(strace: str, home: Home, command: list[str]) -> tuple[set[str], str]:
    """Every path that a command and its children open for writing, and what it printed."""
    log = home.folder / "trace"
    done = subprocess.run(
        [strace, "-f", "--seccomp-bpf", "-y", "-qq", "-e", "trace=openat,creat,open", "-o", str(log), *command],
        env=home.env, cwd=home.folder, timeout=LIMIT * 2, check=False, capture_output=True, text=True,
    )  # fmt: skip
    found = OPENED.finditer(log.read_text(errors="replace"))
    log.unlink()
    opened = (each.groups(default="") for each in found)
    return {str(Path(base, path)) for base, path, flags in opened if any(flag in flags for flag in WRITES)}, done.stdout


def test_the_watcher_sees_a_file_that_is_written(strace: str, tmp_path: Path) -> None:
    leak = "import os, subprocess; subprocess.run(['sh', '-c', 'echo my secret > leak.txt'])"
    paths, _ = written(strace, Home(tmp_path), [sys.executable, "-c", leak])
    assert str(tmp_path / "leak.txt") in paths


def without_network() -> list[str]:
    """What a command is started with so that it has no network; the second works for people who are not root."""
    for space in (["unshare", "--net"], ["unshare", "--net", "--map-root-user"]):
        if subprocess.run([*space, "true"], check=False, capture_output=True).returncode == 0:
            return space
    pytest.skip("this system lets nobody make a network namespace")


def test_the_demo_needs_no_network_and_writes_but_replies_and_timers(strace: str, tmp_path: Path) -> None:
    home = Home(tmp_path)
    home.env["PYTHONDONTWRITEBYTECODE"] = "1"
    home.call("intent", "train")  # as setting up does; networks made of the skills' sentences
    still = ["--set", "tts.variation=0"]  # the same voice each time: what is heard is no game of luck
    sentences = ["set a timer for five minutes.", "set a timer for ten minutes."]
    demo = [*without_network(), *COMMAND, *still, "demo", "--output", "replies", *sentences]
    opened, printed = written(strace, home, demo)
    assert "2 of 2 requests were answered" in printed, printed
    paths = {path for path in opened if not path.startswith(HARMLESS)}
    replies = {path for path in paths if re.fullmatch(r"(.*/)?replies/\d\d\.wav", path)}
    timers = {path for path in paths if re.match(r".*/run/assistant/scratch-\w+/skill-data/timer", path)}
    keys = {path for path in paths if re.match(r".*/run/assistant/scratch-\w+/skill-keys/", path)}  # seal the timers
    assert replies
    assert timers
    assert paths - replies - timers - keys == set(), "nothing of the vault: nobody agreed to anything"
    assert not list((tmp_path / "run" / "assistant").iterdir()), "the demo's own timers are gone"
