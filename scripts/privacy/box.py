"""Stores to experiment on, and what must be true of any store after anything."""

from __future__ import annotations

import contextlib
import os
import pickle
import shutil
import subprocess
import sys
import tempfile
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from assistant.audio.frame import Samples
from assistant.consent.clip import ClipInfo
from assistant.errors import ConsentError
from assistant.testing.consent import marked
from privacy import mutants
from privacy.driver import NOTE, room_of, store_of
from privacy.row import CannotProve, Finding

SEEDS = range(1, 12)
DRIVER = [sys.executable, "-m", "privacy.driver"]


@contextlib.contextmanager
def scratch(fast: bool = True) -> Iterator[Path]:
    """An empty folder; in memory if `fast`."""
    where = "/dev/shm" if fast and os.access("/dev/shm", os.W_OK) else None
    folder = Path(tempfile.mkdtemp(prefix="privacy-", dir=where))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def drive(
    home: Path, operation: str, mutant: str = "", before: tuple[str, ...] = ()
) -> subprocess.CompletedProcess[str]:
    """Run the driver, perhaps under another command."""
    return subprocess.run(
        [*before, *DRIVER, str(home), operation, mutant], capture_output=True, text=True, timeout=120, check=False
    )


def need(*programs: str, root: bool = False) -> None:
    """Raises CannotProve."""
    for program in programs:
        if shutil.which(program) is None:
            raise CannotProve(f"{program} is not installed")
    if root and os.geteuid() != 0:
        raise CannotProve("this row needs root")


def in_child(mutant: str, work: Callable[[], Finding]) -> Finding:
    """Do the work in a forked process with the mutant planted, so that it ends with it."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reader)
        try:
            mutants.install(mutant)
            result: object = work()
        except CannotProve as reason:
            result = reason
        except BaseException:  # noqa: BLE001 - the parent raises it
            result = traceback.format_exc()
        with os.fdopen(writer, "wb") as out:
            pickle.dump(result, out)
        os._exit(0)
    os.close(writer)
    with os.fdopen(reader, "rb") as data:
        result = pickle.loads(data.read())
    os.waitpid(child, 0)
    if isinstance(result, CannotProve):
        raise result
    if not isinstance(result, Finding):
        raise RuntimeError(f"the proof itself broke: {result}")
    return result


@dataclass
class State:
    """A store as found after a recovery."""

    live: set[str]
    clips: list[ClipInfo]
    keys: int
    files: int
    stores: set[str]
    """Skills that still know what they remembered."""
    trouble: str


def examine(home: Path) -> State:
    """Start as the product would: recover, then look. Every clip must read back as one of the marked sounds."""
    try:
        room = room_of(home)
        room.purge.recover()
        live = set(room.gate.permits())
        with room.store.session(verify=True) as session:
            clips, damaged = session.vault.scan()
            slots = {slot.clip: slot for slot in session.slots.used()}
            sounds = [session.vault.samples(slots[info.clip]) for info in clips]
            files = sum(len(names) for names in session.vault.files().values())
    except ConsentError as error:
        return State(set(), [], 0, 0, set(), f"{type(error).__name__}: {error}")
    trouble = f"{len(damaged)} damaged clips" if damaged else ""
    if not all(_known(sound) for sound in sounds):
        trouble = "a clip reads back as something else"
    return State(live, clips, len(slots), files, stores_of(home), trouble)


def stores_of(home: Path) -> set[str]:
    """Skills that still know what they remembered."""
    return {name for name in ("timer", "list") if NOTE in str(store_of(home, name).get("note"))}


def _known(sound: Samples) -> bool:
    return any(np.array_equal(sound, marked(seed, 0.5)) for seed in SEEDS)


def plaintext(folder: Path) -> list[str]:
    """Files that hold a piece of a marked sound, or what a skill remembers, in plain."""
    needles = [marked(seed, 0.5).tobytes()[at : at + 48] for seed in SEEDS for at in range(0, 16_000 - 48, 1_600)]
    needles.append(NOTE.encode())
    found = []
    for path in folder.rglob("*"):
        if path.is_file() and not path.is_symlink():
            data = path.read_bytes()
            if any(needle in data for needle in needles):
                found.append(path.name)
    return found


def whole(
    state: State, before: int, operation: str, acked: bool, purposes: set[str], stores: set[str] | None = None
) -> str:
    """What is wrong with a store after `operation` was cut short, or nothing.

    `before` clips were in it, and what skills remember: `stores`, or else the timer's.
    """
    if state.trouble:
        return state.trouble
    if not state.keys == state.files == len(state.clips):
        return f"{state.keys} keys, {state.files} files, {len(state.clips)} clips"
    count = len(state.clips)
    name = operation.rpartition("+")[2].partition("=")[0]
    kept = {"timer"} if stores is None else stores
    match name:
        case "grant":
            good = count == 0 and (state.live == purposes or (not acked and not state.live))
        case "keep":
            good = state.live == purposes and count in ((before + 1,) if acked else (before, before + 1))
        case "tag":
            tagged = sum(info.label == "good" for info in state.clips)
            good = state.live == purposes and count == before and (tagged == 1 or (not acked and tagged == 0))
        case "remember":
            good = state.live == purposes and count == before and ("list" in state.stores or not acked)
        case _:
            ended = purposes if name == "delete" else set()
            done = count == 0 and state.live == ended and (name != "everything" or not state.stores)
            # What was begun before it was cut short has to be finished by whoever starts next.
            untouched = count == before and state.live == purposes and kept <= state.stores
            good = done or (not acked and name != "recover" and untouched)
    if name != "everything":
        good = good and kept <= state.stores
    said = "said 'done', but" if acked else "half done:"
    left = f"{count} of {before} clips, consents {sorted(state.live)}, stores {sorted(state.stores)}"
    return "" if good else f"{said} {left}"
