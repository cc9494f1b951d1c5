"""Full and read-only disks, turned clocks."""

from __future__ import annotations

import contextlib
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

from privacy.box import drive, examine, need, plaintext, scratch, whole
from privacy.row import Finding, Row
from privacy.rows.crash import KEPT

PURPOSES = {"utterance_audio"}
FAKE = ("env", "FAKETIME_DONT_FAKE_MONOTONIC=1", "faketime", "-f")
"""Only the wall clock is turned: the boot clock is the kernel's."""


@contextlib.contextmanager
def small_disk(folder: Path) -> Iterator[Path]:
    """A file system of 2 MB with a store in it, which `fill` fills to the last byte."""
    disk = folder / "disk"
    disk.mkdir()
    image = folder / "small.img"
    with image.open("wb") as file:
        file.truncate(4 << 20)
    subprocess.run(["mkfs.ext4", "-q", "-F", "-m", "0", "-O", "^has_journal", str(image)], check=True)
    subprocess.run(["mount", "-o", "loop", str(image), str(disk)], check=True)
    try:
        done = drive(disk / "consent", KEPT)
        assert done.returncode == 0, done.stderr
        yield disk
    finally:
        subprocess.run(["mount", "-o", "remount,rw", str(disk)], check=False)
        subprocess.run(["umount", str(disk)], check=True)


def fill(disk: Path) -> int:
    """Not one byte stays free. Returns the free blocks."""
    for size in (1 << 16, 1 << 12, 1 << 10, 1):
        with contextlib.suppress(OSError), (disk / f"filler-{size}").open("wb", buffering=0) as file:
            while True:
                file.write(b"x" * size)
    return os.statvfs(disk).f_bavail


def full(mutant: str) -> Finding:
    need("mount", "mkfs.ext4", root=True)
    found = Finding()
    for operation in ("keep=9", "withdraw=utterance_audio", "delete", "everything"):
        with scratch() as folder, small_disk(folder) as disk:
            found.expect(fill(disk) == 0, "the disk could not be filled")
            done = drive(disk / "consent", operation, mutant)
            acked = "ACK" in done.stdout
            found.expect(
                acked == (operation != "keep=9"), f"{operation} on a full disk: {done.stderr.strip() or 'ACK'}"
            )
            fault = whole(examine(disk / "consent"), 3, operation, acked, PURPOSES)
            found.expect(not fault, f"{operation} on a full disk: {fault}")
            found.expect(not plaintext(disk / "consent"), "plain sound on the disk")
    return found


def readonly(mutant: str) -> Finding:
    need("mount", "mkfs.ext4", root=True)
    found = Finding()
    for operation in ("keep=9", "withdraw=utterance_audio", "delete", "everything"):
        with scratch() as folder, small_disk(folder) as disk:
            subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)
            done = drive(disk / "consent", operation, mutant)
            found.expect("ACK" not in done.stdout, f"{operation} was confirmed on a read-only disk")
            found.expect("read-only" in done.stderr, f"{operation}: {done.stderr.strip()}")
            subprocess.run(["mount", "-o", "remount,rw", str(disk)], check=True)
            fault = whole(examine(disk / "consent"), 3, operation, False, PURPOSES)
            found.expect(not fault, f"{operation} on a read-only disk: {fault}")
    return found


def clock(mutant: str) -> Finding:
    """Real processes under libfaketime: a day's consent, seen from every wrong clock."""
    need("faketime", "unshare", root=True)
    found = Finding()
    # What happens to the clock, and whether the consent of one day may still be open after it.
    stories = (
        (("+0h",), True),
        (("+23h",), True),
        (("+25h",), False),
        (("-300d",), True),
        (("+25h", "-300d"), False),
        (("+25h", "+0h"), False),
        (("+4000d", "+0h"), False),
        (("+23h", "-300d", "+25h"), False),
    )
    for story, may in stories:
        for expire in (False, True):
            with scratch() as folder:
                home = folder / "consent"
                assert drive(home, "grant=utterance_audio+keep=1", mutant).returncode == 0
                said = ""
                for shift in story:
                    step = "expire+permits" if expire else "permits"
                    said = drive(home, step, mutant, (*FAKE, shift)).stdout
                is_open = "utterance_audio" in said
                if not expire and story[-1] in ("+0h", "-300d") and len(story) > 1:
                    continue  # a clock that was wrong only while nothing ran leaves no trace
                found.expect(is_open == may, f"after {' '.join(story)}: {'open' if is_open else 'closed'}")
        if mutant and found.faults:
            return found
    with scratch() as folder:
        home = folder / "consent"
        assert drive(home, "grant=utterance_audio", mutant).returncode == 0
        boot = ("unshare", "-T", "--boottime", str(26 * 3600), *FAKE, "-10d")
        said = drive(home, "permits", mutant, boot).stdout
        found.expect(
            "utterance_audio" not in said, "26 hours of running with the clock set back, and the consent still holds"
        )
    return found


ROWS = (
    Row("disk-full", "no byte free: withdrawal, deletion, forgetting work all the same; nothing is kept by half",
        ("swallows errors of the disk", "says that it is done whatever happened"), full),
    Row("disk-ro", "a read-only disk: nothing is confirmed, nothing is half done",
        ("says that it is done whatever happened",), readonly),
    Row("clock", "no turned clock makes a consent last longer, and an end stays an end",
        ("believes the wall clock", "forgets that a consent has run out"), clock),
)  # fmt: skip
