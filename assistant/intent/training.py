"""What engines that train share: a process of its own to train in, and a folder that keeps what was trained.

What is kept is made of the skills' sentences only. It is named by the content it was trained on, and sealed with the
digests of its files.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Collection
from pathlib import Path
from tempfile import mkdtemp

from assistant.errors import EngineError

PLAN = "plan.json"
"""The file that says what to train."""
_SEAL = "seal.json"


class Workshop:
    """Trains in `folder` by `python -m MODULE FOLDER`, which reads the folder's plan and writes its results beside it.

    The process has low priority and one thread; it says nothing and is ended after `seconds`.
    """

    def __init__(self, name: str, module: str, folder: Path, seconds: float) -> None:
        self.name = name
        self._module = module
        self._folder = folder
        self._seconds = seconds
        self._process: subprocess.Popen[bytes] | None = None
        self._closed = False
        self._lock = threading.Lock()

    def open(self) -> None:
        """Make the folder. Raises EngineError."""
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise EngineError(f"cannot be made ({error.strerror})", where=str(self._folder)) from error
        self._closed = False

    def made(self, key: str, plan: str) -> Path:
        """The folder of what `plan` gives; trained now unless that was done before. Raises EngineError."""
        folder = self._folder / key
        if is_whole(folder):
            return folder
        try:
            work = Path(mkdtemp(prefix="training-", dir=self._folder))
            try:
                (work / PLAN).write_text(plan, encoding="utf-8")
                self._run(work)
                seal(work)
                shutil.rmtree(folder, ignore_errors=True)
                work.rename(folder)
            finally:
                shutil.rmtree(work, ignore_errors=True)
        except OSError as error:
            raise EngineError(f"cannot be written ({error.strerror})", where=str(self._folder)) from error
        return folder

    def keep(self, keys: Collection[str]) -> None:
        """Remove all that was trained on other content."""
        for old in self._folder.iterdir():
            if old.is_dir() and old.name not in keys:
                shutil.rmtree(old, ignore_errors=True)

    def close(self) -> None:
        """Stop a training that runs."""
        with self._lock:
            self._closed = True
            if self._process is not None:
                self._process.kill()

    def _run(self, work: Path) -> None:
        root = str(Path(__file__).parents[2])
        path = os.pathsep.join(filter(None, (root, os.environ.get("PYTHONPATH", ""))))
        command = [sys.executable, "-W", "ignore", "-m", self._module, str(work)]
        if shutil.which("nice"):
            command = ["nice", "-n", "15", *command]
        with self._lock:
            if self._closed:
                raise EngineError("training was stopped", where=self.name)
            self._process = process = subprocess.Popen(
                command,
                cwd=work,
                env={**os.environ, "PYTHONPATH": path, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
        try:
            code = process.wait(self._seconds)
        except subprocess.TimeoutExpired:
            raise EngineError(
                f"training did not end within {self._seconds:g} s",
                where=self.name,
                hint=f"Allow more by intent.train_seconds, or leave {self.name} out of intent.engines",
            ) from None
        finally:
            process.kill()
            process.wait()
            self._process = None
        if code:
            problem = "training was stopped" if self._closed else f"training ended with code {code}"
            raise EngineError(problem, where=self.name, hint="`assistant doctor` tells which packages are missing")


def seal(folder: Path) -> None:
    """Note the digests of all that was trained, to tell later that it is whole. Raises OSError."""
    (folder / _SEAL).write_text(json.dumps(_digests(folder)), encoding="utf-8")


def is_whole(folder: Path) -> bool:
    """Whether the folder holds what was trained. Must be asked before loading: FANN ends the process on a bad file."""
    try:
        noted = json.loads((folder / _SEAL).read_text(encoding="utf-8"))
        return bool(noted == _digests(folder))
    except (OSError, ValueError):
        return False


def _digests(folder: Path) -> dict[str, str]:
    files = sorted(path for path in folder.iterdir() if path.name != _SEAL)
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in files}
