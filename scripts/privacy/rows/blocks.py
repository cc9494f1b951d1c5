"""What is left on the block device after deletion: every window of its image is tried as a key."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from assistant.consent.device_key import load_device_key
from privacy.box import drive, need, scratch
from privacy.keysearch import carve, search
from privacy.row import Finding, Row
from privacy.rows.crash import make_image, mounted

KEEP = (
    "grant=wake_word,false_wake,utterance_audio+clips=wake_word:34+clips=false_wake:33+clips=utterance_audio:33+tag=5"
)
CLIPS = 100
DELETE = ("delete=wake_word", "withdraw=false_wake", "everything")


def deletion(mutant: str) -> Finding:
    """Clips are deleted, withdrawn, forgotten; then whoever has the disk and the device key tries to hear them."""
    need("cc", "mkfs.ext4", "mount", root=True)
    found = Finding()
    with scratch() as folder, card(folder) as (image, disk):
        home = disk / "consent"
        _done(home, KEEP, mutant)
        before = image()
        wrap = load_device_key(home, {}).derive("key slots")
        for one in DELETE:
            _done(home, one, mutant)
        after = image()
    old = carve(after)
    found.expect(len(old) >= CLIPS, f"only {len(old)} old ciphertexts are on the device: the search proves little")
    if not mutant:
        control = search(before, wrap, old)
        found.expect(
            len(control.clips) == CLIPS and len(control.opened) == len(old),
            f"with the keys there, it opens {len(control.opened)} of {len(old)} ciphertexts: the search is blind",
        )
    left = search(after, wrap, old)
    found.cases += left.tries
    found.expect(
        not left.opened,
        f"{len(left.clips)} of {CLIPS} clips can be opened again ({left.windows} windows, {len(old)} ciphertexts)",
    )
    found.remarks.append(
        f"{left.windows} windows of {len(after) >> 20} MB that differ, as key and as sealed key, on {len(old)} clips"
    )
    return found


@contextmanager
def card(folder: Path) -> Iterator[tuple[object, Path]]:
    """A small card with ext4; calling the first gives its blocks as they are now."""
    path = folder / "card.img"
    make_image(path, 12)

    def image() -> bytes:
        os.sync()
        return path.read_bytes()

    with mounted(path, folder / "disk"):
        yield image, folder / "disk"


def _done(home: Path, operation: str, mutant: str) -> None:
    done: subprocess.CompletedProcess[str] = drive(home, operation, mutant)
    if done.returncode != 0:
        raise RuntimeError(f"{operation}: {done.stderr[-300:]}")


ROWS = (
    Row("deletion", f"{CLIPS} clips deleted, withdrawn, forgotten: no window of the card's image opens any of them, "
        "though they are still on it",
        ("keeps the keys in SQLite", "keeps each key in a file and unlinks it", "replaces the key file by rename",
         "leaves a copy of each key in a temporary file"), deletion),
)  # fmt: skip
