"""Someone with the disk in hand changes, cuts, swaps, links or rolls back what is stored."""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Callable
from pathlib import Path

from assistant.consent.clip import NewClip
from assistant.consent.gate import Gate, Grant
from assistant.consent.purge import Purge
from assistant.consent.rights import Rights
from assistant.consent.store import Store
from assistant.errors import ConsentError, Tampered
from assistant.testing.consent import marked
from privacy.box import in_child, scratch
from privacy.row import Finding, Row


def fresh(home: Path) -> Store:
    store = Store.open(home, {})
    gate = Gate(store)
    for purpose in ("utterance_audio", "wake_word", "false_wake"):
        gate.grant(Grant(purpose=purpose, days=7, method="cli", actor="row"))
    for seed in (1, 2):
        gate.keep(gate.permits()["utterance_audio"], NewClip(samples=marked(seed, 0.05), session="s"))
    return store


def locked(home: Path) -> int | None:
    """The first bad record if the store is locked, None if it opens."""
    try:
        with Store.open(home, {}).session():
            return None
    except Tampered as error:
        return error.seq
    except ConsentError:
        return -1


def ledger(mutant: str) -> Finding:
    """Every byte of one record flipped, records cut, removed, swapped, added; old files put back."""

    def work() -> Finding:
        found = Finding()
        with scratch() as folder:
            home = folder / "consent"
            store = fresh(home)
            file, slots = home / "vault" / "ledger.jsonl", home / "vault" / "slots"
            good = file.read_bytes()
            lines = good.splitlines(keepends=True)
            start = len(lines[0])

            def trial(data: bytes, seq: int, what: str) -> None:
                file.write_bytes(data)
                got = locked(home)
                found.expect(got == seq, f"{what}: {'accepted' if got is None else f'named record {got}, not {seq}'}")
                file.write_bytes(good)

            for at in range(start, start + len(lines[1])):
                flipped = bytearray(good)
                flipped[at] ^= 1 << (at % 8)
                trial(bytes(flipped), 1, f"byte {at}")
            trial(b"".join(lines[:-1]), len(lines) - 1, "the last record cut off")
            trial(good[:-9], len(lines) - 1, "half of the last record cut off")
            trial(b"".join([lines[0], *lines[2:]]), 1, "a record taken out")
            trial(b"".join([lines[0], lines[2], lines[1], *lines[3:]]), 1, "two records swapped")
            trial(good + lines[-1], len(lines), "a record added")
            trial(b"", 0, "emptied")
            old_slots = slots.read_bytes()
            shutil.copytree(home, folder / "copy")
            Purge(store).withdraw(None, method="cli", actor="row")
            new, new_slots = file.read_bytes(), slots.read_bytes()
            good = new
            trial(b"".join(lines), len(lines), "the ledger from before a withdrawal put back")
            slots.write_bytes(old_slots)
            trial(new, len(lines), "the key file from before a withdrawal put back")
            slots.write_bytes(new_slots)
            home.rename(folder / "newest")
            (folder / "copy").rename(home)
            found.expect(locked(home) is not None, "the whole store from before a withdrawal put back: accepted")
            home.rename(folder / "copy")
            (folder / "newest").rename(home)
            witness = home.with_name("consent-witness")
            witness.rename(folder / "taken")
            found.expect(locked(home) is not None, "the witness taken away: accepted")
            (folder / "taken").rename(witness)
            found.expect(locked(home) is None, "all is as it was, and refused: the row is blind")
            for at in (*range(0, 600, 7), *range(4096, 4700, 7)):
                broken = bytearray(new_slots)
                broken[at] ^= 1
                broken[at ^ 4096] ^= 1
                slots.write_bytes(broken)
                found.expect(locked(home) is not None, f"anchor byte {at}: accepted")
        return found

    return in_child(mutant, work)


def clips(mutant: str) -> Finding:
    """Every byte of a clip flipped, clips swapped, cut, taken away; slots swapped or changed."""

    def work() -> Finding:
        found = Finding()
        with scratch() as folder:
            home = folder / "consent"
            store = fresh(home)
            rights = Rights(store)
            one, other = [info.clip for info in rights.clips()[0]]
            files = home / "vault" / "clips"
            path, path_2 = files / f"{one}.clip", files / f"{other}.clip"
            good = path.read_bytes()

            def refused(what: str) -> None:
                try:
                    info = {info.clip for info in rights.clips()[0]}
                    rights.samples(one)
                    found.expect(one not in info, f"{what}: accepted")
                except ConsentError:
                    found.expect(True, "")

            for at in range(len(good)):
                flipped = bytearray(good)
                flipped[at] ^= 1 << (at % 8)
                path.write_bytes(bytes(flipped))
                refused(f"clip byte {at}")
            for size in (0, 5, 24, 300, len(good) - 1, len(good) + 1):
                path.write_bytes(good.ljust(size, b"\0")[:size])
                refused(f"clip of {size} bytes")
            path.write_bytes(path_2.read_bytes())
            refused("another clip under this name")
            path.write_bytes(good)
            slots = home / "vault" / "slots"
            keys = slots.read_bytes()
            slot = keys.index(bytes.fromhex(one), 8192) - 1  # clips of the same second come in any order
            for at in range(slot + 1, slot + 93):
                broken = bytearray(keys)
                broken[at] ^= 1
                slots.write_bytes(broken)
                refused(f"slot byte {at - slot}")
        return found

    return in_child(mutant, work)


def places(mutant: str) -> Finding:
    """Links, devices and foreign owners where our files should be, and ids that walk away."""

    def work() -> Finding:
        found = Finding()
        plants: tuple[tuple[str, Callable[[Path, Path], None]], ...] = (
            ("a link", lambda path, victim: path.symlink_to(victim)),
            ("a hard link", lambda path, victim: path.hardlink_to(victim)),
            ("a pipe", lambda path, victim: os.mkfifo(path)),
        )
        for name in ("ledger.jsonl", "slots", "lock", "clip", "clips", "vault"):
            for what, plant in plants:
                if what == "a hard link" and name in ("clips", "vault"):
                    continue
                with scratch() as folder:
                    home = folder / "consent"
                    store = fresh(home)
                    clip = Rights(store).clips()[0][0].clip
                    path = {
                        "clip": home / "vault" / "clips" / f"{clip}.clip",
                        "vault": home / "vault",
                        "clips": home / "vault" / "clips",
                    }.get(name, home / "vault" / name)
                    victim = folder / "victim"
                    shutil.move(path, victim)
                    plant(path, victim)
                    found.expect(_safe(home, clip, name), f"{what} in place of {name}: followed")
        for evil in ("../device.key", "../../etc/passwd", "/etc/passwd", "a/b", "..", ".", "", "x\0y", "é", "a" * 99):
            with scratch() as folder:
                home = folder / "consent"
                store = fresh(home)
                (home / "vault" / "a").mkdir()
                (home / "vault" / "a" / "b").write_bytes(b"")
                with store.session() as session:
                    for call in (session.exports.read, session.exports.create, session.exports.open_file):
                        try:
                            call(evil)
                            found.expect(False, f"the name {evil!r} was taken")
                        except (ConsentError, FileNotFoundError) as error:
                            found.expect(isinstance(error, ConsentError), f"the name {evil!r} was looked for")
                        except (ValueError, OSError):
                            found.expect(False, f"the name {evil!r} reached the kernel")
                with contextlib.suppress(ConsentError):
                    Rights(store).samples(evil)
                    found.expect(False, f"the id {evil!r} was taken")
        return found

    return in_child(mutant, work)


def _safe(home: Path, clip: str, name: str) -> bool:
    """Refused: the store is locked, or the one clip cannot be read."""
    store = Store.open(home, {})
    try:
        Rights(store).samples(clip)
    except ConsentError:
        return True
    return False


ROWS = (
    Row("ledger", "every flipped byte, cut, swap, addition, rollback of the ledger is named by record; store locked",
        ("does not check signatures and hashes", "does not anchor the ledger", "asks no witness"), ledger),
    Row("clip-tamper", "every flipped byte of a clip or key, and every swapped or cut clip, is refused",
        ("does not authenticate clips",), clips),
    Row("places", "links, pipes and ids that walk away are never followed",
        ("follows links", "takes any name"), places),
)  # fmt: skip
