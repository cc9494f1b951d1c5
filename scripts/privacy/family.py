"""`assistant run` as it is used, in one process or one for each service, which hears a recording in real time."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path

import numpy as np

from assistant.audio.frame import FRAME_SAMPLES, RATE, Samples
from assistant.bus.socket import connect
from assistant.errors import HubUnreachable
from assistant.messages import Message, dialog, stt
from privacy.row import CannotProve

START_SECONDS = 240.0
ANSWER_SECONDS = 240.0
"""Both are there to end what hangs: nothing is judged by them."""
PYTHON = """#!/bin/sh
if [ "$1" = -m ] && [ "$2" = assistant ]; then
    shift 2
    exec "{python}" -m privacy.stand_in "$@"
fi
exec "{python}" "$@"
"""
"""Python, but the assistant has a pipe for a microphone."""
AGAIN_SECONDS = 40.0
TRIES = 3
"""A machine under load may lose sound: what was misheard is said again, as people do."""


@cache
def shared_cache() -> tempfile.TemporaryDirectory[str]:
    """Networks trained on the skills' own sentences, which need not be trained anew for each run."""
    return tempfile.TemporaryDirectory(prefix="privacy-cache-")


@cache
def speech(text: str) -> Samples:
    """`text` as sound, with a second of silence before and two after; the same each time. Raises CannotProve."""
    try:
        import onnxruntime

        from assistant.audio.resample import resample
        from assistant.build import Builder
        from assistant.clock import SystemClock
        from assistant.config.paths import find_paths
        from assistant.config.schema import Config
    except ImportError as error:
        raise CannotProve(str(error)) from error
    onnxruntime.set_seed(1)
    voice = Builder(Config(), find_paths(), SystemClock()).voice()
    voice.start()
    pieces = [resample(piece, voice.rate, RATE) for piece in voice.speak(text)]
    voice.close()
    silence = np.zeros(RATE, dtype=np.int16)
    return np.concatenate([silence, *pieces, silence, silence])


class Feeder:
    """Gives a pipe sound in real time: silence, and the request once it is asked for."""

    def __init__(self, pipe: Path, sound: Samples) -> None:
        self.request = threading.Event()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._feed, args=(pipe, sound.tobytes()), daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._over.set()
        self._thread.join(5)

    def _feed(self, pipe: Path, data: bytes) -> None:
        size = 2 * FRAME_SAMPLES
        with contextlib.suppress(OSError):
            while not self._over.is_set():  # opening waits for the reader
                with contextlib.suppress(OSError):
                    out = os.open(pipe, os.O_WRONLY | os.O_NONBLOCK)
                    break
                time.sleep(0.02)
            else:
                return
            os.set_blocking(out, True)
            due, at = time.monotonic(), 0
            while not self._over.is_set():
                piece = bytes(size)
                if self.request.is_set():
                    piece = data[at : at + size].ljust(size, b"\0")
                    at += size
                    if at >= len(data):
                        self.request.clear()
                else:
                    at = 0
                os.write(out, piece)
                due += FRAME_SAMPLES / RATE
                time.sleep(max(0.0, due - time.monotonic()))
            os.close(out)


class Family:
    """The processes of one assistant."""

    def __init__(self, folder: Path, process: subprocess.Popen[bytes], feeder: Feeder) -> None:
        self.folder = folder
        self.process = process
        self.feeder = feeder
        self.transcripts: list[str] = []

    @property
    def log(self) -> str:
        return (self.folder / "stderr").read_text(errors="replace")

    def wait_until_ready(self) -> None:
        """Raises RuntimeError if it ends or never gets ready."""
        deadline = time.monotonic() + START_SECONDS
        while "ready after" not in self.log:
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"the assistant did not start: {self.log[-800:]}")
            time.sleep(0.05)

    def converse(self, word: str) -> float:
        """Say the request, and again if `word` was misheard; when the last session ended (monotonic).

        Raises RuntimeError.
        """
        try:
            for _ in range(TRIES):
                ended = asyncio.run(self._converse())
                if word in self.transcripts[-1].lower():
                    return ended
        except (HubUnreachable, TimeoutError) as error:
            raise RuntimeError(f"it never answered ({error}): {self.log[-800:]}") from error
        raise RuntimeError(f"it misheard the request {TRIES} times")

    def answer(self) -> tuple[str, str]:
        """Say the request; the intent and outcome of its answer, and a wrong one is asked for again.

        Raises RuntimeError.
        """
        try:
            for _ in range(TRIES):
                answered = asyncio.run(self._answer())
                if answered[0]:
                    break
        except (HubUnreachable, TimeoutError) as error:
            raise RuntimeError(f"it never answered ({error}): {self.log[-800:]}") from error
        return answered

    async def _answer(self) -> tuple[str, str]:
        async with connect(self.folder / "run" / "assistant" / "hub.sock", hears=[dialog.Answered]) as bus:
            inbox = bus.subscribe([dialog.Answered], "row")
            async with asyncio.timeout(ANSWER_SECONDS), self._asking():
                async for envelope in inbox:
                    assert isinstance(envelope.message, dialog.Answered)
                    return envelope.message.intent or "", envelope.message.outcome
        raise RuntimeError("the assistant went away")

    async def _converse(self) -> float:
        hears: Sequence[type[Message]] = (stt.Transcript, dialog.Closed)
        self.transcripts.clear()
        async with connect(self.folder / "run" / "assistant" / "hub.sock", hears=hears) as bus:
            inbox = bus.subscribe(hears, "row")
            async with asyncio.timeout(ANSWER_SECONDS), self._asking():
                async for envelope in inbox:
                    if isinstance(envelope.message, stt.Transcript):
                        self.transcripts.append(envelope.message.text.text)
                    elif self.transcripts:
                        return time.monotonic()
        raise RuntimeError("the assistant went away")

    @contextlib.asynccontextmanager
    async def _asking(self) -> AsyncIterator[None]:
        """Says the request, and again when nothing came of it: a machine under load may lose the wake word."""

        async def ask() -> None:
            while not self.transcripts:
                self.feeder.request.set()
                await asyncio.sleep(AGAIN_SECONDS)

        asking = asyncio.create_task(ask())
        try:
            yield
        finally:
            asking.cancel()
            self.feeder.request.clear()

    def pids(self) -> list[int]:
        """Of all its processes, the first one first."""
        children: dict[int, list[int]] = {}
        for stat in Path("/proc").glob("[0-9]*/stat"):
            with contextlib.suppress(OSError):
                _, _, rest = stat.read_text().rpartition(")")
                children.setdefault(int(rest.split()[1]), []).append(int(stat.parent.name))
        found = [self.process.pid]
        for pid in found:
            found += children.get(pid, [])
        return found

    @contextlib.contextmanager
    def frozen(self) -> Iterator[list[int]]:
        """All processes stopped as they are."""
        pids = self.pids()
        for pid in pids:
            with contextlib.suppress(ProcessLookupError):  # a helper of a moment
                os.kill(pid, signal.SIGSTOP)
        pids = [pid for pid in pids if Path(f"/proc/{pid}").exists()]
        try:
            yield pids
        finally:
            for pid in pids:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGCONT)


def as_user(user: int) -> list[str]:
    """What comes before a command to run it as that user, without any right."""
    number = str(user)
    return ["setpriv", "--reuid", number, "--regid", number, "--clear-groups", "--inh-caps=-all", "--bounding-set=-all",
            "--no-new-privs"]  # fmt: skip


@contextlib.contextmanager
def home(user: int = 0) -> Iterator[Path]:
    """A folder to live in. That of a user has its runtime folder in RAM, as a login gives it."""
    with tempfile.TemporaryDirectory(prefix="privacy-", dir="/var/tmp", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        run = folder / "run"
        run.mkdir(mode=0o700)
        if user:
            subprocess.run(["mount", "-t", "tmpfs", "-o", f"mode=0700,uid={user},gid={user}", "none", run], check=True)
            os.chown(folder, user, user)
        try:
            yield folder
        finally:
            if user:
                subprocess.run(["umount", "-l", run], check=False)


def environment(folder: Path) -> dict[str, str]:
    """For a program that lives there."""
    return {
        **os.environ, "HOME": str(folder), "XDG_RUNTIME_DIR": f"{folder}/run", "XDG_STATE_HOME": f"{folder}/state",
        "XDG_CONFIG_HOME": f"{folder}/config", "XDG_CACHE_HOME": f"{folder}/cache", "PYTHONDONTWRITEBYTECODE": "1",
    }  # fmt: skip


@contextlib.contextmanager
def family(
    sound: Samples, *, split: bool = False, mutant: str = "", user: int = 0, options: Sequence[str] = (),
    skill: Mapping[str, str] | None = None,
) -> Iterator[Family]:  # fmt: skip
    """Start `assistant run` with `options` in a home of its own; it ends with the context.

    `skill` is one that the household has added, called "added": its files by name.
    """
    with home(user) as folder:
        for name, content in (skill or {}).items():
            file = folder / "state" / "assistant" / "skills" / "added" / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(content)
        pipe, python = folder / "microphone", folder / "python"
        os.mkfifo(pipe)
        python.write_text(PYTHON.format(python=sys.executable))
        python.chmod(0o755)
        pipe.chmod(0o644)
        variables = environment(folder) | {
            "PRIVACY_PIPE": str(pipe), "PRIVACY_PYTHON": str(python), "PRIVACY_MUTANT": mutant
        }  # fmt: skip
        if not user:
            variables["XDG_CACHE_HOME"] = shared_cache().name
        # It listens in real time: on a busy machine it goes first.
        first = ["nice", "-n", "-10"] if os.geteuid() == 0 else []
        command = [*first, *(as_user(user) if user else []), str(python), "-m", "assistant", "run", "--wait", *options]
        with (folder / "stderr").open("wb") as log:
            process = subprocess.Popen(
                [*command, *(["--split"] if split else [])], env=variables, cwd="/",
                stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=log, start_new_session=True,
            )  # fmt: skip
        with contextlib.suppress(OSError):  # sched(7): where each session gets an equal share
            Path(f"/proc/{process.pid}/autogroup").write_text("-10")
        feeder = Feeder(pipe, sound)
        try:
            yield Family(folder, process, feeder)
        finally:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            feeder.stop()
