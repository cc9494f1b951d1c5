"""What engines that train share: a process of its own to train in, and a folder that keeps what was trained.

What is kept is made of the skills' sentences only. It is named by the content it was trained on, and sealed with the
digests of its files. Several assistants of one person may share the folder. Each holds what it uses by a lock of the
system (flock), which ends with its process at the latest; what nobody holds goes with the next change.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Collection, Iterator
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
        self._held: dict[str, int] = {}

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
        try:
            with self._alone():
                if is_whole(folder):
                    self._hold(key)
                    return folder
                work = Path(mkdtemp(prefix="training-", dir=self._folder))
                held = _locked(work, fcntl.LOCK_SH)
            try:
                (work / PLAN).write_text(plan, encoding="utf-8")
                self._run(work)
                seal(work)
                with self._alone():
                    if not is_whole(folder):  # another one was not quicker
                        shutil.rmtree(folder, ignore_errors=True)
                        work.rename(folder)
                    self._hold(key)
            finally:
                os.close(held)
                shutil.rmtree(work, ignore_errors=True)
        except OSError as error:
            raise EngineError(f"cannot be written ({error.strerror})", where=str(self._folder)) from error
        return folder

    def keep(self, keys: Collection[str]) -> None:
        """Let go of all other content, and remove what no assistant that runs holds. Raises EngineError."""
        self._let_go(self._held.keys() - set(keys))
        try:
            with self._alone():
                for old in self._folder.iterdir():
                    if old.is_dir() and old.name not in keys and not _is_held(old):
                        shutil.rmtree(old, ignore_errors=True)
        except OSError as error:
            raise EngineError(f"cannot be read ({error.strerror})", where=str(self._folder)) from error

    def close(self) -> None:
        """Stop a training that runs, and let go of everything; it is there for the next start."""
        with self._lock:
            self._closed = True
            if self._process is not None:
                self._process.kill()
        self._let_go(set(self._held))

    @contextlib.contextmanager
    def _alone(self) -> Iterator[None]:
        """Nobody else looks for, adds or removes something meanwhile."""
        lock = _locked(self._folder, fcntl.LOCK_EX)
        try:
            yield
        finally:
            os.close(lock)

    def _hold(self, key: str) -> None:
        self._let_go({key})
        self._held[key] = _locked(self._folder / key, fcntl.LOCK_SH)

    def _let_go(self, keys: Collection[str]) -> None:
        for key in keys:
            if (lock := self._held.pop(key, None)) is not None:
                os.close(lock)

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


def _locked(folder: Path, kind: int) -> int:
    """The folder, open and locked until it is closed. Where there are no locks it is only opened. Raises OSError."""
    lock = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    with contextlib.suppress(OSError):
        fcntl.flock(lock, kind)
    return lock


def _is_held(folder: Path) -> bool:
    lock = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False
    finally:
        os.close(lock)
    return False


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
