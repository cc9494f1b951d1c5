"""`assistant run --no-write`: within its walls every way to write or send is refused, and it says so only then."""

from __future__ import annotations

import errno
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from assistant import attest, nowrite
from assistant.attest import Attempt, attempts
from assistant.config.paths import Paths, find_paths
from assistant.errors import AssistantError
from tests.end_to_end.running import Home


@pytest.fixture
def paths(tmp_path: Path) -> Paths:
    return find_paths(Home(tmp_path).env)


def test_it_is_not_for_root(paths: Paths, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    with pytest.raises(AssistantError, match="without rights"):
        nowrite.enter(paths, [])


def test_its_sockets_have_to_lie_in_ram(paths: Paths, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    monkeypatch.setattr(nowrite, "file_system", lambda path: "ext4")
    with pytest.raises(AssistantError, match="not in RAM"):
        nowrite.enter(paths, [])


def test_the_kind_of_a_file_system_is_the_kernels() -> None:
    assert nowrite.file_system(Path("/proc/self")) == "proc"


def test_it_does_not_listen_while_a_way_is_open(paths: Paths, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv(nowrite.INSIDE, "1")
    monkeypatch.setattr(attest, "attempts", lambda paths: [Attempt("UDP", "EPERM"), Attempt("a memory file", "")])
    done = Home(tmp_path, {nowrite.INSIDE: "1"}).call("run", "--no-write", "--wait")
    assert done.returncode == 1
    assert "a memory file" in done.stderr


def test_without_walls_ways_are_open(paths: Paths) -> None:
    found = {each.way: each.refused for each in attempts(paths)}
    assert found["a file in /tmp"] == ""
    assert not list(Path("/tmp").glob(".attest-*"))


def test_trying_leaves_nothing_behind_where_a_way_is_open(tmp_path: Path) -> None:
    def state() -> tuple[str, list[str], list[Path]]:
        return Path("/proc/sysvipc/shm").read_text(), os.listxattr(tmp_path), sorted(tmp_path.rglob("*"))

    home = Home(tmp_path)
    before = state()
    subprocess.run([sys.executable, "-m", "assistant.attest"], env=home.env, capture_output=True, check=False)
    assert state() == before


def test_a_mount_that_its_path_does_not_lead_to_does_not_count() -> None:
    table = [line.split() for line in Path("/proc/self/mountinfo").read_text().splitlines()]
    mount = next(fields[0] for fields in reversed(table) if fields[4] == "/proc")
    assert attest._is_reached("/proc", mount)
    assert not attest._is_reached("/proc", "0"), "another lies over it"
    assert not attest._is_reached("/proc/there\\040is none", mount)


ENGINES = """
from assistant.build import Builder
from assistant.clock import SystemClock
from assistant.config.load import load_with_origins
from assistant.config.paths import find_paths
from assistant.nowrite import seccomp_filter
from assistant.seccomp import install

assert install(seccomp_filter())
paths = find_paths()
builder = Builder(load_with_origins(paths, []).config, paths, SystemClock(""))
for make in (builder.detector, builder.recogniser, builder.voice):
    make().start()
"""


def test_every_engine_starts_under_its_filter(tmp_path: Path) -> None:
    env = Home(tmp_path).env
    done = subprocess.run([sys.executable, "-c", ENGINES], env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_within_its_walls_every_way_is_refused(paths: Paths, tmp_path: Path) -> None:
    if not shutil.which("bwrap"):
        pytest.skip("bubblewrap is not installed")
    for folder in (paths.runtime, paths.state, paths.cache):
        folder.mkdir(parents=True, exist_ok=True)
    read, write = os.pipe()
    os.write(write, nowrite.seccomp_filter())
    os.close(write)
    line = nowrite.command(paths, [sys.executable, "-m", "assistant.attest"], read)
    # The runtime folder of a test lies on this machine's disk, not in RAM.
    at = line.index("--bind")
    line[at : at + 3] = ["--tmpfs", str(paths.runtime)]
    done = subprocess.run(
        line, env=Home(tmp_path).env, capture_output=True, text=True, check=False, pass_fds=[read], cwd="/", timeout=60
    )
    os.close(read)
    if "bwrap:" in done.stderr:
        pytest.skip(f"bubblewrap cannot work here: {done.stderr}")
    lines = [each.split(maxsplit=1) for each in done.stdout.splitlines()]
    ways = {way: refused for refused, way in lines}
    assert len(ways) >= 30, done.stderr
    assert {way for way, refused in ways.items() if refused not in errno.errorcode.values()} == set()
    assert done.returncode == 0
