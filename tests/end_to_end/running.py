"""The assistant as its users start it: a process, real engines, real sockets."""

from __future__ import annotations

import contextlib
import io
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from unittest import mock

from assistant.cli.main import main

COMMAND = [sys.executable, "-m", "assistant"]
LIMIT = 120
CLOSED = "microphone: closed (nobody of us holds it)"


def until(reached: Callable[[], object]) -> None:
    """Wait for it, with patience."""
    end = time.monotonic() + LIMIT
    while not reached():
        assert time.monotonic() < end
        time.sleep(0.05)


class Home:
    """A household of its own below `folder`: nothing of the machine's own assistant is touched."""

    def __init__(self, folder: Path, env: Mapping[str, str] | None = None) -> None:
        self.folder = folder
        self.env = {
            **os.environ,
            **(env or {}),
            "HOME": str(folder),
            "XDG_RUNTIME_DIR": str(folder / "run"),
            "XDG_STATE_HOME": str(folder / "state"),
            "XDG_CONFIG_HOME": str(folder / "config"),
        }
        # The trained intent networks hold only the skills' own sentences: shared by all tests, to train once.
        self.env.setdefault("XDG_CACHE_HOME", str(Path.home() / ".cache"))
        self.env.pop("NOTIFY_SOCKET", None)
        (folder / "run").mkdir(mode=0o700, parents=True, exist_ok=True)

    @property
    def socket(self) -> Path:
        return self.folder / "run" / "assistant" / "hub.sock"

    def configure(self, yaml: str) -> None:
        """Write the household's settings."""
        file = self.folder / "config" / "assistant" / "assistant.yaml"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(yaml)

    def call(self, *arguments: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
        """Run one command to its end, in this process: importing everything anew would cost most of its time."""
        # In a thread of its own, where a test's event loop is not in the way.
        with ThreadPoolExecutor(1) as thread:
            return thread.submit(self._call, arguments, stdin).result()

    def _call(self, arguments: tuple[str, ...], stdin: str) -> subprocess.CompletedProcess[str]:
        out, err = io.StringIO(), io.StringIO()
        with (
            mock.patch.dict(os.environ, self.env, clear=True),
            mock.patch.object(sys, "stdin", io.StringIO(stdin)),
            contextlib.chdir(self.folder),
            contextlib.redirect_stdout(out),
            contextlib.redirect_stderr(err),
        ):
            try:
                code = main(arguments)
            except SystemExit as end:
                code = int(end.code or 0)
        return subprocess.CompletedProcess(arguments, code, out.getvalue(), err.getvalue())

    def record(self, text: str, path: Path, *, speed: float = 1.0) -> Path:
        """A recording of the assistant's own voice, the same samples each time: what is heard in it is no game of
        luck."""
        done = self.call("--set", "tts.variation=0", "--set", f"tts.speed={speed}", "say", text, "--wav", str(path))
        assert done.returncode == 0, done
        return path

    def spawn(self, *arguments: str, command: Sequence[str] = COMMAND) -> subprocess.CompletedProcess[str]:
        """Run one command to its end in a process of its own."""
        return subprocess.run(
            [*command, *arguments], env=self.env, cwd=self.folder, capture_output=True, text=True,
            timeout=LIMIT, check=False,
        )  # fmt: skip

    def ask(self, text: str) -> dict[str, Any]:
        """The answer to typed words."""
        done = self.call("ask", "--json", text)
        found: dict[str, Any] = json.loads(done.stdout or "{}")
        return found


class Running:
    """`assistant run …`; use as a context. Ready when entered."""

    def __init__(self, home: Home, *arguments: str, command: Sequence[str] = COMMAND) -> None:
        self.home = home
        self._arguments = arguments
        self._command = command
        self.log: list[str] = []

    def __enter__(self) -> Running:
        self.process = subprocess.Popen(
            [*self._command, "run", "--wait", *self._arguments], env=self.home.env, cwd=self.home.folder,
            stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        assert self.process.stderr is not None
        for line in self.process.stderr:
            self.log.append(line)
            if "ready after" in line:
                return self
        raise AssertionError(f"did not start: {self.log}")

    def __exit__(self, *_: object) -> None:
        if self.process.returncode is None:
            self.stop()

    def stop(self) -> None:
        """End it, as systemd does."""
        self.process.send_signal(signal.SIGTERM)
        assert self.process.stderr is not None
        self.log += self.process.stderr.readlines()
        assert self.process.wait(LIMIT) == 0, self.log

    def child(self, service: str) -> int:
        """The process of a service under --split."""
        found = subprocess.run(
            ["pgrep", "-P", str(self.process.pid), "-f", f"run {service} --child"],
            capture_output=True, text=True, check=True,
        )  # fmt: skip
        return int(found.stdout)
