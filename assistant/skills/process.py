"""The process of a contained skill: started behind its walls, and asked why it ended before the skill was ready."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

from assistant.errors import SkillError
from assistant.perturb import environment
from assistant.skills.walls import command

END_SECONDS = 1.0
"""So long a process whose socket has closed may take to end by itself, before it is killed."""
_LAST_WORDS = 16 << 10
_LONGEST = 200


class GuestProcess:
    """`descriptor` is its end of the socket. Raises SkillError when it cannot be started.

    Its stderr is read only for what it said before it was told of any skill; from then on it has none.
    """

    def __init__(self, descriptor: int, folder: Path) -> None:
        self._folder = folder
        arguments = command(descriptor, folder)
        try:
            self._process = subprocess.Popen(
                arguments, pass_fds=(descriptor,), env={"PYTHONDONTWRITEBYTECODE": "1", **environment({})}, cwd="/",
                stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
            )  # fmt: skip
        except OSError as error:
            raise SkillError(f"its process cannot be started ({error.strerror})", where=sys.executable) from error
        self.pid = self._process.pid

    def kill(self) -> None:
        """End it, whatever it does."""
        self._process.kill()
        self._process.wait()
        self.close()

    def close(self) -> None:
        """Its first words are not needed any more."""
        if self._process.stderr is not None:
            self._process.stderr.close()

    def why(self) -> SkillError:
        """Why it ended, which it has just done: the last line of its traceback, its signal or its exit code."""
        hint = "Look for what ends its process, as os._exit"
        try:
            code = self._process.wait(END_SECONDS)
            number = -code if code < 0 else code - 128  # as seen directly, or through bubblewrap
            killed = number in signal.valid_signals()
            cause = f"killed by {signal.Signals(number).name}" if killed else f"exit code {code}"
        except subprocess.TimeoutExpired:
            cause = "it closed its socket"
        if last := self._last_line():
            cause = last
            hint = "The skill was not looked at yet: `assistant doctor` shows what is missing"
            if last.startswith(("ModuleNotFoundError", "ImportError")):
                hint = "A package of the assistant is missing or broken: ./scripts/run or ./scripts/install mends that"
        return SkillError(f"its process ended before it was ready: {cause}", where=str(self._folder), hint=hint)

    def _last_line(self) -> str:
        if self._process.stderr is None or self._process.stderr.closed:
            return ""
        descriptor = self._process.stderr.fileno()
        os.set_blocking(descriptor, False)
        said = b""
        try:
            while part := os.read(descriptor, _LAST_WORDS):
                said = (said + part)[-_LAST_WORDS:]
        except BlockingIOError:  # bubblewrap still lives
            pass
        lines = [line for line in said.decode(errors="replace").splitlines() if line.strip()]
        return lines[-1].strip()[:_LONGEST] if lines else ""
