"""The process dies, the power goes, the disk refuses: at every write-like system call in turn."""

from __future__ import annotations

import contextlib
import itertools
import os
import shutil
import signal
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from privacy import driver, mutants
from privacy.box import drive, examine, need, plaintext, scratch, whole
from privacy.injection import HARMLESS, MARK, WRITING, strike, strikes, survey
from privacy.row import Finding, Row

OPERATIONS = ("keep=9", "withdraw=utterance_audio", "delete", "everything")
PURPOSES = {"utterance_audio"}
CLIPS = 3
ELSEWHERE = ("/proc/", "/assistant/consent/")
"""Not on the disk where the store is, and read only."""
TIMER = "remember=timer"
KEPT = f"grant=utterance_audio+keep=1,2,3+{TIMER}"


@dataclass(frozen=True, slots=True)
class Story:
    """What is cut short, and what was there before it."""

    operation: str
    before: str = KEPT
    cut: str = ""
    """An operation that was begun before, and killed."""


STORIES = (
    Story("grant=utterance_audio", before=TIMER),
    Story("keep=9"),
    Story("tag=1"),
    Story("remember=list"),
    Story("withdraw=utterance_audio"),
    Story("delete"),
    Story("everything"),
    Story("everything", before=TIMER),
    Story("later=172800+expire"),
    Story("recover", cut="withdraw=utterance_audio"),
)
TELLING = (Story("withdraw=utterance_audio"), Story("keep=9"), Story("everything"))
"""In these each planted leak shows."""


def prepared(home: Path, operations: str = KEPT) -> None:
    """A store with one consent and some clips, and what a skill remembers."""
    done = drive(home, operations)
    assert done.returncode == 0, done.stderr


@contextlib.contextmanager
def told(story: Story) -> Iterator[Path]:
    """The store as it is when the story begins."""
    with scratch() as folder:
        home = folder / "state" / "consent"
        home.parent.mkdir()
        prepared(home, story.before)
        if story.cut:
            gone = "unlink,unlinkat"
            cut = strike(
                home, story.cut, "", ("-e", f"trace={gone},{MARK}", "-e", f"inject={gone}:signal=SIGKILL:when=2")
            )
            assert cut.fired, cut.seen
        yield home


def struck(found: Finding, mutant: str, whats: tuple[str, ...]) -> None:
    """Every story, struck in every of these ways at every call. Stops at a mutant's first fault."""
    need("strace")
    for story in TELLING if mutant else STORIES:
        with told(story) as home, scratch() as folder:
            copy = folder / "state" / "consent"
            shutil.copytree(home.parent, copy.parent)
            calls = survey(copy, story.operation)
            strange = set(calls) - set(WRITING) - HARMLESS
            found.expect(not strange, f"{story.operation} makes calls that nothing is known of: {sorted(strange)}")
            before, purposes = (CLIPS, PURPOSES) if story.before == KEPT else (0, set())
            if story.operation.startswith("grant"):
                purposes = PURPOSES
            for what in whats:
                for label, struck, said in strikes(home, story.operation, mutant, what, calls):
                    label = f"{label} ({what})"
                    leaked = plaintext(struck.parent)
                    found.expect(not leaked, f"{label}: plain sound in {leaked}")
                    crashed = "CRASH" in said and not any(place in said for place in ELSEWHERE)
                    found.expect(not crashed, f"{label}: {said[:100].strip()}")
                    state = examine(struck)
                    if "NOT DESTROYED" in said:
                        state.stores.clear()  # it was said that this is still there
                    fault = whole(state, before, story.operation, "ACK" in said, purposes)
                    found.expect(not fault, f"{label}: {fault}")
                    if mutant and found.faults:
                        return


def kill(mutant: str) -> Finding:
    found = Finding()
    struck(found, mutant, ("signal=SIGKILL",))
    return found


def errors(mutant: str) -> Finding:
    """EIO and ENOSPC once at every call: never a false 'stored' or 'deleted'."""
    found = Finding()
    struck(found, mutant, ("error=EIO", "error=ENOSPC"))
    return found


@contextlib.contextmanager
def mounted(image: Path, where: Path, *options: str) -> Iterator[None]:
    where.mkdir(exist_ok=True)
    subprocess.run(["mount", "-o", ",".join(("loop", *options)), str(image), str(where)], check=True)
    try:
        yield
    finally:
        subprocess.run(["umount", str(where)], check=True)


def make_image(path: Path, megabytes: int = 12) -> None:
    with path.open("wb") as file:
        file.truncate(megabytes << 20)
    subprocess.run(["mkfs.ext4", "-q", "-F", "-E", "nodiscard", str(path)], check=True)


def power(mutant: str) -> Finding:
    """Stop the process at a system call, copy the disk's blocks as they are, and start from the copy."""
    need("strace", "mkfs.ext4", "e2fsck", "mount", root=True)
    found = Finding()
    with scratch() as folder:
        fresh = folder / "fresh.img"
        make_image(fresh)
        with mounted(fresh, folder / "disk"):
            prepared(folder / "disk" / "consent")
        for operation in OPERATIONS:
            for label, copy, said in _cuts(folder, fresh, operation, mutant):
                check = subprocess.run(["e2fsck", "-fp", str(copy)], capture_output=True, check=False)
                if not found.expect(check.returncode in (0, 1), f"{label}: the file system is damaged"):
                    continue
                with mounted(copy, folder / "copied"):
                    fault = whole(examine(folder / "copied" / "consent"), CLIPS, operation, said, PURPOSES)
                found.expect(not fault, f"{label}: {fault}")
                if mutant and found.faults:
                    return found
    return found


def _cuts(folder: Path, fresh: Path, operation: str, mutant: str) -> Iterator[tuple[str, Path, bool]]:
    """Stop before each of the first write-like calls, then before every third, and once after the acknowledgement."""
    for number in [*range(1, 12), *range(12, 400, 3), 0]:
        # Names of their own: a loop device that is not gone yet would be used again, with what it remembers.
        image, copy = folder / f"{operation}-{number}.img", folder / f"{operation}-{number}-cut.img"
        shutil.copyfile(fresh, image)
        with mounted(image, folder / "disk"):
            stopped, said = _stop_at(folder / "disk" / "consent", operation, mutant, number, image, copy)
        image.unlink()
        if stopped or number == 0:
            yield f"{operation} at write {number or 'after the last'}", copy, said
            copy.unlink()
        else:
            break  # there are not so many; what is left is to cut after the last


def _stop_at(home: Path, operation: str, mutant: str, number: int, image: Path, copy: Path) -> tuple[bool, bool]:
    """Copy the blocks as they are when the process stands before its number-th call that changes a file, or at its end.

    Returns whether it came so far, and whether it had said that it was done.
    """
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.dup2(writer, 1)
        os.dup2(writer, 2)
        status = 70
        try:
            mutants.install(mutant)
            _stop_self(number)
            status = driver.act(home, operation)
        finally:
            os._exit(status)
    os.close(writer)
    _, status = os.waitpid(child, os.WUNTRACED)
    stopped = os.WIFSTOPPED(status)
    shutil.copyfile(image, copy)
    if stopped:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
    with os.fdopen(reader, "rb") as printed:
        return stopped, b"ACK" in printed.read()


def _stop_self(number: int) -> None:
    """From now on this process stops itself before its number-th call that changes a file; 0: never."""
    calls = itertools.count(1)

    def counting(call: Callable[..., Any]) -> Callable[..., Any]:
        def wrapped(*arguments: Any, **named: Any) -> Any:
            if next(calls) == number:
                os.kill(os.getpid(), signal.SIGSTOP)
            return call(*arguments, **named)

        return wrapped

    for name in ("write", "pwrite", "fsync", "fdatasync", "rename", "unlink", "ftruncate", "mkdir"):
        setattr(os, name, counting(getattr(os, name)))


ROWS = (
    Row("kill", "kill -9 at every write-like call of keep, withdraw, delete, forget: whole, finished, no plain sound",
        ("acknowledges a withdrawal before it has happened", "destroys without writing down the intent first",
         "writes a clip straight to its final name", "spools a clip as plain sound first"), kill),
    Row("power", "the power goes at any write: what was said to be stored is, what was said to be deleted is",
        ("never syncs", "acknowledges a withdrawal before it has happened"), power),
    Row("disk-errors", "EIO or ENOSPC at any call: never a false 'stored' or 'deleted'",
        ("swallows errors of the disk",), errors),
)  # fmt: skip
