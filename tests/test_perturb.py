"""Memory is overwritten at the moment it is given back, where the C library can."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
from pathlib import Path

import pytest

from assistant.perturb import NAME, WANTED, environment

pytestmark = pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="another C library has no such thing")

# What is freed is looked at where it lay: a large block that stays in the heap, since another one lies behind it.
FREED = """
import ctypes, threading
import numpy as np
left = []
def use(size):
    sound, behind = np.full(size, 0x77, np.uint8), np.zeros(size, np.uint8)
    kept.append(behind)
    place = sound.ctypes.data
    del sound
    left.append(ctypes.string_at(place, size)[32:].count(0x77))
kept = []
for size in (1_100, 5_000, 60_000):
    use(size)
thread = threading.Thread(target=use, args=(1_200,))
thread.start()
thread.join()
print(sum(left))
"""
ANEW = """
import os, sys
from assistant.perturb import begin_anew, overwrites_at_once
print(overwrites_at_once(), os.getpid(), sys.argv[1:], sys.flags.isolated, flush=True)
begin_anew()
"""


def _run(code: str, *arguments: str, tunables: str | None) -> list[str]:
    others = {name: value for name, value in os.environ.items() if name != NAME}
    done = subprocess.run(
        [sys.executable, "-I", "-c", code, *arguments], capture_output=True, check=False, text=True,
        env=others | ({NAME: tunables} if tunables is not None else {}),
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def test_what_is_given_back_is_overwritten_at_once_in_every_thread() -> None:
    assert int(_run(FREED, tunables="")[0]) > 10_000, "the test is blind"
    assert _run(FREED, tunables=WANTED) == ["0"]


def test_a_program_that_was_not_begun_so_begins_anew_once_as_itself() -> None:
    first, second = _run(ANEW, "--split", "a b", tunables=None)
    assert first.split(maxsplit=1)[0] == "False"
    assert second.split(maxsplit=1)[0] == "True"
    assert first.split(maxsplit=1)[1] == second.split(maxsplit=1)[1]  # its number, arguments and flags


def test_it_is_not_begun_anew_for_ever_where_that_does_not_help() -> None:
    code = ANEW.replace("begin_anew()", "import assistant.perturb as p; p.overwrites_at_once = bool; p.begin_anew()")
    assert len(_run(code, tunables=WANTED)) == 1


def test_other_tunables_are_kept() -> None:
    assert environment({NAME: "glibc.malloc.arena_max=2"}) == {NAME: f"glibc.malloc.arena_max=2:{WANTED}"}
    assert environment({NAME: WANTED}) == {NAME: WANTED}


def test_the_system_service_is_begun_so_from_the_first() -> None:
    unit = Path(__file__).parents[1] / "config" / "systemd" / "assistant.service"
    assert f"Environment={NAME}={WANTED}\n" in unit.read_text()
