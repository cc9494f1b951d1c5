"""What is left on the block device after deletion: every window of its image is tried as a key."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from assistant.consent.device_key import load_device_key
from assistant.consent.stores import KEY_FILE
from privacy.box import drive, need, scratch
from privacy.driver import paths_of
from privacy.keysearch import carve, search
from privacy.row import Finding, Row
from privacy.rows.crash import make_image, mounted

KEEP = (
    "grant=wake_word,false_wake,utterance_audio+clips=wake_word:34+clips=false_wake:33+clips=utterance_audio:33+tag=5"
    "+remember=timer:20"
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
        paths = paths_of(home)
        vault = load_device_key(home, {}).derive("key slots")
        skills = load_device_key(paths.skill_keys, {}, KEY_FILE).derive("skill stores")
        for one in DELETE:
            _done(home, one, mutant)
        after = image()
    # Whoever copied the card before has the ciphertexts anyway; that most are still there shows what unlinking does.
    old = list(dict.fromkeys([*carve(before), *carve(after)]))
    stores = list(dict.fromkeys([*carve(before, "timer"), *carve(after, "timer")]))
    there = len(carve(after)), len(carve(after, "timer"))
    found.expect(there[0] > CLIPS // 2 and there[1] > 1, f"only {there} old ciphertexts are still on the device")
    if not mutant:
        control = search(before, vault, old + stores, skills)
        found.expect(
            len(control.names) == CLIPS + 1 and len(control.opened) == len(old + stores),
            f"with the keys there, it opens {len(control.opened)} of {len(old + stores)}: the search is blind",
        )
    if mutant:
        del old[10:]  # one key that is found is enough
    left = search(after, vault, old + stores, skills)
    found.cases += left.tries
    found.expect(not left.opened, f"{len(left.names)} of {CLIPS + 1} clips and stores can be opened again")
    found.remarks.append(
        f"{left.windows:,} windows of {len(after) >> 20} MB that differ, each as a key and as a key sealed by either "
        f"device key, on {len(old)} clips and {len(stores)} versions of a store ({there[0]} and {there[1]} there): "
        f"{left.tries:,} tries"
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
    Row("deletion", f"{CLIPS} clips and a skill's store deleted, withdrawn, forgotten: no byte of the card opens any, "
        "though they are still on it",
        ("keeps the keys in SQLite", "keeps each key in a file and unlinks it", "replaces the key file by rename",
         "leaves a copy of each key in a temporary file", "only unlinks what skills remember"), deletion),
)  # fmt: skip
