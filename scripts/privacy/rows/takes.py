"""Takes of a wake word, and what was learnt from them, exist only under the yes to keep wake words."""

from __future__ import annotations

import base64
import contextlib
import json
import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from assistant.audio.frame import Samples
from assistant.config.paths import Paths, find_paths
from assistant.consent.gate import Grant
from assistant.consent.room import open_room
from privacy.box import need, scratch
from privacy.family import speech
from privacy.residue import Residue
from privacy.row import Finding, Row
from privacy.takes import LEAKS, NAME, TAKES

SECONDS = 5.0
"""A running assistant that nobody told looks every second; the rest is for a machine under load."""
NEEDLES = 24
LONG = 300.0


class Learnt:
    """What the takes changed in a word: pieces of its numbers, as they lie in memory and in the file."""

    def __init__(self, path: Path, plain: Path) -> None:
        own, other = (base64.b64decode(json.loads(each.read_text())["head"]) for each in (path, plain))
        self.differs = own != other
        size = 64
        self._needles = []
        for at in range(0, len(own) - size, (len(own) - size) // NEEDLES // 12 * 12):
            # Base64 turns three bytes into four letters; the place is a multiple of three and of a number's four.
            self._needles += [own[at : at + size], base64.b64encode(own[at : at + size // 3 * 3])]

    def pieces(self, data: bytes) -> int:
        return sum(needle in data for needle in self._needles)

    def in_files(self, folder: Path) -> list[str]:
        return [path.name for path in folder.rglob("*") if path.is_file() and self.pieces(path.read_bytes())]

    def in_memory(self, residue: Residue, pid: int) -> int:
        return sum(self.pieces(data) for _, _, data in residue._memory(pid))


class Child:
    """One process of `privacy.takes`."""

    def __init__(self, home: Path, action: str, mutant: str) -> None:
        self.lines: list[str] = []
        self.process = subprocess.Popen(
            [sys.executable, "-m", "privacy.takes", str(home), action, mutant], env=environment(home),
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip

    def status(self) -> int:
        """Wait until it is done; it still runs then. Raises RuntimeError if it died."""
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.lines.append(line.strip())
            if line.startswith("DONE"):
                return int(line.split()[1])
        raise RuntimeError(f"it died: {self.process.communicate()[1][-600:]}")

    def __enter__(self) -> Child:
        return self

    def __exit__(self, *_: object) -> None:
        with contextlib.suppress(OSError, subprocess.TimeoutExpired):
            self.process.communicate("\n", timeout=LONG)
        self.process.kill()


def environment(home: Path) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("XDG_", "STATE_", "HOME"))}
    return {**kept, "HOME": str(home), "XDG_RUNTIME_DIR": str(home / "run")}


def takes(mutant: str) -> Finding:
    """Train with two takes; then end the yes in each way, once while an assistant listens for the word."""
    need(root=True)
    found = Finding()
    said = [speech(text) for text in ("Hey pebble.", "Hey, pebble!")]
    residue = Residue(np.concatenate(said), ())
    with scratch() as folder:
        _without(found, folder / "without", mutant)
        if mutant and found.faults:
            return found
        home = folder / "home"
        paths = _allowed(home)
        with _trained(home, said, mutant) as child:
            status = child.status()
            if not found.expect(status == 0, f"the training ended with {status}: the row is blind"):
                return found
            found.expect(not residue.sounds(child.process.pid), "the takes are in memory after the training")
        found.expect(residue.looked_at > 20_000_000, f"only {residue.looked_at} bytes looked at: the row is blind")
        _files(found, home, paths, residue)
        own, plain = paths.own_wake_words / f"{NAME}.json", paths.wake_words / f"{NAME}.json"
        if not found.expect(own.is_file() and plain.is_file(), "what the takes taught is not kept apart"):
            return found
        learnt = Learnt(own, plain)
        found.expect(learnt.differs and bool(learnt.in_files(home)), "nothing was learnt: the row is blind")
        for way in ("everything", "expire"):
            copy = folder / way
            shutil.copytree(home, copy, ignore=shutil.ignore_patterns("microphone"))
            _end(copy, way, mutant)
            _gone(found, copy, learnt, way)
        _while_it_runs(found, home, own, learnt, residue, mutant)
    return found


def _without(found: Finding, home: Path, mutant: str) -> None:
    """Nobody said yes."""
    home.mkdir()
    os.mkfifo(home / "microphone")
    with Child(home, "train", mutant) as child:
        threading.Thread(target=_silence, args=(home / "microphone", child.process), daemon=True).start()
        assert child.process.stdout is not None
        for line in child.process.stdout:
            child.lines.append(line.strip())
            if line.startswith(("DONE", "OPENED")):
                break
        found.expect("OPENED" not in child.lines, "without a yes the microphone was opened for takes")
        child.process.kill()
    left = [path.name for path in home.rglob("*") if path.is_file()]
    found.expect(not left, f"without a yes it left {', '.join(left)}")


def _allowed(home: Path) -> Paths:
    """A home in which somebody said yes."""
    home.mkdir()
    os.mkfifo(home / "microphone")
    paths = find_paths(environment(home))
    room = open_room(paths, environ={})
    room.purge.recover()
    room.gate.grant(Grant(purpose="wake_word", days=1, method="cli", actor="row"))
    return paths


@contextlib.contextmanager
def _trained(home: Path, said: list[Samples], mutant: str) -> Iterator[Child]:
    """The training, which hears the takes."""
    with Child(home, "train", mutant) as child:
        data = np.concatenate(said).tobytes()
        threading.Thread(target=_play, args=(home / "microphone", data, child.process), daemon=True).start()
        yield child


def _play(pipe: Path, data: bytes, process: subprocess.Popen[str]) -> None:
    with contextlib.suppress(OSError), _writer(pipe, process) as out:
        out.write(data + bytes(64_000))


def _silence(pipe: Path, process: subprocess.Popen[str]) -> None:
    _play(pipe, b"", process)


@contextlib.contextmanager
def _writer(pipe: Path, process: subprocess.Popen[str]) -> Iterator[object]:
    """The pipe's other end, once somebody reads there. Raises OSError when the process has ended."""
    while True:
        try:
            handle = os.open(pipe, os.O_WRONLY | os.O_NONBLOCK)
            break
        except OSError:
            if process.poll() is not None:
                raise
            time.sleep(0.02)
    os.set_blocking(handle, True)
    with os.fdopen(handle, "wb") as out:
        yield out


def _files(found: Finding, home: Path, paths: Paths, residue: Residue) -> None:
    """The takes are sealed clips, and nothing else is written of them."""
    room = open_room(paths, environ={})
    clips = room.rights.clips()[0]
    found.expect(len(clips) == TAKES, f"{len(clips)} clips of {TAKES} takes")
    strays = room.data.strays()
    found.expect(not strays, f"files that the data map does not know: {', '.join(map(str, strays))}")
    for path in home.rglob("*"):
        if path.is_file():
            data = path.read_bytes()
            pieces = residue.sound_in(data) + residue.sound_in(data[2:])
            found.expect(not pieces, f"{path.name} holds {pieces} pieces of the takes")


def _end(home: Path, way: str, mutant: str) -> None:
    """The yes ends, by another process than the one that listens."""
    subprocess.run(
        [sys.executable, "-m", "privacy.takes", str(home), way, mutant], env=environment(home), capture_output=True,
        timeout=LONG, check=False,
    )  # fmt: skip


def _gone(found: Finding, home: Path, learnt: Learnt, way: str) -> None:
    left = learnt.in_files(home)
    found.expect(not left, f"after {way} {', '.join(left)} holds what was learnt from the takes")
    paths = find_paths(environment(home))
    clips = open_room(paths, environ={}).rights.clips()[0]
    found.expect(not clips, f"after {way} {len(clips)} takes are still kept")
    found.expect((paths.wake_words / f"{NAME}.json").is_file(), f"after {way} the word itself is gone, too")


def _while_it_runs(found: Finding, home: Path, own: Path, learnt: Learnt, residue: Residue, mutant: str) -> None:
    """It is withdrawn by a command, of which the running assistant hears nothing."""
    spy = home / "spy"
    os.link(own, spy)  # the same blocks under another name
    with Child(home, "listen", mutant) as running:
        running.status()
        pid = running.process.pid
        found.expect(
            learnt.in_memory(residue, pid) > 0, "a running assistant knows nothing of the takes: the row is blind"
        )
        _end(home, "withdraw", mutant)
        deadline = time.monotonic() + SECONDS
        while (pieces := learnt.in_memory(residue, pid)) and time.monotonic() < deadline:
            time.sleep(0.2)
        found.expect(
            not pieces, f"{SECONDS:.0f} s after the withdrawal a running assistant holds {pieces} pieces of it"
        )
    found.expect(not learnt.pieces(spy.read_bytes()), "what was learnt was unlinked, but not overwritten")
    spy.unlink()
    _gone(found, home, learnt, "a withdrawal")


ROWS = (
    Row("takes", "takes of a wake word and what is learnt from them exist only under a yes and go with it",
        LEAKS, takes),
)  # fmt: skip
