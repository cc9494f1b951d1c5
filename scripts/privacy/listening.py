"""Lets a whole assistant hear one synthesised request that holds a canary, in real time, and looks at what it does."""

from __future__ import annotations

import base64
import codecs
import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

from assistant.audio.frame import RATE, Samples
from privacy.box import scratch
from privacy.row import CannotProve

CANARY = "submarine"
"""A word that is in no file of the project but this, nor in the names of Unicode, which programs hold."""
REQUEST = f"Hey Mycroft. Is there a yellow {CANARY} in the kitchen?"
WAIT = 180.0
TRIES = 3
ROOTS = ("/tmp", "/var", "/dev/shm", "/run", "/etc", "/root", "/home")
"""Where programs leave things."""
OTHERS = ("privacy-", ".git", ".venv", ".hypothesis")
"""Folders of other proofs, and of whoever works on the project."""


@cache
def spoken() -> Samples:
    """The request as sound, with a second of silence before and two after. The same each time."""
    try:
        from assistant.audio.resample import resample
        from assistant.build import Builder
        from assistant.clock import SystemClock
        from assistant.config.load import load_with_origins
        from assistant.config.paths import find_paths

        paths = find_paths()
        voice = Builder(load_with_origins(paths, ["tts.variation=0"]).config, paths, SystemClock()).voice()
        voice.start()
        speech = [resample(piece, voice.rate, RATE) for piece in voice.speak(REQUEST)]
        voice.close()
    except ImportError as error:
        raise CannotProve(str(error)) from error
    silence = np.zeros(RATE, dtype=np.int16)
    return np.concatenate([silence, *speech, silence, silence])


@dataclass
class Heard:
    """What is left of a household that heard the request and has ended."""

    trace: str
    """What strace saw, or the tunnel."""
    events: str
    """What fanotify saw."""
    errors: str
    """Its log."""
    home: str
    new: list[str]
    """New files that hold the canary in some disguise; those named as a planted leak are gone now."""
    left: list[str]
    """All files that are in its own folders."""
    asked: float
    """When it began to be spoken to (Unix time)."""
    understood: bool
    """The recogniser got the canary."""


Look = Callable[[int], None]
"""Called with the assistant's process while it idles after its answer."""


def hear_once(mutant: str, before: tuple[str, ...] = (), look: Look | None = None, rest: float = 0.5) -> Heard:
    """Start it, let it hear the request, look at it `rest` seconds after the dialogue has closed, end it.

    A machine under load may lose sound: what was misheard is said again. Raises RuntimeError after some times.
    """
    for _ in range(TRIES):
        heard = _hear(mutant, before, look, rest)
        if heard.understood:
            return heard
    raise RuntimeError(f"the assistant did not understand the request {TRIES} times: {heard.errors[-300:]}")


def _hear(mutant: str, before: tuple[str, ...], look: Look | None, rest: float) -> Heard:
    sound = spoken()
    begin = time.time()
    with scratch(fast=False) as folder:
        pipe, home = folder / "microphone", folder / "home"
        os.mkfifo(pipe)
        home.mkdir()
        with (folder / "stderr").open("wb") as log:
            process = subprocess.Popen(
                [*(one.format(folder=folder) for one in before), sys.executable, "-m", "privacy.household",
                 str(home), str(pipe), mutant],
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, process_group=0,
            )  # fmt: skip
        request, over = threading.Event(), threading.Event()
        feeder = threading.Thread(target=_feed, args=(pipe, sound, request, over), daemon=True)
        feeder.start()
        said: list[str] = []
        try:
            pid = _expect(process, "READY", folder, said)
            asked = time.time()
            _go_on(process)
            request.set()
            _expect(process, "ANSWERED", folder, said)
            time.sleep(rest)
            if look is not None and "HEARD" in said:
                look(pid)
        finally:
            over.set()
            with contextlib.suppress(OSError):
                _go_on(process)
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(30)
            _kill(process)
            process.wait()
            feeder.join(5)
        return Heard(
            trace=_text(folder / "trace"),
            events=_text(folder / "events"),
            errors=_text(folder / "stderr"),
            home=str(home),
            new=[str(path) for path in (*_below(str(home), 0), *new_files(begin)) if _holds_canary(path)],
            left=[str(path) for path in _below(str(home), 0)],
            asked=asked,
            understood="HEARD" in said,
        )


def _text(path: Path) -> str:
    return path.read_text(errors="replace") if path.exists() else ""


@cache
def disguises() -> tuple[bytes, ...]:
    """The canary as a leak might write it."""
    plain = CANARY.encode()
    coded = [base64.b64encode(b"x" * shift + plain)[4 * (shift > 0) : -4] for shift in range(3)]
    wide = [CANARY.encode(code) for code in ("utf-16-le", "utf-32-le")]
    return (plain, plain[::-1], plain.hex().encode(), codecs.encode(CANARY, "rot13").encode(), *coded, *wide)


def holds_canary(data: bytes) -> bool:
    small = data.lower()
    return any(one in data or one in small for one in disguises())


def new_files(begin: float) -> Iterator[Path]:
    """New files anywhere: a folder changes when a file is made in it, or gets another name."""
    for root in (*ROOTS, str(Path.cwd())):
        yield from _below(root, begin - 1)


def _below(root: str, since: float) -> Iterator[Path]:
    """Files in folders that changed since then; not in other proofs' folders, nor through links or other mounts."""
    try:
        changed = os.stat(root, follow_symlinks=False).st_mtime >= since  # noqa: PTH116
        entries = [(entry, entry.is_dir(follow_symlinks=False)) for entry in os.scandir(root)]
    except OSError:
        return
    for entry, folder in entries:
        if folder:
            if not entry.name.startswith(OTHERS):
                yield from _below(entry.path, since)
        elif changed and entry.is_file(follow_symlinks=False):
            yield Path(entry.path)


def _holds_canary(path: Path) -> bool:
    """Other programs may write meanwhile: only what holds the request counts."""
    try:
        about = path.stat()
        return about.st_size < 1 << 24 and (time.time() - about.st_ctime < 600) and holds_canary(path.read_bytes())
    except OSError:
        return False
    finally:
        if path.name.startswith("privacy-leak"):
            path.unlink(missing_ok=True)


def _feed(pipe: Path, sound: Samples, request: threading.Event, over: threading.Event) -> None:
    """Real time: silence, then the request, then silence."""
    silence = bytes(2560)
    with contextlib.suppress(OSError), pipe.open("wb", buffering=0) as out:
        begin, sent, at = time.monotonic(), 0, 0
        data = sound.tobytes()
        while not over.is_set():
            piece = silence
            if request.is_set() and at < len(data):
                piece = data[at : at + 2560].ljust(2560, b"\0")
                at += 2560
            out.write(piece)
            sent += 1
            time.sleep(max(0.0, begin + sent * 0.08 - time.monotonic()))


def _expect(process: subprocess.Popen[bytes], word: str, folder: Path, said: list[str]) -> int:
    """Wait for a line; the number in it. All that is heard on the way goes to `said`."""
    assert process.stdout is not None
    timer = threading.Timer(WAIT, _kill, (process,))
    timer.start()
    try:
        for line in process.stdout:
            one, _, number = line.decode().strip().partition(" ")
            said.append(one)
            if one == word:
                return int(number)
    finally:
        timer.cancel()
    raise RuntimeError(f"the assistant never said {word}: {_text(folder / 'stderr')[-600:]}")


def _kill(process: subprocess.Popen[bytes]) -> None:
    """It, its tracer, and all that it started."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)


def _go_on(process: subprocess.Popen[bytes]) -> None:
    assert process.stdin is not None
    process.stdin.write(b"\n")
    process.stdin.flush()
